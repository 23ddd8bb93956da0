"""What the bands of the Gantt chart show, against the Run: nothing is lost, nothing made up."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

import numpy as np
from diaries import Case, cases
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import palette, scene_of, texts
from workloads_for_laws import workloads

from tui_batching.analysis.scene import Scene
from tui_batching.analysis.slot_times import QueueLengths
from tui_batching.analysis.utilization import utilization
from tui_batching.charts.bands import TimeWindow, slowed_in
from tui_batching.charts.request_bars import RequestBars
from tui_batching.charts.slot_bands import SlotBands
from tui_batching.sim.life import State
from tui_batching.sim.run import Run
from tui_batching.workload import Workload, bundled_workloads, load_workload

WORKING = (State.PREFILL, State.RECOMPUTE, State.DECODE, State.STALLED, State.HELD)
scene_called = lru_cache(maxsize=None)(lambda name: scene_of(load_workload(name)))
"""The finished scene of a bundled workload."""
CAUSE = re.compile(r"(?:held )?for R(\d+)(?= *[▒┃])")


def bands(run: Run, cell: int) -> SlotBands:
    """All slots from time zero to the end."""
    cells = -(-run.finished // cell)
    window = TimeWindow(cell, 0, cells, None, cells)
    return SlotBands(run, range(run.slots), window, 1, palette(), None)


@settings(max_examples=60)
@given(cases())
def test_at_the_finest_look_cells_add_up_to_the_slot_time(case: Case) -> None:
    run, drawn = case.run, bands(case.run, 1)
    share, taken = utilization(run), drawn.stays >= 0
    assert np.count_nonzero(taken) == share.occupied_time
    states = drawn.states[taken]
    assert np.count_nonzero(states == State.HELD) == share.held_time
    slowed = np.broadcast_to(slowed_in(run, drawn.window), taken.shape)[taken]
    stalled = np.count_nonzero((states == State.STALLED) | (slowed & (states == State.DECODE)))
    assert stalled == share.stalled_time
    assert len(states) - stalled == share.useful_time + share.held_time
    assert set(states.tolist()) <= set(WORKING)


@settings(max_examples=60)
@given(cases())
def test_each_cell_is_what_the_moment_in_it_says(case: Case) -> None:
    run, drawn = case.run, bands(case.run, 1)
    for time in range(run.finished):
        moment = run.at(time)
        there = np.flatnonzero(drawn.stays[:, time] >= 0)
        rows = run.stays.request[drawn.stays[there, time]]
        found = [State(state) for state in drawn.states[there, time].tolist()]
        assert found == moment.states(rows)
        assert set(moment.running.tolist()) <= set(rows.tolist())


@settings(max_examples=40)
@given(workloads())
def test_at_a_coarse_look_no_state_is_off_by_more_than_a_cell_a_stay(workload: Workload) -> None:
    for run in scene_of(workload).runs:
        cell = max(1, run.finished // 97)
        drawn = bands(run, cell)
        held = np.count_nonzero((drawn.states == State.HELD) & (drawn.stays >= 0))
        share = utilization(run)
        assert abs(held * cell - share.held_time) <= 2 * cell * len(run.stays)
        taken = np.count_nonzero(drawn.stays >= 0)
        assert abs(taken * cell - share.occupied_time) <= 2 * cell * len(run.stays)


@settings(max_examples=40)
@given(workloads(), st.integers(12, 160))
def test_no_bar_begins_left_of_where_an_earlier_one_ends(workload: Workload, cells: int) -> None:
    """Who waits for somebody is seen to: instants are rounded alike in all rows."""
    for run in scene_of(workload).runs:
        window = TimeWindow(-(-run.finished // cells), 0, cells, None, cells)
        rows = np.arange(len(run.requests.id))
        drawn = RequestBars(run, rows, window, 4, 1, palette(), None).states
        there = np.isin(drawn, WORKING)
        first, after = there.argmax(axis=1), cells - there[:, ::-1].argmax(axis=1)
        longer = rows[run.end_time - run.start_time >= window.cell]
        for earlier in longer[there[longer].any(axis=1)].tolist():
            later = there.any(axis=1) & (run.start_time >= run.end_time[earlier])
            assert (first[later] >= after[earlier]).all()


@settings(max_examples=60)
@given(cases())
def test_the_queue_is_as_long_as_the_moments_say(case: Case) -> None:
    run = case.run
    queue = QueueLengths.of(run)
    times = np.array(sorted({page.start for page in case.diary} | {run.finished}))
    lengths = queue.at(times).tolist()
    assert lengths == [len(run.at(int(time)).waiting) for time in times]
    between = [(a + b) // 2 for a, b in pairwise(times.tolist())]
    assert queue.longest >= max([*lengths, *queue.at(np.array(between, np.int64)).tolist()])


@settings(max_examples=150)
@given(
    st.sampled_from(list(bundled_workloads())),
    st.integers(20, 220),
    st.floats(0, 1),
    st.integers(2, 200),
    st.sampled_from([1, 1, 2, 3]),
)
def test_every_name_in_a_slot_is_whole_and_of_who_is_there(
    workload: str, cells: int, instant: float, stays_seen: int, thickness: int
) -> None:
    """Whatever else is written in the row, as for whom a bubble is held, leaves names alone."""
    scene: Scene = scene_called(workload)
    cell = max(1, scene.end // (cells * max(1, stays_seen // 4)))
    first = int(instant * (scene.end // cell))
    cursor = cells // 2 if instant < 1 else None
    window = TimeWindow(cell, max(0, first - cells // 2), cells, cursor, cells)
    for run in scene.runs:
        slots = range(min(run.slots, 24))
        drawn = SlotBands(run, slots, window, thickness, palette(), None)
        ids = set(run.requests.id.tolist())
        for stays, band in zip(drawn.stays, drawn.draw(), strict=True):
            for row in texts(band):
                told = CAUSE.sub(lambda cause: " " * len(cause[0]), row)
                assert all(int(cause[1]) in ids for cause in CAUSE.finditer(row))
                named = list(re.finditer(r"R\d+", told))
                assert not re.search(r"\w", re.sub(r"R\d+", "", told)), row
                for name in named:
                    there = stays[name.start() : name.end()]
                    assert len(set(there.tolist())) == 1, row
                    assert there[0] >= 0, row
                    assert name[0] == f"R{run.requests.id[run.stays.request[there[0]]]}", row
