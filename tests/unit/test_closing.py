"""Closing: what a screen does by itself ends before the widgets that it does it to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from stage import hand_made, on_stage
from textual.widgets import Input, Static
from tour import TOUR

from tui_batching.config import Config
from tui_batching.tui import dialogs, simulator
from tui_batching.tui.drawing_options import DrawingOptions
from tui_batching.tui.main_screen import MainScreen
from tui_batching.tui.presenting import notes
from tui_batching.tui.presenting.notes import NotesApp
from tui_batching.workload import load_workload

BUSY = DrawingOptions(frames=500, words=500, charts=1000)


class Lingers(Static):
    """A widget that takes its time to go, while all others are gone already."""

    def __init__(self, meanwhile: Callable[[], object], until: Callable[[], bool]) -> None:
        super().__init__()
        self._meanwhile, self._until = meanwhile, until

    async def on_unmount(self) -> None:
        self._meanwhile()
        while not self._until():
            await asyncio.sleep(0.001)
        for _ in range(2000):  # turns of the event loop, in which whatever is due happens
            await asyncio.sleep(0)


class Late:
    """Work in a thread that is done when it is told to."""

    def __init__(self, work: Callable[..., object]) -> None:
        self.work = work
        self.go, self.begun, self.done = Event(), Event(), Event()

    def __call__(self, *given: object) -> object:
        self.begun.set()
        assert self.go.wait(20)
        try:
            return self.work(*given)
        finally:
            self.done.set()


async def test_the_notes_look_no_more_once_their_widgets_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(notes, "LOOKS_PER_SECOND", 500)
    read, looks, then = notes.read_presentation, [], []

    def looked(file: Path) -> object:
        looks.append(file)
        return read(file)

    monkeypatch.setattr(notes, "read_presentation", looked)
    app = NotesApp(TOUR, Config(theme="dark"))
    async with app.run_test() as pilot:
        await app.screen.mount(Lingers(lambda: then.append(len(looks)), lambda: True))
        while len(looks) < 10:
            await pilot.pause(0.001)
    assert then == [len(looks)]  # and it closed without a mistake


async def test_no_frame_is_drawn_once_the_widgets_go(monkeypatch: pytest.MonkeyPatch) -> None:
    frames: list[object] = []
    then: list[int] = []
    draw = MainScreen._next_frame
    monkeypatch.setattr(MainScreen, "_next_frame", lambda self: frames.append(draw(self)))
    async with on_stage(drawing=BUSY) as stage:
        await stage.live.mount(Lingers(lambda: then.append(len(frames)), lambda: True))
        await stage.press("space")
        await stage.until(lambda: len(frames) > 10)
    assert then == [len(frames)]


async def test_a_simulation_that_ends_while_the_widgets_go_is_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[object] = []
    async with on_stage(hand_made((0, 5, 2))) as stage:
        late = Late(simulator.build_scene)
        monkeypatch.setattr(simulator, "build_scene", late)
        monkeypatch.setattr(MainScreen, "_take_outcome", lambda _, outcome: shown.append(outcome))
        await stage.live.mount(Lingers(late.go.set, late.done.is_set))
        await stage.pilot.press("right_square_bracket")
        await stage.until(late.begun.is_set)
    assert late.done.is_set()
    assert shown == []


@pytest.mark.parametrize("path", ["notebook", "/dev/null"])
async def test_a_workload_that_is_read_while_its_dialog_goes_is_not_taken(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = Late(load_workload)
    async with on_stage(hand_made((0, 5, 2))) as stage:
        await stage.press("w")
        monkeypatch.setattr(dialogs, "load_workload", late)
        await stage.app.screen.mount(Lingers(late.go.set, late.done.is_set))
        stage.app.screen.query_one(Input).focus()
        stage.app.screen.query_one(Input).value = path
        await stage.pilot.press("enter")
        await stage.until(late.begun.is_set)
        await stage.pilot.press("escape")
        await stage.until(late.done.is_set)
        await stage.settled()
        assert stage.app.screen is stage.live
        assert stage.scene.workload.name == "hand made"
