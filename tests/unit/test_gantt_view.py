"""The Gantt view, driven by its keys and the mouse, and read from the screen."""

from __future__ import annotations

import re
from functools import partial

from stage import MS, Stage, crowd, on_stage
from textual.events import MouseScrollDown, MouseScrollUp

from tui_batching.tui.panes import WHEEL_ROWS
from tui_batching.workload import load_workload

gantt_on_stage = partial(on_stage, size=(120, 36), view="2")


def names(stage: Stage) -> list[str]:
    """The requests of the first panel, from the top."""
    return [found[1] for row in stage.rows() if (found := re.match(r" (R\d+) ", row))]


def ticks(stage: Stage) -> list[float]:
    """The numbers of the first axis."""
    axis = next(row for row in stage.rows() if "╵" in row)
    return [float(number) for number in re.findall(r"[╵┃]([\d.]+)", axis)]


async def test_its_keys_are_offered_and_its_hint_is_shown() -> None:
    async with gantt_on_stage(size=(160, 45)) as stage:
        assert "zoom" in stage.rows()[-1]
        assert "quantity" in stage.rows()[-1]
        assert stage.rows()[2].startswith(" row = slot  ░ prefill")
        assert "▂▅█ queue, up to 11" in stage.rows()[2]


async def test_the_legend_tells_the_signs_that_are_seen_and_no_others() -> None:
    async with gantt_on_stage(size=(120, 36)) as stage:
        await stage.press("m")
        for sign in "├░█▒‖":
            assert sign in stage.rows()[2]
        stage.live._take_workload(load_workload("tight-memory"))
        await stage.settled()
        for sign, told in {"▒": False, "↩": True, "▚": True}.items():
            panel = "".join(stage.rows()[3:-2])
            assert (sign in stage.rows()[2]) == (sign in panel) == told


async def test_a_request_selected_elsewhere_does_not_move_the_window() -> None:
    async with on_stage("notebook") as stage:
        await stage.press("down", "down", "2")
        assert stage.live.selected == 1
        assert "to the playhead" not in stage.rows()[2]


async def test_rows_of_slots_and_of_requests_take_turns() -> None:
    async with gantt_on_stage() as stage:
        assert not names(stage)
        assert sum(row.startswith(" queue") for row in stage.rows()) == 3
        await stage.press("m")
        assert names(stage)[:3] == ["R0", "R1", "R2"]
        assert stage.rows()[2].startswith(" row = request  ├─ waits")
        stage.live._take_workload(load_workload("illustrative"))
        await stage.settled()
        assert len(names(stage)) == 18
        await stage.press("m")
        assert sum(row.startswith(" queue") for row in stage.rows()) == 3


async def test_the_wait_of_the_selected_request_is_on_the_queue() -> None:
    async with gantt_on_stage(size=(160, 45)) as stage:
        await stage.seek(5000 * MS)
        await stage.press(*["down"] * 10)
        assert stage.live.selected == 9
        assert stage.seen().count("├R9 waits ") == 3
        row = next(y for y, row in enumerate(stage.rows()) if "├R9 waits " in row)
        await stage.pilot.click(offset=(stage.rows()[row].index("├R9") + 1, row))
        await stage.settled()
        assert stage.live.selected is None


async def test_a_click_on_a_band_selects_who_is_in_it() -> None:
    async with gantt_on_stage() as stage:
        y = next(y for y, row in enumerate(stage.rows()) if "R5█" in row)
        await stage.pilot.click(offset=(stage.rows()[y].index("R5█") + 6, y))
        await stage.settled()
        assert stage.live.selected == 5


async def test_zoom_shows_less_time_around_the_playhead_and_back() -> None:
    async with gantt_on_stage() as stage:
        await stage.seek(5000 * MS)
        whole = ticks(stage)
        assert (whole[0], whole[-1]) == (0, 10)
        await stage.press("z", "z")
        shorter = ticks(stage)
        assert 0 < shorter[0] < 5 < shorter[-1] < 10
        assert shorter[-1] - shorter[0] <= 3
        await stage.press("Z", "Z")
        assert ticks(stage) == whole
        await stage.press("Z")
        assert ticks(stage) == whole
        await stage.press("z")
        assert ticks(stage) != whole


async def test_pan_leaves_the_playhead_until_a_zoom_goes_back_to_it() -> None:
    async with gantt_on_stage() as stage:
        await stage.press("z", "z")
        begin = ticks(stage)
        await stage.press("d")
        panned = ticks(stage)
        assert begin[0] < panned[0] <= begin[-1] < panned[-1]
        assert "z Z: to the playhead" in stage.rows()[2]
        await stage.seek(9000 * MS)
        assert ticks(stage) == panned
        await stage.press("a", "a")
        assert ticks(stage)[0] == 0
        await stage.press("z")
        assert "z Z: to the playhead" not in stage.rows()[2]
        assert ticks(stage)[-1] > 8


async def test_pan_stops_at_both_ends() -> None:
    async with gantt_on_stage() as stage:
        await stage.press("z", *"d" * 20)
        last = ticks(stage)
        assert last[-1] >= 10
        await stage.press("a")
        assert ticks(stage)[0] < last[0]
        await stage.press(*"a" * 20, "d")
        assert 0 < ticks(stage)[0] < last[0]


async def test_the_window_follows_while_it_plays() -> None:
    async with gantt_on_stage() as stage:
        await stage.press("z", "z", "space")
        begin = ticks(stage)
        stage.wall.now += 16
        await stage.until(lambda: stage.clock == 8000 * MS)
        assert ticks(stage)[0] > begin[-1]
        assert any("╵" in row and "┃" in row for row in stage.rows())


async def test_the_wheel_and_pages_scroll_the_rows() -> None:
    async with gantt_on_stage(crowd(200, 4, gap=9)) as stage:
        await stage.press("m")
        first = names(stage)
        page = len(first) // 3
        await stage.turn_wheel(MouseScrollDown)
        assert names(stage)[0] == f"R{WHEEL_ROWS}"
        await stage.turn_wheel(MouseScrollUp)
        await stage.turn_wheel(MouseScrollUp)
        assert names(stage) == first
        stage.live.action_scroll_pages(2)
        await stage.settled()
        assert names(stage)[0] == f"R{2 * page}"
        stage.live.action_scroll_pages(50)
        await stage.settled()
        assert names(stage)[-1] == "R199"
        assert f"↑{200 - page} ↓0" in stage.rows()[3]
        await stage.press("Z")
        assert names(stage) == first


async def test_a_selection_from_afar_is_scrolled_to_and_escape_follows_again() -> None:
    async with gantt_on_stage(crowd(200, 4, gap=9)) as stage:
        await stage.press("m")
        first = names(stage)
        await stage.press("up")
        assert stage.live.selected == 199
        assert "R199" in names(stage)
        assert any("├" in row for row in stage.rows() if row.startswith(" R199"))
        await stage.press("escape")
        assert names(stage) == first


async def test_a_click_on_a_row_selects_its_request_and_another_one_unselects_it() -> None:
    async with gantt_on_stage() as stage:
        await stage.press("m")
        y = next(y for y, row in enumerate(stage.rows()) if row.startswith(" R7 "))
        for selected in (7, None):
            await stage.pilot.click(offset=(60, y))
            await stage.settled()
            assert stage.live.selected == selected


async def test_another_workload_is_looked_at_anew() -> None:
    async with gantt_on_stage() as stage:
        await stage.press("z", "z", "d", "d")
        stage.live._take_workload(load_workload("illustrative"))
        await stage.settled()
        assert names(stage) == [f"R{number}" for number in range(6)] * 3
        assert ticks(stage)[0] == 0
        assert "row = request" in stage.rows()[2]


async def test_a_parameter_leaves_the_look_as_it_is() -> None:
    async with gantt_on_stage() as stage:
        await stage.seek(3000 * MS)
        await stage.press("z", "z")
        before = ticks(stage)
        await stage.press("right_square_bracket")
        assert "batch 5" in stage.rows()[3]
        assert ticks(stage)[-1] - ticks(stage)[0] <= before[-1] - before[0] + 0.5
