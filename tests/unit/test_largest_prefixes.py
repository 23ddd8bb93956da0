"""The prefixes that hold most blocks: true at every instant, told as a sum, drawn on one scale."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from threading import Event

import pytest
from sharing import SYSTEM, USERS, sharing
from stage import MS, boundaries, on_stage, palette, scene_of, texts

from tui_batching.analysis.pool_contents import PoolContents
from tui_batching.analysis.scene import Scene
from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.prefix_gauges import MOST, prefixes_chart
from tui_batching.strategies import Vllm
from tui_batching.workload import load_workload

SCENE = scene_of(sharing(*USERS))
VLLM = Vllm(8, async_scheduling=False)
BLOCKS = SYSTEM // 16
"""Of the system prompt."""


def contents_of(scene: Scene) -> PoolContents:
    found = scene.pool_contents[0]
    assert found is not None
    return found


def drawn(scene: Scene, time: int, width: int = 110, height: int = 30) -> list[str]:
    return texts(prefixes_chart(ChartRequest(scene, time, width, height, palette())))


def numbers(rows: list[str]) -> list[tuple[str, int, float]]:
    """What each gauge is called, its blocks, and its share."""
    found = (re.match(r"(\S.*?) +\[.*\] +([\d,]+) +([\d.]+) %$", row.strip()) for row in rows)
    return [(row[1], int(row[2].replace(",", "")), float(row[3])) for row in found if row]


def test_a_system_prompt_is_used_then_kept_and_counts_once() -> None:
    """Whoever else uses it takes blocks for what is its own alone."""
    run = SCENE.runs[0]
    contents = contents_of(SCENE)
    assert contents.at(0).prefixes[0].used == BLOCKS
    both = contents.at(int(run.start_time[3]))
    [prompt] = both.prefixes
    assert (prompt.used, prompt.cached, prompt.first, prompt.requests) == (BLOCKS, 0, 0, 5)
    assert len(run.at(int(run.start_time[3])).running) == 4
    assert contents.at(int(run.start_time[4]) - 1).own.cached
    # At the end all that can still be found is there to be seen.
    over = contents.at(SCENE.end)
    assert (over.prefixes[0].cached, over.own.used) == (BLOCKS, 0)


@pytest.mark.parametrize("name", ["conversation", "cache-thrash"])
def test_all_parts_are_the_pool_and_what_the_gauge_shows(name: str) -> None:
    """At boundaries all over a workload, forth and back."""
    scene = scene_of(load_workload(name))
    run, contents = scene.runs[0], contents_of(scene)
    instants = boundaries(run)[:-1:3]
    forth = [contents.at(time) for time in instants]
    back = [contents.at(time) for time in reversed(instants)]
    assert forth == back[::-1]
    for time, at in zip(instants, forth, strict=True):
        parts = [*at.prefixes, at.own]
        used, cached = sum(part.used for part in parts), sum(part.cached for part in parts)
        moment = run.at(time)
        assert (used, cached) == (moment.blocks, moment.blocks_cached)
        assert used + cached + at.free == contents.kv.blocks
        assert min(at.own.used, at.own.cached, at.free) >= 0
        assert all(one.blocks >= other.blocks for one, other in pairwise(at.prefixes))


def test_each_gauge_tells_its_blocks_and_its_share_of_the_pool() -> None:
    time = int(SCENE.runs[0].start_time[3])
    rows = drawn(SCENE, time)
    at = contents_of(SCENE).at(time)
    told = numbers(rows)
    assert [name for name, *_ in told] == [
        "what R0 begins with · 5 requests",
        "what one request alone has",
        "free",
    ]
    assert [blocks for _, blocks, _ in told] == [BLOCKS, at.own.blocks, at.free]
    assert sum(share for *_, share in told) == pytest.approx(100)
    total = f"{BLOCKS + at.own.used} used + 0 cached + {at.free} free = 1,000 blocks"
    assert total in rows[0]
    told_below = " ".join(" ".join(rows[-2:]).split())
    assert told_below.endswith("what several requests begin with, named after the first.")
    assert any(row.rstrip().endswith("without prefix cache") for row in rows)


def test_who_goes_on_after_what_others_begin_with_as_well_is_told_apart() -> None:
    """A conversation, whose system prompt is a prefix of its own; few rows leave some out."""
    scene = scene_of(load_workload("conversation"))
    names = [name for name, *_ in numbers(drawn(scene, 9 * 1000 * MS, height=18))]
    assert names[0] == "R0 goes on after 192 tokens · 16 requests"
    assert len(names) == MOST + 3
    assert names[MOST:] == ["4 other prefixes", "what one request alone has", "free"]
    everywhere = contents_of(scene).at(9 * 1000 * MS).prefixes
    prompt = next(each for each in everywhere if not each.start)
    assert (prompt.blocks, prompt.requests, prompt.first) == (12, 140, 0)
    few = numbers(drawn(scene, 9 * 1000 * MS, height=10))
    assert len(few) < len(names)
    assert sum(blocks for _, blocks, _ in few) == 1_249
    narrow = drawn(scene, 9 * 1000 * MS, width=60, height=18)
    assert next(name for name, *_ in numbers(narrow)) == "R0 after 192"
    assert all(len(row) == 60 for row in narrow)


def test_lengths_are_of_one_scale_and_never_nothing_for_something() -> None:
    """A gauge is as wide as the pool; used and cached have signs of their own."""
    scene = scene_of(load_workload("cache-thrash"))
    rows = [row for row in drawn(scene, 6_100 * MS, width=100) if "[" in row]
    cells = {row.index("]") - row.index("[") - 1 for row in rows}
    [width] = cells
    prompt = next(row for row in rows if row.startswith(" what R0"))
    assert prompt.count("█") == round(width * 60 / 311)
    kept = next(row for row in rows if row.startswith(" what R2"))
    assert kept.count("≡") == round(width * 60 / 311)
    own = next(row for row in rows if row.startswith(" what one"))
    assert own.count("█") >= 1 <= own.count("≡")


def test_where_there_is_nothing_to_keep_it_says_why() -> None:
    off = sharing(*USERS, strategies=(replace(VLLM, enable_prefix_caching=False),))
    assert drawn(scene_of(off), 0)[0].rstrip().endswith("without prefix cache")
    endless = sharing(*USERS, strategies=(VLLM,), memory=None)
    assert drawn(scene_of(endless), 0)[0].rstrip().endswith("memory has no end")


async def test_stepping_forth_and_back_shows_the_same() -> None:
    async with on_stage("cache-thrash", size=(120, 36), view="4") as stage:
        await stage.press("m", "m", "m")
        await stage.seek(6_100 * MS)
        seen = numbers(stage.rows())
        assert len(seen) == 7
        await stage.press("right", "shift+right")
        assert numbers(stage.rows()) != seen
        await stage.press("shift+left", "left")
        assert numbers(stage.rows()) == seen


async def test_nobody_waits_while_it_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes as long as a simulation; keys work meanwhile, and it appears by itself."""
    may_go_on, find = Event(), PoolContents.of

    def slowly(run: object) -> PoolContents | None:
        may_go_on.wait()
        return find(run)  # type: ignore[arg-type]

    monkeypatch.setattr(PoolContents, "of", slowly)
    async with on_stage("cache-thrash", size=(120, 36), view="4") as stage:
        await stage.pilot.press("m", "m", "m")
        await stage.until(lambda: "finding what fills the KV cache" in stage.seen())
        await stage.pilot.press("right")
        assert "finding what fills the KV cache" in stage.seen()
        may_go_on.set()
        await stage.until(lambda: len(numbers(stage.rows())) == 3)


def test_nothing_is_found_out_before_somebody_looks() -> None:
    scene = scene_of(sharing(*USERS))
    assert not scene.knows_pool_contents
    drawn(scene, 0)
    assert scene.knows_pool_contents
