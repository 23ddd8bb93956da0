"""Work that neither holds up the screen nor, at the end, the program."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future
from contextvars import copy_context
from functools import partial
from threading import Thread
from typing import Any, ParamSpec, Protocol, TypeAlias, TypeVar

Parameters = ParamSpec("Parameters")
Outcome = TypeVar("Outcome")


class Cancellable(Protocol):
    """Work under way."""

    def cancel(self) -> None:
        """End it where it waits for something."""
        ...


StartWork: TypeAlias = Callable[[Coroutine[Any, Any, None]], Cancellable]
"""How a plain object gets work done: whoever owns it decides where, and ends it with itself."""


async def aside(
    work: Callable[Parameters, Outcome], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Outcome:
    """Do the work in a thread of its own, as `asyncio.to_thread` does; what it raises is raised.

    The program does not wait for it when it ends: quitting is at once, whatever is computed. So it
    must be work that may be left undone.
    """
    in_context = partial(copy_context().run, work, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_OwnThreads(), in_context)


class _OwnThreads(Executor):
    """Gives each work a thread of its own, for which no end of the program waits."""

    def submit(
        self,
        fn: Callable[Parameters, Outcome],
        /,
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Future[Outcome]:
        """Begin the work."""
        outcome = Future[Outcome]()
        outcome.set_running_or_notify_cancel()  # cancelling ends the waiting, not the work

        def run() -> None:
            try:
                outcome.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                outcome.set_exception(error)

        Thread(target=run, name="aside", daemon=True).start()
        return outcome
