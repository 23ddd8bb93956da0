"""Panes whose picture takes a while: it is drawn off the event loop, when it has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable

from tui_batching.analysis.scene import Scene
from tui_batching.charts.chart import Chart, ChartRequest
from tui_batching.charts.palette import Palette
from tui_batching.charts.plot import draw
from tui_batching.charts.rows import Cells
from tui_batching.clock import Picoseconds
from tui_batching.tui.background import aside
from tui_batching.tui.strip_view import StripView


class DrawnPane(StripView):
    """Shows one picture; the newest wish is the one that is drawn.

    Attributes:
        rest_seconds: pause between two drawings, whatever is asked meanwhile.
        drawing: whether a wish is being drawn, or was just now.
        keeps_step: whether what has been drawn is shown at the next `catch_up`, together with all
            else that moves then, and not at once.
    """

    DEFAULT_CSS = """
    DrawnPane { background: $surface; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the widget's name
        super().__init__(id=id)
        self._wanted: tuple[Hashable, Callable[[], list[Cells]]] | None = None
        self._drawn: list[Cells] | None = None
        self.rest_seconds = 0.1
        self.drawing = False
        self.keeps_step = False

    def want(self, depends_on: Hashable, picture: Callable[[], list[Cells]]) -> None:
        """Draw a picture, unless nothing that it depends on has changed."""
        if self._wanted is not None and self._wanted[0] == depends_on:
            return
        self._wanted = (depends_on, picture)
        if not self.drawing:
            self.drawing = True
            self.run_worker(self._draw_what_is_wanted(), group="chart", exclusive=True)

    def catch_up(self) -> None:
        """Show what has been drawn meanwhile."""
        if self._drawn is not None:
            self.present(self._drawn)
            self._drawn = None

    async def _draw_what_is_wanted(self) -> None:
        drawn = None
        try:
            while self._wanted is not None and drawn is not self._wanted:
                drawn = self._wanted
                self._drawn = await aside(drawn[1])
                if not self.keeps_step:
                    self.catch_up()
                await asyncio.sleep(self.rest_seconds)
        finally:
            self.drawing = False


class ChartPane(DrawnPane):
    """One chart of a scene; `show` says for which instant it is wanted."""

    DEFAULT_CSS = """
    ChartPane { border: round $bar-track; }
    """

    def __init__(self, chart: Chart, *, id: str) -> None:  # noqa: A002 - the widget's name
        super().__init__(id=id)
        self._chart = chart
        self.rest_seconds = 1.0

    def show(self, scene: Scene, time: Picoseconds, palette: Palette) -> None:
        """Draw the chart for an instant, unless nothing that it depends on has changed."""
        width, height = self.content_size
        if not self.display or width < 1 or height < 1:
            return
        request = ChartRequest(scene, time, width, height, palette)
        depends_on = (scene, self._chart.depends_on(scene, time), width, height, palette)
        self.want(depends_on, lambda: draw(self._chart.spec(request)))
