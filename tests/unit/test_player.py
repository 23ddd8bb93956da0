"""The player: where the playhead is, whatever the wall clock and the keys do."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage import MS, boundaries, hand_made, scene_of
from workloads_for_laws import cases

from tui_batching.clock import MICROSECOND, MILLISECOND, SECOND, Picoseconds
from tui_batching.cost import LinearCost
from tui_batching.requests import Requests
from tui_batching.sim.run import Run
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Continuous
from tui_batching.tour.deck import FASTEST
from tui_batching.tui.player import SPEEDS, Player, speed_text
from tui_batching.workload import load_workload

RUNS = scene_of(hand_made((10, 5, 3), (30, 20, 9), (35, 5, 1), (200, 0, 4))).runs
END = max(run.finished for run in RUNS)


def player_of(*runs: Run, speed: float = 1.0) -> Player:
    player = Player(speed)
    player.load(runs or RUNS, 0.0)
    return player


def union(*runs: Run) -> list[int]:
    """The boundaries of all these Runs, in order."""
    return sorted({instant for run in runs for instant in boundaries(run)})


def test_asked_to_play_it_plays_whether_or_not_it_does_already() -> None:
    player = player_of(speed=1.0)
    player.play(100.0)
    player.tick(100.05)
    player.play(100.05, speed=0.5)
    player.tick(100.07)
    assert player.playing
    assert player.time == pytest.approx(60 * MS, abs=1000)
    player.seek(player.end, 101.0)
    player.play(101.0)
    assert (player.time, player.speed) == (0, 0.5)


def test_it_plays_by_the_wall_clock_however_often_it_is_asked() -> None:
    often, once = player_of(), player_of()
    for player in (often, once):
        player.toggle(100.0)
    for hundredth in range(1, 13):
        often.tick(100.0 + hundredth / 100)
    once.tick(100.12)
    assert once.time == often.time == pytest.approx(120 * MS, abs=1000)


@pytest.mark.parametrize("speed", SPEEDS)
def test_each_speed_is_simulated_seconds_per_second(speed: float) -> None:
    player = player_of(speed=speed)
    player.toggle(0.0)
    player.tick(0.0625 / speed)
    assert player.time == SECOND // 16


def test_it_stands_still_while_paused() -> None:
    player = player_of()
    player.tick(50.0)
    assert (player.time, player.playing) == (0, False)
    player.toggle(50.0)
    player.tick(50.0625)
    player.toggle(50.0625)
    player.tick(99.0)
    assert (player.time, player.playing) == (SECOND // 16, False)
    player.toggle(200.0)
    player.tick(200.0625)
    assert player.time == SECOND // 8


def test_a_change_of_speed_keeps_the_position_and_goes_on_from_it() -> None:
    player = player_of(speed=0.5)
    player.toggle(0.0)
    player.change_speed(1, 0.125)
    assert (player.time, player.speed) == (SECOND // 16, 1.0)
    player.tick(0.1875)
    assert player.time == SECOND // 8


def test_the_speed_stays_between_the_slowest_and_the_fastest() -> None:
    player = player_of()
    player.change_speed(-100, 0.0)
    assert player.speed == SPEEDS[0]
    player.change_speed(100, 0.0)
    assert player.speed == SPEEDS[-1]
    player.change_speed(-1, 0.0)
    assert player.speed == SPEEDS[-2]


def test_it_pauses_at_the_end_and_exactly_there() -> None:
    player = player_of()
    player.toggle(0.0)
    player.tick(1e6)
    assert (player.time, player.playing, player.at_end) == (END, False, True)


def test_it_stops_where_it_is_to_stop_and_then_plays_on() -> None:
    player = player_of(speed=1.0)
    player.set(10 * MS, 1.0, 0.0, playing=True)
    player.until = 40 * MS
    player.tick(0.02)
    assert (player.time, player.playing) == (30 * MS, True)
    player.tick(0.05)  # a frame comes late
    assert (player.time, player.playing) == (40 * MS, False)
    player.toggle(1.0)
    player.tick(1.01)
    assert (player.time, player.playing) == (50 * MS, True)
    player.seek(0, 2.0)
    player.tick(2.1)
    assert (player.time, player.playing) == (40 * MS, False)
    player.set(0, 1.0, 0.0, playing=True)  # it was for that stretch alone
    player.tick(0.05)
    assert (player.time, player.playing) == (50 * MS, True)


def test_a_stop_beyond_the_end_is_the_end() -> None:
    player = player_of(speed=1.0)
    player.until = END + 1
    player.toggle(0.0)
    player.tick(1e6)
    assert (player.time, player.playing) == (END, False)


def test_a_loop_plays_again_and_again_in_step_with_the_clock() -> None:
    player = player_of(speed=1.0)
    player.set(20 * MS, 1.0, 0.0, playing=True)
    player.loop = (30 * MS, 50 * MS)
    for wall, reached in ((0.02, 40), (0.03, 30), (0.049, 49), (0.051, 31), (0.271, 31)):
        player.tick(wall)
        assert (player.time, player.playing) == (reached * MS, True)
    player.change_speed(-1, 0.271)
    player.tick(0.273)
    assert player.time == 32 * MS
    player.seek(60 * MS, 1.0)  # beyond the loop it plays on
    player.tick(1.02)
    assert player.time == 70 * MS


def test_a_loop_to_the_end_goes_on_and_one_beyond_it_does_not_loop() -> None:
    player = player_of(speed=1.0)
    player.loop = (END - 10 * MS, END + SECOND)
    player.seek(END - 10 * MS, 0.0)
    player.toggle(0.0)
    player.tick(0.025)
    assert (player.time, player.playing) == (END - 5 * MS, True)
    player.loop = (END + 1, END + 2)
    player.tick(1.0)
    assert (player.time, player.playing) == (END, False)


def test_play_at_the_end_starts_again_from_zero() -> None:
    player = player_of()
    player.seek(END, 0.0)
    player.toggle(7.0)
    assert (player.time, player.playing) == (0, True)
    player.tick(7.0625)
    assert player.time == SECOND // 16


def test_seeking_is_limited_to_the_runs_and_keeps_playing() -> None:
    player = player_of()
    for asked, reached in ((-5, 0), (END + 5, END), (END // 2, END // 2)):
        player.seek(asked, 0.0)
        assert (player.time, player.playing) == (reached, False)
    player.seek(0, 0.0)
    player.toggle(0.0)
    player.seek(SECOND // 8, 3.0)
    player.tick(3.0625)
    assert (player.time, player.playing) == (SECOND * 3 // 16, True)


def test_other_runs_keep_the_playhead_where_they_reach_it() -> None:
    player = player_of()
    player.seek(END - 1, 0.0)
    player.load(RUNS[2:], 0.0)
    assert player.time == RUNS[2].finished < END
    player.seek(40 * MS, 0.0)
    player.load(RUNS, 0.0)
    assert player.time == 40 * MS


def test_a_step_pauses_at_the_next_boundary_of_any_run() -> None:
    player = player_of()
    player.toggle(0.0)
    passed = [player.time]
    while not player.at_end:
        player.step(1, 0.0)
        assert not player.playing
        passed.append(player.time)
    assert passed == union(*RUNS)
    player.step(1, 0.0)
    assert player.time == END


def test_steps_back_go_over_the_same_boundaries() -> None:
    player = player_of()
    player.seek(END, 0.0)
    passed = [player.time]
    while player.time:
        player.step(-1, 0.0)
        passed.append(player.time)
    assert passed[::-1] == union(*RUNS)
    player.step(-1, 0.0)
    assert player.time == 0


def test_from_between_two_boundaries_a_step_goes_to_the_nearest_on_either_side() -> None:
    for before, after in pairwise(union(*RUNS)):
        for direction, reached in ((1, after), (-1, before)):
            player = player_of()
            player.seek((before + after) // 2, 0.0)
            player.step(direction, 0.0)
            assert player.time == reached


def test_without_runs_every_key_is_harmless() -> None:
    player = Player()
    player.step(1, 0.0)
    player.step(-1, 0.0)
    player.change_speed(1, 0.0)
    player.toggle(0.0)
    player.tick(5.0)
    assert player.time == 0


@given(st.lists(cases(most=6), min_size=1, max_size=3), st.data())
def test_k_steps_forward_and_k_back_return_exactly(
    several: list[tuple], data: st.DataObject
) -> None:
    runs = [simulate(*case) for case in several]
    all_of_them = union(*runs)
    index = data.draw(st.integers(0, len(all_of_them) - 1))
    count = data.draw(st.integers(1, 12))
    player = player_of(*runs)
    player.seek(all_of_them[index], 0.0)
    player.step(count, 0.0)
    reached = min(index + count, len(all_of_them) - 1)
    assert player.time == all_of_them[reached]
    player.step(-count, 0.0)
    assert player.time == all_of_them[max(0, reached - count)]


def test_play_pressed_before_there_is_anything_to_play_starts_once_there_is() -> None:
    player = Player(speed=1.0)
    player.toggle(wall=0.0)
    player.tick(wall=1.0)
    player.load(list(RUNS), wall=5.0)
    player.tick(wall=5.0625)
    assert (player.playing, player.time) == (True, SECOND // 16)


@pytest.mark.parametrize(
    "name", ["long-prompt", "illustrative", "notebook", "chat", "code-completion", "anyscale-1536"]
)
def test_a_run_is_begun_so_fast_that_it_lasts_20_to_40_seconds(name: str) -> None:
    player = Player()
    player.begin(scene_of(load_workload(name)).runs, None, 0.0)
    assert 20 * SECOND <= player.end / player.speed < 40 * SECOND


@pytest.mark.parametrize(
    ("count", "gap", "price"),
    [
        (3, 50 * 24 * 3600 * SECOND, SECOND),
        (24, 3600 * SECOND, SECOND),
        (2, 0, 8 * MILLISECOND),
        (1, 0, 20 * MICROSECOND),
    ],
)
def test_so_is_one_of_months_of_a_day_of_milliseconds_or_of_microseconds(
    count: int, gap: Picoseconds, price: Picoseconds
) -> None:
    requests = Requests.from_columns(np.arange(count) * gap, [1] * count, [2] * count)
    cost = LinearCost(prefill_per_token=price // 8, decode_step=price, per_extra_request=0)
    player = Player()
    player.begin([Continuous(1).serve(requests, cost)], None, 0.0)
    assert 20 * SECOND <= player.end / player.speed < 40 * SECOND


@pytest.mark.parametrize(
    ("speed", "told"),
    [
        (1, "1x"), (0.5, "0.5x"), (1.5, "1.5x"), (1 / 16, "1/16x"), (0.05, "1/20x"),
        (1 / 1024, "1/1,024x"), (512, "512x"), (4096, "4,096x"), (262144, "262,144x"),
    ],
)  # fmt: skip
def test_a_speed_is_told_beside_real_time(speed: float, told: str) -> None:
    assert speed_text(speed) == told


def test_the_app_plays_as_fast_as_a_chapter_may() -> None:
    assert max(SPEEDS) == FASTEST
