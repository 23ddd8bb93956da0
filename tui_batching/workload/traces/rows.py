"""A few rows of a trace, whatever its format."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tui_batching.clock import Picoseconds
from tui_batching.columns import IntArray
from tui_batching.errors import InputError
from tui_batching.workload.traces.numbers import Parse
from tui_batching.workload.traces.text import TraceText
from tui_batching.workload.wording import shown

ROWS_AT_ONCE = 1000
"""More at a time take longer: they no longer fit the processor's cache."""

_NUMBER = re.compile(r"[0-9+.eE-]{1,60}")


@dataclass(frozen=True, slots=True)
class Rows:
    """Consecutive rows, all of whose values are as expected.

    Attributes:
        times: arrivals in picoseconds on the trace's own clock, which may be any.
        inputs: tokens of the prompts.
        outputs: tokens of the answers; 0 for a failed request, where the format has them.
        place: tells where a row stands, to begin an error message with.
    """

    times: Sequence[Picoseconds]
    inputs: IntArray
    outputs: IntArray
    place: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Column:
    """A column or key of a format, and how its values are read."""

    name: str
    parse: Parse


@dataclass(frozen=True)
class TraceFormat:
    """A format of traces.

    Attributes:
        name: what `format:` calls it.
        title: whose format it is.
        signature: the columns or keys by which it is recognised.
        read: makes rows of an open file.
        failed: what marks a failed request, where the format has them: they are not replayed.
    """

    name: str
    title: str
    signature: tuple[str, ...]
    read: Callable[[TraceText], Iterator[Rows]]
    failed: str = ""


def parse_rows(
    columns: Sequence[Column], texts: Sequence[Sequence[str]], place: Callable[[int], str]
) -> Rows:
    """Rows from the texts of the three columns: time, input and output tokens.

    Raises:
        InputError: at the first value that is not as expected.
    """
    times, inputs, outputs = (
        _parse(column, values, place) for column, values in zip(columns, texts, strict=True)
    )
    return Rows(times, np.array(inputs, np.int64), np.array(outputs, np.int64), place)


def _parse(column: Column, texts: Sequence[str], place: Callable[[int], str]) -> list[int]:
    if not texts:  # empty lines alone
        return []
    try:
        return column.parse(texts)
    except ValueError as error:
        for row, text in enumerate(texts):
            try:
                column.parse([text])
            except ValueError as its_own:
                raise refusal(place(row), column.name, found(text), str(its_own)) from None
        raise AssertionError("one by one, all values are as expected") from error


def refusal(place: str, name: str, what: str, expected: str) -> InputError:
    """The sentence that refuses a value."""
    return InputError(f"{place}: {name}: found {what}, expected {expected}")


def found(text: str) -> str:
    """A value for an error message."""
    return text if _NUMBER.fullmatch(text) else shown(text) if text else "nothing"
