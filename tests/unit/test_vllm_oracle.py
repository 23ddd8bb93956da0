"""vLLM V1 against the decisions of its own scheduler, iteration by iteration."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from oracle import engine_workloads

from tui_batching.cost import IterationCost
from tui_batching.errors import InputError
from tui_batching.requests import Requests
from tui_batching.sim.run import Run
from tui_batching.sim.stays import Ended
from tui_batching.sim.vllm.serving import run_vllm
from tui_batching.strategies import Vllm
from tui_batching.streams import NO_STREAM, Streams

RECORDED = engine_workloads("vllm")
SERVED = [name for name, told in RECORDED.items() if all(row[3] for row in told["results"])]


class Iteration(NamedTuple):
    """One iteration.

    Attributes:
        begin: in picoseconds.
        end: likewise.
        tokens: of each request that takes part.
        evicted: who was preempted before it.
    """

    begin: int
    end: int
    tokens: dict[int, int]
    evicted: list[int]


def served(recorded: dict[str, Any], *, jumps: bool) -> Run:
    told = dict(recorded["settings"])
    cost = IterationCost(*(told.pop(f"cost_{name}") for name in ("base", "token", "context")))
    pool = told.pop("num_blocks") * told["block_size"]
    engine = Vllm(async_scheduling=recorded["async_scheduling"], kv_cache_tokens=pool, **told)
    arrival, prompt, output, priority, *shared = np.array(recorded["requests"]).T
    group, tokens = shared or (np.full_like(prompt, NO_STREAM), np.zeros_like(prompt))
    requests = Requests.from_columns(
        arrival,
        prompt,
        output,
        priority=priority,
        stream=group,
        stream_tokens=tokens,
        streams=Streams.roots(int(group.max()) + 1),
    )
    return run_vllm(requests, cost, engine, jumps=jumps)


def iterations(run: Run) -> list[Iteration]:
    """Every iteration of a Run, one by one."""
    stays, spans, found = run.stays, run.spans, []
    request = run.requests.id[stays.request]
    ready, until = stays.ready_time.tolist(), run.decoded_until.tolist()
    columns = (spans.start, spans.steps, spans.step_time, spans.step_growth)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for span, (begin, steps, time, growth) in enumerate(rows):
        chunks = np.flatnonzero(run.chunks.span == span)
        tokens = {
            int(request[run.chunks.stay[chunk]]): int(run.chunks.tokens[chunk]) for chunk in chunks
        }
        decode = [i for i in range(len(stays)) if ready[i] <= begin < until[i]]
        tokens |= {int(request[stay]): 1 for stay in decode}
        gone = np.flatnonzero((stays.ended == Ended.EVICTED) & (stays.end_time == begin))
        evicted = sorted(request[gone].tolist())
        for step in range(steps if tokens else 0):
            end = begin + time + step * growth
            found.append(Iteration(begin, end, tokens, [] if step else evicted))
            begin = end  # noqa: PLW2901 - the next step begins where this one ends
    return found


def recorded_iterations(recorded: dict[str, Any]) -> list[Iteration]:
    """Those recorded that compute something; who was preempted in an empty one counts later."""
    found, evicted = [], []
    for step in recorded["steps"]:
        begin, length, tokens, _, _, preempted = step[-10:-4]
        evicted += preempted
        if tokens:
            found.append(Iteration(begin, begin + length, dict(tokens), sorted(evicted)))
            evicted = []
    return found


@pytest.mark.parametrize("jumps", [True, False])
@pytest.mark.parametrize("name", SERVED)
def test_every_iteration_is_that_of_the_real_scheduler(name: str, jumps: bool) -> None:
    recorded = RECORDED[name]
    run = served(recorded, jumps=jumps)
    if "steps" in recorded:
        assert iterations(run) == recorded_iterations(recorded)
    columns = (
        run.start_time,
        run.first_token_time,
        run.finish_time,
        run.evictions,
        run.requests.output_tokens,
    )
    results = np.stack(columns, axis=1)[np.argsort(run.requests.id)]
    assert results.tolist() == [row[1:] for row in recorded["results"]]


@pytest.mark.parametrize("name", [name for name in SERVED if "steps" in RECORDED[name]])
def test_free_blocks_are_those_of_the_real_scheduler(name: str) -> None:
    """Of two batches in flight, who is done keeps blocks in the plan that was made before."""
    recorded = RECORDED[name]
    kept = free_blocks(recorded)
    stepwise, jumping = served(recorded, jumps=False), served(recorded, jumps=True)
    for run in (stepwise, jumping):
        assert run.kv
        busy = run.spans.billed > 0
        last = np.cumsum(run.spans.steps[busy]) - 1
        first = last - run.spans.steps[busy] + 1
        for rows, used in ((first, run.kv.at_start[busy]), (last, run.kv.at_end[busy])):
            known = [row for row in range(len(rows)) if kept[rows[row]] is not None]
            assert known
            free = (run.kv.blocks - used).tolist()
            assert [free[row] for row in known] == [kept[rows[row]] for row in known]


def free_blocks(recorded: dict[str, Any]) -> list[int | None]:
    """Free blocks in each iteration, without those that the engine only learns of later.

    Where they may be shared, it is not recorded how many of those are free then: None.
    """
    shared = len(recorded["requests"][0]) > 4
    block, length = recorded["settings"]["block_size"], recorded["settings"]["max_model_len"]
    held = [
        -(-(min(prompt + output, length) - 1) // block)
        for _, prompt, output, *_ in recorded["requests"]
    ]
    found: list[int | None] = []
    done: list[tuple[int, int]] = []
    for step in recorded["steps"]:
        begin, time, tokens, _, _, preempted, free = step[-10:-3]
        unknown = [request for request, end in done if end > step[0] and request not in preempted]
        if not recorded["async_scheduling"]:
            assert not unknown
        if tokens:
            theirs = sum(held[request] for request in unknown)
            found.append(None if shared and unknown else free + theirs)
            done = [(request, begin + time) for request in step[-1]]
    return found


@pytest.mark.parametrize("name", sorted(set(RECORDED) - set(SERVED)))
def test_what_can_never_finish_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"request \d: found \d+ tokens .* expected at most 112"):
        served(RECORDED[name], jumps=True)
