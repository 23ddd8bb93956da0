"""The views of sweeps. After a change: look, then --snapshot-update."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot

from tui_batching.tui.app import BatchingApp
from tui_batching.tui.chart_pane import DrawnPane
from tui_batching.tui.stage import Stage
from tui_batching.workload import apply_settings, load_workload

Compare = Callable[..., bool]
SMALL, MIDDLE, LARGE = (80, 24), (120, 36), (160, 45)
VIEWS = {"load": "6", "frontier": "7", "batch-size": "8"}


def stage(workload: str, theme: str, *settings: str) -> BatchingApp:
    return BatchingApp(apply_settings(load_workload(workload), settings), theme, wall=lambda: 0.0)


def seen(key: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Open a view, and wait until its sweep is made and drawn."""

    async def prepare(pilot: Pilot[None]) -> None:
        live = pilot.app.screen
        assert isinstance(live, Stage)
        while live.scene is None:
            await pilot.pause(0.02)
        await pilot.press(key)
        await pilot.pause()
        while any(not worker.is_finished for worker in pilot.app.workers) or any(
            pane.drawing for pane in live.query(DrawnPane)
        ):
            await pilot.pause(0.02)
        await pilot.pause()

    return prepare


@pytest.mark.parametrize("size", [SMALL, MIDDLE, LARGE], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("view", VIEWS)
def test_notebook_load(snap_compare: Compare, size: tuple[int, int], view: str) -> None:
    app = stage("notebook-load", "dark")
    assert snap_compare(app, terminal_size=size, run_before=seen(VIEWS[view]))


@pytest.mark.parametrize("view", VIEWS)
def test_light(snap_compare: Compare, view: str) -> None:
    app = stage("chat", "light", "static.batch_size=32", "workload.rate=3")
    assert snap_compare(app, terminal_size=MIDDLE, run_before=seen(VIEWS[view]))


def test_without_true_colour(snap_compare: Compare) -> None:
    app = stage("overload", "ansi-16")
    assert snap_compare(app, terminal_size=SMALL, run_before=seen("6"))


def test_what_cannot_be_swept(snap_compare: Compare) -> None:
    app = stage("summarize-burst", "dark")
    assert snap_compare(app, terminal_size=SMALL, run_before=seen("6"))
