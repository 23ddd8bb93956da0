"""The pictures of sweeps: their sizes, and what is said in them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
from rich.color import Color
from stage import palette, texts

from tui_batching.analysis.sweeps import Kind, Sweep, sweep
from tui_batching.analysis.sweeps.shown import read_metrics
from tui_batching.charts.rows import Cells
from tui_batching.charts.sweep_charts import (
    IDEAL,
    SweepRequest,
    frontier_chart,
    load_chart,
    parameter_chart,
)
from tui_batching.strategies import DEFAULT_STRATEGIES, Continuous, Static, Vllm, mark_of
from tui_batching.workload import Workload, apply_settings, load_workload

DrawSweep = Callable[[SweepRequest], list[Cells]]
CHARTS: dict[DrawSweep, Kind] = {
    load_chart: "load",
    frontier_chart: "load",
    parameter_chart: "batch-size",
}
SIZES = [(80, 19), (60, 15), (100, 25), (120, 31), (160, 40), (300, 60), (80, 60)]


@cache
def swept(name: str, kind: Kind) -> Sweep:
    return sweep(load_workload(name), kind)


def request_of(
    name: str, kind: Kind, width: int, height: int, now: Workload | None = None
) -> SweepRequest:
    made = swept(name, kind)
    return SweepRequest(made, now or made.workload, width, height, palette())


def seen(chart: DrawSweep, name: str, width: int, height: int, *settings: str) -> str:
    now = apply_settings(load_workload(name), settings)
    return "\n".join(texts(chart(request_of(name, CHARTS[chart], width, height, now))))


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("name", ["notebook", "chat", "overload"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_picture_has_exactly_the_size_asked_for(
    chart: DrawSweep, name: str, width: int, height: int
) -> None:
    rows = chart(request_of(name, CHARTS[chart], width, height))
    assert len(rows) == height
    assert {sum(segment.cell_length for segment in row) for row in rows} == {width}


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("height", [0, 1, 2, 4, 6, 11])
@pytest.mark.parametrize("width", [1, 7, 8, 20, 33])
def test_no_size_is_too_small(chart: DrawSweep, width: int, height: int) -> None:
    rows = chart(request_of("notebook", CHARTS[chart], width, height))
    assert [sum(segment.cell_length for segment in row) for row in rows] == [width] * height


@pytest.mark.parametrize("chart", CHARTS)
def test_a_single_value_and_a_single_strategy_are_drawn(chart: DrawSweep) -> None:
    workload = replace(load_workload("notebook"), strategies=(Static(3),))
    made = sweep(workload, CHARTS[chart], [3])
    rows = chart(SweepRequest(made, workload, 100, 25, palette()))
    canvas = "\n".join(texts(rows[1:]))
    assert mark_of("static") in canvas
    assert mark_of("continuous") not in canvas


def test_small_terminals_show_two_charts_and_large_ones_all_and_the_table() -> None:
    small, large = (seen(load_chart, "chat", *size) for size in ((80, 19), (160, 40)))
    titles = ("within the limits", "p99 TTFT (SLO 2.00 s)", "p99 TPOT (SLO 40.0 ms)", "throughput")
    assert [title in small for title in titles] == [True, True, False, False]
    assert "tokens/s★" not in small
    assert all(title in large for title in titles)
    assert "saturated" in large.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("ttft.p99,evictions", ["p99 TTFT", "evictions"]),
        ("latency.mean,wait.max,useful", ["mean latency", "max wait", "useful"]),
    ],
)
def test_the_charts_are_of_the_metrics_asked_for(words: str, titles: list[str]) -> None:
    """Nobody here is ever evicted: that chart says so."""
    made = replace(swept("chat", "load"), asked=read_metrics(words))
    made = replace(made, workload=replace(made.workload, slo=None))
    rows = texts(load_chart(SweepRequest(made, made.workload, 120, 19, palette())))
    assert [title for title in titles if title in rows[2]] == titles
    assert "".join(rows).count("req/s") == len(titles)
    assert ("nobody has any" in "".join(rows)) is ("evictions" in titles)


@pytest.mark.parametrize(("limit", "drawn"), [("2s", True), ("600s", False)])
def test_the_service_level_is_a_line_unless_all_is_far_below_it(limit: str, drawn: bool) -> None:
    workload = apply_settings(load_workload("chat"), [f"slo=ttft.p95={limit}"])
    made = replace(sweep(workload, "load", [0.5, 1, 2]), asked=read_metrics("ttft.p95"))
    rows = texts(load_chart(SweepRequest(made, workload, 80, 19, palette())))
    assert ("p95 TTFT (SLO 2.00 s)" if drawn else "p95 TTFT (SLO 600 s)") in rows[2]
    assert any(" SLO " in row for row in rows[3:]) is drawn
    assert any(re.search("[─⠁-⣿┊│]{60}", row) for row in rows[3:]) is drawn


def test_the_table_marks_the_best_of_each_value_and_the_present_one() -> None:
    rows = seen(load_chart, "chat", 160, 40).splitlines()[-8:]
    present = next(row for row in rows if "▸" in row)
    static = "10.0 % 32.5 s 26.0 ms★ 77.6"
    assert " ".join(present.split()).startswith(f"▸ 1.25/s {static} ")
    assert rows[-1].split() == ["saturated", "0.810/s", "0.810/s", "1.36/s"]
    faster = seen(load_chart, "chat", 160, 40, "workload.rate=3")
    assert "▸" not in faster


def test_each_chart_of_loads_marks_the_saturation_points_and_the_present_load() -> None:
    rows = seen(load_chart, "chat", 120, 31).splitlines()
    assert rows[1].strip() == (
        "┊ saturated at SD 0.81/s  C 1.36/s   │ now 1.25/s   "
        "beyond ┊ the queue grows until all 80 have come"
    )
    top = "".join(rows[3:5])
    assert top.count("┊SD  │┊C") == top.count("now") == 2
    titles = [number for number, row in enumerate(rows) if "(SLO " in row]
    assert len(titles) == 2
    plots = [number for number, row in enumerate(rows[2:], 2) if re.search("[│┤]", row)]
    assert all("┊" in rows[number] for number in plots)  # where no curve is before it
    assert sum("now" in row for row in rows[2:]) == len(titles)


def test_the_saturation_point_of_a_single_strategy_is_told_beside_its_line() -> None:
    workload = replace(load_workload("chat"), strategies=(Continuous(4),))
    made = sweep(workload, "load", [0.5, 1, 2, 4])
    rows = texts(load_chart(SweepRequest(made, workload, 120, 31, palette(), has_table=False)))
    assert sum(row.count("serves at most 1.36/s") for row in rows) == len(made.shown)
    assert "saturated" not in "".join(rows)


def test_a_mark_of_the_present_load_over_a_saturation_point_hides_it_only_at_the_top() -> None:
    workload = replace(load_workload("chat"), strategies=(Continuous(4),))
    made = replace(sweep(workload, "load", [0.1, 100]), asked=read_metrics("ttft.p99"))
    now = apply_settings(workload, ["workload.rate=1.36"])
    rows = texts(load_chart(SweepRequest(made, now, 80, 25, palette())))
    [column] = [row.rindex("│") for row in rows[2:] if "now" in row]
    upright = "".join(row[column] for row in rows[2:] if row[column] in "│┊")
    assert re.fullmatch("│{2,3}┊{10,}", upright)


@pytest.mark.parametrize(("width", "height"), [(80, 19), (120, 31), (160, 40)])
@pytest.mark.parametrize(
    ("name", "chart", "parameters"),
    [
        ("notebook", load_chart, "S static · batch 4 D dynamic · batch 4 · 500 ms"),
        ("notebook", frontier_chart, "C continuous · batch 4"),
        ("notebook", parameter_chart, "S static D dynamic · 500 ms C continuous"),
        ("engines", load_chart, "G SGLang · 64 slots"),
    ],
)
def test_each_picture_tells_the_parameters_that_do_not_vary(
    name: str, chart: DrawSweep, parameters: str, width: int, height: int
) -> None:
    assert parameters in " ".join(seen(chart, name, width, height).split())


@pytest.mark.parametrize(("width", "height"), [(80, 19), (120, 31), (160, 40)])
@pytest.mark.parametrize("chart", [load_chart, frontier_chart])
def test_a_run_too_short_for_a_queue_says_so_and_no_other(
    chart: DrawSweep, width: int, height: int
) -> None:
    told = "a finite run of 20 requests: in a longer one latency climbs on"
    assert told in seen(chart, "notebook", width, height)
    assert "a finite run" not in seen(chart, "chat", width, height)
    assert "a finite run" not in seen(parameter_chart, "notebook", width, height)


@pytest.mark.parametrize(("rate", "label"), [("40", "now →"), ("1.9", "now")])
def test_a_present_load_beyond_the_axis_is_at_its_border(rate: str, label: str) -> None:
    rows = seen(load_chart, "chat", 80, 19, f"workload.rate={rate}").splitlines()
    assert any(label in row for row in rows[2:5])
    assert any("→" in row for row in rows[2:5]) == ("→" in label)


def test_colours_are_not_needed_to_tell_the_strategies_apart() -> None:
    canvas = "".join(seen(load_chart, "overload", 120, 20).splitlines()[1:])
    assert all(
        canvas.count(mark) >= 12 for mark in (mark_of(each.name) for each in DEFAULT_STRATEGIES)
    )


def test_the_frontier_names_the_ideal_corner_and_the_loads() -> None:
    rows = seen(frontier_chart, "chat", 80, 19).splitlines()
    assert rows[-3].rstrip().endswith(IDEAL)
    chart = "\n".join(rows[1:-2])
    for load in ("0.469", "1.25", "4.69"):
        assert load in chart


def test_labels_of_the_frontier_never_run_together() -> None:
    for name in ("notebook-load", "overload", "chat", "notebook"):
        loads = {f"{value:.3g}" for value in swept(name, "load").values}
        for row in seen(frontier_chart, name, 80, 19).splitlines()[2:-3]:
            found = re.findall(r"[0-9.]+", row.partition("┤")[2] or row.partition("│")[2])
            assert set(found) <= loads, row


def test_the_frontier_is_drawn_in_the_order_of_the_loads() -> None:
    made = swept("notebook-load", "load")
    rates = [point.metric("throughput") for point in made.curve("static")]
    assert rates != sorted(rates)  # the line goes back: it is not sorted by its x
    chart = "".join(seen(frontier_chart, "notebook-load", 120, 25).splitlines()[1:])
    assert chart.count(mark_of("static")) == len(rates)


def test_batch_sizes_are_the_ticks_and_the_present_ones_are_marked() -> None:
    rows = seen(parameter_chart, "chat", 120, 31).splitlines()
    ticks = next(row for row in rows if row.split()[:3] == ["1", "2", "4"])
    assert ticks.split() == ["1", "2", "4", "8", "16", "32", "64"] * 2
    assert rows[2].count("now") == 2
    mixed = seen(parameter_chart, "chat", 120, 31, "static.batch_size=16").splitlines()
    assert mixed[2].count("│DC") == mixed[2].count("│S ") == 2
    assert "now →" in seen(parameter_chart, "chat", 120, 31, "batch_size=500")


def test_a_line_of_batch_sizes_ends_where_slots_stay_free() -> None:
    made = swept("chat", "batch-size")
    ends = {name: made.curve(name)[-1].value for name in made.strategies}
    assert ends == {"static": 64, "dynamic": 32, "continuous": 16}
    assert "a line ends where" in seen(parameter_chart, "chat", 120, 31).splitlines()[0]


def test_a_wide_range_of_loads_is_drawn_on_a_logarithmic_axis() -> None:
    workload = replace(load_workload("chat"), strategies=(Continuous(4),))
    made = sweep(workload, "load", [0.01, 0.1, 1, 10])
    rows = texts(load_chart(SweepRequest(made, workload, 120, 25, palette())))
    below = ["0.01", "0.03", "0.1", "0.3", "1", "req/s"]
    assert any(row.split() == below * 3 for row in rows)


def test_the_unit_of_the_loads_is_at_the_end_of_their_axis() -> None:
    made = replace(swept("notebook", "load"), asked=read_metrics("ttft.mean,tpot.mean"))
    rows = texts(load_chart(SweepRequest(made, made.workload, 112, 30, palette(), has_table=False)))
    assert rows[-1].split() == ["0", "2", "4", "6", "8", "10", "req/s"] * 2
    assert sum("req/s" in row for row in rows) == 1


def test_the_ground_is_everywhere() -> None:
    for chart, kind in CHARTS.items():
        rows = chart(request_of("chat", kind, 120, 31))
        grounds: set[Color | None] = {
            segment.style.bgcolor for row in rows for segment in row if segment.style
        }
        assert grounds == {palette().surface}


def test_who_ignores_memory_is_told_even_where_there_is_no_room_for_the_table() -> None:
    strategies = (Static(4), Vllm())
    workload = replace(load_workload("tight-memory"), strategies=strategies)
    request = SweepRequest(sweep(workload, "load", [1.0, 20.0]), workload, 80, 19, palette())
    words = " ".join(" ".join(texts(load_chart(request))).split())
    assert "S static · batch 4 · ignores memory" in words
    assert "memory" not in words.partition("V vllm")[2]
