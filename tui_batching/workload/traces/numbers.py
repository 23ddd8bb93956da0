"""The values in a trace: columns of text to whole numbers, exactly, never through a float.

Each function takes texts as they stand in the file, and raises a ValueError that tells what is
expected instead.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from typing import TypeAlias

from tui_batching.clock import Picoseconds
from tui_batching.requests import MAX_TOKENS

Parse: TypeAlias = Callable[[Sequence[str]], list[int]]

LONGEST = 60
"""The most characters that a number is written with."""

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
