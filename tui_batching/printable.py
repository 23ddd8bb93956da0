"""Text from outside, made fit for a terminal: with nothing in it that a terminal would obey."""

from __future__ import annotations

from pathlib import Path

_LONGEST_NAME = 60
_LONGEST_QUOTED = 60


def printable(text: str) -> str:
    """The text in one line, with the escape sequence of Python for what cannot be printed."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def quoted(text: str) -> str:
    """The text in quotes for an error message, cut where it is long."""
    return repr(text if len(text) <= _LONGEST_QUOTED else text[: _LONGEST_QUOTED - 3] + "...")


def name_of(path: Path) -> str:
    """What the thing in a file is called that has no other name: as the file, without its ending.

    A file may have any name; this one can be shown.
    """
    return printable(path.stem)[:_LONGEST_NAME]
