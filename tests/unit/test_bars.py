"""The bars and the table of the metrics, against the numbers that they show."""

from __future__ import annotations

import re

import numpy as np
import pytest
from stage import palette, texts

from tui_batching.analysis.breakdown import PARTS
from tui_batching.analysis.comparison import compare
from tui_batching.analysis.metrics import METRICS_BY_NAME, format_value
from tui_batching.analysis.tables import comparison_table, difference_text
from tui_batching.charts.metric_rows import bar_rows, metric_rows
from tui_batching.charts.metric_table import table_rows
from tui_batching.charts.pen import PART_SIGNS, Pen
from tui_batching.strategies import Static
from tui_batching.workload import ListedRequests, Requests, Workload, load_workload

NOTEBOOK = compare(load_workload("notebook"))
RAG = compare(load_workload("rag"))
SIGN_RUNS = re.compile(f"[{''.join(sign for sign, _ in PART_SIGNS.values())}]+")


def row_after(rows: list[str], heading: str, name: str) -> str:
    """The first row of a strategy below a heading."""
    below = rows[next(number for number, row in enumerate(rows) if heading in row) :]
    return next(row for row in below if name in row)


@pytest.mark.parametrize("comparison", [NOTEBOOK, RAG], ids=["notebook", "rag"])
@pytest.mark.parametrize("width", [60, 80, 120, 160])
def test_the_parts_of_a_bar_are_as_long_as_the_bar_of_their_sum(comparison, width: int):
    rows = texts(bar_rows(comparison, Pen(width, palette())))
    for result in comparison:
        whole = row_after(rows, "Mean latency", result.strategy.name)
        broken = row_after(rows, "Where the mean", result.strategy.name)
        length = len(SIGN_RUNS.search(broken[15:])[0])
        assert abs(len(re.search("[█▏▎▍▌▋▊▉]+", whole)[0]) - length) <= 1
        mean = format_value(METRICS_BY_NAME["avg_latency"], result.metrics["avg_latency"])
        assert mean in whole
        assert mean in broken
        parts = [result.metrics[f"mean_{name}"] for name in PARTS]
        assert sum(parts) == pytest.approx(result.metrics["avg_latency"])


def test_a_part_takes_the_share_of_the_bar_that_it_takes_of_the_time():
    width = 1000
    rows = texts(bar_rows(NOTEBOOK, Pen(width, palette())))
    for result in NOTEBOOK:
        drawn = SIGN_RUNS.search(row_after(rows, "Where the mean", result.strategy.name)[15:])[0]
        for name in PARTS:
            sign, _ = PART_SIGNS[name]
            share = result.metrics[f"mean_{name}"] / result.metrics["avg_latency"]
            assert drawn.count(sign) == pytest.approx(share * len(drawn), abs=1)


def test_the_legend_tells_the_signs_that_are_drawn():
    rows = texts(bar_rows(NOTEBOOK, Pen(80, palette())))
    bars, legend = "".join(rows[-4:-1]), rows[-1]
    drawn = {name: sign for name, (sign, _) in PART_SIGNS.items() if sign in bars}
    assert {"slots", "stalled", "decode", "held"} <= drawn.keys()
    assert legend.split() == [word for name, sign in drawn.items() for word in (sign, name)]


def test_every_headline_metric_is_in_the_table_with_its_best_marked():
    table = comparison_table(RAG)
    rows = texts(table_rows(table, table.groups, Pen(80, palette())))
    assert max(map(len, rows)) == 80
    group, found = "", {}
    for row in rows[1:]:
        if row.startswith("   "):
            found[group, row[3:].split("  ")[0]] = row
        else:
            group = row.split(" · ")[0].strip()
    assert len(found) == len(RAG.headlines)
    for metric in RAG.headlines:
        row = found[metric.group, metric.label]
        values = [format_value(metric, value) for value in RAG.values(metric)]
        assert all(value in row for value in values)
        assert row.count("★") == sum(RAG.best(metric))
    assert any(row.endswith("TTFT ≤ 2.00 s, TPOT ≤ 60.0 ms") for row in map(str.rstrip, rows))


def test_the_difference_to_the_best_has_the_sign_of_the_difference():
    latency, throughput = METRICS_BY_NAME["avg_latency"], METRICS_BY_NAME["throughput"]
    static, _, continuous = NOTEBOOK.values(latency)
    assert NOTEBOOK.behind(latency)[0] == pytest.approx(static / continuous - 1)
    assert NOTEBOOK.behind(latency)[2] is None
    slow, _, fast = NOTEBOOK.values(throughput)
    assert NOTEBOOK.behind(throughput)[0] == pytest.approx(-(1 - slow / fast))
    # Nothing is a share of zero, and there is no best of what has no better direction.
    assert NOTEBOOK.behind(METRICS_BY_NAME["mean_held"]) == (None, None, None)
    assert NOTEBOOK.behind(METRICS_BY_NAME["occupied"]) == (None, None, None)


@pytest.mark.parametrize(
    ("behind", "text"),
    [
        (None, ""),
        (0.54, "1.54x"),
        (-0.163, "0.84x"),
        (0.014, "1.01x"),
        (12.74, "14x"),
        (9.4, "10x"),
        (3.83, "4.8x"),
        (0.99, "1.99x"),
        (0.996, "2.0x"),
        (99, "100x"),
        (1256.3, "1,257x"),
    ],
)
def test_differences_are_short(behind: float | None, text: str):
    assert difference_text(METRICS_BY_NAME["avg_latency"], behind) == text
    assert difference_text(METRICS_BY_NAME["useful"], behind) == ""
    assert len(text) <= 7


def test_one_strategy_and_latencies_of_one_step_are_drawn_as_well():
    requests = Requests.from_columns(np.zeros(1, np.int64), [0], [1])
    alone = Workload("alone", ListedRequests(requests), strategies=(Static(1),))
    rows = texts(metric_rows(compare(alone), Pen(80, palette())))
    assert "20.0 ms" in row_after(rows, "Mean latency", "static")
    assert "★" not in "".join(rows)
    assert any(re.search("TPOT|per output token", row) for row in rows)
