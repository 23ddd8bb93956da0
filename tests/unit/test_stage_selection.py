"""Selecting a request with the mouse, and what is told of the selected one."""

from __future__ import annotations

import re

from stage import MS, Stage, on_stage

from tui_batching.clock import SECOND, format_duration
from tui_batching.tui.lane import Lane


async def click(stage: Stage, text: str, lane: Lane) -> None:
    """Click on a text in a lane."""
    rows = stage.rows()[lane.region.y : lane.region.bottom]
    places = [(row[lane.region.x : lane.region.right].find(text), y) for y, row in enumerate(rows)]
    x, y = next((x, y) for x, y in places if x >= 0)
    await stage.pilot.click(lane, offset=(x, y))
    await stage.settled()


async def test_a_click_on_a_request_selects_it_in_all_lanes_and_another_unselects_it() -> None:
    async with on_stage() as stage:
        await stage.seek(3 * SECOND)
        moment, lane = stage.scene.runs[2].at(3 * SECOND), stage.live.query(Lane)[2]
        name = f"R{moment.occupants[moment.occupants >= 0].max()}"
        await click(stage, name, lane)
        assert stage.tells_of == [name] * 3
        assert stage.live.selected == int(name[1:])
        chosen = {found for row in stage.rows() for found in re.findall(r"▸ ?\d* ?(R\d+)", row)}
        assert chosen == {name}
        await click(stage, name, lane)
        assert stage.live.selected is None
        assert stage.tells_who_waits


async def test_the_breakdown_of_the_selected_request_sums_to_its_age() -> None:
    async with on_stage(size=(160, 45)) as stage:
        await stage.press("end", *["down"] * 3)
        for row, run in zip(stage.why, stage.scene.runs, strict=True):
            latency = int(run.end_time[2] - run.requests.arrival_time[2])
            assert f"R2 {format_duration(latency)} " in f"{row} "
        for row, run in zip(stage.shown("#why")[1::3], stage.scene.runs, strict=True):
            *parts, total = (int(each.replace(",", "")) for each in re.findall(r" ([\d,]+)", row))
            latency = int(run.end_time[2] - run.requests.arrival_time[2])
            assert sum(parts) == total == round(latency / MS)
