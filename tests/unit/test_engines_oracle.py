"""Real engines against recorded decisions, iteration by iteration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from engine_steps import iterations
from oracle import recorded_engine

from tui_batching.cost import IterationCost
from tui_batching.errors import InputError
from tui_batching.requests import Requests
from tui_batching.sim.engines.serving import run_engine
from tui_batching.sim.run import Run
from tui_batching.strategies import (
    Continuous,
    FastGen,
    Orca,
    SgLang,
    TensorRtLlm,
    Tgi,
    VllmV0,
)
from tui_batching.strategies.engine import EngineStrategy

Settings = dict[str, Any]


def tensorrt(told: Settings, **more: Any) -> TensorRtLlm:
    return TensorRtLlm(told["slots"], told["budget"], kv_cache_tokens=told["pool"], **more)


ENGINES: dict[str, Callable[[Settings], EngineStrategy]] = {
    "orca": lambda told: Orca(told["slots"], told["pool"]),
    "tgi": lambda told: Tgi(told["pool"] + told["block"], told["budget"]),
    "tgi-v3": lambda told: Tgi(
        told["pool"] + told["block"],
        told["budget"],
        prefill_chunking=True,
        block_size=told["block"],
    ),
    "trt-static": lambda told: tensorrt(told, capacity_scheduler_policy="static_batch"),
    "trtllm": tensorrt,
    "trtllm-chunked": lambda told: tensorrt(told, enable_chunked_prefill=True),
    "trtllm-max": lambda told: tensorrt(told, capacity_scheduler_policy="max_utilization"),
    "fastgen": lambda told: FastGen(told["budget"], told["slots"], kv_cache_tokens=told["pool"]),
    "sglang": lambda told: SgLang(told["slots"], told["budget"], kv_cache_tokens=told["pool"]),
    "vllm-v0": lambda told: VllmV0(told["slots"], told["budget"], kv_cache_tokens=told["pool"]),
}
WORKLOADS = [(engine, name) for engine in ENGINES for name in recorded_engine(engine)]


def requests_of(recorded: dict[str, Any]) -> Requests:
    columns = np.array(recorded["requests_in"]).T
    number, arrival, prompt, output, limit = columns[:, np.lexsort((columns[0], columns[1]))]
    return Requests.from_columns(arrival, prompt, output, number, max_tokens=limit)


def cost_of(recorded: dict[str, Any]) -> IterationCost:
    return IterationCost(**{name.removesuffix("_ps"): v for name, v in recorded["cost"].items()})


def served(engine: str, recorded: dict[str, Any], *, jumps: bool) -> Run:
    strategy, cost = ENGINES[engine](recorded["settings"]), cost_of(recorded)
    return run_engine(requests_of(recorded), cost, strategy, strategy.parts(cost), jumps=jumps)


def results_of(run: Run) -> list[list[int]]:
    columns = run.requests.id, run.first_token_time, run.finish_time, run.evictions
    return sorted(list(row) for row in zip(*(c.tolist() for c in columns), strict=True))


@pytest.mark.parametrize("jumps", [True, False])
@pytest.mark.parametrize(("engine", "name"), WORKLOADS)
def test_every_iteration_is_that_of_the_engine(engine: str, name: str, jumps: bool) -> None:
    recorded = recorded_engine(engine)[name]
    if "refused" in recorded:
        number = recorded["refused"].split()[1]
        with pytest.raises(InputError, match=rf"request {number}: found .*, expected at most"):
            served(engine, recorded, jumps=jumps)
        return
    run = served(engine, recorded, jumps=jumps)
    found = iterations(run)
    assert len(found) == recorded["steps_total"]
    assert sum(tokens for one in found for _, tokens, _ in one.work) == recorded["tokens_processed"]
    assert results_of(run) == sorted(recorded["requests"])
    assert int(run.evictions.sum()) == recorded["evictions"]
    for one, told in zip(found, recorded.get("steps", ()), strict="steps" in recorded):
        begin, end, work, stalled, evicted, blocks = told
        assert (one.begin, one.end) == (begin, end)
        assert one.work == sorted(map(tuple, work))
        assert (one.stalled, one.evicted) == (sorted(stalled), sorted(evicted))
        assert one.blocks in {None, blocks}


@pytest.mark.parametrize("name", recorded_engine("continuous"))
def test_the_textbook_within_memory_is_what_was_recorded(name: str) -> None:
    recorded = recorded_engine("continuous")[name]
    told, cost, requests = recorded["settings"], cost_of(recorded), requests_of(recorded)
    run = Continuous(told["slots"], told["pool"]).serve(requests, cost)
    found = iterations(run)
    assert len(found) == recorded["steps_total"]
    assert results_of(run) == sorted(recorded["requests"])
    for one, step in zip(found, recorded.get("steps", ()), strict="steps" in recorded):
        begin, end, work, stalled, _, blocks = step
        assert (one.begin, one.end, one.work) == (begin, end, sorted(map(tuple, work)))
        assert one.stalled == sorted(stalled)
        assert one.blocks in {None, blocks}


@pytest.mark.parametrize("name", recorded_engine("continuous"))
def test_the_textbook_ignores_memory_that_it_is_not_given(name: str) -> None:
    recorded = recorded_engine("continuous")[name]
    cost, requests = cost_of(recorded), requests_of(recorded)
    free = Continuous(recorded["settings"]["slots"]).serve(requests, cost)
    ample = Continuous(recorded["settings"]["slots"], 10**9).serve(requests, cost)
    assert free.kv is None
    assert [one._replace(blocks=None) for one in iterations(ample)] == iterations(free)
