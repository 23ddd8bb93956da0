"""The loop of recordings: no time passes while anything is done."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from tui_batching.tui.background import aside
from tui_batching.tui.patient_loop import PatientLoop

T = TypeVar("T")
HOUR = 3600.0


def run(main: Callable[[], Awaitable[T]]) -> T:
    with asyncio.Runner(loop_factory=PatientLoop) as runner:
        return runner.run(main())


def test_hours_pass_at_once_and_in_order():
    woken = []

    async def sleep(hours: float) -> None:
        await asyncio.sleep(hours * HOUR)
        woken.append((hours, asyncio.get_running_loop().time()))

    async def main() -> None:
        await asyncio.gather(sleep(2), sleep(0.5), sleep(1))

    began = time.monotonic()
    run(main)
    assert woken == [(0.5, 0.5 * HOUR), (1, HOUR), (2, 2 * HOUR)]
    assert time.monotonic() - began < 0.5 * HOUR


def test_work_takes_no_time_however_long_it_takes():
    async def main() -> float:
        await aside(time.sleep, 0.05)
        await asyncio.to_thread(time.sleep, 0.05)
        return asyncio.get_running_loop().time()

    assert run(main) == 0


def test_what_is_done_aside_is_done_in_the_same_thread():
    async def main() -> threading.Thread:
        return await aside(threading.current_thread)

    assert run(main) is threading.current_thread()


def test_what_work_aside_raises_is_raised():
    async def main() -> None:
        await aside(int, "no number")

    with pytest.raises(ValueError, match="no number"):
        run(main)
