"""The app at a frozen instant with everything drawn, for snapshots."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from stage import EAGER, FakeWall, Stage
from textual.pilot import Pilot

from tui_batching.clock import parse_duration
from tui_batching.config import Config
from tui_batching.tui.app import BatchingApp
from tui_batching.workload import apply_settings, load_workload

Compare = Callable[..., bool]
Prepare = Callable[[Pilot[None]], Awaitable[None]]
SMALL, MIDDLE, LARGE = (80, 24), (120, 36), (160, 45)
EACH_SIZE = pytest.mark.parametrize(
    "size", [SMALL, MIDDLE, LARGE], ids=lambda size: f"{size[0]}x{size[1]}"
)


def frozen(workload: str, theme: str, *settings: str) -> BatchingApp:
    """The app, with a clock that stands still."""
    changed = apply_settings(load_workload(workload), settings)
    return BatchingApp(changed, Config(theme=theme), wall=FakeWall(), drawing=EAGER)


def at(instant: str, *keys: str, bars: bool = False) -> Prepare:
    """Put the playhead at an instant, press keys, and wait until everything is drawn.

    The bars (title, tabs, keys) keep their rows, but say nothing there unless they are asked for:
    what they say is no part of a view.
    """

    async def prepare(pilot: Pilot[None]) -> None:
        assert isinstance(pilot.app, BatchingApp)
        stage = Stage(pilot.app, pilot, FakeWall())
        await stage.settled()
        await stage.seek(parse_duration(instant))
        await stage.press(*keys)
        await stage.swept()
        stage.live.query("#title, #tabs, #keys").set(visible=bars)

    return prepare
