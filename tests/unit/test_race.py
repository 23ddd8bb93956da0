"""The race: everybody who was answered, in order, and figures with what they do not count."""

from __future__ import annotations

import re

import numpy as np
import pytest
from stage import crowd, hand_made, palette, scene_of, texts

from tui_batching.analysis.scene import Scene
from tui_batching.charts.race import RaceRequest, race_rows, shown_name
from tui_batching.clock import MILLISECOND, SECOND, format_duration
from tui_batching.strategies import STRATEGIES, spelled
from tui_batching.workload import choose_strategies, load_workload

DARK = palette()
NOTEBOOK = scene_of(load_workload("notebook"))


def race(scene: Scene, time: int, width: int = 120, marked: int = 0) -> list[str]:
    """The race, as text."""
    lanes = range(len(scene.runs))
    return texts(race_rows(RaceRequest(scene, time, lanes, width, DARK, marked)))


@pytest.mark.parametrize("width", [60, 80, 104, 120, 160])
@pytest.mark.parametrize("count", [1, 20, 150, 3000])
def test_every_row_is_as_wide_as_asked(width: int, count: int) -> None:
    scene = scene_of(crowd(count, 4, gap=5))
    for time in np.linspace(0, scene.end, 7).astype(np.int64).tolist():
        rows = race_rows(RaceRequest(scene, time, range(3), width, DARK))
        assert {sum(cell.cell_length for cell in row) for row in rows} == {width}


@pytest.mark.parametrize("width", range(60, 130, 7))
@pytest.mark.parametrize("count", [1, 20, 3000])
def test_the_words_of_its_head_stand_apart_and_none_is_cut(width: int, count: int) -> None:
    heading = race(scene_of(crowd(count, 4, gap=5)), 0, width)[0]
    about = "(  who was answered(, in order)?|  answered)?"
    figures = rf"  (answered )?of {count:,} +mean( +p99)?│ open +oldest ?"
    assert re.fullmatch(rf" THE RACE{about} *{figures}", heading), heading


def test_short_names_tell_strategies_apart_that_begin_alike() -> None:
    both = scene_of(choose_strategies(load_workload("tight-memory"), ["vllm", "vllm-v0", "orca"]))
    assert [row.split()[1] for row in race(both, 0, 84)[1:]] == ["vLLM", "vLV0", "Orca"]
    assert [row.split()[1] for row in race(both, 0, 120)[1:]] == ["vLLM", "vLLM-V0", "Orca"]


def test_a_short_name_is_that_of_no_other_strategy_whoever_is_on_stage() -> None:
    short = {name: shown_name(name, 80) for name in STRATEGIES}
    assert len(set(short.values())) == len(short)
    for name in STRATEGIES:
        others = {spelled(other) for other in STRATEGIES if other != name}
        mine = {short[name], shown_name(f"orca@{name}", 80)}
        assert not {each.lower() for each in others}.intersection(each.lower() for each in mine)
    alone = scene_of(load_workload("tight-memory").served_by("vllm-v0", "sglang", "orca"))
    assert [row.split()[1] for row in race(alone, 0, 84)[1:]] == ["vLV0", "SGLa", "Orca"]


@pytest.mark.parametrize(("width", "marked"), [(80, True), (104, True), (120, False), (160, True)])
def test_marks_tell_whose_the_letters_of_curves_are_but_take_no_names(
    width: int, marked: bool
) -> None:
    heads = [row.split()[0] for row in race(NOTEBOOK, NOTEBOOK.end, width)[1:]]
    assert (heads == ["S", "D", "C"]) is marked
    assert any("R0" in row for row in race(NOTEBOOK, NOTEBOOK.end, width)) is (width >= 120)


def test_names_stand_in_the_order_of_the_answers() -> None:
    for time in np.linspace(0, NOTEBOOK.end, 9).astype(np.int64).tolist():
        for run, row in zip(NOTEBOOK.runs, race(NOTEBOOK, time)[1:], strict=True):
            order = sorted(range(len(run)), key=lambda each: (run.end_time[each], each))
            answered = [f"R{each}" for each in order if run.end_time[each] <= time]
            assert re.findall(r"R\d+", row) == answered


@pytest.mark.parametrize("width", [80, 120, 160])
def test_the_figures_are_those_of_the_answered_and_of_the_open(width: int) -> None:
    time = 5_000_000_000_000
    heading, *rows = race(NOTEBOOK, time, width)
    assert re.search(r"of 20 +mean( +p99)? *│ *open +oldest", heading)
    for run, row in zip(NOTEBOOK.runs, rows, strict=True):
        done = run.end_time <= time
        there = run.requests.arrival_time <= time
        latency = (run.end_time - run.requests.arrival_time)[done]
        count, mean = f"{done.sum()}", format_duration(round(latency.mean()))
        oldest = format_duration(time - int(run.requests.arrival_time[there & ~done].min()))
        figures = f"{count} .*{mean}.* *│ +{(there & ~done).sum()} +{oldest}"
        assert re.search(figures, row), (figures, row)


FORTNIGHT = 14 * 24 * 3600 * SECOND // MILLISECOND
LONG_WAITS = scene_of(hand_made(*((n * FORTNIGHT, 50, 20) for n in range(6))))
CROWDED = scene_of(crowd(100_000, 10_000))


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("scene", [NOTEBOOK, LONG_WAITS, CROWDED])
def test_figures_stand_apart_at_every_instant(scene: Scene, width: int) -> None:
    latency = r" +(?:–|[\d.,]+ [^\d ]+)"
    figures = rf" *[\d,]+(?:{latency}){{1,2}}│ *[\d,]+{latency} *"
    for time in np.linspace(0, scene.end, 40).astype(np.int64).tolist():
        heading, *rows = race(scene, time, width)
        for row in rows:
            ending = row[heading.index("of ") :]
            assert re.fullmatch(figures, ending), (time, row)


def test_at_the_end_nobody_is_open_and_the_mean_is_over_all() -> None:
    for row in race(NOTEBOOK, NOTEBOOK.end)[1:]:
        assert re.search(r" 20 .*│ +0 +– ", row + " ")


def test_an_answer_is_marked_for_a_while_as_a_function_of_time_alone() -> None:
    run = NOTEBOOK.runs[2]
    answered = int(run.ends[0])
    request = RaceRequest(NOTEBOOK, answered + 100, [2], 120, DARK, marked=100)
    marked = [cell for cell in race_rows(request)[1] if "R0" in cell.text]
    assert marked[0].style is not None
    assert marked[0].style.color == DARK.playhead
    later = RaceRequest(NOTEBOOK, answered + 101, [2], 120, DARK, marked=100)
    calm = [cell for cell in race_rows(later)[1] if "R0" in cell.text]
    assert calm[0].style is not None
    assert calm[0].style.color == DARK.strategy("continuous")


@pytest.mark.parametrize("width", [80, 120, 160])
def test_the_selected_request_has_a_sign_and_every_answer_leads_to_its_request(width: int) -> None:
    for selected in (0, 7, 19):
        request = RaceRequest(NOTEBOOK, NOTEBOOK.end, range(3), width, DARK, selected=selected)
        for run, row in zip(NOTEBOOK.runs, race_rows(request)[1:], strict=True):
            tiles = [cell for cell in row if cell.style and cell.style.meta]
            signs = [cell.style.meta["request_row"] for cell in tiles if cell.text == "▸"]
            assert signs == [selected]
            answers = [cell.style.meta["request_row"] for cell in tiles if cell.text != "▸"]
            assert answers == sorted(range(20), key=lambda each: (run.end_time[each], each))
