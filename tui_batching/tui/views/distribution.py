"""The distribution view: how many requests took how long."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from tui_batching.analysis.distribution import QUANTITIES
from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.distribution import picture
from tui_batching.tui.frame import Frame
from tui_batching.tui.strip_view import StripView
from tui_batching.tui.views.view import View


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
        rows = picture(request, QUANTITIES[self._shown])
        pane.present([self.hint_row(width, palette), *rows])

    def next_quantity(self) -> None:
        """Measure the next time."""
        self._shown = (self._shown + 1) % len(QUANTITIES)
