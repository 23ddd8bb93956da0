"""The Gantt chart with a row a slot: which rows it has, and what is written in them."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from stage import MS, crowd, hand_made, palette, scene_of, texts

from tui_batching.analysis.scene import Scene
from tui_batching.analysis.slot_times import held_for
from tui_batching.charts.chart import ChartRequest, GanttRows, Viewport
from tui_batching.charts.gantt import Gantt
from tui_batching.charts.rows import Cells
from tui_batching.clock import Picoseconds
from tui_batching.strategies import STRATEGIES, Continuous, Static
from tui_batching.workload import apply_settings, load_workload

NOTEBOOK = scene_of(load_workload("notebook"))
ILLUSTRATIVE = scene_of(load_workload("illustrative"))
ENGINES = scene_of(load_workload("engines"))
TALL = (118, 68)
"""Where all requests of the notebook are seen at once."""


def gantt(
    scene: Scene,
    time: Picoseconds = 0,
    size: tuple[int, int] = (118, 32),
    look: Viewport | None = None,
    theme: str = "dark",
) -> Gantt:
    return Gantt(ChartRequest(scene, time, *size, palette(theme)), look or Viewport())


def lanes(drawn: Gantt) -> list[list[str]]:
    """The rows of each lane below its heading, without the margin of numbers."""
    found: list[list[str]] = []
    for row in texts(drawn.draw())[1:]:
        if "━" in row:
            found.append([])
        elif "╵" in row:
            break
        else:
            found[-1].append(row[6:])
    return found


@pytest.mark.parametrize(
    ("scene", "size", "rows"),
    [
        (ILLUSTRATIVE, (118, 32), "requests"),
        (ILLUSTRATIVE, (118, 18), "requests"),
        (ILLUSTRATIVE, (78, 20), "slots"),
        (ILLUSTRATIVE, (240, 12), "requests"),
        (NOTEBOOK, (118, 32), "slots"),
        (NOTEBOOK, (118, 66), "requests"),
        (NOTEBOOK, (400, 30), "requests"),
        (ENGINES, (158, 41), "slots"),
    ],
)
def test_rows_are_requests_if_all_fit_and_else_slots(
    scene: Scene, size: tuple[int, int], rows: GanttRows
) -> None:
    assert gantt(scene, 0, size).rows == rows
    for asked in ("requests", "slots"):
        assert gantt(scene, 0, size, Viewport(rows=asked)).rows == asked


@pytest.mark.parametrize(
    ("size", "thickness", "queue"),
    [((78, 20), 1, 1), ((118, 32), 2, 1), ((158, 60), 3, 3), ((158, 76), 5, 3)],
)
def test_slots_are_as_thick_as_fits_and_numbered_once(
    size: tuple[int, int], thickness: int, queue: int
) -> None:
    drawn = texts(gantt(NOTEBOOK, 0, size, Viewport(rows="slots")).draw())
    assert len(drawn) == size[1]
    numbers = [row[:6].strip() for row in drawn[2:] if "━" not in row and "╵" not in row]
    one = [label for slot in "0123" for label in (slot, *[""] * (thickness - 1))]
    most = ["≤ 11"] * (queue > 1)
    lane = [*one, "queue", *most, *[""] * (queue - 2)]
    assert [label for label in numbers if label] == ["0", "1", "2", "3", "queue", *most] * 3
    assert numbers[: len(lane)] == lane


@pytest.mark.parametrize("size", [(1, 1), (9, 3), (40, 8), (78, 20), (158, 41), (300, 90)])
@pytest.mark.parametrize("scene", [NOTEBOOK, ENGINES, scene_of(crowd(400, 64, gap=3))])
def test_every_size_is_filled_exactly(size: tuple[int, int], scene: Scene) -> None:
    for time in (0, scene.end // 2, scene.end):
        drawn = gantt(scene, time, size, Viewport(rows="slots", selected=5)).draw()
        assert [sum(len(part.text) for part in row) for row in drawn] == [size[0]] * size[1]


def test_each_request_is_named_where_its_work_begins() -> None:
    chart = gantt(NOTEBOOK, NOTEBOOK.end, (118, 32))
    for run, rows in zip(NOTEBOOK.runs, lanes(chart), strict=True):
        for row, number in enumerate(run.requests.id):
            slot = int(run.stays.slot[row])
            cell = int(chart.window.cell_of(run.first_token_time[row]))
            near = rows[2 * slot][max(0, cell - 1) : cell + 2 + len(str(number))]
            assert f"R{number}" in near, (run.strategy.name, number)


@pytest.mark.parametrize("height", range(28, 33))
def test_the_queue_takes_the_rows_that_are_left(height: int) -> None:
    scene = scene_of(load_workload("rule-by-rule").served_by("static", "continuous"))
    drawn = texts(gantt(scene, scene.end, (118, height)).draw())
    assert len(drawn) == height
    assert sum(not row.strip() for row in drawn) <= 1  # two lanes share them evenly


@pytest.mark.parametrize("width", range(40, 130, 9))
def test_names_of_neighbours_do_not_touch(width: int) -> None:
    for rows in lanes(gantt(NOTEBOOK, NOTEBOOK.end, (width, 32))):
        assert not re.search(r"R\d+R\d", "\n".join(rows))


def test_a_name_is_never_cut_by_the_playhead() -> None:
    for time in range(0, NOTEBOOK.end, 97 * MS):
        for rows in lanes(gantt(NOTEBOOK, time, (78, 20))):
            assert not re.search(r"R┃|R\d┃\d|d┃|h┃e|f┃o", "\n".join(rows))


@pytest.mark.parametrize("width", range(60, 161, 5))
def test_a_name_is_never_cut_by_the_mark_of_an_eviction(width: int) -> None:
    scene = scene_of(load_workload("rule-by-rule").served_by("vllm-v0", "vllm"))
    for run, rows in zip(scene.runs, lanes(gantt(scene, scene.end, (width, 30))), strict=True):
        evicted = {str(run.requests.id[row]) for row in run.stays.request[run.evicted_stays]}
        assert {*re.findall(r"R(\d*)↩", "\n".join(rows))} <= evicted


@pytest.mark.parametrize("width", [60, 85, 120])
def test_where_a_prompt_is_seen_to_be_read_the_others_are_seen_to_stall(width: int) -> None:
    """However short it is: the slot that is new in a cell reads, so those beside it stall."""
    chart = gantt(NOTEBOOK, NOTEBOOK.end, (width, 30))
    run, rows = NOTEBOOK.runs[2], lanes(chart)[2]
    assert run.strategy.name == "continuous"
    thick = (len(rows) - 2) // run.slots
    signs = np.array([list(rows[slot * thick + thick - 1]) for slot in range(run.slots)])
    begun, beside = 0, 0
    for stay, start in enumerate(run.stays.start_time.tolist()):
        cell = int(chart.window.cell_of(start)) + len(rows[0]) - len(chart.window.middles)
        if signs[run.stays.slot[stay], cell] == "░":
            begun += 1
            others = np.delete(signs[:, cell], run.stays.slot[stay])
            beside += int((others == "‖").any())
            assert not (others == "█").any()
    assert begun > 6
    assert beside >= 5


def test_the_largest_bubble_of_each_batch_names_its_cause() -> None:
    rows = lanes(gantt(ILLUSTRATIVE, ILLUSTRATIVE.end, (78, 20)))
    static, _, continuous = ("\n".join(lane) for lane in rows)
    assert re.findall(r"▒held for R\d+▒", static) == ["▒held for R3▒"]
    assert "held" not in continuous
    run = ILLUSTRATIVE.runs[0]
    assert [held_for(run, stay) for stay in range(len(run.stays))] == [3, 3, 3, 3, 5, 5]
    narrow = texts(gantt(ILLUSTRATIVE, ILLUSTRATIVE.end, (24, 20)).draw())
    assert re.findall(r"▒[a-z ]*for R\d+▒", "".join(narrow))[0] == "▒for R3▒"
    narrower = texts(gantt(ILLUSTRATIVE, ILLUSTRATIVE.end, (18, 20)).draw())
    assert "▒▒▒" in "".join(narrower)
    assert "for" not in "".join(narrower), "there is no room"


def test_the_queue_is_as_long_as_it_is() -> None:
    scene = scene_of(hand_made((0, 0, 10), (5, 0, 5), (10, 0, 5), strategies=[Continuous(1)]))
    chart = gantt(scene, scene.end, (60, 9), Viewport(rows="slots"))
    (rows,) = lanes(chart)
    levels = np.array([list(row) for row in rows[-3:]])
    waiting = [len(scene.runs[0].at(int(time)).waiting) for time in chart.window.middles]
    filled = (levels == "█").sum(axis=0) + 0.5 * (levels == "▄").sum(axis=0)
    assert max(waiting) == 2
    assert filled[: len(waiting)].tolist() == pytest.approx([1.5 * number for number in waiting])


def test_the_wait_of_the_selected_request_is_drawn_on_the_queue() -> None:
    chart = gantt(NOTEBOOK, NOTEBOOK.end, look=Viewport(selected=9))
    for run, rows in zip(NOTEBOOK.runs, lanes(chart), strict=True):
        first = int(chart.window.cell_of(run.requests.arrival_time[9]))
        after = int(chart.window.cell_of(run.start_time[9]))
        assert re.fullmatch(r"├(R9 waits )?[\d.]+ s─+", rows[-1][first:after])
        assert rows[-1][after] != "─"
    selected = palette().selection
    cells = [
        part for row in chart.draw() for part in row if part.style and part.style.color == selected
    ]
    stays = [part for part in cells if set(part.text) <= {"█", "▐"}]
    assert len(stays) >= 3
    assert {part.style.meta.get("request_row") for part in stays if part.style} == {9}


def test_slots_that_are_not_seen_are_counted_and_can_be_scrolled_to() -> None:
    scene = scene_of(apply_settings(load_workload("overload"), ["batch_size=64"]))
    chart = gantt(scene)
    assert [row.rpartition(" · ")[2] for row in texts(chart.draw()) if "━" in row] == [
        "slots 0–7 of 64"
    ] * 3
    last = gantt(scene, look=Viewport(top=10**6))
    assert last.tops == (56, 56, 56)
    assert texts(last.draw())[2].startswith("   56 ")
    found = chart.revealing(40)
    assert found.top is not None
    assert all(top <= 40 < top + 8 for top in gantt(scene, look=found).tops[:1])


def test_many_lanes_keep_their_headings() -> None:
    for size in ((78, 20), (118, 32), (158, 41)):
        headings = [row for row in texts(gantt(ENGINES, 0, size).draw()) if "━" in row]
        assert len(headings) == len(ENGINES.runs)
        assert all(re.search(r"slots? \d+(–\d+)? of \d+", row) for row in headings)


def test_free_slots_are_free_only_while_the_lane_serves() -> None:
    scene = scene_of(hand_made((0, 5, 3), (30, 0, 40), strategies=[Static(2), Continuous(4)]))
    chart = gantt(scene, scene.end, (80, 20), Viewport(rows="slots"))
    for run, rows in zip(scene.runs, lanes(chart), strict=True):
        ended = chart.window.middles >= run.finished
        for row in rows[:-1]:
            signs = np.array(list(row))[: len(ended)]
            assert not (signs[ended] == "·").any()


def inks(rows: list[Cells], sign: str, columns: slice) -> set[object]:
    """The colours of a sign in some columns of the rows between legend and axis."""
    cells = [[(s, part.style) for part in row for s in part.text] for row in rows[1:-1]]
    return {look.color for row in cells for s, look in row[columns] if look and s == sign}


@pytest.mark.parametrize("rows", ["requests", "slots"])
@pytest.mark.parametrize("theme", ["dark", "light", "ansi-16"])
def test_what_the_playhead_has_not_reached_is_dim(theme: str, rows: GanttRows) -> None:
    look = Viewport(rows=rows, since=0)
    now, end = (gantt(NOTEBOOK, at, TALL, look, theme) for at in (6400 * MS, NOTEBOOK.end))
    playhead = TALL[0] - now.window.cells + now.window.reached - 1
    past, ahead = slice(6, playhead), slice(playhead + 1, None)
    for sign in "█▒‖░":
        drawn = now.draw()
        bright, dim = inks(drawn, sign, past), inks(drawn, sign, ahead)
        assert bright
        assert dim
        assert not bright & dim
        assert inks(end.draw(), sign, ahead) <= bright
    signs = [[row[playhead + 5 :] for row in lanes(each)[-1]] for each in (now, end)]
    if rows == "slots":
        assert signs[0] == signs[1], "the signs of what is to come stay"


def test_every_strategy_has_bands() -> None:
    strategies = [kind() for kind in STRATEGIES.values()]
    workload = replace(load_workload("illustrative"), strategies=tuple(strategies))
    chart = gantt(scene_of(workload), 500 * MS, (118, 80), Viewport(rows="slots"))
    assert len(lanes(chart)) == len(strategies)


def test_for_whom_a_bubble_is_held_is_written_beside_the_name_in_it() -> None:
    scene = scene_of(load_workload("code-completion"))
    static, dynamic, _ = lanes(gantt(scene, scene.end, (80, 23), Viewport(since=0, rows="slots")))
    assert "░R16▒▒held for R17▒▒" in static[0]
    assert "R20▒▒" in static[4]
    assert "█R20▒▒▒for R17▒▒▒" in dynamic[3]
    assert sum("for R17" in row for row in static + dynamic) == 2
    assert "░R0▒▒for R6▒▒░" in static[0], "in fewer words where there is less room"


@pytest.mark.parametrize("width", [54, 60, 66, 78, 100])
@pytest.mark.parametrize("time", [0, ENGINES.end // 2, ENGINES.end])
@pytest.mark.parametrize("metrics", [(), ("mean_ttft",), ("mean_ttft", "p99_itl", "p99_e2el")])
def test_slots_that_are_not_seen_are_told_whatever_else_heads_a_panel(
    width: int, time: Picoseconds, metrics: tuple[str, ...]
) -> None:
    for scene, height in ((NOTEBOOK, 14), (ENGINES, 38)):
        now = min(time, scene.end)
        request = ChartRequest(scene, now, width, height, palette(), metrics=metrics)
        drawn = "\n".join(texts(Gantt(request, Viewport(rows="slots")).draw()))
        panels = re.split(r"\n(?=. [A-Za-z].*━)", drawn)[1:]
        assert len(panels) == len(scene.runs)
        for panel in panels:
            last = re.findall(r"(?m)^ *(\d+) ", panel)[-1]
            assert re.search(rf"(0–{last}|slot {last}) of \d", panel.partition("\n")[0]), panel
