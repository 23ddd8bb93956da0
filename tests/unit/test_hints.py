"""The hints above the figures: they name keys as they are bound, and are never cut."""

from __future__ import annotations

from pathlib import Path

import pytest
from stage import on_stage
from tour import TOUR

from tui_batching.config import parse_config
from tui_batching.tui.views import VIEWS

WITH_NEXT = {
    "5": ["slowest 1 % by TTFT", "slowest 5 % by TTFT"],
    "8": ["KV cache tokens"],
    "9": ["TTFT", "wait"],
}
"""What the key of quantities shows next in some views, and after it was pressed."""


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_hint_names_the_key_of_what_comes_next(size: tuple[int, int]) -> None:
    async with on_stage("notebook", size) as stage:
        for view, quantities in WITH_NEXT.items():
            await stage.press(view)
            for following in quantities:
                await stage.swept()
                assert stage.rows()[2].rstrip().endswith(f"(m: {following})"), view
                await stage.press("m")


async def test_keys_that_a_config_has_moved_are_named() -> None:
    moved = "theme: dark\nkeys: {quantity: y, scroll-down: 'u', scroll-up: 'U'}"
    config = parse_config(moved, Path("config.yaml"))
    async with on_stage("notebook", (80, 24), config=config) as stage:
        for view in ("5", "9"):
            await stage.press(view)
            assert "(y: " in stage.rows()[2]
        await stage.press("5")
        assert "· u, U or the wheel" in stage.seen()
    async with on_stage("engines", (80, 24), config=config) as stage:
        assert "u+4" in stage.rows()[2].replace(" ", "")


async def test_a_room_is_told_of_no_key_for_another_quantity() -> None:
    async with on_stage("notebook", (120, 36), deck=TOUR) as stage:
        for view in ("5", "9"):
            await stage.press(view)
            assert "(m: " not in stage.seen()


@pytest.mark.parametrize(
    ("name", "size"),
    [("notebook", (60, 20)), ("tight-memory", (70, 22)), ("cache-thrash", (60, 20))],
)
async def test_no_hint_is_cut(name: str, size: tuple[int, int]) -> None:
    async with on_stage(name, size) as stage:
        for view in VIEWS[1:]:
            await stage.pilot.press(view.key)
            told = {""}
            await stage.swept()
            while (hint := stage.rows()[2].strip()) not in told:
                assert "…" not in hint, view
                told.add(hint)
                await stage.press("m")
                await stage.swept()
            assert hint, view
