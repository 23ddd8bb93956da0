"""A scene takes over from the one before what a change leaves as it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from stage import scene_of

from tui_batching.analysis.comparison import compare
from tui_batching.analysis.scene import build_scene
from tui_batching.clock import SECOND
from tui_batching.cost import Profile
from tui_batching.workload import apply_settings, load_workload
from tui_batching.workload.service_level import ServiceLevel

NOTEBOOK = load_workload("notebook")


def test_its_comparison_is_that_of_the_command_line():
    scene = scene_of(NOTEBOOK)
    for here, there in zip(scene.comparison, compare(NOTEBOOK), strict=True):
        assert dict(here.metrics) == dict(there.metrics)
        assert here.run is scene.runs[scene.comparison.results.index(here)]


def test_unchanged_strategies_are_not_measured_again():
    before = scene_of(NOTEBOOK)
    changed = apply_settings(NOTEBOOK, ["dynamic.timeout=100ms"])
    after = build_scene(changed, before, lambda _: None)
    same = [one is other for one, other in zip(before.comparison, after.comparison, strict=True)]
    assert same == [True, False, True]
    assert after.comparison["dynamic"].run.strategy.timeout == SECOND // 10


def test_other_limits_are_measured_anew():
    before = scene_of(NOTEBOOK)
    strict = replace(NOTEBOOK, slo=ServiceLevel(ttft=1))
    after = build_scene(strict, before, lambda _: None)
    assert [result.metrics["slo_attainment"] for result in after.comparison] == [0, 0, 0]


def test_the_same_times_from_another_profile_are_doubted_as_that_profile_says():
    narrow = Profile("narrow", description="", source="", context=(1, 2))
    before = scene_of(NOTEBOOK)
    other = replace(NOTEBOOK, cost=replace(NOTEBOOK.cost, profile=narrow))
    after = build_scene(other, before, lambda _: None)
    assert before.warnings == ()
    assert [warned.about for warned in after.warnings] == ["contexts"]


def test_utilization_in_windows_is_kept_and_its_mean_is_the_whole():
    scene = scene_of(NOTEBOOK)
    series = scene.utilization(40)
    assert scene.utilization(40) is series
    for windows, result in zip(series, scene.comparison, strict=True):
        whole = result.utilization.useful * result.run.total_time / scene.end
        assert (
            np.mean(windows.useful) == np.float64(whole).round(12)
            or abs(np.mean(windows.useful) - whole) < 1e-9
        )
