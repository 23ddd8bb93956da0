"""The glossary: every word that the app tells, in one sentence, from everywhere."""

from __future__ import annotations

import pytest
from stage import Stage, on_stage
from tour import TOUR

from tui_batching.analysis.breakdown import PARTS
from tui_batching.analysis.metrics import METRIC_TABLE
from tui_batching.glossary import GLOSSARY
from tui_batching.strategies import DEFAULT_STRATEGIES
from tui_batching.tui.dialogs import HelpScreen
from tui_batching.tui.glossary_screen import GlossaryScreen

WORDS = {word: meaning for _, words in GLOSSARY for word, meaning in words}


@pytest.mark.parametrize("word", WORDS)
def test_a_meaning_is_one_sentence(word: str) -> None:
    meaning = WORDS[word]
    assert meaning[0].isupper()
    assert meaning.endswith(".")
    assert ". " not in meaning


def test_every_word_of_the_screen_is_there() -> None:
    assert {*PARTS, *(each.name for each in DEFAULT_STRATEGIES)} <= {*WORDS}
    spoken = " ".join((*WORDS, *WORDS.values())).lower()
    for metric in METRIC_TABLE:
        for short in ("ttft", "tpot", "itl", "e2el"):
            assert short not in metric.name or short in spoken
    for word in ("useful", "occupied", "bubble", "p99", "goodput", "preempted", "token budget"):
        assert word in spoken


async def read_through(stage: Stage) -> str:
    """All of it, page by page."""
    assert isinstance(stage.app.screen, GlossaryScreen)
    seen = [stage.seen()]
    for _ in range(8):
        await stage.press("pagedown")
        seen.append(stage.seen())
    return "\n".join(seen)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=str)
async def test_a_key_shows_it_and_the_same_closes_it(size: tuple[int, int]) -> None:
    async with on_stage(size=size) as stage:
        await stage.press("G")
        seen = await read_through(stage)
        assert all(word in seen for word in WORDS)
        assert "TTFT" in seen
        assert WORDS["decode"] in seen
        await stage.press("G")
        assert stage.app.screen is stage.live


async def test_the_help_leads_to_it() -> None:
    async with on_stage() as stage:
        await stage.press("question_mark")
        assert isinstance(stage.app.screen, HelpScreen)
        await stage.press("G")
        assert isinstance(stage.app.screen, GlossaryScreen)
        await stage.press("escape")
        assert stage.app.screen is stage.live


async def test_it_opens_over_a_slide_and_over_a_chapter() -> None:
    async with on_stage(TOUR.chapters[0].workload, deck=TOUR) as stage:
        for _ in range(2):
            await stage.press("G")
            assert isinstance(stage.app.screen, GlossaryScreen)
            await stage.press("escape", "pagedown")
        assert TOUR.chapters[2].title in stage.seen()
