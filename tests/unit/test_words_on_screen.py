"""What holds of the words in every view: one spelling of durations, and parameters everywhere."""

from __future__ import annotations

import re

import pytest
from stage import hand_made, on_stage

from tui_batching.clock import SECOND
from tui_batching.strategies import Strategy
from tui_batching.tui.lane import Lanes
from tui_batching.tui.views import VIEWS
from tui_batching.workload import load_workload

SIZES = [(80, 24), (160, 45)]
KEYS = [view.key for view in VIEWS]


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_every_view_shows_parameters_and_spells_durations_alike(
    size: tuple[int, int],
) -> None:
    async with on_stage(size=size) as stage:
        await stage.seek(3 * SECOND)
        for key in KEYS:
            await stage.press(key)
            await stage.swept()
            seen = stage.seen()
            assert "500 ms" in seen, key  # the timeout of dynamic
            assert not re.findall(r"\d(?:ms|µs|s)\b", seen), key


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_every_view_shows_the_slots_and_the_budget_of_each_engine(
    size: tuple[int, int],
) -> None:
    strategies = load_workload("engines").strategies
    rows = [(number * 20, 30 + number, 5 + number % 9) for number in range(20)]
    async with on_stage(hand_made(*rows, strategies=strategies), size) as stage:
        await stage.press("J", "J")
        lanes = [strategies[lane.number] for lane in stage.live.query_one(Lanes).seen]
        for key in sorted(
            set(KEYS) - {"8", "0"}
        ):  # there slots vary, or a table tells all and scrolls
            await stage.press(key)
            await stage.swept()
            seen = stage.seen()
            for strategy in lanes if key == "1" else strategies:
                assert tells_parameters(seen, strategy), (key, strategy.name, seen)


def tells_parameters(seen: str, strategy: Strategy) -> bool:
    """Whether there is a name of it with its slots behind it, and its budget if it has one."""
    budget = strategy.admission(0, 0, 0, 0).budget
    names = "|".join(re.escape(name) for name in strategy.titles)
    end = rf" · (budget )?{budget:,}\b" if budget else r"\b"
    told = rf"\b({names})( ·)? {strategy.slots}( slots)?{end}"
    return re.search(told, seen, re.IGNORECASE) is not None


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_held_and_stalled_are_never_told_under_one_name(size: tuple[int, int]) -> None:
    async with on_stage(size=size) as stage:
        await stage.press("end")
        for key in KEYS:
            await stage.press(key)
            for row in stage.rows():
                assert "bubble" not in row or "held" in row, (key, row)


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_view_that_goes_by_the_whole_run_says_so(size: tuple[int, int]) -> None:
    """As others tell of what is so far, be the numbers of both called alike."""
    async with on_stage("conversation", size=size) as stage:
        await stage.seek(3 * SECOND)
        for key in ("4", "5", "9"):
            await stage.press(key)
            head = stage.rows()[2]
            assert head.strip().startswith("whole run: "), key
            assert "…" not in head
        for key in ("1", "2", "3"):
            await stage.press(key)
            assert "whole run" not in stage.seen(), key


async def test_of_the_quantities_only_the_one_at_the_playhead_is_not_of_the_whole_run() -> None:
    async with on_stage("conversation", size=(80, 24), view="4") as stage:
        heads = []
        for _ in range(4):
            heads.append(stage.rows()[2].strip())
            await stage.press("m")
    assert [head.startswith("whole run: ") for head in heads] == [True, True, True, False]
    assert "at the playhead" in heads[-1]


async def test_of_one_the_noun_is_singular() -> None:
    plural = re.compile(r"(?<![\d.,+])1 (steps|iterations|tokens|requests|slots)\b")
    async with on_stage(hand_made((0, 5, 1)), size=(160, 45)) as stage:
        await stage.press("end")
        for key in KEYS:
            await stage.press(key)
            assert not plural.search(stage.seen()), key
            if key == "3":
                assert "1 step in" in stage.seen()
