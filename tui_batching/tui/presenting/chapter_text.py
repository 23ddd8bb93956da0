"""Drawing the text of a chapter: short lines, spaced, in the colours of what they speak of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import groupby, product, zip_longest

from rich.cells import cell_len
from rich.color import Color
from rich.style import Style

from tui_batching.charts.big_letters import big_words
from tui_batching.charts.palette import Palette
from tui_batching.charts.rows import (
    EIGHTHS,
    FULL,
    HATCH,
    RESERVED,
    STALLED,
    Cells,
    Row,
    bar,
    folded,
    style,
)
from tui_batching.clock import format_duration
from tui_batching.strategies import STRATEGIES
from tui_batching.strategies.strategy import TAG
from tui_batching.tour.deck import StepTime, WordTable, step_times
from tui_batching.workload import Workload

_STRATEGIES = "|".join(sorted(STRATEGIES, key=len, reverse=True))  # vllm-v0 is not vllm
_BAR = f"{FULL}{EIGHTHS.strip()}"
"""What bars are made of."""
_NAMES = re.compile(
    rf"(\b(?:(?:{_STRATEGIES})(?:@{TAG.pattern})?|R[0-9]+)\b|[{_BAR}{HATCH}])", re.IGNORECASE
)
_NUMBER = re.compile(r"[-+–x ]*[\d.,]*(?: ?(?:ms|s|%|steps))?")
"""A cell with nothing but a number, its sign and its unit."""
_APART = (3, 2)
"""Cells between the columns of a table of words: rather the first."""
_SHORTEST_BAR = 8
"""Cells of the longest bar that is still worth one, where a table has not the width for all."""
_LONGEST_BAR = 24
"""Cells of the longest bar in a table on a slide."""
_TALL = 30
"""Rows from which on paragraphs and the rows of a table stand apart, and big words get the rest."""
_BESIDE_TABLE = 5
"""Rows that big words have at most where a table is what speaks: one line of them."""
_COLUMN = 72
"""Cells of a slide's line of text, if its table is not wider."""
_SPOKEN = "what a speaker says"
"""Stands above that."""
_FRAME, _FRAME_WITH_RULE = 6, 8
"""Rows of a slide that are neither big words nor lines."""
_BROAD = 60
"""From this width on sentences take one row each, and a table lies on its side."""


class Notes(Enum):
    """When what a speaker says is shown below the text."""

    AWAY = "never"
    WHERE_BOTH_FIT = "where there is room for the text as well"
    ASKED = "always, if need be in place of the text"


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
        section: of the deck, which a slide tells; elsewhere it stands above the stage.
        spoken: what a speaker says, for those who read it without one.
    """

    title: str
    counter: str
    paragraphs: tuple[str, ...]
    instead: tuple[str, ...] = ()
    table_of: Workload | None = None
    words: WordTable = ()
    remark: str = ""
    section: str = ""
    spoken: tuple[str, ...] = ()

    def variants(self, notes: Notes) -> tuple[ChapterText, ...]:
        """What is shown of it where there is the room, the fullest first."""
        without = replace(self, spoken=())
        if not self.spoken or notes is Notes.AWAY:
            return (without,)
        alone = replace(self, paragraphs=(), instead=(), table_of=None, words=())
        return self, alone if notes is Notes.ASKED else without

    def rows(self, width: int, palette: Palette, *, spaced: bool) -> list[Cells]:
        """Title and counter, the paragraphs, table, and notes; blank rows between if spaced."""
        sheet, apart = _Sheet(max(1, width), palette), spaced and width < _BROAD
        blank = sheet.row().cells()
        text, instead = (
            sheet.paragraphs(each, apart=apart) for each in (self.paragraphs, self.instead)
        )
        table: list[Cells] = []
        if self.table_of is not None:
            table = sheet.table(step_times(self.table_of))
        elif self.words:
            drawn = sheet.drawn_table(sheet.table_rows(self.words))
            table = [line for row in drawn for line in row]
        said = replace(sheet, quiet=True).paragraphs(self.spoken, apart=apart)
        blocks = [
            sheet.title(self.title, self.counter),
            text + [blank] * (len(instead) - len(text)),
            table,
            sheet.remark(self.remark) if self.remark else [],
            [sheet.rule(_SPOKEN), *said] if said else [],
        ]
        return _stacked(list(filter(None, blocks)), blank if spaced else None)


def panel_rows(
    texts: Sequence[ChapterText], width: int, height: int, palette: Palette
) -> tuple[ChapterText, list[Cells]]:
    """The first of some texts that fits, rather spaced; of the last as much as fits, and `…`."""
    rows: list[Cells] = []
    for text, spaced in product(texts, (True, False)):
        rows = text.rows(width, palette, spaced=spaced)
        if len(rows) <= height:
            return text, rows
    look = style(palette.muted, palette.panel)
    return texts[-1], [*rows[: height - 1], Row(width, look).add("…", look).cells()]


def slide_rows(
    words: str, texts: Sequence[ChapterText], width: int, height: int, palette: Palette
) -> tuple[ChapterText, list[Cells]]:
    """A slide: the big words in the middle, the paragraphs below them, its place in the corner.

    Args:
        words: the big ones.
        texts: of the chapter; the first one that fits is shown, or the last.
        width: of the slide.
        height: of the slide.
        palette: the colours.
    """
    sheet = _Sheet(max(1, width), palette)
    blank = sheet.row().cells()
    slides = ((each, _slide(words, each, sheet, height)) for each in texts)
    text, rows = next(slide for slide in slides if len(slide[1]) < height or slide[0] is texts[-1])
    above = [blank] * max(0, (height - len(rows) - 1) // 2)
    below = [blank] * max(0, height - len(rows) - len(above) - 1)
    place = f"{text.section} · {text.counter}" if text.section else text.counter
    corner = sheet.row().add_right(place, sheet.ink(palette.muted)).cells()
    return text, [*above, *rows, *below, corner][:height]


def _slide(words: str, text: ChapterText, sheet: _Sheet, height: int) -> list[Cells]:
    """What stands on a slide, from its first row to its last."""
    parts = _SlideParts.of(text, sheet)
    big, roomy = parts.below_big_words(words, sheet.width, height)
    blank = sheet.row().cells()
    widest = max((cell_len(line) for line in big), default=0)
    rows = [sheet.big(line, widest) for line in big]
    rows += [blank, blank] if parts.paragraphs or parts.table else []
    body = [
        [sheet.line(line, parts.longest if parts.table else cell_len(line)) for line in lines]
        for lines in parts.paragraphs
    ]
    rows += _stacked(body, blank if roomy else None)
    if parts.table:
        rows += [blank] if parts.paragraphs else []
        drawn = sheet.drawn_table(parts.table, parts.longest)
        below = sum(len(lines) + 1 for lines in [*parts.table, *parts.spoken])
        rows += _stacked(drawn, blank if len(rows) + below < height - 2 else None)
    if parts.spoken:
        quiet = replace(sheet, quiet=True)
        said = [[quiet.line(line, parts.longest) for line in lines] for lines in parts.spoken]
        rows += [blank, *[blank] * roomy, sheet.rule(_SPOKEN, parts.longest)]
        rows += _stacked(said, blank if roomy else None)
    return rows


@dataclass(frozen=True)
class _SlideParts:
    """The lines below the big words of a slide, by what moves together.

    Attributes:
        paragraphs: of the text.
        table: its rows.
        spoken: the paragraphs of what a speaker says.
    """

    paragraphs: list[list[str]]
    table: list[list[str]]
    spoken: list[list[str]]

    @classmethod
    def of(cls, text: ChapterText, sheet: _Sheet) -> _SlideParts:
        """Fold the parts to the width of the table, or of a column that reads well."""
        told = text.words if text.table_of is None else _in_words(step_times(text.table_of))
        table = sheet.table_rows(told) if told else []
        wide = max((cell_len(line) for row in table for line in row), default=0)
        column = min(sheet.width, max(wide, _COLUMN))
        return cls(
            [_even(each, column) for each in text.paragraphs],
            table,
            [folded(each, column) for each in text.spoken],
        )

    @property
    def _blocks(self) -> list[list[str]]:
        return [*self.paragraphs, *self.table, *self.spoken]

    @property
    def longest(self) -> int:
        """Cells of the longest line: the margin of all of them is its own."""
        return max((cell_len(line) for block in self._blocks for line in block), default=0)

    def below_big_words(self, words: str, width: int, height: int) -> tuple[list[str], bool]:
        """The big words, and whether blank rows part what is below them, if it is a tall slide.

        What is read by oneself moves together before the big words shrink.
        """
        needed = sum(map(len, self._blocks)) + (_FRAME_WITH_RULE if self.spoken else _FRAME)
        most, left, roomy = (
            _BESIDE_TABLE if self.table else height,
            height - needed,
            height >= _TALL,
        )
        big = big_words(words, width, max(1, min(most, left - roomy * len(self._blocks))))
        if roomy and self.spoken:
            tight = big_words(words, width, max(1, min(most, left)))
            return tight, len(tight) == len(big)
        return big, roomy


def _stacked(blocks: Sequence[Sequence[Cells]], between: Cells | None) -> list[Cells]:
    """The rows of some blocks below each other, with a row between two of them if there is one."""
    rows: list[Cells] = []
    for block in blocks:
        rows += [between] if rows and between else []
        rows += block
    return rows


def _even(text: str, width: int) -> list[str]:
    """A text over as few lines as fit, about equally long: none ends with a word by itself."""
    lines = folded(text, width)
    for narrower in range(width - 1, 0, -1):
        tried = folded(text, narrower)
        if len(tried) > len(lines):
            break
        lines = tried
    return lines


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
            bar(step.tokens_per_second / most, _LONGEST_BAR)[0] or EIGHTHS[1],
        )
        for step in steps
    )


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
    longest = max(map(cell_len, column[1:])) if _has_bars(column) else 0
    if longest <= room:
        return column
    shown = (bar(cell_len(each) / longest, room)[0] or EIGHTHS[1] for each in column[1:])
    return (column[0], *shown)


@dataclass(frozen=True)
class _Sheet:
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

    def paragraph(self, text: str) -> list[Cells]:
        """A text over as many rows as it takes; what has a colour on stage wears it here, too."""
        return [self.line(line) for line in folded(text, self.width)]

    def line(self, line: str, longest: int | None = None) -> Cells:
        """A line, at the left, or that of a block whose longest line is in the middle."""
        row, ink = self.row(), self.ink(self.palette.quiet if self.quiet else self.palette.text)
        row.add(" " * (0 if longest is None else max(0, (self.width - longest) // 2)), ink)
        for number, part in enumerate(_NAMES.split(line)):
            row.add(part, self._name(part) if number % 2 else ink)
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
        self, table: Sequence[Sequence[str]], longest: int | None = None
    ) -> list[list[Cells]]:
        """The rows of a table, its head muted."""
        head, *rest = table
        muted, middle = self.ink(self.palette.muted), self.width if longest is None else longest
        heads = [self.centred(line, muted, middle) for line in head]
        return [heads, *([self.line(line, longest) for line in row] for row in rest)]

    def paragraphs(self, texts: Sequence[str], *, apart: bool) -> list[Cells]:
        """Some texts, with a blank row between two of them if apart."""
        return _stacked(list(map(self.paragraph, texts)), self.row().cells() if apart else None)

    def centred(self, line: str, look: Style, longest: int) -> Cells:
        """A line of several, the longest of which is in the middle."""
        return self.row().gap(max(0, (self.width - longest) // 2)).add(line, look).cells()

    def big(self, line: str, longest: int) -> Cells:
        """A line of big words, the longest of which is in the middle; signs in their looks."""
        palette = self.palette
        looks = {
            HATCH: style(palette.held, palette.held_ground),
            STALLED: style(palette.playhead, palette.stopped, bold=True),
            RESERVED: style(palette.muted, palette.bar_track, bold=True),
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
        if name in (*_BAR, HATCH):
            return self.ink(palette.held if name == HATCH else palette.work)
        colour = palette.text if number.isdigit() else palette.strategy(name.lower())
        return self.ink(colour, bold=True)
