"""Selecting a request with the mouse, and what is told of the selected one."""

from __future__ import annotations

import re

import pytest
from stage import Stage, on_stage

from tui_batching.charts.rows import short
from tui_batching.clock import SECOND
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
        reversed_names = {
            segment.text
            for strip in stage.app.screen._compositor.render_strips()
            for segment in strip
            if segment.style and segment.style.reverse and re.match(r"R\d", segment.text)
        }
        assert reversed_names == {name}
        await click(stage, name, lane)
        assert stage.live.selected is None
        assert stage.tells_who_waits


async def test_the_breakdown_of_the_selected_request_sums_to_its_age() -> None:
    async with on_stage(size=(160, 45)) as stage:
        await stage.press("end", *["down"] * 3)
        for row, run in zip(stage.why, stage.scene.runs, strict=True):
            total, parts = row.split(" took ")[1].split(" = ")
            latency = int(run.end[2] - run.requests.arrival_time[2])
            assert total == short(latency)
            seconds = [
                float(number) / (1000 if unit == "ms" else 1)
                for number, unit in re.findall(r"([\d.]+)(ms|s)\b", parts)
            ]
            assert sum(seconds) == pytest.approx(latency / SECOND, abs=0.005 * len(seconds))
