"""Turning from view to view: each is drawn once it has room, whatever the instant."""

from __future__ import annotations

import pytest
from measured_logs import some_requests, write_csv
from stage import hand_made, on_stage, palette, scene_of, texts
from textual import events

from tui_batching.charts.result_card import card_rows
from tui_batching.clock import MILLISECOND
from tui_batching.cost import IterationCost
from tui_batching.strategies import Continuous, Static, Vllm
from tui_batching.tui.views import VIEWS
from tui_batching.workload import Workload, load_workload

COST = IterationCost(8 * MILLISECOND, MILLISECOND // 20, 10**5)
KEYS = [view.key for view in VIEWS]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Workload:
    """A few requests of a log, beside what a server measured of them."""
    run = Vllm(max_num_seqs=4).serve(some_requests(12, 3), COST)
    return load_workload(write_csv(tmp_path_factory.mktemp("logs") / "log.csv", run))


@pytest.mark.parametrize("size", [(60, 20), (160, 45)])
async def test_views_are_turned_at_several_instants_with_a_measured_lane(
    measured: Workload, size: tuple[int, int]
) -> None:
    async with on_stage(measured, size=size) as stage:
        for share, keys in ((0, KEYS), (0.5, reversed(KEYS)), (1, [*KEYS, *reversed(KEYS)])):
            for key in keys:
                await stage.seek(round(share * stage.scene.end))
                await stage.press(key)
        assert "sooner" in stage.seen()
        assert "is off by" in stage.seen()


async def test_views_are_turned_after_the_terminal_has_got_another_size(measured: Workload) -> None:
    async with on_stage(measured, size=(160, 45)) as stage:
        await stage.press("end")
        sizes = [(60, 20), (30, 8), (100, 30), (1, 1), (80, 24)]
        for number, size in enumerate(sizes):
            await stage.press(KEYS[1 + number])
            await stage.pilot.resize_terminal(*size)
            await stage.press("1")
        assert "sooner" in stage.seen()


async def test_keys_that_come_together_find_the_view_that_they_turn_to() -> None:
    workload = hand_made((0, 5, 9), (3, 5, 9), (7, 5, 9), strategies=[Static(2), Continuous(2)])
    async with on_stage(workload, size=(120, 36)) as stage:
        for key in "2m":
            stage.app.post_message(events.Key(key, key))
        await stage.settled()
        together = stage.seen()
        await stage.press("m")
        other = stage.seen()
        await stage.press("m")
        assert together == stage.seen() != other


@pytest.mark.parametrize("height", [1, 7, 14])
def test_a_card_beside_what_was_measured_fills_a_lane_of_any_width(
    measured: Workload, height: int
) -> None:
    scene = scene_of(measured)
    for lane in range(len(scene.runs)):
        for width in range(1, 60):
            rows = card_rows(scene, lane, width, height, palette())
            assert len(rows) == height
            assert {sum(cell.cell_length for cell in row) for row in rows} == {width}


def test_a_card_beside_what_was_measured_is_whole_in_the_narrowest_lane(measured: Workload) -> None:
    scene = scene_of(measured)
    for lane in range(len(scene.runs)):
        assert "…" not in "".join(texts(card_rows(scene, lane, 19, 12, palette())))
