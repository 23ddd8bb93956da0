"""What was measured beside what is simulated. After a change: look, then --snapshot-update."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from frozen import LARGE, MIDDLE, SMALL, Compare, at
from stage import EAGER, MS, FakeWall, hand_made

from tui_batching.config import Config
from tui_batching.cost import IterationCost
from tui_batching.strategies import MeasuredServer, Vllm
from tui_batching.tui.app import BatchingApp
from tui_batching.workload import Workload

ROWS = [(90 * number, 40 + 37 * number % 90, 8 + 13 * number % 40) for number in range(24)]
COST = IterationCost(8 * MS, MS // 5, MS // 2000)


def logged(*, tells_start: bool = True) -> Workload:
    """Served by vLLM with six slots, beside a server that was slower by a varying part."""
    engine = Vllm(6, 64)
    workload = replace(hand_made(*ROWS, strategies=[engine]), cost=COST)
    run = engine.serve(workload.requests, COST)
    arrival, late = run.requests.arrival_time, 100 + np.arange(len(run)) * 7 % 12
    start, first, finish = (
        arrival + (times - arrival) * late // 100
        for times in (run.start_time, run.first_token_time, run.finish_time)
    )
    measured = MeasuredServer(
        run.requests, start if tells_start else arrival, first, finish, tells_start
    )
    return replace(workload, measured=measured)


def app_of(workload: Workload) -> BatchingApp:
    """The app, with a clock that stands still."""
    return BatchingApp(workload, Config(theme="dark"), wall=FakeWall(), drawing=EAGER)


def test_live(snap_compare: Compare) -> None:
    assert snap_compare(app_of(logged()), terminal_size=MIDDLE, run_before=at("1200ms"))


def test_a_selected_request(snap_compare: Compare) -> None:
    prepare = at("1900ms", *["down"] * 7)
    assert snap_compare(app_of(logged()), terminal_size=SMALL, run_before=prepare)


def test_a_log_that_does_not_tell_who_waits(snap_compare: Compare) -> None:
    workload = logged(tells_start=False)
    assert snap_compare(app_of(workload), terminal_size=MIDDLE, run_before=at("1200ms", "down"))


def test_the_end(snap_compare: Compare) -> None:
    assert snap_compare(app_of(logged()), terminal_size=MIDDLE, run_before=at("60s"))


def test_gantt(snap_compare: Compare) -> None:
    assert snap_compare(app_of(logged()), terminal_size=LARGE, run_before=at("1200ms", "2"))


def test_metrics(snap_compare: Compare) -> None:
    assert snap_compare(app_of(logged()), terminal_size=MIDDLE, run_before=at("1200ms", "5"))
