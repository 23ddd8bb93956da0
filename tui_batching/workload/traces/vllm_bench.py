"""The result of `vllm bench serve --save-result --save-detailed`: the requests it has sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tui_batching.errors import InputError
from tui_batching.workload.traces.json_rows import decode_object, number_texts
from tui_batching.workload.traces.numbers import seconds, tokens
from tui_batching.workload.traces.rows import Column, Rows, TraceFormat, parse_rows
from tui_batching.workload.traces.text import TraceText

_COLUMNS = (
    Column("start_times", seconds),
    Column("input_lens", tokens),
    Column("output_lens", tokens),
)


def _read(text: TraceText) -> Iterator[Rows]:
    result = decode_object(text.document(), text.where)
    lists = [_list(result, column.name, text.where) for column in _COLUMNS]
    if len(set(map(len, lists))) != 1:
        told = ", ".join(
            f"{len(values)} {column.name}" for column, values in zip(_COLUMNS, lists, strict=True)
        )
        raise InputError(f"{text.where}: found {told}, expected as many of each")
    places = [f"{text.where}: request {row}" for row in range(len(lists[0]))]
    texts = [
        number_texts(column.name, values, places)
        for column, values in zip(_COLUMNS, lists, strict=True)
    ]
    yield parse_rows(_COLUMNS, texts, places.__getitem__)


def _list(result: dict[str, Any], name: str, where: str) -> list[Any]:
    values = result.get(name)
    if not isinstance(values, list):
        raise InputError(
            f"{where}: found no list {name}, expected a result saved with --save-detailed"
        )
    return values


VLLM_BENCH = TraceFormat(
    "vllm-bench",
    "vllm bench serve result",
    # Further up in the file than the lists.
    ("request_throughput", "total_input_tokens"),
    _read,
    failed="no output tokens",
)
