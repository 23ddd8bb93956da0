"""Workload files as text, to be read."""

from __future__ import annotations

from tui_batching.workload import parse_workload
from tui_batching.workload.generate import GeneratedRequests

ONE = "{arrival_time: 0, input_tokens: 1, output_tokens: 1}"
"""A request in a list."""
CHAT = """\
name: chat
description: >-
  Watch the queue.
  It grows.
requests:
  generate:
    count: 200
    seed: 7
    arrivals: {poisson: {mean_gap: 300ms}}
    input_tokens: {uniform: [20, 199]}
    output_tokens: {lognormal: {mean: 120, sigma: 0.8, max: 1000}}
cost: {linear: {prefill_per_token: 0.3us, decode_step: 0.02}}
strategies:
  continuous: {batch_size: 8}
  dynamic: {timeout: 250ms, timeout_from: arrival}
slo: {ttft: 2s, tpot: 40ms}
"""
"""A file with every part."""


def generated(**changes: str) -> str:
    """A file that draws its requests; of the recipe some keys are changed, or left out (empty)."""
    keys = {
        "count": "5",
        "arrivals": "{poisson: {rate: 3}}",
        "input_tokens": "{fixed: 5}",
        "output_tokens": "{fixed: 5}",
    } | changes
    lines = [f"    {key}: {value}" for key, value in keys.items() if value]
    return "requests:\n  generate:\n" + "\n".join(lines)


def recipe(**changes: str) -> GeneratedRequests:
    """The recipe of such a file, read."""
    source = parse_workload(generated(**changes), "w.yaml").source
    assert isinstance(source, GeneratedRequests)
    return source
