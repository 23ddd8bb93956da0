"""A vLLM server's log, request by request.

The arrival is `arrival_time`, a wall clock. `queued_ts` and what follows are on a monotonic clock
that has nothing to do with it, and come later: the engine queues between two steps.
"""

from __future__ import annotations

from tui_batching.workload.traces.json_rows import json_lines_format
from tui_batching.workload.traces.numbers import seconds, some_tokens, tokens
from tui_batching.workload.traces.rows import Column

VLLM_LOG = json_lines_format(
    "vllm-log",
    "vLLM request log",
    Column("arrival_time", seconds),
    Column("input_toks", tokens),
    Column("output_toks", some_tokens),
)
