"""The lanes: one strategy's column each, side by side; of many, as many as there is room for."""

from __future__ import annotations

from textual import events
from textual.widget import AwaitMount

from tui_batching.charts.ahead import dim_from
from tui_batching.charts.lane_pen import BarScale
from tui_batching.charts.lane_rows import LaneLayout
from tui_batching.charts.lane_view import LaneView
from tui_batching.charts.live_page import GUTTER, LaneLook, lane_block, lanes_that_fit
from tui_batching.charts.rows import Row, style
from tui_batching.tui.frame import Frame
from tui_batching.tui.panes import SideBySide, StripView


def lanes_seen(first: int, count: int, width: int) -> range:
    """Which of `count` lanes share a width: from `first` on, or earlier so that none is wasted."""
    fitting = lanes_that_fit(width)
    start = max(0, min(first, count - fitting))
    return range(start, min(count, start + fitting))


class Lane(StripView, can_focus=True):
    """Shows a LaneView below its head; the head tells whether it is in focus.

    Attributes:
        number: which of the lanes it is, from zero.
        hidden: how many lanes are not seen beside it, if any, and the id of the key to them.
    """

    DEFAULT_CSS = """
    Lane { width: 1fr; background: $background; }
    """

    def __init__(self, number: int) -> None:
        super().__init__(id=f"lane-{number}")
        self.number = number
        self.hidden = (0, "")

    def on_focus(self) -> None:
        """Let the head be drawn anew."""
        self.post_message(self.Resized())

    def on_blur(self) -> None:
        """Let the head be drawn anew."""
        self.post_message(self.Resized())

    def show(self, view: LaneView, frame: Frame, scale: BarScale, layout: LaneLayout) -> None:
        """Draw what has changed."""
        width, height = self.content_size
        gutter = Row(GUTTER, style(frame.palette.text, frame.palette.background)).cells()
        name = view.moment.run.strategy.name
        look = LaneLook(
            frame.palette, scale, self._more(frame), self.has_focus or frame.focus == name
        )
        rows = lane_block(view, width - GUTTER, height, look, layout)
        if frame.focus not in (None, name):
            rows = [dim_from(row, 0, frame.palette) for row in rows]
        self.present([[*row, *gutter] for row in rows])

    def _more(self, frame: Frame) -> tuple[str, ...]:
        """How many lanes are not seen beside it, and the key to them, the fullest wording first."""
        hidden, key = self.hidden[0], frame.keys.get(self.hidden[1], "")
        return (f"{key} · {hidden} more", f"{key} +{hidden}", f"{key}+{hidden}") if hidden else ()


class Lanes(SideBySide):
    """Shows as many lanes side by side as fit; the heads at both ends count the others.

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
    def focused(self) -> tuple[int, ...]:
        """The number of the lane that has the focus; nothing where none has.

        The screen knows it at once, a lane itself only after the keys that came with it.
        """
        return tuple(lane.number for lane in self.every if lane is self.screen.focused)

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
            lane.hidden = (before, "scroll-up") if before else (after, "scroll-down")

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
