"""The bundled tour: valid, in order, and its text leaves most of the screen to the view."""

from __future__ import annotations

import re

import pytest
from stage import palette, scene_of
from tour import EACH_CHAPTER, TOUR

from tui_batching.charts.rows import text_of
from tui_batching.tour import Chapter
from tui_batching.tour.deck import bundled_deck
from tui_batching.tui.bindings import KEYS
from tui_batching.tui.presenting.chapter_text import ChapterText, Notes
from tui_batching.tui.presenting.presenter import side_width, text_for_room


def test_the_story_is_told_in_order() -> None:
    sections = list(dict.fromkeys(chapter.section for chapter in TOUR.chapters))
    assert sections == [
        "Sharing one GPU",
        "Do not hold",
        "Do not stall",
        "Do not reserve",
        "Out there",
        "Questions",
    ]
    assert TOUR.chapters[0].slide
    assert TOUR.talk[-1].slide
    assert {chapter.section for chapter in TOUR.chapters[len(TOUR.talk) :]} == {"Questions"}
    assert TOUR.chapters[2].view == "gantt"
    names = [chapter.title for chapter in TOUR.chapters]
    assert names.index("Slot by slot: no more red") > names.index("Continuous: who is done leaves")
    assert sections[1:4] == re.findall(r"Do not [a-z]+", TOUR.talk[-1].slide)
    guess = TOUR.chapters[names.index("Continuous: who is done leaves")]
    assert not guess.play  # until the room has guessed
    assert "Guess!" in guess.text[-1]
    assert guess.then


@pytest.mark.parametrize(
    ("word", "chapter"),
    {
        "prompt": "Prefill reads, decode writes",
        "prefill": "Prefill reads, decode writes",
        "slot": "Prefill reads, decode writes",
        "decode": "Prefill reads, decode writes",
        "TTFT": "What is measured",
        "TPOT": "What is measured",
        "ITL": "What is measured",
        "p99": "What is measured",
        "latency": "What is measured",
        "held": "Static: all leave together",
        "bubble": "The bubble: busy with nothing",
        "stall": "The price: newcomers stop all",
        "KV": "The KV cache fills before the slots",
        "paging": "Paging: memory as needed",
        "chunk": "Three ways to read a prompt",
        "evict": "Eviction: the price of paging",
        "recompute": "Eviction: the price of paging",
        "prefix caching": "Read once",
    }.items(),
)
def test_a_word_is_said_first_where_it_is_defined(word: str, chapter: str) -> None:
    def says(each: Chapter) -> bool:
        table = each.table if isinstance(each.table, tuple) else ()
        words = " ".join((*each.text, *each.then, *(cell for row in table for cell in row)))
        return bool(re.search(rf"\b{word}", words, re.IGNORECASE))

    assert next(each.title for each in TOUR.chapters if says(each)) == chapter


def test_the_format_that_it_describes_has_every_key_that_it_uses() -> None:
    text = bundled_deck().read_text(encoding="utf-8")
    described = set(re.findall(r"^# {3,5}([a-z]+) ", text, re.MULTILINE))
    used = set(re.findall(r"^(?:    |  - |)([a-z]+):", text, re.MULTILINE))
    assert used <= described


def read_text_of(chapter: Chapter) -> ChapterText:
    text = text_for_room(chapter, "25/25", scene_of(chapter.served), KEYS.signs())
    return text.variants(Notes.AWAY, slide=bool(chapter.slide))[-1]


@EACH_CHAPTER
def test_a_chapter_has_notes(chapter: Chapter) -> None:
    assert chapter.notes


@EACH_CHAPTER
def test_no_doubt_covers_a_chapter(chapter: Chapter) -> None:
    """What the app warns of at the foot of the screen, for twelve seconds."""
    assert [doubt.sentence for doubt in scene_of(chapter.served).warnings] == []


@EACH_CHAPTER
@pytest.mark.parametrize(("width", "most"), [(80, 7), (100, 7)])
def test_the_text_is_short_enough_above_the_view(chapter: Chapter, width: int, most: int) -> None:
    text = read_text_of(chapter)
    assert chapter.slide or len(text.rows(width - 4, palette(), spaced=False)) <= most


@EACH_CHAPTER
@pytest.mark.parametrize(("width", "height"), [(110, 30), (120, 36), (160, 45)])
def test_the_text_is_short_enough_beside_the_view(
    chapter: Chapter, width: int, height: int
) -> None:
    text = read_text_of(chapter)
    rows = text.rows(side_width(width) - 4, palette(), spaced=height >= 36)
    assert chapter.slide or len(rows) <= height - 6
    assert not any("…" in text_of(row) for row in rows)
