"""A pane that shows one chart and redraws it, off the event loop, when its data have changed."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable

from textual.strip import Strip
from textual.widget import Widget

from tui_batching.clock import Picoseconds
from tui_batching.tui.charts import Chart, ChartRequest
from tui_batching.tui.plot import draw
from tui_batching.tui.scene import Scene
from tui_batching.tui.themes import Palette

REST_SECONDS = 0.4
"""Pause between two drawings: at most about two a second, whatever is asked."""


class ChartPane(Widget):
    """One chart. `show` says what it is wanted for; the newest wish is the one that is drawn."""

    DEFAULT_CSS = """
    ChartPane { background: $surface; border: round $bar-track; }
    """

    def __init__(self, chart: Chart, *, id: str) -> None:  # noqa: A002 - the widget's name
        super().__init__(id=id)
        self._chart = chart
        self._wanted: tuple[Hashable, ChartRequest] | None = None
        self._drawing = False
        self._strips: list[Strip] = []

    def show(self, scene: Scene, time: Picoseconds, palette: Palette) -> None:
        """Draw the chart for an instant, unless nothing that it depends on has changed."""
        width, height = self.content_size
        if not self.display or width < 1 or height < 1:
            return
        key = (scene, self._chart.depends_on(scene, time), width, height, palette)
        if self._wanted is not None and self._wanted[0] == key:
            return
        self._wanted = (key, ChartRequest(scene, time, width, height, palette))
        if not self._drawing:
            self._drawing = True
            self.run_worker(self._draw_what_is_wanted(), group="chart", exclusive=True)

    async def _draw_what_is_wanted(self) -> None:
        drawn = None
        try:
            while self._wanted is not None and drawn is not self._wanted:
                drawn = self._wanted
                self._strips = await asyncio.to_thread(draw, self._chart.spec(drawn[1]))
                self.refresh()
                await asyncio.sleep(REST_SECONDS)
        finally:
            self._drawing = False

    def render_line(self, y: int) -> Strip:
        """One row of the chart, blank until the first one is drawn."""
        if y < len(self._strips):
            return self._strips[y]
        return Strip.blank(self.content_size.width, self.rich_style)
