"""The Azure LLM inference traces of 2023 and 2024.

The first has lines that end in CRLF, seven digits of a second and no end of its last line; the
second has instants such as `2024-05-10 00:00:00.009930+00:00`, without digits on a whole second.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from tui_batching.clock import SECOND, Picoseconds
from tui_batching.workload.traces.csv_rows import csv_format
from tui_batching.workload.traces.numbers import some_tokens, tokens
from tui_batching.workload.traces.rows import Column

_EXPECTED = "an instant such as 2023-11-16 18:17:03.9799600"
_INSTANT = re.compile(r"([^.+Z]{19})(?:\.([0-9]{1,12}))?(Z|[+-][0-9]{2}:[0-9]{2})?")
_SECOND = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}")
_DIGITS = 12
"""Of a second, to the picosecond."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instants(texts: Sequence[str]) -> list[Picoseconds]:
    """Dates and times, in picoseconds since 1970; UTC where no offset is told.

    Raises:
        ValueError: if one is none.
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
            raise ValueError(_EXPECTED)
        second, fraction, offset = match.groups("")
    return _seconds(second, offset or "Z") * SECOND + int(fraction.ljust(_DIGITS, "0"))


@lru_cache(maxsize=1000)  # neighbours share their second, and datetime knows no finer digits
def _seconds(text: str, offset: str) -> int:
    try:
        if _SECOND.fullmatch(text):
            return (datetime.fromisoformat(text + offset) - _EPOCH) // timedelta(seconds=1)
    except ValueError:
        pass
    raise ValueError(_EXPECTED)


AZURE = csv_format(
    "azure",
    "Azure LLM inference CSV",
    Column("TIMESTAMP", instants),
    Column("ContextTokens", tokens),
    Column("GeneratedTokens", some_tokens),
)
