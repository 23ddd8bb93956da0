"""Runs to which more comes than is served: their waits tell how long the trace is."""

from __future__ import annotations

from collections.abc import Iterable

from tui_batching.sim.run import Run

SHARE = 0.1
"""A run is saturated if more than this share of its requests wait when the last one comes."""

_FEW = 200
"""Of fewer requests a burst is as many."""


def waiting_at_last(run: Run) -> int:
    """How many requests still wait for their first token when the last one comes."""
    last = run.requests.arrival_time.max(initial=0)
    return int(((run.first_token_time > last) & (run.requests.arrival_time < last)).sum())


def saturated(runs: Iterable[Run]) -> tuple[str, ...]:
    """A sentence for each Run whose time to first token measures the queue, not the server."""
    return tuple(
        f"{run.strategy.name} is saturated: {waiting:,} of {len(run):,} requests wait for their "
        "first token when the last one comes, so waits and TTFT tell how long the queue has grown"
        for run in runs
        if (waiting := waiting_at_last(run)) > SHARE * len(run) and len(run) >= _FEW
    )
