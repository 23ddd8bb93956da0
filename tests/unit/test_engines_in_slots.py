"""The slots of engines over their iterations, against the Moments in the middle of each."""

from __future__ import annotations

import re

import numpy as np
import pytest
from stage import MS, palette, scene_of, texts
from tight import tight

from tui_batching.analysis.comparison import Result
from tui_batching.analysis.scene import Scene
from tui_batching.analysis.slot_steps import SlotSteps
from tui_batching.analysis.so_far import SoFar
from tui_batching.charts.chart import ChartRequest, Viewport
from tui_batching.charts.gantt import Gantt
from tui_batching.charts.slots import Slots
from tui_batching.sim.life import State
from tui_batching.sim.spans import SpanKind
from tui_batching.workload import load_workload

SCENE = Scene(tight(), tuple(SoFar(result.run) for result in tight()))
ENGINES = [result for result in tight() if result.strategy.name != "continuous"]


def each_engine(results: list[Result]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("result", results, ids=lambda result: result.strategy.name)


def middles(lane: SlotSteps) -> list[int]:
    """The middle of each iteration."""
    found, time = [], 0
    while (end := lane.run.at(time).next_boundary) is not None:
        if lane.run.at(time).phase.kind is not SpanKind.IDLE:
            found.append((time + end) // 2)
        time = end
    return found


@each_engine(ENGINES)
def test_each_column_is_what_the_moment_in_its_middle_says(result: Result) -> None:
    run, lane = result.run, SlotSteps.of(result.run)
    times = middles(lane)
    assert lane.count == len(times)
    steps = np.arange(lane.count)
    occupants = lane.occupants(range(lane.slots), steps)
    states, making = lane.states(occupants, steps), lane.making(np.arange(lane.count + 1))
    for step, time in enumerate(times):
        moment, there = run.at(time), occupants[:, step] >= 0
        assert lane.at(time) == step
        rows = run.stays.request[occupants[there, step]]
        assert states[there, step].tolist() == moment.states(rows)
        assert set(moment.running.tolist()) <= set(rows.tolist())
        assert set(moment.states(np.setdiff1d(rows, moment.running))) <= {State.STALLED}
        assert making[step] == moment.states(rows).count(State.DECODE)


def drawn(result: Result, time: int, size: tuple[int, int] = (160, 12), zoom: int = 0) -> list[str]:
    scene = Scene(type(SCENE.comparison)(SCENE.workload, (result,)), (SoFar(result.run),))
    chart = Slots(ChartRequest(scene, time, *size, palette()), Viewport(zoom=zoom))
    return [line.rstrip() for line in texts(chart.draw())]


@each_engine(ENGINES)
def test_of_many_slots_those_ever_taken_have_a_row(result: Result) -> None:
    rows = [row for row in drawn(result, 0, (160, 24)) if re.match(r" *\d+ [^ ]", row)]
    many = result.run.slots > 16
    assert len(rows) == (len(result.run.by_slot) if many else result.run.slots)


def test_which_slots_are_seen_is_told_as_the_gantt_chart_tells_it() -> None:
    scene = scene_of(load_workload("engines").served_by("vllm"))
    requests = [ChartRequest(scene, scene.end // 2, 160, rows, palette()) for rows in (4, 7)]
    for chart, viewport in ((Slots, Viewport()), (Gantt, Viewport(rows="slots"))):
        told = "".join(row for each in requests for row in texts(chart(each, viewport).draw()))
        seen = re.findall(r"(slots? \d\S*) of 47 ever taken", told)
        assert seen == ["slot 0", "slots 0–2"], chart


def test_chunks_stalls_evictions_and_second_stays_are_seen() -> None:
    def of(name: str) -> str:
        return "\n".join(drawn(tight()[name], tight()[name].run.finished - 1, (160, 14), -1))

    assert re.search(r"█↩·", of("vllm"))
    assert "▚" in of("vllm")
    assert re.search(r"█‖+█", of("vllm-v0"))
    assert re.search(r"█‖+ R0 █", of("fastgen"))
    assert "how many do  ░ prefill  ┃ now  ↩ evicted  ▚ recompute  · free" in of("vllm")
    assert "held" not in of("vllm")


def test_the_heading_tells_of_the_iteration() -> None:
    run = tight()["vllm"].run
    time = middles(SlotSteps.of(run))[2]
    assert (
        "iteration 3 of 241 · 2 decode, 1 in prefill, 0 stalled" in drawn(tight()["vllm"], time)[1]
    )
    after = drawn(tight()["sglang"], tight()["sglang"].run.finished)[1]
    assert "224 iterations in 1.89 s" in after


def test_the_hint_says_what_a_column_is() -> None:
    assert drawn(tight()["vllm"], 0, (300, 14))[0].startswith("row = slot, column = iteration:")
    assert drawn(tight()["continuous"], 0, (300, 14))[0].startswith("row = slot, column = step:")
    assert drawn(tight()["continuous"], 0, zoom=-1)[0].startswith("row = slot, steps along it:")
    both = Slots(ChartRequest(SCENE, 0, 300, 60, palette()), Viewport())
    assert texts(both.draw())[0].startswith("row = slot, column = step, of engines iteration:")


def columns_of_now(rows: list[str], slot: int) -> str:
    """What a slot shows up to the iteration under way, in that, and right behind it."""
    now = next(row.index("┃") for row in reversed(rows) if "┃" in row)
    return slot_row(rows, slot)[: now + 2]


def slot_row(rows: list[str], slot: int) -> str:
    """What the first row of a slot shows."""
    return next(row for row in rows if re.match(rf" *{slot} ", row))


def test_who_is_evicted_at_the_end_of_an_iteration_is_seen_at_work_while_it_runs() -> None:
    scene = scene_of(load_workload("tight-memory").served_by("vllm-v0"))
    (run,), (lane,) = scene.runs, scene.slot_steps
    assert lane.at(714 * MS) + 1 == lane.at(716 * MS)  # R7 is back for one iteration, and out
    for time, told in ((701, "▚↩"), (716, "▚↩·")):
        request = ChartRequest(scene, time * MS, 100, 26, palette())
        rows = texts(Slots(request, Viewport()).draw())
        assert columns_of_now(rows, 0).endswith(told)
        assert (State.RECOMPUTE in run.at(time * MS).states(np.arange(len(run)))) is (time < 715)


@each_engine(ENGINES)
def test_every_eviction_is_seen_and_none_before_its_iteration_is_over(result: Result) -> None:
    run, lane = result.run, SlotSteps.of(result.run)
    size = (lane.count + 9, 14)
    end = drawn(result, run.finished, size)
    told = "".join(slot_row(end, slot) for slot in range(lane.slots))
    assert told.count("↩") == len(run.evicted_stays)
    for stay in run.evicted_stays.tolist():
        rows = drawn(result, int(run.stays.end_time[stay]) - 1, size)
        assert columns_of_now(rows, int(run.stays.slot[stay]))[-2] in "┃█▚░‖"


@pytest.mark.parametrize(("zoom", "told"), [(0, "█↩░"), (1, "█↩░"), (2, "R1█↩R5░")])
def test_where_somebody_has_the_slot_at_once_an_eviction_is_on_the_border(
    zoom: int, told: str
) -> None:
    result = tight()["fastgen"]
    (stay,) = (stay for stay in result.run.evicted_stays if result.run.stays.slot[stay] == 1)
    out = int(result.run.stays.end_time[stay])
    before, after = (drawn(result, time, zoom=zoom) for time in (out - 1, out))
    assert "↩" not in columns_of_now(before, 1)
    assert told in slot_row(after, 1)
