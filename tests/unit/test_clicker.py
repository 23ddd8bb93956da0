"""Going about in a talk: the list of chapters, the keys of clickers, and the way out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from stage import Stage, on_stage
from tour import GUESS, TOUR

from tui_batching.config import parse_config
from tui_batching.tour import Deck, parse_deck
from tui_batching.tui.presenting.presenter import Presenter
from tui_batching.tui.presenting.screens import AskToLeave, BlackScreen, PickChapter
from tui_batching.tui.views import view_parts

SECTIONS = """\
title: Sections
chapters:
  - {title: Hello, text: a, workload: illustrative, minutes: 1.5}
  - {title: Static, text: b, section: The textbook}
  - {title: Continuous, text: c, at: 0.5s, select: 1}
  - {title: vLLM, text: d, section: Engines}
"""


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return


def sections(folder: Path) -> Deck:
    return parse_deck(SECTIONS, folder / "talk.yaml", view_parts())


def presenter(stage: Stage) -> Presenter:
    return stage.live.query_one(Presenter)


def number(stage: Stage) -> int:
    """The chapter that is told, as it is read from the screen."""
    assert stage.app.screen is stage.live
    region = presenter(stage).region
    rows = stage.rows()[region.y : region.bottom]
    found = re.search(r"\b(\d+)/\d+", " ".join(row[region.x : region.right] for row in rows))
    assert found is not None
    return int(found[1])


def listed(stage: Stage) -> list[str]:
    """The rows of the dialog."""
    rows = (re.search(r"[│┃](.*)[│┃]", row) for row in stage.rows() if "│" in row)
    return [row[1].replace("│", " ").strip() for row in rows if row]


async def test_the_chapters_are_listed_by_section_and_the_present_one_is_marked(
    tmp_path: Path,
) -> None:
    deck = sections(tmp_path)
    async with on_stage(deck.chapters[0].workload, deck=deck) as stage:
        await stage.press("pagedown", "c")
        assert isinstance(stage.app.screen, PickChapter)
        text = stage.seen()[stage.seen().index("1  Hello") :]  # below the row of sections
        order = [
            "1  Hello   1.5 min",
            "The textbook",
            "2  Static",
            "3  Continuous",
            "Engines",
            "4  vL",
        ]
        assert [text.index(row) for row in order] == sorted(text.index(row) for row in order)
        await stage.press("down", "enter")
        assert number(stage) == 3
        assert stage.live.selected == 1
        await stage.press("c", "down", "enter")  # over the name of a section
        assert number(stage) == 4


@pytest.mark.parametrize("title", ["A talk", TOUR.title, "The [red]longest[/red] title of a deck"])
async def test_the_list_says_how_to_close_it_and_whose_chapters_they_are(
    tmp_path: Path, title: str
) -> None:
    deck = replace(sections(tmp_path), title=title)
    async with on_stage(deck.chapters[0].workload, deck=deck) as stage:
        for size in ((60, 20), (80, 24), (120, 36)):
            await stage.pilot.resize_terminal(*size)
            await stage.press("c")
            assert "· enter goes there · escape closes ─" in stage.seen(), size
            assert title[:12] in stage.seen(), size
            if size[0] >= 80 and len(title) <= len(TOUR.title):
                assert f" {title} · enter" in stage.seen(), size
            await stage.press("escape")


async def test_the_list_closes_and_all_is_as_it_was(tmp_path: Path) -> None:
    deck = sections(tmp_path)
    async with on_stage(deck.chapters[0].workload, deck=deck) as stage:
        for key in ("escape", "c", "f5"):
            await stage.press("c", "down", key)
            assert stage.app.screen is stage.live, key
            assert number(stage) == 1, key


async def test_out_of_the_tour_the_list_begins_it() -> None:
    async with on_stage("chat") as stage:
        assert "chapters" not in stage.rows()[-1]
        await stage.press("c", "down", "down", "enter")
        assert number(stage) == 3
        assert TOUR.chapters[2].title in stage.seen()
        assert "chapters" in stage.rows()[-1]
        await stage.press("p", "c", "enter")  # the place was kept
        assert number(stage) == 3
        await stage.press("p")
        assert stage.scene.workload.name == "chat"


async def test_the_palette_lists_the_chapters() -> None:
    async with on_stage("chat") as stage:
        await stage.press("ctrl+p", *"chapters")
        await stage.until(lambda: "Pick a chapter of the tour" in stage.seen())
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, PickChapter))


async def test_escape_asks_and_what_a_clicker_sends_next_stays() -> None:
    async with on_stage(TOUR.chapters[0].workload, deck=TOUR) as stage:
        await stage.press(*["pagedown"] * (GUESS - 1))
        assert stage.live.selected == 4
        for key in ("escape", "f5", "escape", "f5"):
            await stage.press("escape")
            assert isinstance(stage.app.screen, AskToLeave)
            assert "leave the tour?" in stage.seen()
            await stage.press(key)
            assert number(stage) == GUESS, key
            assert stage.live.selected == 4, key


async def test_only_enter_leaves_and_the_place_is_kept() -> None:
    async with on_stage("chat") as stage:
        await stage.press("f5", "pagedown", "pagedown", "escape")
        await stage.press("space", "q", "x")  # none of them is an answer
        assert isinstance(stage.app.screen, AskToLeave)
        await stage.press("enter")
        assert not presenter(stage).is_on
        assert stage.scene.workload.name == "chat"
        await stage.press("f5")
        assert number(stage) == 3


async def test_the_question_tells_the_keys_that_the_user_has() -> None:
    keymap = parse_config(
        "keys: {tour: [T], tour-begin: none, unselect: [U], chapters: [f9]}",
        Path("config.yaml"),
    )
    async with on_stage(TOUR.chapters[0].workload, deck=TOUR, config=keymap) as stage:
        await stage.press("U")
        assert "enter   leave; T goes on from here" in stage.seen()
        await stage.press("enter")
        assert not presenter(stage).is_on
        await stage.press("T", "f9")
        assert presenter(stage).is_on
        assert isinstance(stage.app.screen, PickChapter)
        await stage.press("f9")
        assert stage.app.screen is stage.live
    async with on_stage(TOUR.chapters[0].workload, deck=TOUR) as stage:
        await stage.press("escape")
        assert "enter   leave; p or F5 goes on from here" in stage.seen()


async def test_a_page_is_turned_although_the_question_is_open() -> None:
    async with on_stage(TOUR.chapters[0].workload, deck=TOUR) as stage:
        await stage.press("escape", "pagedown")
        assert number(stage) == 2
        await stage.press("escape", "pageup")
        assert number(stage) == 1
        await stage.press("escape", "full_stop")
        assert isinstance(stage.app.screen, BlackScreen)
        await stage.press("full_stop")
        assert number(stage) == 1


async def test_f5_begins_the_tour_and_in_it_does_nothing() -> None:
    async with on_stage("chat") as stage:
        await stage.press("f5")
        assert number(stage) == 1
        before = stage.live.snapshot
        await stage.press("f5", "f5")
        assert number(stage) == 1
        assert stage.live.snapshot == before


async def test_a_full_stop_blackens_in_the_tour_and_ticks_elsewhere() -> None:
    async with on_stage(TOUR.chapters[0].workload, deck=TOUR) as stage:
        assert "tick" not in stage.rows()[-1]
        for key in ("full_stop", "b"):
            await stage.press(key)
            assert isinstance(stage.app.screen, BlackScreen)
            await stage.press(key)
            assert number(stage) == 1
        await stage.press("p")
        clock = stage.clock
        await stage.press("full_stop")
        assert stage.clock > clock


async def test_escape_unselects_and_unfocuses_what_the_chapter_does_not() -> None:
    async with on_stage(TOUR.chapters[0].workload, deck=TOUR) as stage:
        await stage.press("pagedown", "j", "tab", "escape")
        assert (stage.live.selected, stage.live.focused) == (None, None)
        assert number(stage) == 2
        await stage.press("escape")
        assert isinstance(stage.app.screen, AskToLeave)
