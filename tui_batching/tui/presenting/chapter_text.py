"""What the room reads of a chapter, beside or above the view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import product

from tui_batching.charts.palette import Palette
from tui_batching.charts.rows import Cells, Row, style
from tui_batching.tour.deck import WordTable, step_times
from tui_batching.tui.presenting.sheet import BROAD, SPOKEN, Sheet, stacked
from tui_batching.workload import Workload


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
        lanes: the names of the strategies on stage; their rows of the table stand out.
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
    lanes: tuple[str, ...] = ()
    remark: str = ""
    section: str = ""
    spoken: tuple[str, ...] = ()

    def variants(self, notes: Notes, *, slide: bool) -> tuple[ChapterText, ...]:
        """What is shown of it where there is the room, the fullest first.

        Where there is a stage, a table of words gives way first; a slide is there for its table.
        """
        without = replace(self, spoken=())
        told = (without,) if slide or not self.words else (without, replace(without, words=()))
        if not self.spoken or notes is Notes.AWAY:
            return told
        alone = replace(self, paragraphs=(), instead=(), table_of=None, words=())
        return (self, alone) if notes is Notes.ASKED else (self, *told)

    def _aside(self) -> set[int]:
        """The rows of the table of words that are not of a lane on stage, where others are."""
        rows = enumerate(self.words)
        others = {number for number, (first, *_) in rows if first.lower() not in self.lanes}
        return others if len(others) < len(self.words) else set()

    def rows(self, width: int, palette: Palette, *, spaced: bool) -> list[Cells]:
        """Title and counter, the paragraphs, table, and notes; blank rows between if spaced."""
        sheet, apart = Sheet(max(1, width), palette), spaced and width < BROAD
        blank = sheet.row().cells()
        text, instead = (
            sheet.paragraphs(each, apart=apart) for each in (self.paragraphs, self.instead)
        )
        table: list[Cells] = []
        if self.table_of is not None:
            table = sheet.table(step_times(self.table_of))
        elif self.words:
            drawn = sheet.drawn_table(sheet.table_rows(self.words), aside=self._aside())
            table = [line for row in drawn for line in row]
        said = replace(sheet, quiet=True).paragraphs(self.spoken, apart=apart)
        blocks = [
            sheet.title(self.title, self.counter),
            text + [blank] * (len(instead) - len(text)),
            table,
            sheet.remark(self.remark) if self.remark else [],
            [sheet.rule(SPOKEN), *said] if said else [],
        ]
        return stacked(list(filter(None, blocks)), blank if spaced else None)


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
