"""The slots over decode steps, read row by row."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from stage import MS, crowd, hand_made, palette, scene_of, texts

from tui_batching.analysis.scene import Scene
from tui_batching.charts.chart import ChartRequest, Viewport
from tui_batching.charts.panels import Scale, scale_row
from tui_batching.charts.rows import text_of
from tui_batching.charts.slots import Slots, slots_chart
from tui_batching.clock import Picoseconds
from tui_batching.strategies import Continuous, Dynamic, Static
from tui_batching.workload import load_workload

HELD = scene_of(
    hand_made(
        (0, 5, 3), (0, 5, 12), (0, 5, 9), strategies=[Static(2), Dynamic(2, 0), Continuous(2)]
    )
)
"""R0 is held for R1 in static and dynamic; in continuous R2 takes its slot."""
NOTEBOOK = scene_of(load_workload("notebook"))
ILLUSTRATIVE = scene_of(load_workload("illustrative"))
WIDE = scene_of(crowd(100, 32))
MANY = scene_of(crowd(500, 8, gap=11))


def slots(
    scene: Scene,
    time: Picoseconds = 0,
    size: tuple[int, int] = (120, 32),
    look: Viewport | None = None,
) -> Slots:
    return Slots(ChartRequest(scene, time, *size, palette()), look or Viewport())


def lines(drawn: Slots) -> list[str]:
    return [line.rstrip() for line in texts(drawn.draw())]


def panel(drawn: Slots, name: str) -> list[str]:
    """The rows of a panel below its heading, of panels that stand one above the other."""
    rows = lines(drawn)
    begin = next(number for number, row in enumerate(rows) if name in row) + 1
    length = next(
        (number for number, row in enumerate(rows[begin:]) if "batch" in row), len(rows) - begin
    )
    return [row for row in rows[begin : begin + length] if row]


def test_steps_that_are_not_seen_are_counted_at_the_right_edge() -> None:
    axes = [row for row in lines(slots(NOTEBOOK, size=(80, 32))) if "╵" in row]
    counts = [lane.count for lane in NOTEBOOK.slot_steps]
    assert [int(re.findall(r" step, (\d+) more →$", row)[0]) for row in axes] == [
        count - len(row.rstrip()) + 2 for count, row in zip(counts, axes, strict=True)
    ]
    whole = lines(slots(HELD, size=(60, 16)))
    assert not any("more →" in row for row in whole)


def test_each_cell_tells_who_makes_a_token_who_is_held_and_what_is_free() -> None:
    assert panel(slots(HELD, size=(90, 16)), "STATIC")[:3] == [
        "  ┃██▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄",
        "0 ▐██ R0 ▒▒▒▒▒ R2 █████",
        "1  R1 ████████·········",
    ]
    assert panel(slots(HELD, size=(90, 16)), "CONTINUOUS")[:3] == [
        "  ┃███████████",
        "0 ▐██ R2 █████",
        "1  R1 ████████",
    ]


def test_with_room_each_slot_is_two_rows_high_and_is_named_once() -> None:
    rows = panel(slots(HELD, size=(60, 24)), "CONTINUOUS")
    assert rows[:4] == [
        "0 ▐██ R2 █████",
        "  ▐██▐████████",
        "1  R1 ████████",
        "  ▐███████████",
    ]


def test_close_up_every_step_of_every_slot_has_its_name() -> None:
    close = slots(HELD, size=(62, 16), look=Viewport(zoom=2))
    static = panel(close, "STATIC")
    assert static[0] == "0 R0█┃" + " ".join(["R0█"] * 2 + ["R0▒"] * 9 + ["R2█"] * 3)
    assert static[1] == "1 R1█┃" + " ".join(["R1█"] * 11 + ["·  "] * 3).rstrip()
    assert panel(slots(HELD, size=(62, 16), look=Viewport(zoom=9)), "STATIC") == static


def test_two_columns_a_step_lie_between() -> None:
    rows = panel(slots(HELD, size=(62, 16), look=Viewport(zoom=1)), "CONTINUOUS")
    assert rows[:2] == ["0  R0 ██ R2 ██████████████", "1  R1 ████████████████████"]


def test_far_off_a_column_stands_for_several_steps_and_all_of_them_are_seen() -> None:
    far = slots(NOTEBOOK, 3400 * MS, (80, 20), Viewport(zoom=-99))
    longest = max(lane.count for lane in NOTEBOOK.slot_steps)
    assert far.windows[0].scale == Fraction(longest, 78)
    assert slots(NOTEBOOK, 0, (80, 20), Viewport(zoom=-1)).windows[0].scale == 2
    for lane, window in zip(NOTEBOOK.slot_steps, far.windows, strict=True):
        assert window.begin == 0
        assert window.end >= lane.count
    static = panel(far, "STATIC")
    assert len(static[0]) == 2 + -(-317 * 78 // longest)


def test_a_run_for_which_there_is_nearly_room_is_seen_whole() -> None:
    nearly = slots(ILLUSTRATIVE, 600 * MS, (62, 32))
    longest = max(lane.count for lane in ILLUSTRATIVE.slot_steps)
    assert longest == 90
    for lane, window in zip(ILLUSTRATIVE.slot_steps, nearly.windows, strict=True):
        assert (window.begin, window.end) == (0, longest)
        drawn, now = window.drawn.tolist(), lane.at(600 * MS)
        assert drawn == sorted(set(drawn))
        assert drawn[window.now_columns[0]] == now
    rows = lines(nearly)
    assert not any("more →" in row for row in rows)
    assert rows[0].startswith("row = slot, steps along it")
    followed = slots(ILLUSTRATIVE, 600 * MS, (61, 32))
    assert followed.windows[0].scale == 1
    assert any("more →" in row for row in lines(followed))


@pytest.mark.parametrize(("width", "told"), [(82, False), (83, True)])
def test_how_many_make_a_token_is_drawn_where_it_is_said_what_that_is(
    width: int, told: bool
) -> None:
    rows = lines(slots(HELD, 60 * MS, (width, 20)))
    assert ("▂▅█ how many do" in rows[0]) is told
    assert bool(re.search("^ +█+▄┃", rows[2])) is told


def test_the_level_above_is_the_mean_of_the_steps_in_a_column() -> None:
    making = NOTEBOOK.slot_steps[0].making(np.array([0, 2, 4, 6, 8]))
    levels = panel(slots(NOTEBOOK, NOTEBOOK.end, (120, 20), Viewport(zoom=-1)), "STATIC")[0][2:6]
    assert levels == "".join("▁▂▃▄▅▆▇█"[int(share * 8) - 1] for share in making / 4)


@pytest.mark.parametrize("zoom", [-2, -1, 0, 1, 2])
def test_the_step_under_way_of_each_strategy_is_marked_and_seen(zoom: int) -> None:
    for time in range(0, NOTEBOOK.end - 1, NOTEBOOK.end // 19):
        drawn = slots(NOTEBOOK, time, (160, 41), Viewport(zoom=zoom))
        for window, lane in zip(drawn.windows, NOTEBOOK.slot_steps, strict=True):
            moment = lane.run.at(time)
            if moment.over:
                assert not window.now_columns
                continue
            seen = window.step_of(np.array(window.now_columns))
            assert set(seen.tolist()) == {int(moment.iteration // window.scale * window.scale)}
        marked = [line for line in lines(drawn)[1:] if "┃" in line and "╵" in line]
        assert len(marked) == sum(time < run.finished for run in NOTEBOOK.runs)


@pytest.mark.parametrize("time", [3400 * MS, 4000 * MS])
def test_the_playhead_has_its_sign_in_slots_where_it_hides_nothing(time: Picoseconds) -> None:
    rows = panel(slots(NOTEBOOK, time, (120, 40)), "STATIC")
    column = next(row for row in rows if "╵" in row).index("┃")
    assert sum(row[column : column + 1] == "┃" for row in rows) >= 5
    begins = panel(slots(HELD, 0, (120, 40)), "STATIC")
    column = next(row for row in begins if "╵" in row or "step" in row).index("┃")
    assert [row[column] for row in begins if re.match(r"[01] ", row)] != ["┃", "┃"]


def test_the_heading_tells_the_step_and_what_goes_before_it() -> None:
    for time, told in (
        (0, "idle before step 1 of 317 · 0 make a token, 0 held"),
        (3400 * MS, "step 69 of 317 · 4 make a token, 0 held"),
        (NOTEBOOK.end, "317 steps in 10.3 s"),
    ):
        heading = next(row for row in lines(slots(NOTEBOOK, time)) if "STATIC" in row)
        if time == 0:
            assert re.search(r"(idle|forming|prefill) before step 1 of 317", heading)
        else:
            assert heading.endswith(told)


@pytest.mark.parametrize(
    ("scene", "size", "stacked", "axis"),
    [
        (NOTEBOOK, (78, 20), True, True),
        (NOTEBOOK, (78, 16), True, False),
        (NOTEBOOK, (118, 32), True, True),
        (WIDE, (78, 20), False, True),
        (WIDE, (118, 32), False, True),
        (WIDE, (60, 20), True, True),
    ],
)
def test_the_layout_shows_all_slots_if_it_can(
    scene: Scene, size: tuple[int, int], stacked: bool, axis: bool
) -> None:
    drawn = lines(slots(scene, 0, size))
    headings = [row for row in drawn if re.search("STATIC|DYNAMIC|CONTINUOUS", row)]
    assert len(headings) == (3 if stacked else 1)
    assert any(re.search(r"╵\d.* (step|[\d,]+ more →)$", row) for row in drawn) is axis


def test_slots_that_do_not_fit_are_counted_and_can_be_scrolled_to() -> None:
    first = slots(WIDE, 0, (118, 24))
    rows = lines(first)
    assert first.page == 20
    assert rows[-1].count("↓12") == 3
    below = slots(WIDE, 0, (118, 24), Viewport(top=99))
    assert below.tops == (12, 12, 12)
    rows = lines(below)
    assert rows[2].count("↑12") == 3
    assert "↓" not in rows[-1]
    assert rows[-2].lstrip().startswith("31 ")


def test_lanes_of_different_sizes_each_show_their_own_slots() -> None:
    scene = scene_of(hand_made(*[(0, 5, 9)] * 30, strategies=[Static(2), Continuous(20)]))
    drawn = slots(scene, 0, (45, 19))
    rows = [re.match(r" *(\d+) ", row) for row in lines(drawn)]
    numbers = [int(found[1]) for found in rows if found]
    assert numbers == [0, 1, *range(len(numbers) - 2)]
    assert drawn.page < 20


@pytest.mark.parametrize("size", [(1, 1), (9, 3), (40, 8), (78, 20), (158, 41), (300, 90)])
@pytest.mark.parametrize("scene", [HELD, WIDE, MANY])
@pytest.mark.parametrize("zoom", [-2, 0, 2])
def test_every_size_is_filled_exactly(size: tuple[int, int], scene: Scene, zoom: int) -> None:
    drawn = slots(scene, scene.end // 2, size, Viewport(zoom=zoom)).draw()
    assert [sum(len(part.text) for part in row) for row in drawn] == [size[0]] * size[1]


def test_the_selected_request_is_marked_and_found() -> None:
    drawn = slots(NOTEBOOK, 3400 * MS, look=Viewport(selected=7)).draw()
    marked = [part.text for row in drawn for part in row if part.style and part.style.reverse]
    assert "".join(marked).count("R") == 3
    clickable = {
        part.style.meta["request_row"]
        for row in drawn
        for part in row
        if part.style and "request_row" in part.style.meta
    }
    assert 7 in clickable


def test_revealing_goes_to_the_slot_and_the_steps_of_a_request() -> None:
    far = slots(MANY, 0, (118, 12))
    look = far.revealing(490)
    seen = slots(MANY, 0, (118, 12), look)
    assert any(
        window.begin <= lane.admitted[490] < window.end
        for window, lane in zip(seen.windows, MANY.slot_steps, strict=True)
    )
    assert far.revealing(0) == far.viewport


def test_the_picture_of_a_whole_run_shows_all_steps_and_no_playhead() -> None:
    drawn = texts(slots_chart(ChartRequest(NOTEBOOK, NOTEBOOK.end, 120, 30, palette())))
    assert "┃" not in "".join(drawn[1:])
    assert all(f"R{row}" in "".join(drawn) for row in (3, 7, 19))
    at = texts(slots_chart(ChartRequest(NOTEBOOK, NOTEBOOK.end // 2, 120, 30, palette())))
    assert any("┃" in row for row in at[1:])


def test_tokens_made_by_prefills_alone_leave_no_step_to_show() -> None:
    workload = hand_made((0, 40, 1), (9, 40, 1), strategies=[Static(2), Continuous(2)])
    scene = scene_of(replace(workload, cost=replace(workload.cost, first_token="prefill")))
    drawn = lines(slots(scene, 20 * MS, (80, 14)))
    assert sum("prefill after the last step" in row for row in drawn) == 2
    assert not re.search("█|▒", "".join(drawn[1:]))
    assert sum("0 steps in" in row for row in lines(slots(scene, scene.end, (80, 14)))) == 2


def test_a_request_alone_is_drawn_from_its_first_step_to_its_last() -> None:
    alone = scene_of(hand_made((0, 5, 3), strategies=[Continuous(2)]))
    whole = lines(slots(alone, alone.end))
    assert "0 ▐██" in whole
    assert "1 ···" in whole


@pytest.mark.parametrize("mark", range(40))
def test_the_unit_of_an_axis_is_whole_wherever_the_playhead_is(mark: int) -> None:
    scale = Scale(0, 100, 40, ("step, 36 more →",), mark)
    row = text_of(scale_row(scale, "", 40, palette()))
    assert "step, 36 more →" in row
    assert row[mark] == "┃"


@pytest.mark.parametrize("size", [(78, 20), (100, 26), (138, 36)], ids=str)
def test_the_words_of_an_axis_are_whole_in_panels_of_any_width(size: tuple[int, int]) -> None:
    sizes = (Static(64), Dynamic(64), Continuous(64))
    scene = scene_of(replace(load_workload("notebook"), strategies=sizes))
    for time in range(0, scene.end, scene.end // 60):
        axis = lines(slots(scene, time, size))[-1]
        told = re.sub(r"[╵┃]\d+(?=[ ┃]|$)(?! more| →)|┃|↓\d+ ", "  ", axis)
        for words in filter(None, re.split(" {2,}", told.strip())):
            assert re.fullmatch(r"(step, )?[\d,]+ more →|([\d,]+ )?→|step", words), axis
        assert not re.search(r"┃[a-z→]|┃[\d,]+ (more|→)|[a-z→]┃", axis), axis


@pytest.mark.parametrize("mark", [None, *range(21)])
def test_a_narrow_axis_has_a_number_wherever_the_playhead_is(mark: int | None) -> None:
    units = ("iteration, 331 more →", "331 more →", "331 →", "→")
    row = text_of(scale_row(Scale(62, 83, 21, units, mark, whole=True), "", 21, palette()))
    assert re.search(r"[╵┃]\d+(?=[ ┃])", row)
    assert "→" in row
    if mark is None or mark < 18:
        assert row.endswith("→")
