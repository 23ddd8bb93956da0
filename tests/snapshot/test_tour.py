"""What a room sees of the tour. After a change: look, then --snapshot-update."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from stage import EAGER
from textual.pilot import Pilot
from tour import TOUR

from tui_batching.tui.app import BatchingApp
from tui_batching.tui.chart_pane import ChartPane
from tui_batching.tui.stage import Stage

Compare = Callable[..., bool]


def tour() -> BatchingApp:
    """The app with the tour, and a clock that stands still."""
    app = BatchingApp(TOUR.chapters[0].workload, "dark", wall=lambda: 0.0, pace=EAGER)
    app.present(TOUR)
    return app


def chapter(number: int) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Turn to a chapter, and wait until it is on stage."""

    async def prepare(pilot: Pilot[None]) -> None:
        live = pilot.app.screen
        assert isinstance(live, Stage)
        while live.scene is None:
            await pilot.pause(0.02)
        await pilot.press(*["pagedown"] * (number - 1))
        await pilot.pause()
        while any(worker.group == "simulate" for worker in pilot.app.workers):
            await pilot.pause(0.02)
        await pilot.pause()
        while any(pane.drawing for pane in live.query(ChartPane)):
            await pilot.pause(0.05)
        await pilot.pause()

    return prepare


@pytest.mark.parametrize("size", [(100, 30), (160, 45)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("number", [2, 6, 13])
def test_chapter(snap_compare: Compare, size: tuple[int, int], number: int) -> None:
    assert snap_compare(tour(), terminal_size=size, run_before=chapter(number))
