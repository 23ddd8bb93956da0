"""What the terminal shows, what it should show, and few bytes that make the one into the other.

Textual writes every row that has changed again from the left edge of its widget, and each run of
cells with all of its style: most of what goes over the wire says what is there already. As curses
does, a ScreenDifference keeps both screens, cell by cell, and tells what differs. It also forgets
what was never shown: pictures that come faster than the terminal reads are dropped, not queued.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import compress, count, groupby
from operator import ne

from rich.cells import cell_len, get_character_cell_size

_MOVE = re.compile(r"\x1b\[(\d+);(\d+)H")
_CELLS = re.compile(r"(?:\x1b\[([0-9;]*)m)+([^\x00-\x1f]*)|([^\x00-\x1f]+)")
"""Looks, of which the last one counts, and the text in it; or a text in the look before."""
_JOINED = 3
"""Cells between two changes that are written again rather than jumped over."""


def draws_cells(written: str) -> bool:
    """Whether Textual draws cells with this, and does not change a mode of the terminal."""
    return _MOVE.match(written) is not None


class ScreenDifference:
    """Two screens of cells: the one that is wanted and the one that is shown.

    A cell is a character and its look, the numbers of its SGR code; the right half of a wide
    character is an empty string.
    """

    def __init__(self) -> None:
        self.size = (0, 0)
        self._texts: list[list[str]] = []
        self._looks: list[list[str]] = []
        self._shown: list[tuple[list[str], list[str]] | None] = []
        self._touched: set[int] = set()
        self._cursor = self._shown_cursor = (0, 0)

    def resize(self, width: int, height: int) -> None:
        """Begin anew if the size is another one."""
        if (width, height) != self.size:
            self.size = (width, height)
            self._texts = [[" "] * width for _ in range(height)]
            self._looks = [[""] * width for _ in range(height)]
            self.forget()

    def forget(self) -> None:
        """Take it that anything may be shown now."""
        self._shown = [None] * self.size[1]
        self._touched = set(range(self.size[1]))

    def draw(self, written: str) -> None:
        """Want what Textual has written: moves, text, and looks that replace one another."""
        x = y = 0
        look = ""
        _, *stretches = _MOVE.split(f"\x1b[1;1H{written}")
        for row, column, stretch in zip(*(stretches[n::3] for n in range(3)), strict=True):
            x, y = int(column) - 1, int(row) - 1
            texts: list[str] = []
            looks: list[str] = []
            for changed, text, more in _CELLS.findall(stretch):
                if not more:
                    look = "" if changed == "0" else changed
                texts += _cells_of(text or more)
                looks += [look] * (len(texts) - len(looks))
            self._put(x, y, texts, looks)
            x += len(texts)
        self._cursor = (x, y)

    def _put(self, x: int, y: int, texts: list[str], looks: list[str]) -> None:
        """Want cells at a place. What does not fit on the screen is cut."""
        fitting = min(len(texts), self.size[0] - x)
        if fitting > 0 and 0 <= y < self.size[1]:
            self._texts[y][x : x + fitting] = texts[:fitting]
            self._looks[y][x : x + fitting] = looks[:fitting]
            self._touched.add(y)

    def update(self) -> str:
        """What to write so that what is wanted is shown; empty if it is."""
        parts: list[str] = []
        current = ""
        for y in sorted(self._touched):
            texts, looks, shown = self._texts[y], self._looks[y], self._shown[y]
            if shown == (texts, looks):
                continue
            for start, end in _changes(texts, looks, shown):
                parts.append(f"\x1b[{y + 1};{start + 1}H")
                x = start
                for look, run in groupby(looks[start:end]):
                    length = sum(1 for _ in run)
                    parts += (_change_of_look(current, look), *texts[x : x + length])
                    current, x = look, x + length
            self._shown[y] = (texts.copy(), looks.copy())
        self._touched.clear()
        if current:
            parts.append("\x1b[0m")
        if parts or self._cursor != self._shown_cursor:
            self._shown_cursor = self._cursor
            parts.append(f"\x1b[{self._cursor[1] + 1};{self._cursor[0] + 1}H")
        return "".join(parts)


@lru_cache(maxsize=8192)
def _takes_a_cell_a_character(text: str) -> bool:
    return all(get_character_cell_size(character) == 1 for character in text)


def _cells_of(text: str) -> Iterable[str]:
    """The characters as cells."""
    return text if text.isascii() or _takes_a_cell_a_character(text) else _wide_cells_of(text)


def _wide_cells_of(text: str) -> Iterator[str]:
    """The characters as cells: with the marks that combine with them, and right halves."""
    cell = ""
    for character in text:
        size = get_character_cell_size(character)
        if size == 0:
            cell += character
            continue
        if cell:
            yield from (cell, "")[: cell_len(cell)]
        cell = character
    if cell:
        yield from (cell, "")[: cell_len(cell)]


def _changes(
    texts: list[str], looks: list[str], shown: tuple[list[str], list[str]] | None
) -> Iterator[tuple[int, int]]:
    """The stretches of a row that differ, those close together as one."""
    if shown is None:
        yield 0, len(texts)
        return
    start = end = -1
    wanted, there = zip(texts, looks, strict=True), zip(*shown, strict=True)
    for x in compress(count(), map(ne, wanted, there)):
        gap = x - end
        if start >= 0 and gap and (gap > _JOINED or looks[end - 1 : x] != [looks[x]] * (gap + 1)):
            yield start, end
            start = -1
        if start < 0:
            start = x
        end = x + 1
    if start >= 0:
        yield start, end


@lru_cache(maxsize=8192)
def _change_of_look(before: str, after: str) -> str:
    """The SGR code that turns one look into another, as short as the colours allow."""
    if before == after:
        return ""
    old, new = _parts_of(before), _parts_of(after)
    if not old[0] <= new[0] or (old[1] and not new[1]) or (old[2] and not new[2]):
        return f"\x1b[0;{after}m" if after else "\x1b[0m"
    changed = [
        *sorted(new[0] - old[0]),
        *(n for o, n in zip(old[1:], new[1:], strict=True) if o != n),
    ]
    return f"\x1b[{';'.join(changed)}m"


def _parts_of(look: str) -> tuple[frozenset[str], str, str]:
    """The attributes, the colour and the ground of a look."""
    attributes, colour, ground = set(), "", ""
    numbers = look.split(";") if look else []
    while numbers:
        first = numbers.pop(0)
        if first in ("38", "48"):
            count = 4 if numbers[0] == "2" else 2
            first, numbers = ";".join([first, *numbers[:count]]), numbers[count:]
        number = int(first.partition(";")[0])
        if number < 30 or 50 < number < 60:
            attributes.add(first)
        elif 40 <= number < 50 or number >= 100:
            ground = first
        else:
            colour = first
    return frozenset(attributes), colour, ground
