"""On narrow screens words shorten: no head, hint or number is cut, and the legends tell of now."""

from __future__ import annotations

import pytest
from stage import Stage, on_stage, palette, scene_of, texts

from tui_batching.charts.learn import learn_rows
from tui_batching.charts.pen import Pen
from tui_batching.charts.rows import PLAYHEAD
from tui_batching.tui.views import VIEWS
from tui_batching.workload import load_workload

SCREENS = pytest.mark.parametrize(
    ("name", "size"),
    [
        ("notebook", (60, 20)),
        ("engines", (60, 20)),
        ("tight-memory", (80, 24)),
    ],
)
NAMES = pytest.mark.parametrize("name", ["notebook", "engines", "tight-memory"])


def cut_rows(stage: Stage) -> list[str]:
    """What is seen between the tabs and the timeline, and is cut."""
    return [row for row in stage.rows()[2:-2] if "…" in row]


@SCREENS
async def test_nothing_is_cut_in_any_view(name: str, size: tuple[int, int]) -> None:
    async with on_stage(name, size) as stage:
        for view in VIEWS:
            await stage.pilot.press(view.key)
            for share in (0.05, 0.5, 1.0) if view.has_playhead else (0.5,):
                await stage.seek(round(stage.scene.end * share))
                await stage.swept()
                assert not cut_rows(stage), view.title


@SCREENS
async def test_the_legend_of_slots_over_time_tells_the_playhead(
    name: str, size: tuple[int, int]
) -> None:
    async with on_stage(name, size) as stage:
        for view in ("2", "3"):
            await stage.press(view)
            for keys in ((), ("z",), ("tab",)):
                for share in (0.2, 0.5, 0.8):
                    await stage.seek(round(stage.scene.end * share))
                    await stage.press(*keys)
                    assert PLAYHEAD in "".join(stage.rows()[3:-2]), view
                    assert f"{PLAYHEAD} now" in stage.rows()[2], view


@pytest.mark.parametrize("width", [58, 68, 78])
@NAMES
def test_no_row_to_learn_from_is_cut(name: str, width: int) -> None:
    rows = texts(learn_rows(scene_of(load_workload(name)).comparison, Pen(width, palette())))
    assert not [row for row in rows if "…" in row]
