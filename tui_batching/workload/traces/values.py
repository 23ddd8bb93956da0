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
from typing import TypeAlias

from tui_batching.clock import SECOND, Picoseconds
from tui_batching.requests import MAX_TOKENS

Parse: TypeAlias = Callable[[Sequence[str]], list[int]]

LONGEST = 60
"""The most characters that a number is written with."""

_INSTANT_EXPECTED = "an instant such as 2023-11-16 18:17:03.9799600"
_INSTANT = re.compile(r"([^.+Z]{19})(?:\.([0-9]{1,12}))?(Z|[+-][0-9]{2}:[0-9]{2})?")
_SECOND = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}")
_DIGITS = 12
"""Of a second, to the picosecond."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SIGNED = re.compile(r"-?[0-9]{1,60}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


def _tokens(texts: Sequence[str], least: int) -> list[int]:
    # One look at all of them: row by row it would take most of the time of a long trace.
    digits = "".join(texts)
    if not (digits.isdecimal() and digits.isascii() and all(texts)):
        raise ValueError(f"a whole number >= {least}")
    if max(map(len, texts)) > LONGEST:
        raise ValueError(f"at most {LONGEST} digits")
    numbers = list(map(int, texts))
    if min(numbers) < least:
        raise ValueError(f"a whole number >= {least}")
    if max(numbers) > MAX_TOKENS:
        raise ValueError(f"a whole number <= {MAX_TOKENS}")
    return numbers


tokens: Parse = partial(_tokens, least=0)
"""Numbers of tokens, from 0."""

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


def seconds(texts: Sequence[str]) -> list[Picoseconds]:
    """Times in seconds, not negative; digits finer than a picosecond are rounded, halves up."""
    return [_time(text, 12, "seconds") for text in texts]


def milliseconds(texts: Sequence[str]) -> list[Picoseconds]:
    """Times in milliseconds, as `seconds`."""
    return [_time(text, 9, "milliseconds") for text in texts]


def _time(text: str, places: int, unit: str) -> Picoseconds:
    """A decimal times 10**places. What most files hold needs no fraction: its digits are moved."""
    whole, _, fraction = text.partition(".")
    digits = whole + fraction
    simple = digits.isdecimal() and digits.isascii() and len(digits) <= LONGEST
    if simple and whole and len(fraction) <= places:
        return int(whole + fraction.ljust(places, "0"))
    if len(text) > LONGEST or not _DECIMAL.fullmatch(text):
        raise ValueError(f"a number of {unit}")
    time: Fraction = Fraction(text) * 10**places
    if time < 0:
        raise ValueError("a time that is not negative")
    return math.floor(time + Fraction(1, 2))


def instants(texts: Sequence[str]) -> list[Picoseconds]:
    """Dates and times, in picoseconds since 1970; UTC where no offset is told.

    The traces of Azure have seven digits of a second (2023), or six, an offset, and no digits on a
    whole second (2024).
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
    second, _, fraction = text.partition(".")
    offset = ""
    if not (fraction.isdecimal() and fraction.isascii() and len(fraction) <= _DIGITS):
        match = _INSTANT.fullmatch(text)
        if match is None:
            raise ValueError(_INSTANT_EXPECTED)
        second, fraction, offset = match.groups("")
    return _seconds(second, offset or "Z") * SECOND + int(fraction.ljust(_DIGITS, "0"))


@lru_cache(maxsize=1000)  # neighbours share their second, and datetime knows no finer digits
def _seconds(text: str, offset: str) -> int:
    try:
        if _SECOND.fullmatch(text):
            return (datetime.fromisoformat(text + offset) - _EPOCH) // timedelta(seconds=1)
    except ValueError:
        pass
    raise ValueError(_INSTANT_EXPECTED)
