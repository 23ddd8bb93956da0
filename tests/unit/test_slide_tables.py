"""Tables on slides: bars side by side, as long as there is room for them, and else none."""

from __future__ import annotations

import pytest
from stage import palette, texts

from tui_batching.tui.presenting.chapter_text import ChapterText, slide_rows

TABLE = (
    ("what runs", "tokens per second", "drawn"),
    ("static", "100", "█" * 10),
    ("continuous", "200", "█" * 20),
)


def drawn(width: int) -> list[str]:
    """The rows of the table on a slide of this width, without its head."""
    slide = ChapterText("Title", "1/1", (), words=TABLE)
    rows = texts(slide_rows("big", slide, width, 40, palette()))
    return [row for row in rows if row.lstrip().startswith(("static", "continuous"))]


@pytest.mark.parametrize(("width", "longest"), [(80, 20), (53, 20), (46, 15), (39, 8)])
def test_bars_begin_in_one_column_and_keep_their_share(width: int, longest: int) -> None:
    static, continuous = drawn(width)
    assert static.index("█") == continuous.index("█")
    assert (static.count("█"), continuous.count("█")) == (round(longest / 2), longest)


@pytest.mark.parametrize("width", [36, 30, 20])
def test_without_room_for_bars_there_are_none(width: int) -> None:
    rows = drawn(width)
    assert len(rows) == 2
    assert "█" not in "".join(rows)
    assert all(number in row for number, row in zip(("100", "200"), rows, strict=True))
