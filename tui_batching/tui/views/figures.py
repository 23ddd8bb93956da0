"""The views of one figure each: Gantt and slots, which zoom, pan and scroll, and two of panels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar, NamedTuple

from textual import events
from textual.app import ComposeResult

from tui_batching.analysis.distribution import QUANTITIES
from tui_batching.analysis.metrics import METRICS_BY_NAME
from tui_batching.analysis.scene import Scene
from tui_batching.charts import gantt, slots
from tui_batching.charts.cache_panels import cache_chart
from tui_batching.charts.chart import ChartRequest, LargeChart, Viewport
from tui_batching.charts.histograms import histograms_chart
from tui_batching.charts.prefix_gauges import prefixes_chart
from tui_batching.charts.rows import Cells, Row, style
from tui_batching.charts.utilization_panels import memory_chart, slot_hints, utilization_chart
from tui_batching.tui.background import aside
from tui_batching.tui.frame import Frame
from tui_batching.tui.panes import WHEEL_ROWS, StripView
from tui_batching.tui.views.view import View

_FINDING = "finding what fills the KV cache, which takes as long as to simulate it did …"


class FigurePane(StripView):
    """Shows the chart."""

    DEFAULT_CSS = """
    FigurePane { height: 1fr; padding: 0 1; background: $background; }
    """


class FigureView(View):
    """Draws a chart of each frame through a viewport, which keys and the mouse wheel move.

    A change after which the same part would be seen, as beyond an end, is not made.

    Attributes:
        figure: what is drawn.
        viewport: which part of it is seen.
    """

    figure: ClassVar[type[LargeChart]]
    has_playhead = True
    has_panels = True

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the widget's name
        super().__init__(id=id)
        self.viewport = Viewport()
        self._frame: Frame | None = None

    def compose(self) -> ComposeResult:
        yield FigurePane()

    def look_at(self, frame: Frame) -> None:
        """Look at all of another workload."""
        before, self._frame = self._frame, frame
        if before is None or before.scene.workload.name != frame.scene.workload.name:
            self.viewport = Viewport()

    def show(self, frame: Frame) -> None:
        """Draw what is seen."""
        if self.viewport.selected != frame.selected:
            self._select(frame)
        self._draw()

    def _draw(self) -> None:
        if self._frame is not None:
            figure = self.figure_of(self._frame, self.viewport)
            self.query_one(FigurePane).present(figure.draw())

    def figure_of(self, frame: Frame, viewport: Viewport) -> LargeChart:
        """The chart of a frame in a viewport, as large as there is room."""
        return self.figure(self._request(frame), viewport)

    def _request(self, frame: Frame) -> ChartRequest:
        width, height = self.query_one(FigurePane).content_size
        return ChartRequest(
            frame.scene,
            frame.time,
            width,
            height,
            frame.palette,
            frame.keys_told,
            metrics=frame.show,
            focus=frame.focus,
        )

    def _select(self, frame: Frame) -> None:
        """Bring what was just selected into view; follow the playhead again if it is nothing."""
        self.viewport = replace(self.viewport, selected=frame.selected)
        if frame.selected is None:
            self.viewport = self.viewport.following()
        else:
            self.viewport = self.figure_of(frame, self.viewport).revealing(frame.selected)

    def follow(self, *, reveals: bool) -> None:
        """Show what is around the playhead again, and the selected request as if it just was so."""
        before = self.viewport.following()
        self.viewport = replace(before, selected=None) if reveals else before

    def zoom(self, notches: int) -> None:
        """Show half the stretch a notch, or twice as much if negative, around the playhead."""
        around = self.viewport.following()
        if not self._move(around, replace(around, zoom=around.zoom + notches)):
            self.viewport = around

    def pan(self, notches: int) -> None:
        """Show a stretch half a window later a notch, or earlier if negative."""
        if self._frame is not None:
            since = self._frame.time if self.viewport.since is None else self.viewport.since
            shifted = replace(self.viewport, since=since, shift=self.viewport.shift + notches)
            self._move(self.viewport, shifted)

    def scroll_pages(self, pages: int) -> None:
        """Show rows a page further down, or up if negative."""
        if self._frame is not None:
            self._scroll(pages * self.figure_of(self._frame, self.viewport).page)

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
            top = max(self.figure_of(self._frame, self.viewport).tops)
            self._move(self.viewport, replace(self.viewport, top=max(0, top + rows)))

    def _move(self, before: Viewport, after: Viewport) -> bool:
        """Move there, if another part is seen then than before; whether it is."""
        if self._frame is None:
            return False
        parts = [self.figure_of(self._frame, viewport).part_seen for viewport in (before, after)]
        if parts[0] == parts[1]:
            return False
        self.viewport = after
        return True


class GanttView(FigureView):
    """Shows the Gantt chart."""

    key = "2"
    title = ("Gantt", "Gantt")
    hint = gantt.HINT
    parts = tuple(METRICS_BY_NAME)
    figure = gantt.Gantt

    def next_quantity(self) -> None:
        """Show a row a request in place of a row a slot, or the other way round."""
        if self._frame is not None:
            shown = gantt.Gantt(self._request(self._frame), self.viewport).rows
            self.viewport = replace(self.viewport, rows=gantt.OTHER[shown], top=None)


class SlotsView(FigureView):
    """Shows the slots over decode steps."""

    key = "3"
    title = ("Slots", "Slots")
    hint = "each slot as a row, each step a column: who shares the batch, and who makes no token"
    figure = slots.Slots


class _Panels(NamedTuple):
    """What the view of utilization can show.

    Attributes:
        name: of the quantity.
        hints: what is seen of it, the fullest wording first.
        chart: draws it.
        known: whether a scene knows what it shows, so that it is drawn at once.
        of_whole_run: whether it tells of all that happens, or only of the instant.
    """

    name: str
    hints: Callable[[Scene], Sequence[str]]
    chart: Callable[[ChartRequest], list[Cells]]
    known: Callable[[Scene], bool] = lambda _: True
    of_whole_run: bool = True


class UtilizationView(View):
    """A panel a strategy over the whole Run, with the playhead in it.

    Where a strategy heeds memory, the KV cache is a second quantity; with a prefix cache come what
    was found in it, and what it keeps at the playhead.
    """

    key = "4"
    title = ("Utilization", "Usage")
    hint = "slots at useful work (█), held (▒), stalled (‖) or slowed (¦)"
    has_playhead = True
    has_panels = True
    DEFAULT_CSS = """
    UtilizationView StripView { height: 1fr; padding: 0 1; background: $background; }
    """
    quantities: ClassVar[tuple[_Panels, ...]] = (
        _Panels("the slots", slot_hints, utilization_chart),
        _Panels(
            "KV memory",
            lambda _: (
                "how many blocks of the KV cache are taken, up to all there are (┄)",
                "blocks of the KV cache taken, of all (┄)",
            ),
            memory_chart,
        ),
        _Panels(
            "the prefix cache",
            lambda _: (
                "how much of what those admitted bring is found (≡) or computed (░)",
                "prompt tokens found (≡) or computed (░)",
            ),
            cache_chart,
        ),
        _Panels(
            "the largest prefixes",
            lambda _: (
                "which prefixes hold most blocks of the KV cache at the playhead",
                "which prefixes hold most of the KV cache now",
            ),
            prefixes_chart,
            lambda scene: scene.knows_pool_contents,
            of_whole_run=False,
        ),
    )

    def __init__(self, *, id: str) -> None:  # noqa: A002 - the widget's name
        super().__init__(id=id)
        self._known = list(self.quantities[:1])
        self._shown = self.quantities[0]
        self._frame: Frame | None = None
        self._finding: Scene | None = None

    def compose(self) -> ComposeResult:
        yield StripView()

    def look_at(self, frame: Frame) -> None:
        """Know which quantities there are."""
        self._frame = frame
        heeded = any(run.kv is not None for run in frame.scene.runs)
        found = any(run.cache_matters for run in frame.scene.runs)
        known = zip(self.quantities, (True, heeded, found, found and heeded), strict=True)
        self._known = [quantity for quantity, there in known if there]
        if self._shown not in self._known:
            self._shown = self._known[0]

    def show(self, frame: Frame) -> None:
        """The panels; the playhead moves over them."""
        if not self._shown.known(frame.scene):
            self._find_contents(frame.scene)
        self._draw(frame)

    def _find_contents(self, scene: Scene) -> None:
        """Find what fills the KV cache, once; it may take as long as to simulate it has taken."""
        if self._finding is not scene:
            self._finding = scene
            self.run_worker(self._found(scene), group="contents")

    async def _found(self, scene: Scene) -> None:
        await aside(lambda: scene.pool_contents)
        if self._frame is not None and self._frame.scene is scene and self.has_room:
            self._draw(self._frame)

    def _draw(self, frame: Frame) -> None:
        pane, palette = self.query_one(StripView), frame.palette
        width, height = pane.content_size
        request = ChartRequest(
            frame.scene, frame.time, width, height - 1, palette, focus=frame.focus
        )
        if self._shown.known(frame.scene):
            rows = self._shown.chart(request)
        else:
            muted = style(palette.muted, palette.background)
            rows = [Row(width, muted).add(_FINDING, muted).cells()]
        pane.present([self.hint_row(frame, width), *rows])

    @property
    def hint_wordings(self) -> Sequence[str]:
        """The hint of what is shown."""
        return (self.hint,) if self._frame is None else self._shown.hints(self._frame.scene)

    @property
    def turns_to(self) -> str:
        """The next quantity, if there is one."""
        return self._next.name if len(self._known) > 1 else ""

    @property
    def tells_whole_run(self) -> bool:
        """All but what is kept at the playhead."""
        return self._shown.of_whole_run

    @property
    def _next(self) -> _Panels:
        place = self._known.index(self._shown) + 1
        return self._known[place % len(self._known)]

    def can(self, action: str) -> bool:
        """There is another quantity only where somebody heeds memory, or has a prefix cache."""
        return super().can(action) and (len(self._known) > 1 or action != "next_quantity")

    def next_quantity(self) -> None:
        """Show KV memory in place of the slots, then what a prefix cache finds and keeps."""
        self._shown = self._next


class DistributionView(View):
    """A histogram a strategy of one quantity, over the whole Runs; the playhead plays no part."""

    key = "9"
    title = ("Distribution", "Spread")
    hint = "how many requests took how long, half up to p50"
    briefly = ("how many took how long",)
    has_panels = True
    of_whole_run = True
    DEFAULT_CSS: ClassVar[str] = """
    DistributionView StripView { height: 1fr; padding: 0 1; background: $background; }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002 - the widget's name
        super().__init__(id=id)
        self._shown = 0

    def compose(self) -> ComposeResult:
        yield StripView()

    def show_words(self, frame: Frame) -> None:
        """The panels; they change with the Runs alone."""
        pane, palette = self.query_one(StripView), frame.palette
        width, height = pane.content_size
        request = ChartRequest(frame.scene, 0, width, height - 1, palette, focus=frame.focus)
        rows = histograms_chart(request, QUANTITIES[self._shown])
        pane.present([self.hint_row(frame, width), *rows])

    @property
    def turns_to(self) -> str:
        """The next of the times."""
        return QUANTITIES[self._next].name

    @property
    def _next(self) -> int:
        return (self._shown + 1) % len(QUANTITIES)

    def next_quantity(self) -> None:
        """Show the next of the times."""
        self._shown = self._next
