"""When the app has nothing left to do: found out exactly, not by how little it computes.

Textual 8.2.8 waits after every key of a test for 20 ms in which the process computes less than
one. That is slow, and on a busy machine it is wrong: there a process computes little because
others do. Here a test goes on when nothing is ready in the event loop any more, and the time
between two updates of the screen, which are made by a timer, is short and has passed.
"""

from __future__ import annotations

import asyncio

import pytest
from textual import app, pilot, screen

UPDATE_SECONDS = 0.001


async def wait_for_idle(_: float = 0, __: float = 1) -> None:
    """Let the app do all that it can do without waiting for a thread or a longer time."""
    ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
    while True:
        await asyncio.sleep(3 * UPDATE_SECONDS)
        if not ready:
            break


def be_exact(patch: pytest.MonkeyPatch) -> None:
    """Wait so in all that Textual offers to tests."""
    patch.setattr(screen, "UPDATE_PERIOD", UPDATE_SECONDS)
    patch.setattr(app, "wait_for_idle", wait_for_idle)
    patch.setattr(pilot, "wait_for_idle", wait_for_idle)
