"""Executors: where long work is done. Here, in processes of this machine, or on a Dask cluster.

`run_all` does the same work on many inputs on any of them, and the outcome is the same.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    as_completed,
)
from contextlib import contextmanager
from functools import partial
from multiprocessing import active_children, get_context, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from threading import RLock, Thread
from typing import Any, Self, TypeAlias, TypeVar

from tui_batching.errors import InputError

Input = TypeVar("Input")
Outcome = TypeVar("Outcome")

CountDone: TypeAlias = Callable[[int, int], None]
"""Is told how many inputs are done, of how many, first of none; what it raises cancels the rest."""

SMALL = 500_000
"""Requests to serve, over all inputs, below which starting processes takes longer than serving:
half a second."""

PATIENCE_SECONDS = 5
"""How long a cluster's scheduler may take to answer, and then to have a worker."""


def run_all(
    work: Callable[[Input], Outcome],
    inputs: Sequence[Input],
    executor: Executor | None = None,
    progress: CountDone | None = None,
) -> list[Outcome]:
    """The outcome of the work on each input, in the order of the inputs.

    Args:
        work: a module's function, so that it can be sent to another process.
        inputs: what to send to it.
        executor: where to work, such as a `ProcessPoolExecutor`; None works here.
        progress: is told before the first input and after each.

    Raises:
        BrokenExecutor: if the executor is gone; what the work raises is raised here.
    """
    if progress:
        progress(0, len(inputs))
    if executor is None:
        return _here(work, inputs, progress)
    futures = [executor.submit(work, each) for each in inputs]
    try:
        for done, future in enumerate(as_completed(futures), 1):
            future.result()  # the first error ends it all
            if progress:
                progress(done, len(futures))
    finally:
        for future in futures:
            future.cancel()
    return [future.result() for future in futures]


def _here(
    work: Callable[[Input], Outcome], inputs: Sequence[Input], progress: CountDone | None
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for each in inputs:
        outcomes.append(work(each))
        if progress:
            progress(len(outcomes), len(inputs))
    return outcomes


class OwnTasks(Executor):
    """One user's part of an executor that others use as well: only their own is cancelled."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._futures: list[Future[Any]] = []
        self._cancelled = False
        self._lock = RLock()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Pass a task on, unless all is cancelled."""
        with self._lock:
            future = self._executor.submit(fn, *args, **kwargs)
            self._futures.append(future)
            if self._cancelled:
                future.cancel()
        return future

    def cancel(self) -> None:
        """Cancel what has not begun, and what is still submitted."""
        with self._lock:
            self._cancelled = True
            for future in self._futures:
                future.cancel()


@contextmanager
def process_executor(jobs: int | None, requests_served: int) -> Iterator[Executor | None]:
    """Processes of this machine; None for work that is best done here.

    Args:
        jobs: how many processes; None takes one for each processor.
        requests_served: how much work there is.

    Raises:
        InputError: if one of the processes is ended from outside.
    """
    with Workers(jobs) as workers:
        try:
            yield None if jobs == 1 else workers.executor_for(requests_served)
        except BrokenExecutor:
            raise InputError(
                "a process was ended from outside, perhaps for want of memory; --jobs 1 needs less"
            ) from None


@contextmanager
def dask_executor(address: str) -> Iterator[Executor]:
    """The workers of a cluster, on which this package must be installed as well.

    The work of one that is lost goes to another; nothing is kept on the cluster afterwards.

    Args:
        address: of its scheduler, such as `tcp://node7:8786`.

    Raises:
        InputError: if Dask is not installed, or the cluster cannot be reached, has no workers, or
            cannot do the work.
    """
    try:
        from distributed import Client, KilledWorker  # noqa: PLC0415 - optional, and slow to load
    except ImportError:
        raise InputError(
            "found no Dask, which --dask needs: pip install 'tui-batching[dask]'"
        ) from None
    try:
        client = Client(address, timeout=PATIENCE_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError):
        raise InputError(
            f"--dask: found no scheduler at {address!r}, expected a running one as tcp://HOST:PORT"
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE_SECONDS)
        except TimeoutError:
            raise InputError(
                f"--dask: found no worker at {address!r}, expected at least one"
            ) from None
        try:
            yield client.get_executor(pure=False)
        except (KilledWorker, CancelledError):
            raise InputError(
                f"--dask: the cluster at {address!r} was lost, or its workers died of the work"
            ) from None
        except ImportError as error:
            raise InputError(
                f"--dask: the workers at {address!r} need tui-batching installed ({error})"
            ) from None


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


@contextmanager
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
