"""The row of a talk's sections: all of them, or the one that is told and its number."""

from __future__ import annotations

from pathlib import Path

import pytest
from stage import on_stage, palette

from tui_batching.charts.rows import text_of
from tui_batching.tour import load_deck
from tui_batching.tour.deck import parse_deck
from tui_batching.tui.bindings import KEYS
from tui_batching.tui.presenting.section_row import section_row
from tui_batching.tui.views import view_parts

SECTIONS = ("Words", "Three rules", "Memory")


def row(width: int, here: str = "Three rules") -> str:
    return text_of(section_row(SECTIONS, here, width, palette()))


def test_all_are_there_in_order_while_there_is_room() -> None:
    assert row(35) == " Words   Three rules   Memory".ljust(35)
    assert row(31) == " Words  Three rules  Memory".ljust(31)


def test_where_not_all_fit_the_one_that_is_told_has_its_number() -> None:
    assert row(24).rstrip() == " Three rules 2/3"
    assert row(24, "Memory").rstrip() == " Memory 3/3"


@pytest.mark.parametrize("here", SECTIONS)
def test_the_one_that_is_told_is_marked(here: str) -> None:
    cells = section_row(SECTIONS, here, 60, palette())
    assert [cell.text for cell in cells if cell.style and cell.style.reverse] == [here]


async def test_a_talk_shows_them_and_one_without_sections_the_open_tab(tmp_path: Path) -> None:
    deck = load_deck(None, view_parts(), KEYS.signs())
    async with on_stage(deck.chapters[0].workload, (120, 36), deck=deck) as stage:
        await stage.press("pagedown")
        assert stage.rows()[1].split("   ")[:2] == [" Sharing one GPU", "Do not hold"]
        assert stage.rows()[1].rstrip().endswith("Questions")
    text = "chapters: [{title: One, text: a, workload: notebook}]"
    plain = parse_deck(text, tmp_path / "talk.yaml", view_parts())
    async with on_stage(plain.chapters[0].workload, (120, 36), deck=plain) as stage:
        assert stage.rows()[1].strip() == "1 Live"
