"""Writing requests as a trace, so that other tools replay the very same ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal, TextIO, TypeAlias

from tui_batching.clock import MILLISECOND, Picoseconds, exact_decimal, exact_seconds
from tui_batching.columns import IntArray
from tui_batching.requests import Requests
from tui_batching.workload.traces.formats import ASKED, PLAIN, PRIORITY

BLOCK = 512
"""Tokens of a prompt that one of Mooncake's `hash_ids` stands for."""

_ROWS_AT_ONCE = 1000

WrittenFormat: TypeAlias = Literal["csv", "mooncake"]


def write_trace(requests: Requests, out: TextIO, name: WrittenFormat) -> None:
    """Write requests in arrival order; times are those of the workload, to the last digit.

    Args:
        requests: what to write; their ids are not written, as no format has them, and what they
            ask for and their priority only where somebody asks for more than it gets, or goes
            first.
        out: where to.
        name: `csv`, plain CSV in seconds, or `mooncake`, JSON lines in milliseconds. An arrival
            that is no whole number of milliseconds is written with its decimals; no prompt shares
            a prefix with another, so that each has `hash_ids` of its own.
    """
    _WRITERS[name](requests, out)


def _write_plain(requests: Requests, out: TextIO) -> None:
    further = _further(requests)
    out.write(",".join((*PLAIN.signature, *further)) + "\n")
    for block in _blocks(requests, further):
        out.writelines(
            f"{exact_seconds(time)},{','.join(map(str, tokens))}\n" for time, *tokens in block
        )


def _write_mooncake(requests: Requests, out: TextIO) -> None:
    first_id = 0
    further = _further(requests)
    for block in _blocks(requests, further):
        for time, inputs, outputs, *more in block:
            end = first_id - inputs // -BLOCK
            ids = ", ".join(map(str, range(first_id, end)))
            first_id = end
            told = "".join(
                f'"{name}": {value}, ' for name, value in zip(further, more, strict=True)
            )
            out.write(
                f'{{"timestamp": {exact_milliseconds(time)}, "input_length": {inputs}, '
                f'"output_length": {outputs}, {told}"hash_ids": [{ids}]}}\n'
            )


_WRITERS: dict[WrittenFormat, Callable[[Requests, TextIO], None]] = {
    "csv": _write_plain,
    "mooncake": _write_mooncake,
}

WRITTEN_FORMATS: tuple[WrittenFormat, ...] = tuple(_WRITERS)


def exact_milliseconds(time: Picoseconds) -> str:
    """A time in milliseconds with every digit it has; a whole number has no point."""
    return exact_decimal(time, 9) if time % MILLISECOND else str(time // MILLISECOND)


def _further(requests: Requests) -> dict[str, IntArray]:
    """The columns that are not what they are by default."""
    columns = {ASKED: requests.max_tokens, PRIORITY: requests.priority}
    default = {ASKED: requests.output_tokens, PRIORITY: 0}
    return {name: column for name, column in columns.items() if (column != default[name]).any()}


def _blocks(
    requests: Requests, further: Mapping[str, IntArray]
) -> Iterator[Iterable[tuple[int, ...]]]:
    """Rows of arrival, input and output tokens and what comes further, some at a time."""
    columns = (
        requests.arrival_time,
        requests.input_tokens,
        requests.output_tokens,
        *further.values(),
    )
    for first in range(0, len(requests), _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        yield zip(*(column[rows].tolist() for column in columns), strict=True)
