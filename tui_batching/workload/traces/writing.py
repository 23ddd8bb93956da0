"""Writing requests as a trace, so that other tools replay the very same ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TextIO, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from tui_batching.clock import MILLISECOND, Picoseconds, exact_decimal, exact_seconds
from tui_batching.requests import Requests
from tui_batching.streams import NO_STREAM
from tui_batching.workload.traces.formats import ASKED, GROUP, GROUP_TOKENS, PLAIN, PRIORITY

_ROWS_AT_ONCE = 1000

_Column: TypeAlias = npt.NDArray[Any]
"""Of numbers or texts."""

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
            with its decimals. What is shared is told by `hash_ids`, which are the same for blocks
            that prompts share with all before them, and by `csv` where it is groups that begin
            alike.
    """
    if name == "csv":
        _write_plain(requests, out)
    else:
        _write_json_lines(_FORMS[name], requests, out)


def _write_plain(requests: Requests, out: TextIO) -> None:
    further = _further(requests) | _groups(requests)
    out.write(",".join((*PLAIN.signature, *further)) + "\n")
    for block in _blocks(requests, further):
        out.writelines(
            f"{exact_seconds(time)},{','.join(map(str, tokens))}\n" for time, *tokens in block
        )


def _write_json_lines(form: _Form, requests: Requests, out: TextIO) -> None:
    number = 0
    further = _further(requests)
    hashes = _Hashes(requests, form.block) if form.block is not None else None
    for block in _blocks(requests, further):
        for time, inputs, outputs, *more in block:
            told = [
                f'"timestamp": {form.spell(time)}',
                f'"input_length": {inputs}',
                f'"output_length": {outputs}',
                *(f'"{name}": {value}' for name, value in zip(further, more, strict=True)),
            ]
            if hashes is not None:
                told.append(f'"hash_ids": [{", ".join(map(str, hashes.of(number, inputs)))}]')
            out.write(f"{{{form.before(number)}{', '.join(told)}{form.after}}}\n")
            number += 1


class _Hashes:
    """Numbers the blocks of prompts, in the order in which they are new.

    Args:
        requests: whose prompts they are.
        block: tokens of each but the last one.
    """

    def __init__(self, requests: Requests, block: int) -> None:
        self._streams, self._block = requests.streams, block
        self._stream, self._shared = requests.stream.tolist(), requests.stream_tokens.tolist()
        self._known: dict[tuple[int, int], int] = {}
        self._next = 0

    def of(self, row: int, inputs: int) -> list[int]:
        """The blocks of the prompt of a request, of so many tokens."""
        found: list[int] = []
        if (stream := self._stream[row]) != NO_STREAM:
            for whose, _, end in self._streams.segments(stream, min(self._shared[row], inputs)):
                after = -(-end // self._block) if end == inputs else end // self._block
                for number in range(len(found), after):
                    # What a block is hangs on all before it: on whose its last token is, and where.
                    last = min((number + 1) * self._block, inputs)
                    if (whose, last) not in self._known:
                        self._known[whose, last] = self._next
                        self._next += 1
                    found.append(self._known[whose, last])
        own = -(-inputs // self._block) - len(found)
        found.extend(range(self._next, self._next + own))
        self._next += own
        return found


def tells_sharing(name: WrittenFormat, requests: Requests) -> bool:
    """Whether a format says what these requests share."""
    if not requests.stream_tokens.any():
        return True
    return _are_groups(requests) if name == "csv" else _FORMS[name].block is not None


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


def _further(requests: Requests) -> dict[str, _Column]:
    """The columns that are not what they are by default."""
    columns = {ASKED: requests.max_tokens, PRIORITY: requests.priority}
    default = {ASKED: requests.output_tokens, PRIORITY: 0}
    return {name: column for name, column in columns.items() if (column != default[name]).any()}


def _groups(requests: Requests) -> dict[str, _Column]:
    """Who begins alike, with which tokens; nothing where nobody does, or streams have parents."""
    shared = requests.stream_tokens
    if not shared.any() or not _are_groups(requests):
        return {}
    return {GROUP: np.where(shared > 0, requests.stream.astype(str), ""), GROUP_TOKENS: shared}


def _are_groups(requests: Requests) -> bool:
    used = requests.stream[requests.stream_tokens > 0]
    return bool((requests.streams.parent[used] == NO_STREAM).all())


def _blocks(
    requests: Requests, further: Mapping[str, _Column]
) -> Iterator[Iterable[tuple[Any, ...]]]:
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
