"""A lane list of any length: as many lanes as fit, the others by scrolling, whatever they are."""

from __future__ import annotations

import re

import pytest
from stage import MS, Stage, crowd, hand_made, lane_title, on_stage
from textual.events import MouseScrollDown

from tui_batching.charts.live_page import FEWEST_LANES
from tui_batching.strategies import Continuous, Dynamic, Static, Strategy
from tui_batching.tui.lane import Lane, lanes_seen
from tui_batching.workload import Workload

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 45)], ids=str)
FITTING = {80: 3, 120: 3, 160: 4}


def workload(count: int) -> Workload:
    """A workload with so many lanes, of which each is known by its batch size."""
    kinds = (Static, lambda size: Dynamic(size, 50 * MS), Continuous)
    strategies: list[Strategy] = [kinds[n % 3](n + 1) for n in range(count)]
    return hand_made(*((n * 7, n % 5, 1 + n % 9) for n in range(30)), strategies=strategies)


def seen(stage: Stage) -> list[int]:
    """The numbers of the lanes on screen, from left to right."""
    lanes = [lane for lane in stage.live.query(Lane) if lane.region.area > 0]
    return [lane.number for lane in sorted(lanes, key=lambda lane: lane.region.x)]


def assert_whole(stage: Stage, count: int) -> None:
    """The lanes share the width, each tells of its own strategy, and the signs count the others."""
    numbers = seen(stage)
    lanes = [stage.live.query_one(f"#lane-{number}", Lane) for number in numbers]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert [lane.region.x for lane in lanes] == [0, *(lane.region.right for lane in lanes)][:-1]
    assert lanes[-1].region.right == stage.app.size.width
    for lane in lanes:
        name, *rest = lane_title(lane).split()
        assert name == stage.scene.runs[lane.number].strategy.name.upper()
        assert str(lane.number + 1) in rest
    before, after = numbers[0], count - numbers[-1] - 1
    assert bool(re.search(rf"K ?(· {before} more|\+{before}) ", stage.seen())) is (before > 0)
    assert bool(re.search(rf"J ?(· {after} more|\+{after}) ", stage.seen())) is (after > 0)


@pytest.mark.parametrize(
    ("count", "size"),
    [(1, (80, 24)), (3, (80, 24)), (8, (80, 24)), (2, (120, 36)), (5, (120, 36)), (8, (160, 45))],
)
async def test_as_many_lanes_as_fit_are_seen_and_tab_goes_through_all(
    count: int, size: tuple[int, int]
) -> None:
    async with on_stage(workload(count), size) as stage:
        await stage.press("right", "right")
        assert len(seen(stage)) == len(stage.why) == min(count, FITTING[size[0]])
        assert_whole(stage, count)
        for number in range(count):
            await stage.press("tab")
            assert stage.live.focused.number == number
            assert number in seen(stage)
            assert stage.live.focused.region.area > 0
            assert_whole(stage, count)
        await stage.press("tab")
        assert stage.live.focused is None
        await stage.press("shift+tab")
        assert stage.live.focused.number == count - 1


@SIZES
async def test_keys_and_the_wheel_scroll_the_lanes_and_stop_at_both_ends(
    size: tuple[int, int],
) -> None:
    async with on_stage(workload(8), size) as stage:
        fitting = FITTING[size[0]]
        assert "page" in stage.rows()[-1]
        await stage.press("J")
        assert seen(stage) == list(range(1, 1 + fitting))
        assert_whole(stage, 8)
        await stage.press("K", "K", "pageup")
        assert seen(stage)[0] == 0
        await stage.press(*["pagedown"] * 10)
        assert seen(stage) == list(range(8 - fitting, 8))
        assert_whole(stage, 8)
        await stage.press("K")
        where = {"widget": stage.live.query_one("#lanes"), "offset": (5, 3)}
        await stage.pilot._post_mouse_events([MouseScrollDown], **where)
        await stage.settled()
        assert seen(stage)[-1] == 7


async def test_lanes_that_all_fit_do_not_scroll() -> None:
    async with on_stage(workload(4), (160, 45)) as stage:
        assert "page" not in stage.rows()[-1]
        await stage.press("J")
        assert seen(stage) == [0, 1, 2, 3]
        await stage.pilot.resize_terminal(80, 24)
        await stage.settled()
        assert "page" in stage.rows()[-1]
        await stage.press("J")
        assert seen(stage) == [1, 2, 3]
        await stage.pilot.resize_terminal(160, 45)
        await stage.settled()
        assert seen(stage) == [0, 1, 2, 3]
        assert_whole(stage, 4)


async def test_the_focused_lane_alone_is_turned_although_it_was_scrolled_to() -> None:
    strategies = [Static(2), Static(3), Continuous(2), Dynamic(2, 50 * MS)]
    async with on_stage(hand_made((0, 5, 2), strategies=strategies), (80, 24)) as stage:
        await stage.press("shift+tab", "right_square_bracket")
        assert [run.slots for run in stage.scene.runs] == [2, 3, 2, 3]


async def test_another_workload_has_its_own_lanes() -> None:
    async with on_stage(workload(8), (80, 24)) as stage:
        await stage.press(*["pagedown"] * 10)
        stage.live._take_workload(crowd(5, 2))
        await stage.settled()
        assert seen(stage) == [0, 1, 2]
        assert stage.titles == ["STATIC batch 2", "DYNAMIC 2 · 50.0 ms", "CONTINUOUS batch 2"]
        assert "more" not in stage.seen()
        stage.live._take_workload(workload(5))
        await stage.settled()
        assert_whole(stage, 5)


@pytest.mark.parametrize("width", range(60, 321, 20))
@pytest.mark.parametrize("count", [0, 1, 3, 4, 20])
def test_wherever_one_scrolls_no_room_is_wasted(width: int, count: int) -> None:
    most = len(lanes_seen(0, 100, width))
    assert most >= FEWEST_LANES
    for first in range(-2, count + 3):
        there = lanes_seen(first, count, width)
        assert len(there) == min(count, most)
        assert 0 <= there.start <= there.stop <= count
