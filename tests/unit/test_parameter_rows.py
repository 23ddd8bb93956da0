"""The strategies with their parameters above a chart."""

from __future__ import annotations

from stage import palette

from tui_batching.charts.parameter_rows import parameter_rows
from tui_batching.charts.pen import Pen
from tui_batching.charts.rows import text_of
from tui_batching.strategies import Continuous, Dynamic, Static, Strategy

ALL = (Static(4), Dynamic(4), Continuous(4))


def rows(strategies: tuple[Strategy, ...], width: int, most: int | None = None) -> list[str]:
    told = {each.name: each.wordings() for each in strategies}
    drawn = parameter_rows(told, Pen(width, palette()), most)
    return [text_of(row.cells()).strip() for row in drawn]


def test_all_stand_on_one_row_where_they_fit() -> None:
    told = "S static · batch 4   D dynamic · batch 4 · 500 ms   C continuous · batch 4"
    assert rows(ALL, 80) == [told]


def test_without_a_limit_the_fullest_words_take_more_rows() -> None:
    assert rows(ALL, 50) == [
        "S static · batch 4   D dynamic · batch 4 · 500 ms",
        "C continuous · batch 4",
    ]


def test_with_a_limit_words_give_way_and_then_all_parameters() -> None:
    assert rows(ALL, 62, 1) == ["S static · 4   D dynamic · 4 · 500 ms   C continuous · 4"]
    assert rows(ALL, 50, 1) == ["S static   D dynamic   C continuous"]
    assert len(rows(ALL, 20, 1)) == 1
