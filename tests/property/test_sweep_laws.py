"""Laws of sweeps over batch sizes, on random workloads."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from workloads_for_laws import cases

from tui_batching.analysis.sweeps import sweep
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Strategy
from tui_batching.workload import Workload


@given(cases())
@settings(deadline=None, max_examples=50)
def test_the_peak_batch_is_the_most_slots_taken_at_once(case: tuple[Workload, Strategy]) -> None:
    workload, strategy = case
    workload = replace(workload, strategies=(strategy,))
    [point] = sweep(workload, "batch-size", [strategy.batch_size]).points
    run = simulate(workload, strategy)
    most = max(
        int(((run.start_time <= now) & (run.end_time > now)).sum()) for now in run.start_time
    )
    assert point.peak_batch == most


@given(cases())
@settings(deadline=None, max_examples=50)
def test_more_slots_than_are_ever_taken_change_nothing(case: tuple[Workload, Strategy]) -> None:
    workload, strategy = case
    workload = replace(workload, strategies=(strategy,))
    sizes = [*range(1, 16), 64]
    points = sweep(workload, "batch-size", sizes).points
    free = [point for point in points if not point.all_taken]
    # The share of the slots that is used is another one.
    shares = dict.fromkeys(("occupied", "useful", "held", "stalled"), 0)
    alike = [{**point.metrics, **shares} for point in free]
    assert all(figures == alike[0] for figures in alike)
