"""Rows of cells: bars, styles, and text that is cut to fit, put together as rich Segments."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from textwrap import wrap
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from rich.cells import cell_len, set_cell_size
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from tui_batching.columns import FloatArray

Cells: TypeAlias = list[Segment]
"""One row of a chart."""

EIGHTHS = " ▏▎▍▌▋▊▉"
"""A cell filled from the left, by eighths; eight eighths are `FULL`."""
LEVELS = " ▁▂▃▄▅▆▇█"
"""A cell filled from below, by eighths."""
_LEVELS_FROM_BELOW = np.array(list(LEVELS))
_UNIT = re.compile(r" (?=(?:%|s|ms|µs|ns|h|d)(?![a-z]))")
"""The space before a unit."""
_GLUE = "\N{NO-BREAK SPACE}"
FULL, HATCH, SHADE, TRACK = "█", "▒", "░", "·"
READ = "▓"
"""Of a prompt, what iterations before have processed."""
RESERVED = "▂"
"""Memory that is taken, but empty."""
CACHED = "≡"
"""Found in the prefix cache, or there to be found."""
STALLED, AGAIN = "‖", "▚"
"""In a slot without a step; processed again after an eviction."""
SLOWED = "¦"
"""In a step that is longer as prompts of others are in it, too."""
CHOSEN = "▸"
"""Before the name of the selected request."""
FOCUS = ("{", "}")
"""Around the name of the lane in focus."""
PLAYHEAD, EVICTED = "┃", "↩"
BEGIN = "▐"
"""The first cell of a request in a slot where its name does not stand."""


@lru_cache(maxsize=4096)
def style(
    colour: Color | None,
    ground: Color | None = None,
    *,
    bold: bool = False,
    reverse: bool = False,
    row: int | None = None,
) -> Style:
    """A style, made once; `row` marks the cells of a request so that a click can find it."""
    meta = None if row is None else {"request_row": row}
    return Style(color=colour, bgcolor=ground, bold=bold, reverse=reverse, meta=meta)


class Row:
    """One row of a fixed width, filled from the left; what does not fit is cut."""

    def __init__(self, width: int, ground: Style) -> None:
        self.ground = ground
        self.width = self.left = width
        self._cells: Cells = []

    def add(self, text: str, look: Style) -> Row:
        """Append text."""
        if self.left > 0 and text:
            length = len(text) if text.isascii() else cell_len(text)
            if length > self.left:
                text, length = set_cell_size(text, self.left - 1) + "…", self.left
            _append(self._cells, text, look)
            self.left -= length
        return self

    def gap(self, cells: int = 1) -> Row:
        """Append empty cells, in the style before them where nobody sees a difference.

        Every change of style costs about 40 bytes on the wire.
        """
        last = self._cells[-1].style if self._cells else None
        unseen = last is not None and not last.reverse and last.bgcolor == self.ground.bgcolor
        look = last if last is not None and unseen else self.ground
        return self.add(" " * min(cells, self.left), look)

    def add_right(self, text: str, look: Style) -> Row:
        """Append text at the right end if there is room for it."""
        if cell_len(text) <= self.left:
            self.gap(self.left - cell_len(text)).add(text, look)
        return self

    def cells(self) -> Cells:
        """The row, padded to its width."""
        padded = self._cells.copy()
        if self.left:
            _append(padded, " " * self.left, self.ground)
        return padded


def _append(cells: Cells, text: str, look: Style) -> None:
    """Append text to a row, to its last cells where they have the same look."""
    if cells and cells[-1].style is look:
        text = cells.pop().text + text
    cells.append(Segment(text, look))


def column(text: str, width: int) -> str:
    """The text, and blank cells up to so many in all; always one, also where the text is wider."""
    return text + " " * max(1, width - cell_len(text))


def text_of(row: Cells) -> str:
    """What a row says, without any style."""
    return "".join(segment.text for segment in row)


def painted(
    text: str, inks: npt.NDArray[np.integer[Any]], look_of: Callable[[int], Style]
) -> Cells:
    """A text of which each cell has an ink, a number that there is a look of."""
    cuts = [0, *(np.flatnonzero(np.diff(inks)) + 1).tolist(), len(text)]
    return [
        Segment(text[begin:end], look_of(int(inks[begin])))
        for begin, end in pairwise(cuts)
        if end > begin
    ]


def bar(fraction: float, width: int) -> tuple[str, str]:
    """A bar of `width` cells: its filled part, in eighths of a cell, and the rest of its track."""
    eighths = max(0, min(width * 8, int(fraction * width * 8)))
    full, part = divmod(eighths, 8)
    filled = FULL * full + (EIGHTHS[part] if part else "")
    return filled, TRACK * (width - len(filled))


def bar_length(filled: str) -> float:
    """The cells that a bar fills, the last one perhaps in part."""
    return sum(1 if cell == FULL else EIGHTHS.index(cell) / 8 for cell in filled)


def level(fraction: float) -> str:
    """One cell filled from below; empty only at zero, full only at one."""
    if fraction >= 1:
        return LEVELS[8]
    return LEVELS[max(1, min(7, int(fraction * 8)))] if fraction > 0 else LEVELS[0]


def filled_cells(heights: FloatArray, rows: int) -> npt.NDArray[np.str_]:
    """Columns filled from below.

    Args:
        heights: of each column, in rows; what is above zero is drawn by at least an eighth.
        rows: how many there are.

    Returns:
        One character a cell, the top row first. Shape: (rows, columns).
    """
    eighths = np.where(heights > 0, np.maximum(1, np.round(heights * 8)), 0)
    below = 8 * np.arange(rows - 1, -1, -1)[:, np.newaxis]
    return _LEVELS_FROM_BELOW[np.clip(eighths - below, 0, 8).astype(np.int64)]


def first_that_fits(texts: Sequence[str], width: int) -> str:
    """The first text that fits, else the last one."""
    return next((text for text in texts if cell_len(text) <= width), texts[-1])


def folded(text: str, width: int) -> list[str]:
    """A text over lines that fit, be its letters one cell wide or two.

    Where all are one cell wide, a number and its unit stay together.
    """
    glued = _UNIT.sub(_GLUE, text)
    if cell_len(glued) == len(glued):
        lines = wrap(glued, width)
    else:
        # Here, because texts with wide letters are rare and the console takes a while to load.
        from rich.console import Console  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        lines = [line.plain.rstrip() for line in Text(glued).wrap(Console(), width)]
    return [line.replace(_GLUE, " ") for line in lines]


def wrapped(text: str, width: int, most: int | None = None) -> list[str]:
    """A text over lines, at most so many; a number and its unit stay together."""
    glued = _UNIT.sub(_GLUE, text)
    lines = wrap(glued, width, max_lines=most, placeholder=" …", break_on_hyphens=False)
    return [line.replace(_GLUE, " ") for line in lines]


def first_wrapped(texts: Sequence[str], width: int, most: int) -> list[str]:
    """The first text that fits over at most so many lines, else what fits of the last one."""
    fitting = (lines for text in texts if len(lines := wrapped(text, width)) <= most)
    return next(fitting, None) or wrapped(texts[-1], width, most)
