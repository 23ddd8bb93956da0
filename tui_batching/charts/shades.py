"""Shades of a colour, for strategies of one kind: all can be read, and are told apart."""

from __future__ import annotations

from functools import lru_cache
from math import log

from rich.color import Color, blend_rgb

LEGIBLE = 4.5
"""The contrast to its ground with which text can be read (WCAG 2.2)."""
_SHADES = 4
"""Shades that a colour has beside itself."""
_IN_TURN = (0, 3, 2, 1)
"""The order in which shades are taken: 8192, 2048 and 512 are ever closer to the text."""
_NEAREST = 0.8
"""How far a shade goes towards the colour of text, which it must not be taken for."""
_FINEST = 64
"""Steps towards the ground, of which the last one is looked for that can be read."""


@lru_cache(maxsize=1024)
def mixed(one: Color, other: Color, share: float = 0.5) -> Color:
    """One colour with so large a share of the other one in it."""
    return Color.from_triplet(blend_rgb(one.get_truecolor(), other.get_truecolor(), share))


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of WCAG 2.2, from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: Color) -> float:
    """How much light is in a colour, from 0 to 1."""
    shares = [each / 255 for each in colour.get_truecolor()]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@lru_cache(maxsize=256)
def shades(own: Color, text: Color, grounds: tuple[Color, ...]) -> tuple[Color, ...]:
    """Some towards the first ground, as far as they can be read on all, others towards the text.

    On the side with more room there are more of them, so that they are as far apart as can be.
    """
    farthest = _farthest(own, grounds)
    palest, strongest = mixed(own, grounds[0], farthest), mixed(own, text, _NEAREST)
    rooms = _apart(own, palest, grounds), _apart(own, strongest, grounds)
    pale = max(range(_SHADES + 1), key=lambda count: _closest(rooms, (count, _SHADES - count)))
    strong = _SHADES - pale
    found = (
        *(mixed(own, palest, step / pale) for step in range(pale, 0, -1)),
        *(mixed(own, strongest, step / strong) for step in range(1, strong + 1)),
    )
    return tuple(found[number] for number in _IN_TURN)


def _farthest(own: Color, grounds: tuple[Color, ...]) -> float:
    """The largest share of the first ground with which a colour can be read on all of them."""
    steps = (step / _FINEST for step in range(_FINEST))
    legible = (
        share for share in steps if _legibility(mixed(own, grounds[0], share), grounds) >= LEGIBLE
    )
    return max(legible, default=0.0)


def _legibility(colour: Color, grounds: tuple[Color, ...]) -> float:
    """Its contrast to the ground on which it is hardest to read."""
    return min(contrast(colour, ground) for ground in grounds)


def _apart(one: Color, other: Color, grounds: tuple[Color, ...]) -> float:
    """How much easier to read one is than the other; equal factors look equally far apart."""
    return abs(log(_legibility(one, grounds) / _legibility(other, grounds)))


def _closest(rooms: tuple[float, float], counts: tuple[int, int]) -> float:
    """The shortest distance between neighbours, with so many in each room."""
    return min(room / count for room, count in zip(rooms, counts, strict=True) if count)
