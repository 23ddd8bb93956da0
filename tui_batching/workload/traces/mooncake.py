"""Mooncake traces: times in milliseconds; `hash_ids` (shared prefixes) are not looked at."""

from __future__ import annotations

from tui_batching.workload.traces.json_rows import json_lines_format
from tui_batching.workload.traces.numbers import milliseconds, some_tokens, tokens
from tui_batching.workload.traces.rows import Column

MOONCAKE = json_lines_format(
    "mooncake",
    "Mooncake JSON lines",
    Column("timestamp", milliseconds),
    Column("input_length", tokens),
    Column("output_length", some_tokens),
)
