"""The views of figures at frozen instants. After a change: look, then --snapshot-update."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot

from tui_batching.clock import parse_duration
from tui_batching.tui.app import BatchingApp
from tui_batching.tui.stage import Stage
from tui_batching.tui.timeline import Timeline
from tui_batching.workload import apply_settings, load_workload

Compare = Callable[..., bool]
SMALL, MIDDLE, LARGE = (80, 24), (120, 36), (160, 45)
VIEWS = {"utilization": "4", "metrics": "5", "distribution": "9", "learn": "0"}


def stage(workload: str, theme: str, *settings: str) -> BatchingApp:
    return BatchingApp(apply_settings(load_workload(workload), settings), theme, wall=lambda: 0.0)


def at(instant: str, *keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Press keys and put the playhead at an instant."""

    async def prepare(pilot: Pilot[None]) -> None:
        live = pilot.app.screen
        assert isinstance(live, Stage)
        while live.scene is None:
            await pilot.pause(0.02)
        await pilot.press(*keys)
        live.post_message(Timeline.Scrubbed(parse_duration(instant)))
        await pilot.pause()
        await pilot.pause()

    return prepare


@pytest.mark.parametrize("size", [SMALL, MIDDLE, LARGE], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("view", VIEWS)
def test_notebook(snap_compare: Compare, size: tuple[int, int], view: str) -> None:
    app = stage("notebook", "dark")
    assert snap_compare(app, terminal_size=size, run_before=at("3.4s", VIEWS[view]))


@pytest.mark.parametrize("view", VIEWS)
def test_light(snap_compare: Compare, view: str) -> None:
    app = stage("chat", "light", "batch_size=32")
    assert snap_compare(app, terminal_size=MIDDLE, run_before=at("30s", VIEWS[view]))


def test_without_true_colour(snap_compare: Compare) -> None:
    app = stage("overload", "ansi-16")
    assert snap_compare(app, terminal_size=SMALL, run_before=at("12s", "4"))
