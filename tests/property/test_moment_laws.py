"""What a Run answers for an instant, against counting everything one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import Iteration, Served, serve
from workloads_for_laws import cases, workload_of

from tui_batching.cost import LinearCost
from tui_batching.sim.life import State
from tui_batching.sim.moment import Moment, Phase
from tui_batching.sim.run import Run
from tui_batching.sim.simulate import simulate
from tui_batching.sim.spans import SpanKind
from tui_batching.strategies import Continuous, Strategy
from tui_batching.workload.model import Workload


@dataclass
class Case:
    """A Run, and the same history told by the slow simulator."""

    run: Run
    served: list[Served]
    iterations: list[Iteration]

    @property
    def boundaries(self) -> list[int]:
        return [0, *(one.end for one in self.iterations)]

    @property
    def instants(self) -> list[int]:
        """Every boundary and arrival, and the instants around it."""
        arrivals = {one.arrival for one in self.served}
        nearby = {0, *self.boundaries, *arrivals}
        return sorted({t + d for t in nearby for d in (-1, 0, 1) if t + d >= 0})


@st.composite
def histories(draw: st.DrawFn) -> Case:
    workload, strategy = draw(cases(most=9))
    return case_of(workload, strategy)


def case_of(workload: Workload, strategy: Strategy) -> Case:
    served, iterations = serve(workload.requests, workload.cost, strategy)
    return Case(simulate(workload, strategy), served, iterations)


def under_way(case: Case, time: int) -> Iteration | None:
    return next((one for one in case.iterations if one.start <= time < one.end), None)


def assert_right(case: Case, time: int) -> None:
    """Every answer for this instant, counted by hand."""
    moment, served = case.run.at(time), case.served
    iteration = under_way(case, time)
    kind = iteration.kind if iteration else "idle"
    assert moment.over == (time >= max(one.end for one in served))
    assert moment.iteration == sum(
        one.kind == "decode" and one.end <= time for one in case.iterations
    )
    assert moment.arrived == sum(one.arrival <= time for one in served)
    assert moment.done == sum(one.end <= time for one in served)
    waiting = [one.row for one in served if one.arrival <= time < one.start]
    assert list(moment.waiting) == waiting
    assert list(moment.joined) == (waiting if kind == "forming" else [])
    assert_phase_right(case, moment, iteration)
    assert_slots_right(case, moment, kind)
    assert moment.next_boundary == (iteration.end if iteration else None)
    assert moment.previous_boundary == max((b for b in case.boundaries if b < time), default=None)


def assert_phase_right(case: Case, moment: Moment, iteration: Iteration | None) -> None:
    phase, time = moment.phase, moment.time
    if iteration is None:
        assert phase == Phase(
            SpanKind.IDLE, start=time, end=time, step=0, steps=1,
            step_start=time, step_time=0, billed=0,
        )  # fmt: skip
        return
    assert phase.kind.name.lower() == iteration.kind
    assert phase.billed == iteration.billed
    assert phase.step_start == iteration.start
    assert phase.step_time == iteration.end - iteration.start
    same = [one for one in case.iterations if phase.start <= one.start < phase.end]
    assert (phase.start, phase.end) == (same[0].start, same[-1].end)
    assert {(one.kind, one.billed) for one in same} == {(iteration.kind, iteration.billed)}
    assert (len(same), same.index(iteration)) == (phase.steps, phase.step)
    assert 0 <= phase.step < phase.steps


def assert_slots_right(case: Case, moment: Moment, kind: str) -> None:
    time, served = moment.time, case.served
    expected = [-1] * (1 + max(one.slot for one in served))
    for one in served:
        if one.start <= time < one.end:
            expected[one.slot] = one.row
    assert moment.occupants.tolist() == expected
    rows = np.array([row for row in expected if row >= 0], np.int64)
    states = moment.states(rows)
    assert states == [expected_state(case, served[row], time, kind) for row in rows]
    started = np.array([one.row for one in served if one.start <= time], np.int64)
    assert moment.tokens_made(started).tolist() == [
        sum(token <= time for token in served[row].token_times) for row in started
    ]


def is_batch(case: Case) -> bool:
    """Whether prompts are read batch by batch."""
    return not case.run.strategy.about.iteration_level


def expected_state(case: Case, one: Served, time: int, kind: str) -> State:
    if time >= one.finish:
        return State.HELD
    cost, served = case.run.cost, case.served
    together = [each for each in served if each.start == one.start] if is_batch(case) else [one]
    alone = cost.prefill_times(np.array([each.input_tokens for each in together]))
    own = int(cost.prefill_times(np.array([one.input_tokens]))[0])
    # Where prompts together take longer than the longest, all of them are read until the end.
    lasts = own if isinstance(cost, LinearCost) else cost.joint_prefill(alone.tolist())
    if own and time < one.start + lasts:
        return State.PREFILL
    return State.STALLED if kind == "prefill" else State.DECODE


@given(histories())
def test_every_answer_is_right_around_every_boundary_and_arrival(case: Case) -> None:
    for time in case.instants:
        assert_right(case, time)


@given(histories(), st.data())
def test_every_answer_is_right_at_any_instant(case: Case, data: st.DataObject) -> None:
    last = case.run.finished
    for time in data.draw(st.lists(st.integers(0, 2 * last), min_size=1, max_size=5)):
        assert_right(case, time)


@given(histories())
def test_steps_visit_every_boundary_and_go_back_to_the_same_ones(case: Case) -> None:
    visited, time = [0], 0
    while (following := case.run.at(time).next_boundary) is not None:
        time = following
        visited.append(time)
    assert visited == case.boundaries
    back = [time]
    while (previous := case.run.at(time).previous_boundary) is not None:
        time = previous
        back.append(time)
    assert back == visited[::-1]


@given(histories(), st.integers(0, 30), st.integers(0, 2**62))
def test_k_steps_forward_and_k_back_return_to_the_same_answers(
    case: Case, k: int, anywhere: int
) -> None:
    """From a boundary the way back is exact; from between two it ends on the one before."""
    run = case.run
    begin = anywhere % (run.finished + 1)
    time, walked = begin, 0
    while walked < k and (following := run.at(time).next_boundary) is not None:
        time, walked = following, walked + 1
    for _ in range(walked):
        previous = run.at(time).previous_boundary
        assert previous is not None
        time = previous
    expected = begin if walked == 0 else max(b for b in case.boundaries if b <= begin)
    assert time == expected
    assert_right(case, time)


@pytest.mark.parametrize("time", [0, 1, 10**18])
def test_before_the_first_arrival_and_long_after_the_end(time: int) -> None:
    case = case_of(workload_of([(5, 1, 2), (5, 0, 2)], LinearCost(1, 2, 1)), Continuous(2))
    moment = case.run.at(time)
    assert moment.phase.kind is SpanKind.IDLE
    assert moment.occupants.tolist() == [-1, -1]
    assert case.run.at(-1).phase.kind is SpanKind.IDLE
    assert moment.next_boundary == (5 if time < 5 else None)
    assert moment.previous_boundary == {0: None, 1: 0, 10**18: case.run.finished}[time]
