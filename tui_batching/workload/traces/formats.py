"""The formats of traces in one table, and which of them a file has.

A further format is one more entry: its name, whose it is, how its rows are laid out, and the
columns or keys for arrival, input and output tokens, each with the reading of its values.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tui_batching.errors import InputError, one_of
from tui_batching.printable import quoted
from tui_batching.workload.traces.layouts import (
    Block,
    Column,
    Rows,
    decode_object,
    number_texts,
    parse_block,
    read_csv,
    read_json_lines,
    rows_of,
)
from tui_batching.workload.traces.text import TraceText
from tui_batching.workload.traces.values import (
    instants,
    milliseconds,
    priorities,
    seconds,
    some_tokens,
    tokens,
)

ASKED = Column("max_tokens", some_tokens, optional=True)
"""What the client asked for, in whatever format; without it, the length of the answer."""

PRIORITY = Column("priority", priorities, optional=True)
"""The lower the sooner, in whatever format; without it, 0."""


@dataclass(frozen=True)
class TraceFormat:
    """A format of traces.

    Attributes:
        name: what `format:` calls it.
        title: whose format it is.
        layout: reads the columns of an open file.
        arrival, input, output: the columns or keys of a row's values.
        failed: what marks a failed request, where the format has them: they are not replayed.
        told_by: the columns or keys by which it is recognised, if not those of the values.
    """

    name: str
    title: str
    layout: Callable[[Sequence[Column], TraceText], Iterator[Block]]
    arrival: Column
    input: Column
    output: Column
    failed: str = ""
    told_by: tuple[str, ...] = ()

    @property
    def signature(self) -> tuple[str, ...]:
        """The columns or keys by which it is recognised."""
        return self.told_by or (self.arrival.name, self.input.name, self.output.name)

    def read(self, text: TraceText) -> Iterator[Rows]:
        """The rows of an open file.

        Raises:
            InputError: if one is not as expected.
        """
        columns = (self.arrival, self.input, self.output, ASKED, PRIORITY)
        return (rows_of(columns, block) for block in self.layout(columns, text))


def _read_bench_result(columns: Sequence[Column], text: TraceText) -> Iterator[Block]:
    """The requests that `vllm bench serve` has sent: one object with a list for each column."""
    result = decode_object(text.document(), text.where)
    there = [column for column in columns if not column.optional or column.name in result]
    lists = {column.name: detailed_list(result, column.name, text.where) for column in there}
    if len(set(map(len, lists.values()))) != 1:
        told = ", ".join(f"{len(values)} {name}" for name, values in lists.items())
        raise InputError(f"{text.where}: found {told}, expected as many of each")
    places = [f"{text.where}: request {row}" for row in range(len(lists[columns[0].name]))]
    texts = [
        number_texts(column, lists[column.name], places) if column in there else None
        for column in columns
    ]
    yield parse_block(columns, texts, places.__getitem__)


def detailed_list(result: dict[str, Any], name: str, where: str) -> list[Any]:
    """A list with an entry for each request, which only a detailed result has.

    Raises:
        InputError: if it is not there.
    """
    values = result.get(name)
    if not isinstance(values, list):
        raise InputError(
            f"{where}: found no list {name}, expected a result saved with --save-detailed"
        )
    return values


PLAIN = TraceFormat(  # the names of a workload file's own list of requests
    "csv",
    "plain CSV",
    read_csv,
    Column("arrival_time", seconds),
    Column("input_tokens", tokens),
    Column("output_tokens", some_tokens),
)

_TABLE = (
    PLAIN,
    TraceFormat(
        "azure",
        "Azure LLM inference CSV",
        read_csv,
        Column("TIMESTAMP", instants),
        Column("ContextTokens", tokens),
        Column("GeneratedTokens", some_tokens),
    ),
    TraceFormat(  # its `hash_ids` (shared prefixes) are not looked at
        "mooncake",
        "Mooncake JSON lines",
        read_json_lines,
        Column("timestamp", milliseconds),
        Column("input_length", tokens),
        Column("output_length", some_tokens),
    ),
    TraceFormat(  # with six columns or, later, eight
        "burstgpt",
        "BurstGPT CSV",
        read_csv,
        Column("Timestamp", seconds),
        Column("Request tokens", tokens),
        Column("Response tokens", tokens),
        failed="0 response tokens",
    ),
    TraceFormat(
        "vidur",
        "Vidur CSV",
        read_csv,
        Column("arrived_at", seconds),
        Column("num_prefill_tokens", tokens),
        Column("num_decode_tokens", some_tokens),
    ),
    TraceFormat(
        "vllm-bench",
        "vllm bench serve result",
        _read_bench_result,
        Column("start_times", seconds),
        Column("input_lens", tokens),
        Column("output_lens", tokens),
        failed="no output tokens",
        # Further up in the file than the lists.
        told_by=("request_throughput", "total_input_tokens"),
    ),
    # `arrival_time` is a wall clock. `queued_ts` and what follows are on a monotonic clock that has
    # nothing to do with it, and come later: the engine queues between two steps.
    TraceFormat(
        "vllm-log",
        "vLLM request log",
        read_json_lines,
        Column("arrival_time", seconds),
        Column("input_toks", tokens),
        Column("output_toks", some_tokens),
    ),
)

FORMATS: dict[str, TraceFormat] = {known.name: known for known in _TABLE}

_KEY = re.compile(r'"([A-Za-z_]{1,40})"\s*:')


def recognise(text: TraceText) -> TraceFormat:
    """The format of an open trace.

    Raises:
        InputError: if it is none that is known.
    """
    head = text.head.lstrip()
    if head.startswith("{"):
        names = set(_KEY.findall(head))
    else:
        # A broken first line has no names that are known.
        first = next(csv.reader(head.splitlines()[:1], skipinitialspace=True))
        names = {name.strip() for name in first}
    for known in FORMATS.values():
        if names.issuperset(known.signature):
            return known
    line = head.partition("\n")[0].rstrip("\r")
    raise InputError(
        f"{text.where}:1: found {quoted(line)}, expected the columns or keys of "
        f"{one_of(FORMATS)} (such as {','.join(PLAIN.signature)})"
    )
