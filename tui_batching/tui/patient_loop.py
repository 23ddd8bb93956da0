"""An event loop in which no time passes while anything is done.

As in the simulations that the app shows, the clock jumps from one instant at which something is
due to the next. So what happens when does not depend on how long the machine takes for it.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

Given = TypeVarTuple("Given")
Outcome = TypeVar("Outcome")


class PatientLoop(asyncio.SelectorEventLoop):
    """Its time, in seconds from zero, passes only where everything waits for it to pass.

    It has one thread: what would be done in another one is done at once.

    Attributes:
        at_work: whether that is being done.
    """

    def __init__(self) -> None:
        self._now = 0.0
        self.at_work = False
        super().__init__(_Selector(self._pass_time))

    def time(self) -> float:
        return self._now

    def _pass_time(self, seconds: float) -> None:
        self._now += seconds

    def run_in_executor(
        self,
        executor: Executor | None,  # noqa: ARG002 - none is needed
        func: Callable[[*Given], Outcome],
        *args: *Given,
    ) -> asyncio.Future[Outcome]:
        """Do it here and now, whatever the executor."""
        outcome: asyncio.Future[Outcome] = self.create_future()
        self.at_work = True
        try:
            outcome.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            outcome.set_exception(error)
        finally:
            self.at_work = False
        return outcome


class _Selector(selectors.DefaultSelector):
    """Lets time pass instead of waiting for it."""

    def __init__(self, pass_time: Callable[[float], None]) -> None:
        super().__init__()
        self._pass_time = pass_time

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, Any]]:
        """What is ready; where nothing is, the time until something is due has passed."""
        if timeout is None:  # nothing will ever be due: only a signal can change that
            return super().select()
        ready = super().select(0)
        if not ready:
            self._pass_time(max(0.0, timeout))
        return ready
