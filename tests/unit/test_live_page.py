"""The live page on paper: all lanes, the charts where there is room, and why somebody waits."""

from __future__ import annotations

import pytest
from stage import hand_made, on_stage, palette, scene_of, texts

from tui_batching.analysis.why import why
from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.live_page import live_chart
from tui_batching.charts.printing import to_ascii
from tui_batching.clock import SECOND, Picoseconds
from tui_batching.strategies import Continuous
from tui_batching.workload import load_workload

NOTEBOOK = load_workload("notebook")
SCENE = scene_of(NOTEBOOK)
SIZES = [(40, 10), (80, 24), (80, 29), (120, 36), (160, 45)]


def page(width: int, height: int, time: Picoseconds = 3 * SECOND) -> list[str]:
    return texts(live_chart(ChartRequest(SCENE, time, width, height, palette())))


@pytest.mark.parametrize("time", [0, 3 * SECOND, SCENE.end])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_it_has_exactly_the_size_asked_for(width: int, height: int, time: Picoseconds) -> None:
    rows = page(width, height, time)
    assert [len(row) for row in rows] == [width] * height


@pytest.mark.parametrize(("width", "height"), SIZES[1:])
def test_every_lane_stands_in_a_frame_and_tells_what_it_does(width: int, height: int) -> None:
    rows = page(width, height)
    titles = [name for name in ("STATIC", "DYNAMIC", "CONTINUOUS") if f"╭─ {name}" in rows[0]]
    assert titles == ["STATIC", "DYNAMIC", "CONTINUOUS"]
    text = "\n".join(rows)
    for told in ("queue ", "useful " if width > 110 else "use ", "DECODE"):
        assert text.count(told) >= 2, told


@pytest.mark.parametrize("width", [80, 120, 160])
def test_it_tells_why_somebody_waits_in_each_lane(width: int) -> None:
    rows = page(width, 36)
    said = " ".join(" ".join(rows[-6:]).split())
    for run in SCENE.runs:
        assert why(run.at(3 * SECOND))[: width - 20] in said


@pytest.mark.parametrize("height", [24, 28, 29, 45])
def test_the_charts_are_there_from_29_rows_on(height: int) -> None:
    text = "\n".join(page(120, height))
    assert ("useful slots" in text) == ("answered within" in text) == (height >= 29)


def test_it_shows_the_instant() -> None:
    assert " ".join(page(120, 36, 0)).count("IDLE") == 3
    assert " ".join(page(120, 36, SCENE.end)).count("DONE at") == 3


@pytest.mark.parametrize(("width", "bands"), [(80, 2), (120, 2), (160, 2), (200, 1)])
def test_lanes_that_do_not_fit_stand_below_the_others(width: int, bands: int) -> None:
    strategies = [Continuous(batch_size=size) for size in (2, 4, 8, 16, 32)]
    scene = scene_of(hand_made((0, 5, 2), (7, 3, 9), strategies=strategies))
    rows = texts(live_chart(ChartRequest(scene, scene.end // 2, width, 60, palette())))
    assert sum("╭─ CONTINUOUS" in row for row in rows) == bands
    assert sum(row.count("╭─ CONTINUOUS") for row in rows) == len(strategies)
    assert [len(row) for row in rows] == [width] * 60


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 36), (160, 45)])
async def test_it_is_what_the_app_shows_between_its_bars(width: int, height: int) -> None:
    rows = page(width, height, 3 * SECOND)
    async with on_stage(NOTEBOOK, (width, height + 4)) as stage:
        await stage.seek(3 * SECOND)
        await stage.until(lambda: stage.rows()[2:-2] == rows)  # charts are drawn in a thread


def test_it_is_drawn_with_ascii_alone_too() -> None:
    for row in page(120, 36):
        plain = to_ascii(row)
        assert plain.isascii()
        assert len(plain) == len(row)
