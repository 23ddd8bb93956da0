"""Traces as JSON: one object a line, or one object with a list for each column."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any

from tui_batching.errors import InputError
from tui_batching.workload.traces.rows import (
    ROWS_AT_ONCE,
    Column,
    Rows,
    TraceFormat,
    parse_rows,
    refusal,
)
from tui_batching.workload.traces.text import TraceText
from tui_batching.workload.wording import shown


class _Number(str):
    """A number with a fraction, as it is written."""

    __slots__ = ()


_decode = json.JSONDecoder(parse_float=_Number, parse_constant=_Number).decode


def json_lines_format(name: str, title: str, *columns: Column) -> TraceFormat:
    """A format with an object a line, and a key each for time, input and output tokens."""
    signature = tuple(column.name for column in columns)
    return TraceFormat(name, title, signature, partial(_read_lines, columns))


def _read_lines(columns: Sequence[Column], text: TraceText) -> Iterator[Rows]:
    lines = ((number, line) for number, line in enumerate(text.lines(), 1) if not line.isspace())
    where = text.where
    while block := list(islice(lines, ROWS_AT_ONCE)):
        places = [f"{where}:{number}" for number, _ in block]
        records = [
            decode_object(line, place) for place, (_, line) in zip(places, block, strict=True)
        ]
        texts = [
            number_texts(column.name, [record.get(column.name) for record in records], places)
            for column in columns
        ]
        yield parse_rows(columns, texts, places.__getitem__)


def decode_object(text: str, place: str) -> dict[str, Any]:
    """The object in a JSON text.

    Raises:
        InputError: if it is no JSON or no object.
    """
    try:
        value = _decode(text)
    except (ValueError, RecursionError) as error:
        reason = getattr(error, "msg", None) or str(error)
        raise InputError(f"{place}: found broken JSON ({reason}), expected a JSON object") from None
    if not isinstance(value, dict):
        raise InputError(f"{place}: found {_described(value)}, expected a JSON object")
    return value


def number_texts(name: str, values: Sequence[object], places: Sequence[str]) -> list[str]:
    """The texts of numbers.

    Raises:
        InputError: at the first value that is no number.
    """
    for row, value in enumerate(values):
        if type(value) not in (int, _Number):
            raise refusal(places[row], name, _described(value), "a number")
    return list(map(str, values))


def _described(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            return shown(value)
    return json.dumps(value)
