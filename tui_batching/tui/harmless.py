"""The last look at every cell before it is drawn: no text may steer the terminal.

Names, descriptions and sentences have nothing in them that a terminal would obey where they come
in. This is for what comes another way, such as a text that is pasted into an input line.
"""

from __future__ import annotations

import unicodedata

from rich.cells import get_character_cell_size
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_OBEYED = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""The categories of Unicode for controls, formats, halves of characters, and ends of lines."""


class Harmless(LineFilter):
    """Replaces what a terminal would obey, so that every cell stays where it is."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        """The segments of one row, which are almost always as they should be."""
        if all(segment.text.isprintable() for segment in segments):
            return segments
        return [Segment(_harmless(text), style, control) for text, style, control in segments]


def _harmless(text: str) -> str:
    return "".join(
        "?" * get_character_cell_size(letter) if unicodedata.category(letter) in _OBEYED else letter
        for letter in text
    )
