"""When not to trust a simulation of a log, and why an error is what it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tui_batching.analysis.saturated import SHARE
from tui_batching.analysis.warnings import warnings
from tui_batching.clock import HORIZON, MILLISECOND, SECOND, format_duration
from tui_batching.measured.accuracy import BOUNDED, TimeError
from tui_batching.measured.server import Server
from tui_batching.measured.server_log import ServerLog
from tui_batching.sim.run import Run

GOAL, GOAL_P90 = 0.02, 0.05
"""Errors beyond these are told with what may be their cause."""

_ONE_IN = 100
"""Of so many requests, p99 is one."""

_LATER, _LATER_FIRST_TOKEN = 200 * MILLISECOND, SECOND
"""So much earlier than who was there before is more than clocks that differ.

Without the times at which requests were taken up, prompts may also be of other lengths.
"""

_FEWEST_PASSED, _SHARE_PASSED = 5, 0.01
"""Of one server none is passed so; a few may be told wrong."""


def doubts(log: ServerLog, run: Run, server: Server) -> tuple[str, ...]:
    """What is to be doubted of a Run of a log's requests, a sentence each."""
    told = [warned.sentence for warned in warnings([run])]
    of_log = (*_of_load(log), *_of_length(log), *_of_order(log))
    return (*told, *_of_memory(run), *of_log, *server.unlike)


def causes(errors: Sequence[TimeError], run: Run) -> tuple[str, ...]:
    """Of each error beyond the goal, what may be its cause."""
    beyond = [error for error in errors if abs(error.error) > _goal(error)]
    told = [_cause(error) for error in beyond]
    evictions = int(run.evictions.sum())
    if beyond and evictions:
        told.append(
            f"{evictions:,} evictions are simulated: who is evicted, and so waits or computes "
            "again, hangs on single tokens, and single requests decide the tails"
        )
    return tuple(told)


def _goal(error: TimeError) -> float:
    return GOAL if error.statistic in BOUNDED else GOAL_P90


def _cause(error: TimeError) -> str:
    name, off = f"{error.measure} {error.statistic}", f"{error.error:+.1%}"
    between = f"{error.low:+.1%} to {error.high:+.1%}"
    if error.low <= 0 <= error.high:
        return (
            f"{name} is off by {off}, which other draws of these requests make {between}: too "
            "few requests lie there to tell it from none"
        )
    return f"{name} is off by {off} ({between}): more than chance: the rules or the prices are"


def _of_memory(run: Run) -> Iterator[str]:
    if run.kv is None and run.strategy.heeds_memory:
        yield (
            "the KV memory is not known, and simulated as without end: if the server's was full, "
            "set kv_cache_tokens"
        )


def _of_load(log: ServerLog) -> Iterator[str]:
    arrival = log.requests.arrival_time
    begun = np.where(log.measured, log.first_token_time, 0)
    waiting = int((log.measured & (begun > arrival[-1])).sum())
    if waiting > SHARE * len(log):
        yield (
            f"the run is saturated: {waiting:,} of {len(log):,} requests wait for their first "
            "token when the last one comes, so TTFT measures the queue, not the engine"
        )


def _of_length(log: ServerLog) -> Iterator[str]:
    count = int(log.measured.sum())
    if count <= _ONE_IN:
        yield f"the run is short: of {count:,} requests p99 is a single one"


def _of_order(log: ServerLog) -> Iterator[str]:
    """An engine takes requests up in order; each of several servers does so with its own alone."""
    known = log.measured
    arrival = log.requests.arrival_time[known]
    if log.scheduled is None:
        begun, later = log.first_token_time[known], _LATER_FIRST_TOKEN
    else:
        begun, later = log.scheduled[known], _LATER
    soonest = np.append(np.minimum.accumulate(begun[::-1])[::-1], HORIZON)
    next_begun = soonest[np.searchsorted(arrival, arrival + later, side="right")]
    passed = int((next_begun < begun - later).sum())
    if passed >= max(_FEWEST_PASSED, _SHARE_PASSED * known.sum()):
        yield (
            f"{passed:,} requests waited on while others were taken up that came over "
            f"{format_duration(later)} later, which no engine here does: is this the log of "
            "several servers, or of one with priorities?"
        )
