"""The views of one figure each: Gantt and slots, which zoom, pan and scroll, and two of panels."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import events
from textual.app import ComposeResult

from tui_batching.analysis.distribution import QUANTITIES
from tui_batching.charts import distribution, gantt, slots, utilization
from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.look import Look, Picture
from tui_batching.tui.frame import Frame
from tui_batching.tui.panes import WHEEL_ROWS, StripView
from tui_batching.tui.views.view import View


class FigurePane(StripView):
    """Shows the picture."""

    DEFAULT_CSS = """
    FigurePane { height: 1fr; padding: 0 1; background: $background; }
    """


class FigureView(View):
    """Draws a picture of each frame at a look, which keys and the mouse wheel change.

    A change after which the same part would be seen, as beyond an end, is not made.

    Attributes:
        figure: what is drawn.
        look: how it is looked at.
    """

    figure: ClassVar[type[Picture]]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the widget's name
        super().__init__(id=id)
        self.look = Look()
        self._frame: Frame | None = None

    def compose(self) -> ComposeResult:
        """The picture."""
        yield FigurePane()

    def show(self, frame: Frame) -> None:
        """Draw what is seen."""
        before, self._frame = self._frame, frame
        if before is None or before.scene.workload.name != frame.scene.workload.name:
            self.look = Look()
        if self.look.selected != frame.selected:
            self._select(frame)
        self._draw()

    def _draw(self) -> None:
        pane = self.query_one(FigurePane)
        if self._frame is not None and pane.content_size.area:
            pane.present(self.figure_of(self._frame, self.look).draw())

    def figure_of(self, frame: Frame, look: Look) -> Picture:
        """The picture of a frame at a look, as large as there is room."""
        width, height = self.query_one(FigurePane).content_size
        request = ChartRequest(frame.scene, frame.time, width, height, frame.palette)
        return self.figure(request, look)

    def _select(self, frame: Frame) -> None:
        """Bring what was just selected into view; follow the playhead again if it is nothing."""
        self.look = replace(self.look, selected=frame.selected)
        if frame.selected is None:
            self.look = self.look.following()
        else:
            self.look = self.figure_of(frame, self.look).revealing(frame.selected)

    def zoom(self, notches: int) -> None:
        """Show half the stretch a notch, or twice as much if negative, around the playhead."""
        around = self.look.following()
        if not self._turn(around, replace(around, zoom=around.zoom + notches)):
            self.look = around

    def pan(self, notches: int) -> None:
        """Show a stretch half a window later a notch, or earlier if negative."""
        if self._frame is not None:
            since = self._frame.time if self.look.since is None else self.look.since
            shifted = replace(self.look, since=since, shift=self.look.shift + notches)
            self._turn(self.look, shifted)

    def scroll_pages(self, pages: int) -> None:
        """Show rows a page further down, or up if negative."""
        if self._frame is not None:
            self._scroll(pages * self.figure_of(self._frame, self.look).page)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Show rows a little further down."""
        event.stop()
        self._scroll(WHEEL_ROWS)
        self._draw()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Show rows a little further up."""
        event.stop()
        self._scroll(-WHEEL_ROWS)
        self._draw()

    def _scroll(self, rows: int) -> None:
        if self._frame is not None:
            top = max(self.figure_of(self._frame, self.look).tops)
            self._turn(self.look, replace(self.look, top=max(0, top + rows)))

    def _turn(self, before: Look, after: Look) -> bool:
        """Look so, if another part is seen then than before; whether it is."""
        if self._frame is None:
            return False
        places = [self.figure_of(self._frame, look).place for look in (before, after)]
        if places[0] == places[1]:
            return False
        self.look = after
        return True


class GanttView(FigureView):
    """Shows the Gantt chart."""

    key = "2"
    title = ("Gantt", "Gantt")
    hint = gantt.HINT
    figure = gantt.Gantt


class SlotsView(FigureView):
    """Shows the slots over decode steps."""

    key = "3"
    title = ("Slots", "Slots")
    hint = slots.HINT
    figure = slots.Slots


class UtilizationView(View):
    """A panel a strategy over the whole Run, with the playhead in it."""

    key = "4"
    title = ("Utilization", "Usage")
    hint = "how many slots do useful work, and how many are only held or stalled (▒)"
    DEFAULT_CSS = """
    UtilizationView StripView { height: 1fr; padding: 0 1; background: $background; }
    """

    def compose(self) -> ComposeResult:
        """The panels."""
        yield StripView()

    def show(self, frame: Frame) -> None:
        """The panels; the playhead moves over them."""
        pane, palette = self.query_one(StripView), frame.palette
        width, height = pane.content_size
        request = ChartRequest(frame.scene, frame.time, width, height - 1, palette)
        pane.present([self.hint_row(width, palette), *utilization.picture(request)])


class DistributionView(View):
    """A histogram a strategy of one quantity, over the whole Runs; the playhead plays no part."""

    key = "9"
    title = ("Distribution", "Spread")
    hint = "how many requests took how long, half of them up to p50 (m: another time)"
    DEFAULT_CSS: ClassVar[str] = """
    DistributionView StripView { height: 1fr; padding: 0 1; background: $background; }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002 - the widget's name
        super().__init__(id=id)
        self._shown = 0

    def compose(self) -> ComposeResult:
        """The panels."""
        yield StripView()

    def show_words(self, frame: Frame) -> None:
        """The panels; they change with the Runs alone."""
        pane, palette = self.query_one(StripView), frame.palette
        width, height = pane.content_size
        request = ChartRequest(frame.scene, 0, width, height - 1, palette)
        rows = distribution.picture(request, QUANTITIES[self._shown])
        pane.present([self.hint_row(width, palette), *rows])

    def next_quantity(self) -> None:
        """Measure the next time."""
        self._shown = (self._shown + 1) % len(QUANTITIES)
