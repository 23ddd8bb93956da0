"""The sections of a talk in one row, so that a room sees where in it it is."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.style import Style

from tui_batching.charts.palette import Palette
from tui_batching.charts.rows import Cells, Row, style

_GAPS = (3, 2)


def section_row(sections: Sequence[str], here: str, width: int, palette: Palette) -> Cells:
    """The row: all sections with the one that is told marked, or that one alone and its number.

    Args:
        sections: their names, in order.
        here: the one that is told.
        width: cells of the row.
        palette: the colours.
    """
    words, gap = _that_fit(sections, here, width)
    row = Row(width, style(palette.muted, palette.background)).gap()
    for word in words:
        row.add(word, _look(palette, is_here=word.startswith(here)))
        row.gap(min(gap, row.left))
    return row.cells()


def _that_fit(sections: Sequence[str], here: str, width: int) -> tuple[list[str], int]:
    """The words of the row, and the gap between them."""
    for gap in _GAPS:
        if sum(cell_len(each) + gap for each in sections) + 1 <= width:
            return list(sections), gap
    return [f"{here} {sections.index(here) + 1}/{len(sections)}"], _GAPS[0]


def _look(palette: Palette, *, is_here: bool) -> Style:
    return Style(
        color=palette.text if is_here else palette.muted,
        bgcolor=palette.background,
        bold=is_here,
        reverse=is_here,
    )
