"""`simulate`: the one way from a workload to a Run."""

from __future__ import annotations

from tui_batching.errors import InputError
from tui_batching.sim.iteration_level import run_continuous
from tui_batching.sim.request_level import run_dynamic, run_static
from tui_batching.sim.run import Run
from tui_batching.strategy import Continuous, Dynamic, Static, Strategy
from tui_batching.workload.model import Workload


def simulate(workload: Workload, strategy: Strategy) -> Run:
    """Serve the workload's requests with one strategy; pure, exact and repeatable.

    The rules are told in `tui_batching.sim`.

    Raises:
        InputError: if the workload has no requests, or would last beyond the clock's 106 days.
    """
    requests = workload.requests
    if not len(requests):
        raise InputError(f"{workload.name}: expected at least one request")
    match strategy:
        case Static():
            return run_static(requests, workload.cost, strategy)
        case Dynamic():
            return run_dynamic(requests, workload.cost, strategy)
        case Continuous():
            return run_continuous(requests, workload.cost, strategy)
