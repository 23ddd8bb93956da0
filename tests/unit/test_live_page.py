"""The live page on paper: all lanes, the charts where there is room, and why somebody waits."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from stage import hand_made, on_stage, palette, scene_of, texts

from tui_batching.analysis.why import why, why_briefly
from tui_batching.analysis.why_request import why_request
from tui_batching.charts.breakdown_rows import breakdown_rows, parts_of
from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.lane_view import lane_view
from tui_batching.charts.live_legend import legend_row
from tui_batching.charts.live_page import live_chart
from tui_batching.charts.pen import PART_SIGNS
from tui_batching.charts.printing import to_ascii
from tui_batching.clock import MILLISECOND, SECOND, Picoseconds
from tui_batching.strategies import Continuous, Dynamic, Vllm
from tui_batching.workload import load_workload

NOTEBOOK = load_workload("notebook")
SCENE = scene_of(NOTEBOOK)
CALM = 2_500 * MILLISECOND
SIZES = [(40, 10), (80, 24), (80, 29), (120, 36), (160, 45)]


def page(width: int, height: int, time: Picoseconds = 3 * SECOND) -> list[str]:
    return texts(live_chart(ChartRequest(SCENE, time, width, height, palette())))


@pytest.mark.parametrize("time", [0, 3 * SECOND, SCENE.end])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_it_has_exactly_the_size_asked_for(width: int, height: int, time: Picoseconds) -> None:
    rows = page(width, height, time)
    assert [len(row) for row in rows] == [width] * height


@pytest.mark.parametrize(("width", "height"), SIZES[1:])
def test_every_lane_has_a_head_and_tells_what_it_does(width: int, height: int) -> None:
    rows = page(width, height)
    assert re.findall("━ ([A-Z]+) ", rows[0]) == ["STATIC", "DYNAMIC", "CONTINUOUS"]
    text = "\n".join(rows)
    for told in ("queue ", "held ", "stalled ", "DECODE"):
        assert text.count(told) >= 3, told
    assert "…" not in text, "nothing is cut"


@pytest.mark.parametrize("width", [80, 120, 160])
def test_it_tells_why_somebody_waits_in_each_lane(width: int) -> None:
    said = " ".join(" ".join(page(width, 36)[-5:]).split())
    for run in SCENE.runs:
        moment = run.at(3 * SECOND)
        assert why(moment) in said or why_briefly(moment) in said


@pytest.mark.parametrize("width", [80, 120, 160])
@pytest.mark.parametrize("row", [9, 10])
def test_it_tells_why_a_selected_request_waits_as_far_as_there_is_room(
    width: int, row: int
) -> None:
    moments = [run.at(3 * SECOND) for run in SCENE.runs]
    said = texts(breakdown_rows(moments, row, 2, width, palette()))[1::2]
    for moment, line in zip(moments, said, strict=True):
        whole, brief = (why_request(moment, row, briefly=each) for each in (False, True))
        told = line.rpartition(" = ")[2].partition("   ")[2].strip()
        assert told == whole or (told and f"{brief}; ".startswith(f"{told}; "))


def test_nothing_is_told_of_a_request_that_is_answered() -> None:
    (bar, parts) = texts(breakdown_rows([SCENE.runs[2].at(3 * SECOND)], 0, 2, 120, palette()))
    assert "so far" not in bar
    assert "answered" not in parts


@pytest.mark.parametrize(("width", "height"), SIZES[1:])
def test_the_race_has_a_lane_for_each_strategy(width: int, height: int) -> None:
    rows = page(width, height)
    first = next(number for number, row in enumerate(rows) if "THE RACE" in row)
    for run, row in zip(SCENE.runs, rows[first + 1 :], strict=False):
        assert re.match(f" ([SDC] )?{run.strategy.name[:4]}", row)
        assert re.search(rf" {run.at(3 * SECOND).done} +[\d.]+ m?s.*│", row)


@pytest.mark.parametrize("height", [20, 24, 25, 26, 29, 30, 36, 45])
def test_the_charts_are_there_where_lanes_of_one_row_a_slot_leave_room(height: int) -> None:
    text = "\n".join(page(120, height))
    assert ("useful slots so far" in text) == ("answered within" in text) == (height >= 26)


SMALL = [(100, 30), (120, 30), (110, 33), (120, 33), (160, 33)]


@pytest.mark.parametrize("size", SMALL, ids=str)
async def test_on_a_low_screen_charts_come_before_thicker_slots(size: tuple[int, int]) -> None:
    async with on_stage(NOTEBOOK, size) as stage:
        await stage.seek(4 * SECOND)
        await stage.drawn()
        rows = stage.rows()
        first = next(number for number, row in enumerate(rows) if "useful slots so far" in row)
        last = next(number for number, row in enumerate(rows) if "time (s)" in row)
        assert "answered within" in rows[first]
        assert last - first >= 6
        seen = "\n".join(rows[:first])
        for told in ("queue ", "held ", "stalled ", "R8 R9 R10", "finished, but held"):
            assert told in seen
        for slot in range(4):
            assert sum(row.count(f" {slot} R") for row in rows[:first]) >= 3


async def test_one_lane_of_eight_slots_leaves_no_rows_blank_where_charts_fit() -> None:
    chat = replace(load_workload("chat"), strategies=(Dynamic(8),))
    async with on_stage(chat, (100, 30)) as stage:
        await stage.seek(8 * SECOND)
        await stage.drawn()
        assert "useful slots so far" in stage.seen()
        assert sum(not row.strip() for row in stage.rows()) <= 1


def test_one_scale_is_told_and_held_is_explained_where_anybody_can_be_held() -> None:
    legend = page(160, 45)[-1]
    assert re.match(r" a bar's cell = \d+ tokens? ", legend)
    for words in ("makes tokens", "held: finished, slot still taken", "stalled", "prefill"):
        assert words in legend
    alone = scene_of(hand_made((0, 5, 2), (7, 3, 9), strategies=[Continuous(2)]))
    rows = texts(live_chart(ChartRequest(alone, 0, 160, 45, palette())))
    assert "held" not in rows[-1]


def test_the_scale_of_parts_stays_while_they_grow() -> None:
    """What is finished in one lane is as long when the other one is done, too."""
    row, drawn = 2, set[str]()
    done, last = sorted(int(run.end_time[row]) for run in (SCENE.runs[0], SCENE.runs[2]))
    for time in (done, (done + last) // 2, last - 1, last):
        moments = [run.at(time) for run in (SCENE.runs[0], SCENE.runs[2])]
        _, _, bar, _ = texts(breakdown_rows(moments, row, 2, 90, palette()))
        drawn.add(bar.partition("R2")[0])
    assert len(drawn) == 1


def test_parts_keep_their_names_where_there_is_a_second_row_for_them() -> None:
    moments = [SCENE.runs[0].at(SCENE.runs[0].end_time[4])]
    narrow, roomy = (texts(breakdown_rows(moments, 4, each, 70, palette())) for each in (2, 5))
    assert any("pre " in row for row in narrow)
    first, second, _ = roomy[2:]
    assert first.rstrip().endswith(" +")
    told = re.findall(r"([a-z]+) ([\d,]+)", f"{first} {second}")
    assert {"prefill", "decode", "sharing"} < {name for name, _ in told if name != "ms"}
    total = int(second.partition("= ")[2].replace(",", ""))
    assert total == sum(int(amount.replace(",", "")) for name, amount in told)


@pytest.mark.parametrize("width", [80, 84, 118, 158])
def test_the_parts_of_a_selected_request_are_explained(width: int) -> None:
    views = [lane_view(SCENE, number, 3 * SECOND, 4) for number in range(3)]
    (legend,) = texts([legend_row(views, [(26, 12)] * 3, width, palette())])
    for sign in ("─ slots", "~ turn", "╱ sharing", "▒ held", "‖ stalled", "░ prefill", "█ decode"):
        assert sign in legend
    meanings = ("slots: all taken", "turn: others first", "sharing: large batches")
    assert all(words in legend for words in meanings) == (width > 100)
    assert "+ forming" not in legend, "R4 waits for none of that"


def test_what_an_eviction_leaves_is_explained_once_there_is_one() -> None:
    workload = load_workload("tight-memory").served_by("vllm-v0")
    scene = scene_of(workload)
    first = int(scene.runs[0].stays.end_time[scene.runs[0].evicted_stays].min())
    for time, there in ((first - 1, False), (first, True)):
        legend = texts(live_chart(ChartRequest(scene, time, 160, 45, palette())))[-1]
        assert all((words in legend) is there for words in ("↩ evicted", "▚ recompute"))


def test_memory_that_is_kept_and_empty_is_explained_where_there_is_some() -> None:
    tight = scene_of(load_workload("tight-memory"))
    rows = texts(live_chart(ChartRequest(tight, SECOND, 120, 36, palette())))
    assert re.search("▂ (taken, )?empty", rows[-1])
    assert "▂" not in page(120, 36)[-1]


def test_it_shows_the_instant() -> None:
    assert " ".join(page(120, 36, 0)).count("IDLE") == 3
    assert " ".join(page(120, 36, SCENE.end - 1)).count("ALL ANSWERED") == 2
    assert " ".join(page(120, 36, SCENE.end)).count("all answered at") == 3


@pytest.mark.parametrize(("width", "bands"), [(80, 2), (120, 2), (160, 2), (200, 1)])
def test_lanes_that_do_not_fit_stand_below_the_others(width: int, bands: int) -> None:
    strategies = [Continuous(batch_size=size) for size in (2, 4, 8, 16, 32)]
    scene = scene_of(hand_made((0, 5, 2), (7, 3, 9), strategies=strategies))
    rows = texts(live_chart(ChartRequest(scene, scene.end // 2, width, 60, palette())))
    assert sum("━ CONTINUOUS" in row for row in rows) == bands
    assert sum(row.count("━ CONTINUOUS") for row in rows) == len(strategies)
    assert [len(row) for row in rows] == [width] * 60


@pytest.mark.parametrize("width", [80, 120, 160])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_the_scale_that_is_told_is_that_of_all_bars(width: int, count: int) -> None:
    strategies = [Continuous(batch_size=size) for size in range(2, count + 2)]
    scene = scene_of(hand_made((0, 1, 90), (0, 1, 90), strategies=strategies))
    time = scene.end // 2
    rows = texts(live_chart(ChartRequest(scene, time, width, 60, palette())))
    match = re.match(r" (?:a bar's cell| █) = (\d+) tokens? ", rows[-1])
    assert match is not None
    made = {int(run.at(time).tokens_made([0])[0]) for run in scene.runs}
    first = [row for row in rows if row.startswith(" 0 R0 ")]
    bars = [len(bar) for row in first for bar in re.findall("█+", row)]
    assert len(bars) == count
    assert {cells * int(match[1]) for cells in bars} <= {m - m % int(match[1]) for m in made}


@pytest.mark.parametrize(
    ("size", "time", "told"),
    [
        (4, 3 * SECOND, " █ = 10 tokens "),
        (16, 3 * SECOND, "a full sign = 84 tokens "),
        (4, SCENE.end, ""),
    ],
)
def test_the_legend_names_the_scale_of_what_is_on_screen(
    size: int, time: Picoseconds, told: str
) -> None:
    scene = scene_of(NOTEBOOK.with_settings({"batch_size": size}))
    rows = texts(live_chart(ChartRequest(scene, min(time, scene.end), 80, 24, palette())))
    scales = re.findall(r"[a-z' █]+ = [\d,]+ tokens? ", rows[-1])
    assert len(scales) == bool(told)
    assert rows[-1].startswith(f" {told}")


@pytest.mark.parametrize("size", SIZES[1:])
def test_the_legend_says_that_a_prompt_has_a_scale_of_its_own(size: tuple[int, int]) -> None:
    """And none of tokens while there are prompts alone."""
    scene = scene_of(NOTEBOOK.served_by("static"))
    reads = int(scene.runs[0].start_time[0]) + 20 * MILLISECOND
    for time, scales in ((reads, 0), (reads + 300 * MILLISECOND, 1)):
        legend = texts(live_chart(ChartRequest(scene, time, *size, palette())))[-1]
        assert re.search("prefill: (share of prompt|how much of the prompt)", legend)
        assert legend.count(" = ") == scales
        assert "▓" not in legend, "of a prompt that is read at once nothing was read before"


def test_the_legend_names_two_scales_where_there_are_bars_beside_signs() -> None:
    strategies = [Continuous(batch_size=size) for size in (2, 40)]
    many = [(0, 1, 90)] * 40
    scene = scene_of(hand_made(*many, strategies=strategies))
    rows = texts(live_chart(ChartRequest(scene, scene.end // 8, 120, 24, palette())))
    assert re.match(r" (a bar's )?cell = \d+, (a )?full sign = 105 tokens  █", rows[-1])


def told(request: int, time: Picoseconds, width: int) -> list[str]:
    """Where the time of a request went, two rows a lane."""
    moments = [run.at(time) for run in SCENE.runs]
    return texts(breakdown_rows(moments, request, 2, width, palette()))


@pytest.mark.parametrize("width", [80, 120, 160])
@pytest.mark.parametrize("request_", range(20))
def test_the_bar_of_a_latency_stands_from_its_first_instant_on(request_: int, width: int) -> None:
    """And shows each of its parts, unless there are fewer cells than parts."""
    arrival = int(SCENE.workload.requests.arrival_time[request_])
    for passed in (1, MILLISECOND, 14 * MILLISECOND, SECOND):
        rows = told(request_, arrival + passed, width)
        for bar, run in zip(rows[::2], SCENE.runs, strict=True):
            drawn = bar.partition(f" R{request_} ")[0].partition(" ")[2].split()[-1]
            parts = parts_of(run.at(arrival + passed), request_)
            signs = {PART_SIGNS[name][0] for name in parts}
            assert set(drawn) <= signs
            assert len(set(drawn)) == min(len(parts), len(drawn))
            if len(drawn) == 1:
                assert drawn == PART_SIGNS[max(parts, key=parts.__getitem__)][0]


@pytest.mark.parametrize("size", SIZES[1:])
async def test_that_a_selected_request_has_just_arrived_is_said(size: tuple[int, int]) -> None:
    async with on_stage("notebook", size) as stage:
        await stage.pilot.press("slash")
        await stage.opened()
        await stage.press(*"R10", "enter")
        for passed, said in ((0, "R10 arrives now"), (-MILLISECOND, "R10 has not arrived")):
            await stage.seek(int(SCENE.workload.requests.arrival_time[10]) + passed)
            assert stage.seen().count(said) == 3
            assert re.search("█ (makes|=)", stage.rows()[-3]), "there are no parts to explain yet"


@pytest.mark.parametrize("width", [79, 119, 159])
def test_the_parts_of_a_latency_sum_to_what_stands_beside_them(width: int) -> None:
    for time in (3 * SECOND, 6 * SECOND, SCENE.end):
        for request in range(20):
            rows = told(request, time, width)
            for bar, parts in zip(rows[::2], rows[1::2], strict=True):
                if "not arrived" in bar:
                    assert not parts.strip()
                    continue
                terms, _, whole = parts.replace(",", "").partition("=")
                numbers = map(Decimal, re.findall(r"([\d.]+)(?= *(?:\+|$))", terms))
                assert sum(numbers) == Decimal(whole.split()[0]), parts
                assert f"R{request} " in bar


def test_the_bars_of_a_latency_are_on_one_scale() -> None:
    static, _, _, _, continuous, _ = told(8, SCENE.end, 119)
    cells = [len(re.sub(r"^ \w+ +| R8 .*$", "", bar)) for bar in (static, continuous)]
    ends = [int(SCENE.runs[lane].end_time[8]) for lane in (0, 2)]
    arrival = int(SCENE.workload.requests.arrival_time[8])
    assert cells[1] / cells[0] == pytest.approx((ends[1] - arrival) / (ends[0] - arrival), abs=0.05)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 36), (160, 45)])
async def test_it_is_what_the_app_shows_between_its_bars(width: int, height: int) -> None:
    # Nothing has happened for so long that the app marks nothing as new.
    rows = page(width, height, CALM)
    async with on_stage(NOTEBOOK, (width, height + 4)) as stage:
        stage.live.action_help()  # who has seen it is no newcomer
        await stage.press("escape")
        await stage.seek(CALM)
        await stage.until(lambda: stage.rows()[2:-2] == rows)  # charts are drawn in a thread


def test_it_is_drawn_with_ascii_alone_too() -> None:
    for row in page(120, 36):
        plain = to_ascii(row)
        assert plain.isascii()
        assert len(plain) == len(row)


@pytest.mark.parametrize(("width", "height"), [(100, 36), (120, 36), (160, 45)])
def test_a_slot_stands_level_in_lanes_with_as_many_slots(width: int, height: int) -> None:
    """One tells of memory and the other does not, which moves neither slots nor the queue."""
    chunked = Vllm(8, 512)
    scene = scene_of(replace(load_workload("rule-by-rule"), strategies=(Continuous(8), chunked)))
    rows = texts(live_chart(ChartRequest(scene, 3890 * MILLISECOND, width, height, palette())))
    left, right = ([row[at : at + width // 2] for row in rows] for at in (0, width // 2))
    assert any("KV [" in row for row in right)
    assert any(row.startswith(" KV ignored ") for row in left)
    for start in (*(f"{slot} R" for slot in range(8)), "queue "):
        places = [
            [number for number, row in enumerate(lane) if row[1:].startswith(start)]
            for lane in (left, right)
        ]
        assert len(places[0]) == 1, start
        assert places[0] == places[1], start
