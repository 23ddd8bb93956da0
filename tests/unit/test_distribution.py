"""Histograms of the requests' times: bins and percentiles by hand, and the picture of them."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage import hand_made, on_stage, palette, scene_of, texts
from workloads_for_laws import workloads

from tui_batching.analysis.distribution import (
    QUANTITIES,
    Quantity,
    histogram,
    latencies_per_token,
    times_per_output_token,
)
from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.histograms import histograms_chart
from tui_batching.charts.rows import LEVELS
from tui_batching.clock import MILLISECOND, SECOND, format_duration
from tui_batching.strategies import Continuous, Static
from tui_batching.workload import load_workload

MS = MILLISECOND
NAMES = [quantity.name for quantity in QUANTITIES]
LATENCY, TTFT, WAIT, TPOT, _ = QUANTITIES
NOTEBOOK = scene_of(load_workload("notebook"))
# R0 prefills 0-5, steps end at 15, (R1 prefills 15-35) 47, 57. R1 arrives at 10, ends at 47.
BY_HAND = scene_of(hand_made((0, 5, 3), (10, 20, 1), strategies=[Continuous(2)])).runs


@pytest.mark.parametrize(
    ("quantity", "values"),
    [
        (LATENCY, [57, 37]),
        (TTFT, [15, 37]),
        (WAIT, [0, 5]),
        (TPOT, [21]),
        (QUANTITIES[4], [19, 37]),
    ],
    ids=NAMES,
)
def test_what_is_measured(quantity: Quantity, values: list[int]):
    assert quantity.values(BY_HAND[0]).tolist() == [value * MS for value in values]


def test_counts_and_edges_by_hand():
    found = histogram(BY_HAND, TTFT, 4)
    assert found.edges.tolist() == [value * MS for value in (0, 9.25, 18.5, 27.75, 37)]
    assert [counts.tolist() for counts in found.counts] == [[0, 1, 0, 1]]
    assert found.p50 == (26 * MS,)
    assert found.p99[0] == pytest.approx((15 + 0.99 * 22) * MS)


def test_values_close_together_get_the_whole_axis():
    found = histogram(BY_HAND, LATENCY, 2)
    assert found.edges.tolist() == [37 * MS, 47 * MS, 57 * MS]
    assert found.counts[0].tolist() == [1, 1]


def test_without_any_value_there_is_nothing_to_count():
    runs = scene_of(hand_made((0, 5, 1), (1, 5, 1))).runs
    found = histogram(runs, TPOT, 5)
    assert [counts.sum() for counts in found.counts] == [0, 0, 0]
    assert found.p50 == found.p99 == (None, None, None)


@pytest.mark.parametrize("name", ["latency", "TTFT", "wait", "TPOT"])
def test_percentiles_are_those_of_the_metrics(name: str):
    quantity = QUANTITIES[NAMES.index(name)]
    found = histogram(NOTEBOOK.runs, quantity, 10)
    median, p99 = ("p50_", "p99_") if name in ("latency", "wait") else ("median_", "p99_")
    for number, result in enumerate(NOTEBOOK.comparison):
        assert found.p50[number] / SECOND == result.metrics[f"{median}{name.lower()}"]
        assert found.p99[number] / SECOND == result.metrics[f"{p99}{name.lower()}"]


@given(workloads(), st.sampled_from(QUANTITIES), st.integers(1, 30))
def test_every_request_is_in_one_bin(workload, quantity: Quantity, bins: int):
    runs = scene_of(workload).runs
    found = histogram(runs, quantity, bins)
    assert len(found.edges) == bins + 1
    assert (np.diff(found.edges) > 0).all()
    for run, counts in zip(runs, found.counts, strict=True):
        values = quantity.values(run)
        assert counts.sum() == len(values)
        expected = (run.requests.output_tokens > 1).sum() if quantity is TPOT else len(run)
        assert len(values) == expected
        inside = np.searchsorted(found.edges, values, side="right") - 1
        if found.log:  # there the first bin holds what lies below it, too
            inside = np.maximum(inside, 0)
        assert np.bincount(np.minimum(inside, bins - 1), minlength=bins).tolist() == counts.tolist()


def rows_of(scene, width: int, height: int, quantity: Quantity = LATENCY) -> list[str]:
    return texts(histograms_chart(ChartRequest(scene, 0, width, height, palette()), quantity))


def panels(rows: list[str]) -> list[list[str]]:
    """The rows with bars of each panel."""
    tops = [number for number, row in enumerate(rows) if re.match(" +[1-9][0-9,]*┤", row)]
    zeros = [number for number, row in enumerate(rows) if row.startswith("     0┤")]
    return [rows[top : zero + 1] for top, zero in zip(tops, zeros, strict=True)]


@pytest.mark.parametrize("size", [(80, 19), (120, 31), (160, 40), (60, 17)])
@pytest.mark.parametrize("quantity", QUANTITIES, ids=NAMES)
def test_bars_are_as_high_as_their_counts(size: tuple[int, int], quantity: Quantity):
    rows = rows_of(NOTEBOOK, *size, quantity)
    assert [len(row) for row in rows] == [size[0]] * size[1]
    drawn = panels(rows)
    # All panels have the same height and the same highest count, so that they compare.
    assert len({len(panel) for panel in drawn}) == 1
    assert len({panel[0][:7] for panel in drawn}) == 1
    most = int(drawn[0][0][:6])
    for panel, run in zip(drawn, NOTEBOOK.runs, strict=True):
        area = [row[7:] for row in panel]
        heights = [
            sum(LEVELS.index(row[column]) for row in area) / 8
            for column in range(len(area[0]))
            if not any(row[column] in "│┆" for row in area)
        ]
        counts = {round(height / len(panel) * most, 1) for height in heights}
        assert max(counts) <= most
        assert len(run) == 20
        for height in heights:
            count = height / len(panel) * most
            assert count == pytest.approx(round(count), abs=0.5 * most / (8 * len(panel)) + 1e-9)


def test_the_lines_stand_at_their_percentiles_and_are_named():
    rows = rows_of(NOTEBOOK, 120, 31)
    found = histogram(NOTEBOOK.runs, LATENCY, 12)
    names = [row for row in rows if "p50│" in row and "┆p99" in row]
    headings = [row for row in rows if "━" in row]
    axis = len(rows[-1].rstrip())
    assert len(names) == 3
    for number, (row, heading) in enumerate(zip(names, headings, strict=True)):
        for mark, value in (("│", found.p50[number]), ("┆", found.p99[number])):
            share = value / found.edges[-1]
            assert row.index(mark) - 7 == pytest.approx(share * (axis - 7), abs=1.5)
            assert f"{'p50' if mark == '│' else 'p99'} {format_duration(round(value))}" in heading
        assert "20 requests" in heading


def test_small_sizes_and_single_requests_are_drawn_as_well():
    alone = scene_of(hand_made((0, 1, 1), strategies=[Static(1)]))
    assert "1 request " in "\n".join(rows_of(alone, 60, 12))
    assert "no request has one" in "\n".join(rows_of(alone, 60, 12, TPOT))
    for size in ((0, 0), (10, 5), (39, 20), (200, 3)):
        assert [len(row) for row in rows_of(alone, *size)] == [size[0]] * size[1]


async def test_m_measures_one_time_after_the_other():
    async with on_stage(view="9") as stage:
        seen = []
        for _ in range(6):
            marked = re.search("▸([A-Za-z]+( per token)?)", stage.seen())
            assert marked is not None
            seen.append(marked[1])
            await stage.press("m")
        assert seen == [*NAMES, NAMES[0]]
        assert "quantity" in stage.rows()[-1]


def test_columns_per_token_are_those_of_each_request():
    run = NOTEBOOK.runs[2]
    per_token = latencies_per_token(run)
    assert per_token[3] * int(run.requests.output_tokens[3]) == pytest.approx(
        int(run.end_time[3] - run.requests.arrival_time[3])
    )
    assert len(times_per_output_token(run)) == 20
