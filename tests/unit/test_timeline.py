"""The timeline: which cell an instant lies in, and what is marked there."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage import MS, crowd, hand_made, palette, scene_of

from tui_batching.analysis.scene import Scene
from tui_batching.charts.rows import text_of
from tui_batching.strategies import Continuous, Static, mark_of
from tui_batching.tui.timeline import arrival_counts, cell_of, time_of, timeline_row
from tui_batching.workload import load_workload

DARK = palette()
ENDS = st.integers(1, 2**62)
CELLS = st.integers(1, 400)


def track(scene: Scene, time: int = 0, cells: int = 40, selected: int | None = None) -> str:
    counts = arrival_counts(scene, cells)
    text = text_of(timeline_row(scene, time, counts, DARK, selected))
    assert (text[0], text[-1], len(text)) == (" ", " ", cells + 2)
    return text[1:-1]


@given(ENDS, CELLS, st.data())
def test_the_instant_of_a_cell_lies_in_that_cell(end: int, cells: int, data: st.DataObject) -> None:
    cell = data.draw(st.integers(0, cells - 1))
    if end >= cells:
        assert cell_of(time_of(cell, end, cells), end, cells) == cell
    assert 0 <= time_of(cell, end, cells) <= end


@given(ENDS, CELLS, st.data())
def test_an_instant_lies_between_its_cell_and_the_next(
    end: int, cells: int, data: st.DataObject
) -> None:
    time = data.draw(st.integers(0, end))
    cell = cell_of(time, end, cells)
    assert 0 <= cell < cells
    if cell < cells - 1:
        assert time_of(cell, end, cells) <= time


@given(ENDS, CELLS)
def test_both_ends_are_reached_and_dragging_beyond_them_stays_there(end: int, cells: int) -> None:
    assert time_of(cells - 1, end, cells) == time_of(cells + 9, end, cells) == end
    if cells > 1:
        assert time_of(0, end, cells) == time_of(-9, end, cells) == 0
    assert cell_of(end, end, cells) == cells - 1


def test_each_arrival_is_counted_in_the_cell_where_it_lies() -> None:
    for workload in (load_workload("notebook"), crowd(50, 2, gap=3), LATE):
        scene = scene_of(workload)
        for cells in (1, 7, 58, 158):
            counts = arrival_counts(scene, cells)
            wanted = [0] * cells
            for arrival in workload.requests.arrival_time.tolist():
                wanted[cell_of(arrival, scene.end, cells)] += 1
            assert counts.tolist() == wanted


LATE = hand_made((0, 1, 1), (989, 0, 1), strategies=[Continuous(2)])
"""The second request arrives at 99 % of the time."""


def test_arrivals_the_ends_what_was_played_and_the_playhead_are_marked() -> None:
    # R0 is done at 11, R1 at 999 and with it the strategy: 40 cells of 25 ms.
    scene = scene_of(hand_made((0, 1, 1), (500, 0, 1), (989, 0, 1), strategies=[Continuous(2)]))
    assert scene.end == 999 * MS
    assert track(scene, 250 * MS) == "▾━━━━━━━━━┃─────────▾──────────────────C"
    assert track(scene) == "┃───────────────────▾──────────────────C"
    assert track(scene, scene.end)[-1] == "┃"


def test_the_selected_request_is_marked_where_it_arrives() -> None:
    scene = scene_of(load_workload("notebook"))
    cell = cell_of(int(scene.workload.requests.arrival_time[7]), scene.end, 40)
    assert [number for number, mark in enumerate(track(scene, selected=7)) if mark == "▸"] == [cell]
    assert "▸" not in track(scene)


def test_letters_of_one_cell_touch_so_that_none_reads_as_the_earlier_one() -> None:
    scene = scene_of(crowd(8, 4))
    assert len({run.finished for run in scene.runs[:2]}) == 1
    assert re.fullmatch(r"┃[─▾█▁]+C[─▾]+SD", track(scene))


def test_letters_of_neighbouring_cells_are_set_apart() -> None:
    # One after the other they take 56 steps, and both at once 50.
    scene = scene_of(hand_made((0, 0, 50), (0, 0, 6), strategies=[Static(1), Continuous(2)]))
    ends = {
        cells: [cell_of(run.finished, scene.end, cells) for run in scene.runs]
        for cells in range(5, 60)
    }
    close = [cells for cells, (static, continuous) in ends.items() if static == continuous + 1]
    assert close
    assert all(track(scene, cells=cells)[-3:] == "C─S" for cells in close)


@pytest.mark.parametrize("name", ["illustrative", "equal-lengths"])
def test_at_the_end_the_playhead_hides_nobody_who_is_through_then(name: str) -> None:
    scene = scene_of(load_workload(name))
    letters = {mark_of(run.strategy.name) for run in scene.runs}
    last = {mark_of(run.strategy.name) for run in scene.runs if run.finished == scene.end}
    seen = track(scene, scene.end)
    assert letters <= set(seen)
    assert set(seen[-1 - len(last) :]) == {*last, "┃"}


def test_dense_arrivals_become_levels() -> None:
    scene = scene_of(crowd(400, 4, gap=1))
    marks = set(track(scene, scene.end)) - set("┃SDC━")
    assert marks <= set("▁▂▃▄▅▆▇█")
    assert "█" in marks


@pytest.mark.parametrize("cells", [1, 2, 3, 5, 300])
def test_no_track_is_too_short(cells: int) -> None:
    for workload in (crowd(30, 4), LATE):
        scene = scene_of(workload)
        for time in (0, scene.end // 2, scene.end):
            assert "┃" in track(scene, time, cells, selected=0)
