"""Request-level scheduling: a batch forms, runs until its longest member is done, then the next.

Static and dynamic batching differ only in when a batch forms, so each has a rule that says where
batches begin and when they start; everything else about them is shared.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from tui_batching.clock import HORIZON
from tui_batching.columns import IntArray, freeze
from tui_batching.cost import LinearCost
from tui_batching.errors import InputError
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind, Spans
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
    first, start = _dynamic_batches(requests, cost, strategy)
    return _serve(requests, cost, strategy, _batches(requests, cost, first), start)


def _batches(requests: Requests, cost: LinearCost, first: IntArray) -> _Batches:
    """Cut the requests into batches before each row of `first`."""
    size = np.diff(first, append=len(requests))
    largest = int(size.max())
    step_times = np.array([0] + [cost.step_time(billed) for billed in range(1, largest + 1)])
    return _Batches(
        first=first,
        size=size,
        prefill=np.maximum.reduceat(cost.prefill_times(requests.input_tokens), first),
        steps=np.maximum.reduceat(requests.output_tokens, first),
        step_time=step_times[size],
    )


def _static_starts(requests: Requests, batches: _Batches) -> IntArray:
    """A batch starts once its last member is there and the server is free.

    `end = max(previous end, ready) + service` is linear in (max, +), so it is one scan.
    """
    ready = requests.arrival_time[batches.first + batches.size - 1]
    service = batches.service
    _refuse_beyond_horizon(float(service.astype(np.float64).sum()) + float(ready[-1]))
    served_before = np.cumsum(service) - service
    return served_before + np.maximum.accumulate(ready - served_before)


def _dynamic_batches(
    requests: Requests, cost: LinearCost, strategy: Dynamic
) -> tuple[IntArray, IntArray]:
    """Where batches begin and when they start, batch by batch, by who has joined in time."""
    arrivals: list[int] = requests.arrival_time.tolist()
    prefills: list[int] = cost.prefill_times(requests.input_tokens).tolist()
    outputs: list[int] = requests.output_tokens.tolist()
    count = len(arrivals)
    size = min(strategy.batch_size, count)
    step_times = [0] + [cost.step_time(billed) for billed in range(1, size + 1)]
    timeout, from_arrival = strategy.timeout, strategy.timeout_from == "arrival"
    firsts: list[int] = []
    starts: list[int] = []
    first = server_free = 0
    while first < count:
        oldest = arrivals[first]
        opened = max(server_free, oldest)
        deadline = max(opened, oldest + timeout) if from_arrival else opened + timeout
        fills = first + size
        after = bisect_right(arrivals, deadline, first + 1, min(fills, count))
        complete = after in (fills, count)  # full, or nobody else will ever come
        start = max(opened, arrivals[after - 1]) if complete else deadline
        firsts.append(first)
        starts.append(start)
        steps = max(outputs[first:after])
        server_free = start + max(prefills[first:after]) + steps * step_times[after - first]
        first = after
    _refuse_beyond_horizon(server_free)
    return np.array(firsts, np.int64), np.array(starts, np.int64)


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
    end = start + batches.service
    server_free = np.concatenate(([0], end[:-1]))
    opened = np.maximum(server_free, requests.arrival_time[batches.first])
    once = np.ones_like(start)
    return Spans.from_pieces(
        Spans.intervals(SpanKind.IDLE, server_free, opened),
        Spans.intervals(SpanKind.FORMING, opened, start),
        Spans.repeated(SpanKind.PREFILL, start, once, batches.prefill, batches.size),
        Spans.repeated(
            SpanKind.DECODE,
            start + batches.prefill,
            batches.steps,
            batches.step_time,
            batches.size,
        ),
    )


def _refuse_beyond_horizon(last_end: float) -> None:
    if last_end > 0.999 * HORIZON:  # floats this large are a little coarse
        raise InputError("the simulation would last beyond the clock's horizon of 106 days")
