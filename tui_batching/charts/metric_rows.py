"""All figures of a scene: the metrics as bars and as a table, and where the mean latency went.

The best of each row is marked, and it is told how far off the rest is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from rich.style import Style

from tui_batching.analysis.breakdown import lost_part
from tui_batching.analysis.comparison import Comparison
from tui_batching.analysis.distribution import far_apart
from tui_batching.analysis.metrics import (
    METRICS_BY_NAME,
    SERVICE_LEVEL,
    MetricInfo,
    format_value,
)
from tui_batching.analysis.service_level import limits_text
from tui_batching.analysis.slices import MEAN, Slice, SliceParts
from tui_batching.analysis.tables import Group, Table, comparison_table, metric_cells, notes
from tui_batching.charts.metric_bars import Bar, BarLayout
from tui_batching.charts.metric_table import table_rows, table_width
from tui_batching.charts.parameter_rows import parameter_rows
from tui_batching.charts.pen import PART_SIGNS, Pen, add_parts, fill
from tui_batching.charts.rows import Cells, Row, bar, text_of, wrapped
from tui_batching.sim.run import Run
from tui_batching.workload.service_level import ServiceLevel

_LEAST_BARS = 58
"""The least cells of the bars beside the table; with fewer they stand above it."""
_LATENCY = METRICS_BY_NAME["avg_latency"]
_FIRST = tuple(METRICS_BY_NAME[name].group for name in ("mean_ttft", "mean_tpot"))
"""The groups with which the table begins; it ends with those of which there are bars."""
_BARS = (
    (_LATENCY, "Mean latency", "shorter is better"),
    (METRICS_BY_NAME["p99_latency"], "p99 latency", "shorter is better"),
    (METRICS_BY_NAME["throughput"], "Tokens per second", "longer is better"),
)

_BETTER = {"low": "shorter is better", "high": "longer is better", "none": ""}
_PARTS = "parts"
_HEIGHTS = (
    (5, 2, 2), (5, 1, 1), (4, 1, 1), (3, 1, 1), (3, 0, 1), (2, 0, 1), (1, 0, 1), (1, 0, 0)
)  # fmt: skip
"""Rows of a bar, between one and the next, and above a heading: the first that fits is drawn."""
CHOICE = (*METRICS_BY_NAME, _PARTS)
"""What can be shown alone: metrics by name, and the parts of the latency."""


def metric_rows(comparison: Comparison, pen: Pen, wanted: Slice = MEAN) -> list[Cells]:
    """As many rows as it takes, what matters first at the top.

    Args:
        comparison: what is told.
        pen: for the rows.
        wanted: the requests of which it is told where their time went.
    """
    strategies = {result.strategy.name: result.strategy.wordings() for result in comparison}
    told = (row.cells() for row in parameter_rows(strategies, pen))
    head = [*_note(comparison, pen), *told]
    table = comparison_table(comparison, wanted)
    cells = table_width(table)
    if pen.width < cells + _LEAST_BARS:
        bars, figures = bar_rows(comparison, pen, wanted), table_rows(table, _in_order(table), pen)
        return [*head, *bars, pen.blank(), *figures]
    left, right = Pen(cells, pen.palette), Pen(pen.width - cells, pen.palette)
    figures = table_rows(table, _in_order(table), left)
    pairs = zip_longest(figures, bar_rows(comparison, right, wanted))
    beside = [[*(one or left.blank()), *(other or right.blank())] for one, other in pairs]
    return [*head, *beside]


def chosen_rows(
    comparison: Comparison, pen: Pen, chosen: Sequence[str], wanted: Slice, height: int
) -> list[Cells]:
    """Some of it alone, each as bars, in the order asked for: what a room is to look at.

    Args:
        comparison: what is told.
        pen: for the rows.
        chosen: what of `CHOICE`.
        wanted: the requests of which it is told where their time went.
        height: the rows that there are; bars are as high as they allow, and all are filled.
    """
    strategies = {result.strategy.name: result.strategy.wordings() for result in comparison}
    head = [*_note(comparison, pen), *(row.cells() for row in parameter_rows(strategies, pen))]
    groups = [
        _parts(comparison, pen, wanted)
        if name == _PARTS
        else _metric(comparison, METRICS_BY_NAME[name], pen)
        for name in chosen
    ]
    bars = [bar for group in groups for bar in group.bars]
    for thick, apart, between in _HEIGHTS:
        layout = BarLayout.of(bars, pen, thick, apart)
        above = [pen.blank()] * between
        told = [row for group in groups for row in (*above, *group.rows(layout))]
        is_over = len(head) + len(told) > height  # what is below the head gives way first
        rows = [*head, *told[between if is_over else 0 :]]
        if len(rows) <= height:
            break
    return rows + [pen.blank()] * (height - len(rows))


def _in_full(metric: MetricInfo, slo: ServiceLevel | None) -> str:
    """What a metric is, and by which letters it goes, or which limits it is about.

    `Time to first token (TTFT) · mean`, `SLO attainment · TTFT ≤ 2.00 s`.
    """
    if metric.group == SERVICE_LEVEL and slo:
        return f"{metric.label} · {limits_text(slo)}"
    letters = metric.called.partition(".")[0]
    is_short = metric.word and letters != metric.group.lower()
    return f"{metric.group}{f' ({letters.upper()})' if is_short else ''} · {metric.label}"


def _note(comparison: Comparison, pen: Pen) -> list[Cells]:
    """What is to be read with all these figures."""
    width = max(20, pen.width - 2)
    lines = (line for note in notes(comparison) for line in wrapped(note, width))
    return [pen.row().gap().add(line, pen.text).cells() for line in lines]


def bar_rows(comparison: Comparison, pen: Pen, wanted: Slice = MEAN) -> list[Cells]:
    """The bars, and the breakdown below them."""
    hint = "and how far it is off what was measured" if comparison.measured is not None else ""
    groups = [
        _BarGroup(pen.heading(title, hint or better), _bars(comparison, metric, pen))
        for metric, title, better in _BARS
    ]
    groups.append(_parts(comparison, pen, wanted))
    layout = BarLayout.of([bar for group in groups for bar in group.bars], pen)
    return [row for group in groups for row in group.rows(layout)]


@dataclass(frozen=True, slots=True)
class _BarGroup:
    """Bars that are compared, below a heading.

    Attributes:
        heading: the row above them.
        bars: a bar a strategy.
        has_legend: whether they are drawn in signs that are told below them.
    """

    heading: Cells
    bars: Sequence[Bar]
    has_legend: bool = False

    def rows(self, layout: BarLayout) -> list[Cells]:
        """All of it."""
        legend = _legend(self.bars, layout) if self.has_legend else []
        return [self.heading, *layout.rows(self.bars), *legend]


def _metric(comparison: Comparison, metric: MetricInfo, pen: Pen) -> _BarGroup:
    """A metric, by its full name."""
    heading = pen.heading(_in_full(metric, comparison.workload.slo), _BETTER[metric.better])
    return _BarGroup(heading, _bars(comparison, metric, pen))


def _parts(comparison: Comparison, pen: Pen, wanted: Slice) -> _BarGroup:
    """Where the time of a slice of the requests went, on one scale if possible."""
    simulated = comparison.simulated
    found = [result.slice_parts(wanted) for result in simulated]
    apart = far_apart([np.array([each.whole]) for each in found])
    own = "; each bar on a scale of its own" if apart else ""
    heading = pen.heading(f"Where the {wanted.whole} went", f"{wanted.measure.extent}{own}")
    longest = max(each.whole for each in found)
    bars = [
        Bar(
            result.strategy.name,
            _parts_drawn(_named(each, result.run), each.whole if apart else longest, pen),
            format_value(_LATENCY, each.whole if each.requests else None),
        )
        for result, each in zip(simulated, found, strict=True)
    ]
    return _BarGroup(heading, bars, has_legend=True)


def _named(found: SliceParts, run: Run) -> dict[str, float]:
    """The parts of a strategy's time by the names that they have on screen."""
    names = {"stalled": lost_part(run)}
    return {names.get(name, name): amount for name, amount in found.parts.items()}


def _parts_drawn(
    parts: Mapping[str, float], longest: float, pen: Pen
) -> Callable[[Row, int], object]:
    """Draws a strategy's time as its parts side by side."""
    return lambda row, cells: add_parts(row, parts, cells, longest, pen.palette)


def _bars(comparison: Comparison, metric: MetricInfo, pen: Pen) -> list[Bar]:
    """A bar a strategy, with its exact value; shares are drawn of the whole."""
    values = comparison.values(metric)
    longest = 1 if metric.unit == "share" else max(value or 0 for value in values)
    cells = metric_cells(comparison, metric)
    bars = []
    for result, value, cell in zip(comparison, values, cells, strict=True):
        name, share = result.strategy.name, (value or 0) / longest if longest else 0
        draw = _share_drawn(share, pen.look(pen.palette.strategy(name)))
        bars.append(Bar(name, draw, cell.text, cell.note, best=cell.best))
    return bars


def _share_drawn(share: float, look: Style) -> Callable[[Row, int], object]:
    """Draws a share of the longest bar."""
    return lambda row, cells: row.add(bar(share, cells)[0], look)


def _legend(bars: Sequence[Bar], layout: BarLayout) -> list[Cells]:
    """The signs of the parts that are seen in the bars."""
    pen, alone = layout.pen, [layout.pen.row() for _ in bars]
    for each, row in zip(bars, alone, strict=True):
        each.draw(row, layout.longest)
    seen = {sign for row in alone for sign in text_of(row.cells())}
    rows, row = [], pen.row()
    for name, (sign, state) in PART_SIGNS.items():
        if sign not in seen:
            continue
        if len(name) + 4 > row.left:
            rows.append(row.cells())
            row = pen.row()
        row.gap(2).add(sign, fill(state, None, pen.palette)).add(f" {name}", pen.muted)
    return [*rows, row.cells()]


def _in_order(table: Table) -> list[Group]:
    """The groups of the table; what there are bars of comes last."""
    in_bars = {metric.group for metric, *_ in _BARS}
    return sorted(table.groups, key=lambda g: (g.title not in _FIRST, g.title in in_bars))
