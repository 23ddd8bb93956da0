"""The slots view, driven by its keys and the mouse, and read from the screen."""

from __future__ import annotations

import re
from functools import partial

from stage import MS, Stage, crowd, on_stage
from textual.events import MouseScrollDown, MouseScrollUp

from tui_batching.tui.panes import WHEEL_ROWS

slots_on_stage = partial(on_stage, size=(120, 36), view="3")


def slot_rows(stage: Stage) -> list[str]:
    """The rows that begin with the number of a slot."""
    return [row for row in stage.rows()[3:] if re.match(r" +\d+ ", row)]


async def test_its_hint_is_shown_with_a_panel_for_each_strategy() -> None:
    async with slots_on_stage(size=(170, 36)) as stage:
        assert "who shares the batch, and who makes no token" in stage.rows()[2]
        assert len(slot_rows(stage)) == 12
        assert "zoom" in stage.rows()[-1]


async def test_zoom_goes_from_all_steps_to_a_name_in_every_cell() -> None:
    async with slots_on_stage() as stage:
        await stage.seek(3400 * MS)
        usual = slot_rows(stage)
        await stage.press("z", "z")
        close = slot_rows(stage)
        assert close[0].count("R4█") >= 10
        await stage.press("z")
        assert slot_rows(stage) == close
        await stage.press("Z", "Z")
        assert slot_rows(stage) == usual
        await stage.press("Z", "Z")
        assert all(name in slot_rows(stage)[0] for name in ("R0", "R4", "R8", "R12", "R16"))
        whole = slot_rows(stage)
        await stage.press("Z")
        assert slot_rows(stage) == whole
        await stage.press("z")
        assert slot_rows(stage) != whole


async def test_pan_moves_all_strategies_and_zoom_comes_back() -> None:
    async with slots_on_stage() as stage:
        begin = slot_rows(stage)
        await stage.press("d")
        assert not set(begin) & set(slot_rows(stage))
        assert "z Z: to the playhead" in stage.rows()[2]
        await stage.press("a")
        assert slot_rows(stage) == begin
        await stage.press("z", "Z")
        assert slot_rows(stage) == begin
        assert "z Z: to the playhead" not in stage.rows()[2]


async def test_the_steps_follow_while_it_plays() -> None:
    async with slots_on_stage() as stage:
        await stage.press("space")
        stage.wall.now += 16
        await stage.until(lambda: stage.clock == 8000 * MS)
        headings = [row for row in stage.rows() if " · batch 4" in row]
        steps = [int(found[1]) for row in headings if (found := re.search(r"step (\d+)", row))]
        expected = [run.at(8000 * MS).iteration + 1 for run in stage.scene.runs]
        assert steps == expected
        assert sum("╵" in row and "┃" in row for row in stage.rows()) == 3


async def test_the_wheel_and_pages_scroll_the_slots() -> None:
    async with slots_on_stage(crowd(80, 64), size=(120, 24)) as stage:
        page = len(slot_rows(stage))

        async def first_after(event: type[MouseScrollDown | MouseScrollUp]) -> int:
            await stage.turn_wheel(event)
            return int(slot_rows(stage)[0].split()[0])

        assert await first_after(MouseScrollDown) == WHEEL_ROWS
        assert await first_after(MouseScrollUp) == 0
        for pages, last in ((1, 2 * page - 1), (9, 63), (-9, page - 1)):
            stage.live.action_scroll_pages(pages)
            await stage.settled()
            assert int(slot_rows(stage)[-1].split()[0]) == last


async def test_a_click_on_a_cell_selects_its_request() -> None:
    async with slots_on_stage() as stage:
        await stage.seek(3400 * MS)
        y, row = next((y, row) for y, row in enumerate(stage.rows()) if " R7 █" in row)
        await stage.pilot.click(offset=(row.index(" R7 █") + 20, y))
        await stage.settled()
        assert stage.live.selected == 7


async def test_a_batch_size_changes_the_slots() -> None:
    async with slots_on_stage() as stage:
        await stage.press("right_square_bracket")
        assert len(slot_rows(stage)) == 15
