"""Plain CSV: the names of a workload file's own list of requests, times in seconds."""

from __future__ import annotations

from tui_batching.workload.traces.csv_rows import csv_format
from tui_batching.workload.traces.numbers import seconds, some_tokens, tokens
from tui_batching.workload.traces.rows import Column

PLAIN = csv_format(
    "csv",
    "plain CSV",
    Column("arrival_time", seconds),
    Column("input_tokens", tokens),
    Column("output_tokens", some_tokens),
)
