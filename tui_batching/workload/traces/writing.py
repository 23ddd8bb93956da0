"""Writing requests as a trace, so that other tools replay the very same ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TextIO, TypeAlias, get_args

from tui_batching.clock import MILLISECOND, Picoseconds, exact_decimal, exact_seconds
from tui_batching.columns import IntArray
from tui_batching.requests import Requests
from tui_batching.workload.traces.formats import ASKED, PLAIN, PRIORITY

_ROWS_AT_ONCE = 1000

WrittenFormat: TypeAlias = Literal["csv", "mooncake", "bailian", "aiperf-mooncake"]


@dataclass(frozen=True)
class _Form:
    """A form of Mooncake's JSON lines.

    Attributes:
        spell: writes a time.
        before: further keys of the row of this number, before the others.
        after: and after them.
        block: tokens of a prompt that one of the `hash_ids` stands for; None leaves them out.
    """

    spell: Callable[[Picoseconds], str]
    before: Callable[[int], str]
    after: str = ""
    block: int | None = None


def write_trace(requests: Requests, out: TextIO, name: WrittenFormat) -> None:
    """Write requests in arrival order; times are those of the workload, to the last digit.

    Args:
        requests: what to write; their ids are not written, as no format has them, and what they
            ask for and their priority only where somebody asks for more than it gets, or goes
            first.
        out: where to.
        name: `csv`, plain CSV in seconds, or a form of Mooncake's JSON lines: `mooncake` and
            `aiperf-mooncake`, where each request is a session of its own, in milliseconds,
            `bailian` in seconds. An arrival that is no whole number of milliseconds is written
            with its decimals; no prompt shares a prefix with another, so that each has `hash_ids`
            of its own, where there are any.
    """
    if name == "csv":
        _write_plain(requests, out)
    else:
        _write_json_lines(_FORMS[name], requests, out)


def _write_plain(requests: Requests, out: TextIO) -> None:
    further = _further(requests)
    out.write(",".join((*PLAIN.signature, *further)) + "\n")
    for block in _blocks(requests, further):
        out.writelines(
            f"{exact_seconds(time)},{','.join(map(str, tokens))}\n" for time, *tokens in block
        )


def _write_json_lines(form: _Form, requests: Requests, out: TextIO) -> None:
    first_id = number = 0
    further = _further(requests)
    for block in _blocks(requests, further):
        for time, inputs, outputs, *more in block:
            told = [
                f'"timestamp": {form.spell(time)}',
                f'"input_length": {inputs}',
                f'"output_length": {outputs}',
                *(f'"{name}": {value}' for name, value in zip(further, more, strict=True)),
            ]
            if form.block is not None:
                end = first_id - inputs // -form.block
                told.append(f'"hash_ids": [{", ".join(map(str, range(first_id, end)))}]')
                first_id = end
            out.write(f"{{{form.before(number)}{', '.join(told)}{form.after}}}\n")
            number += 1


def exact_milliseconds(time: Picoseconds) -> str:
    """A time in milliseconds with every digit it has; a whole number has no point."""
    return exact_decimal(time, 9) if time % MILLISECOND else str(time // MILLISECOND)


_FORMS: dict[WrittenFormat, _Form] = {
    "mooncake": _Form(exact_milliseconds, lambda _: "", block=512),
    "bailian": _Form(
        exact_seconds,
        lambda number: f'"chat_id": {number}, "parent_chat_id": -1, ',
        ', "type": "text", "turn": 1',
        block=16,
    ),
    "aiperf-mooncake": _Form(exact_milliseconds, lambda number: f'"session_id": "{number}", '),
}

WRITTEN_FORMATS: tuple[WrittenFormat, ...] = get_args(WrittenFormat)


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
