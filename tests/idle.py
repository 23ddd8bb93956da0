"""When the app has nothing left to do: found out exactly, not by how little it computes.

After every key of a test Textual waits for 20 ms in which the process computes less than one. That
is slow, and on a busy machine it is wrong: there a process computes little because others do. Here
a test goes on when nothing is ready in the event loop any more, and the screen has been updated,
which a timer does. How Textual does it was read in its version 8.2.8.
"""

from __future__ import annotations

import asyncio

import pytest
from textual import app, pilot, screen

UPDATE_SECONDS = 0.001
LONGEST_SECONDS = 10.0
"""An app that never comes to rest is not waited for any longer."""


async def wait_for_idle(_: float = 0, __: float = 0) -> None:
    """Let the app do all that it can do without a thread and without a longer time passing."""
    loop = asyncio.get_running_loop()
    until = loop.time() + LONGEST_SECONDS
    while True:
        await asyncio.sleep(3 * UPDATE_SECONDS)
        if not loop._ready or loop.time() > until:
            break


def wait_exactly(patch: pytest.MonkeyPatch) -> None:
    """Wait so in all that Textual offers to tests."""
    patch.setattr(screen, "UPDATE_PERIOD", UPDATE_SECONDS)
    patch.setattr(app, "wait_for_idle", wait_for_idle)
    patch.setattr(pilot, "wait_for_idle", wait_for_idle)
