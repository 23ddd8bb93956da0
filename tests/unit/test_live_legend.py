"""The legend of the live page: what stands on screen is told, as far as there is room."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
from stage import on_stage, palette, scene_of, texts

from tui_batching.charts.breakdown_rows import parts_of
from tui_batching.charts.lane_view import lane_view
from tui_batching.charts.live_legend import legend_row
from tui_batching.charts.pen import sign_of
from tui_batching.charts.rows import (
    AGAIN,
    CACHED,
    EVICTED,
    FULL,
    HATCH,
    READ,
    RESERVED,
    SHADE,
    SLOWED,
    STALLED,
    TRACK,
)
from tui_batching.config import parse_config
from tui_batching.workload import load_workload

EXPLAINED = {FULL, HATCH, STALLED, SLOWED, SHADE, READ, AGAIN, EVICTED, RESERVED, CACHED, TRACK}


@pytest.mark.parametrize("name", ["notebook", "engines", "tight-memory", "cache-thrash"])
async def test_each_sign_in_a_lane_is_in_the_legend_or_it_says_where_to_find_it(
    name: str,
) -> None:
    async with on_stage(name, (60, 20)) as stage:
        await stage.press("question_mark", "escape")  # no newcomer any more
        sizes = ((60, 20), (70, 22), (80, 24), (120, 36))
        for size, share in product(sizes, (0.02, 0.2, 0.45, 0.7)):
            await stage.pilot.resize_terminal(*size)
            await stage.seek(round(stage.scene.end * share))
            lanes = stage.live._lanes.seen
            drawn = "".join(row for lane in lanes for row in texts(lane._presented))
            (legend,) = stage.shown("#legend")
            unexplained = (EXPLAINED & set(drawn)) - set(legend)
            assert not unexplained or legend.rstrip().endswith("? more"), legend
            assert "makes tokens" in legend or re.search(r"█ = [\d,]+ tokens?", legend)
            words = re.findall(r"[^\w\s,=.']+ ([a-z]+)", legend)
            assert len(set(words)) == len(words), legend


async def test_where_the_legend_is_full_newcomers_are_told_the_signs_of_every_lane_first() -> None:
    async with on_stage("tight-memory", (60, 20)) as stage:
        await stage.press("question_mark", "escape")
        await stage.seek(stage.scene.end // 2)
        (legend,) = stage.shown("#legend")
        assert re.match(r" *█ = \d+ tokens( made)?  ‖ stalled  ¦ slowed  ░ prefill  ", legend)


async def test_the_legend_names_the_key_of_the_help_that_a_keymap_has_moved() -> None:
    config = parse_config("theme: dark\nkeys: {help: f1}", Path("config.yaml"))
    async with on_stage("tight-memory", (60, 20), config=config) as stage:
        await stage.press("f1", "escape")
        await stage.seek(stage.scene.end // 2)
        assert stage.shown("#legend")[0].rstrip().endswith("F1 more")


@pytest.mark.parametrize("width", [40, 60, 80])
def test_of_the_parts_for_which_there_is_no_room_it_is_said_that_there_are_more(width: int) -> None:
    scene = scene_of(load_workload("notebook"))
    views = [lane_view(scene, lane, scene.end, 4) for lane in range(3)]
    (legend,) = texts([legend_row(views, [(26, 12)] * 3, width, palette(), more="? more")])
    parts = {sign for view in views for sign in map(sign_of_part, parts_of(view.moment, 4))}
    assert legend.startswith("  ─ slots")
    assert legend.rstrip().endswith("? more") is bool(parts - set(legend))


def sign_of_part(name: str) -> str:
    return sign_of(name)[0]


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_lane_in_focus_drives_no_sign_of_the_lanes_out_while_newcomers_are_greeted(
    size: tuple[int, int],
) -> None:
    async with on_stage("notebook", size) as stage:
        await stage.seek(stage.scene.end // 4)
        before = set(stage.shown("#legend")[0])
        await stage.press("tab")
        (legend,) = stage.shown("#legend")
        assert "new here?" in legend
        assert {FULL, HATCH, STALLED, SHADE, TRACK} <= before & set(legend)
