"""The metrics of all strategies side by side; the best of each row, and how far off the rest is."""

from __future__ import annotations

from itertools import groupby

from rich.cells import cell_len

from tui_batching.analysis.comparison import Comparison
from tui_batching.analysis.metrics import SERVICE_LEVEL, MetricInfo, format_value
from tui_batching.analysis.service_level import limits_text
from tui_batching.charts.pen import Pen, marked
from tui_batching.charts.rows import Cells

BEST = "★"
NOTE = 7
"""Cells for the mark of the best value, or for how far another one is from it."""
WIDEST = 92
"""Cells beyond which the table does not grow."""
_LABEL = 23


def table_rows(comparison: Comparison, pen: Pen) -> list[Cells]:
    """The headline metrics, group by group."""
    column = max(10, (min(pen.width, WIDEST) - _LABEL) // len(comparison.results))
    rows = [_names(comparison, column, pen)]
    for group, metrics in groupby(comparison.headlines, key=lambda metric: metric.group):
        limits = comparison.workload.slo if group == SERVICE_LEVEL else None
        rows.append(pen.heading(group, limits_text(limits) if limits else ""))
        rows.extend(_metric(comparison, metric, column, pen) for metric in metrics)
    return rows


def notes(comparison: Comparison, metric: MetricInfo) -> list[str]:
    """For each strategy the mark of the best value, or the difference to it in percent."""
    pairs = zip(comparison.best(metric), comparison.behind(metric), strict=True)
    return [BEST if best else difference_text(behind) for best, behind in pairs]


def difference_text(behind: float | None) -> str:
    """By how much a value differs from the best one: `+54%`, `-0.4%`, `123x`; empty if unknown."""
    if behind is None:
        return ""
    if behind >= 99:
        return f"{behind + 1:,.0f}x"
    return f"{behind:+.0%}" if abs(behind) >= 0.0095 else f"{behind:+.1%}"


def _names(comparison: Comparison, column: int, pen: Pen) -> Cells:
    row = pen.row().gap(_LABEL)
    for result in comparison:
        name = marked(result.strategy.name)
        row.gap(column - NOTE - 1 - cell_len(name)).add(name, pen.strategy(result.strategy.name))
        row.gap(NOTE + 1)
    return row.cells()


def _metric(comparison: Comparison, metric: MetricInfo, column: int, pen: Pen) -> Cells:
    row = pen.row().add(f"   {metric.label:<{_LABEL - 3}}", pen.muted)
    values = comparison.values(metric)
    for value, note in zip(values, notes(comparison, metric), strict=True):
        best = note == BEST
        text = f"{format_value(metric, value):>{column - NOTE - 1}}"
        row.add(text, pen.good if best else pen.text)
        row.add(f" {note:<{NOTE}}", pen.good if best else pen.muted)
    return row.cells()
