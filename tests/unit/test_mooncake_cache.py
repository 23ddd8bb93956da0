"""The prefix cache on Mooncake's conversations, against a plain count of the trace's hashes."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from oracle import SHARED

from tui_batching.clock import SECOND
from tui_batching.requests import Requests
from tui_batching.sim.run import Run
from tui_batching.strategies import Vllm
from tui_batching.workload import load_profile, load_workload

TRACE = SHARED / "traces" / "mooncake_conversation_trace.jsonl"
HASHED = 512
"""Tokens that a hash stands for."""


@cache
def requests() -> Requests:
    if not TRACE.is_file():
        pytest.skip("the trace (../shared/traces) is not beside this checkout")
    return load_workload(str(TRACE)).requests


def serve(**settings: object) -> Run:
    """By 64 slots, in memory without an end."""
    cost = replace(load_profile("h100-llama-3-8b"), kv_cache_tokens=None)
    return Vllm(64, **settings).serve(requests(), cost)  # type: ignore[arg-type]


def found_by_counting() -> list[int]:
    """Of each prompt, in order of arrival, the first hashes that were there before."""
    known: set[int] = set()
    found = []
    for line in TRACE.read_text().splitlines():
        hashes = json.loads(line)["hash_ids"]
        new = [number for number, each in enumerate(hashes) if each not in known]
        found.append(new[0] if new else len(hashes))
        known.update(hashes)
    return found


def test_an_endless_cache_finds_what_a_plain_count_finds() -> None:
    run = serve(block_size=HASHED)
    counted = np.array(found_by_counting())
    hashes = -(-run.requests.input_tokens // HASHED)
    assert counted.sum() / hashes.sum() == pytest.approx(0.366, abs=5e-4)
    # What is not a whole block has no name, and the last token is always computed.
    most = (run.requests.input_tokens - 1) // HASHED
    found = np.zeros_like(most)
    found[run.stays.request] = run.stays.cached // HASHED
    assert np.array_equal(found, np.minimum(counted, most))


def test_smaller_blocks_find_a_little_more_and_first_tokens_come_sooner() -> None:
    run, without = serve(), serve(enable_prefix_caching=False)
    assert run.stays.cached.sum() / run.stays.known.sum() == pytest.approx(0.374, abs=5e-4)
    late = [
        np.percentile(each.first_token_time - each.requests.arrival_time, 99) / SECOND
        for each in (without, run)
    ]
    # Too much for one accelerator all the same.
    assert late == pytest.approx([4960, 2979], abs=1)
