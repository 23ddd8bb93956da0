"""Bars with their names and values: one row high on a page, as high as there is room in a talk.

What is high enough for it has its value in large digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tui_batching.charts.big_letters import big_number
from tui_batching.charts.pen import Pen, marked
from tui_batching.charts.rows import Cells, Row

_NAME = 15
"""Cells for the mark and the name of a strategy, or more where one is longer."""
_VALUE = 9
"""Cells for a value as plain text."""
NOTE = 7
"""Cells for the mark of the best value, or for how far another one is from it."""
_MARGIN = 2
_DIGITS = 3
"""Rows of large digits."""
_LEAST = 20
"""Cells that the longest bar keeps beside large digits."""


@dataclass(frozen=True, slots=True)
class Bar:
    """The bar of a strategy.

    Attributes:
        name: of the strategy.
        draw: draws it onto a row, with so many cells for the longest one.
        value: how much it is, with its unit.
        note: a few cells that stand beside the value.
        best: whether the value is the best one.
    """

    name: str
    draw: Callable[[Row, int], object]
    value: str
    note: str = ""
    best: bool = False


@dataclass(frozen=True, slots=True)
class BarLayout:
    """Where bars, names and values stand: the same for all bars of a page, for they are compared.

    Attributes:
        pen: for the rows.
        thick: rows of a bar.
        apart: blank rows between one bar and the next.
        label: cells before the bars.
        digits: cells for values in large digits; zero where they are plain text alone.
    """

    pen: Pen
    thick: int
    apart: int
    label: int
    digits: int

    @classmethod
    def of(cls, bars: Sequence[Bar], pen: Pen, thick: int = 1, apart: int = 0) -> BarLayout:
        """The layout for these bars, with large digits where there is room for all of them."""
        label = max(_NAME, *(3 + len(marked(bar.name)) for bar in bars))
        plain = cls(pen, thick, apart, label, 0)
        digits = max(len(big_number(_number(bar.value))[0]) for bar in bars)
        large = cls(pen, thick, apart, label, digits)
        return large if thick >= _DIGITS and large.longest >= _LEAST else plain

    @property
    def longest(self) -> int:
        """Cells of the longest bar."""
        values = _MARGIN + self.digits if self.digits else _VALUE
        return max(1, self.pen.width - self.label - values - NOTE - _MARGIN)

    def rows(self, bars: Sequence[Bar]) -> list[Cells]:
        """The bars one below the other."""
        rows: list[Cells] = []
        for bar in bars:
            rows += [self.pen.blank()] * self.apart if rows else []
            rows += self._rows(bar)
        return rows

    def _rows(self, bar: Bar) -> Iterator[Cells]:
        """A bar; its name begins where its value does, in its middle where it is higher than it."""
        value = self.pen.good if bar.best else self.pen.text
        note = self.pen.good if bar.best else self.pen.muted
        first = max(0, self.thick - _DIGITS) // 2
        beside = self._large(bar) if self.digits else [(f"{bar.value:>{_VALUE}}", bar.note)]
        for number in range(self.thick):
            row, line = self.pen.row(), number - first
            if line == 0:
                row.add(f"  {marked(bar.name)}", self.pen.strategy(bar.name))
            row.gap(self.label - (self.pen.width - row.left))
            bar.draw(row, self.longest)
            if 0 <= line < len(beside):
                row.gap(self.label + self.longest - (self.pen.width - row.left))
                text, small = beside[line]
                row.add(text, value).add(small and f" {small}", note if line == 0 else value)
            yield row.cells()

    def _large(self, bar: Bar) -> list[tuple[str, str]]:
        """The rows of the digits, and what stands beside each of them."""
        unit = bar.value.removeprefix(_number(bar.value)).strip()
        lines = (f"{line:>{_MARGIN + self.digits}}" for line in big_number(_number(bar.value)))
        return list(zip(lines, (bar.note, "", unit), strict=True))


def _number(value: str) -> str:
    """A value without its unit."""
    return value.partition(" ")[0]
