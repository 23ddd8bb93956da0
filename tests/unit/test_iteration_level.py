"""Continuous batching, worked out by hand; all times in milliseconds."""

from __future__ import annotations

import numpy as np
import pytest
from workloads_for_laws import workload_of

from tui_batching.analysis.tokens import token_gaps
from tui_batching.clock import HORIZON, MILLISECOND, SECOND
from tui_batching.cost import AffineCost, Cost, LinearCost
from tui_batching.errors import InputError
from tui_batching.sim import iteration_level, work
from tui_batching.sim.run import Run
from tui_batching.sim.simulate import simulate
from tui_batching.sim.spans import SpanKind
from tui_batching.strategies import Continuous


def ms(column: np.ndarray) -> list[int]:
    assert not (column % MILLISECOND).any()
    return (column // MILLISECOND).tolist()


def serve(batch_size: int, *rows: tuple[int, int, int]) -> Run:
    """Serve `(arrival in ms, input tokens, output tokens)` at the default cost.

    It is 1 ms for a prompt token, 20 ms for a decode step, 2 ms more for each further request.
    """
    workload = workload_of([(at * MILLISECOND, i, o) for at, i, o in rows])
    return simulate(workload, Continuous(batch_size))


def test_a_request_alone() -> None:
    run = serve(4, (10, 30, 3))
    assert (ms(run.start_time), ms(run.first_token_time)) == ([10], [60])
    assert ms(run.finish_time) == ms(run.end_time) == [100]
    spans = run.spans
    assert spans.kind.tolist() == [SpanKind.IDLE, SpanKind.PREFILL, SpanKind.DECODE]
    assert ms(spans.start) == [0, 10, 40]
    assert spans.steps.tolist() == [1, 1, 3]
    assert spans.billed.tolist() == [0, 1, 1]


def test_a_newcomer_joins_at_the_next_boundary_and_stalls_the_others() -> None:
    run = serve(2, (0, 0, 3), (5, 7, 1))
    # Step 1 ends at 20; the prefill takes 7; step 2 is billed for two and ends at 49.
    assert ms(run.start_time) == [0, 20]
    assert ms(run.first_token_time) == [20, 49]
    assert ms(run.finish_time) == [69, 49]


@pytest.mark.parametrize(("arrival", "start"), [(19, 20), (20, 20), (21, 40)])
def test_an_arrival_exactly_on_a_boundary_is_admitted_there(arrival: int, start: int) -> None:
    run = serve(2, (0, 0, 3), (arrival, 0, 1))
    assert ms(run.start_time) == [0, start]


@pytest.mark.parametrize(("arrival", "start"), [(40, 40), (41, 41)])
def test_an_arrival_as_the_last_one_leaves(arrival: int, start: int) -> None:
    run = serve(2, (0, 0, 2), (arrival, 0, 1))
    assert ms(run.start_time) == [0, start]
    assert run.stays.slot.tolist() == [0, 0]
    assert (SpanKind.IDLE in run.spans.kind) == (arrival > 40)


def test_who_arrives_during_a_prefill_is_admitted_right_after_it() -> None:
    run = serve(4, (0, 10, 1), (10, 5, 1), (15, 0, 1), (16, 0, 1))
    assert ms(run.start_time) == [0, 10, 15, 39]
    assert ms(run.first_token_time) == [39, 39, 39, 59]
    assert run.spans.billed.tolist() == [1, 1, 3, 1]


def test_a_full_batch_admits_in_the_step_after_somebody_leaves() -> None:
    run = serve(2, (0, 0, 1), (0, 0, 3), (0, 0, 1))
    assert ms(run.start_time) == [0, 0, 22]
    assert ms(run.end_time) == [22, 64, 44]
    assert run.stays.slot.tolist() == [0, 1, 0]


def test_steps_grow_with_the_contexts_of_those_who_run() -> None:
    """A step takes 10, 2 for each request, and 1 for each token of their contexts."""
    cost = AffineCost(10, 2, 1, prefill_per_token=1)
    run = simulate(workload_of([(0, 5, 4), (30, 3, 2)], cost), Continuous(2))
    # R0 steps of 12 + 5 and 12 + 6 from 5 to 40; R1's prefill until 43; both together 14 + 7 + 3.
    assert run.start_time.tolist() == [0, 40]
    assert run.first_token_time.tolist() == [22, 67]
    assert run.finish_time.tolist() == [93, 93]
    assert run.spans.step_time.tolist() == [5, 17, 3, 24]
    assert run.spans.step_growth.tolist() == [0, 1, 0, 2]


@pytest.mark.parametrize(
    ("arrival", "start"),
    [(21, 22), (22, 22), (23, 40), (39, 40), (40, 40), (41, 59), (78, 79), (79, 79), (80, 80)],
)
def test_an_arrival_around_a_boundary_of_growing_steps(arrival: int, start: int) -> None:
    """Alone R0 is prefilled until 5 and makes tokens at 22, 40, 59 and 79."""
    cost = AffineCost(10, 2, 1, prefill_per_token=1)
    run = simulate(workload_of([(0, 5, 4), (arrival, 0, 1)], cost), Continuous(2))
    assert run.start_time.tolist() == [0, start]


def test_the_lowest_free_slot_is_taken() -> None:
    run = serve(3, (0, 0, 2), (0, 0, 1), (0, 0, 1), (100, 0, 1), (100, 0, 1))
    assert run.stays.slot.tolist() == [0, 1, 2, 0, 1]


def test_a_batch_size_beyond_the_workload_changes_nothing() -> None:
    rows = [(0, 3, 2), (1, 0, 5), (90, 4, 1)]
    assert serve(3, *rows).end_time.tolist() == serve(10**6, *rows).end_time.tolist()


@pytest.mark.parametrize(
    ("rows", "cost"),
    [
        ([(HORIZON - 5, 0, 1)], LinearCost()),
        ([(0, 0, 2)], LinearCost(decode_step=HORIZON)),
        ([(0, 0, 1)] * 9, LinearCost(decode_step=HORIZON)),
        ([(0, 0, 1)] * 2, LinearCost(0, 5, HORIZON)),
        ([(0, 0, 2**31 - 1)] * 3, LinearCost(decode_step=3600 * SECOND)),
        ([(0, 2**31 - 1, 1)] * 9, LinearCost(prefill_per_token=HORIZON // 2**31)),
        ([(0, 2**31 - 1, 1)], LinearCost(prefill_per_token=HORIZON)),
        ([(0, 0, 2**31 - 1)] * 5000, LinearCost(0, 2 * MILLISECOND, 0)),
        ([(0, 2**31 - 1, 1)] * 9, AffineCost(1, 0, HORIZON)),
        ([(0, 0, 2**31 - 1)], AffineCost(1, 0, 5)),
        ([(0, 2**31 - 1, 1)] * 5, AffineCost(1, prefill_per_token_squared=2)),
        ([(HORIZON, 0, 1)] + [(0, 0, 2**31 - 1)] * 3, LinearCost(decode_step=3600 * SECOND)),
    ],
)
def test_beyond_the_clock_is_an_error_and_no_wrapped_time(
    rows: list[tuple[int, int, int]], cost: LinearCost
) -> None:
    with pytest.raises(InputError, match="106 days"):
        simulate(workload_of(rows, cost), Continuous(2))


@pytest.mark.parametrize(
    ("cost", "lasts"),
    [(LinearCost(0, 10, 2), 3 * 12 + 10), (AffineCost(10, 2, 1), 14 + 16 + 18 + 15)],
)
def test_the_clocks_last_instant_is_still_there_and_the_next_one_is_not(
    cost: Cost, lasts: int
) -> None:
    """Two that decode together, and one that goes on alone after everybody has been admitted."""

    def served_from(arrival: int) -> Run:
        return simulate(workload_of([(arrival, 0, 3), (arrival, 0, 4)], cost), Continuous(2))

    assert served_from(HORIZON - lasts).finished == HORIZON
    with pytest.raises(InputError, match="106 days"):
        served_from(HORIZON - lasts + 1)


def test_too_many_steps_to_count_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The walk keeps step and slot in one number; with a million slots 2**43 steps are too many."""
    step_times = np.ones(10**6 + 1, np.int64)
    monkeypatch.setattr(work, "step_times_up_to", lambda most, cost: step_times)
    rows = [(k * 2**31, 0, 2**31 - 1) for k in range(4200)]
    with pytest.raises(InputError, match="4200 requests make more decode steps"):
        simulate(workload_of(rows, LinearCost(0, 1, 0)), Continuous(10**6))


def test_the_events_of_the_worked_example() -> None:
    """As the docstring of `_Events` tells them."""
    cost = LinearCost(0, 20 * MILLISECOND, 2 * MILLISECOND)
    rows = [(0, 0, 1), (0, 0, 3), (5 * MILLISECOND, 0, 2), (60 * MILLISECOND, 0, 1)]
    workload = workload_of(rows, cost)
    served = work.Work.of(workload.requests, cost, 2)
    admitted, slot = iteration_level._admit_all(workload.requests.arrival_time, served)
    assert (admitted.tolist(), slot.tolist()) == ([0, 0, 1, 3], [0, 1, 0, 0])
    events = iteration_level._Events.of(admitted, served)
    assert events.steps.tolist() == [0, 1, 0, 2, 0, 0, 1, 0]
    assert events.running.tolist() == [1, 2, 1, 2, 1, 0, 1, 0]
    assert ms(events.step_time) == [20, 22, 20, 22, 20, 0, 20, 0]
    assert ms(events.decoded) == [0, 0, 22, 22, 66, 66, 66, 86]
    assert events.finishes.tolist() == [0, 0, 1, 1, 2, 3, 3, 4]
    assert events.admission.tolist() == [0, 1, 3, 6]
    assert events.finish.tolist() == [2, 4, 5, 7]
    assert events.finisher.tolist() == [0, 1, 2, 3]


def test_the_walk_of_the_worked_example() -> None:
    """As the docstring of `_walk` tells it."""
    run = serve(2, (0, 0, 3), (5, 7, 1))
    assert (ms(run.start_time), run.stays.slot.tolist()) == ([0, 20], [0, 1])
    assert (ms(run.stays.ready_time), ms(run.finish_time)) == ([0, 27], [69, 49])


def test_the_gaps_of_the_worked_example() -> None:
    """As the docstring of `token_gaps` tells them."""
    run = serve(2, (0, 0, 1), (0, 0, 3), (5, 7, 1), (30, 2, 2))
    decoding = run.spans.decoding
    assert ms(run.spans.start[decoding]) == [0, 29, 53, 75]
    assert ms(run.spans.end[decoding]) == [22, 51, 75, 95]
    gaps = np.sort(np.repeat(*token_gaps(run).written_out()))
    assert ms(gaps) == [20, 24, 29]
