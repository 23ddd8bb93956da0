"""The Gantt chart of engines, cell by cell against the Moments in the middle of each."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from stage import palette, texts
from tight import tight

from tui_batching.analysis.comparison import Comparison, Result
from tui_batching.analysis.scene import Scene, build_scene
from tui_batching.analysis.so_far import SoFar
from tui_batching.analysis.utilization import utilization
from tui_batching.charts.chart import ChartRequest, GanttRows, Viewport
from tui_batching.charts.gantt import EVICTED, Gantt, gantt_chart
from tui_batching.charts.rows import SLOWED
from tui_batching.sim.life import State
from tui_batching.sim.spans import SpanKind
from tui_batching.workload import load_workload

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


def of_long_prompt(name: str) -> Scene:
    workload = load_workload("long-prompt")
    chosen = tuple(each for each in workload.strategies if each.name == name)
    return build_scene(replace(workload, strategies=chosen), None, lambda _: None)


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
                slowed = drawn == SLOWED and state is State.DECODE
                known = late or marks or slowed
                assert known or drawn == SIGNS[state], (middle, row, state)
                assert not slowed or moment.phase.kind is SpanKind.MIXED
                seen.add(state)
    assert {State.DECODE, State.PREFILL} <= seen
    if run.evictions.any():
        assert {State.EVICTED, State.RECOMPUTE} <= seen


@pytest.mark.parametrize("rows", ["requests", "slots"])
@pytest.mark.parametrize("width", [84, 120, 300])
def test_what_the_heading_says_of_stalls_is_seen_in_the_bars(rows: GanttRows, width: int) -> None:
    for name, word in (("tgi", "stalled"), ("vllm", "slowed")):
        scene = of_long_prompt(name)
        drawn = gantt_chart(ChartRequest(scene, scene.end, width, 20, palette()), rows)
        told, *bars = texts(drawn)[1:-1]
        told_share = int(re.findall(rf"· {word} (\d+) %", told)[0])
        row = "".join(bars)
        cells = {sign: row.count(sign) for sign in "‖¦█░"}
        run = scene.runs[0]
        taken = utilization(run).occupied
        stopped = cells["‖"] + cells["¦"]
        assert 100 * taken * stopped / sum(cells.values()) == pytest.approx(told_share, abs=1.5)
        assert (cells["¦"] > 0) is (name == "vllm")
        assert (cells["‖"] > 0) is (name == "tgi")


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
