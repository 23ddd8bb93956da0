"""How the rows of a trace are laid out, as CSV or as JSON, and read a block at a time.

Whatever the layout, a row has some values, each a column of CSV or a key of JSON. Of a trace they
are when the request arrived, and the tokens of its prompt and of its answer.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import numpy as np

from tui_batching.clock import Picoseconds
from tui_batching.columns import IntArray
from tui_batching.errors import InputError
from tui_batching.printable import quoted
from tui_batching.workload.traces.text import TraceText, count_lines
from tui_batching.workload.traces.values import Parse

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
        asked: tokens that clients asked for; None where the file does not say.
        priorities: None where the file does not say.
        place: tells where a row stands, to begin an error message with.
    """

    times: Sequence[Picoseconds]
    inputs: IntArray
    outputs: IntArray
    asked: IntArray | None
    priorities: IntArray | None
    place: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Column:
    """A column or key of a format, and how its values are read.

    Attributes:
        name: of the column or key.
        parse: reads its values.
        optional: whether the column, and the values in it, may be missing.
    """

    name: str
    parse: Parse
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """The values of consecutive rows, column by column.

    Attributes:
        values: of each column, 0 for those that an optional one lacks; None for a column that the
            file does not have.
        place: tells where a row stands.
    """

    values: Sequence[list[int] | None]
    place: Callable[[int], str]


def parse_block(
    columns: Sequence[Column], texts: Sequence[Sequence[str] | None], place: Callable[[int], str]
) -> Block:
    """Read the texts of the columns.

    Args:
        columns: in this order.
        texts: of each column; None for one that the file does not have, and an empty text for a
            value that an optional one does not have.
        place: tells where a row stands.

    Raises:
        InputError: at the first value that is not as expected.
    """
    values = [
        None
        if told is None
        else _parse_optional(column, told, place)
        if column.optional
        else _parse(column, told, place)
        for column, told in zip(columns, texts, strict=True)
    ]
    return Block(values, place)


def rows_of(columns: Sequence[Column], block: Block) -> Rows:
    """Rows of requests: time, input, output tokens, those asked for, priority.

    Args:
        columns: in this order; the last two are optional.
        block: their values.

    Raises:
        InputError: if somebody asked for fewer tokens than there are in the answer.
    """
    times, inputs, outputs, asked, priorities = block.values
    assert times is not None
    made = np.array(outputs, np.int64)
    return Rows(
        times,
        np.array(inputs, np.int64),
        made,
        None if asked is None else _asked(columns[3], np.array(asked, np.int64), made, block.place),
        None if priorities is None else np.array(priorities, np.int64),
        block.place,
    )


def _asked(
    column: Column, asked: IntArray, made: IntArray, place: Callable[[int], str]
) -> IntArray:
    """What clients asked for; who does not say (0) asks for the length of its answer."""
    asked = np.where(asked == 0, made, asked)
    if (asked < made).any():
        row = int((asked < made).argmax())
        expected = f">= {made[row]}, the tokens of its answer"
        raise _refusal(place(row), column.name, str(asked[row]), expected)
    return asked


def _parse_optional(column: Column, texts: Sequence[str], place: Callable[[int], str]) -> list[int]:
    """The values, with 0 for those that are missing."""
    if all(texts):
        return _parse(column, texts, place)
    told = [(row, text) for row, text in enumerate(texts) if text]
    values = [0] * len(texts)
    found = _parse(column, [text for _, text in told], lambda row: place(told[row][0]))
    for (row, _), value in zip(told, found, strict=True):
        values[row] = value
    return values


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
                raise _refusal(place(row), column.name, _as_found(text), str(its_own)) from None
        raise AssertionError("one by one, all values are as expected") from error


def _refusal(place: str, name: str, what: str, expected: str) -> InputError:
    """The sentence that refuses a value."""
    return InputError(f"{place}: {name}: found {what}, expected {expected}")


def _as_found(text: str) -> str:
    """A value for an error message."""
    return text if _NUMBER.fullmatch(text) else quoted(text) if text else "nothing"


def read_csv(columns: Sequence[Column], text: TraceText) -> Iterator[Block]:
    """Rows of a CSV file with a head line; the columns may stand in any order, among others.

    Raises:
        InputError: if a column is missing or twice, or a row is not as expected.
    """
    file = _CsvFile(columns, text)
    for block in text.blocks():
        if '"' in block or ", " in block:
            yield from file.quoted_rows(block)
        else:
            yield file.plain_rows(block)


class _CsvFile:
    """A CSV file, of which the head has been read."""

    def __init__(self, columns: Sequence[Column], text: TraceText) -> None:
        self._columns = columns
        self._text = text
        _, head = next(self._records(text.lines(), 0), (1, []))
        self._head = head
        names = [name.strip() for name in head]
        self._positions = [
            None
            if column.optional and column.name not in names
            else _position(head, column, self._place(text.line))
            for column in columns
        ]

    def plain_rows(self, block: str) -> Block:
        """The rows of whole lines without quotes: splitting them takes a third of the time."""
        lines = block.replace("\r\n", "\n").removesuffix("\n").split("\n")
        numbers: Sequence[int] = range(self._text.line - len(lines) + 1, self._text.line + 1)
        if "" in lines:
            numbers = [number for number, line in zip(numbers, lines, strict=True) if line]
            lines = list(filter(None, lines))
        commas = len(self._head) - 1
        if {line.count(",") for line in lines} - {commas}:
            number, found = next(
                (number, line.count(","))
                for number, line in zip(numbers, lines, strict=True)
                if line.count(",") != commas
            )
            raise self._other_width(number, found + 1)
        fields = ",".join(lines).split(",") if lines else []
        return self._rows(
            [
                None if column is None else fields[column :: commas + 1]
                for column in self._positions
            ],
            numbers,
        )

    def quoted_rows(self, block: str) -> Iterator[Block]:
        """The rows from this block to the end of the file, with quotes or spaces after commas."""
        before = self._text.line - count_lines(block)
        lines = chain(io.StringIO(block, newline="\n"), self._text.lines())
        records = self._records(lines, before)
        while some := list(islice(records, ROWS_AT_ONCE)):
            numbers, rows = zip(*some, strict=True)
            for number, row in some:
                if len(row) != len(self._head):
                    raise self._other_width(number, len(row))
            fields = list(zip(*rows, strict=True))
            yield self._rows(
                [None if column is None else fields[column] for column in self._positions],
                numbers,
            )

    def _records(self, lines: Iterable[str], before: int) -> Iterator[tuple[int, list[str]]]:
        """Each row with the number of its last line; empty lines are no rows."""
        reader = csv.reader(lines, strict=True, skipinitialspace=True)
        try:
            for row in reader:
                if row:
                    yield before + reader.line_num, row
        except csv.Error as error:
            place = self._place(before + reader.line_num)
            raise InputError(f"{place}: found broken CSV ({error}), expected valid CSV") from None

    def _rows(self, texts: Sequence[Sequence[str] | None], numbers: Sequence[int]) -> Block:
        return parse_block(self._columns, texts, lambda row: self._place(numbers[row]))

    def _place(self, line: int) -> str:
        return f"{self._text.where}:{line}"

    def _other_width(self, line: int, found: int) -> InputError:
        width = len(self._head)
        return InputError(
            f"{self._place(line)}: found {found} fields, expected {width} as in the head"
        )


def _position(head: Sequence[str], column: Column, place: str) -> int:
    found = [position for position, name in enumerate(head) if name.strip() == column.name]
    if len(found) != 1:
        number = "twice" if found else "nowhere"
        raise InputError(
            f"{place}: found the column {column.name!r} {number} in "
            f"{quoted(','.join(head))}, expected it once"
        )
    return found[0]


class _WrittenNumber(str):
    """A number with a fraction, as it is written."""

    __slots__ = ()


_decode = json.JSONDecoder(parse_float=_WrittenNumber, parse_constant=_WrittenNumber).decode


def read_json_lines(columns: Sequence[Column], text: TraceText) -> Iterator[Block]:
    """Rows of a file with a JSON object on each line, and a key in it for each column.

    Raises:
        InputError: if a line is no JSON object, or a value is not as expected.
    """
    lines = ((number, line) for number, line in enumerate(text.lines(), 1) if not line.isspace())
    where = text.where
    while block := list(islice(lines, ROWS_AT_ONCE)):
        places = [f"{where}:{number}" for number, _ in block]
        records = [
            decode_object(line, place) for place, (_, line) in zip(places, block, strict=True)
        ]
        texts = [
            number_texts(column, [record.get(column.name) for record in records], places)
            for column in columns
        ]
        yield parse_block(columns, texts, places.__getitem__)


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
            raise _refusal(places[row], column.name, _described(value), "a number")
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
            return quoted(value)
    return json.dumps(value)
