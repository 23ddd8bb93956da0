"""The table of all figures: a column a strategy, as many side by side as their figures allow.

No figure is cut and no strategy left out. Where there is little room, what says how far a figure
is off the best gives way first; then each group stands in several parts, one below the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rich.cells import cell_len

from tui_batching.analysis.tables import BEST, Group, Table, TableRow
from tui_batching.charts.metric_bars import NOTE
from tui_batching.charts.pen import Pen, marked
from tui_batching.charts.rows import Cells

WIDEST = 92
"""Cells beyond which the table does not grow, unless its figures need them."""
_LABEL = 23
"""Cells for a label, or more where one is longer."""
_LEAST = 10
"""The least cells of a column."""
_ERROR = "error"


@dataclass(frozen=True, slots=True)
class _TableColumn:
    """Where the figures of a strategy stand.

    Attributes:
        number: which of the table's strategies it is.
        head: what stands above the figures.
        note: cells for what stands behind a figure.
        cells: all there are.
    """

    number: int
    head: str
    note: int
    cells: int


def table_rows(table: Table, groups: Sequence[Group], pen: Pen) -> list[Cells]:
    """These groups of a table, with the names of the strategies above their figures.

    Args:
        table: the table.
        groups: its groups, in the order in which they are told.
        pen: for the rows.
    """
    label = _label_cells(table)
    parts = _parts(table, min(pen.width, table_width(table)) - label)
    rows = [] if len(parts) > 1 else [_heads(parts[0], label, table, pen)]
    for group in groups:
        rows.append(pen.heading(group.title, group.hint))
        for part in parts:
            rows += [_heads(part, label, table, pen)] if len(parts) > 1 else []
            rows += [_figures(row, part, label, pen) for row in group.rows]
    return rows


def table_width(table: Table) -> int:
    """The cells in which all strategies stand side by side with all that is said of them."""
    columns = (_narrowest(table, number, NOTE) for number in range(len(table.strategies)))
    return max(WIDEST, _label_cells(table) + sum(column.cells for column in columns))


def _label_cells(table: Table) -> int:
    labels = (row.label for group in table.groups for row in group.rows)
    return max(_LABEL, *(3 + cell_len(label) for label in labels))


def _parts(table: Table, room: int) -> list[list[_TableColumn]]:
    """The columns, all side by side if they fit with their notes or with the stars alone.

    Otherwise they stand in as few parts as fit, of about as many columns each.
    """
    # What is off a measured figure stands in no other place, and nobody has a star there.
    for most in (NOTE,) if table.shows_errors else (NOTE, len(BEST)):
        columns = [_narrowest(table, number, most) for number in range(len(table.strategies))]
        if sum(column.cells for column in columns) <= room:
            return [_spread(columns, room)]
    for count in range(2, len(columns)):
        cuts = [len(columns) * number // count for number in range(count + 1)]
        parts = [columns[begin:end] for begin, end in pairwise(cuts)]
        if all(sum(column.cells for column in part) <= room for part in parts):
            return parts
    return [[column] for column in columns]


def _narrowest(table: Table, number: int, most: int) -> _TableColumn:
    """The narrowest column of a strategy whose notes take at most so many cells."""
    cells = [row.cells[number] for group in table.groups for row in group.rows]
    head = marked(table.strategies[number])
    behind = len(_ERROR) if table.shows_errors and number else 0
    note = max(behind, *(len(cell.note) for cell in cells if len(cell.note) <= most), 0)
    figures = max(cell_len(cell.text) for cell in cells) + 1 + note
    named = cell_len(head) + (1 + behind if behind else 0)
    return _TableColumn(number, head, note, max(_LEAST, 1 + max(figures, named)))


def _spread(columns: Sequence[_TableColumn], room: int) -> list[_TableColumn]:
    """The columns equally wide, if each has then what it needs."""
    each = room // len(columns)
    if any(column.cells > each for column in columns):
        return list(columns)
    return [_TableColumn(column.number, column.head, NOTE, each) for column in columns]


def _heads(columns: Sequence[_TableColumn], label: int, table: Table, pen: Pen) -> Cells:
    """The names of the strategies, above the last digits of their figures where that fits."""
    row = pen.row().gap(label)
    for column in columns:
        behind = f" {_ERROR}" if table.shows_errors and column.number else ""
        before = max(1, column.cells - 1 - column.note - cell_len(column.head))
        after = column.cells - before - cell_len(column.head)
        row.gap(before).add(column.head, pen.strategy(table.strategies[column.number]))
        row.add(f"{behind:<{after}}", pen.muted)
    return row.cells()


def _figures(figures: TableRow, columns: Sequence[_TableColumn], label: int, pen: Pen) -> Cells:
    row = pen.row().add(f"   {figures.label:<{label - 3}}", pen.muted)
    for column in columns:
        cell = figures.cells[column.number]
        note = cell.note if len(cell.note) <= column.note else ""
        text = f"{cell.text:>{column.cells - column.note - 1}}"
        row.add(text, pen.good if cell.best else pen.text)
        row.add(f" {note:<{column.note}}", pen.good if cell.best else pen.muted)
    return row.cells()
