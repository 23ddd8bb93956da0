"""The learn view: what the strategies are, and which of their claims hold here."""

from __future__ import annotations

from textual.app import ComposeResult

from tui_batching.charts.learn import learn_rows
from tui_batching.charts.pen import Pen
from tui_batching.tui.frame import Frame
from tui_batching.tui.panes import ScrollPane
from tui_batching.tui.views.view import View


class LearnView(View):
    """The lesson, with numbers of the whole Runs; the playhead plays no part."""

    key = "0"
    title = ("Learn", "Learn")
    hint = "what each strategy is, and whether what is said of it holds here (✓ or ✗)"

    def compose(self) -> ComposeResult:
        """The lesson."""
        yield ScrollPane()

    def show_words(self, frame: Frame) -> None:
        """The lesson; its numbers change with the Runs alone."""
        pane, palette = self.query_one(ScrollPane), frame.palette
        width = pane.content_size.width
        rows = learn_rows(frame.scene.comparison, Pen(width, palette))
        pane.show([self.hint_row(width, palette), *rows], palette)

    def scroll_pages(self, pages: int) -> None:
        """Show other rows."""
        self.query_one(ScrollPane).scroll_pages(pages)
