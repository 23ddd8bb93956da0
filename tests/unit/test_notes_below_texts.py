"""What a speaker says stands below a chapter's text for those who take the tour alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from stage import MS, Stage, on_stage
from tour import TOUR

from tui_batching.tour import Deck, parse_deck
from tui_batching.tui.presenting.presenter import Presenter
from tui_batching.tui.views import view_parts

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 45)], ids=str)
ABOVE = "what a speaker says"
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


def told(stage: Stage) -> str:
    """What is read in the room of the text."""
    region = stage.live.query_one(Presenter).region
    rows = stage.rows()[region.y : region.bottom]
    return " ".join(" ".join(row[region.x : region.right] for row in rows).split())


async def test_alone_they_stand_below_the_text_where_both_fit() -> None:
    async with on_stage("illustrative", (160, 45)) as stage:
        await stage.press("p")
        assert ABOVE in told(stage)
        assert told(stage).index("late, or slowly") < told(stage).index("Somewhere in a rack")
        await stage.press("pagedown", "pagedown")
        assert told(stage).index("Each row is a request") < told(stage).index(
            "What is missing at the bottom"
        )


async def test_alone_they_wait_until_what_they_tell_of_has_happened() -> None:
    async with on_stage("illustrative", (160, 45)) as stage:
        await stage.press("p", "pagedown")
        assert "A token is a piece of a word" in told(stage)
        assert ABOVE not in told(stage)
        await stage.seek(420 * MS)
        await stage.drawn()
        assert told(stage).index("Each row ends") < told(stage).index("from the inside")


async def test_who_asks_for_them_does_not_wait() -> None:
    async with on_stage("illustrative", (160, 45)) as stage:
        await stage.press("p", "pagedown", "v")
        assert told(stage).index("A token is") < told(stage).index("from the inside")


async def test_alone_the_text_stands_by_itself_where_both_do_not_fit() -> None:
    async with on_stage("illustrative", (80, 24)) as stage:
        await stage.press("p", "pagedown")
        assert "A token is a piece of a word" in told(stage)
        assert ABOVE not in told(stage)


@SIZES
async def test_with_a_speaker_they_are_shown_when_asked_for(
    deck: Deck, size: tuple[int, int]
) -> None:
    async with on_stage(deck.chapters[0].workload, size, deck=deck) as stage:
        await stage.drawn()
        before = stage.seen()
        assert ABOVE not in before
        await stage.press("v")
        assert "It takes 1.92 s. Twice." in told(stage)
        await stage.press("pagedown")
        assert "Spoken." in told(stage)
        await stage.press("pagedown")
        assert told(stage).endswith("For the room.")
        await stage.press("pageup", "v", "pageup")
        await stage.drawn()
        assert stage.seen() == before


async def test_they_take_the_place_of_a_text_beside_which_they_do_not_fit(deck: Deck) -> None:
    async with on_stage(deck.chapters[0].workload, (80, 24), deck=deck) as stage:
        await stage.press("v")
        assert "For the room." not in told(stage)
        assert "STATIC" in stage.seen()


async def test_put_away_alone_they_come_back_in_the_next_chapter_where_both_fit() -> None:
    async with on_stage("illustrative", (120, 36)) as stage:
        await stage.press("p", *["pagedown"] * 5)
        assert ABOVE not in told(stage)  # static batching
        await stage.press("v")
        assert "in front of three chairs" in told(stage)
        await stage.press("v", *["pagedown"] * 5)
        assert "as the scheduler sees it" in told(stage)  # slot by slot


async def test_alone_they_are_put_away_for_good_where_both_fit() -> None:
    async with on_stage("illustrative", (160, 45)) as stage:
        await stage.press("p", "v", "pagedown")
        assert ABOVE not in told(stage)


@SIZES
async def test_the_tour_says_all_of_them_at_every_size(size: tuple[int, int]) -> None:
    async with on_stage(TOUR.chapters[0].workload, size, deck=TOUR) as stage:
        await stage.press("v")
        for number, chapter in enumerate(TOUR.chapters):
            stage.live.presenter.jump(number)
            await stage.swept()
            last = [word for word in chapter.spoken[-1].split() if "{" not in word][-1]
            assert ABOVE in told(stage)
            assert last in told(stage)
            assert "…" not in told(stage)
