"""The lanes: one strategy's column each, side by side; of many, as many as there is room for."""

from __future__ import annotations

from textual import events
from textual.css.types import AlignHorizontal
from textual.widget import AwaitMount

from tui_batching.charts.lane_rows import lane_rows
from tui_batching.charts.lane_view import LaneView
from tui_batching.charts.live_page import lanes_that_fit
from tui_batching.charts.palette import STRATEGY_COLOURS, Palette, strategy_colour
from tui_batching.charts.panels import strategy_titles
from tui_batching.charts.rows import first_that_fits
from tui_batching.tui.panes import SideBySide, StripView

_FRAMES = "\n".join(
    f"&.-strategy-{number} {{"
    f" border: round $strategy-{number}; border-title-color: $strategy-{number}; }}"
    for number in range(STRATEGY_COLOURS)
)


def lanes_seen(first: int, count: int, width: int) -> range:
    """Which of `count` lanes share a width: from `first` on, or earlier so that none is wasted."""
    fitting = lanes_that_fit(width)
    start = max(0, min(first, count - fitting))
    return range(start, min(count, start + fitting))


class Lane(StripView, can_focus=True):
    """Shows a LaneView; which lane has the focus is seen by the weight of its frame.

    Attributes:
        number: which of the lanes it is, from zero.
    """

    DEFAULT_CSS = f"""
    Lane {{
        width: 1fr;
        background: $surface;
        border: round $muted;
        border-title-style: bold;
        border-title-align: left;
        {_FRAMES}
        &:focus {{ border: heavy $accent; border-title-style: bold reverse; }}
    }}
    """

    def __init__(self, number: int) -> None:
        super().__init__(id=f"lane-{number}")
        self.number = number

    def show(self, view: LaneView, palette: Palette) -> None:
        """Draw what has changed."""
        strategy = view.moment.run.strategy
        width, height = self.content_size
        title = first_that_fits(strategy_titles(strategy), width - 4)
        if self.border_title != title:
            self.border_title = title
            self.set_classes(f"-{strategy_colour(strategy.name)}")
        self.present(lane_rows(view, width, height, palette))

    def say_below(self, text: str, align: AlignHorizontal = "right") -> None:
        """Write into the lower part of the frame."""
        if (self.border_subtitle or "") != text:
            self.styles.border_subtitle_align = align
            self.border_subtitle = text


class Lanes(SideBySide):
    """Shows as many lanes side by side as fit; the frames at both ends count the others.

    Attributes:
        every: all lanes, in the workload's order of strategies.
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002 - the widget's name
        super().__init__(id=id)
        self.every: list[Lane] = []
        self._first = 0

    def hold(self, count: int) -> AwaitMount:
        """Have so many lanes; wait for what is returned before they are drawn."""
        added = [Lane(number) for number in range(len(self.every), count)]
        removed, self.every = self.every[count:], [*self.every[:count], *added]
        self.remove_children(removed)
        mounted = self.mount_all(added)
        self.move(0)
        return mounted

    @property
    def seen(self) -> list[Lane]:
        """The lanes that are seen."""
        there = lanes_seen(self._first, len(self.every), self.size.width)
        return self.every[there.start : there.stop]

    @property
    def has_more(self) -> bool:
        """Whether there are lanes that are not seen."""
        return len(self.seen) < len(self.every)

    def move(self, lanes: int) -> None:
        """See lanes further right, or left if negative, as far as there are any."""
        first = max(0, self._first) + lanes
        self._first = lanes_seen(first, len(self.every), self.size.width).start
        seen = self.seen
        for lane in self.every:
            if lane.display != (lane in seen):
                lane.display = lane in seen
            before = lane.number if lane in seen[:1] else 0
            after = len(self.every) - lane.number - 1 if lane in seen[-1:] else 0
            if before:
                lane.say_below(f"← {before} more · K", "left")
            else:
                lane.say_below(f"J · {after} more →" if after else "")

    def reveal(self, lane: Lane) -> None:
        """See this lane."""
        seen = self.seen
        self.move(min(0, lane.number - seen[0].number) or max(0, lane.number - seen[-1].number))

    def on_resize(self) -> None:
        """See as many as fit now."""
        self.move(0)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """See a lane further right."""
        event.stop()
        self.move(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """See a lane further left."""
        event.stop()
        self.move(-1)
