"""Finding on stage: the worst requests one after the other, and a place that is written down."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from stage import Stage, as_shown, boundary_from, hand_made, on_stage

from tui_batching.__main__ import main
from tui_batching.analysis.worst import MEASURES, Ranking, instant_of_why
from tui_batching.clock import SECOND
from tui_batching.strategies import Continuous
from tui_batching.tui.go_to import GoTo
from tui_batching.tui.views import VIEWS
from tui_batching.workload import load_workload


def at(stage: Stage, place: int, measure: int = 0, lanes: slice = slice(None)) -> tuple[int, int]:
    """The row of one of the worst, and where it is looked at, to the millisecond."""
    runs = stage.scene.runs[lanes]
    ranking = Ranking.of(MEASURES[measure], runs)
    row = int(ranking.order[place])
    return row, as_shown(instant_of_why(MEASURES[measure], runs[ranking.lane[row]], row))


def now(stage: Stage) -> tuple[int | None, int]:
    return stage.live.selected, stage.clock


async def test_one_goes_through_the_worst_and_back_and_steps_on_from_there() -> None:
    async with on_stage() as stage:
        for place in (0, 1, 2):
            await stage.press("e")
            assert now(stage) == at(stage, place)
        await stage.press("E")
        assert now(stage) == at(stage, 1)
        there = stage.live._player.time
        await stage.press("right")
        assert stage.clock == as_shown(boundary_from(stage.scene, there, 1))
        await stage.press("E", "E")
        assert now(stage) == at(stage, -1)


async def test_another_measure_or_another_selection_begins_with_the_worst() -> None:
    async with on_stage() as stage:
        await stage.press("e", "e", "M", "e")
        assert now(stage) == at(stage, 0, 1)
        assert stage.notices[0].startswith(
            "worst TPOT 1 of 20, 53.1 ms with continuous: R16 makes no token"
        )
        await stage.press("e", "M", "e")
        assert now(stage) == at(stage, 0, 2)
        await stage.press("e", "down", "e")
        assert now(stage) == at(stage, 0, 2)
        await stage.press("M", "e")
        assert now(stage) == at(stage, 0)


async def test_a_focused_lane_counts_alone() -> None:
    async with on_stage() as stage:
        await stage.press("tab", "tab", "tab", "e")
        assert now(stage) == at(stage, 0, 0, slice(2, 3))
        assert " with continuous: " in stage.notices[0]


async def test_the_lane_in_which_it_is_so_bad_comes_into_view() -> None:
    async with on_stage("engines", size=(120, 36)) as stage:
        await stage.press("M", "e")
        assert " with vLLM-V0: " in stage.notices[0]
        assert "vLLM-V0 64 slots" in stage.seen()


async def test_from_any_view_one_gets_to_where_something_is_seen() -> None:
    async with on_stage() as stage:
        for number, view in enumerate(VIEWS):
            await stage.press(view.key, "space", "e")
            assert now(stage) == at(stage, number), view.title
            assert "PAUSED" in stage.rows()[0], view.title
            assert isinstance(stage.live.view, view if view.has_playhead else VIEWS[0])


MICROSECONDS = """
cost: {linear: {prefill_per_token: 100ns, decode_step: 1us, per_extra_request: 200ns}}
strategies: {static: {batch_size: 2}, continuous: {batch_size: 2}}
requests:
  - {arrival_time: 0us, input_tokens: 5, output_tokens: 2}
  - {arrival_time: 30us, input_tokens: 5, output_tokens: 3}
  - {arrival_time: 120us, input_tokens: 5, output_tokens: 6}
"""


async def test_in_a_run_of_microseconds_the_clock_moves_and_its_instants_can_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "micro.yaml"
    path.write_text(MICROSECONDS)
    assert main(["slowest", str(path), "-n", "1", "--strategy", "continuous", "--by", "e2el"]) == 0
    told = re.search(r"at ([\d.]+) s", capsys.readouterr().out)
    assert told is not None
    assert told[1] == "0.0001200"
    async with on_stage(load_workload(str(path))) as stage:
        assert "t 0.0000000 / 0.0001265 s" in stage.rows()[0]
        await write(stage, told[1])
        assert "t 0.0001200 / 0.0001265 s" in stage.rows()[0]
        assert " 0.0001200 R2 takes slot 0" in stage.seen()
        await write(stage, "0.0001265")
        assert "t 0.0001265 / 0.0001265 s" in stage.rows()[0]


async def test_a_gantt_chart_that_was_moved_away_follows_again() -> None:
    async with on_stage("chat", view="2") as stage:
        await stage.press("d", "d", "slash", *"1s", "enter")
        assert stage.clock == SECOND
        assert any("┃" in row for row in stage.rows()[3:-3])


async def test_a_request_that_waits_below_those_who_run_comes_into_view() -> None:
    rows = [(number, 200, 60) for number in range(40)]
    async with on_stage(hand_made(*rows, strategies=[Continuous(4)]), view="2") as stage:
        await stage.press("m")  # a row a request
        for row in (37, 0, 37):
            await write(stage, f"R{row}")
            assert [line for line in stage.rows() if line.split()[:1] == [f"R{row}"]]
        await stage.press("K", "K", "K")
        await write(stage, "R37")
        assert [line for line in stage.rows() if line.split()[:1] == ["R37"]]


async def test_what_is_told_of_a_worst_request_goes_with_it() -> None:
    async with on_stage() as stage:
        for leaves in (["down"], ["slash", *"R3", "enter"], ["slash", *"2.5s", "enter"]):
            await stage.press("e")
            assert stage.notices[0].startswith("worst TTFT 1 of 20")
            await stage.press("3", "2")
            assert stage.notices[0].startswith("worst TTFT 1 of 20")
            await stage.press(*leaves)
            assert not any(told.startswith("worst") for told in stage.notices)
            await stage.press("escape")
        for leaves in (["5"], ["1", "end"], ["right"], ["right_square_bracket"]):
            await stage.press("e", *leaves)
            await stage.settled()
            assert not any(told.startswith("worst") for told in stage.notices)
            await stage.press("escape")


async def write(stage: Stage, text: str) -> None:
    keys = ["space" if letter == " " else letter for letter in text]
    await stage.press("slash", *keys, "enter")


async def test_one_goes_where_one_writes() -> None:
    async with on_stage() as stage:
        await write(stage, "R4")
        assert now(stage) == (4, as_shown(int(stage.scene.workload.requests.arrival_time[4])))
        assert stage.tells_of == ["R4"] * 3
        await write(stage, "2.5s")
        assert now(stage) == (4, 5 * SECOND // 2)
        await stage.press("tab", "tab")
        await write(stage, "step 30")
        assert stage.scene.runs[1].at(stage.live._player.time).iteration == 29
        assert "DECODE 30/" in stage.seen()


async def test_the_prompt_says_why_there_is_no_such_place_and_closes() -> None:
    async with on_stage() as stage:
        await stage.seek(SECOND)
        await write(stage, "R99")
        wanted = "found no R99, expected one of the requests R0 to R19"
        assert any(wanted in told for told in stage.notices)
        await stage.press("backspace")
        assert not any("R99" in told for told in stage.notices)
        await stage.press("escape")
        assert not isinstance(stage.app.screen, GoTo)
        assert now(stage) == (None, SECOND)


async def test_no_request_here_has_a_tpot() -> None:
    async with on_stage(hand_made((0, 5, 1))) as stage:
        await stage.press("M", "e")
        assert stage.notices[0] == "there is no TPOT here"
        assert now(stage) == (None, 0)
