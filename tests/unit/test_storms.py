"""The app under abuse: resized and hammered at random, from seeds that say how to repeat it.

`STORM=2000 python -m pytest tests/unit/test_storms.py -s` storms longer and tells the longest
time in which nothing was answered.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from stage import Stage, on_stage
from textual.events import MouseMove, MouseScrollDown, MouseScrollUp

from tui_batching.clock import SECOND
from tui_batching.tui.bindings import KEYS
from tui_batching.tui.views import VIEWS, View

ACTIONS = int(os.environ.get("STORM", "70"))
SIZES_A_VIEW = 4
SMALLEST, LARGEST = (20, 5), (300, 100)
FROZEN_SECONDS = 1.0
"""Of computing, whatever else the machine does; on one that is idle it is 0.2."""
LEAVING = ("quit", "suspend")
IN_DIALOGS = ("enter", "tab", "down", "up", "end", "x", "1", "backspace", "ctrl+a", "f1", "pageup")
INSTANT = 3 * SECOND


class Watch:
    """Finds the longest time in which the app answered nothing, and what was done to it then."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.doing = self.worst = ""
        self._last = time.thread_time()

    async def look(self) -> None:
        """Look, until it is cancelled."""
        while True:
            await asyncio.sleep(0.005)
            now = time.thread_time()
            if now - self._last > self.longest:
                self.longest, self.worst = now - self._last, self.doing
            self._last = now


async def watched(storm: Callable[[Watch], Awaitable[None]]) -> None:
    """Storm, and tell how long nothing was answered."""
    gc.collect()
    gc.freeze()  # what other tests have left would be looked through again and again
    watch = Watch()
    looking = asyncio.create_task(watch.look())
    try:
        await storm(watch)
    finally:
        looking.cancel()
        gc.unfreeze()
    print(f"frozen for at most {watch.longest * 1e3:.0f} ms, at {watch.worst}")
    assert watch.longest < FROZEN_SECONDS


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.key)
async def test_after_any_sizes_it_looks_as_if_it_had_always_had_the_last_one(
    view: type[View],
) -> None:
    chance = random.Random(f"sizes of {view}")

    def any_size() -> tuple[int, int]:
        return (
            chance.randint(SMALLEST[0], LARGEST[0]),
            chance.randint(SMALLEST[1], LARGEST[1]),
        )

    async with on_stage() as stage:
        await stage.press(view.key, "space")

        async def storm(watch: Watch) -> None:
            for _ in range(SIZES_A_VIEW):
                stage.wall.now += 0.05
                size = any_size()
                watch.doing = f"size {size}"
                await stage.pilot.resize_terminal(*size)

        await watched(storm)
        size = any_size()
        await stage.pilot.resize_terminal(*size)
        await stage.press("space")
        await shown_at_rest(stage)
        stormed = stage.rows()
    async with on_stage(size=size) as stage:
        await stage.press(view.key)
        await shown_at_rest(stage)
        assert stormed == stage.rows()


async def shown_at_rest(stage: Stage) -> None:
    await stage.seek(INSTANT)
    await stage.swept()


@pytest.mark.parametrize("seed", range(2))
async def test_any_keys_and_clicks_are_taken(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where it exports to
    chance = random.Random(seed)
    keys = [name for key in KEYS if key.id not in LEAVING for name in key.keys.split(",")]
    async with on_stage(size=(120, 36)) as stage:

        async def act(watch: Watch) -> None:
            kind = chance.random()
            if kind < 0.85:
                key = chance.choice(keys if kind < 0.75 else IN_DIALOGS)
                watch.doing = f"{key} in view {stage.live.seen} at {stage.app.size}"
                await stage.pilot.press(key)
            elif kind < 0.95:
                width, height = stage.app.size
                place = (chance.randrange(width), chance.randrange(height))
                event = chance.choice([MouseMove, MouseScrollDown, MouseScrollUp, None])
                if event is None:
                    await stage.pilot.click(offset=place)
                else:
                    button = chance.randrange(2)
                    await stage.pilot._post_mouse_events([event], offset=place, button=button)
            else:
                size = (chance.randint(20, 200), chance.randint(5, 60))
                watch.doing = f"size {size} in view {stage.live.seen}"
                await stage.pilot.resize_terminal(*size)

        async def storm(watch: Watch) -> None:
            for _ in range(ACTIONS):
                stage.wall.now += chance.random() / 5
                await act(watch)

        await watched(storm)
        while stage.app.screen is not stage.live:
            await stage.pilot.press("escape")
        await stage.pilot.resize_terminal(120, 36)
        await stage.settled()
        assert stage.scene.workload.requests is not None
        if stage.live.presenter.is_on:  # a slide hides the title
            await stage.press("p")
        assert "tui-batching" in stage.rows()[0]


@pytest.mark.parametrize("size", [(4, 60), (500, 1)], ids=str)
async def test_everything_opens_on_any_terminal(size: tuple[int, int]) -> None:
    async with on_stage() as stage:
        for key in ("w", "x", "g", "question_mark", "ctrl+p", "c", "p"):
            await stage.pilot.resize_terminal(*size)
            await stage.press(key)
            await stage.pilot.resize_terminal(100, 30)
            await stage.press("escape")  # at last it asks whether to leave the tour
        await stage.pilot.resize_terminal(*size)
        await stage.press("enter")
        await stage.pilot.resize_terminal(100, 30)
        await stage.press("end")
        assert stage.app.screen is stage.live
        assert stage.clock > 0
