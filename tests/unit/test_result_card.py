"""The end of the race: places, distances and stars are true."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from stage import MS, hand_made, on_stage, palette, scene_of, texts

from tui_batching.analysis.metrics import METRICS_BY_NAME
from tui_batching.analysis.scene import Scene
from tui_batching.charts.result_card import card_rows, ending_rows, figures
from tui_batching.clock import SECOND, format_duration
from tui_batching.strategies import Continuous, Dynamic, Static, Vllm, mark_of, spelled
from tui_batching.workload import Workload, load_workload

DARK = palette()
NOTEBOOK = scene_of(load_workload("notebook"))


def card(lane: int, width: int = 39, height: int = 14, scene: Scene = NOTEBOOK) -> str:
    """A lane's card, as text."""
    return "\n".join(texts(card_rows(scene, lane, width, height, DARK)))


@pytest.mark.parametrize("width", [19, 26, 39, 52])
@pytest.mark.parametrize("height", [7, 9, 11, 14, 20])
def test_a_card_fills_its_lane_and_names_the_place(width: int, height: int) -> None:
    for lane, place in enumerate(("THIRD", "SECOND", "FIRST")):
        rows = card_rows(NOTEBOOK, lane, width, height, DARK)
        assert len(rows) == height
        assert {sum(cell.cell_length for cell in row) for row in rows} == {width}
        assert place in "\n".join(texts(rows))


def test_the_distances_are_those_between_the_ends() -> None:
    static, dynamic, continuous = (run.finished for run in NOTEBOOK.runs)
    assert f"{(static - continuous) / 1e12:.2f} s after continuous" in card(0)
    assert f"{(min(static, dynamic) - continuous) / 1e12:.2f} s ahead of dynamic" in card(2)


@pytest.mark.parametrize(("width", "height"), [(19, 7), (25, 11), (26, 11), (39, 11), (39, 15)])
@pytest.mark.parametrize("name", ["notebook", "tight-memory", "engines"])
def test_every_card_names_who_was_first_and_nothing_in_it_is_cut(
    name: str, width: int, height: int
) -> None:
    scene = scene_of(load_workload(name))
    first = min(scene.runs, key=lambda run: run.finished)
    name = first.strategy.name
    names = (spelled(name), spelled(name)[:4], mark_of(name))
    for lane, run in enumerate(scene.runs):
        rows = texts(card_rows(scene, lane, width, height, DARK))
        assert "…" not in "".join(rows)
        if run is not first:
            assert any(re.search(rf"s after ({'|'.join(names)}) *$", row) for row in rows), rows


@pytest.mark.parametrize("width", [19, 25, 39])
def test_slot_time_has_another_unit_than_time(width: int) -> None:
    held = NOTEBOOK.comparison["static"].utilization.held_time
    [told] = (row for row in card(0, width).splitlines() if re.match("  (held|▒) ", row))
    assert re.search(rf"slot-s(econds)? +{held / 1e12:.1f} *$", told)
    assert held > NOTEBOOK.end, "no time on the clock of the run"


def test_less_gets_the_star_and_who_is_alone_gets_none() -> None:
    by_name = {figure.short: figure for figure in figures(NOTEBOOK)}
    assert by_name["mean"].stars == (False, False, True)
    assert by_name["stalled"].stars == (True, False, False)
    alone = scene_of(hand_made((0, 1, 3), strategies=[Static(1)]))
    assert not any(any(figure.stars) for figure in figures(alone))


def test_lanes_that_look_the_same_share_the_star_as_in_the_tables() -> None:
    rows = [(0, 50, 300), (20_000, 50, 300)]
    three = (Dynamic(4, 1 * MS), Continuous(4), Static(4))
    scene = scene_of(hand_made(*rows, strategies=three))
    for figure in figures(scene)[:2]:
        metric = METRICS_BY_NAME[f"{figure.short}_latency"]
        assert figure.values[0] != figure.values[1]
        assert figure.texts[0] == figure.texts[1]
        assert figure.stars == scene.comparison.best(metric) == (True, True, False)
    for lane, starred in enumerate((True, True, False)):
        [mean] = (row for row in card(lane, scene=scene).splitlines() if "latency, mean" in row)
        assert ("★" in mean) is starred


def test_who_ignores_memory_gets_no_star() -> None:
    scene = scene_of(replace(load_workload("tight-memory"), strategies=(Continuous(4), Vllm())))
    for figure in figures(scene):
        assert not figure.stars[0]


def test_the_words_compare_the_best_with_the_worst_and_name_the_price() -> None:
    told = texts(ending_rows(NOTEBOOK, 3, 120, DARK, {"batch-larger": "]"}))
    means = next(figure.values for figure in figures(NOTEBOOK) if figure.short == "mean")
    times = f"{means[0] / means[2]:.1f} times sooner on average than static"
    assert told[0].startswith(f" continuous answers {times}")
    assert told[0].rstrip().endswith("slots are held for 10.6 slot-seconds, here none is")
    lost = "its price: 4.93 slot-seconds are lost to others' prompts, against 1.37"
    assert told[1].strip() == lost
    assert told[2].strip() == "try  ] a larger batch"


def test_a_lane_that_ignores_the_memory_says_why_it_has_no_star() -> None:
    scene = scene_of(load_workload("anyscale-1536"))
    for lane, run in enumerate(scene.runs):
        for width in (25, 38, 50):
            told = " ".join(texts(card_rows(scene, lane, width, 16, palette())))
            assert ("no ★" in told) is (run.strategy.name == "continuous")


def ending(workload: Workload) -> str:
    """What is told at the end of all lanes, without the keys."""
    return " ".join(texts(ending_rows(scene_of(workload), 2, 160, DARK, {})))


def test_who_answers_hardly_sooner_is_said_to_answer_as_soon() -> None:
    summarize = load_workload("summarize-burst").served_by("tgi", "orca")
    assert "both answer about equally soon on average, after 13.9 s to 14.0 s" in ending(summarize)
    alone = hand_made((0, 1, 3), strategies=[Static(1), Dynamic(1), Continuous(1)])
    assert "all answer equally soon on average, after 31.0 ms" in ending(alone)


def test_a_large_factor_is_told_in_full() -> None:
    apart = hand_made((0, 1, 2), (3_600_000, 1, 2), strategies=[Static(2), Continuous(2)])
    told = re.search(r"continuous answers ([\d,]+) times sooner", ending(apart))
    assert told is not None
    assert int(told[1].replace(",", "")) > 10_000


@pytest.mark.parametrize("size", [(70, 24), (80, 24), (100, 30)])
async def test_no_card_calls_one_strategy_by_the_name_of_another(size: tuple[int, int]) -> None:
    engines = load_workload("engines").served_by("vllm-v0", "sglang", "orca")
    async with on_stage(engines, size=size) as stage:
        await stage.press("end")
        assert re.search(r"(ahead of|after|together with) (vLLM-V0|vLV0)", stage.seen())
        assert not re.search(r"\bvLLM\b(?!-)", stage.seen())


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 36), (160, 45)])
async def test_a_run_of_one_lane_ends_with_a_card_that_compares_nothing(
    size: tuple[int, int],
) -> None:
    async with on_stage(load_workload("chat").served_by("dynamic"), size=size) as stage:
        await stage.press("end")
        [result] = stage.scene.comparison
        mean, p99, total = (
            format_duration(round(result.metric(name) * SECOND))
            for name in ("avg_latency", "p99_latency", "total_time")
        )
        seen = stage.seen()
        assert "all answered at" in seen
        assert re.search(f"latency, mean +{mean}", seen)
        assert re.search(f"latency, p99 +{p99}", seen)
        assert f"total time {total}" in seen
        assert "try  ] a larger batch" in seen
        assert not re.search("FIRST|ahead|after dynamic|sooner|★", seen)


@pytest.mark.parametrize("names", [["static", "continuous"], ["static", "dynamic", "continuous"]])
async def test_what_to_try_next_is_told_at_the_end_of_any_number_of_lanes(names: list[str]) -> None:
    async with on_stage(NOTEBOOK.workload.served_by(*names), size=(80, 24)) as stage:
        await stage.press("end")
        assert "try  ] a larger batch" in stage.seen()
