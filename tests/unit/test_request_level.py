"""Static and dynamic batching, worked out by hand; all times in milliseconds."""

from __future__ import annotations

import numpy as np
import pytest
from workloads_for_laws import workload_of

from tui_batching.analysis.breakdown import breakdown
from tui_batching.analysis.state_intervals import state_intervals
from tui_batching.clock import HORIZON, MILLISECOND, SECOND
from tui_batching.cost import AffineCost, LinearCost
from tui_batching.errors import InputError
from tui_batching.sim import request_level
from tui_batching.sim.life import State
from tui_batching.sim.moment import Moment
from tui_batching.sim.run import Run
from tui_batching.sim.simulate import simulate
from tui_batching.sim.spans import SpanKind
from tui_batching.strategies import Dynamic, Static, Strategy

HUGE = 10**6 * SECOND


def ms(column: np.ndarray) -> list[int]:
    assert not (column % MILLISECOND).any()
    return (column // MILLISECOND).tolist()


def serve(strategy: Strategy, *rows: tuple[int, int, int]) -> Run:
    """Serve `(arrival in ms, input tokens, output tokens)` at the default cost.

    It is 1 ms for a prompt token, 20 ms for a decode step, 2 ms more for each further request.
    """
    return simulate(workload_of([(at * MILLISECOND, i, o) for at, i, o in rows]), strategy)


def test_static_waits_for_the_last_member_and_runs_to_the_longest() -> None:
    run = serve(Static(2), (10, 30, 2), (50, 40, 5))
    assert ms(run.start_time) == [50, 50]
    # Together they prefill for the longest prompt, 40 ms; a step costs 22 ms to the end.
    assert ms(run.first_token_time) == [112, 112]
    assert ms(run.finish_time) == [90 + 2 * 22, 90 + 5 * 22]
    assert ms(run.end_time) == [200, 200]
    assert run.stays.slot.tolist() == [0, 1]


def test_prompts_whose_times_add_up_are_read_together() -> None:
    """A batch of three: nobody is stalled by the others' prompts, for all are in one prefill."""
    cost = AffineCost(decode_base=10, prefill_per_token=1)
    run = simulate(workload_of([(0, 30, 2), (0, 40, 1), (0, 20, 3)], cost), Static(3))
    told = [
        [(interval.state.word, interval.start, interval.end) for interval in intervals]
        for intervals in state_intervals(run, np.arange(3))
    ]
    assert told == [
        [("prefill", 0, 90), ("decode", 90, 110), ("held", 110, 120)],
        [("prefill", 0, 90), ("decode", 90, 100), ("held", 100, 120)],
        [("prefill", 0, 90), ("decode", 90, 120)],
    ]
    for now in (0, 89):
        assert Moment(run, now).states(np.arange(3)) == [State.PREFILL] * 3
        assert breakdown(run, until=now).prefill.tolist() == [now] * 3


def test_statics_last_batch_may_be_smaller_and_is_billed_so() -> None:
    run = serve(Static(2), (0, 0, 1), (0, 0, 1), (5, 0, 1))
    assert ms(run.start_time) == [0, 0, 22]
    assert ms(run.end_time) == [22, 22, 42]
    assert run.stays.slot.tolist() == [0, 1, 0]
    assert run.spans.billed.tolist() == [2, 1]


def test_statics_spans_tell_idle_forming_prefill_and_decode() -> None:
    run = serve(Static(2), (10, 30, 2), (50, 40, 5), (300, 1, 1))
    spans = run.spans
    assert [SpanKind(kind).name for kind in spans.kind.tolist()] == [
        *("IDLE", "FORMING", "PREFILL", "DECODE"),
        *("IDLE", "PREFILL", "DECODE"),
    ]
    assert ms(spans.start) == [0, 10, 50, 90, 200, 300, 301]
    assert spans.steps.tolist() == [1, 1, 1, 5, 1, 1, 1]
    assert spans.billed.tolist() == [0, 0, 2, 2, 0, 1, 1]


def test_naive_static_runs_every_batch_to_the_longest_answer_of_all() -> None:
    run = serve(Static(2, "workload"), (0, 10, 1), (0, 5, 3), (0, 10, 2), (0, 10, 9))
    # Nine steps of 22 ms, although nobody in the first batch asks for more than three.
    assert ms(run.end_time) == [208, 208, 416, 416]
    assert ms(run.finish_time) == [32, 76, 262, 416]
    assert run.spans.steps.tolist() == [1, 9, 1, 9]


def test_growing_steps_are_billed_for_finished_members_too() -> None:
    """Each of the two holds a token more in every step, finished or not: steps of 19, 21, 23."""
    cost = AffineCost(
        decode_base=10, decode_per_context_token=1, prefill_base=5, prefill_per_token=2
    )
    run = simulate(workload_of([(0, 3, 1), (0, 6, 3)], cost), Static(2))
    assert run.start_time.tolist() == [0, 0]
    assert run.first_token_time.tolist() == [5 + 18 + 19] * 2
    assert (run.finish_time.tolist(), run.end_time.tolist()) == ([42, 42 + 21 + 23], [86, 86])
    assert run.spans.step_growth.tolist() == [0, 2]


def test_a_batch_larger_than_the_workload_holds_everybody() -> None:
    for strategy in (Static(100), Dynamic(100, HUGE)):
        run = serve(strategy, (0, 0, 1), (70, 0, 1))
        assert ms(run.start_time) == [70, 70]
        assert run.spans.billed.max() == 2


def test_dynamic_starts_when_full() -> None:
    run = serve(Dynamic(2, 100 * MILLISECOND), (0, 0, 1), (60, 0, 1), (70, 0, 1))
    assert ms(run.start_time)[:2] == [60, 60]


def test_dynamic_starts_when_the_timeout_passes() -> None:
    run = serve(Dynamic(2, 100 * MILLISECOND), (0, 0, 1), (101, 0, 1))
    assert ms(run.start_time) == [100, 120]
    assert run.stays.slot.tolist() == [0, 0]


def test_who_arrives_exactly_at_the_deadline_joins() -> None:
    run = serve(Dynamic(3, 100 * MILLISECOND), (0, 0, 1), (100, 0, 1), (500, 0, 1))
    assert ms(run.start_time)[:2] == [100, 100]


def test_who_arrived_while_the_server_was_busy_is_already_there() -> None:
    run = serve(Dynamic(2, 100 * MILLISECOND), (0, 0, 10), (0, 0, 1), (5, 0, 1), (6, 0, 1))
    assert ms(run.start_time) == [0, 0, 220, 220]


@pytest.mark.parametrize(
    ("timeout_from", "starts"), [("server_free", [100, 400, 400]), ("arrival", [100, 300, 400])]
)
def test_where_the_timeout_counts_from(timeout_from: str, starts: list[int]) -> None:
    """The first runs from 100 to 300; meanwhile, at 150, the second arrives.

    Counted from when the server is free the second waits until 400, and there the third joins it.
    Counted from its arrival its timeout has passed at 250, so it starts once the server is free.
    """
    strategy = Dynamic(2, 100 * MILLISECOND, timeout_from)  # type: ignore[arg-type]
    run = serve(strategy, (0, 0, 10), (150, 0, 2), (400, 0, 1))
    assert ms(run.start_time) == starts


@pytest.mark.parametrize(("timeout_from", "start"), [("server_free", 550), ("arrival", 440)])
def test_who_comes_after_the_oldest_ones_timeout_is_too_late(timeout_from: str, start: int) -> None:
    """The first two run until 440; the third waits from 150 on, the fourth comes at 550."""
    strategy = Dynamic(2, 150 * MILLISECOND, timeout_from)  # type: ignore[arg-type]
    run = serve(strategy, (0, 0, 20), (0, 0, 20), (150, 0, 2), (550, 0, 1), (550, 0, 1))
    assert ms(run.start_time)[2] == start


@pytest.mark.parametrize("timeout_from", ["server_free", "arrival"])
def test_nobody_waits_for_requests_that_will_never_come(timeout_from: str) -> None:
    run = serve(Dynamic(4, HUGE, timeout_from), (0, 0, 1), (30, 0, 1))  # type: ignore[arg-type]
    assert ms(run.start_time) == [30, 30]


def test_without_a_timeout_dynamic_takes_whoever_is_there() -> None:
    run = serve(Dynamic(4, 0), (0, 0, 2), (10, 0, 1), (40, 0, 1), (41, 0, 1))
    assert ms(run.start_time) == [0, 40, 40, 62]


@pytest.mark.parametrize("shortest", [1, 10**9])
def test_stretches_and_single_batches_agree(shortest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether full batches are found by the stretch or one by one makes no difference."""
    rows = [(k * 7 + (k // 40 % 2) * 5000 * (k % 3), k % 5, 1 + k % 4) for k in range(400)]
    expected = serve(Dynamic(3, 15 * MILLISECOND), *rows)
    monkeypatch.setattr(request_level._FullStretches, "WORTH_IT", shortest)
    run = serve(Dynamic(3, 15 * MILLISECOND), *rows)
    assert run.start_time.tolist() == expected.start_time.tolist()
    assert run.stays.slot.tolist() == expected.stays.slot.tolist()


@pytest.mark.parametrize("strategy", [Static(2), Dynamic(2), Dynamic(2, HORIZON, "arrival")])
@pytest.mark.parametrize(
    ("rows", "cost"),
    [
        ([(HORIZON - 5, 0, 1)], LinearCost()),
        ([(0, 0, 2)], LinearCost(decode_step=HORIZON)),
        ([(0, 0, 1)] * 5, LinearCost(decode_step=HORIZON)),
        ([(0, 0, 1)] * 2, LinearCost(0, 5, HORIZON)),
        ([(0, 0, 2**31 - 1)] * 3, LinearCost(decode_step=3600 * SECOND)),
        ([(0, 2**31 - 1, 1)] * 9, LinearCost(prefill_per_token=HORIZON // 2**31)),
        ([(0, 2**31 - 1, 1)], LinearCost(prefill_per_token=HORIZON)),
        ([(0, 0, 2**31 - 1)] * 4000, LinearCost(0, 2 * MILLISECOND, 0)),
        ([(0, 2**31 - 1, 1)] * 9, AffineCost(1, 0, HORIZON)),
        ([(0, 0, 2**31 - 1)], AffineCost(1, 0, 5)),
        ([(0, 2**31 - 1, 1)] * 2, AffineCost(1, prefill_per_token=HORIZON // 2**31)),
        ([(0, 2**31 - 1, 1)] * 5, AffineCost(1, prefill_per_token_squared=2)),
        ([(0, 0, 1)] * 96, LinearCost(0, 2**60, 0)),  # in all 3 * 2**64, which wraps around to 0
        ([(0, 2**29 - 1, 1)] * 96, AffineCost(2**59 + 2, 0, 2**29 + 1)),  # and so are these
        ([(0, 0, 2)] * 96, AffineCost(1, 0, 2**59 - 1)),
        ([(0, 2**30, 1)] * 2, AffineCost(1, 0, 2**33)),  # one step of 2**64 and 1
        ([(0, 2**31 - 1, 1)] * 2, AffineCost(1, 2**61, 2**31)),
        ([(0, 0, 1)] * 94 + [(HORIZON - 5, 0, 1)] * 2, LinearCost(0, 10, 0)),
        ([(0, 0, 3)] * 4, AffineCost(1, 0, 2**60)),
        ([(0, 1, 1)] * 8, LinearCost(HORIZON // 3, 1, 0)),
        ([(0, 1, 1)] * 31, LinearCost(63, 2**59 - 1024, 1087)),  # floats lose what is too much
    ],
)
def test_beyond_the_clock_is_an_error_and_no_wrapped_time(
    strategy: Strategy, rows: list[tuple[int, int, int]], cost: LinearCost
) -> None:
    with pytest.raises(InputError, match="106 days"):
        simulate(workload_of(rows, cost), strategy)


@pytest.mark.parametrize("strategy", [Static(1), Dynamic(1), Dynamic(1, 0, "arrival")])
def test_the_clocks_last_instant_is_still_there(strategy: Strategy) -> None:
    rows = [(HORIZON - 10 * k, 0, 1) for k in (3, 2, 1)]
    run = simulate(workload_of(rows, LinearCost(0, 10, 0)), strategy)
    assert run.end_time.tolist() == [HORIZON - 20, HORIZON - 10, HORIZON]


@pytest.mark.parametrize("strategy", [Static(2), Dynamic(2)])
def test_a_joint_prefill_that_just_ends_in_time_is_fine(strategy: Strategy) -> None:
    """Alone the two prompts would take longer than the clock: they share a large base."""
    cost = AffineCost(1, prefill_base=HORIZON - 2, prefill_per_token=1)
    run = simulate(workload_of([(0, 0, 1), (0, 1, 1)], cost), strategy)
    assert run.end_time.tolist() == [HORIZON, HORIZON]


@pytest.mark.parametrize("strategy", [Static(2), Dynamic(2)])
def test_much_work_over_a_long_time_is_fine_while_it_ends_in_time(strategy: Strategy) -> None:
    """90 days of arrivals and 60 of work, side by side."""
    day = 24 * 3600 * SECOND
    rows = [(k * day, 0, 2) for k in range(90)]
    run = simulate(workload_of(rows, LinearCost(0, day * 2 // 3, 0)), strategy)
    assert run.finished < 92 * day
