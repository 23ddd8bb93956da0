"""The Gantt chart of engines, cell by cell against the Moments in the middle of each."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from stage import palette, texts
from tight import tight

from tui_batching.analysis.comparison import Comparison, Result
from tui_batching.analysis.scene import Scene
from tui_batching.analysis.so_far import SoFar
from tui_batching.charts.chart import ChartRequest, Viewport
from tui_batching.charts.gantt import EVICTED, Gantt, gantt_chart
from tui_batching.sim.life import State

SIGNS = {
    **dict.fromkeys((State.MEMORY, State.SLOTS, State.TURN, State.EVICTED), "─"),
    State.COMING: " ",
    State.PREFILL: "░",
    State.RECOMPUTE: "▚",
    State.STALLED: "‖",
    State.DECODE: "█",
}


def scene_of(result: Result) -> Scene:
    return Scene(Comparison(tight().workload, (result,)), (SoFar(result.run),))


def each_engine() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("result", list(tight()), ids=lambda each: each.strategy.name)


@each_engine()
def test_each_cell_is_what_the_moment_in_its_middle_says(result: Result) -> None:
    """But for marks of one cell, and cells in which the server turns to something else."""
    run, seen = result.run, set[State]()
    for shift in range(12):
        look = Viewport(zoom=3, since=0, shift=shift, top=0)
        chart = Gantt(ChartRequest(scene_of(result), run.finished, 200, 12, palette()), look)
        edges = chart.window.edges
        rows = [text.removesuffix(" ")[3:] for text in texts(chart.draw()) if text[:1] == "R"]
        assert len(rows) == len(run)
        for column, (left, right) in enumerate(pairwise(edges)):
            middle = int(left) + int(right - left) // 2
            moment = run.at(middle)
            if moment.over or run.at(int(left)).span != run.at(int(right) - 1).span:
                continue
            states = moment.states(np.arange(len(run)))
            for row, state in enumerate(states):
                drawn = rows[row][column : column + 1] or " "
                marks = {"├", EVICTED} & {drawn}
                late = state in (State.DONE, State.COMING)
                assert late or marks or drawn == SIGNS[state], (middle, row, state)
                seen.add(state)
    assert {State.DECODE, State.PREFILL} <= seen
    if run.evictions.any():
        assert {State.EVICTED, State.RECOMPUTE} <= seen


@each_engine()
def test_each_eviction_is_marked_where_it_takes_place(result: Result) -> None:
    run = result.run
    chart = Gantt(ChartRequest(scene_of(result), 0, 230, 12, palette()), Viewport(since=0, top=0))
    rows = [text[3:] for text in texts(chart.draw()) if text[:1] == "R"]
    stays = run.stays
    for row, text in enumerate(rows):
        evicted = run.evicted_stays[stays.request[run.evicted_stays] == row]
        cells = set(chart.window.cell_of(stays.end_time[evicted]).tolist())
        assert {cell for cell, sign in enumerate(text) if sign == EVICTED} == cells


def test_the_legend_tells_of_evictions_where_there_are_some() -> None:
    def legend(name: str) -> str:
        scene = scene_of(tight()[name])
        return texts(gantt_chart(ChartRequest(scene, scene.end, 200, 12, palette())))[0]

    assert f"{EVICTED} evicted  ▚ recompute" in legend("vllm")
    assert "evicted" not in legend("orca")
