"""When a run over loads is too short, and that what is called long enough is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tui_batching.analysis.short_runs import ENOUGH, short_run
from tui_batching.analysis.sweeps import sweep
from tui_batching.strategies import Continuous
from tui_batching.workload import apply_settings, load_workload


def test_a_short_run_tells_how_short_it_is_and_a_recipe_what_would_do() -> None:
    assert short_run(20, 4, drawn=False) == ("a finite run: 20 requests end before a queue builds",)
    (told,) = short_run(1, 4, drawn=True)
    assert (
        told
        == "a finite run: 1 request end before a queue builds; workload.count=80 is long enough"
    )
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
