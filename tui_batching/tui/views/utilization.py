"""The utilization view: occupied and useful slots over time, and why the two differ."""

from __future__ import annotations

from textual.app import ComposeResult

from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.utilization import picture
from tui_batching.tui.frame import Frame
from tui_batching.tui.strip_view import StripView
from tui_batching.tui.views.view import View


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
        pane.present([self.hint_row(width, palette), *picture(request)])
