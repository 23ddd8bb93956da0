"""What the app looks like, at frozen instants. After a change: look, then --snapshot-update."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from stage import EAGER
from textual.pilot import Pilot

from tui_batching.clock import parse_duration
from tui_batching.tui.app import BatchingApp
from tui_batching.tui.chart_pane import ChartPane
from tui_batching.tui.stage import Stage
from tui_batching.tui.timeline import Timeline
from tui_batching.workload import apply_settings, load_workload

Compare = Callable[..., bool]
SMALL, MIDDLE, LARGE = (80, 24), (120, 36), (160, 45)


def stage(workload: str, theme: str, *settings: str) -> BatchingApp:
    """The app, with a clock that stands still."""
    changed = apply_settings(load_workload(workload), settings)
    return BatchingApp(changed, theme, wall=lambda: 0.0, pace=EAGER)


def at(instant: str, *keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Put the playhead at an instant, press keys, and wait until everything is drawn."""

    async def prepare(pilot: Pilot[None]) -> None:
        live = pilot.app.screen
        assert isinstance(live, Stage)
        while live.scene is None:
            await pilot.pause(0.02)
        live.post_message(Timeline.Scrubbed(parse_duration(instant)))
        await pilot.press(*keys)
        await pilot.pause()
        while live.scene is None or any(pane.drawing for pane in live.query(ChartPane)):
            await pilot.pause(0.05)
        await pilot.pause()

    return prepare


@pytest.mark.parametrize("size", [SMALL, MIDDLE, LARGE], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize(
    "instant",
    [
        pytest.param("0s", id="start"),
        pytest.param("1.1s", id="forming"),
        pytest.param("3s", id="held"),
        pytest.param("3.482s", id="prefill"),
        pytest.param("20s", id="end"),
    ],
)
def test_notebook(snap_compare: Compare, size: tuple[int, int], instant: str) -> None:
    assert snap_compare(stage("notebook", "dark"), terminal_size=size, run_before=at(instant))


@pytest.mark.parametrize("theme", ["light", "high-contrast"])
def test_themes(snap_compare: Compare, theme: str) -> None:
    assert snap_compare(stage("notebook", theme), terminal_size=MIDDLE, run_before=at("3s"))


@pytest.mark.parametrize("batch_size", [16, 64])
def test_large_batches(snap_compare: Compare, batch_size: int) -> None:
    app = stage("chat", "dark", f"batch_size={batch_size}", "workload.rate=10")
    assert snap_compare(app, terminal_size=MIDDLE, run_before=at("12s"))


def test_selected_request(snap_compare: Compare) -> None:
    prepare = at("3.6s", *["down"] * 6)
    assert snap_compare(stage("notebook", "dark"), terminal_size=MIDDLE, run_before=prepare)


def test_focused_lane(snap_compare: Compare) -> None:
    assert snap_compare(
        stage("notebook", "dark"), terminal_size=SMALL, run_before=at("3s", "tab", "tab")
    )


def test_help(snap_compare: Compare) -> None:
    assert snap_compare(
        stage("notebook", "dark"), terminal_size=MIDDLE, run_before=at("3s", "question_mark")
    )


def test_workload_picker(snap_compare: Compare) -> None:
    assert snap_compare(stage("notebook", "light"), terminal_size=MIDDLE, run_before=at("3s", "w"))


def test_too_small(snap_compare: Compare) -> None:
    assert snap_compare(stage("notebook", "dark"), terminal_size=(59, 19), run_before=at("3s"))
