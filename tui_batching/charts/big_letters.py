"""Big words for a slide, and big numbers beside a bar: letters of five rows of dots."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import combinations, pairwise
from textwrap import wrap

from tui_batching.charts.rows import FULL, HATCH, RESERVED, STALLED

SIGNS = f"{HATCH}{STALLED}{RESERVED}"
"""What letters may be made of instead of full blocks."""
_ENDINGS = tuple(".,:;!?")
_DOTS = 5
"""Rows of dots of a letter."""
_BETWEEN_WORDS = 4
"""Dots."""
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

    Several lines are about equally long, end where a sentence or a part of it does if they can, and
    begin below each other. A sign behind a word, as in `hold▒`, is what its letters are made of, if
    they are large enough. A letter that has no large form leaves all the words as they are.

    Args:
        words: to be drawn.
        width: cells that the lines may take.
        height: lines that there may be.
    """
    letters = words.upper()
    if all(letter in _FONT for letter in letters if letter not in f" {SIGNS}"):
        for draw in (partial(_with_full_blocks, 2), partial(_with_full_blocks, 1), _with_halves):
            lines = draw(letters, width)
            if lines and len(lines) <= height:
                return lines
    return wrap(_plain(words), width)


def big_number(number: str) -> list[str]:
    """Three lines, equally wide, that read as a number from the back of a room.

    Args:
        number: its digits, and what of `+-–.,` stands with them.
    """
    return _halved(_drawn(number, "1", "0"))


def _with_full_blocks(rows: int, letters: str, width: int) -> list[str]:
    """A dot is so many rows high, and twice as many cells wide."""
    dot, gap = FULL * 2 * rows, " " * 2 * rows
    pictures = [_drawn(line, dot, gap) for line in _lines(letters, width // (2 * rows))]
    return _joined([[row for row in picture for _ in range(rows)] for picture in pictures])


def _with_halves(letters: str, width: int) -> list[str]:
    """A dot is one cell wide and half a cell high."""
    lines = _lines(_plain(letters), width)
    return _joined([_halved(_drawn(line, "1", "0")) for line in lines])


def _joined(pictures: list[list[str]]) -> list[str]:
    """The lines of words one below the other, with a blank row between them."""
    rows: list[str] = []
    for picture in pictures:
        rows += ["", *picture] if rows else picture
    return rows


def _plain(words: str) -> str:
    """The words without the signs that they are made of."""
    return words.translate(dict.fromkeys(map(ord, SIGNS)))


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
    """The words over as few lines of at most so many dots as can be; none where one is longer."""
    words = letters.split()
    for count in range(1, len(words) + 1):
        broken = combinations(range(1, len(words)), count - 1)
        found = (_lines_of(words, breaks) for breaks in broken)
        fitting = [lines for lines in found if max(map(_dots_of, lines)) <= dots]
        if fitting:
            return min(fitting, key=_unevenness)
    return []


def _lines_of(words: Sequence[str], breaks: Sequence[int]) -> list[str]:
    return [" ".join(words[begin:end]) for begin, end in pairwise((0, *breaks, len(words)))]


def _unevenness(lines: Sequence[str]) -> tuple[int, int]:
    """How many lines end within a part of a sentence, and then how long the longest one is."""
    within = sum(not _plain(line).endswith(_ENDINGS) for line in lines[:-1])
    return within, max(map(_dots_of, lines))


def _dots_of(letters: str) -> int:
    """How many dots wide they are."""
    return len(_line_of_dots(letters, 0, "1", "0"))


def _drawn(letters: str, dot: str, gap: str) -> list[str]:
    """Letters side by side, with a gap between them."""
    return [_line_of_dots(letters, row, dot, gap) for row in range(_DOTS)]


def _line_of_dots(letters: str, row: int, dot: str, gap: str) -> str:
    """One row of dots of all the words."""
    return (gap * _BETWEEN_WORDS).join(_row_of(word, row, dot, gap) for word in letters.split(" "))


def _row_of(word: str, row: int, dot: str, gap: str) -> str:
    """One row of dots of a word, which may be made of a sign."""
    sign = next((letter for letter in word if letter in SIGNS), FULL)
    dots = [_FONT[letter].split()[row] for letter in _plain(word)]
    line = " ".join(dots).replace(" ", "0")
    return line.replace("1", "\0").replace("0", gap).replace("\0", dot.replace(FULL, sign))
