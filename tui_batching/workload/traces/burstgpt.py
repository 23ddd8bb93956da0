"""BurstGPT traces, with six columns or, later, eight; a failed request has no response token."""

from __future__ import annotations

from tui_batching.workload.traces.csv_rows import csv_format
from tui_batching.workload.traces.numbers import seconds, tokens
from tui_batching.workload.traces.rows import Column

BURSTGPT = csv_format(
    "burstgpt",
    "BurstGPT CSV",
    Column("Timestamp", seconds),
    Column("Request tokens", tokens),
    Column("Response tokens", tokens),
    failed="0 response tokens",
)
