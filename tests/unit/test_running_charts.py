"""The charts beside the lanes: each has its title and says what its axis counts, at every size."""

from __future__ import annotations

import pytest
from stage import on_stage, palette, scene_of, texts

from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.plot import draw
from tui_batching.charts.running_charts import pairs_of
from tui_batching.clock import SECOND
from tui_batching.strategies import mark_of
from tui_batching.workload import load_workload

UNITS = {
    "useful": "%",
    "answered within": "%",
    "answered": "requests",
    "held": "slot-seconds",
    "lost": "slot-s",
    "stalled": "slot-seconds",
    "KV": "%",
}


@pytest.mark.parametrize("name", ["notebook", "engines"])
@pytest.mark.parametrize("width", [38, 48, 58, 78])
def test_every_chart_has_a_title_a_unit_and_all_marks(name: str, width: int) -> None:
    """In panes of terminals of 80, 100, 120 and 160 columns."""
    scene = scene_of(load_workload(name))
    for chart in (chart for pair in pairs_of(scene) for chart in pair):
        request = ChartRequest(scene, 4 * SECOND, width, 9, palette())
        head = texts(draw(chart.spec(request)))[0]
        begin = next(begin for begin in UNITS if head.startswith(begin))
        title, _, rest = head.partition(" · ")
        assert title.startswith(begin)
        assert rest.startswith(UNITS[begin]), head
        for run in scene.runs:
            assert f" {mark_of(run.strategy.name)}" in head, head


@pytest.mark.parametrize(
    ("size", "there"),
    [
        ((80, 24), False),
        ((120, 29), False),
        ((120, 30), True),
        ((120, 36), True),
        ((100, 34), True),
    ],
)
async def test_the_key_turns_charts_only_where_they_are_seen(
    size: tuple[int, int], there: bool
) -> None:
    async with on_stage(size=size) as stage:
        await stage.seek(4 * SECOND)
        await stage.drawn()
        assert bool(stage.live.check_action("next_quantity", ())) is there
        before = stage.rows()
        await stage.press("m")
        await stage.drawn()
        assert (stage.rows() != before) is there
        assert ("m quantity" in stage.rows()[-1]) is (there and size[0] > 100)


async def test_the_key_comes_and_goes_with_the_charts() -> None:
    async with on_stage(size=(120, 29)) as stage:
        assert "m quantity" not in stage.rows()[-1]
        await stage.pilot.resize_terminal(120, 36)
        await stage.settled()
        assert "m quantity" in stage.rows()[-1]
