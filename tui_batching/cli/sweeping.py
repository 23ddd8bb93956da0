"""Sweeps as other commands than `sweep` need them: over the usual values, on all cores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_batching.analysis.sweeps import Kind, Sweep, Workers, plan_sweep, run_sweep
from tui_batching.cli.progress import Report
from tui_batching.workload import Workload

FIRST_WORKLOADS: Mapping[Kind, str] = {
    "load": "notebook-load",
    "batch-size": "notebook-batch-size",
    "timeout": "notebook",
}
"""What is swept where no workload is named."""


def usual_sweeps(workload: Workload, kinds: Sequence[Kind], report: Report) -> list[Sweep]:
    """One sweep of each kind.

    Raises:
        InputError: if the workload has nothing to vary or cannot be simulated there.
    """
    plans = [plan_sweep(workload, kind) for kind in kinds]
    served = sum(plan.requests_served for plan in plans)
    found: list[Sweep] = []
    with Workers() as workers:
        for plan in plans:
            report(f"{plan.kind}, {len(plan.tasks)} times {len(workload.requests):,} requests")
            found.append(run_sweep(plan, workers.executor_for(served)))
    return found
