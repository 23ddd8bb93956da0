"""Metrics alone, as a room sees them: bars take the height, and values are in large digits."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import pytest
from stage import palette, texts

from tui_batching.analysis.comparison import Comparison, compare
from tui_batching.analysis.metrics import METRICS_BY_NAME, format_value
from tui_batching.analysis.slices import MEAN
from tui_batching.charts.big_letters import big_number
from tui_batching.charts.metric_rows import bar_rows, chosen_rows
from tui_batching.charts.pen import Pen, marked
from tui_batching.strategies import Static
from tui_batching.workload import ListedRequests, Requests, Workload, load_workload

NOTEBOOK = compare(load_workload("notebook"))
BLOCKS = "█▉▊▋▌▍▎▏"
CHOICES = (
    ("throughput",),
    ("avg_latency", "mean_ttft"),
    ("avg_latency", "parts", "mean_ttft"),
    ("useful", "parts"),
)


def drawn(
    comparison: Comparison, chosen: Sequence[str], width: int = 84, height: int = 31
) -> list[str]:
    return texts(chosen_rows(comparison, Pen(width, palette()), chosen, MEAN, height))


def heights(comparison: Comparison, chosen: Sequence[str], width: int, height: int) -> list[int]:
    """How many rows each bar has: those in which a strategy's colour begins below its name."""
    colours = [palette().strategy(result.strategy.name) for result in comparison]
    rows = chosen_rows(comparison, Pen(width, palette()), chosen, MEAN, height)
    bars = [
        next((each.style.color for each in row if each.text[0] in BLOCKS), None) for row in rows
    ]
    return [len(list(same)) for colour, same in groupby(bars) if colour in colours]


@pytest.mark.parametrize("chosen", CHOICES, ids=" ".join)
@pytest.mark.parametrize("width", [56, 72, 84, 118])
def test_they_fill_the_height_and_nothing_is_cut(chosen: Sequence[str], width: int) -> None:
    least = len(drawn(NOTEBOOK, chosen, width, 0))
    for height in range(least, 60):
        rows = drawn(NOTEBOOK, chosen, width, height)
        assert len(rows) == height
        assert {len(row) for row in rows} == {width}
        assert "…" not in "".join(rows)


def test_all_bars_are_equally_high_and_the_higher_the_more_room_there_is() -> None:
    seen = []
    for height in range(12, 60):
        bars = heights(NOTEBOOK, ("avg_latency", "mean_ttft"), 84, height)
        assert len(bars) == 6
        assert len(set(bars)) == 1
        seen.append(bars[0])
    assert seen == sorted(seen)
    assert {1, 2, 3, 4, 5} == set(seen)


@pytest.mark.parametrize("height", [26, 31, 36, 45])
def test_a_value_is_drawn_in_digits_beside_its_unit_and_note(height: int) -> None:
    metric = METRICS_BY_NAME["avg_latency"]
    rows = drawn(NOTEBOOK, ("avg_latency", "mean_ttft"), height=height)
    begin = next(number for number, row in enumerate(rows) if "Latency · mean" in row)
    for result, best in zip(NOTEBOOK, NOTEBOOK.best(metric), strict=True):
        value = format_value(metric, result.metrics["avg_latency"])
        name = marked(result.strategy.name)
        top = next(number for number in range(begin, len(rows)) if name in rows[number])
        lines = big_number(value.split()[0])
        column = rows[top].rindex(lines[0])
        for line, row in zip(lines, rows[top : top + 3], strict=True):
            assert row[column:].startswith(line)
        beside = [row[column + len(lines[0]) :].strip() for row in rows[top : top + 3]]
        assert beside[1:] == ["", value.split()[1]]
        assert (beside[0] == "★") == best
        assert not any(value in row for row in rows[top : top + 3]), "told twice"


def test_where_it_is_too_narrow_for_digits_the_value_is_plain() -> None:
    rows = drawn(NOTEBOOK, ("avg_latency",), width=50)
    assert "▀" not in "".join(rows)
    assert [row[-18:].strip() for row in rows if "C continuous █" in row] == ["2.76 s ★"]
    assert heights(NOTEBOOK, ("avg_latency",), 50, 31) == [5, 5, 5]


def test_all_metrics_together_have_no_digits() -> None:
    for width in (60, 84, 160):
        assert "▀" not in "".join(texts(bar_rows(NOTEBOOK, Pen(width, palette()))))


def test_what_is_not_defined_is_a_dash_in_digits_too() -> None:
    requests = Requests.from_columns(np.zeros(1, np.int64), [0], [1])
    alone = compare(Workload("alone", ListedRequests(requests), strategies=(Static(1),)))
    rows = drawn(alone, ("mean_tpot",))
    number = next(number for number, row in enumerate(rows) if "S static  " in row)
    assert rows[number + 1].split() == ["▀▀▀"]


def test_a_long_name_moves_all_bars() -> None:
    long = compare(load_workload("engines"), ["vllm", "tensorrt-llm"])
    for height in (8, 31):
        rows = drawn(long, ("throughput",), height=height)
        bars = [row for row in rows if "█" * 20 in row]
        assert len({row.index("█") for row in bars}) == 1
        assert all(row[row.index("█") - 1] == " " for row in bars)
