"""The views of more rows than fit: all metrics, and what there is to learn of the strategies."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from tui_batching.analysis.metrics import METRICS_BY_NAME
from tui_batching.analysis.slices import SLICES
from tui_batching.charts.learn import learn_rows
from tui_batching.charts.metric_rows import CHOICE, chosen_rows, metric_rows
from tui_batching.charts.pen import Pen
from tui_batching.charts.rows import Cells
from tui_batching.tui.frame import Frame
from tui_batching.tui.panes import ScrollPane
from tui_batching.tui.views.view import View


class ScrolledView(View):
    """Rows told of the whole Runs; the playhead plays no part."""

    def rows_of(self, frame: Frame, pen: Pen) -> list[Cells]:
        """What is told, as many rows as it takes."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        yield ScrollPane()

    def show_words(self, frame: Frame) -> None:
        """The rows; they change with the Runs alone."""
        pane, palette = self.query_one(ScrollPane), frame.palette
        width = pane.content_size.width
        rows = self.rows_of(frame, Pen(width, palette))
        pane.show([self.hint_row(frame, width), *rows], palette, frame.keys)

    def scroll_pages(self, pages: int) -> None:
        """Show other rows."""
        self.query_one(ScrollPane).scroll_pages(pages)


class MetricsView(ScrolledView):
    """Who is best at what, by how much, and where the time went."""

    key = "5"
    title = ("Metrics", "Metrics")
    hint = "who is best (★); where time went, of all or the slowest"
    briefly = ("who is best (★), and where time went",)
    of_whole_run = True
    parts = CHOICE
    hints_of_chosen = (
        "the best has a star (★); behind each other one, how many times the best it is",
        "★ is the best; the others are so many times the best",
    )
    hints_of_log = (
        "what was measured, what was simulated, and how far that is off",
        "measured, simulated, and how far that is off",
    )

    def __init__(self, *, id: str) -> None:  # noqa: A002 - the widget's name
        super().__init__(id=id)
        self._slices = list(SLICES.values())
        self._hints: tuple[str, ...] = (self.hint, *self.briefly)

    def rows_of(self, frame: Frame, pen: Pen) -> list[Cells]:
        """All of them, and where the time of one slice of the requests went; or what is asked."""
        comparison = frame.scene.comparison
        if frame.show:
            height = self.query_one(ScrollPane).content_size.height - 2  # the hint, and a margin
            return chosen_rows(comparison, pen, frame.show, self._slices[0], height)
        return metric_rows(comparison, pen, self._slices[0])

    def next_quantity(self) -> None:
        """Tell where the time of the next slice went."""
        self._slices.append(self._slices.pop(0))

    def show_words(self, frame: Frame) -> None:
        """The rows, and above them what they compare; beside what was measured nobody is best."""
        measured = frame.scene.comparison.measured is not None
        chosen = self.hints_of_chosen if _has_best(frame) else ("",)
        told = chosen if frame.show else (self.hint, *self.briefly)
        self._hints = self.hints_of_log if measured else told
        super().show_words(frame)

    @property
    def hint_wordings(self) -> Sequence[str]:
        """What the rows compare."""
        return self._hints

    @property
    def turns_to(self) -> str:
        """The next slice of the requests."""
        return self._slices[1].title


def _has_best(frame: Frame) -> bool:
    """Whether anybody is the best at any of the metrics that are shown."""
    metrics = (METRICS_BY_NAME[name] for name in frame.show if name in METRICS_BY_NAME)
    return any(any(frame.scene.comparison.best(metric)) for metric in metrics)


class LearnView(ScrolledView):
    """What the strategies are, and which of their claims hold here."""

    key = "0"
    title = ("Learn", "Learn")
    hint = "what each strategy is, and whether what is said of it holds here (✓ or ✗)"
    briefly = ("what each is, and whether what is said holds (✓ or ✗)",)

    def rows_of(self, frame: Frame, pen: Pen) -> list[Cells]:
        """What they are, and their claims."""
        return learn_rows(frame.scene.comparison, pen)
