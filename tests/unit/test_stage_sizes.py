"""The stage in terminals of all sizes, with few lanes and with many requests."""

from __future__ import annotations

import re

import pytest
from stage import crowd, hand_made, on_stage

from tui_batching.clock import SECOND
from tui_batching.strategies import Continuous, Static
from tui_batching.tui.lane import Lane


async def test_resizing_while_playing_just_works() -> None:
    async with on_stage() as stage:
        await stage.press("space")
        for size in ((80, 24), (60, 20), (59, 20), (60, 19), (160, 45)):
            await stage.pilot.resize_terminal(*size)
            stage.wall.now += 0.5
            await stage.settled()
            await stage.until(
                lambda: stage.live._player.time == int((stage.wall.now - 1000) * SECOND / 2)
            )
            shown = stage.seen()
            assert [len(row) for row in stage.rows()] == [size[0]] * size[1]
            roomy = size[0] >= 60 and size[1] >= 20
            sentence = "needs at least 60 columns and 20 rows" in " ".join(shown.split())
            assert sentence is not roomy
            for title in ("STATIC", "DYNAMIC", "CONTINUOUS"):
                assert (title in shown) is roomy
        await stage.until(lambda: "latency (s)" in stage.seen())


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (100, 30), (100, 33), (120, 36), (250, 70)])
async def test_every_size_shows_phase_queue_figures_timeline_and_keys(
    size: tuple[int, int],
) -> None:
    async with on_stage(size=size) as stage:
        await stage.seek(3 * SECOND)
        shown = stage.seen()
        for word in ("PREFILL|DECODE", "queue [0-9]", "of 20 .*mean", "[━▾]┃[─▾]", "space"):
            assert re.search(word, shown), word
        assert shown.count("queue") == 3


async def test_two_lanes_share_the_room() -> None:
    async with on_stage(hand_made((0, 5, 2), strategies=[Static(2), Continuous(2)])) as stage:
        assert [lane.region.width for lane in stage.live.query(Lane)] == [60, 60]
        await stage.press("right")
        assert len(stage.why) == 2


async def test_thousands_of_requests_stay_readable() -> None:
    async with on_stage(crowd(5000, 8, gap=1), size=(120, 36)) as stage:
        await stage.seek(stage.scene.end // 2)
        shown = stage.seen()
        assert "5,000 requests" in shown
        assert re.search(r"queue \d,\d{3}", shown)
        assert len(re.findall(r"R\d+ \+\d,\d{3}", shown)) >= 1
        await stage.press("end", "up")
        assert re.search(r"R4999 [\d.]+ s ", stage.seen())
