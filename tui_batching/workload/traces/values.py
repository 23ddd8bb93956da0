"""The values in a trace: columns of text to whole numbers, exactly, never through a float.

Each function takes texts as they stand in the file, and raises a ValueError that tells what is
expected instead.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache, partial
from typing import Literal, TypeAlias, get_args

from tui_batching.clock import SECOND, Picoseconds
from tui_batching.requests import MAX_TOKENS

Parse: TypeAlias = Callable[[Sequence[str]], list[int]]

Unit: TypeAlias = Literal["s", "ms", "us", "ns"]
"""What a trace counts its times in."""

UNITS: tuple[Unit, ...] = get_args(Unit)

UNIT_NAMES: dict[Unit, str] = {
    "s": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
    "ns": "nanoseconds",
}

LONGEST = 60
"""The most characters that a number is written with."""

_INSTANT_EXPECTED = "an instant such as 2023-11-16 18:17:03.9799600"
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2})(?:[.,]([0-9]{1,12}))?"
    r" ?(Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
_SECOND = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}")
_DATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DIGITS = 12
"""Of a second, to the picosecond."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_EPOCH, _LAST_EPOCH = 10**9, 42 * 10**8
"""Seconds since 1970 from which and before which a number looks like an instant: 2001 to 2103."""

_SIGNED = re.compile(r"-?[0-9]{1,60}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_WHOLE = re.compile(r"([0-9]{1,60})\.0*")
_COMMA = re.compile(r"[0-9]{1,30},[0-9]{1,30}")
_GROUPED = re.compile(r"[0-9]{1,3}(?:[,'_\u202f\xa0 ][0-9]{3})+")


def as_written(texts: Sequence[str]) -> list[int]:
    """Stands for the reader of what is compared as it is written."""
    raise AssertionError(texts)


def _all_digits(texts: Sequence[str]) -> bool:
    """Whether all are whole numbers without a sign."""
    # One look at all of them: row by row it would take most of the time of a long trace.
    digits = "".join(texts)
    return digits.isdecimal() and digits.isascii() and all(texts)


def _tokens(texts: Sequence[str], least: int) -> list[int]:
    if not _all_digits(texts):
        # What pandas writes of whole numbers in a column that once lacked one: 128.0.
        whole = [match[1] if (match := _WHOLE.fullmatch(text)) else text for text in texts]
        if whole == list(texts):
            grouped = any(map(_GROUPED.fullmatch, texts))
            raise ValueError(f"a whole number >= {least}{' without separators' * grouped}")
        return _tokens(whole, least)
    if max(map(len, texts)) > LONGEST:
        raise ValueError(f"at most {LONGEST} digits")
    numbers = list(map(int, texts))
    if min(numbers) < least:
        raise ValueError(f"a whole number >= {least}")
    if max(numbers) > MAX_TOKENS:
        raise ValueError(f"a whole number <= {MAX_TOKENS}")
    return numbers


tokens: Parse = partial(_tokens, least=0)
"""Numbers of tokens, from 0; `128.0` is 128."""


def counted_tokens(expected: str) -> Parse:
    """Numbers of tokens, from 0, where a text may stand instead; what is expected then."""

    def parse(texts: Sequence[str]) -> list[int]:
        try:
            return tokens(texts)
        except ValueError as error:
            if all(_DECIMAL.fullmatch(text[:LONGEST]) for text in texts):
                raise
            raise ValueError(expected) from error

    return parse


some_tokens: Parse = partial(_tokens, least=1)
"""Numbers of tokens, from 1."""


def priorities(texts: Sequence[str]) -> list[int]:
    """Whole numbers that may be negative."""
    if not all(_SIGNED.fullmatch(text) for text in texts):
        raise ValueError("a whole number")
    numbers = list(map(int, texts))
    if max(map(abs, numbers)) > MAX_TOKENS:
        raise ValueError(f"a whole number from -{MAX_TOKENS} to {MAX_TOKENS}")
    return numbers


def times(unit: Unit) -> Parse:
    """Reads numbers of a unit, not negative, or instants, as picoseconds.

    Digits finer than a picosecond are rounded, halves up.
    """
    places, name = _DIGITS - 3 * UNITS.index(unit), UNIT_NAMES[unit]
    picoseconds = 10**places

    def parse(texts: Sequence[str]) -> list[Picoseconds]:
        try:
            if dated(texts[0]):
                return instants(texts)
            if _all_digits(texts) and len(max(texts, key=len)) <= LONGEST:
                return [number * picoseconds for number in map(int, texts)]
            return [_time(text, places, name) for text in texts]
        except ValueError:  # numbers and instants among each other, or something else
            return [_instant(text) if dated(text) else _time(text, places, name) for text in texts]

    return parse


seconds: Parse = times("s")
milliseconds: Parse = times("ms")


def dated(text: str) -> bool:
    """Whether a text is meant as an instant and not as a number."""
    return text[4:5] == "-" and _DATED.match(text) is not None


def epoch_unit(text: str) -> Unit | None:
    """The unit in which a number looks like the time since 1970; None where in none."""
    if len(text) > LONGEST or not _DECIMAL.fullmatch(text):
        return None
    number = Fraction(text)
    for power, unit in enumerate(UNITS):
        if _FIRST_EPOCH <= number / 1000**power < _LAST_EPOCH:
            return unit
    return None


def _time(text: str, places: int, unit: str) -> Picoseconds:
    """A decimal times 10**places. What most files hold needs no fraction: its digits are moved."""
    whole, _, fraction = text.partition(".")
    digits = whole + fraction
    simple = digits.isdecimal() and digits.isascii() and len(digits) <= LONGEST
    if simple and whole and len(fraction) <= places:
        return int(whole + fraction.ljust(places, "0"))
    if len(text) > LONGEST or not _DECIMAL.fullmatch(text):
        raise ValueError(f"a number of {unit}{_hint(text)}")
    time: Fraction = Fraction(text) * 10**places
    if time < 0:
        raise ValueError("a time that is not negative")
    return math.floor(time + Fraction(1, 2))


def _hint(text: str) -> str:
    """What is wrong with a number that was written as in a spreadsheet."""
    if _GROUPED.fullmatch(text.partition(".")[0]) and len(text) <= LONGEST:
        return " without separators"
    return " with a point and no comma" if _COMMA.fullmatch(text) else ""


def instants(texts: Sequence[str]) -> list[Picoseconds]:
    """Dates and times, in picoseconds since 1970; UTC where no offset is told.

    The traces of Azure have seven digits of a second (2023), or six, an offset, and no digits on a
    whole second (2024).

    Raises:
        ValueError: if one is no instant.
    """
    seconds, fractions = [text[:19] for text in texts], [text[20:] for text in texts]
    lengths, points = set(map(len, fractions)), {text[19:20] for text in texts}
    digits, length = "".join(fractions), max(lengths)
    alike = len(lengths) == 1 and points == {"."} and digits.isdecimal() and digits.isascii()
    if not alike or length > _DIGITS:
        return [_instant(text) for text in texts]
    # In half the time: all are written alike, and neighbours share their second.
    unit = 10 ** (_DIGITS - length)
    starts = {second: _seconds(second, "Z") * SECOND for second in set(seconds)}
    return [
        starts[second] + int(fraction) * unit
        for second, fraction in zip(seconds, fractions, strict=True)
    ]


def _instant(text: str) -> Picoseconds:
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise ValueError(_INSTANT_EXPECTED)
    second, fraction, zone = match.groups("")
    offset = "Z" if zone in ("", "UTC", "GMT") else zone
    return _seconds(second, offset) * SECOND + int(fraction.ljust(_DIGITS, "0"))


@lru_cache(maxsize=1000)  # neighbours share their second, and datetime knows no finer digits
def _seconds(text: str, offset: str) -> int:
    try:
        if _SECOND.fullmatch(text):
            return (datetime.fromisoformat(text + offset) - _EPOCH) // timedelta(seconds=1)
    except ValueError:
        pass
    raise ValueError(_INSTANT_EXPECTED)
