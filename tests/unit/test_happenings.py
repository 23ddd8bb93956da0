"""What happened last in a lane, against a look at every request."""

from __future__ import annotations

import numpy as np
import pytest
from stage import MS, boundaries, hand_made, scene_of

from tui_batching.analysis.happenings import Happenings
from tui_batching.charts.lane_words import happening_texts
from tui_batching.sim.run import Run
from tui_batching.strategies import Continuous, Dynamic, Static, Strategy, Vllm
from tui_batching.workload import load_workload


def looked_up(run: Run, time: int) -> tuple[int, set[int], set[int], set[int]]:
    """The last instant of anything in the slots up to `time`, and who was concerned."""
    times = [
        *(*run.stays.start_time.tolist(), *run.stays.end_time.tolist()),
        *(*run.finish_time.tolist(), *run.end_time.tolist()),
    ]
    last = max(time_ for time_ in times if time_ <= time)
    answered = set(np.flatnonzero(run.end_time == last).tolist())
    held = set(np.flatnonzero((run.finish_time == last) & (run.end_time > last)).tolist())
    return last, answered, held, set(run.stays.request[run.stays.start_time == last].tolist())


@pytest.mark.parametrize("name", ["notebook", "tight-memory"])
def test_it_is_what_a_look_at_every_request_finds(name: str) -> None:
    for run in scene_of(load_workload(name)).runs:
        happenings = Happenings(run)
        for time in [t for t in boundaries(run) if t >= int(run.stays.start_time.min())]:
            last, answered, held, admitted = looked_up(run, time)
            found = happenings.last(time)
            assert found is not None
            assert found.instant == last
            assert (set(found.answered), set(found.finished)) == (answered, held)
            assert {row for row, _ in found.admitted} == admitted


def test_before_all_that_an_arrival_is_told_and_before_it_nothing() -> None:
    run = scene_of(hand_made((10, 1, 1), (50, 1, 1), strategies=[Static(2)])).runs[0]
    happenings = Happenings(run)
    assert happenings.last(9 * MS) is None
    found = happenings.last(20 * MS)
    assert found is not None
    assert happening_texts(run.at(20 * MS), found)[0] == "R0 arrives"


def test_an_answer_and_who_takes_its_slot_are_told_together() -> None:
    rows = [(0, 1, 2), (0, 1, 9), (0, 1, 3)]
    run = scene_of(hand_made(*rows, strategies=[Continuous(2)])).runs[0]
    found = Happenings(run).last(int(run.end_time[0]))
    assert found is not None
    texts = happening_texts(run.at(found.instant), found)
    assert texts == ["R0 answered, R2 takes slot 0", "R0 out, R2 in", "R0 out", "1 out"]


@pytest.mark.parametrize(
    ("strategy", "told"),
    [
        (Static(2), "R0, R1 released together"),
        (Dynamic(2, 50 * MS), "R0, R1 released together"),
        (Continuous(2), "R0, R1 answered in the same step"),
        (Vllm(), "R0, R1 answered in the same step"),
    ],
)
def test_only_of_padded_batches_is_said_that_they_are_released_together(
    strategy: Strategy, told: str
) -> None:
    run = scene_of(hand_made((0, 1, 3), (0, 1, 3), strategies=[strategy])).runs[0]
    found = Happenings(run).last(run.finished)
    assert found is not None
    assert happening_texts(run.at(found.instant), found)[0] == told
