"""Processes for long sweeps: started when they are first needed, gone when they are not."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection
from threading import Thread
from typing import Self

SMALL = 200_000
"""Requests to serve, over all tasks, below which starting processes takes longer than serving."""


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Workers:
    """A pool of processes, made on first use.

    They are spawned, not forked: a fork copies one thread of several, and what the others held
    stays locked. Each holds the end of a pipe whose other end only this process has, and leaves
    at once when that closes, be it by `stop` or because this process is no more.

    Args:
        jobs: how many processes; None takes one for each processor.
    """

    def __init__(self, jobs: int | None = None) -> None:
        self._jobs = jobs or cores()
        self._pool: ProcessPoolExecutor | None = None
        self._leash: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def executor_for(self, requests_served: int) -> Executor | None:
        """Where to run so much work; None where it is best done here."""
        return None if requests_served < SMALL else self.processes()

    def processes(self) -> Executor:
        """The pool."""
        if self._pool is None:
            context = get_context("spawn")
            # It passes on the file of sys.stderr, which is none where an app has replaced it.
            with contextlib.redirect_stderr(sys.__stderr__):
                resource_tracker.ensure_running()
            self._leash, end = context.Pipe()
            self._pool = ProcessPoolExecutor(self._jobs, context, _begin, (end,))
        return self._pool

    def stop(self) -> None:
        """End the processes at once, whatever they are doing, and wait until they are gone."""
        if self._pool is not None and self._leash is not None:
            self._leash.close()
            self._pool.shutdown(cancel_futures=True)
            self._pool = self._leash = None


def _begin(leash: Connection) -> None:
    """Prepare a process: it leaves with its leash and leaves Ctrl-C to the one that holds it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_leave_with, args=(leash,), daemon=True).start()


def _leave_with(leash: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        leash.recv()
    os._exit(0)
