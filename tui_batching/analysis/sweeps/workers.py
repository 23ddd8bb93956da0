"""Processes for long sweeps: started when they are first needed, gone when they are not."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from functools import partial
from multiprocessing import active_children, get_context, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from threading import RLock, Thread
from typing import Any, Self

SMALL = 500_000
"""Requests to serve, over all tasks, below which starting processes takes longer than serving:
half a second."""


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
        self._feeder: _Feeder | None = None
        self._leash: Connection | None = None
        self._others: frozenset[BaseProcess] = frozenset()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def executor_for(self, requests_served: int) -> Executor | None:
        """Where to run so much work; None where it is best done here."""
        return None if requests_served < SMALL else self.processes()

    def processes(self) -> Executor:
        """The pool."""
        if self._feeder is None:
            context = get_context("spawn")
            # It passes on the file of sys.stderr, which is none where an app has replaced it.
            with contextlib.redirect_stderr(sys.__stderr__):
                resource_tracker.ensure_running()
            self._others = frozenset(active_children())
            self._leash, end = context.Pipe()
            pool = ProcessPoolExecutor(self._jobs, context, _begin, (end,))
            self._feeder = _Feeder(pool, self._jobs + 1)
        return self._feeder

    def stop(self) -> None:
        """End the processes at once, whatever they are doing, and wait until they are gone."""
        if self._feeder is not None and self._leash is not None:
            self._leash.close()
            for process in set(active_children()) - self._others:
                process.kill()  # one that is still starting does not know its leash yet
            self._feeder.shutdown(cancel_futures=True)
            self._feeder = self._leash = None


class _Feeder(Executor):
    """Gives a pool a few tasks at a time, so that those behind them can be cancelled.

    In the pool itself nothing is ever cancelled: a pool whose processes leave fails on a task that
    is, and then never ends (mended in later versions of Python).
    """

    def __init__(self, pool: ProcessPoolExecutor, most: int) -> None:
        self._pool = pool
        self._free = most
        self._queue: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._lock = RLock()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run a function in a process, after what was submitted before."""
        future: Future[Any] = Future()
        with self._lock:
            self._queue.append((future, partial(fn, *args, **kwargs)))
        self._feed()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more tasks; see `Executor.shutdown`."""
        with self._lock:
            if cancel_futures:
                for future, _ in self._queue:
                    future.cancel()
        self._pool.shutdown(wait)

    def _feed(self) -> None:
        """Pass on as many tasks as the pool should have."""
        with self._lock:
            while self._free and self._queue:
                future, work = self._queue.popleft()
                if future.set_running_or_notify_cancel():
                    try:
                        with _without_ctrl_c():
                            passed_on = self._pool.submit(work)
                    except RuntimeError as error:  # the pool is gone
                        future.set_exception(error)
                    else:
                        self._free -= 1
                        passed_on.add_done_callback(partial(self._finish, future))

    def _finish(self, future: Future[Any], passed_on: Future[Any]) -> None:
        with self._lock:
            self._free += 1
        error = passed_on.exception()
        if error is None:
            future.set_result(passed_on.result())
        else:
            future.set_exception(error)
        self._feed()


@contextlib.contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """Start a process: Ctrl-C waits until it is whole, and it does not hear it before `_begin`.

    Otherwise it would tell of it in lines that nobody wants to read.
    """
    came: list[int] = []
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # which it inherits
    ours = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, lambda number, _: came.append(number)) if ours else None
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGINT, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if came:
            signal.raise_signal(signal.SIGINT)


def _begin(leash: Connection) -> None:
    """Prepare a process: it leaves with its leash and leaves Ctrl-C to the one that holds it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_leave_with, args=(leash,), daemon=True).start()


def _leave_with(leash: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        leash.recv()
    os._exit(0)
