"""What a room sees of the tour. After a change: look, then --snapshot-update."""

from __future__ import annotations

import pytest
from frozen import LARGE, Compare, at
from stage import EAGER, FakeWall
from tour import TOUR

from tui_batching.config import Config
from tui_batching.tui.app import BatchingApp


def presented() -> BatchingApp:
    """The app with the tour, and a clock that stands still."""
    app = BatchingApp(
        TOUR.chapters[0].workload, Config(theme="dark"), wall=FakeWall(), drawing=EAGER
    )
    app.present(TOUR)
    return app


@pytest.mark.parametrize("size", [(100, 30), LARGE], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("number", [2, 6, 13])
def test_chapter(snap_compare: Compare, size: tuple[int, int], number: int) -> None:
    pages = ["pagedown"] * (number - 1)
    assert snap_compare(presented(), terminal_size=size, run_before=at("0s", *pages))
