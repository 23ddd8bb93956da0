"""Drawing the text of a chapter: short lines, spaced, in the colours of what they speak of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from rich.cells import cell_len
from rich.color import Color
from rich.style import Style

from tui_batching.charts.big_letters import big_words
from tui_batching.charts.palette import Palette
from tui_batching.charts.rows import FULL, HATCH, Cells, Row, bar, folded, style
from tui_batching.clock import format_duration
from tui_batching.strategies import STRATEGIES
from tui_batching.tour.deck import StepTime, WordTable, step_times
from tui_batching.workload import Workload

_STRATEGIES = "|".join(sorted(STRATEGIES, key=len, reverse=True))  # vllm-v0 is not vllm
_NAMES = re.compile(rf"(\b(?:{_STRATEGIES}|R[0-9]+)\b|[{FULL}{HATCH}])", re.IGNORECASE)
_APART = (3, 2)
"""Cells between the columns of a table of words: rather the first."""
_SHORTEST_BAR = 8
"""Cells of the longest bar that is still worth one, where a table has not the width for all."""
_LONGEST_BAR = 24
"""Cells of the longest bar in a table on a slide."""
_TALL = 30
"""Rows from which on the rows of a slide's table stand apart, and big words get the rest."""
_BROAD = 60
"""From this width on sentences take one row each, and a table lies on its side."""


@dataclass(frozen=True)
class ChapterText:
    """What the room reads.

    Attributes:
        title: of the chapter.
        counter: which one it is, such as `3/15`.
        paragraphs: the text, with its values.
        instead: what stands in their place at another time; the longer of the two takes the room.
        table_of: the workload of which the chapter's table is computed, or None without one.
        words: a table of words, or nothing.
        remark: what is to be known of the stage, such as `changed: batch 8`; empty if nothing.
    """

    title: str
    counter: str
    paragraphs: tuple[str, ...]
    instead: tuple[str, ...] = ()
    table_of: Workload | None = None
    words: WordTable = ()
    remark: str = ""

    def rows(self, width: int, palette: Palette, *, spaced: bool) -> list[Cells]:
        """Title and counter, the paragraphs, and the table; blank rows between if spaced."""
        sheet = _Sheet(max(1, width), palette)
        between = [sheet.row().cells()] if spaced else []
        rows = [*sheet.title(self.title, self.counter), *between]
        text, instead = (
            sheet.paragraphs(each, apart=spaced and width < _BROAD)
            for each in (self.paragraphs, self.instead)
        )
        rows += text
        rows += [sheet.row().cells()] * (len(instead) - len(text))
        if self.table_of is not None:
            rows += [*between, *sheet.table(step_times(self.table_of))]
        if self.words:
            rows += [*between, *sheet.word_table(self.words)]
        if self.remark:
            rows += [*between, *sheet.remark(self.remark)]
        return rows


def slide_rows(
    words: str, text: ChapterText, width: int, height: int, palette: Palette
) -> list[Cells]:
    """A slide: the big words in the middle, the paragraphs below them, the counter in its corner.

    Args:
        words: the big ones.
        text: of the chapter.
        width: of the slide.
        height: of the slide.
        palette: the colours.
    """
    sheet = _Sheet(max(1, width), palette)
    lines = [line for each in text.paragraphs for line in folded(each, max(1, min(width, 72)))]
    told = text.words if text.table_of is None else _in_words(step_times(text.table_of))
    table = sheet.word_table(told, centred=True) if told else []
    apart = height >= _TALL  # bars that touch are read as one
    needed = len(lines) + len(table) * (1 + apart) + 6
    big = big_words(words, max(1, width), max(1, height - needed))
    bold, blank = sheet.ink(palette.text, bold=True), sheet.row().cells()
    longest = max((cell_len(line) for line in big), default=0)
    rows = [sheet.centred(line, bold, longest) for line in big]
    rows += [blank, blank] if lines else []
    rows += [row for line in lines for row in sheet.paragraph(line, centred=True)]
    if len(rows) + 2 * len(table) < height - 2:
        table = [row for each in table for row in (each, blank)]
    rows += [blank, *table] if table else []
    above = [blank] * max(0, (height - len(rows) - 1) // 2)
    below = [blank] * max(0, height - len(rows) - len(above) - 1)
    corner = sheet.row().add_right(text.counter, sheet.ink(palette.muted)).cells()
    return [*above, *rows, *below, corner][:height]


def _in_words(steps: Sequence[StepTime]) -> WordTable:
    """Step times as a table of words: there is room for whose tokens they are, and for bars."""
    head = ("in the batch", "a step takes", "tokens/s each", "together", "")
    most = max(step.tokens_per_second for step in steps)
    return head, *(
        (
            f"{step.batch_size}",
            format_duration(step.step_time),
            f"{step.tokens_per_second / step.batch_size:,.3g}",
            f"{step.tokens_per_second:,.0f}",
            FULL * max(1, round(_LONGEST_BAR * step.tokens_per_second / most)),
        )
        for step in steps
    )


def _has_bars(column: tuple[str, ...]) -> bool:
    """Whether there are only bars below the column's head."""
    return len(column) > 1 and all(cell and not cell.strip(FULL) for cell in column[1:])


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
    longest = max(map(cell_len, column[1:])) if _has_bars(column) else 0
    if longest <= room:
        return column
    return (column[0], *(FULL * max(1, round(room * len(bar) / longest)) for bar in column[1:]))


@dataclass(frozen=True)
class _Sheet:
    """Writes rows of one width on the ground of panels."""

    width: int
    palette: Palette

    def ink(self, colour: Color, *, bold: bool = False) -> Style:
        return style(colour, self.palette.panel, bold=bold)

    def row(self) -> Row:
        return Row(self.width, self.ink(self.palette.text))

    def title(self, title: str, counter: str) -> list[Cells]:
        """The title, and the counter at its right or above it."""
        bold = self.ink(self.palette.accent, bold=True)
        muted = self.ink(self.palette.muted)
        if cell_len(title) + len(counter) + 2 <= self.width:
            return [self.row().add(title, bold).add_right(counter, muted).cells()]
        above = self.row().add_right(counter, muted).cells()
        return [above, *(self.row().add(line, bold).cells() for line in folded(title, self.width))]

    def paragraph(self, text: str, *, centred: bool = False) -> list[Cells]:
        """A text over as many rows as it takes; what has a colour on stage wears it here, too."""
        return [self._line(line, centred=centred) for line in folded(text, self.width)]

    def _line(self, line: str, *, centred: bool = False) -> Cells:
        row, ink = self.row(), self.ink(self.palette.text)
        row.add(" " * ((self.width - cell_len(line)) // 2 if centred else 0), ink)
        for number, part in enumerate(_NAMES.split(line)):
            row.add(part, self._name(part) if number % 2 else ink)
        return row.cells()

    def word_table(self, table: WordTable, *, centred: bool = False) -> list[Cells]:
        """Words in columns below a head; a sentence for each row where columns do not fit.

        Bars are drawn shorter, or left out, where there is not the width for them.
        """
        for told, apart in product(
            (table, _short_bars(table, self.width), _no_bars(table)), _APART
        ):
            widths = [max(map(cell_len, column)) for column in zip(*told, strict=True)]
            longest = sum(widths) + apart * (len(widths) - 1)
            if longest <= self.width:
                break
        else:
            rest = [f"{first}: {', '.join(others)}" for first, *others in _no_bars(table)[1:]]
            return [row for line in rest for row in self.paragraph(line)]
        lines = [
            (" " * apart).join(f"{cell:<{wide}}" for cell, wide in zip(row, widths, strict=True))
            for row in told
        ]
        head = self.centred(
            lines[0], self.ink(self.palette.muted), longest if centred else self.width
        )
        return [head, *(self._line(line, centred=centred) for line in lines[1:])]

    def paragraphs(self, texts: Sequence[str], *, apart: bool) -> list[Cells]:
        """Some texts, with a blank row between two of them if apart."""
        rows: list[Cells] = []
        for text in texts:
            rows += [self.row().cells()] if rows and apart else []
            rows += self.paragraph(text)
        return rows

    def centred(self, line: str, look: Style, longest: int) -> Cells:
        """A line of several, the longest of which is in the middle."""
        before = " " * max(0, (self.width - longest) // 2)
        return self.row().add(before, look).add(line, look).cells()

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
        if self.width >= _BROAD:
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
        if name in (FULL, HATCH):
            return self.ink(palette.work if name == FULL else palette.held)
        colour = palette.text if number.isdigit() else palette.strategy(name.lower())
        return self.ink(colour, bold=True)
