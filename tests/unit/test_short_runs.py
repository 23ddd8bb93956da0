"""When a run over loads is too short, and that what is called long enough is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tui_batching.analysis.short_runs import ENOUGH, short_run
from tui_batching.analysis.sweeps import sweep
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Continuous
from tui_batching.workload import apply_settings, load_workload


def test_a_short_run_tells_how_short_it_is_and_a_recipe_what_would_do() -> None:
    ending = "in a longer one latency climbs on"
    assert short_run(20, 4, drawn=False) == (f"a finite run of 20 requests: {ending}",)
    (told,) = short_run(1, 4, drawn=True)
    assert told == f"a finite run of 1 request: {ending}; workload.count=80 is long enough"
    assert short_run(4 * ENOUGH, 4, drawn=True) == ()


@pytest.mark.parametrize(("count", "climbs"), [(20, False), (4 * ENOUGH, True)])
def test_with_enough_requests_latency_takes_off_beyond_saturation(count: int, climbs: bool) -> None:
    workload = apply_settings(load_workload("notebook"), [f"workload.count={count}"])
    workload = replace(workload, strategies=(Continuous(4),))
    saturation = sweep(workload, "load", [1.0]).saturation["continuous"]
    found = sweep(workload, "load", [saturation / 2, saturation * 2])
    below, beyond = (point.metric("avg_latency") for point in found.points)
    assert (beyond > 5 * below) is climbs
    assert bool(found.notes) is not climbs


@pytest.mark.parametrize("count", [1, 20])
def test_nothing_is_said_of_latency_where_every_load_can_be_served(count: int) -> None:
    workload = apply_settings(load_workload("notebook"), [f"workload.count={count}"])
    least = min(sweep(workload, "load", [1.0]).saturation.values())
    assert sweep(workload, "load", [least / 4, least]).notes == ()
    told = sweep(workload, "load", [least / 4, least * 1.01])
    assert told.notes[0].startswith("a finite run of ")
    assert told.short_notes[0].endswith("in a longer one latency climbs on")


def test_a_queue_builds_in_a_short_run_too_but_latency_levels_off() -> None:
    notebook = load_workload("notebook")
    for strategy in notebook.strategies:
        run = simulate(notebook, strategy)
        arrivals = notebook.requests.arrival_time.tolist()
        assert max(len(run.at(arrival).waiting) for arrival in arrivals) > strategy.slots
    found = sweep(notebook, "load", [1e4, 1e6])
    assert found.notes
    for strategy in notebook.strategies:
        high, higher = (found.row(value)[strategy.name] for value in found.values)
        assert higher.metric("avg_latency") == pytest.approx(high.metric("avg_latency"), rel=0.01)
