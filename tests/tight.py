"""A workload whose memory runs out, through engines that heed it, each in its own way."""

from __future__ import annotations

from functools import cache

from tui_batching.analysis.comparison import Comparison, compare
from tui_batching.workload import parse_workload

TEXT = """
name: tight
cost: {iteration: {base: 8ms, per_token: 50us, per_context_token: 100ns, kv_cache_tokens: 832}}
requests:
  - {arrival_time: 0, input_tokens: 100, output_tokens: 90}
  - {arrival_time: 0, input_tokens: 150, output_tokens: 140}
  - {arrival_time: 0.01, input_tokens: 200, output_tokens: 120}
  - {arrival_time: 0.1, input_tokens: 150, output_tokens: 110}
  - {arrival_time: 0.11, input_tokens: 260, output_tokens: 100}
  - {arrival_time: 0.2, input_tokens: 60, output_tokens: 100}
strategies:
  vllm: {max_num_batched_tokens: 256, max_num_seqs: 8}
  vllm-v0: {}
  sglang: {chunked_prefill_size: 256, schedule_conservativeness: 0.3}
  fastgen: {max_ragged_batch_size: 256, block_size: 16}
  tensorrt-llm: {capacity_scheduler_policy: max_utilization, tokens_per_block: 16}
  orca: {max_batch_size: 8}
  tgi: {}
  continuous: {}
"""


@cache
def tight() -> Comparison:
    """What comes of it."""
    return compare(parse_workload(TEXT, "tight.yaml"))
