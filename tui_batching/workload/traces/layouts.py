"""How the rows of a trace are laid out, here as CSV, and read a block at a time.

Whatever the layout, a row has some values, each a column of CSV or a key of JSON. Of a trace they
are when the request arrived, and the tokens of its prompt and of its answer.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from tui_batching.errors import InputError
from tui_batching.printable import quoted
from tui_batching.workload.traces.text import TraceText, count_lines
from tui_batching.workload.traces.values import Parse

ROWS_AT_ONCE = 1000
"""More at a time take longer: they no longer fit the processor's cache."""

ABSENT = -1
"""Stands for a value that is missing in a column with gaps."""

_NUMBER = re.compile(r"[0-9+.eE-]{1,60}")


@dataclass(frozen=True, slots=True)
class Column:
    """A column or key, and how its values are read.

    Attributes:
        name: of the column or key; `a.b` is the key `b` of the object `a`, and `a.0` the first
            entry of the list `a`, where no key is called so.
        parse: reads its values.
        optional: whether the column, and the values in it, may be missing; they count as 0.
        gaps: whether values may be missing where the column is there; they count as `ABSENT`.
        others: further names of it, looked for in this order where there is none called `name`.
        raw: whether its values stay what they are in JSON, where they may be lists.
    """

    name: str
    parse: Parse
    optional: bool = False
    gaps: bool = False
    others: tuple[str, ...] = ()
    raw: bool = False

    @classmethod
    def called(
        cls,
        names: str | tuple[str, ...],
        parse: Parse,
        *,
        optional: bool = False,
        gaps: bool = False,
    ) -> Column:
        """The column of this name, or of one of these; none where there is none."""
        first, *others = (names,) if isinstance(names, str) else names
        return cls(first, parse, optional, gaps, tuple(others))

    @property
    def names(self) -> tuple[str, ...]:
        """All names that it may have; none where the format has no such column."""
        return (self.name, *self.others) if self.name else ()


@dataclass(frozen=True, slots=True)
class Texts:
    """The values of consecutive rows as they are written, column by column.

    Attributes:
        columns: an empty text for a value that is missing; None for a column that the file does not
            have.
        place: tells where a row stands, to begin an error message with.
    """

    columns: Sequence[Sequence[Any] | None]
    place: Callable[[int], str]

    def part(self, rows: Sequence[int]) -> Texts:
        """Some of the rows."""
        columns = [column and [column[row] for row in rows] for column in self.columns]
        return Texts(columns, lambda row: self.place(rows[row]))

    def __len__(self) -> int:
        return next((len(column) for column in self.columns if column is not None), 0)


@dataclass(frozen=True, slots=True)
class Block:
    """The values of consecutive rows, column by column.

    Attributes:
        values: of each column; None for a column that the file does not have.
        place: tells where a row stands, to begin an error message with.
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
            value that is missing.
        place: tells where a row stands.

    Raises:
        InputError: at the first value that is not as expected.
    """
    values = [
        None if told is None else parse_column(column, told, place)
        for column, told in zip(columns, texts, strict=True)
    ]
    return Block(values, place)


def parse_column(column: Column, texts: Sequence[str], place: Callable[[int], str]) -> list[int]:
    """Read the texts of one column; see `parse_block`."""
    if all(texts) or not (column.optional or column.gaps):
        return _parse(column, texts, place)
    told = [(row, text) for row, text in enumerate(texts) if text]
    values = [ABSENT if column.gaps else 0] * len(texts)
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
                raise refusal(place(row), column.name, as_found(text), str(its_own)) from None
        raise AssertionError("one by one, all values are as expected") from error


def refusal(place: str, name: str, what: str, expected: str) -> InputError:
    """The sentence that refuses a value."""
    return InputError(f"{place}: {name}: found {what}, expected {expected}")


def as_found(text: str) -> str:
    """A value for an error message."""
    return text if _NUMBER.fullmatch(text) else quoted(text) if text else "nothing"


def read_csv(columns: Sequence[Column], text: TraceText) -> Iterator[Block]:
    """As `csv_texts`, with the values read."""
    return (parse_block(columns, some.columns, some.place) for some in csv_texts(columns, text))


def csv_texts(columns: Sequence[Column], text: TraceText) -> Iterator[Texts]:
    """Rows of CSV or TSV with a head line; the columns may stand in any order, among others.

    Raises:
        InputError: if a column is missing or twice, or a row has not as many as the head.
    """
    file = _CsvFile(columns, text)
    for block in text.blocks():
        if '"' in block or file.delimiter + " " in block:
            yield from file.quoted_rows(block)
        else:
            yield file.plain_rows(block)


def delimiter_of(head: str) -> str:
    """What stands between the columns of a head line."""
    return "\t" if "\t" in head else ","


class _CsvFile:
    """A CSV file, of which the head has been read."""

    def __init__(self, columns: Sequence[Column], text: TraceText) -> None:
        self._text = text
        self.delimiter = delimiter_of(text.head.lstrip().partition("\n")[0])
        _, head = next(self._records(text.lines(), 0), (1, []))
        self._head = head
        place = self._place(text.line)
        self._positions = [_position(head, column, place) for column in columns]

    def plain_rows(self, block: str) -> Texts:
        """The rows of whole lines without quotes: splitting them takes a third of the time."""
        lines = block.replace("\r\n", "\n").removesuffix("\n").split("\n")
        numbers: Sequence[int] = range(self._text.line - len(lines) + 1, self._text.line + 1)
        if "" in lines:
            numbers = [number for number, line in zip(numbers, lines, strict=True) if line]
            lines = list(filter(None, lines))
        by, between = self.delimiter, len(self._head) - 1
        if {line.count(by) for line in lines} - {between}:
            number, found = next(
                (number, line.count(by))
                for number, line in zip(numbers, lines, strict=True)
                if line.count(by) != between
            )
            raise self._other_width(number, found + 1)
        fields = by.join(lines).split(by) if lines else []
        return self._texts(
            [
                None if column is None else fields[column :: between + 1]
                for column in self._positions
            ],
            numbers,
        )

    def quoted_rows(self, block: str) -> Iterator[Texts]:
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
            yield self._texts(
                [None if column is None else fields[column] for column in self._positions],
                numbers,
            )

    def _records(self, lines: Iterable[str], before: int) -> Iterator[tuple[int, list[str]]]:
        """Each row with the number of its last line; empty lines are no rows."""
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True, skipinitialspace=True)
        try:
            for row in reader:
                if row:
                    yield before + reader.line_num, row
        except csv.Error as error:
            place = self._place(before + reader.line_num)
            raise InputError(f"{place}: found broken CSV ({error}), expected valid CSV") from None

    def _texts(self, texts: Sequence[Sequence[str] | None], numbers: Sequence[int]) -> Texts:
        return Texts(texts, lambda row: self._place(numbers[row]))

    def _place(self, line: int) -> str:
        return f"{self._text.where}:{line}"

    def _other_width(self, line: int, found: int) -> InputError:
        width = len(self._head)
        return InputError(
            f"{self._place(line)}: found {found} fields, expected {width} as in the head"
        )


def _position(head: Sequence[str], column: Column, place: str) -> int | None:
    names = [name.strip() for name in head]
    name = next((name for name in column.names if name in names), None)
    if name is None and column.optional:
        return None
    if name is None or names.count(name) > 1:
        number = "twice" if name else "nowhere"
        raise InputError(
            f"{place}: found the column {name or column.name!r} {number} in "
            f"{quoted(','.join(head))}, expected it once"
        )
    return names.index(name)
