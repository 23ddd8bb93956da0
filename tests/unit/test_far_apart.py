"""Axes where the lanes are far apart: equal factors are equally far apart, and that is said."""

from __future__ import annotations

import numpy as np
import pytest
from stage import hand_made, on_stage, palette, scene_of, texts

from tui_batching.analysis.distribution import QUANTITIES, far_apart, histogram
from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.histograms import histograms_chart
from tui_batching.charts.running_charts import LATENCY
from tui_batching.clock import SECOND
from tui_batching.strategies import Continuous, Static
from tui_batching.workload import load_workload

SLOW = hand_made(
    *((30 * number, 5, 3) for number in range(1000)), strategies=[Static(1), Continuous(8)]
)
"""A lane keeps up with a request each 30 ms, and the other one falls behind."""
FAR, NEAR = scene_of(SLOW), scene_of(load_workload("notebook"))


def test_lanes_are_far_apart_by_their_medians_and_zeros_do_not_count() -> None:
    assert far_apart([np.array([1, 2, 3]), np.array([1, 61, 90])])
    assert not far_apart([np.array([1, 2, 900]), np.array([1, 60, 90])])
    assert not far_apart([np.array([0, 0, 5]), np.array([60])])
    assert not far_apart([np.array([7])])
    assert not far_apart([])


def test_the_bins_of_a_histogram_hold_every_value_and_grow_by_a_factor() -> None:
    for quantity in QUANTITIES:
        found = histogram(FAR.runs, quantity, 40)
        assert [int(counts.sum()) for counts in found.counts] == [
            len(quantity.values(run)) for run in FAR.runs
        ]
        if found.log:
            factors = found.edges[1:] / found.edges[:-1]
            assert factors == pytest.approx(factors[0])
            assert found.edges[0] > 0
        values = [quantity.values(run) for run in FAR.runs]
        assert found.p50 == tuple(float(np.median(each)) for each in values)
        assert found.edges[-1] == max(each.max() for each in values)
    assert histogram(FAR.runs, QUANTITIES[0], 40).log
    assert not histogram(NEAR.runs, QUANTITIES[0], 40).log


@pytest.mark.parametrize(("scene", "log"), [(FAR, True), (NEAR, False)], ids=["far", "near"])
def test_the_charts_say_so(scene: object, log: bool) -> None:
    request = ChartRequest(scene, scene.end, 120, 30, palette())
    spec = LATENCY.spec(request)
    assert (spec.x_log, spec.x_label) == (log, "latency (s, log)" if log else "latency (s)")
    assert spec.x_range is not None
    assert spec.x_range[1] == scene.longest_latency / SECOND
    told = texts(histograms_chart(request))
    assert any("logarithmic: a bar is" in row for row in told) is log


async def test_the_metrics_draw_parts_on_scales_of_their_own() -> None:
    for workload, own in ((SLOW, True), ("notebook", False)):
        async with on_stage(workload, size=(120, 36), view="5") as stage:
            assert ("each bar on a scale of its own" in stage.seen()) is own
