"""Parameters changed on stage: which lanes take them, and what is told where there is none."""

from __future__ import annotations

import pytest
from stage import MS, NOTEBOOK_TITLES, as_shown, hand_made, on_stage

from tui_batching.strategies import Static


async def test_a_focused_lane_alone_takes_the_parameter_keys() -> None:
    async with on_stage() as stage:
        await stage.press("tab", "tab", "right_square_bracket", "left_curly_bracket")
        assert stage.titles == [NOTEBOOK_TITLES[0], "DYNAMIC batch 5 · 200 ms", NOTEBOOK_TITLES[2]]
        await stage.press("tab", "right_curly_bracket")
        assert stage.titles[1] == "DYNAMIC batch 5 · 200 ms"
        assert stage.notices == ["only dynamic batching has a timeout"]


async def test_a_parameter_changes_what_is_played_and_keeps_the_other_runs() -> None:
    async with on_stage() as stage:
        before = stage.scene.runs
        await stage.press("tab", "left_square_bracket")
        after = stage.scene.runs
        assert after[0].strategy == Static(3)
        assert after[1] is before[1]
        assert after[2] is before[2]


async def test_a_shorter_play_puts_the_playhead_at_its_end() -> None:
    async with on_stage() as stage:
        before = stage.scene.end
        await stage.press("end", "right_square_bracket", "right_square_bracket")
        assert stage.scene.end < before
        assert stage.clock == as_shown(stage.scene.end)


async def test_keys_in_quick_succession_all_count() -> None:
    async with on_stage() as stage:
        await stage.pilot.press(*["right_square_bracket"] * 4)
        await stage.settled()
        assert stage.titles[0] == "STATIC batch 8"
        assert stage.scene.runs[0].slots == 8


@pytest.mark.parametrize(
    ("keys", "notice"),
    [
        ("n", "this workload is a list of requests: it has no seed"),
        ("<", "all requests of this workload arrive at once: it has no rate"),
        (">", "all requests of this workload arrive at once: it has no rate"),
    ],
)
async def test_a_parameter_that_is_not_there_is_told_and_nothing_breaks(
    keys: str, notice: str
) -> None:
    async with on_stage(hand_made(*[(0, 5, 5)] * 6)) as stage:
        before = stage.scene
        names = {"<": "less_than_sign", ">": "greater_than_sign"}
        await stage.press(names.get(keys, keys))
        assert stage.notices == [notice]
        assert stage.scene is before
        await stage.press("right")
        assert stage.clock == 5 * MS


async def test_a_load_too_low_for_the_clock_is_told_and_the_other_keys_go_on() -> None:
    # A gap of 10 days: four times longer again, and the last arrival lies beyond the clock.
    days = 10 * 24 * 3600 * 1000
    async with on_stage(hand_made((0, 5, 5), (days, 5, 5))) as stage:
        await stage.pilot.press(*["less_than_sign"] * 12)
        await stage.settled()
        assert stage.notices
        await stage.press("right_square_bracket")
        assert stage.titles[0] == "STATIC batch 3"


async def test_in_another_view_the_batch_keys_act_on_all_lanes() -> None:
    async with on_stage() as stage:
        await stage.press("tab", "2", "tab", "right_square_bracket", "1")
        assert stage.titles == [title.replace("batch 4", "batch 5") for title in NOTEBOOK_TITLES]
