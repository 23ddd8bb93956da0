"""The speaker's notes: they follow the presenting app, and say what they see of it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from stage import FakeWall, on_stage
from textual.pilot import Pilot
from tour import TOUR
from waiting import PATIENCE_SECONDS

from tui_batching.config import Config
from tui_batching.tour import Deck
from tui_batching.tour.presentation import Presentation, presentation_file, write_presentation
from tui_batching.tui.presenting.notes import NotesApp, clock_text

HERE = Presentation(os.getpid(), 0, 1000.0)


class Notes:
    """The running notes, read from their screen."""

    def __init__(self, app: NotesApp, pilot: Pilot[None], wall: FakeWall) -> None:
        self.app, self.pilot, self.wall = app, pilot, wall

    def seen(self) -> str:
        rows = (strip.text for strip in self.app.screen._compositor.render_strips())
        return " ".join(" ".join(rows).split())

    async def until_seen(self, *texts: str) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while not all(text in self.seen() for text in texts):
            assert time.monotonic() < until, f"{texts} did not appear in {self.seen()}"
            await self.pilot.pause(0.02)


@asynccontextmanager
async def notes_of(deck: Deck, size: tuple[int, int] = (100, 30)) -> AsyncIterator[Notes]:
    wall = FakeWall()
    app = NotesApp(deck, Config(theme="dark"), wall)
    async with app.run_test(size=size) as pilot:
        yield Notes(app, pilot, wall)


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is presented yet."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


async def test_they_follow_the_presenting_app_from_chapter_to_chapter() -> None:
    async with notes_of(TOUR) as notes:
        await notes.until_seen("Nothing is presented yet", f"first: {TOUR.chapters[0].title}")
        async with on_stage(TOUR.chapters[0].workload, deck=TOUR) as stage:
            for number, chapter in enumerate(TOUR.chapters[:3], start=1):
                after = TOUR.chapters[number].title
                await notes.until_seen(
                    f"{number}/15", chapter.title, *chapter.notes, f"next: {after}"
                )
                await stage.press("pagedown")
            await stage.press("b")
            await notes.until_seen("4/15", "The screen is black")
            await stage.press("b", *["pagedown"] * 20)
            await notes.until_seen("15/15", "This is the last chapter.")
            assert "black" not in notes.seen()
            await stage.press("p")
            await notes.until_seen("Nothing is presented yet")
            await stage.press("p")
            await notes.until_seen("15/15")
        await notes.until_seen("Nothing is presented yet")


async def test_another_deck_is_not_followed(tmp_path: Path) -> None:
    async with notes_of(replace(TOUR, path=tmp_path / "other.yaml")) as notes:
        write_presentation(presentation_file(TOUR.path), HERE)
        notes.app.screen._look()
        await notes.pilot.pause()
        assert "Nothing is presented yet" in notes.seen()


async def test_the_time_since_the_start_goes_on() -> None:
    write_presentation(presentation_file(TOUR.path), HERE)
    async with notes_of(TOUR) as notes:
        await notes.until_seen("0:00 elapsed")
        notes.wall.now += 754
        await notes.until_seen("12:34 elapsed")


@pytest.mark.parametrize(
    ("seconds", "text"), [(-5, "0:00"), (59.9, "0:59"), (60, "1:00"), (3723, "1:02:03")]
)
def test_minutes_and_seconds(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text


async def test_a_presentation_that_is_gone_is_told_and_its_notes_stay() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    write_presentation(presentation_file(TOUR.path), replace(HERE, process=ended.pid, chapter=1))
    async with notes_of(TOUR) as notes:
        await notes.until_seen(f"its process {ended.pid} has ended", TOUR.chapters[1].notes[0])


async def test_a_longer_deck_than_these_notes_know_is_told() -> None:
    write_presentation(presentation_file(TOUR.path), replace(HERE, chapter=20))
    async with notes_of(TOUR) as notes:
        await notes.until_seen("more chapters: start these notes again", "15/15")


async def test_what_cannot_be_read_is_told_and_then_followed_again() -> None:
    file = presentation_file(TOUR.path)
    file.write_text("nonsense")
    async with notes_of(TOUR) as notes:
        await notes.until_seen("found no place of a presentation")
        write_presentation(file, HERE)
        await notes.until_seen("1/15", TOUR.chapters[0].title)
        assert "found no place" not in notes.seen()


async def test_long_notes_can_be_scrolled() -> None:
    long = replace(TOUR.chapters[0], notes=tuple(f"Paragraph {number}." for number in range(60)))
    deck = replace(TOUR, chapters=(long,))
    write_presentation(presentation_file(deck.path), HERE)
    async with notes_of(deck) as notes:
        await notes.until_seen("Paragraph 0.", "This is the last chapter.")
        await notes.pilot.press("end")
        await notes.until_seen("Paragraph 59.")


async def test_the_notes_wear_the_themes_and_leave() -> None:
    async with notes_of(TOUR) as notes:
        await notes.pilot.press("t")
        assert notes.app.theme != "dark"
        await notes.pilot.press("q")
        await notes.pilot.pause()
    assert notes.app.return_code == 0
