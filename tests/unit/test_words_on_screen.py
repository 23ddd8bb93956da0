"""What holds of the words in every view: one spelling of durations, and parameters everywhere."""

from __future__ import annotations

import re

import pytest
from stage import on_stage

from tui_batching.clock import SECOND
from tui_batching.tui.views import VIEWS

SIZES = [(80, 24), (120, 36), (160, 45)]
KEYS = [view.key for view in VIEWS]


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_every_view_shows_parameters_and_spells_durations_alike(
    size: tuple[int, int],
) -> None:
    async with on_stage(size=size) as stage:
        await stage.seek(3 * SECOND)
        for key in KEYS:
            await stage.press(key)
            await stage.swept()
            seen = stage.seen()
            assert "500 ms" in seen, key  # the timeout of dynamic
            assert not re.findall(r"\d(?:ms|µs|s)\b", seen), key


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_held_and_stalled_are_never_told_under_one_name(size: tuple[int, int]) -> None:
    async with on_stage(size=size) as stage:
        await stage.press("end")
        for key in KEYS:
            await stage.press(key)
            for row in stage.rows():
                assert "bubble" not in row or "held" in row, (key, row)
