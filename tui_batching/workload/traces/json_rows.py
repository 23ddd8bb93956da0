"""Rows of a trace as JSON: an object a line, or lists of objects, and what an object has within."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from tui_batching.errors import InputError
from tui_batching.printable import quoted
from tui_batching.workload.traces.layouts import (
    ROWS_AT_ONCE,
    Block,
    Column,
    Texts,
    parse_block,
    refusal,
)
from tui_batching.workload.traces.text import TraceText

_SPACE = re.compile(r"\s*")
_DIGITS = 10
"""That the place of an entry in a list has at most."""


def read_json_lines(columns: Sequence[Column], text: TraceText) -> Iterator[Block]:
    """As `json_texts`, with the values read."""
    return (parse_block(columns, some.columns, some.place) for some in json_texts(columns, text))


def _ignore(value: Mapping[str, Any]) -> None:
    """Nobody is told."""


class _WrittenNumber(str):
    """A number with a fraction, as it is written."""

    __slots__ = ()


_DECODER = json.JSONDecoder(parse_float=_WrittenNumber, parse_constant=_WrittenNumber)


def json_texts(
    columns: Sequence[Column], text: TraceText, told: Callable[[Mapping[str, Any]], None] = _ignore
) -> Iterator[Texts]:
    """Rows of a file with a JSON object on each line, or of lists of objects.

    A list may stand in an object that has no other one and none of the columns, as the answers of
    an API have it.

    Args:
        columns: what is read of a row.
        text: the file.
        told: is told the objects around lists.

    Raises:
        InputError: if a line or an entry is no JSON object.
    """
    if not has_rows_in_lines(columns, text):
        records: list[dict[str, Any]] = []
        for value in decode_values(text.document(), text.where):
            records += _rows_in(value, columns, told, text.where)
        yield from record_texts(columns, records, text.where)
        return
    for block in text.blocks():
        lines = block.removesuffix("\n").split("\n")
        numbers: Sequence[int] = range(text.line - len(lines) + 1, text.line + 1)
        if not all(lines) or any(map(str.isspace, lines)):
            told_lines = [(n, line) for n, line in zip(numbers, lines, strict=True) if line.strip()]
            numbers, lines = [n for n, _ in told_lines], [line for _, line in told_lines]
        place = _line_of(text.where, numbers)
        yield Texts(_columns_of(columns, _decode_lines(lines, place)), place)


def _line_of(where: str, numbers: Sequence[int]) -> Callable[[int], str]:
    return lambda row: f"{where}:{numbers[row]}"


def _decode_lines(lines: Sequence[str], place: Callable[[int], str]) -> list[dict[str, Any]]:
    """The object on each line: all at once, which is faster, or to find a wrong one, one by one."""
    try:
        found = _DECODER.decode(f"[{','.join(lines)}]")
    except (ValueError, RecursionError):
        found = []
    if len(found) == len(lines) and all(isinstance(value, dict) for value in found):
        return list(found)
    return [decode_object(line, place(row)) for row, line in enumerate(lines)]


def has_rows_in_lines(columns: Sequence[Column], text: TraceText) -> bool:
    """Whether the first line of a JSON text is a row."""
    try:
        value = _DECODER.decode(text.first_line())
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and _list_within(value, columns) is None


def _rows_in(
    value: object,
    columns: Sequence[Column],
    told: Callable[[Mapping[str, Any]], None],
    where: str,
) -> list[dict[str, Any]]:
    """The objects of a list, of the list within an object, or the object itself."""
    if isinstance(value, dict):
        within = _list_within(value, columns)
        if within is None:
            return [value]
        told(value)
        value = within
    if not isinstance(value, list):
        raise InputError(f"{where}: found {described(value)}, expected an object")
    for row, entry in enumerate(value):
        if not isinstance(entry, dict):
            raise InputError(f"{where}: entry {row}: found {described(entry)}, expected an object")
    return value


def _list_within(value: Mapping[str, Any], columns: Sequence[Column]) -> list[Any] | None:
    """The only list in an object that is no row itself."""
    if any(_lookup(value, column.names) is not None for column in columns if not column.optional):
        return None
    lists = [each for each in value.values() if isinstance(each, list)]
    return lists[0] if len(lists) == 1 else None


def record_texts(
    columns: Sequence[Column], records: Sequence[dict[str, Any]], where: str
) -> Iterator[Texts]:
    """Rows of objects that were read as a whole."""

    def place_from(first: int) -> Callable[[int], str]:
        return lambda row: f"{where}: request {first + row}"

    for first in range(0, len(records), ROWS_AT_ONCE):
        some = records[first : first + ROWS_AT_ONCE]
        yield Texts(_columns_of(columns, some), place_from(first))


def _columns_of(
    columns: Sequence[Column], records: Sequence[dict[str, Any]]
) -> list[Sequence[Any] | None]:
    return [_column_of(column, records) for column in columns]


def _column_of(column: Column, records: Sequence[dict[str, Any]]) -> Sequence[Any] | None:
    if not column.names:
        return None
    name = column.name
    values: list[Any] = [record.get(name) for record in records]
    if (column.others or "." in name) and None in values:
        values = [_lookup(record, column.names) for record in records]
    if column.optional and values.count(None) == len(values):
        return None
    if not column.raw:
        whole = set(map(type, values)) == {int}
        values = list(map(str if whole else _text_of, values))
    return None if column.optional and not any(values) else values


def _lookup(record: Mapping[str, Any], names: Iterable[str]) -> object:
    """The first value that there is under one of the names."""
    for name in names:
        value: object = record.get(name)
        if value is None and "." in name:
            value = record
            for key in name.split("."):
                value = _inner(value, key)
        if value is not None:
            return value
    return None


def _inner(value: object, key: str) -> object:
    match value:
        case dict():
            return value.get(key)
        case list() if key.isdecimal() and len(key) < _DIGITS and int(key) < len(value):
            return value[int(key)]
    return None


def _text_of(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else str(value) if type(value) is int else json.dumps(value)


def decode_object(text: str, place: str) -> dict[str, Any]:
    """The object in a JSON text.

    Raises:
        InputError: if it is no JSON or no object.
    """
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise _broken(place, error) from None
    if not isinstance(value, dict):
        raise InputError(f"{place}: found {described(value)}, expected a JSON object")
    return value


def decode_values(text: str, where: str) -> list[object]:
    """The values in a JSON text, of which several may follow each other.

    Raises:
        InputError: if it is no JSON.
    """
    values: list[object] = []
    position = 0
    while (position := _skip_space(text, position)) < len(text):
        try:
            value, position = _DECODER.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            line = getattr(error, "lineno", None)
            raise _broken(f"{where}:{line}" if line else where, error) from None
        values.append(value)
    return values


def _skip_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _broken(place: str, error: Exception) -> InputError:
    reason = getattr(error, "msg", None) or str(error)
    return InputError(f"{place}: found broken JSON ({reason}), expected a JSON object")


def number_texts(
    column: Column, values: Sequence[object], places: Sequence[str]
) -> list[str] | None:
    """The texts of numbers; empty ones, or None for all, where an optional column has none.

    Raises:
        InputError: at the first value that is no number.
    """
    if column.optional:
        if not any(value is not None for value in values):
            return None
        values = ["" if value is None else value for value in values]
    for row, value in enumerate(values):
        if type(value) not in (int, _WrittenNumber) and not (column.optional and value == ""):
            raise refusal(places[row], column.name, described(value), "a number")
    return list(map(str, values))


def described(value: object) -> str:
    """A JSON value for an error message."""
    match value:
        case None:
            return "nothing"
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            return quoted(value)
    return json.dumps(value)
