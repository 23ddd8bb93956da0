"""A log served again by simulation, measured beside simulated."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tui_batching.cost import Cost
from tui_batching.measured.accuracy import (
    BOUNDED,
    TimeError,
    WorstRequest,
    errors_of,
    worst_requests,
)
from tui_batching.measured.counts import Counts, counts_measured, counts_simulated
from tui_batching.measured.doubts import causes, doubts
from tui_batching.measured.server import Server
from tui_batching.measured.server_log import ServerLog
from tui_batching.sim.run import Run

WORST = 5
"""Requests that are told by default."""


@dataclass(frozen=True, eq=False)
class Replay:
    """Measured against simulated.

    Attributes:
        log: what was measured.
        server: whose times they are.
        run: of the log's requests.
        errors: of all measured requests.
        worst: the requests whose latency is farthest off.
        counted: how many ran and waited, measured and simulated at the same instants; None where
            the log does not tell.
        doubts: when not to trust this, and why errors are what they are, in sentences.
    """

    log: ServerLog
    server: Server
    run: Run
    errors: tuple[TimeError, ...]
    worst: tuple[WorstRequest, ...]
    counted: tuple[Counts, Counts] | None
    doubts: tuple[str, ...]

    def beyond(self, bound: float) -> tuple[TimeError, ...]:
        """The errors of mean, p50 and p99 that are larger than a share."""
        return tuple(
            error
            for error in self.errors
            if error.statistic in BOUNDED and abs(error.error) > bound
        )


def replay(log: ServerLog, path: Path, server: Server, cost: Cost) -> Replay:
    """Serve the requests of a log, and compare.

    Args:
        log: what was measured.
        path: its file; the counts beside it are read.
        server: whose times they are.
        cost: what an iteration costs.

    Raises:
        InputError: if the engine cannot serve the log, or the counts are not as expected.
    """
    run = server.engine.serve(log.requests, cost)
    errors = errors_of(log, run, np.full(len(log), fill_value=True))
    measured = counts_measured(log, path, server)
    return Replay(
        log=log,
        server=server,
        run=run,
        errors=errors,
        worst=tuple(worst_requests(log, run, WORST)),
        counted=(measured, counts_simulated(run, measured.instants)) if measured else None,
        doubts=(*doubts(log, run, server), *causes(errors, run)),
    )
