"""Big words for a slide, and big numbers beside a bar: letters of five rows of dots."""

from __future__ import annotations

from functools import partial
from textwrap import wrap

from rich.cells import cell_len

_DOTS = 5
"""Rows of dots of a letter."""
_SPACE = "  "
_FONT = {
    "A": "010 101 111 101 101",
    "B": "110 101 110 101 110",
    "C": "011 100 100 100 011",
    "D": "110 101 101 101 110",
    "E": "111 100 110 100 111",
    "F": "111 100 110 100 100",
    "G": "0111 1000 1011 1001 0111",
    "H": "101 101 111 101 101",
    "I": "1 1 1 1 1",
    "J": "001 001 001 101 010",
    "K": "1001 1010 1100 1010 1001",
    "L": "100 100 100 100 111",
    "M": "10001 11011 10101 10001 10001",
    "N": "1001 1101 1011 1001 1001",
    "O": "0110 1001 1001 1001 0110",
    "P": "110 101 110 100 100",
    "Q": "0110 1001 1001 1011 0111",
    "R": "110 101 110 101 101",
    "S": "011 100 111 001 110",
    "T": "111 010 010 010 010",
    "U": "1001 1001 1001 1001 0110",
    "V": "101 101 101 101 010",
    "W": "10001 10001 10101 11011 10001",
    "X": "101 101 010 101 101",
    "Y": "101 101 010 010 010",
    "Z": "111 001 010 100 111",
    "0": "111 101 101 101 111",
    "1": "110 010 010 010 111",
    "2": "111 001 111 100 111",
    "3": "111 001 011 001 111",
    "4": "101 101 111 001 001",
    "5": "111 100 111 001 111",
    "6": "111 100 111 101 111",
    "7": "111 001 001 001 001",
    "8": "111 101 111 101 111",
    "9": "111 101 111 001 111",
    ".": "0 0 0 0 1",
    ",": "0 0 0 1 1",
    ":": "0 1 0 1 0",
    ";": "0 1 0 1 1",
    "!": "1 1 1 0 1",
    "?": "110 001 010 000 010",
    "-": "000 000 111 000 000",
    "–": "000 000 111 000 000",
    "+": "000 010 111 010 000",
    "×": "000 101 010 101 000",
    "*": "000 101 010 101 000",
    "=": "000 111 000 111 000",
    "/": "001 001 010 100 100",
    "%": "101 001 010 100 101",
    "&": "0100 1010 0101 1010 0101",
    "'": "1 1 0 0 0",
    "’": "1 1 0 0 0",
    '"': "101 101 000 000 000",
    "(": "01 10 10 10 01",
    ")": "10 01 01 01 10",
    "<": "001 010 100 010 001",
    ">": "100 010 001 010 100",
    "…": "00000 00000 00000 00000 10101",
}
"""A letter's rows of dots; small letters are drawn as capitals, and all digits are equally wide."""


def big_words(words: str, width: int, height: int) -> list[str]:
    """Lines of blocks that read as the words, as large as fits; else the words as they are.

    The lines are centred to each other. A letter that has no large form leaves all the words as
    they are.

    Args:
        words: to be drawn.
        width: cells that the lines may take.
        height: lines that there may be.
    """
    letters = words.upper()
    if all(letter in _FONT for letter in letters if letter != " "):
        for draw in (partial(_with_full_blocks, 2), partial(_with_full_blocks, 1), _with_halves):
            lines = draw(letters, width)
            if lines and len(lines) <= height:
                return lines
    return _centred(wrap(words, width))


def big_number(number: str) -> list[str]:
    """Three lines, equally wide, that read as a number from the back of a room.

    Args:
        number: its digits, and what of `+-–.,` stands with them.
    """
    return _halved(_drawn(number, "1", "0"))


def _with_full_blocks(rows: int, letters: str, width: int) -> list[str]:
    """A dot is so many rows high, and twice as many cells wide."""
    dot, gap = "█" * 2 * rows, " " * 2 * rows
    pictures = [_drawn(line, dot, gap) for line in _lines(letters, width // (2 * rows))]
    return _joined([[row for row in picture for _ in range(rows)] for picture in pictures])


def _with_halves(letters: str, width: int) -> list[str]:
    """A dot is one cell wide and half a cell high."""
    return _joined([_halved(_drawn(line, "1", "0")) for line in _lines(letters, width)])


def _joined(pictures: list[list[str]]) -> list[str]:
    """The lines of words one below the other, with a blank row between them."""
    rows: list[str] = []
    for picture in pictures:
        rows += ["", *picture] if rows else picture
    return _centred(rows)


def _centred(rows: list[str]) -> list[str]:
    """Each row in the middle of the longest one."""
    longest = max(map(cell_len, rows), default=0)
    return [" " * ((longest - cell_len(row)) // 2) + row for row in rows]


def _halved(picture: list[str]) -> list[str]:
    """Two rows of dots in each row of cells."""
    signs = {"11": "█", "10": "▀", "01": "▄", "00": " "}
    rows = [*picture, *["0" * len(picture[0])] * (len(picture) % 2)]
    return [
        "".join(
            signs[above + below] for above, below in zip(*rows[number : number + 2], strict=True)
        )
        for number in range(0, len(rows), 2)
    ]


def _lines(letters: str, dots: int) -> list[str]:
    """The words over lines of at most so many dots; none where a word is longer."""
    lines: list[str] = []
    for word in letters.split():
        if _dots_of(word) > dots:
            return []
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and _dots_of(joined) <= dots:
            lines[-1] = joined
        else:
            lines.append(word)
    return lines


def _dots_of(letters: str) -> int:
    """How many dots wide they are."""
    return len(_drawn(letters, "1", "0")[0])


def _drawn(letters: str, dot: str, gap: str) -> list[str]:
    """Letters side by side, with a gap between them."""
    rows = []
    for row in range(_DOTS):
        dots = [_SPACE if letter == " " else _FONT[letter].split()[row] for letter in letters]
        line = " ".join(dots).replace(" ", "0")
        rows.append(line.replace("1", "\0").replace("0", gap).replace("\0", dot))
    return rows
