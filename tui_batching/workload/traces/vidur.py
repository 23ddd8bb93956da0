"""The traces that the simulator Vidur replays."""

from __future__ import annotations

from tui_batching.workload.traces.csv_rows import csv_format
from tui_batching.workload.traces.numbers import seconds, some_tokens, tokens
from tui_batching.workload.traces.rows import Column

VIDUR = csv_format(
    "vidur",
    "Vidur CSV",
    Column("arrived_at", seconds),
    Column("num_prefill_tokens", tokens),
    Column("num_decode_tokens", some_tokens),
)
