"""Views of more rows than fit: keys, the wheel, and what is left below."""

from __future__ import annotations

import re

import pytest
from stage import Stage, on_stage
from textual.events import MouseScrollDown, MouseScrollUp

VIEWS = pytest.mark.parametrize("key", ["5", "0"])


def position(stage: Stage) -> tuple[int, int, int] | None:
    """The first and the last row that are shown, of how many; None where all of them fit."""
    match = re.search(r"rows (\d+)–(\d+) of (\d+)", stage.seen())
    return None if match is None else (int(match[1]), int(match[2]), int(match[3]))


@VIEWS
async def test_pages_go_to_the_end_and_back_without_leaving_a_row_out(key: str) -> None:
    async with on_stage(size=(80, 24), view=key) as stage:
        first, last, total = position(stage)
        assert (first, last) == (1, 19)
        seen = set(range(first, last + 1))
        while last < total:
            before = last
            await stage.press("pagedown")
            first, last, _ = position(stage)
            assert last > before
            seen |= set(range(first, last + 1))
        assert seen == set(range(1, total + 1))
        await stage.press("J")
        assert position(stage) == (first, last, total)
        while position(stage)[0] > 1:
            await stage.press("pageup")
        await stage.press("K")
        assert position(stage) == (1, 19, total)


@VIEWS
async def test_the_wheel_scrolls_and_playing_stays_where_one_reads(key: str) -> None:
    async with on_stage(size=(80, 24), view=key) as stage:
        await stage.turn_wheel(MouseScrollDown)
        await stage.turn_wheel(MouseScrollDown)
        await stage.turn_wheel(MouseScrollUp)
        assert position(stage)[0] == 4
        await stage.press("right", "right_square_bracket")
        assert position(stage)[0] == 4


async def test_what_fits_is_shown_whole_and_a_smaller_terminal_counts_again() -> None:
    async with on_stage(size=(160, 48), view="5") as stage:
        assert position(stage) is None
        await stage.pilot.resize_terminal(160, 30)
        await stage.until(lambda: position(stage) == (1, 25, 44))
        await stage.press("pagedown")
        await stage.until(lambda: position(stage) == (20, 44, 44))
        await stage.pilot.resize_terminal(160, 48)
        await stage.until(lambda: position(stage) is None)
        assert "who is best" in stage.seen()


async def test_other_views_do_not_scroll() -> None:
    async with on_stage(size=(160, 36)) as stage:
        for key, offered in (("1", False), ("4", False), ("5", True), ("9", False), ("0", True)):
            await stage.press(key, "pagedown")
            assert ("page" in stage.rows()[-1]) is offered
