"""`simulate`: the one way from a workload to a Run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_batching.errors import InputError
from tui_batching.sim.run import Run

if TYPE_CHECKING:
    from tui_batching.strategies.strategy import Strategy
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
    return strategy.serve(requests, workload.cost)
