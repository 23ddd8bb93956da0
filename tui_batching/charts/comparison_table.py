"""The metrics of all strategies side by side; the best of each row, and how far off the rest is."""

from __future__ import annotations

from rich.cells import cell_len

from tui_batching.analysis.comparison import Comparison
from tui_batching.analysis.tables import Table, TableRow, comparison_table
from tui_batching.charts.pen import Pen, marked
from tui_batching.charts.rows import Cells

NOTE = 7
"""Cells for the mark of the best value, or for how far another one is from it."""
WIDEST = 92
"""Cells beyond which the table does not grow."""
_LABEL = 23


def table_rows(comparison: Comparison, pen: Pen) -> list[Cells]:
    """The headline metrics, group by group."""
    table = comparison_table(comparison)
    column = max(10, (min(pen.width, WIDEST) - _LABEL) // len(table.strategies))
    rows = [_names(table, column, pen)]
    for group in table.groups:
        rows.append(pen.heading(group.title, group.hint))
        rows.extend(_figures(row, column, pen) for row in group.rows)
    return rows


def _names(table: Table, column: int, pen: Pen) -> Cells:
    row = pen.row().gap(_LABEL)
    for strategy in table.strategies:
        name = marked(strategy)
        row.gap(column - NOTE - 1 - cell_len(name)).add(name, pen.strategy(strategy))
        row.gap(NOTE + 1)
    return row.cells()


def _figures(figures: TableRow, column: int, pen: Pen) -> Cells:
    row = pen.row().add(f"   {figures.label:<{_LABEL - 3}}", pen.muted)
    for cell in figures.cells:
        row.add(f"{cell.text:>{column - NOTE - 1}}", pen.good if cell.best else pen.text)
        row.add(f" {cell.note:<{NOTE}}", pen.good if cell.best else pen.muted)
    return row.cells()
