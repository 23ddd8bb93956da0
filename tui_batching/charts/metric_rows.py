"""All figures of a scene: the metrics as bars and as a table, and where the mean latency went.

The best of each row is marked, and it is told how far off the rest is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

import numpy as np
from rich.cells import cell_len

from tui_batching.analysis.comparison import Comparison
from tui_batching.analysis.distribution import far_apart
from tui_batching.analysis.metrics import METRIC_TABLE, METRICS_BY_NAME, MetricInfo, format_value
from tui_batching.analysis.slices import MEAN, Slice, SliceParts
from tui_batching.analysis.tables import (
    Table,
    TableRow,
    comparison_table,
    metric_cells,
    notes,
)
from tui_batching.charts.parameter_rows import parameter_rows
from tui_batching.charts.pen import PART_SIGNS, Pen, add_parts, fill, marked
from tui_batching.charts.rows import Cells, Row, bar, text_of, wrapped

_BESIDE = 150
"""Cells from which on the table stands beside the bars."""
_NOTE = 7
"""Cells for the mark of the best value, or for how far another one is from it."""
_WIDEST = 92
"""Cells beyond which the table does not grow."""
_LABEL = 23
"""Cells for a label, or more where one is longer."""
_VALUE = 9
"""Cells for a value."""
_NAME = 15
"""Cells for the mark and the name of a strategy."""
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
CHOICE = (*(metric.name for metric in METRIC_TABLE), _PARTS)
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
    if pen.width < _BESIDE:
        bars, table = bar_rows(comparison, pen, wanted), table_rows(comparison, pen, wanted)
        return [*head, *bars, pen.blank(), *table]
    left, right = Pen(_WIDEST, pen.palette), Pen(pen.width - _WIDEST, pen.palette)
    pairs = zip_longest(table_rows(comparison, left, wanted), bar_rows(comparison, right, wanted))
    beside = [[*(table or left.blank()), *(bars or right.blank())] for table, bars in pairs]
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
        height: the rows that there are; bars are as thick as they allow, up to three rows, and
            blank rows stand between them if there is room.
    """
    strategies = {result.strategy.name: result.strategy.wordings() for result in comparison}
    head = [*_note(comparison, pen), *(row.cells() for row in parameter_rows(strategies, pen))]
    for thick, between in ((3, [pen.blank()]), (2, [pen.blank()]), (1, [pen.blank()]), (1, [])):
        blocks = list(_blocks(comparison, pen, chosen, wanted, thick))
        rows = [*head, *(row for block in blocks for row in (*between, *block))]
        if len(rows) <= height:
            break
    return rows


def _blocks(
    comparison: Comparison, pen: Pen, chosen: Sequence[str], wanted: Slice, thick: int
) -> Iterator[list[Cells]]:
    """Each of the chosen as a heading and a bar a strategy, of so many rows."""
    for name in chosen:
        if name == _PARTS:
            yield _part_rows(comparison, pen, wanted, thick)
            continue
        metric = METRICS_BY_NAME[name]
        yield [
            pen.heading(_in_full(metric), _BETTER[metric.better]),
            *_bars(comparison, metric, pen, thick),
        ]


def _in_full(metric: MetricInfo) -> str:
    """`Time to first token (TTFT) · mean`: what it is, and by which letters it goes."""
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
    rows: list[Cells] = []
    compared = comparison.measured is not None
    for metric, title, better in _BARS:
        hint = "and how far it is off what was measured" if compared else better
        rows += [pen.heading(title, hint), *_bars(comparison, metric, pen)]
    return [*rows, *_part_rows(comparison, pen, wanted)]


def _part_rows(comparison: Comparison, pen: Pen, wanted: Slice, thick: int = 1) -> list[Cells]:
    """Where the time of a slice of the requests went, and what the signs of the parts mean."""
    simulated = comparison.simulated
    found = [result.slice_parts(wanted) for result in simulated]
    apart = far_apart([np.array([each.whole]) for each in found])
    own = "; each bar on a scale of its own" if apart else ""
    heading = pen.heading(f"Where the {wanted.whole} went", f"{wanted.measure.extent}{own}")
    parts = _broken_down(simulated, found, pen, apart=apart, thick=thick)
    return [heading, *parts, *_legend(parts, pen)]


def _bars(comparison: Comparison, metric: MetricInfo, pen: Pen, thick: int = 1) -> list[Cells]:
    """A bar a strategy, of one row or more, with its exact value behind the first."""
    values = comparison.values(metric)
    longest = max(value or 0 for value in values)
    rows = []
    cells = metric_cells(comparison, metric)
    for result, value, cell in zip(comparison, values, cells, strict=True):
        name = result.strategy.name
        row = _named(name, pen)
        filled, _ = bar((value or 0) / longest if longest else 0, _cells(pen))
        look = pen.look(pen.palette.strategy(name))
        row.add(filled, look)
        _add_value(row, cell.text, pen, best=cell.best)
        rows.append(row.add(f" {cell.note}", pen.good if cell.best else pen.muted).cells())
        rows += [pen.row().gap(_NAME).add(filled, look).cells()] * (thick - 1)
    return rows


def _broken_down(
    comparison: Comparison, found: Sequence[SliceParts], pen: Pen, *, apart: bool, thick: int
) -> list[Cells]:
    """The time of each strategy's requests as its parts side by side, on one scale if possible."""
    longest = max(each.whole for each in found)
    rows = []
    for result, each in zip(comparison, found, strict=True):
        row, below = _named(result.strategy.name, pen), pen.row().gap(_NAME)
        for drawn in (row, below):
            add_parts(drawn, each.parts, _cells(pen), each.whole if apart else longest, pen.palette)
        _add_value(row, format_value(_LATENCY, each.whole if each.requests else None), pen)
        rows += [row.cells(), *[below.cells()] * (thick - 1)]
    return rows


def _legend(bars: Sequence[Cells], pen: Pen) -> list[Cells]:
    """The signs of the parts that are seen in the bars."""
    rows, row = [], pen.row()
    seen = {sign for bar in bars for sign in text_of(bar)}
    for name, (sign, state) in PART_SIGNS.items():
        if sign not in seen:
            continue
        if len(name) + 4 > row.left:
            rows.append(row.cells())
            row = pen.row()
        row.gap(2).add(sign, fill(state, None, pen.palette)).add(f" {name}", pen.muted)
    return [*rows, row.cells()]


def _cells(pen: Pen) -> int:
    """How long the longest bar is: the same for all metrics, for they are compared."""
    return max(1, pen.width - _NAME - _VALUE - _NOTE - 2)


def _named(name: str, pen: Pen) -> Row:
    """A row that begins with a strategy's mark and name."""
    return pen.row().add(f"  {marked(name):<{_NAME - 2}}", pen.strategy(name))


def _add_value(row: Row, value: str, pen: Pen, *, best: bool = False) -> None:
    """Append a value in the column behind the bars."""
    row.gap(_NAME + _cells(pen) - (pen.width - row.left))
    row.add(f"{value:>{_VALUE}}", pen.good if best else pen.text)


def table_rows(comparison: Comparison, pen: Pen, wanted: Slice = MEAN) -> list[Cells]:
    """The headline metrics, group by group."""
    table = comparison_table(comparison, wanted)
    label = max(_LABEL, *(3 + len(row.label) for group in table.groups for row in group.rows))
    column = max(10, (min(pen.width, _WIDEST) - label) // len(table.strategies))
    rows = [_names(table, label, column, pen)]
    in_bars = {metric.group for metric, *_ in _BARS}
    for group in sorted(table.groups, key=lambda g: (g.title not in _FIRST, g.title in in_bars)):
        rows.append(pen.heading(group.title, group.hint))
        rows.extend(_figures(row, label, column, pen) for row in group.rows)
    return rows


def _names(table: Table, label: int, column: int, pen: Pen) -> Cells:
    row = pen.row().gap(label)
    for number, strategy in enumerate(table.strategies):
        name, note = marked(strategy), "error" if table.shows_errors and number else ""
        row.gap(column - _NOTE - 1 - cell_len(name)).add(name, pen.strategy(strategy))
        row.gap().add(note, pen.muted).gap(_NOTE - len(note))
    return row.cells()


def _figures(figures: TableRow, label: int, column: int, pen: Pen) -> Cells:
    row = pen.row().add(f"   {figures.label:<{label - 3}}", pen.muted)
    for cell in figures.cells:
        row.add(f"{cell.text:>{column - _NOTE - 1}}", pen.good if cell.best else pen.text)
        row.add(f" {cell.note:<{_NOTE}}", pen.good if cell.best else pen.muted)
    return row.cells()
