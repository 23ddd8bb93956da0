"""Running the tasks of a sweep, here or on any executor; the outcome is the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor, as_completed
from typing import TypeAlias

from tui_batching.analysis.sweeps.plan import Plan, plan_sweep
from tui_batching.analysis.sweeps.sweep import Kind, Point, Sweep
from tui_batching.analysis.sweeps.task import run_task
from tui_batching.errors import InputError
from tui_batching.workload.model import Workload

Progress: TypeAlias = Callable[[int, int], None]
"""Is told how many tasks are done, of how many."""

WORKERS_LOST = "a process of the sweep was ended from outside, perhaps for want of memory"


def sweep(
    workload: Workload,
    kind: Kind,
    values: Sequence[float] | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Sweep:
    """Serve a workload with one of its parameters at several values.

    Args:
        workload: what is served.
        kind: what is varied: `load`, `batch-size` or `timeout`.
        values: see `plan_sweep`.
        executor: where the tasks run, such as a `ProcessPoolExecutor`; None runs them here.
        progress: is told how many tasks are done, of how many; what it raises cancels the rest.

    Raises:
        InputError: if there is nothing to vary, a value is out of its range, or the workload
            cannot be simulated there.
    """
    return run_sweep(plan_sweep(workload, kind, values), executor, progress)


def run_sweep(
    plan: Plan, executor: Executor | None = None, progress: Progress | None = None
) -> Sweep:
    """Run the tasks of a plan; see `sweep`."""
    told = progress or _tell_nobody
    if executor is None:
        return plan.finish(_run_here(plan, told))
    return plan.finish(_run_on(executor, plan, told))


def _run_here(plan: Plan, progress: Progress) -> list[tuple[Point, ...]]:
    outcomes: list[tuple[Point, ...]] = []
    for task in plan.tasks:
        outcomes.append(run_task(task))
        progress(len(outcomes), len(plan.tasks))
    return outcomes


def _run_on(executor: Executor, plan: Plan, progress: Progress) -> list[tuple[Point, ...]]:
    futures = [executor.submit(run_task, task) for task in plan.tasks]
    try:
        for done, future in enumerate(as_completed(futures), 1):
            future.result()  # the first error ends the sweep
            progress(done, len(futures))
    except BrokenExecutor:
        raise InputError(WORKERS_LOST) from None
    finally:
        for future in futures:
            future.cancel()
    return [future.result() for future in futures]


def _tell_nobody(done: int, total: int) -> None:
    """Progress that nobody watches."""
