"""What was full on a server while somebody waited: its slots, or its memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tui_batching.columns import BoolArray, FloatArray, IntArray
from tui_batching.measured.server_log import ServerLog

_FEWEST = 20
"""Instants with somebody waiting that tell something."""

_MOST = 1000
"""Instants that are looked at."""

_WAITS = 2
"""Requests that wait at least: a single one may just have come, and wait for its turn alone."""


@dataclass(frozen=True)
class ServerLimits:
    """What a log tells of a server's limits.

    Attributes:
        most_running: at once, as far as the log tells.
        slots: how many there are, where they were what was full; else None.
        kv_cache_tokens: likewise of memory.
    """

    most_running: int
    slots: int | None
    kv_cache_tokens: int | None


def limits_of(log: ServerLog, timed: BoolArray | None = None) -> ServerLimits:
    """What was full while requests waited: what was then always about the same.

    Requests run from when they are scheduled, or else from their first token on. While slots are
    full their number stays; while memory is full it falls as contexts grow, but the tokens held
    stay. Those who were evicted count as running, so that at times it looks like a few more: the
    median is what fits.

    Args:
        log: what was measured.
        timed: the requests whose times may be used; None for all.
    """
    known = log.measured if timed is None else log.measured & timed
    if not known.any():
        return ServerLimits(0, None, None)
    arrival, finish = log.requests.arrival_time[known], log.finish_time[known]
    begun = (log.first_token_time if log.scheduled is None else log.scheduled)[known]
    instants = np.unique(np.concatenate((begun, finish)))
    running = _count(begun, instants) - _count(finish, instants)
    waiting = _count(arrival, instants) - _count(begun, instants)
    most = int(running.max())
    crowded = waiting >= _WAITS
    if crowded.sum() < _FEWEST:
        return ServerLimits(most, None, None)
    looked = np.flatnonzero(crowded)
    looked = looked[:: max(1, len(looked) // _MOST)]
    held = _held(log, known, begun, instants[looked])
    ran = running[looked].astype(np.float64)
    if _spread(ran) <= _spread(held):
        return ServerLimits(most, most, None)
    return ServerLimits(most, None, round(float(np.median(held))))


def _count(times: IntArray, instants: IntArray) -> IntArray:
    """How many of these times are past at each instant, itself included."""
    return np.searchsorted(np.sort(times), instants, side="right")


def _held(log: ServerLog, known: BoolArray, begun: IntArray, instants: IntArray) -> FloatArray:
    """Tokens in the cache at each instant: prompts, and answers as if made evenly."""
    first, finish = log.first_token_time[known], log.finish_time[known]
    prompts, answers = log.requests.input_tokens[known], log.requests.output_tokens[known]
    held = np.empty(len(instants))
    for row, instant in enumerate(instants):
        here = np.flatnonzero((begun <= instant) & (instant < finish))
        lasted = np.maximum(finish[here] - first[here], 1)
        made = np.clip((instant - first[here]) / lasted, 0, 1) * answers[here]
        held[row] = (prompts[here] + made).sum()
    return held


def _spread(values: FloatArray) -> float:
    """How far apart most values are, as a share of the middle one; endless where that is zero."""
    low, middle, high = np.quantile(values, (0.1, 0.5, 0.9))
    return float((high - low) / middle) if middle else np.inf
