"""Work in the background: one simulation at a time, and none that quitting waits for."""

from __future__ import annotations

import subprocess
import sys
from threading import Event, Lock

import pytest
from command_line import CHECKOUT
from stage import MS, FakeWall, Stage, hand_made, on_stage
from waiting import PATIENCE_SECONDS

from tui_batching.analysis.scene import Scene
from tui_batching.clock import HORIZON
from tui_batching.tui import simulator
from tui_batching.tui.app import BatchingApp

ENDLESS = """
import asyncio
from threading import Event
from tui_batching.tui import simulator
from tui_batching.tui.app import BatchingApp
from tui_batching.workload import load_workload

begun = Event()

def never_ends(*_):
    begun.set()
    Event().wait()

async def quit_meanwhile():
    app = BatchingApp(load_workload("notebook"))
    async with app.run_test() as pilot:
        while not begun.is_set():
            await pilot.pause(0.01)
        await pilot.press("q")
    print("quit with", app.return_code)

simulator.build_scene = never_ends
asyncio.run(quit_meanwhile())
"""


def test_quitting_does_not_wait_for_a_simulation() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ENDLESS],
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "quit with 0\n", "")


class Builds:
    """Counts simulations, which wait until they may go on."""

    def __init__(self) -> None:
        self.go = Event()
        self.begun = self.at_once = self.most_at_once = 0
        self._lock, self._build = Lock(), simulator.build_scene

    def __call__(self, *given: object) -> Scene:
        with self._lock:
            self.begun += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            assert self.go.wait(PATIENCE_SECONDS)
            return self._build(*given)  # type: ignore[arg-type]
        finally:
            with self._lock:
                self.at_once -= 1


async def held_down(stage: Stage, builds: Builds) -> None:
    """Turn a parameter often while the first simulation waits."""
    builds.go.clear()
    builds.begun = 0
    await stage.pilot.press(*["right_square_bracket"] * 20)
    builds.go.set()
    await stage.settled()


async def test_a_key_held_down_simulates_first_and_last_and_never_two_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    builds = Builds()
    builds.go.set()
    monkeypatch.setattr(simulator, "build_scene", builds)
    async with on_stage(hand_made((0, 5, 2))) as stage:
        await held_down(stage, builds)
        assert (builds.begun, builds.most_at_once) == (2, 1)
        assert stage.titles[0] == "STATIC batch 192"


async def test_where_memory_ends_the_app_says_so_and_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with on_stage() as stage:
        build = simulator.build_scene

        def fill(*_: object) -> None:
            raise MemoryError

        monkeypatch.setattr(simulator, "build_scene", fill)
        before = stage.titles
        await stage.press("right_square_bracket")
        assert "too little memory" in stage.notices[0]
        monkeypatch.setattr(simulator, "build_scene", build)
        assert stage.titles == before
        await stage.press("left_square_bracket")
        assert stage.titles[0] == "STATIC batch 3"


async def test_why_nothing_is_on_stage_is_told_until_something_is() -> None:
    app = BatchingApp(hand_made((0, 5, 2), (HORIZON // MS, 5, 2)))
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        stage = Stage(app, pilot, FakeWall())
        await stage.until(lambda: "beyond the clock" in stage.seen())
        [told] = app._notifications
        assert told.timeout > 3600
        await stage.press("w", "home", "enter")
        assert stage.notices == []
        assert "STATIC" in stage.seen()


async def test_a_key_held_down_at_its_end_is_told_once() -> None:
    async with on_stage() as stage:
        await stage.pilot.press(*["greater_than_sign"] * 40)
        await stage.settled()
        assert stage.notices == ["the load is at its highest, a thousand times the workload's own"]
