"""`simulate`: the one way from a workload to a Run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tui_batching.errors import InputError
from tui_batching.sim.run import Run
from tui_batching.workload.serving import find_strategy, refuse_no_workload

if TYPE_CHECKING:
    from tui_batching.strategies.strategy import Strategy
    from tui_batching.workload.model import Workload


def simulate(workload: Workload, strategy: Strategy | str) -> Run:
    """Serve the workload's requests with one strategy; pure, exact and repeatable.

    The rules are told in `tui_batching.sim`.

    Args:
        workload: what arrives, what it costs, and which limits are to be kept.
        strategy: who serves; of a name, with the parameters that the workload gives it, or else
            those by default.

    Raises:
        InputError: if there is no such strategy, if it cannot serve the workload, or if the
            workload has no requests or would last beyond the clock's 106 days.
    """
    refuse_no_workload(workload)
    chosen = find_strategy(workload, strategy)
    requests = workload.requests
    if not len(requests):
        raise InputError(f"{workload.name}: expected at least one request")
    run = chosen.serve(requests, workload.cost)
    return replace(run, slo=workload.slo) if workload.slo else run
