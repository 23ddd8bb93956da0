"""The tabs: all views at every width, worded as fully as it allows."""

from __future__ import annotations

import pytest

from tui_batching.charts.palette import DEFAULT_THEME, load_palettes
from tui_batching.charts.rows import text_of
from tui_batching.tui.bars import tab_row
from tui_batching.tui.bindings import KEYS
from tui_batching.tui.views import VIEWS

PALETTE = load_palettes()[DEFAULT_THEME]


def row(width: int, seen: str = "utilization") -> str:
    return text_of(tab_row(VIEWS, seen, width, KEYS, PALETTE))


@pytest.mark.parametrize("width", range(60, 161, 4))
@pytest.mark.parametrize("seen", ["live", "utilization", "learn"])
def test_every_view_is_there_and_nothing_is_cut(width: int, seen: str) -> None:
    text = row(width, seen)
    assert len(text) == width
    assert "…" not in text
    places = [text.index(view.key) for view in VIEWS]
    assert places == sorted(places)


def test_words_get_shorter_with_the_width() -> None:
    assert "4 Utilization   5 Metrics" in row(140)
    assert "4Utilization 5Metrics" in row(100)
    assert "4Usage 5Metrics" in row(80)
    assert "3  4 Utilization  5" in row(60)
