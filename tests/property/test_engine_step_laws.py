"""Stepping through the Runs of engines: forward visits every iteration, and back returns."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from test_engine_laws import Case, cases
from test_vllm_laws import Case as VllmCase
from test_vllm_laws import cases as vllm_cases
from test_vllm_laws import endless

from tui_batching.sim.run import Run


def edges(run: Run) -> list[int]:
    """Where iterations end, one by one."""
    spans, found = run.spans, [0]
    columns = (spans.steps, spans.step_time, spans.step_growth)
    for steps, time, growth in zip(*(column.tolist() for column in columns), strict=True):
        for step in range(steps):
            found.append(found[-1] + time + step * growth)
    return found


def holds(run: Run) -> None:
    visited = [0]
    while (following := run.at(visited[-1]).next_boundary) is not None:
        visited.append(following)
    assert visited == edges(run)
    back, rows = [visited[-1]], np.arange(len(run))
    while (before := run.at(back[-1]).previous_boundary) is not None:
        back.append(before)
    assert back == visited[::-1]
    for time in visited[:: max(1, len(visited) // 5)]:
        here = run.at(time)
        there = run.at(here.next_boundary or time)
        returned = there.previous_boundary if here.next_boundary else time
        assert returned == time
        again = run.at(time)
        assert again.states(rows) == here.states(rows)
        assert again.tokens_made(rows).tolist() == here.tokens_made(rows).tolist()


@settings(max_examples=40)
@given(cases())
def test_of_any_engine(case: Case) -> None:
    holds(case.run())


@settings(max_examples=40)
@given(vllm_cases())
def test_of_vllm(case: VllmCase) -> None:
    if not endless(case):
        holds(case.run())
