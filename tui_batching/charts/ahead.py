"""What the playhead has not reached, drawn dim: its colours are mixed with the ground.

What the terminal's own colours are is not known, so that in themes of them one of the 16 stands for
a mixture.
"""

from __future__ import annotations

from functools import lru_cache

from rich.segment import Segment
from rich.style import Style

from tui_batching.charts.palette import Palette
from tui_batching.charts.rows import Cells
from tui_batching.charts.shades import mixed

_DIM = 2 / 3
"""How much of a dim colour is the ground."""


@lru_cache(maxsize=4096)
def dim(look: Style, palette: Palette) -> Style:
    """The look of what is still to come; bold names stay legible, and a click finds the same."""
    surface = palette.surface
    ink, ground = look.color or palette.text, look.bgcolor or surface
    if look.reverse:
        ink, ground = ground, ink
    if palette.ansi:
        dimmed = Style(color=palette.bar_track, bgcolor=surface)
    else:
        faint = palette.muted if look.bold else mixed(ink, surface, _DIM)
        dimmed = Style(color=faint, bgcolor=mixed(ground, surface, _DIM))
    return look + Style(bold=False, reverse=False) + dimmed


def dim_from(row: Cells, cell: int, palette: Palette) -> Cells:
    """The row with all of its cells from this one on dim; each sign is one cell wide."""
    drawn: Cells = []
    begin = 0
    for segment in row:
        text, look, _ = segment
        end = begin + len(text)
        if end <= cell:
            drawn.append(segment)
        else:
            kept = max(0, cell - begin)
            if kept:
                drawn.append(Segment(text[:kept], look))
            drawn.append(Segment(text[kept:], dim(look or Style.null(), palette)))
        begin = end
    return drawn
