"""The picture of KV memory over time, against the blocks that it shows."""

from __future__ import annotations

import re

import numpy as np
import pytest
from stage import hand_made, on_stage, palette, scene_of, texts
from tight import tight

from tui_batching.analysis.kv_use import KvUse, evicted_times
from tui_batching.analysis.scene import Scene
from tui_batching.analysis.so_far import SoFar
from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.rows import CACHED, LEVELS
from tui_batching.charts.utilization_panels import memory_chart, utilization_chart
from tui_batching.strategies import Static, Tgi, kind_of
from tui_batching.workload import load_workload

SCENE = Scene(tight(), tuple(SoFar(result.run) for result in tight()))
NAMES = [result.strategy.name for result in tight()]
COLUMNS = 96
AREA = slice(5, 5 + COLUMNS)


def rows_of(scene: Scene = SCENE, width: int = 120, height: int = 70) -> list[str]:
    return texts(memory_chart(ChartRequest(scene, scene.end, width, height, palette())))


def panel(name: str) -> list[str]:
    """The heading of a panel and its rows."""
    rows = rows_of()
    begin = next(
        n for n, row in enumerate(rows) if row[2:].startswith(f"{kind_of(name)().title} ·")
    )
    rest = [row for row in rows[begin + 1 :] if row[4] in "┤│"]
    return [rows[begin], *rest[: next(n for n, row in enumerate(rest) if "   0┤" in row) + 1]]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "continuous"])
def test_each_column_is_as_high_as_the_blocks_taken(name: str) -> None:
    run = tight()[name].run
    use = KvUse.of(run)
    assert use is not None
    heading, edge, *area = panel(name)
    shares = use.shares(np.linspace(0, SCENE.end, COLUMNS + 1).astype(np.int64))
    for column in range(COLUMNS - 1):  # the playhead is in the last one
        stack = [row[AREA][column].replace(CACHED, " ") for row in area]
        drawn = sum(LEVELS.index(cell) for cell in stack) / 8
        assert drawn == pytest.approx(shares[column] * len(area), abs=0.13)
    assert f"peak {100 * use.peak:.1f} %, mean {100 * use.mean:.1f} %" in heading
    count = int(run.evictions.sum())
    assert f"· {count} eviction" in heading
    cells = np.minimum(evicted_times(run) * COLUMNS // SCENE.end, COLUMNS - 1)
    assert {n for n, sign in enumerate(edge[AREA]) if sign == "↩"} == set(cells.tolist())
    assert edge.strip().startswith(f"{use.kv.blocks}┤")
    assert f"┄ {use.kv.blocks} blocks" in edge


def test_lanes_that_ignore_memory_say_so() -> None:
    rows = "\n".join(rows_of())
    assert re.search(r"CONTINUOUS · batch 4 ━+ ignores memory\n", rows)
    assert "runs as if the KV cache of 832 tokens had no end" in rows
    textbook = "\n".join(rows_of(scene_of(load_workload("notebook")), 80, 24))
    assert textbook.count("no KV cache is set, so memory has no end here") == 3
    assert "ignores" not in textbook


@pytest.mark.parametrize("size", [(0, 0), (10, 5), (39, 20), (40, 28), (80, 30), (200, 90)])
def test_every_size_is_filled_exactly(size: tuple[int, int]) -> None:
    assert [len(row) for row in rows_of(SCENE, *size)] == [size[0]] * size[1]


def test_with_little_room_the_headings_tell_the_figures() -> None:
    rows = rows_of(SCENE, 80, 20)
    told = [row for row in rows if re.search(r"peak \d+\.\d %, mean \d+\.\d %", row)]
    assert len(told) == len(NAMES) - 1
    assert any(row.endswith("ignores memory") for row in rows)


def test_very_many_slots_are_told_in_short() -> None:
    scene = scene_of(hand_made((0, 5, 3), strategies=[Static(1_000_000), Tgi()]))
    rows = texts(utilization_chart(ChartRequest(scene, scene.end, 100, 40, palette())))
    assert [row[:5] for row in rows if "M┤" in row] == ["  1M┤"] * 2
    # TGI has as many, but they are no more than a limit: a line stands above the one that is taken.
    heading = next(n for n, row in enumerate(rows) if "at most 1 of 1,000,000 slots taken" in row)
    assert any(row.startswith("   1┤") and "┄" in row for row in rows[heading:])


async def test_a_key_turns_from_slots_to_memory_and_back() -> None:
    async with on_stage(tight().workload, (120, 60), view="4") as stage:
        assert "m: KV memory" in stage.seen()
        assert "▒ held" in stage.seen()
        await stage.press("m")
        assert "┄ 51 blocks" in stage.seen()
        assert "ignores memory" in stage.seen()
        await stage.press("m")
        assert "┄ 51 blocks" not in stage.seen()


async def test_where_nobody_heeds_memory_there_is_no_other_quantity() -> None:
    async with on_stage("notebook", (120, 36), view="4") as stage:
        before = stage.seen()
        assert "m:" not in before
        await stage.press("m")
        assert stage.seen() == before
