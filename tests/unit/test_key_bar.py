"""The bottom row: whole keys only, help and quit at every width, and clicks that are the keys."""

from __future__ import annotations

import pytest
from stage import on_stage
from tour import STATIC, TOUR

from tui_batching.charts.palette import DEFAULT_THEME, load_palettes
from tui_batching.charts.rows import text_of
from tui_batching.tui.bars import KeyBar, key_row
from tui_batching.tui.bindings import KEYS

PALETTE = load_palettes()[DEFAULT_THEME]


@pytest.mark.parametrize("width", [60, 80, 120, 160])
def test_help_and_quit_are_there_and_nothing_is_cut(width: int) -> None:
    text = text_of(key_row(width, KEYS, PALETTE))
    assert len(text) == width
    assert "? help" in text
    assert "q quit" in text
    assert "…" not in text


async def test_a_click_on_a_key_is_the_key() -> None:
    async with on_stage() as stage:
        before = stage.clock
        column = text_of(key_row(160, KEYS, PALETTE)).index("→")
        await stage.pilot.click(KeyBar, offset=(column, 0))
        await stage.settled()
        assert stage.clock > before


def test_while_it_plays_the_key_says_that_it_pauses() -> None:
    still, playing = (text_of(key_row(160, KEYS, PALETTE, playing=each)) for each in (False, True))
    assert "space play " in still
    assert "space pause " in playing
    assert still.index("step") == playing.index("step")  # the keys behind it stay in place


async def test_where_it_stops_by_itself_the_key_plays_again() -> None:
    """In a chapter at its instant, and at the end of a run."""
    async with on_stage(TOUR.chapters[0].workload, (120, 36), deck=TOUR) as stage:
        stage.live.presenter.jump(STATIC - 1)
        await stage.swept()
        for _ in range(2):
            assert "space pause" in stage.rows()[-1]
            stage.wall.now += 3600
            stage.live._next_frame()
            await stage.drawn()
            assert "PAUSED" in stage.rows()[0]
            assert "space play" in stage.rows()[-1]
            await stage.press("space")
