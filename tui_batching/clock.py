"""The integer clock: simulated time is a whole number of picoseconds.

An integer clock is exact, is the same on every machine, and lets k equal steps be added at once.
The unit is the one gem5 uses; an int64 column of it reaches 106 days. Floats appear only when a
number is shown.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from tui_batching.errors import InputError

Picoseconds: TypeAlias = int
"""A point in simulated time, or a span of it, counted in picoseconds."""

NANOSECOND: Picoseconds = 10**3
MICROSECOND: Picoseconds = 10**6
MILLISECOND: Picoseconds = 10**9
SECOND: Picoseconds = 10**12

HORIZON: Picoseconds = 2**63 - 1
"""The last instant that an int64 column can hold: 106 days."""

_DECIMALS = 12
"""A picosecond is this many decimals of a second."""

_UNITS: dict[str, Picoseconds] = {
    "ps": 1,
    "ns": NANOSECOND,
    "us": MICROSECOND,
    "µs": MICROSECOND,
    "ms": MILLISECOND,
    "s": SECOND,
    "min": 60 * SECOND,
    "h": 3600 * SECOND,
    "d": 24 * 3600 * SECOND,
}
_READ: tuple[tuple[str, Picoseconds, Picoseconds], ...] = (
    ("ps", 1, NANOSECOND),
    ("ns", NANOSECOND, MICROSECOND),
    ("µs", MICROSECOND, MILLISECOND),
    ("ms", MILLISECOND, SECOND),
    ("s", SECOND, 10_000 * SECOND),
    ("h", 3600 * SECOND, 48 * 3600 * SECOND),
    ("d", 24 * 3600 * SECOND, HORIZON + 1),
)
"""The units in which durations are read, and from when on the next one is taken."""
_ENDS = tuple(end for _, _, end in _READ[:-1])
_DURATION = re.compile(r"\s*([+-]?[0-9.]+(?:[eE][+-]?[0-9]{1,3})?)\s*([a-zµ]*)\s*", re.ASCII)
_EXPECTED = "a duration such as 20ms, 0.3us or 0.5 (seconds)"


def parse_duration(text: str | float | Decimal, most: Picoseconds | None = HORIZON) -> Picoseconds:
    """Read a duration exactly: `"20ms"`, `"0.3us"`, or a plain number of seconds.

    A float counts as the decimal that Python prints for it, so `0.1` is 100 ms to the picosecond.

    Args:
        text: the duration.
        most: the longest there may be, the clock's horizon; None for any length.

    Raises:
        InputError: if it is no duration, is negative, is finer than a picosecond, or is longer than
            `most`.
    """
    shown = str(text)[:60]
    match = _DURATION.fullmatch(str(text).replace("µ", "u").replace("μ", "u"))
    unit = _UNITS.get(match[2] or "s") if match else None
    if match is None or unit is None:
        raise InputError(f"found {shown!r}, expected {_EXPECTED}")
    try:
        exact = Fraction(match[1]) * unit
    except ValueError:
        raise InputError(f"found {shown!r}, expected {_EXPECTED}") from None
    if exact < 0:
        raise InputError(f"found {shown}, expected a duration that is not negative")
    if most is not None and exact > most:
        raise InputError(f"found {shown}, expected at most 106 days (the clock's horizon)")
    if exact.denominator != 1:
        raise InputError(f"found {shown}, expected a whole number of picoseconds")
    return int(exact)


def refuse_beyond_horizon(last_end: Picoseconds) -> None:
    """Refuse a simulation that ends after the clock's horizon: times never wrap around.

    Raises:
        InputError: if it does.
    """
    if last_end > HORIZON:
        raise InputError("the simulation would last beyond the clock's horizon of 106 days")


def to_seconds(time: Picoseconds) -> float:
    """Seconds as a float, for showing and for files; rounded once, correctly."""
    return time / SECOND


def exact_seconds(time: Picoseconds) -> str:
    """An instant or duration, not negative, in seconds with every digit it has: `1.236`, `0.0`."""
    return exact_decimal(time, _DECIMALS)


def exact_decimal(count: int, decimals: int) -> str:
    """A count, not negative, divided by ten to the power of `decimals`, with every digit it has."""
    digits = f"{count:0{decimals + 1}d}"
    return f"{digits[:-decimals]}.{digits[-decimals:].rstrip('0') or '0'}"


def format_duration(time: Picoseconds, digits: int = 3) -> str:
    """A duration for reading, with `digits` significant digits: `20.0 ms`, `1.71 s`, `300 ns`.

    Thousands of seconds are told whole, and those from 10,000 on in hours and days: with three
    digits no duration on the clock takes more than seven cells.
    """
    if time < 0:
        return "-" + format_duration(-time, digits)
    if not time:
        return "0 s"
    unit = reading_unit(time, digits)
    count = _nearest(time * 10**unit.decimals, unit.length)
    return f"{Decimal(count).scaleb(-unit.decimals):,f} {unit.name}"


class ReadingUnit(NamedTuple):
    """A unit in which a duration is read, and with how many decimals."""

    name: str
    length: Picoseconds
    decimals: int


def reading_unit(time: Picoseconds, digits: int = 3) -> ReadingUnit:
    """The unit and the decimals in which a duration has so many digits once it is rounded."""
    for name, length, end in _READ[bisect_right(_ENDS, time) :]:
        unit = ReadingUnit(name, length, _decimals(time, length, digits))
        scale = 10**unit.decimals
        if _nearest(time * scale, length) * length < end * scale:
            break
    return unit


def _decimals(time: Picoseconds, length: Picoseconds, digits: int) -> int:
    """The decimals of a duration in a unit, none finer than a picosecond."""
    finest = min(digits, len(str(length))) - 1
    every = range(finest, 0, -1)
    return next((n for n in every if _nearest(time * 10**n, length) < 10**digits), 0)


def _nearest(time: Picoseconds, length: Picoseconds) -> int:
    """How often a duration holds a length, rounded; a half is rounded up."""
    return (2 * time + length) // (2 * length)


def instant_text(time: Picoseconds, end: Picoseconds) -> str:
    """An instant in seconds, as the clock of what ends at `end` tells it: `1,023.762`.

    The clock tells milliseconds, and of what is over within a second a thousand instants at least.
    """
    decimals = next((n for n in range(3, _DECIMALS) if end * 10**n >= 1000 * SECOND), _DECIMALS)
    return f"{time / SECOND:,.{decimals}f}"


def duration_text(time: Picoseconds) -> str:
    """The shortest exact spelling of a duration, one that `parse_duration` reads back."""
    for name in ("s", "ms", "us", "ns"):
        if time % _UNITS[name] == 0:
            return f"{time // _UNITS[name]}{name}"
    return f"{time}ps"
