"""Latency and throughput as bars, one a strategy, and where the time of the mean latency went."""

from __future__ import annotations

from tui_batching.analysis.breakdown import PARTS
from tui_batching.analysis.comparison import Comparison
from tui_batching.analysis.metrics import METRICS_BY_NAME, MetricInfo, format_value
from tui_batching.analysis.tables import metric_cells
from tui_batching.charts.comparison_table import NOTE
from tui_batching.charts.parts import SIGNS, add_parts
from tui_batching.charts.pen import Pen, marked
from tui_batching.charts.rows import Cells, Row, bar

_VALUE = 9
"""Cells for a value."""
_NAME = 15
"""Cells for the mark and the name of a strategy."""
_LATENCY = METRICS_BY_NAME["avg_latency"]
_BARS = (
    (_LATENCY, "Mean latency", "shorter is better"),
    (METRICS_BY_NAME["p99_latency"], "p99 latency", "shorter is better"),
    (METRICS_BY_NAME["throughput"], "Tokens per second", "longer is better"),
)


def bar_rows(comparison: Comparison, pen: Pen) -> list[Cells]:
    """The bars, and the breakdown below them."""
    rows: list[Cells] = []
    for metric, title, hint in _BARS:
        rows += [pen.heading(title, hint), *_bars(comparison, metric, pen)]
    heading = pen.heading("Where the mean latency went", "the parts sum to it")
    return [*rows, heading, *_broken_down(comparison, pen), *_legend(comparison, pen)]


def _bars(comparison: Comparison, metric: MetricInfo, pen: Pen) -> list[Cells]:
    """A bar a strategy, with its exact value behind."""
    values = comparison.values(metric)
    longest = max(value or 0 for value in values)
    rows = []
    cells = metric_cells(comparison, metric)
    for result, value, cell in zip(comparison, values, cells, strict=True):
        name = result.strategy.name
        row = _named(name, pen)
        filled, _ = bar((value or 0) / longest if longest else 0, _cells(pen))
        row.add(filled, pen.look(pen.palette.strategy(name)))
        _add_value(row, cell.text, pen, best=cell.best)
        rows.append(row.add(f" {cell.note}", pen.good if cell.best else pen.muted).cells())
    return rows


def _broken_down(comparison: Comparison, pen: Pen) -> list[Cells]:
    """The mean latency of each strategy as its parts side by side."""
    values = comparison.values(_LATENCY)
    longest = max(value or 0 for value in values)
    rows = []
    for result, value in zip(comparison, values, strict=True):
        row = _named(result.strategy.name, pen)
        parts = {name: float(result.metrics[f"mean_{name}"] or 0) for name in PARTS}
        add_parts(row, parts, _cells(pen), longest, pen.palette)
        _add_value(row, format_value(_LATENCY, value), pen)
        rows.append(row.cells())
    return rows


def _legend(comparison: Comparison, pen: Pen) -> list[Cells]:
    """The signs of the parts that there are."""
    rows, row = [], pen.row()
    for name, (sign, state) in SIGNS.items():
        if not any(result.metrics[f"mean_{name}"] for result in comparison):
            continue
        if len(name) + 4 > row.left:
            rows.append(row.cells())
            row = pen.row()
        row.gap(2).add(sign, pen.look(pen.palette.state(state))).add(f" {name}", pen.muted)
    return [*rows, row.cells()]


def _cells(pen: Pen) -> int:
    """How long the longest bar is: the same in all pictures, for they are compared."""
    return max(1, pen.width - _NAME - _VALUE - NOTE - 2)


def _named(name: str, pen: Pen) -> Row:
    """A row that begins with a strategy's mark and name."""
    return pen.row().add(f"  {marked(name):<{_NAME - 2}}", pen.strategy(name))


def _add_value(row: Row, value: str, pen: Pen, *, best: bool = False) -> None:
    """Append a value in the column behind the bars."""
    row.gap(_NAME + _cells(pen) - (pen.width - row.left))
    row.add(f"{value:>{_VALUE}}", pen.good if best else pen.text)
