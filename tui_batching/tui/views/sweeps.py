"""The views of sweeps: load, frontier, and batch size or another parameter, a chart each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar, TypeAlias

from rich.cells import cell_len
from textual.app import ComposeResult

from tui_batching.analysis.metrics import METRICS_BY_NAME, MetricInfo
from tui_batching.analysis.sweeps import Kind
from tui_batching.analysis.sweeps.shown import LATENCY_AND_TTFT, TOKENS
from tui_batching.analysis.sweeps.varied import BATCH_SIZE, kind_label, main_kinds
from tui_batching.charts.palette import Palette
from tui_batching.charts.rows import Cells, Row, bar, folded, style
from tui_batching.charts.sweep_charts import (
    SweepRequest,
    frontier_chart,
    load_chart,
    parameter_chart,
)
from tui_batching.tui.frame import Frame
from tui_batching.tui.panes import DrawnPane, StripView
from tui_batching.tui.sweeper import SweepState
from tui_batching.tui.views.view import View
from tui_batching.workload.model import Workload

DrawSweep: TypeAlias = Callable[[SweepRequest], list[Cells]]

_BAR = 20
_TABLE = "table"
"""The part of a view of sweeps that is no metric: all figures below the charts."""
_TURNS: tuple[tuple[MetricInfo, ...], ...] = ((), LATENCY_AND_TTFT, TOKENS)
"""What a view of loads shows in turn: the usual metrics first."""


class SweepHead(StripView):
    """What to see in the chart; or, while the sweep is under way, how far it is."""

    DEFAULT_CSS = """
    SweepHead { height: 1; padding: 0 1; background: $background; }
    """


class SweepView(View):
    """Shows the chart of a sweep, and the one before until a new one is finished.

    Attributes:
        sweep_kind: what is varied.
        chart: what is drawn of it.
    """

    sweep_kind: Kind
    parts = (*METRICS_BY_NAME, _TABLE)
    chart: ClassVar[DrawSweep]
    DEFAULT_CSS: ClassVar[str] = """
    SweepView DrawnPane { height: 1fr; padding: 0 1; }
    """

    def sweep_of(self, workload: Workload) -> Kind:  # noqa: ARG002
        """What is varied of this workload."""
        return self.sweep_kind

    @property
    def asked(self) -> tuple[MetricInfo, ...]:
        """The metrics to show; none for the usual ones."""
        return ()

    def compose(self) -> ComposeResult:
        yield SweepHead()
        yield DrawnPane()

    def show_words(self, frame: Frame) -> None:
        """All of it: none of it follows the playhead."""
        if frame.sweep is not None:
            head, pane = self.query_one(SweepHead), self.query_one(DrawnPane)
            head.present([self._head(frame, frame.sweep, head.content_size.width)])
            self._draw(pane, frame, frame.sweep)

    def _head(self, frame: Frame, state: SweepState, width: int) -> Cells:
        if state.share is None:
            return self.hint_row(frame, width)
        palette = frame.palette
        text, muted = (style(each, palette.background) for each in (palette.text, palette.muted))
        filled, rest = bar(state.share, _BAR)
        row = Row(width, muted).add("renewing  " if state.sweep else "sweeping  ", text)
        row.add(filled, style(palette.accent, palette.background)).add(rest, muted)
        row.add(f" {state.share:.0%}", text)
        if state.seconds_left is not None:
            row.add(f" · {_seconds(state.seconds_left)} left", text)
        if state.sweep:
            row.add(" · below: as it was before the change", muted)
        return row.cells()

    def _draw(self, pane: DrawnPane, frame: Frame, state: SweepState) -> None:
        width, height = pane.content_size
        if width < 1 or height < 1:
            return
        palette, now = frame.palette, frame.scene.workload
        if state.sweep is None:
            words = state.refused or "the workload is being served at each value …"
            if state.refused or state.share is not None:
                pane.want(
                    (words, width, height, palette), lambda: _words(words, width, height, palette)
                )
            return
        chart, present = type(self).chart, (now.source.rate, now.strategies)
        chosen = tuple(METRICS_BY_NAME[name] for name in frame.show if name != _TABLE)
        sweep = replace(state.sweep, asked=chosen or self.asked)
        request = SweepRequest(sweep, now, width, height, palette, frame.shows(_TABLE))
        wanted = (sweep, present, width, height, palette, request.has_table)
        pane.want(wanted, lambda: chart(request))


class LoadView(SweepView):
    """Latency and throughput against the offered load."""

    key = "6"
    title = ("Load", "Load")
    hint = "how latency takes off where the load exceeds what a strategy can serve (┊)"
    briefly = ("where the load exceeds what a strategy can serve (┊)",)
    sweep_kind = "load"
    chart: ClassVar[DrawSweep] = staticmethod(load_chart)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._turn = 0

    @property
    def asked(self) -> tuple[MetricInfo, ...]:
        """What the service level is about, and in turn what else there is."""
        return _TURNS[self._turn]

    def next_quantity(self) -> None:
        """Show the next metrics."""
        self._turn = (self._turn + 1) % len(_TURNS)


class FrontierView(SweepView):
    """Throughput against p99 latency."""

    key = "7"
    title = ("Frontier", "Frontier")
    parts = ()
    hint = "who gets closest to the ideal corner: many tokens a second at a short p99"
    briefly = ("closest to the ideal corner: many tokens/s, short p99",)
    sweep_kind = "load"
    chart: ClassVar[DrawSweep] = staticmethod(frontier_chart)


class BatchSizeView(SweepView):
    """Latency and throughput against the batch size, or another parameter of what is on stage."""

    key = "8"
    title = ("Batch size", "Batch")
    hint = "what more slots bring: throughput and shorter waits, but longer steps"
    briefly = ("what more slots bring: throughput, but longer steps",)
    chart: ClassVar[DrawSweep] = staticmethod(parameter_chart)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.sweep_kind = BATCH_SIZE
        self._kinds: tuple[Kind, ...] = (BATCH_SIZE,)

    def sweep_of(self, workload: Workload) -> Kind:
        """What is varied; what this workload does not have gives way to the batch size."""
        self._kinds = main_kinds(workload)
        if self.sweep_kind not in self._kinds:
            self.sweep_kind = BATCH_SIZE
        return self.sweep_kind

    def next_quantity(self) -> None:
        """Vary the next parameter."""
        self.sweep_kind = self._next

    @property
    def hint_wordings(self) -> Sequence[str]:
        """What to see; for another parameter than the batch size, which one it is."""
        if self.sweep_kind == BATCH_SIZE:
            return super().hint_wordings
        return (f"what another {kind_label(self.sweep_kind)} brings",)

    @property
    def turns_to(self) -> str:
        """The next parameter, if there is one."""
        return kind_label(self._next) if len(self._kinds) > 1 else ""

    @property
    def _next(self) -> Kind:
        return self._kinds[(self._kinds.index(self.sweep_kind) + 1) % len(self._kinds)]


def _seconds(left: float) -> str:
    whole = max(1, round(left))
    return f"{whole} s" if whole < 100 else f"{whole // 60} min {whole % 60} s"


def _words(words: str, width: int, height: int, palette: Palette) -> list[Cells]:
    """Words in the middle of an empty chart."""
    text = style(palette.text, palette.surface)
    blank = Row(width, text).cells()
    lines = [
        Row(width, text).gap(max(1, (width - cell_len(line)) // 2)).add(line, text).cells()
        for line in folded(words, max(1, width - 2))
    ]
    above = max(0, height - len(lines) + 1) // 2
    return [*[blank] * above, *lines, *[blank] * (height - above - len(lines))][:height]
