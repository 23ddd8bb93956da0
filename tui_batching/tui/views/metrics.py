"""The metrics view: who is best at what, by how much, and where the time went."""

from __future__ import annotations

from textual.app import ComposeResult

from tui_batching.charts.metrics import metrics_rows
from tui_batching.tui.frame import Frame
from tui_batching.tui.panes import ScrollPane
from tui_batching.tui.views.view import View


class MetricsView(View):
    """All figures of the whole Runs; the playhead plays no part."""

    key = "5"
    title = ("Metrics", "Metrics")
    hint = "who is best (★) over the whole run, by how much, and where the time went"

    def compose(self) -> ComposeResult:
        """The figures."""
        yield ScrollPane()

    def show_words(self, frame: Frame) -> None:
        """The figures; they change with the Runs alone."""
        pane, palette = self.query_one(ScrollPane), frame.palette
        width = pane.content_size.width
        rows = metrics_rows(frame.scene.comparison, width, palette)
        pane.show([self.hint_row(width, palette), *rows], palette)

    def scroll_pages(self, pages: int) -> None:
        """Show other rows."""
        self.query_one(ScrollPane).scroll_pages(pages)
