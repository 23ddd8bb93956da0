"""What the screens are made of: rows that are drawn only where they change, in panes of all kinds.

Containers that what they hold fills are blank, so that Textual has no need to draw them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Sequence

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color
from textual.containers import Container, Horizontal, Vertical
from textual.filter import LineFilter
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import ContentSwitcher
from textual.worker import Worker

from tui_batching.analysis.scene import Scene
from tui_batching.charts.chart import ChartRequest, KeySigns, LineChart
from tui_batching.charts.palette import Palette
from tui_batching.charts.pen import Pen
from tui_batching.charts.plot import draw
from tui_batching.charts.rows import Cells
from tui_batching.clock import Picoseconds
from tui_batching.tui.background import aside
from tui_batching.tui.textual_internals import Blank

WHEEL_ROWS = 3
"""Rows that a notch of the mouse wheel scrolls, where there are more than fit."""


class StripView(Widget):
    """Rows of cells, given to `present`. A click on a cell marked with a request tells which."""

    class RequestClicked(Message):
        """A request was clicked.

        Attributes:
            row: of the request.
        """

        def __init__(self, row: int) -> None:
            super().__init__()
            self.row = row

    class Resized(Message):
        """There is another amount of room, so what was presented is out of date."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the widget's name
        super().__init__(id=id)
        self._presented: list[Cells] = []
        self._strips: dict[int, Strip] = {}
        self._strips_depend_on: Hashable = None

    def present(self, rows: Sequence[Cells]) -> None:
        """Show these rows; what stays the same is not drawn again."""
        before, self._presented = self._presented, list(rows)
        if len(before) != len(self._presented):
            self._strips.clear()
            self.refresh()
            return
        pairs = enumerate(zip(before, self._presented, strict=True))
        changed = [y for y, (old, new) in pairs if old != new]
        top = self.styles.gutter.top
        for y in changed:
            self._strips.pop(top + y, None)
        if changed:
            # The whole row, frame and all, so that Textual need not cut a part out of it.
            left, width = -self.styles.gutter.left, self.outer_size.width
            self.refresh(*(Region(left, y, width, 1) for y in changed))

    def forget(self) -> None:
        """Show nothing until something is presented: what is there tells of something else."""
        self.present([])

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows, each made once: Textual itself takes longer to style them than to draw them."""
        look, filters = self.visual_style, self.get_line_filters()
        assert look.background is not None
        depends_on = (look, *filters, self.styles.gutter, self.outer_size)
        if depends_on != self._strips_depend_on:
            self._strips_depend_on = depends_on
            self._strips.clear()
        for y in crop.line_range:
            if y not in self._strips:
                self._strips[y] = self._strip(y, look.background, filters)
        return [self._strips[y].crop(crop.x, crop.right) for y in crop.line_range]

    def _strip(self, y: int, ground: Color, filters: Sequence[LineFilter]) -> Strip:
        """A row within its padding."""
        blank = Style.from_color(bgcolor=ground.rich_color)
        top, right, bottom, left = self.styles.gutter
        width, height = self.outer_size
        inside = self._row(y - top) if top <= y < height - bottom else []
        cells = [
            *([Segment(" " * left, blank)] if left else []),
            *Segment.adjust_line_length(inside, max(0, width - left - right), blank),
            *([Segment(" " * right, blank)] if right else []),
        ]
        for line_filter in filters:
            cells = line_filter.apply(cells, ground)
        return Strip(cells, width)

    def _row(self, number: int) -> Cells:
        """One row; blank below the last one."""
        if number < len(self._presented):
            return self._presented[number]
        return [Segment(" " * self.content_size.width, self.rich_style)]

    def on_resize(self) -> None:
        """Ask for rows that fit."""
        self.post_message(self.Resized())

    def on_click(self, event: events.Click) -> None:
        """Tell which request is under the pointer."""
        row = event.style.meta.get("request_row")
        if row is not None:
            self.post_message(self.RequestClicked(row))


class ScrollPane(StripView):
    """Shows as many of its rows as fit, from the row it is scrolled to; its last row counts them.

    Attributes:
        top: the first row that is shown.
    """

    DEFAULT_CSS = """
    ScrollPane { height: 1fr; padding: 0 1; background: $background; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.top = 0
        self._rows: Sequence[Cells] = ()
        self._palette: Palette | None = None
        self._turning = ""

    def show(self, rows: Sequence[Cells], palette: Palette, keys: KeySigns) -> None:
        """Show these rows, the same part of them as before if that is possible.

        The keys with which others are seen are told.
        """
        self._rows, self._palette = rows, palette
        self._turning = f"{keys['scroll-down']}, {keys['scroll-up']} or the wheel"
        self.scroll_rows(0)

    def forget(self) -> None:
        """Show nothing until something is shown, and that from its first row on."""
        super().forget()
        self.top, self._rows = 0, ()

    def scroll_pages(self, pages: int) -> None:
        """Show rows further down, or up if negative; a page overlaps the one before."""
        self.scroll_rows(pages * max(1, self._page - 2))

    def scroll_rows(self, rows: int) -> None:
        """Show what is so many rows further down, or up if negative."""
        self.top = max(0, min(self.top + rows, len(self._rows) - self._page))
        shown = list(self._rows[self.top : self.top + self._page])
        if self._palette is not None and len(shown) < len(self._rows):
            shown.append(self._position(self._palette))
        self.present(shown)

    @property
    def _page(self) -> int:
        """How many rows fit."""
        height = self.content_size.height
        return height if len(self._rows) <= height else max(1, height - 1)

    def _position(self, palette: Palette) -> Cells:
        """Which rows are shown, and how to see others."""
        last = self.top + self._page
        arrow = "↓" if self.top == 0 else "↑" if last >= len(self._rows) else "↕"
        text = f" {arrow} rows {self.top + 1}–{last} of {len(self._rows)} · {self._turning}"
        pen = Pen(self.content_size.width, palette)
        return pen.row().add(text, pen.muted).cells()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll with the wheel."""
        event.stop()
        self.scroll_rows(WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll with the wheel."""
        event.stop()
        self.scroll_rows(-WHEEL_ROWS)


class DrawnPane(StripView):
    """Shows one chart; the newest wish is the one that is drawn.

    Attributes:
        rest_seconds: pause after a drawing, whatever is asked meanwhile.
        keeps_step: whether what has been drawn is shown at the next `catch_up`, together with all
            else that moves then, and not at once.
    """

    DEFAULT_CSS = """
    DrawnPane { background: $surface; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the widget's name
        super().__init__(id=id)
        self._wanted: tuple[Hashable, Callable[[], list[Cells]], bool] | None = None
        self._drawn: list[Cells] | None = None
        self._work: Worker[None] | None = None
        self.rest_seconds = 0.1
        self.keeps_step = False

    @property
    def drawing(self) -> bool:
        """Whether a wish is being drawn, or was just now."""
        return self._work is not None

    def want(
        self, depends_on: Hashable, chart: Callable[[], list[Cells]], *, rests: bool = True
    ) -> None:
        """Draw a chart, unless nothing that it depends on has changed.

        Args:
            depends_on: equal values, equal charts.
            chart: draws it.
            rests: whether the next wish waits; not for a chart in which nothing is to be seen.
        """
        if self._wanted is not None and self._wanted[0] == depends_on:
            return
        self._wanted = (depends_on, chart, rests)
        if self._work is None:
            self._work = self.run_worker(self._draw_what_is_wanted(), group="chart")

    def forget(self) -> None:
        """Show nothing until the next wish is drawn, which then waits for no other drawing."""
        super().forget()
        work, self._work = self._work, None
        self._wanted = self._drawn = None
        if work is not None:
            work.cancel()

    def catch_up(self) -> None:
        """Show what has been drawn meanwhile."""
        if self._drawn is not None:
            self.present(self._drawn)
            self._drawn = None

    async def _draw_what_is_wanted(self) -> None:
        drawn = None
        while self._wanted is not None and drawn is not self._wanted:
            drawn = self._wanted
            self._drawn = await aside(drawn[1])
            if not self.keeps_step:
                self.catch_up()
            if drawn[2]:
                await asyncio.sleep(self.rest_seconds)
        self._work = None


class ChartPane(DrawnPane):
    """One chart of a scene; `show` says for which instant it is wanted.

    Attributes:
        has_lines: whether there was anything to draw when it was last wanted.
    """

    def __init__(self, chart: LineChart, *, id: str) -> None:  # noqa: A002 - the widget's name
        super().__init__(id=id)
        self._chart = chart
        self.has_lines = False
        self.rest_seconds = 1.0

    def draw_as(self, chart: LineChart) -> None:
        """Draw another kind of chart from now on."""
        self._chart = chart

    def show(self, scene: Scene, time: Picoseconds, palette: Palette) -> None:
        """Draw the chart for an instant, unless nothing that it depends on has changed."""
        width, height = self.content_size
        if not self.display or width < 1 or height < 1:
            return
        request = ChartRequest(scene, time, width, height, palette)
        depends_on = (
            self._chart,
            scene,
            self._chart.depends_on(scene, time),
            width,
            height,
            palette,
        )
        chart = self._chart
        self.has_lines = chart.has_lines(scene, time)
        self.want(depends_on, lambda: draw(chart.spec(request)), rests=self.has_lines)


class Stacked(Blank, Vertical):
    """Holds widgets one below the other."""


class SideBySide(Blank, Horizontal):
    """Holds widgets side by side."""


class Body(Blank, Container):
    """Holds what is between the bars."""


class Pages(Blank, ContentSwitcher):
    """Shows one of the widgets that it holds."""
