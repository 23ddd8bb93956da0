"""Drawing the text of a chapter: short lines, spaced, in the colours of what they speak of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.color import Color
from rich.style import Style

from tui_batching.charts.palette import Palette
from tui_batching.charts.rows import Cells, Row, bar, folded, style
from tui_batching.clock import format_duration
from tui_batching.strategies import STRATEGIES
from tui_batching.tour import Chapter
from tui_batching.tour.deck import StepTime, step_times
from tui_batching.workload import Workload

_NAMES = re.compile(rf"\b({'|'.join(STRATEGIES)}|R[0-9]+)\b", re.IGNORECASE)
_BROAD = 60
"""From this width on sentences take one row each, and a table lies on its side."""


@dataclass(frozen=True)
class ChapterText:
    """What the room reads.

    Attributes:
        chapter: what is told.
        counter: which one it is, such as `3/15`.
        workload: what the chapter's table is computed from.
    """

    chapter: Chapter
    counter: str
    workload: Workload

    def rows(self, width: int, palette: Palette, *, spaced: bool) -> list[Cells]:
        """Title and counter, the paragraphs, and the table; blank rows between if spaced."""
        sheet = _Sheet(max(1, width), palette)
        between = [sheet.row().cells()] if spaced else []
        rows = [*sheet.title(self.chapter.title, self.counter), *between]
        for number, paragraph in enumerate(self.chapter.text):
            rows += between if number and width < _BROAD else []
            rows += sheet.paragraph(paragraph)
        if self.chapter.table is not None:
            rows += [*between, *sheet.table(step_times(self.workload))]
        return rows


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

    def paragraph(self, text: str) -> list[Cells]:
        """A text over as many rows as it takes; strategies and requests wear their colours."""
        rows = []
        for line in folded(text, self.width):
            row = self.row()
            for number, part in enumerate(_NAMES.split(line)):
                row.add(part, self._name(part) if number % 2 else self.ink(self.palette.text))
            rows.append(row.cells())
        return rows

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
        colour = palette.text if number.isdigit() else palette.strategy(name.lower())
        return self.ink(colour, bold=True)
