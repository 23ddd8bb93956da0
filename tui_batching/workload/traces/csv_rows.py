"""Traces as CSV with a head line; the columns may stand in any order, among others."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice

from tui_batching.errors import InputError
from tui_batching.workload.traces.rows import ROWS_AT_ONCE, Column, Rows, TraceFormat, parse_rows
from tui_batching.workload.traces.text import TraceText
from tui_batching.workload.wording import shown


def csv_format(name: str, title: str, *columns: Column, failed: str = "") -> TraceFormat:
    """A format with a column each for time, input and output tokens, recognised by these."""
    signature = tuple(column.name for column in columns)
    return TraceFormat(name, title, signature, partial(_read, columns), failed)


def _read(columns: Sequence[Column], text: TraceText) -> Iterator[Rows]:
    # The standard library's reader, because it tells lines and takes each row as it is.
    reader = csv.reader(text.lines(), strict=True, skipinitialspace=True)
    rows = ((reader.line_num, row) for row in reader if row)
    try:
        line, head = next(rows, (1, []))
        positions = [_position(head, column, f"{text.where}:{line}") for column in columns]
        while block := list(islice(rows, ROWS_AT_ONCE)):
            yield _parse_block(columns, positions, len(head), block, text.where)
    except csv.Error as error:
        place = f"{text.where}:{reader.line_num}"
        raise InputError(f"{place}: found broken CSV ({error}), expected valid CSV") from None


def _parse_block(
    columns: Sequence[Column],
    positions: Sequence[int],
    width: int,
    block: Sequence[tuple[int, list[str]]],
    where: str,
) -> Rows:
    lines, rows = zip(*block, strict=True)
    if set(map(len, rows)) != {width}:
        line, found = next((line, len(row)) for line, row in block if len(row) != width)
        raise InputError(f"{where}:{line}: found {found} fields, expected {width} as in the head")
    fields = list(zip(*rows, strict=True))
    texts = [fields[position] for position in positions]
    return parse_rows(columns, texts, lambda row: f"{where}:{lines[row]}")


def _position(head: Sequence[str], column: Column, place: str) -> int:
    found = [position for position, name in enumerate(head) if name.strip() == column.name]
    if len(found) != 1:
        number = "twice" if found else "nowhere"
        raise InputError(
            f"{place}: found the column {column.name!r} {number} in "
            f"{shown(','.join(head))}, expected it once"
        )
    return found[0]
