"""Request-level scheduling: a batch forms, runs until its longest member is done, then the next.

Static and dynamic batching differ only in when a batch forms, so each has a rule that says where
batches begin and when they start; everything else about them is shared.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from tui_batching.clock import HORIZON, Picoseconds
from tui_batching.columns import IntArray, freeze
from tui_batching.cost import LinearCost
from tui_batching.sim.horizon import refuse_beyond_horizon, step_times_up_to
from tui_batching.sim.run import Run
from tui_batching.sim.spans import Piece, SpanKind, Spans
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
    served = batches.steps.astype(np.float64) * batches.step_time + batches.prefill
    refuse_beyond_horizon(float(served.sum()) + float(ready[-1]))
    return _starts_in_a_row(ready, batches.service, 0)


def _starts_in_a_row(ready: IntArray, service: IntArray, server_free: Picoseconds) -> IntArray:
    """When batches start, each of which waits for its last member and for the server.

    `end = max(previous end, ready) + service` is linear in (max, +), so it is one scan.
    """
    served_before = np.cumsum(service) - service
    return served_before + np.maximum.accumulate(np.maximum(ready - served_before, server_free))


def _dynamic_batches(
    requests: Requests, cost: LinearCost, strategy: Dynamic
) -> tuple[IntArray, IntArray]:
    """Where batches begin and when they start.

    Stretches of batches that fill in time are found at once; every other batch one by one, by who
    has joined in time.
    """
    stretches = _FullStretches(requests, cost, strategy)
    arrivals: list[int] = requests.arrival_time.tolist()
    prefills: list[int] = stretches.prefill.tolist()
    outputs: list[int] = requests.output_tokens.tolist()
    count, size = len(arrivals), stretches.size
    step_times: list[int] = step_times_up_to(size, cost).tolist()
    timeout, from_arrival = strategy.timeout, strategy.timeout_from == "arrival"
    firsts: list[int] = []
    starts: list[int] = []
    first = server_free = 0
    while first < count:
        if not stretches.pause:
            found, server_free = stretches.find(first, server_free)
            after = first + len(found) * size
            firsts += range(first, after, size)
            starts += found
            first = after
            if first == count:
                break
        stretches.pause = max(0, stretches.pause - 1)
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
    refuse_beyond_horizon(server_free)
    return np.array(firsts, np.int64), np.array(starts, np.int64)


class _FullStretches:
    """Finds stretches of dynamic batches that all fill in time.

    Such batches obey the rule of static batching, a scan over columns, which holds up to the first
    batch whose last member comes too late. The more often that happens, the shorter the stretches
    that are tried and the longer the `pause` between them, so that a workload whose batches mostly
    time out pays little.

    Attributes:
        size: requests in a full batch.
        pause: how many batches to find one by one before the next stretch is worth a try.
    """

    LONGEST = 4096
    WORTH_IT = 12  # as many batches one by one take as long as a short stretch

    def __init__(self, requests: Requests, cost: LinearCost, strategy: Dynamic) -> None:
        self.size = min(strategy.batch_size, len(requests))
        self.pause = 0
        self.prefill = cost.prefill_times(requests.input_tokens)
        self._requests = requests
        self._strategy = strategy
        self._step_time = cost.step_time(self.size)
        self._longest_service = int(self.prefill.max()) + self._step_time * int(
            requests.output_tokens.max()
        )
        self._length = 4 * self.WORTH_IT
        self._next_pause = self.WORTH_IT

    def find(self, first: int, server_free: Picoseconds) -> tuple[list[int], Picoseconds]:
        """The starts of batches from row `first` on that fill in time, and the last one's end."""
        arrival = self._requests.arrival_time
        room = (HORIZON - max(server_free, int(arrival[-1]))) // self._longest_service
        length = min(self._length, (len(arrival) - first) // self.size, room)
        if length < 1:
            self.pause = self.size
            return [], server_free
        rows = slice(first, first + length * self.size)
        members = arrival[rows].reshape(length, self.size)
        oldest, ready = members[:, 0], members[:, -1]
        begins = np.arange(0, length * self.size, self.size)
        service = np.maximum.reduceat(self.prefill[rows], begins) + self._step_time * (
            np.maximum.reduceat(self._requests.output_tokens[rows], begins)
        )
        start = _starts_in_a_row(ready, service, server_free)
        end = start + service
        opened = np.maximum(np.concatenate(([server_free], end[:-1])), oldest)
        clock_from = oldest if self._strategy.timeout_from == "arrival" else opened
        late = (ready > opened) & (ready - clock_from > min(self._strategy.timeout, HORIZON))
        accepted = int(late.argmax()) if late.any() else length
        self._adapt(accepted, length)
        return start[:accepted].tolist(), int(end[accepted - 1]) if accepted else server_free

    def _adapt(self, accepted: int, tried: int) -> None:
        self._length = min(2 * max(accepted, 2 * self.WORTH_IT), self.LONGEST)
        if accepted < min(tried, self.WORTH_IT):
            self.pause = self._next_pause
            self._next_pause = min(2 * self._next_pause, self.LONGEST // 8)
        else:
            self._next_pause = self.WORTH_IT


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
    return Spans.assemble(
        Piece(SpanKind.IDLE, row[idles, 0], server_free[idles], idle[idles]),
        Piece(SpanKind.FORMING, row[forms, 1], opened[forms], forming[forms]),
        Piece(
            SpanKind.PREFILL,
            row[prefills, 2],
            start[prefills],
            batches.prefill[prefills],
            billed=batches.size[prefills],
        ),
        Piece(
            SpanKind.DECODE,
            row[:, 3],
            start + batches.prefill,
            batches.step_time,
            batches.steps,
            batches.size,
        ),
    )
