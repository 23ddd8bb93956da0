"""How full the slots were: whole Runs, windows, and the notebook's samples."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from oracle import oracle

from tui_batching.analysis.utilization import SlotIntegrals, utilization
from tui_batching.clock import MILLISECOND, SECOND
from tui_batching.columns import IntArray
from tui_batching.cost import LinearCost
from tui_batching.sim.run import Run
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Continuous, Static, Strategy
from tui_batching.workload import ListedRequests, Requests, Workload, load_workload

MS = MILLISECOND
COST = LinearCost(1 * MS, 10 * MS, 2 * MS)


def run_of(strategy: Strategy, *rows: tuple[int, int, int]) -> Run:
    arrival, prompt, answer = np.array(rows).T
    requests = Requests.from_columns(arrival * MS, prompt, answer)
    return simulate(Workload("hand", ListedRequests(requests), cost=COST), strategy)


def notebook(name: str) -> Run:
    workload = load_workload("notebook")
    return simulate(workload, workload.strategy(name))


def test_static_by_hand():
    # From 30 on, two slots: prefill 20, then 5 steps of 12 ms; R0 is useful for 5 + 24 ms.
    share = utilization(run_of(Static(2), (0, 5, 2), (30, 20, 5)))
    assert share.available_time == 2 * 110 * MS
    assert share.occupied_time == 2 * 80 * MS
    assert share.useful_time == (29 + 80) * MS
    assert share.held + share.stalled == pytest.approx(float(Fraction(160 - 109, 220)))
    assert share.occupied == 160 / 220
    assert share.useful == 109 / 220


def test_a_batch_size_that_is_never_reached_counts_as_available():
    share = utilization(run_of(Continuous(10), (0, 5, 1)))
    assert share.occupied == share.useful == 0.1


def test_the_first_arrival_starts_the_clock():
    share = utilization(run_of(Continuous(1), (1000, 5, 1)))
    assert share.occupied == 1


@pytest.mark.parametrize("name", ["static", "dynamic", "continuous"])
def test_occupied_is_what_the_notebook_sampled(name: str):
    sampled = oracle()["part_7_utilization_sampled"]["average_active_slots_over_4_on_500_samples"]
    run = notebook(name)
    # The samples spread over all the time from zero on, not from the first arrival on.
    from_zero = utilization(run).occupied * run.total_time / run.finished
    assert from_zero == pytest.approx(sampled[name], abs=2 / 500)


def test_static_looks_best_by_occupied_and_continuous_is_best_by_useful():
    shares = {name: utilization(notebook(name)) for name in ("static", "dynamic", "continuous")}
    assert max(shares, key=lambda name: shares[name].occupied) == "static"
    assert max(shares, key=lambda name: shares[name].useful) == "continuous"
    assert min(shares, key=lambda name: shares[name].held) == "continuous"


def brute_force_series(run: Run, edges: IntArray) -> tuple[list[float], list[float]]:
    """Means over windows, request by request and span by span."""
    occupied, useful = [], []
    prefill = run.cost.prefill_times(run.requests.input_tokens)
    spans = run.spans
    decode = [i for i in range(len(spans)) if spans.kind[i] == 3]
    for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):

        def within(start: int, end: int, low: int = low, high: int = high) -> int:
            return max(0, min(end, high) - max(start, low))

        held = used = 0
        for i in range(len(run)):
            held += within(int(run.start_time[i]), int(run.end_time[i]))
            used += within(int(run.start_time[i]), int(run.start_time[i] + prefill[i]))
            for j in decode:
                start = max(int(spans.start[j]), int(run.start_time[i]))
                used += within(start, min(int(spans.end[j]), int(run.finish_time[i])))
        occupied.append(held / ((high - low) * run.slots))
        useful.append(used / ((high - low) * run.slots))
    return occupied, useful


@pytest.mark.parametrize("name", ["static", "dynamic", "continuous"])
def test_series_is_the_mean_over_each_window(name: str):
    run = notebook(name)
    edges = np.linspace(0, run.finished + SECOND, 38).astype(np.int64)
    series = SlotIntegrals.of(run).series(edges)
    occupied, useful = brute_force_series(run, edges)
    assert series.occupied == pytest.approx(occupied, abs=1e-12)
    assert series.useful == pytest.approx(useful, abs=1e-12)


def test_an_empty_window_counts_as_zero():
    run = notebook("static")
    series = SlotIntegrals.of(run).series(np.array([0, 3 * SECOND, 3 * SECOND, 4 * SECOND]))
    assert series.occupied[1] == series.useful[1] == 0
    assert series.occupied[2] > 0


def test_a_window_of_days_and_many_slots_does_not_overflow():
    count = 5000
    requests = Requests.from_columns(
        np.zeros(count, np.int64), np.ones(count, np.int64), np.full(count, 300_000_000)
    )
    run = simulate(
        Workload("long", ListedRequests(requests), cost=LinearCost(0, 30 * MS, 0)),
        Continuous(count),
    )
    series = SlotIntegrals.of(run).series(np.array([0, run.finished]))
    assert series.occupied.tolist() == [1.0]
    assert series.useful.tolist() == [1.0]
    assert utilization(run).useful == 1.0
