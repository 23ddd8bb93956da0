"""Tables on slides: bars side by side, as long as there is room for them, and else none."""

from __future__ import annotations

import re

import pytest
from stage import palette, texts

from tui_batching.tour.deck import WordTable
from tui_batching.tui.presenting.chapter_text import ChapterText
from tui_batching.tui.presenting.slides import slide_rows

TABLE = (
    ("what runs", "tokens per second", "drawn"),
    ("static", "100", "█" * 10),
    ("continuous", "200", "█" * 20),
)


def slide(table: WordTable, width: int) -> list[str]:
    text = ChapterText("Title", "1/1", (), words=table)
    return texts(slide_rows("big", [text], width, 40, palette())[1])


def drawn(width: int) -> list[str]:
    """The rows of the table on a slide of this width, without its head."""
    return [row for row in slide(TABLE, width) if row.lstrip().startswith(("static", "continuous"))]


@pytest.mark.parametrize(("width", "longest"), [(80, 20), (53, 20), (46, 15), (39, 8)])
def test_bars_begin_in_one_column_and_keep_their_share(width: int, longest: int) -> None:
    static, continuous = drawn(width)
    assert static.index("█") == continuous.index("█")
    assert continuous.count("█") == longest
    assert static.count("█") + static.count("▌") / 2 == longest / 2


@pytest.mark.parametrize(("height", "rows"), [(45, 3 * 5), (32, 3 * 5), (26, 2 * 3)])
def test_words_are_as_large_as_a_table_leaves_room_for(height: int, rows: int) -> None:
    """Three lines of full blocks, or two of half blocks; never as small as the text."""
    text = ChapterText("Title", "1/1", ("All of it.",), words=TABLE)
    drawn = texts(
        slide_rows("Do not hold. Do not stall. Do not.", [text], 118, height, palette())[1]
    )
    table = next(number for number, row in enumerate(drawn) if "All of it." in row)
    assert len([row for row in drawn[:table] if row.strip()]) == rows
    assert any("continuous" in row for row in drawn)


PARTS = (
    ("a prompt of", "time"),
    ("500 tokens", "█▍"),
    ("2,000", "█████▎"),
    ("4,000", "██████████▉"),
    ("8,000", "█" * 25),
)


@pytest.mark.parametrize("width", [60, 34, 30, 26])
def test_shorter_bars_keep_the_share_of_the_eighths_at_their_ends(width: int) -> None:
    told = [bar for _, bar in PARTS[1:]]
    bars = re.findall(r"[█▏▎▍▌▋▊▉]+", "\n".join(slide(PARTS, width)))[-len(told) :]
    for bar, whole in zip(bars, told, strict=True):
        assert abs(filled(bar) - filled(whole) * len(bars[-1]) / 25) <= 1 / 8
    assert (len(bars[-1]) < 25) == (width < 40)


def filled(bar: str) -> float:
    """The cells that a bar fills."""
    return bar.count("█") + sum(" ▏▎▍▌▋▊▉".index(cell) / 8 for cell in bar.strip("█"))


@pytest.mark.parametrize("width", [36, 30, 20])
def test_without_room_for_bars_there_are_none(width: int) -> None:
    rows = drawn(width)
    assert len(rows) == 2
    assert "█" not in "".join(rows)
    assert all(number in row for number, row in zip(("100", "200"), rows, strict=True))


@pytest.mark.parametrize("width", [80, 20, 5, 1])
def test_any_table_is_drawn_at_any_width(width: int) -> None:
    for table in ((("bars",), ("█" * 30,)), (("head", "only"),), (("a", "b"), ("█", "word"))):
        assert len(slide(table, width)) == 40


LONG = "Each line of a text is about as long as the others, so that no word is left to itself."


@pytest.mark.parametrize("width", [120, 80, 60])
def test_the_text_of_a_slide_begins_where_its_table_does(width: int) -> None:
    text = ChapterText("Title", "1/1", (LONG, "Short."), words=TABLE)
    rows = texts(slide_rows("big", [text], width, 40, palette())[1])
    begins = [
        len(row) - len(row.lstrip()) for row in rows if row.strip().startswith(("E", "S", "w"))
    ]
    assert len(begins) == 3
    assert len(set(begins)) == 1


@pytest.mark.parametrize("width", [120, 70, 40, 25])
def test_no_word_of_a_slide_is_left_to_itself(width: int) -> None:
    rows = texts(slide_rows("big", [ChapterText("Title", "1/1", (LONG,))], width, 40, palette())[1])
    lines = [row.strip() for row in rows if "█" not in row and len(row.split()) > 1]
    assert " ".join(lines) == LONG
    assert max(map(len, lines)) - min(map(len, lines)) <= len("others, ")


def test_a_column_of_bars_and_words_is_one_of_words() -> None:
    mixed = (("what", "drawn"), ("static", "█"), ("continuous", "as long as it takes"))
    assert "takes" in "".join(slide(mixed, 24))


NARROW = (
    ("you see", "it may be", "what helps"),
    ("the first word is late", "all slots are taken", "more slots, or fewer people"),
    ("", "memory is full", "more memory"),
)


def test_words_are_folded_in_their_columns_where_they_do_not_fit() -> None:
    rows = slide(NARROW, 45)
    head = next(number for number, row in enumerate(rows) if row.startswith("you see"))
    assert [row.rstrip() for row in rows[head : head + 6]] == [
        "you see        it may be       what helps",
        "",
        "the first      all slots are   more slots, or",
        "word is late   taken           fewer people",
        "",
        "               memory is full  more memory",
    ]


def test_a_number_and_its_unit_stay_together() -> None:
    text = ChapterText("Title", "1/1", ("It is answered at 8.54 s, not 11.3 s or 23.7 % later.",))
    for width in range(12, 60):
        for row in texts(slide_rows("big", [text], width, 40, palette())[1]):
            assert not re.match(r"\s*(s|%)[ ,.]", row)


def test_numbers_are_flush_with_the_right_side_of_their_column() -> None:
    table = (("what", "takes", "times"), ("a", "1.47 s", "–"), ("b", "624 ms", "x 12.5"))
    rows = [row.rstrip() for row in slide(table, 60) if row.strip()]
    head = next(number for number, row in enumerate(rows) if "takes" in row)
    ends = [
        [row.index(cell) + len(cell) for cell in cells[1:]]
        for row, cells in zip(rows[head:], table, strict=False)
    ]
    assert ends[0] == ends[1] == ends[2]


@pytest.mark.parametrize("height", [40, 20, 12, 9])
def test_nothing_of_a_slide_is_lost_in_silence(height: int) -> None:
    told = [f"Sentence {number} of the text." for number in range(8)]
    text = ChapterText("Title", "7/9", tuple(told), section="A part")
    rows = texts(slide_rows("big", [text], 60, height, palette())[1])
    assert len(rows) == height
    assert rows[-1].strip() == "A part · 7/9"
    seen = [row.strip() for row in rows if row.strip() in told]
    assert seen == told[: len(seen)]
    assert (rows[-2].strip() == "…") == (len(seen) < len(told))
    assert (len(seen) == len(told)) == (height > 9)


@pytest.mark.parametrize(
    ("lanes", "standing_back"),
    [(("static",), {"continuous"}), (("static", "continuous"), set()), (("vllm",), set())],
)
def test_above_a_stage_rows_of_lanes_that_are_not_there_stand_back(
    lanes: tuple[str, ...], standing_back: set[str]
) -> None:
    text = ChapterText("Title", "1/1", (), words=TABLE, lanes=lanes)
    muted = palette().muted
    quiet = {
        segment.text.split()[0]
        for row in text.rows(40, palette(), spaced=False)
        for segment in row
        if segment.style and segment.style.color == muted and segment.text.strip()
    }
    assert quiet - {"1/1", "what"} == standing_back
