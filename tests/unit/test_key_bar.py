"""The bottom row: whole keys only, help and quit at every width, and clicks that are the keys."""

from __future__ import annotations

import pytest
from stage import on_stage

from tui_batching.tui.key_bar import KeyBar, key_strip
from tui_batching.tui.themes import DEFAULT_THEME, Palette, load_themes

PALETTE = Palette.from_theme(load_themes()[DEFAULT_THEME])


@pytest.mark.parametrize("width", [60, 80, 120, 160])
def test_help_and_quit_are_there_and_nothing_is_cut(width: int) -> None:
    strip = key_strip(width, PALETTE)
    assert strip.cell_length == width
    assert "? help" in strip.text
    assert "q quit" in strip.text
    assert "…" not in strip.text


async def test_a_click_on_a_key_is_the_key() -> None:
    async with on_stage() as stage:
        before = stage.clock
        column = key_strip(160, PALETTE).text.index("→")
        await stage.pilot.click(KeyBar, offset=(column, 0))
        await stage.settled()
        assert stage.clock > before
