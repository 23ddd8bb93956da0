"""Traces as CSV with a head line; the columns may stand in any order, among others."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice

from tui_batching.errors import InputError
from tui_batching.workload.traces.rows import ROWS_AT_ONCE, Column, Rows, TraceFormat, parse_rows
from tui_batching.workload.traces.text import TraceText, count_lines
from tui_batching.workload.wording import shown


def csv_format(name: str, title: str, *columns: Column, failed: str = "") -> TraceFormat:
    """A format with a column each for time, input and output tokens, recognised by these."""
    signature = tuple(column.name for column in columns)
    return TraceFormat(name, title, signature, partial(_read, columns), failed)


def _read(columns: Sequence[Column], text: TraceText) -> Iterator[Rows]:
    table = _Table(columns, text)
    for block in text.blocks():
        if '"' in block or ", " in block:
            yield from table.quoted(block)
        else:
            yield table.plain(block)


class _Table:
    """A CSV file, of which the head has been read."""

    def __init__(self, columns: Sequence[Column], text: TraceText) -> None:
        self._columns = columns
        self._text = text
        _, head = next(self._records(text.lines(), 0), (1, []))
        self._head = head
        self._positions = [_position(head, column, self._place(text.line)) for column in columns]

    def plain(self, block: str) -> Rows:
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
        return self._rows([fields[column :: commas + 1] for column in self._positions], numbers)

    def quoted(self, block: str) -> Iterator[Rows]:
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
            yield self._rows([fields[column] for column in self._positions], numbers)

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

    def _rows(self, texts: Sequence[Sequence[str]], numbers: Sequence[int]) -> Rows:
        return parse_rows(self._columns, texts, lambda row: self._place(numbers[row]))

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
            f"{shown(','.join(head))}, expected it once"
        )
    return found[0]
