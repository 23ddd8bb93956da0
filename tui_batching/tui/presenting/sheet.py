"""Rows of a chapter's text and tables, in the colours of what they speak of."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby, product, zip_longest

from rich.cells import cell_len
from rich.color import Color
from rich.style import Style

from tui_batching.charts.palette import Palette
from tui_batching.charts.pen import PART_SIGNS, fill
from tui_batching.charts.rows import (
    EIGHTHS,
    FULL,
    HATCH,
    RESERVED,
    STALLED,
    Cells,
    Row,
    bar,
    bar_length,
    folded,
    style,
)
from tui_batching.clock import format_duration
from tui_batching.strategies import STRATEGIES
from tui_batching.strategies.strategy import TAG
from tui_batching.tour.deck import StepTime, WordTable

_STRATEGIES = "|".join(sorted(STRATEGIES, key=len, reverse=True))  # vllm-v0 is not vllm
_BAR = f"{FULL}{EIGHTHS.strip()}"
"""What bars are made of."""
_STATES = dict(PART_SIGNS[part] for part in ("prefill", "stalled", "slowed", "held"))
"""The signs that look as on stage, and of which state each is."""
_NAMES = re.compile(
    rf"(\b(?:(?:{_STRATEGIES})(?:@{TAG.pattern})?|R[0-9]+)\b|[{_BAR}{RESERVED}{''.join(_STATES)}])",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[-+–x ]*[\d.,]*(?: ?(?:ms|s|%|steps))?")
"""A cell with nothing but a number, its sign and its unit."""
_FIRST = re.compile(r"[^\W\d]\S*(?: \S+)*(?=  |$)")
"""Words at the left, up to the gap before the next cell."""
_APART = (3, 2)
"""Cells between the columns of a table of words: rather the first."""
_SHORTEST_BAR = 8
"""Cells of the longest bar that is still worth one, where a table has not the width for all."""
BROAD = 60
"""From this width on sentences take one row each, and a table lies on its side."""
SPOKEN = "more about it"
"""Stands above the notes."""


def stacked(blocks: Sequence[Sequence[Cells]], between: Cells | None) -> list[Cells]:
    """The rows of some blocks below each other, with a row between two of them if there is one."""
    rows: list[Cells] = []
    for block in blocks:
        rows += [between] if rows and between else []
        rows += block
    return rows


def _first_cell(line: str) -> int:
    """The cells of a word or more that a row of a table begins with; 0 where it is a number."""
    found = _FIRST.match(line)
    return found.end() if found else 0


def _in_columns(
    row: Sequence[str], widths: Sequence[int], sides: Sequence[str], apart: int
) -> list[str]:
    """The cells side by side, each folded to the width of its column."""
    cells = [folded(cell, wide) or [""] for cell, wide in zip(row, widths, strict=True)]
    return [
        (" " * apart).join(
            f"{cell:{side}{wide}}" for cell, wide, side in zip(line, widths, sides, strict=True)
        )
        for line in zip_longest(*cells, fillvalue="")
    ]


def _sides(table: WordTable) -> list[str]:
    """Which side the cells of each column are flush with: numbers the right one."""
    columns = zip(*table, strict=True)
    return [">" if all(map(_NUMBER.fullmatch, column[1:])) else "<" for column in columns]


def _narrow_widths(table: WordTable, room: int) -> list[int]:
    """The widths of columns that fit, the widest narrowed first; none if a word is too long."""
    columns = list(zip(*table, strict=True))
    widths = [max(map(cell_len, column)) for column in columns]
    words = [
        max((cell_len(word) for cell in column for word in cell.split()), default=0)
        for column in columns
    ]
    while sum(widths) > room:
        foldable = [place for place, wide in enumerate(widths) if wide > words[place]]
        if not foldable:
            return []
        widths[max(foldable, key=widths.__getitem__)] -= 1
    return widths


def _has_bars(column: tuple[str, ...]) -> bool:
    """Whether there are only bars below the column's head."""
    return len(column) > 1 and all(cell and not cell.strip(_BAR) for cell in column[1:])


def _no_bars(table: WordTable) -> WordTable:
    """The table without its columns of bars, if there are others."""
    kept = [column for column in zip(*table, strict=True) if not _has_bars(column)]
    return tuple(zip(*kept, strict=True)) or table


def _short_bars(table: WordTable, width: int) -> WordTable:
    """The table with its bars as long as there is room for them, if that is worth it."""
    columns = list(zip(*table, strict=True))
    words = [max(map(cell_len, column)) for column in columns if not _has_bars(column)]
    room = width - sum(words) - _APART[-1] * (len(columns) - 1)
    if room < _SHORTEST_BAR:
        return table
    return tuple(zip(*(_shortened(column, room) for column in columns), strict=True))


def _shortened(column: tuple[str, ...], room: int) -> tuple[str, ...]:
    """A column whose longest bar takes so many cells; one of words as it is."""
    lengths = list(map(bar_length, column[1:])) if _has_bars(column) else []
    longest = max(lengths, default=0)
    if longest <= room:
        return column
    shown = (bar(length / longest, room)[0] or EIGHTHS[1] for length in lengths)
    return (column[0], *shown)


@dataclass(frozen=True)
class Sheet:
    """Writes rows of one width on the ground of panels.

    Attributes:
        width: of the rows.
        palette: the colours.
        quiet: whether lines stand back behind those of others.
    """

    width: int
    palette: Palette
    quiet: bool = False

    def ink(self, colour: Color, *, bold: bool = False) -> Style:
        """A colour on the ground of panels."""
        return style(colour, self.palette.panel, bold=bold)

    def row(self) -> Row:
        """An empty row, to be written on."""
        return Row(self.width, self.ink(self.palette.text))

    def title(self, title: str, counter: str) -> list[Cells]:
        """The title, and the counter at its right or above it."""
        bold = self.ink(self.palette.accent, bold=True)
        muted = self.ink(self.palette.muted)
        if cell_len(title) + len(counter) + 2 <= self.width:
            return [self.row().add(title, bold).add_right(counter, muted).cells()]
        above = self.row().add_right(counter, muted).cells()
        return [above, *(self.row().add(line, bold).cells() for line in folded(title, self.width))]

    def paragraph(self, text: str) -> list[Cells]:
        """A text over as many rows as it takes; what has a colour on stage wears it here, too."""
        return [self.line(line) for line in folded(text, self.width)]

    def line(self, line: str, longest: int | None = None, strong: int = 0) -> Cells:
        """A line, at the left, or that of a block whose longest line is in the middle.

        So many cells at its begin are bold.
        """
        colour = self.palette.quiet if self.quiet else self.palette.text
        row, ink = self.row(), self.ink(colour)
        row.add(" " * (0 if longest is None else max(0, (self.width - longest) // 2)), ink)
        for text, look in ((line[:strong], self.ink(colour, bold=True)), (line[strong:], ink)):
            for number, part in enumerate(_NAMES.split(text)):
                row.add(part, self._name(part) if number % 2 else look)
        return row.cells()

    def table_rows(self, table: WordTable) -> list[list[str]]:
        """A head and words in columns, each row over as many lines as it takes.

        Where there is not the width, bars are drawn shorter, or left out; then words are folded;
        and where even those are too long, there is no head, and a sentence for each row.
        """
        for told, apart in product(
            (table, _short_bars(table, self.width), _no_bars(table)), _APART
        ):
            widths = [max(map(cell_len, column)) for column in zip(*told, strict=True)]
            if sum(widths) + apart * (len(widths) - 1) <= self.width:
                return [_in_columns(row, widths, _sides(told), apart) for row in told]
        told, apart = _no_bars(table), _APART[-1]
        widths = _narrow_widths(told, self.width - apart * (len(told[0]) - 1))
        if widths:
            return [_in_columns(row, widths, _sides(told), apart) for row in told]
        rest = (f"{first}: {', '.join(others)}".lstrip(": ") for first, *others in told[1:])
        return [[], *(folded(each, self.width) for each in rest)]

    def drawn_table(
        self,
        table: Sequence[Sequence[str]],
        longest: int | None = None,
        aside: Collection[int] = (),
    ) -> list[list[Cells]]:
        """The rows of a table, its head muted, and so are those that are aside, by number.

        What rows begin with is bold, where it is no number.
        """
        muted, middle = self.ink(self.palette.muted), self.width if longest is None else longest
        return [
            [
                self.centred(line, muted, middle)
                if number in {0, *aside}
                else self.line(line, longest, _first_cell(line))
                for line in row
            ]
            for number, row in enumerate(table)
        ]

    def paragraphs(self, texts: Sequence[str], *, apart: bool) -> list[Cells]:
        """Some texts, with a blank row between two of them if apart."""
        return stacked(list(map(self.paragraph, texts)), self.row().cells() if apart else None)

    def centred(self, line: str, look: Style, longest: int) -> Cells:
        """A line of several, the longest of which is in the middle."""
        return self.row().gap(max(0, (self.width - longest) // 2)).add(line, look).cells()

    def big(self, line: str, longest: int) -> Cells:
        """A line of big words, the longest of which is in the middle; signs in their looks."""
        palette = self.palette
        looks = {
            HATCH: style(palette.held, palette.held_ground),
            STALLED: style(palette.playhead, palette.work, bold=True),
            RESERVED: style(palette.text, palette.reserved, bold=True),
        }
        row = self.row().gap(max(0, (self.width - longest) // 2))
        for sign, cells in groupby(line, lambda cell: cell if cell in looks else ""):
            row.add("".join(cells), looks.get(sign, self.ink(palette.text, bold=True)))
        return row.cells()

    def rule(self, heading: str, longest: int | None = None) -> Cells:
        """A line with a heading in it, as long as the longest of a block in the middle."""
        wide = self.width if longest is None else longest
        line = f"─ {heading} ".ljust(wide, "─")[:wide]
        return self.centred(line, self.ink(self.palette.muted), wide)

    def remark(self, text: str) -> list[Cells]:
        """What is to be known of the stage."""
        look = self.ink(self.palette.warning, bold=True)
        return [self.row().add(line, look).cells() for line in folded(text, self.width)]

    def table(self, steps: Sequence[StepTime]) -> list[Cells]:
        """Step time and throughput by batch size, on its side where there is the width for it."""
        columns = {
            "batch": [f"{step.batch_size}" for step in steps],
            "step": [format_duration(step.step_time) for step in steps],
            "tokens/s": [f"{step.tokens_per_second:,.0f}" for step in steps],
        }
        text, muted = self.ink(self.palette.text), self.ink(self.palette.muted)
        if self.width >= BROAD:
            lines = [self.row().add(f"{name:<9}", muted) for name in columns]
            for line, cells in zip(lines, columns.values(), strict=True):
                line.add("".join(f"{cell:>9}" for cell in cells), text)
            return [line.cells() for line in lines]
        most = max(step.tokens_per_second for step in steps)
        rows = [self.row().add("{:>5}{:>9}{:>10}".format(*columns), muted).cells()]
        for step, *cells in zip(steps, *columns.values(), strict=True):
            line = self.row().add("{:>5}{:>9}{:>10}".format(*cells), text).gap()
            filled, _ = bar(step.tokens_per_second / most, line.left)
            rows.append(line.add(filled, muted).cells())
        return rows

    def _name(self, name: str) -> Style:
        number = name[1:]
        palette = self.palette
        if name in _STATES:
            return fill(_STATES[name], palette.panel, palette)
        if name == RESERVED:
            return style(palette.muted, palette.reserved)
        if name in _BAR:
            return self.ink(palette.work)
        colour = palette.text if number.isdigit() else palette.strategy(name.lower())
        return self.ink(colour, bold=True)
