"""Two logs of real vLLM servers, replayed by the same rules with the servers' own settings.

What an iteration costs was fitted to the logs themselves (non-negative least squares of the
measured intervals on what the simulated iterations compute, ten rounds), so that these tests say
how far the rules and one formula go together, and not how well a prediction does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
from oracle import SHARED

from tui_batching.clock import MICROSECOND, NANOSECOND, SECOND
from tui_batching.columns import FloatArray, IntArray
from tui_batching.cost import IterationCost
from tui_batching.requests import Requests
from tui_batching.sim.run import Run
from tui_batching.strategies import Continuous, Vllm

LOGS = {
    "vllm-rtxpro6000-llama-3.1-8b": IterationCost(
        13_631 * MICROSECOND, 42_066 * NANOSECOND, 65 * NANOSECOND
    ),
    "vllm-rtx4090-llama-3.1-8b": IterationCost(
        22_288 * MICROSECOND, 60_623 * NANOSECOND, 42 * NANOSECOND
    ),
}


@dataclass(frozen=True, eq=False)
class Log:
    """What a server measured, in picoseconds, and its settings."""

    requests: Requests
    first_token: IntArray
    finish: IntArray
    settings: dict[str, Any]


@cache
def read(name: str) -> Log:
    folder = SHARED / "serving-logs" / name
    if not folder.is_dir():
        pytest.skip("the logs (../shared/serving-logs) are not beside this checkout")
    rows = [json.loads(line) for line in (folder / "requests.jsonl").read_text().splitlines()]
    rows.sort(key=lambda row: row["queued_ts"])
    queued, first, last = (
        np.array([round((row[key] - rows[0]["queued_ts"]) * SECOND) for row in rows])
        for key in ("queued_ts", "first_token_ts", "last_token_ts")
    )
    lengths = ([row[key] for row in rows] for key in ("input_toks", "output_toks"))
    meta = json.loads((folder / "meta.json").read_text())
    memory = meta.get("kv_cache", {}).get("num_kv_tokens")
    kept = ("max_num_seqs", "max_num_batched_tokens", "max_model_len")
    settings = {key: meta["engine_kwargs"][key] for key in kept} | {"kv_cache_tokens": memory}
    return Log(Requests.from_columns(queued, *lengths), first, last, settings)


def errors(log: Log, run: Run) -> list[float]:
    """How far the means of TTFT, TPOT and E2EL are off, as shares."""

    def times(first: IntArray, finish: IntArray) -> tuple[FloatArray, ...]:
        arrival, gaps = log.requests.arrival_time, log.requests.output_tokens - 1
        long = gaps > 0
        per_token = (finish - first)[long] / gaps[long]
        return first - arrival, per_token, finish - arrival

    pairs = zip(
        times(run.first_token_time, run.finish_time),
        times(log.first_token, log.finish),
        strict=True,
    )
    return [float(ours.mean() / measured.mean() - 1) for ours, measured in pairs]


@pytest.mark.parametrize("name", LOGS)
def test_the_rules_of_vllm_come_within_three_percent_of_the_server(name: str) -> None:
    log = read(name)
    vllm = Vllm(**log.settings)
    run = vllm.serve(log.requests, LOGS[name])
    assert max(map(abs, errors(log, run))) < 0.03
    assert bool(run.evictions.any()) is (log.settings["kv_cache_tokens"] is not None)


def test_who_came_back_after_an_eviction_found_its_own_blocks() -> None:
    """The prices were fitted without: with the cache that the server had, all is a bit sooner."""
    log = read("vllm-rtx4090-llama-3.1-8b")
    cost = LOGS["vllm-rtx4090-llama-3.1-8b"]
    run = Vllm(**log.settings).serve(log.requests, cost)
    without = Vllm(**log.settings, enable_prefix_caching=False).serve(log.requests, cost)
    assert run.evictions.sum() > 100
    assert run.stays.cached.sum() > 50_000
    ours, theirs = errors(log, run), errors(log, without)
    assert max(map(abs, theirs)) < 0.01
    assert all(-0.03 < a < b for a, b in zip(ours, theirs, strict=True))


def test_without_memory_and_chunks_the_first_tokens_come_far_too_soon() -> None:
    """On a server whose memory is full, the textbook is wrong by nearly all of it."""
    log = read("vllm-rtx4090-llama-3.1-8b")
    run = Continuous(log.settings["max_num_seqs"]).serve(
        log.requests, LOGS["vllm-rtx4090-llama-3.1-8b"]
    )
    assert errors(log, run)[0] < -0.9
