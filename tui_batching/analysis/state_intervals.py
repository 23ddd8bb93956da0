"""What each request does in its slot, as intervals of time without a gap."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from tui_batching.clock import Picoseconds
from tui_batching.columns import IntArray
from tui_batching.sim.life import State
from tui_batching.sim.run import Run
from tui_batching.sim.spans import Spans


class StateInterval(NamedTuple):
    """An interval of one request's time in its slot; never empty."""

    state: State
    start: Picoseconds
    end: Picoseconds


def state_intervals(run: Run, stays: IntArray) -> Iterator[list[StateInterval]]:
    """For each of these stays its intervals, from `start_time` to `end_time` without a gap.

    Where no iteration is mixed, their lengths add up to the parts that `breakdown` tells: those of
    `decode` to decode and sharing together, the others each to its own. A request is stalled
    wherever iterations go by without it.
    """
    begins, ends = _decoding(run.spans)
    start, until, end = (
        run.stays.start_time[stays],
        run.decoded_until[stays],
        run.stays.end_time[stays],
    )
    ready = np.minimum(run.stays.ready_time[stays], until)
    first = np.searchsorted(ends, ready, side="right")
    after = np.searchsorted(begins, until, side="left")
    prefills = run.prefills
    chunks = (prefills.first[stays], prefills.first[stays + 1])
    columns = (start, ready, until, end, run.again[stays], first, after, *chunks)
    for told in zip(*(column.tolist() for column in columns), strict=True):
        begun, own, done, released, is_again, one, other, chunk, beyond = told
        computing = State.RECOMPUTE if is_again else State.PREFILL
        at_work = [
            StateInterval(computing, at, at + length)
            for at, length in zip(
                prefills.start[chunk:beyond].tolist(),
                prefills.length[chunk:beyond].tolist(),
                strict=True,
            )
        ]
        if done > own:
            steps = zip(begins[one:other].tolist(), ends[one:other].tolist(), strict=True)
            at_work += [StateInterval(State.DECODE, max(a, own), min(b, done)) for a, b in steps]
        intervals = list(_with_stalls(at_work, begun, done))
        if released > done:
            intervals.append(StateInterval(State.HELD, done, released))
        yield intervals


def _with_stalls(
    at_work: list[StateInterval], start: Picoseconds, end: Picoseconds
) -> Iterator[StateInterval]:
    """The intervals, and between them the time in which the request is stalled."""
    now = start
    for interval in at_work:
        if interval.start > now:
            yield StateInterval(State.STALLED, now, interval.start)
        yield interval
        now = interval.end
    if end > now:
        yield StateInterval(State.STALLED, now, end)


def _decoding(spans: Spans) -> tuple[IntArray, IntArray]:
    """When the server begins and ceases to decode; spans that follow at once count as one."""
    rows = np.flatnonzero(spans.decoding)
    begins, ends = spans.start[rows], spans.end[rows]
    apart = begins[1:] > ends[:-1]
    return begins[np.r_[True, apart][: len(rows)]], ends[np.r_[apart, True][: len(rows)]]
