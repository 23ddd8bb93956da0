"""What is drawn where NO_COLOR is set: the terminal's own text and ground alone.

What colours set apart is set apart by the weight of the ink: what is drawn faint is dim, and what
stands on a ground of its own, such as the line that the cursor is on, is reversed.
"""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color as InkColour
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_FAINT = 0.3
"""How far in brightness a colour is from another at most that it hardly stands out from."""
_GREY = 8
"""The number of the one of the 16 colours that is faint on any ground."""
_OWN = InkColour.default()


class Colourless(LineFilter):
    """Takes the colours of every cell."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments of one row."""
        page = background.rich_color
        return [
            Segment(text, style and _without_colours(style, page), control)
            for text, style, control in segments
        ]


@lru_cache(maxsize=4096)
def _without_colours(style: Style, page: InkColour) -> Style:
    ground = style.bgcolor or page
    ink = style.color or _OWN
    cut_out = _stands_out(ground, page) and not _stands_out(ink, page)
    return style.without_color + Style(
        dim=style.dim or not (_stands_out(ink, ground) or ink.is_default),
        reverse=bool(style.reverse) != cut_out,
    )


def _stands_out(one: InkColour, other: InkColour) -> bool:
    """Whether they are well apart; what the terminal's own colours look like is not known."""
    if one.triplet and other.triplet:
        bright = (Color.from_rich_color(each).brightness for each in (one, other))
        return abs(next(bright) - next(bright)) > _FAINT
    return one.number != other.number and _GREY not in (one.number, other.number)
