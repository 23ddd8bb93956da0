"""The part of a chart within its axes, as cells: where values are, and what is put over the lines.

Marks and labels are put in place cell by cell, where they hide nothing and each other neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import floor
from typing import TypeAlias

from rich.cells import cell_len

from tui_batching.charts.axis import Axis

Inked: TypeAlias = list[tuple[str, int]]
"""A row of characters, each with the number of its ink."""
Place: TypeAlias = tuple[int, int]
"""A row and a column."""

BLANK = (" ", 0)
_NEAR = (0, 1, -1, 2, -2, 3, -3)
"""Columns beside a point whose own cell is taken."""
UPRIGHTS = "│┊"
"""What upright lines are drawn with."""
_HANGING = 3
"""Rows in which the label of an upright line may hang."""


def write(row: Inked, column: int, text: str, ink: int) -> None:
    """Put a text over the cells of a row; what does not fit is cut."""
    for number, character in enumerate(text, max(0, column)):
        if number < len(row):
            row[number] = (character, ink)


@dataclass(frozen=True, slots=True)
class Canvas:
    """The cells of a chart, and which of them are within its axes.

    Attributes:
        cells: all rows of the chart; they are changed in place.
        left: the first column within the axes.
        top: the first row.
        columns: how many columns there are.
        rows: how many rows.
        x: the axis below.
        y: the axis at the left.
    """

    cells: list[Inked]
    left: int
    top: int
    columns: int
    rows: int
    x: Axis
    y: Axis
    _marked: set[Place] = field(default_factory=set)

    def place(self, x: float, y: float) -> Place:
        """The cell of a point."""
        across = floor(self.x.share(x) * (self.columns - 1) + 0.5)  # as plotext rounds
        up = floor(self.y.share(y) * (self.rows - 1) + 0.5)
        return self.top + self.rows - 1 - up, self.left + across

    def put_mark(self, x: float, y: float, mark: str, ink: int) -> None:
        """Mark a point; beside it where another one is marked there."""
        row, column = self.place(x, y)
        for beside in _NEAR:
            place = (row, column + beside)
            if place not in self._marked and self._holds(place, 1):
                self._marked.add(place)
                write(self.cells[row], column + beside, mark, ink)
                return

    def put_label(self, x: float, y: float, text: str, ink: int) -> None:
        """Put a text beside a point, or above or below it; nowhere if there is no room."""
        row, column = self.place(x, y)
        length = cell_len(text)
        self._put_first(self._around(row, column, length), text, ink)

    def hang(self, x: float, text: str, ink: int) -> None:
        """Put a text beside the upper end of an upright line, if need be over other lines."""
        column = self._column_of(ink)
        if column is None:  # another one stands in the same column
            _, column = self.place(x, self.y.lower)
        right, left = column + 1, column - cell_len(text)
        rows = range(self.top, self.top + min(_HANGING, self.rows))
        places = [(row, at) for row in rows for at in (right, left)]
        if not self._put_first(iter(places), text, ink, over=UPRIGHTS):
            at = right if self._holds((self.top, right), cell_len(text)) else left
            write(self.cells[self.top], at, text, ink)

    def replace(self, ink: int, glyph: str) -> None:
        """Draw all cells of an ink with another character."""
        for row in self.cells[self.top : self.top + self.rows]:
            row[:] = [(glyph, ink) if cell == ("│", ink) else cell for cell in row]

    def _column_of(self, ink: int) -> int | None:
        """The column in which an upright line was drawn, whichever way its place was rounded."""
        for row in self.cells[self.top : self.top + self.rows]:
            for column, (_, each) in enumerate(row):
                if each == ink:
                    return column
        return None

    def _around(self, row: int, column: int, length: int) -> Iterator[Place]:
        yield row, column + 2
        yield row, column - length - 1
        for beside in (-1, 1):
            yield row + beside, column - length // 2
            yield row + beside, column + 1
            yield row + beside, column - length

    def _put_first(self, places: Iterator[Place], text: str, ink: int, over: str = "") -> bool:
        """Put a text in the first place that is blank, but for `over`; whether there was one."""
        length = cell_len(text)
        for row, column in places:
            if self._holds((row, column), length) and self._is_free(row, column, length, over):
                write(self.cells[row], column, text, ink)
                return True
        return False

    def _is_free(self, row: int, column: int, length: int, over: str) -> bool:
        """Whether there is nothing in the cells but what a text may cover, and none beside them."""
        cells = self.cells[row]
        beside = [*cells[column - 1 : column], *cells[column + length : column + length + 1]]
        return all(
            cell == BLANK or cell[0] in over for cell in cells[column : column + length]
        ) and not any(character.isalnum() for character, _ in beside)

    def _holds(self, place: Place, length: int) -> bool:
        """Whether so many cells from a place on are within the axes."""
        row, column = place
        return (
            self.top <= row < self.top + self.rows
            and self.left <= column
            and column + length <= self.left + self.columns
        )
