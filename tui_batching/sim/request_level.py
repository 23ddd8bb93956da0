"""Request-level scheduling: a batch forms, runs until its longest member is done, then the next.

Static and dynamic batching differ only in when a batch forms, so each has a rule that says where
batches begin and when they start; everything else about them is shared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tui_batching.clock import HORIZON
from tui_batching.columns import IntArray, freeze
from tui_batching.cost import LinearCost
from tui_batching.sim.forming import dynamic_batches, starts_in_a_row
from tui_batching.sim.horizon import refuse_beyond_horizon, step_times_up_to
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind, Spans, Timeline
from tui_batching.strategy import Dynamic, Static
from tui_batching.workload.model import Requests


@dataclass(frozen=True, eq=False)
class _Batches:
    """Batches of consecutive requests, one row a batch.

    Attributes:
        first: row of the first member.
        size: number of members.
        prefill: time of the joint prefill, that of the longest prompt, in picoseconds.
        steps: decode steps, the longest answer in tokens.
        step_time: of one decode step, billed for all members, in picoseconds.
    """

    first: IntArray
    size: IntArray
    prefill: IntArray
    steps: IntArray
    step_time: IntArray

    @property
    def service(self) -> IntArray:
        """From start to end of each batch, in picoseconds."""
        return self.prefill + self.steps * self.step_time


def run_static(requests: Requests, cost: LinearCost, strategy: Static) -> Run:
    """Serve the requests `batch_size` at a time, in arrival order."""
    batches = _batches(requests, cost, np.arange(0, len(requests), strategy.batch_size))
    return _serve(requests, cost, strategy, batches, _static_starts(requests, batches))


def run_dynamic(requests: Requests, cost: LinearCost, strategy: Dynamic) -> Run:
    """Serve the requests in batches that start when full or when the timeout passes."""
    first, start = dynamic_batches(requests, cost, strategy)
    return _serve(requests, cost, strategy, _batches(requests, cost, first), start)


def _batches(requests: Requests, cost: LinearCost, first: IntArray) -> _Batches:
    """Cut the requests into batches before each row of `first`."""
    size = np.diff(first, append=len(requests))
    step_times = step_times_up_to(int(size.max()), cost)
    return _Batches(
        first=first,
        size=size,
        prefill=np.maximum.reduceat(cost.prefill_times(requests.input_tokens), first),
        steps=np.maximum.reduceat(requests.output_tokens, first),
        step_time=step_times[size],
    )


def _static_starts(requests: Requests, batches: _Batches) -> IntArray:
    """A batch starts once its last member is there and the server is free."""
    ready = requests.arrival_time[batches.first + batches.size - 1]
    work = batches.steps.astype(np.float64) * batches.step_time + batches.prefill
    if float(work.sum()) + float(ready[-1]) > 0.99 * HORIZON:  # floats are a little coarse
        _refuse_beyond_horizon(ready, batches)
    return starts_in_a_row(ready, batches.service, 0)


def _refuse_beyond_horizon(ready: IntArray, batches: _Batches) -> None:
    """The same rule batch by batch, on Python's integers, which never overflow."""
    end = 0
    columns = (ready, batches.prefill, batches.steps, batches.step_time)
    for there, prefill, steps, step_time in zip(*(c.tolist() for c in columns), strict=True):
        end = max(end, there) + prefill + steps * step_time
    refuse_beyond_horizon(end)


def _serve(
    requests: Requests,
    cost: LinearCost,
    strategy: Static | Dynamic,
    batches: _Batches,
    batch_start: IntArray,
) -> Run:
    """Write the Run of batches whose members and starts are known."""

    def to_members(column: IntArray) -> IntArray:
        return np.repeat(column, batches.size)

    start = to_members(batch_start)
    decode_start, step_time = start + to_members(batches.prefill), to_members(batches.step_time)
    return Run(
        strategy=strategy,
        cost=cost,
        requests=requests,
        start=freeze(start),
        first_token=freeze(decode_start + step_time),
        finish=freeze(decode_start + requests.output_tokens * step_time),
        end=freeze(to_members(batch_start + batches.service)),
        slot=freeze(np.arange(len(requests)) - to_members(batches.first)),
        spans=_spans(requests, batches, batch_start),
    )


def _spans(requests: Requests, batches: _Batches, start: IntArray) -> Spans:
    """Idle until somebody waits, forming until the batch starts, prefill, decode; and again."""
    server_free = np.concatenate(([0], (start + batches.service)[:-1]))
    opened = np.maximum(server_free, requests.arrival_time[batches.first])
    idle, forming = opened - server_free, start - opened
    there = np.stack((idle > 0, forming > 0, batches.prefill > 0, batches.steps > 0), axis=1)
    row = np.cumsum(there).reshape(there.shape) - 1
    idles, forms, prefills, _ = (np.flatnonzero(column) for column in there.T)
    timeline = Timeline(int(row[-1, -1]) + 1)
    timeline.place(SpanKind.IDLE, row[idles, 0], server_free[idles], idle[idles])
    timeline.place(SpanKind.FORMING, row[forms, 1], opened[forms], forming[forms])
    timeline.place(
        SpanKind.PREFILL,
        row[prefills, 2],
        start[prefills],
        batches.prefill[prefills],
        billed=batches.size[prefills],
    )
    timeline.place(
        SpanKind.DECODE,
        row[:, 3],
        start + batches.prefill,
        batches.step_time,
        steps=batches.steps,
        billed=batches.size,
    )
    return timeline.finished()
