"""Running the tasks of a sweep, here or on any executor; the outcome is the same."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor

from tui_batching.analysis.parallel import Progress, run_all
from tui_batching.analysis.sweeps.plan import Plan, plan_sweep
from tui_batching.analysis.sweeps.sweep import Kind, Sweep
from tui_batching.analysis.sweeps.task import run_task
from tui_batching.workload.model import Workload


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
    return plan.finish(run_all(run_task, plan.tasks, executor, progress))
