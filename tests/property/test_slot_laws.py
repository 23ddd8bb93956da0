"""The slots over iterations, and the use of memory, are those of the Moments: for any engine."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from test_engine_laws import Case, cases
from test_record_laws import Case as MadeUpCase
from test_record_laws import cases as made_up_cases
from test_vllm_laws import Case as VllmCase
from test_vllm_laws import cases as vllm_cases
from test_vllm_laws import endless

from tui_batching.analysis.kv_use import KvUse, recomputed_tokens
from tui_batching.analysis.slot_steps import SlotSteps
from tui_batching.sim.life import State
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind


def holds(run: Run) -> None:
    lane = SlotSteps.of(run)
    steps = np.arange(lane.count)
    occupants = lane.occupants(range(len(run.by_slot)), steps)
    states, making = lane.states(occupants, steps), lane.making(np.arange(lane.count + 1))
    time, step = 0, 0
    while (end := run.at(time).next_boundary) is not None:
        moment = run.at(time)
        if moment.phase.kind is not SpanKind.IDLE:
            there = occupants[:, step] >= 0
            rows = run.stays.request[occupants[there, step]]
            assert states[there, step].tolist() == moment.states(rows)
            assert set(moment.running.tolist()) <= set(rows.tolist())
            assert making[step] == moment.states(rows).count(State.DECODE)
            assert lane.at(time) == step
            step += 1
        time = end
    assert step == lane.count


@given(cases())
@settings(max_examples=60)
def test_of_engines(case: Case) -> None:
    run = case.run()
    holds(run)
    use = KvUse.of(run)
    assert use is not None
    assert 0 < use.mean <= use.peak <= 1
    prefilled = int(run.chunks.tokens.sum())
    assert recomputed_tokens(run) == prefilled - int(run.requests.input_tokens.sum())


@given(vllm_cases())
@settings(max_examples=60)
def test_of_vllm(case: VllmCase) -> None:
    if not endless(case):
        holds(case.run())


@given(made_up_cases())
@settings(max_examples=60)
def test_of_an_engine_that_is_made_up(case: MadeUpCase) -> None:
    holds(case.run)
