"""The speaker's notes: they follow the presenting app, and say what they see of it."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from stage import FakeWall, on_stage
from textual.pilot import Pilot
from tour import COUNT, TOUR
from waiting import PATIENCE_SECONDS

from tui_batching.analysis.comparison import compare
from tui_batching.analysis.metrics import METRICS_BY_NAME, format_value
from tui_batching.config import Config, parse_config
from tui_batching.tour import Deck, ViewParts, parse_deck
from tui_batching.tour.presentation import (
    Presentation,
    presentation_file,
    read_presentation,
    remove_presentation,
    write_presentation,
)
from tui_batching.tui.presenting import presenter
from tui_batching.tui.presenting.notes import NotesApp, clock_text

HERE = Presentation(os.getpid(), 0, 1000.0, 1000.0)
PLANNED = """\
title: Planned
chapters:
  - {title: One, section: First, text: a, workload: notebook, minutes: 1}
  - title: Two
    text: ["About {workload.requests} requests.", b]
    notes: The p99 of static is {static.p99_latency}.
    set: {workload.count: 7, batch_size: 1}
    minutes: 1.5
  - {title: Three, slide: Big words}
"""


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
async def notes_of(
    deck: Deck, size: tuple[int, int] = (100, 30), config: Config | None = None
) -> AsyncIterator[Notes]:
    wall = FakeWall()
    app = NotesApp(deck, config or Config(theme="dark"), wall)
    async with app.run_test(size=size) as pilot:
        yield Notes(app, pilot, wall)


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is presented yet."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


async def test_they_follow_the_presenting_app_from_chapter_to_chapter() -> None:
    async with notes_of(TOUR) as notes:
        await notes.until_seen("Nothing is presented now", f"first: {TOUR.chapters[0].title}")
        async with on_stage(TOUR.chapters[0].workload, deck=TOUR) as stage:
            for number, chapter in enumerate(TOUR.chapters[:3], start=1):
                after = TOUR.chapters[number].title
                await notes.until_seen(
                    f"{number}/{COUNT}", chapter.title, chapter.notes[-1][-9:], f"next: {after}"
                )
                await stage.press("pagedown")
            await stage.press("b")
            await notes.until_seen(f"4/{COUNT}", "The screen is black")
            await stage.press("b")
            stage.live.presenter.jump(COUNT - 2)
            await stage.press("pagedown", "pagedown")
            await notes.until_seen(f"{COUNT}/{COUNT}", "The talk ends here; c lists")
            assert "black" not in notes.seen()
            await stage.press("p")
            await notes.until_seen("The presentation has ended")
            await stage.press("p")
            await notes.until_seen(f"{COUNT}/{COUNT}")
        await notes.until_seen("The presentation has ended")


async def test_they_tell_where_and_when_a_presentation_ended(tmp_path: Path) -> None:
    deck = planned(tmp_path)
    path = deck.path
    place = Presentation(os.getpid(), 1, started=1000.0, turned=1050.0)
    write_presentation(presentation_file(path), place)
    async with notes_of(deck) as notes:
        notes.wall.now = 1125
        await notes.until_seen("2/3", "in all 2:05 of 2:30")
        remove_presentation(presentation_file(path))
        ended = (
            "The presentation has ended",
            "It ended at chapter 2/3, Two",
            "in all 2:05 of 2:30",
        )
        await notes.until_seen(*ended)
        notes.wall.now = 2000
        await notes.until_seen(*ended)
        assert "Nothing is presented" not in notes.seen()
        write_presentation(presentation_file(path), replace(place, chapter=0))
        await notes.until_seen("1/3", "this chapter")


async def test_they_name_the_keys_of_the_config_file() -> None:
    moved = parse_config("keys: {page: n, new-seed: N, chapters: [f4, y]}", Path("config.yaml"))
    write_presentation(presentation_file(TOUR.path), HERE)
    async with notes_of(TOUR, config=moved) as notes:
        await notes.until_seen("n turns the chapter, F4 lists them all, G explains")
        write_presentation(presentation_file(TOUR.path), replace(HERE, chapter=COUNT - 1))
        await notes.until_seen("Questions? The key F4 lists more", "The talk ends here; F4 lists")


async def test_another_deck_is_not_followed(tmp_path: Path) -> None:
    async with notes_of(replace(TOUR, path=tmp_path / "other.yaml")) as notes:
        write_presentation(presentation_file(TOUR.path), HERE)
        notes.app.screen._look()
        await notes.pilot.pause()
        assert "Nothing is presented now" in notes.seen()


def planned(folder: Path) -> Deck:
    return parse_deck(PLANNED, folder / "planned.yaml", {"live": ViewParts()})


@pytest.mark.parametrize(
    ("title", "told"), [("Two", "2/3, Two."), ("And two?", "2/3, And two?"), ("Now!", "2/3, Now!")]
)
async def test_the_sentence_of_where_a_talk_ended_ends_once(
    tmp_path: Path, title: str, told: str
) -> None:
    deck = planned(tmp_path)
    first, second, *others = deck.chapters
    deck = replace(deck, chapters=(first, replace(second, title=title), *others))
    file = presentation_file(deck.path)
    write_presentation(file, Presentation(os.getpid(), 1, started=1000.0, turned=1050.0))
    async with notes_of(deck) as notes:
        await notes.until_seen("2/3", title)
        remove_presentation(file)
        await notes.until_seen(f"It ended at chapter {told} The notes appear here")


async def test_the_time_of_day_and_the_time_since_the_start_go_on() -> None:
    chapters = tuple(replace(chapter, minutes=None) for chapter in TOUR.chapters)
    write_presentation(presentation_file(TOUR.path), HERE)
    async with notes_of(replace(TOUR, chapters=chapters)) as notes:
        day = time.strftime("%H:%M", time.localtime(1000))
        await notes.until_seen(f"{day} this chapter 0:00 in all 0:00")
        notes.wall.now += 754
        day = time.strftime("%H:%M", time.localtime(1754))
        await notes.until_seen(f"{day} this chapter 12:34 in all 12:34")
        assert not re.search(r"\d (late|to spare|over)\b", notes.seen())


async def test_the_time_is_compared_with_the_plan(tmp_path: Path) -> None:
    deck = planned(tmp_path)
    file = presentation_file(deck.path)
    async with notes_of(deck) as notes:
        await notes.until_seen("Nothing is presented now", "2:30 planned")
        write_presentation(file, HERE)
        notes.wall.now = 1040
        await notes.until_seen(
            "First", "this chapter 0:40 of 1:00 in all 0:40 of 2:30", "0:00 to spare"
        )
        notes.wall.now = 1065
        await notes.until_seen("this chapter 1:05 of 1:00, over in all 1:05 of 2:30 0:05 late")
        write_presentation(file, replace(HERE, chapter=1, turned=1065.0))
        notes.wall.now = 1085
        await notes.until_seen("this chapter 0:20 of 1:30 in all 1:25 of 2:30 0:05 late")
        write_presentation(file, replace(HERE, chapter=2, turned=1085.0))
        await notes.until_seen("this chapter 0:00 in all 1:25 of 2:30 1:05 to spare")


async def test_how_the_next_chapter_begins_and_values_are_told(tmp_path: Path) -> None:
    deck = planned(tmp_path)
    file = presentation_file(deck.path)
    write_presentation(file, HERE)
    p99 = compare(deck.chapters[1].served)["static"].metrics["p99_latency"]
    async with notes_of(deck) as notes:
        await notes.until_seen("next: Two About 7 requests.")
        write_presentation(file, replace(HERE, chapter=1))
        told = format_value(METRICS_BY_NAME["p99_latency"], p99)
        await notes.until_seen(f"The p99 of static is {told}.", "next: Three Big words")


async def test_the_time_in_a_chapter_adds_up_over_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The presenting app says when the chapter would have begun, had it been told in one go."""
    deck, clock = planned(tmp_path), FakeWall()
    monkeypatch.setattr(presenter.time, "time", clock)
    async with on_stage(deck.chapters[0].workload, deck=deck) as stage:
        for key, seconds in (("pagedown", 30), ("pageup", 10), ("p", 5), ("p", 100)):
            clock.now += seconds
            await stage.press(key)
        place = read_presentation(presentation_file(deck.path))
        assert place is not None
        assert (place.chapter, place.started) == (0, 1000.0)
        assert clock.now - place.turned == 35


@pytest.mark.parametrize(
    ("seconds", "text"), [(-5, "0:00"), (59.9, "0:59"), (60, "1:00"), (3723, "1:02:03")]
)
def test_minutes_and_seconds(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text


async def test_a_presentation_that_is_gone_is_told_and_its_notes_stay() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    write_presentation(presentation_file(TOUR.path), replace(HERE, process=ended.pid, chapter=2))
    async with notes_of(TOUR) as notes:
        await notes.until_seen(f"its process {ended.pid} has ended", TOUR.chapters[2].notes[0])


async def test_a_longer_deck_than_these_notes_know_is_told() -> None:
    count = len(TOUR.chapters)
    write_presentation(presentation_file(TOUR.path), replace(HERE, chapter=count))
    async with notes_of(TOUR) as notes:
        await notes.until_seen(
            "more chapters: start these notes again", f"{count} Questions", "the last chapter."
        )


async def test_what_cannot_be_read_is_told_and_then_followed_again() -> None:
    file = presentation_file(TOUR.path)
    file.write_text("nonsense")
    async with notes_of(TOUR) as notes:
        await notes.until_seen("found no place of a presentation")
        write_presentation(file, HERE)
        await notes.until_seen(f"1/{COUNT}", TOUR.chapters[0].title)
        assert "found no place" not in notes.seen()


async def test_long_notes_can_be_scrolled() -> None:
    long = replace(TOUR.chapters[0], notes=tuple(f"Paragraph {number}." for number in range(60)))
    deck = replace(TOUR, chapters=(long,), backup=0)
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
