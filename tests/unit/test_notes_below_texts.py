"""What a speaker says stands below a chapter's text for those who take the tour alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from stage import MS, on_stage
from tour import TOUR

from tui_batching.tour import Deck, parse_deck
from tui_batching.tour.values import told as values_told
from tui_batching.tui.bindings import KEYS
from tui_batching.tui.views import view_parts

SIZES = pytest.mark.parametrize("size", [(80, 24), (110, 30), (160, 45)], ids=str)
ABOVE = "more about it"
DECK = """\
chapters:
  - {title: One, text: For the room., workload: illustrative,
     notes: ["It takes {static.R2.latency}. [Wait.] Twice.", "[Nod.]"]}
  - {title: Two, slide: Big words, text: For the room., notes: Spoken.}
  - {title: Three, text: For the room.}
"""


@pytest.fixture
def deck(tmp_path: Path) -> Deck:
    return parse_deck(DECK, tmp_path / "talk.yaml", view_parts())


async def test_alone_they_stand_below_the_text_where_both_fit() -> None:
    async with on_stage("illustrative", (160, 45)) as stage:
        await stage.press("p")
        assert ABOVE in stage.told()
        assert stage.told().index("late, or slowly") < stage.told().index("Somewhere in a rack")
        await stage.press("pagedown", "pagedown")
        assert stage.told().index("Each row is a request") < stage.told().index(
            "What is missing with continuous"
        )


async def test_alone_they_wait_until_what_they_tell_of_has_happened() -> None:
    async with on_stage("illustrative", (160, 45)) as stage:
        await stage.press("p", "pagedown")
        assert "A token is a piece of a word" in stage.told()
        assert ABOVE not in stage.told()
        await stage.seek(420 * MS)
        await stage.drawn()
        assert stage.told().index("Each row ends") < stage.told().index("from the inside")


async def test_who_asks_for_them_does_not_wait() -> None:
    async with on_stage("illustrative", (160, 45)) as stage:
        await stage.press("p", "pagedown", "v")
        assert stage.told().index("A token is") < stage.told().index("from the inside")


async def test_alone_the_text_stands_by_itself_where_both_do_not_fit() -> None:
    async with on_stage("illustrative", (80, 24)) as stage:
        await stage.press("p", "pagedown", "pagedown")
        assert "Each row is a request" in stage.told()
        assert ABOVE not in stage.told()


@SIZES
async def test_with_a_speaker_they_are_shown_when_asked_for(
    deck: Deck, size: tuple[int, int]
) -> None:
    async with on_stage(deck.chapters[0].workload, size, deck=deck) as stage:
        await stage.drawn()
        before = stage.seen()
        assert ABOVE not in before
        await stage.press("v")
        assert "It takes 1.92 s. Twice." in stage.told()
        assert "Nod" not in stage.told()
        await stage.press("pagedown")  # it was asked for that chapter
        assert "Spoken." not in stage.told()
        await stage.press("v")
        assert "Spoken." in stage.told()
        await stage.press("v")
        assert "Spoken." not in stage.told()
        await stage.press("pageup")
        await stage.drawn()
        assert stage.seen() == before


async def test_they_take_the_place_of_a_text_beside_which_they_do_not_fit() -> None:
    async with on_stage(TOUR.chapters[0].workload, (120, 36), deck=TOUR) as stage:
        await stage.press(*["pagedown"] * 5, "v")
        assert "Twenty new requests on a toy" not in stage.told()
        assert "New requests, twenty of them" in stage.told()
        assert "STATIC" in stage.seen()


async def test_above_the_view_they_stand_below_the_text_where_both_fit(deck: Deck) -> None:
    async with on_stage(deck.chapters[0].workload, (100, 60), deck=deck) as stage:
        await stage.press("v")
        assert stage.told().index("For the room.") < stage.told().index("Twice.")


async def test_those_who_put_them_away_do_not_see_them_again() -> None:
    async with on_stage("illustrative", (160, 45)) as stage:
        await stage.press("p", "v", "pagedown", "pagedown")
        assert "Each row is a request" in stage.told()
        assert ABOVE not in stage.told()


async def test_where_there_are_none_the_key_does_nothing(deck: Deck) -> None:
    async with on_stage(deck.chapters[0].workload, (160, 45), deck=deck) as stage:
        await stage.press("pagedown", "pagedown", "v", "pageup")
        assert ABOVE not in stage.told()


async def test_the_tour_says_all_of_them_where_there_is_the_least_room() -> None:
    async with on_stage(TOUR.chapters[0].workload, (80, 24), deck=TOUR) as stage:
        for number, chapter in enumerate(TOUR.chapters):
            stage.live.presenter.jump(number)
            await stage.settled()
            await stage.press("v")
            last = values_told(chapter.spoken[-1], stage.scene.comparison, KEYS.signs())
            assert ABOVE in stage.told()
            assert "".join(last.split()[-4:]) in "".join(stage.told().split())
