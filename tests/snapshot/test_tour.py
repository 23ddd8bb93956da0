"""What a room sees of the tour. After a change: look, then --snapshot-update."""

from __future__ import annotations

import pytest
from frozen import LARGE, MIDDLE, SMALL, Compare, Prepare
from stage import EAGER, FakeWall, Stage
from textual.pilot import Pilot
from tour import TOUR

from tui_batching.config import Config
from tui_batching.tui.app import BatchingApp


def told(number: int) -> Prepare:
    """Tell the chapter of this number, where it stops if it plays, with everything drawn."""

    async def prepare(pilot: Pilot[None]) -> None:
        assert isinstance(pilot.app, BatchingApp)
        stage = Stage(pilot.app, pilot, FakeWall())
        await stage.settled()
        stage.live.presenter.jump(number - 1)
        await stage.swept()
        until = TOUR.chapters[number - 1].until
        if until is not None:
            await stage.seek(until)
            await stage.press("space")
            await stage.drawn()
        stage.live.query("#title, #tabs, #keys").set(visible=False)

    return prepare


def presented() -> BatchingApp:
    """The app with the tour, and a clock that stands still."""
    app = BatchingApp(
        TOUR.chapters[0].workload, Config(theme="dark"), wall=FakeWall(), drawing=EAGER
    )
    app.present(TOUR)
    return app


CHAPTERS = (
    "In one picture",
    "What a step costs",
    "Static: all leave together",
    "Continuous: who is done leaves",
    "The price: newcomers stop all",
    "Paging: memory as needed",
    "Reserved or paged: the whole run",
    "Eviction: the price of paging",
    "Chunked prefill: nobody stops",
    "No more white walls",
    "How many people?",
    "What each rule buys",
    "What to turn",
    "What to take home",
    "Read once",
    "The knob turned",
)
"""Those in which what is told has to be seen at the instant at which they stop, and a slide."""


@pytest.mark.parametrize("size", [SMALL, MIDDLE], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("title", CHAPTERS)
def test_chapter(snap_compare: Compare, size: tuple[int, int], title: str) -> None:
    number = 1 + [chapter.title for chapter in TOUR.chapters].index(title)
    assert snap_compare(presented(), terminal_size=size, run_before=told(number))


def test_on_a_large_screen(snap_compare: Compare) -> None:
    assert snap_compare(presented(), terminal_size=LARGE, run_before=told(6))


@pytest.mark.parametrize("title", ["Static: all leave together", "What to take home"])
def test_taken_alone(snap_compare: Compare, title: str) -> None:
    """As `p` begins it, with what a speaker says."""
    number = 1 + [chapter.title for chapter in TOUR.chapters].index(title)

    async def prepare(pilot: Pilot[None]) -> None:
        await pilot.press("p")
        await told(number)(pilot)

    app = BatchingApp(
        TOUR.chapters[0].workload, Config(theme="dark"), wall=FakeWall(), drawing=EAGER
    )
    assert snap_compare(app, terminal_size=LARGE, run_before=prepare)
