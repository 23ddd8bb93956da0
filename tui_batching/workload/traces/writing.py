"""Writing requests as a trace, so that other tools replay the very same ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, TextIO, TypeAlias

from tui_batching.clock import MILLISECOND, Picoseconds, exact_decimal, exact_seconds
from tui_batching.requests import Requests
from tui_batching.workload.traces.formats import PLAIN

BLOCK = 512
"""Tokens of a prompt that one of Mooncake's `hash_ids` stands for."""

_ROWS_AT_ONCE = 1000

WrittenFormat: TypeAlias = Literal["csv", "mooncake"]


def write_trace(requests: Requests, out: TextIO, name: WrittenFormat) -> None:
    """Write requests in arrival order; times are those of the workload, to the last digit.

    Args:
        requests: what to write; their ids are not written, as no format has them.
        out: where to.
        name: `csv`, plain CSV in seconds, or `mooncake`, JSON lines in milliseconds. An arrival
            that is no whole number of milliseconds is written with its decimals; no prompt shares
            a prefix with another, so that each has `hash_ids` of its own.
    """
    _WRITERS[name](requests, out)


def _write_plain(requests: Requests, out: TextIO) -> None:
    out.write(",".join(PLAIN.signature) + "\n")
    for block in _blocks(requests):
        out.writelines(
            f"{exact_seconds(time)},{inputs},{outputs}\n" for time, inputs, outputs in block
        )


def _write_mooncake(requests: Requests, out: TextIO) -> None:
    first_id = 0
    for block in _blocks(requests):
        for time, inputs, outputs in block:
            end = first_id - inputs // -BLOCK
            ids = ", ".join(map(str, range(first_id, end)))
            first_id = end
            out.write(
                f'{{"timestamp": {exact_milliseconds(time)}, "input_length": {inputs}, '
                f'"output_length": {outputs}, "hash_ids": [{ids}]}}\n'
            )


_WRITERS: dict[WrittenFormat, Callable[[Requests, TextIO], None]] = {
    "csv": _write_plain,
    "mooncake": _write_mooncake,
}

WRITTEN_FORMATS: tuple[WrittenFormat, ...] = tuple(_WRITERS)


def exact_milliseconds(time: Picoseconds) -> str:
    """A time in milliseconds with every digit it has; a whole number has no point."""
    return exact_decimal(time, 9) if time % MILLISECOND else str(time // MILLISECOND)


def _blocks(requests: Requests) -> Iterator[zip[tuple[int, int, int]]]:
    """Rows of arrival, input and output tokens, some at a time."""
    columns = (requests.arrival_time, requests.input_tokens, requests.output_tokens)
    for first in range(0, len(requests), _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        yield zip(*(column[rows].tolist() for column in columns), strict=True)
