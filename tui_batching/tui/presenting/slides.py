"""Slides: big words, and below them a chapter's text, table and notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len

from tui_batching.charts.big_letters import big_words
from tui_batching.charts.palette import Palette
from tui_batching.charts.rows import EIGHTHS, Cells, bar, folded
from tui_batching.clock import format_duration
from tui_batching.numbers import significant
from tui_batching.tour.deck import StepTime, WordTable, step_times
from tui_batching.tui.presenting.chapter_text import ChapterText
from tui_batching.tui.presenting.sheet import SPOKEN, Sheet, stacked

_LONGEST_BAR = 24
"""Cells of the longest bar in a table on a slide."""
_TALL = 30
"""Rows from which on paragraphs and the rows of a table stand apart, and big words get the rest."""
_BESIDE_TABLE = 7
"""Rows that big words have where a table is what speaks, unless all of it can stand apart."""
_COLUMN = 72
"""Cells of a slide's line of text, if its table is not wider."""
_BETWEEN_PARTS = 4
"""Rows between text, table and what is said, and below them."""
_FRAME, _FRAME_WITH_RULE = 6, 8
"""Rows of a slide that are neither big words nor lines."""


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
    sheet = Sheet(max(1, width), palette)
    blank = sheet.row().cells()
    slides = ((each, _slide(words, each, sheet, height)) for each in texts)
    text, rows = next(slide for slide in slides if len(slide[1]) < height or slide[0] is texts[-1])
    rows = _fitted(rows, height - 1, sheet)
    above = [blank] * max(0, (height - len(rows) - 1) // 2)
    below = [blank] * max(0, height - len(rows) - len(above) - 1)
    place = f"{text.section} · {text.counter}" if text.section else text.counter
    corner = sheet.row().add_right(place, sheet.ink(palette.muted)).cells()
    return text, [*above, *rows, *below, corner][:height]


def _fitted(rows: Sequence[Cells], height: int, sheet: Sheet) -> list[Cells]:
    """The rows, with fewer blank ones where they are too many; at last as many as fit, and `…`."""
    kept, blank = list(rows), sheet.row().cells()
    while len(kept) > height and blank in kept:
        kept.remove(blank)
    if len(kept) <= height:
        return kept
    more = sheet.centred("…", sheet.ink(sheet.palette.muted), 1)
    return [*kept[: max(0, height - 1)], more]


def _slide(words: str, text: ChapterText, sheet: Sheet, height: int) -> list[Cells]:
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
    tight = len(rows) + sum(map(len, parts.blocks)) + _BETWEEN_PARTS
    parted = roomy or (height >= _TALL and tight + len(body) < height)
    rows += stacked(body, blank if parted else None)
    if parts.table:
        rows += [blank] if parts.paragraphs else []
        drawn = sheet.drawn_table(parts.table, parts.longest)
        below = sum(len(lines) + 1 for lines in [*parts.table, *parts.spoken])
        rows += stacked(drawn, blank if len(rows) + below < height - 2 else None)
    if parts.spoken:
        quiet = replace(sheet, quiet=True)
        said = [[quiet.line(line, parts.longest) for line in lines] for lines in parts.spoken]
        rows += [blank, *[blank] * roomy, sheet.rule(SPOKEN, parts.longest)]
        rows += stacked(said, blank if roomy else None)
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
    def of(cls, text: ChapterText, sheet: Sheet) -> _SlideParts:
        """Fold the parts to the width of the table, or of a column that reads well."""
        told = text.words if text.table_of is None else _in_words(step_times(text.table_of))
        table = sheet.table_rows(told) if told else []
        wide = max((cell_len(line) for row in table for line in row), default=0)
        column = min(sheet.width, max(wide, _COLUMN))
        return cls(
            [(_full if table else _even)(each, column) for each in text.paragraphs],
            table,
            [folded(each, column) for each in text.spoken],
        )

    @property
    def blocks(self) -> list[list[str]]:
        """All that moves together, from top to bottom."""
        return [*self.paragraphs, *self.table, *self.spoken]

    @property
    def longest(self) -> int:
        """Cells of the longest line: the margin of all of them is its own."""
        return max((cell_len(line) for block in self.blocks for line in block), default=0)

    def below_big_words(self, words: str, width: int, height: int) -> tuple[list[str], bool]:
        """The big words, and whether blank rows part what is below them, if it is a tall slide.

        A table, and what is read by oneself, move together before the big words shrink.
        """
        needed = sum(map(len, self.blocks)) + (_FRAME_WITH_RULE if self.spoken else _FRAME)
        left, roomy = height - needed, height >= _TALL
        apart = left - len(self.blocks)
        most = max(_BESIDE_TABLE, apart) if self.table else height
        big = big_words(words, width, max(1, min(most, apart if roomy else left)))
        if roomy and (self.spoken or self.table):
            tight = big_words(words, width, max(1, min(most, left)))
            return tight, len(tight) == len(big)
        return big, roomy


def _even(text: str, width: int) -> list[str]:
    """A text over as few lines as fit, about equally long: none ends with a word by itself."""
    lines = folded(text, width)
    for narrower in range(width - 1, 0, -1):
        tried = folded(text, narrower)
        if len(tried) > len(lines):
            break
        lines = tried
    return lines


def _full(text: str, width: int) -> list[str]:
    """A text over as few lines as fit, the last of which is no shorter than a third of the width.

    For that the others may be shorter, by a third at most.
    """
    lines = folded(text, width)
    for narrower in range(width - 1, width * 2 // 3, -1):
        tried = folded(text, narrower)
        if 3 * cell_len(lines[-1]) >= width or len(tried) > len(lines):
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
            significant(step.tokens_per_second / step.batch_size),
            f"{step.tokens_per_second:,.0f}",
            bar(step.tokens_per_second / most, _LONGEST_BAR)[0] or EIGHTHS[1],
        )
        for step in steps
    )
