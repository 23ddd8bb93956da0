"""A cast as a moving picture: a terminal that plays it, painted cell by cell, as animated WebP.

That keeps every colour and packs what changes between frames far better than a GIF does, whose 256
colours are too few for the edges of letters; whatever shows a README shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import pyte
from PIL import Image, ImageDraw, ImageFont
from pyte.screens import Char

CELL = (12, 23)
"""Pixels of a cell: as wide and high as the font is at its size."""
MOST_BYTES = 1_000_000
_FONT_SIZE = 20
_BASELINE = 18.5
"""Pixels below the top of a cell."""
_FINER = 4
"""Letters are drawn so many times larger and then made smaller, which keeps their shapes."""

_BRAILLE = 0x2800
_PLACES = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
"""Column and row of the dot that each bit of a Braille pattern stands for."""
_DOT = 1.4
"""Pixels from a dot's middle to its edge."""


def draw_moving(events: Iterable[tuple[float, str]], size: tuple[int, int], file: Path) -> None:
    """Save a cast as a picture that begins anew after its last event.

    Args:
        events: seconds, and what a terminal is sent then.
        size: columns and rows of the terminal.
        file: a `.webp`.

    Raises:
        SystemExit: if it takes more than `MOST_BYTES`.
    """
    times, pictures = zip(*_pictures(events, size), strict=True)
    milliseconds = [round((end - begin) * 1000) for begin, end in pairwise(times)]
    pictures[0].save(
        file,
        save_all=True,
        append_images=pictures[1:-1],
        duration=milliseconds,
        loop=0,
        lossless=True,
        method=4,
        minimize_size=True,
    )
    if (taken := file.stat().st_size) > MOST_BYTES:
        raise SystemExit(f"{file.name} takes {taken:,} bytes, more than {MOST_BYTES:,}")


def _pictures(
    events: Iterable[tuple[float, str]], size: tuple[int, int]
) -> Iterator[tuple[float, Image.Image]]:
    """The whole picture after each event."""
    screen = pyte.Screen(*size)
    stream = pyte.Stream(screen)
    canvas = Image.new("RGB", (size[0] * CELL[0], size[1] * CELL[1]))
    for seconds, text in events:
        screen.dirty.clear()
        stream.feed(text)
        for row in screen.dirty:
            for column in range(size[0]):
                _paint(canvas, column, row, screen.buffer[row][column])
        yield seconds, canvas.copy()


def _paint(canvas: Image.Image, column: int, row: int, cell: Char) -> None:
    ink, ground = f"#{cell.fg}", f"#{cell.bg}"
    if cell.reverse:
        ink, ground = ground, ink
    width, height = CELL
    left, top = column * width, row * height
    canvas.paste(ground, (left, top, left + width, top + height))
    if cell.data.strip():
        canvas.paste(ink, (left, top), _letter(cell.data, bold=cell.bold))


@lru_cache(maxsize=1024)
def _letter(text: str, *, bold: bool) -> Image.Image:
    """How much ink each pixel of a cell takes."""
    width, height = CELL
    letter = Image.new("L", (width * _FINER, height * _FINER))
    pen = ImageDraw.Draw(letter)
    if 0 <= ord(text[0]) - _BRAILLE < 256:
        for x, y in _dots(ord(text[0]) - _BRAILLE):
            pen.circle((x * _FINER, y * _FINER), _DOT * _FINER, 255)
    else:
        pen.text((0, _BASELINE * _FINER), text, 255, _font(bold=bold), anchor="ls")
    return letter.reduce(_FINER)


def _dots(pattern: int) -> Iterator[tuple[float, float]]:
    """The middles of a Braille pattern's dots: the font has none."""
    width, height = CELL
    for bit, (column, row) in enumerate(_PLACES):
        if pattern >> bit & 1:
            yield (column + 0.5) * width / 2, (row + 0.5) * height / 4


@lru_cache(maxsize=2)
def _font(*, bold: bool) -> ImageFont.FreeTypeFont:
    name = "DejaVuSansMono-Bold" if bold else "DejaVuSansMono"
    return ImageFont.truetype(f"{name}.ttf", _FONT_SIZE * _FINER)
