"""The bottom row: whole keys only, help and quit at every width, and clicks that are the keys."""

from __future__ import annotations

import pytest
from stage import on_stage

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
