"""Request-level scheduling: a batch forms, runs until its longest member is done, then the next.

There is one rule. A batch opens when the server is free and a request is there; whoever arrives
before the timeout has passed joins, until it is full. It starts when it is full, at the last
arrival if nobody else will ever come, or else when the timeout passes. Static batching is the case
of an endless timeout.

Stretches of batches that all fill in time are found at once; every other batch one by one.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tui_batching.clock import HORIZON, Picoseconds, refuse_beyond_horizon
from tui_batching.columns import IntArray, freeze
from tui_batching.cost import Cost
from tui_batching.requests import Requests
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind, Spans, SpansBuilder
from tui_batching.sim.stays import Chunks, Stays
from tui_batching.sim.steps import times_of
from tui_batching.sim.work import Batches, Work

if TYPE_CHECKING:
    from tui_batching.strategies.strategy import Strategy

ENDLESS: Picoseconds = HORIZON
"""A timeout that never passes."""


@dataclass(frozen=True, slots=True)
class Timeout:
    """How long a batch may form.

    Attributes:
        length: in picoseconds, from the opening on.
        from_arrival: whether it counts from the oldest waiting request's arrival instead.
    """

    length: Picoseconds = ENDLESS
    from_arrival: bool = False


def run_batches(
    requests: Requests, cost: Cost, strategy: Strategy, timeout: Timeout, *, padded: bool = False
) -> Run:
    """Serve the requests in batches of up to `strategy.slots`, in arrival order.

    Args:
        requests: what is served.
        cost: what an iteration costs.
        strategy: whose rule this is.
        timeout: how long a batch may form.
        padded: whether every batch runs to the longest answer of all requests.

    Raises:
        InputError: if a prompt or the whole lasts beyond the clock; see also `Work.of`.
    """
    work = Work.of(requests, cost, strategy.slots)
    if padded:
        work = work.padded()
    first, start = _form(requests.arrival_time, work, timeout)
    return record_batches(requests, cost, strategy, work.prefill, work.batches(first), start)


def _form(arrival: IntArray, work: Work, timeout: Timeout) -> tuple[IntArray, IntArray]:
    """The first row of each batch and when it starts."""
    stretches, one_by_one = _FullStretches(arrival, work, timeout), None
    firsts: list[int] = []
    starts: list[int] = []
    first = server_free = 0
    while first < len(arrival):
        found, server_free = stretches.find(first, server_free)
        after = first + len(found) * work.most
        firsts += range(first, after, work.most)
        starts += found
        first = after
        if stretches.pause:
            one_by_one = one_by_one or _OneByOne(arrival, work, timeout, first)
            most = stretches.pause
            first, server_free = one_by_one.find(first, server_free, most, firsts, starts)
    refuse_beyond_horizon(server_free)
    return np.array(firsts, np.int64), np.array(starts, np.int64)


class _OneByOne:
    """Finds batches by the plain rule, on Python's integers, which never overflow.

    Args:
        arrival: of all requests.
        work: what they take.
        timeout: how long a batch may form.
        begin: the first row that will be asked for.
    """

    def __init__(self, arrival: IntArray, work: Work, timeout: Timeout, begin: int) -> None:
        self._begin = begin
        self._arrivals: list[int] = arrival[begin:].tolist()
        self._size = work.most
        self._service = work.service(begin)
        self._timeout = timeout

    def find(
        self,
        first: int,
        server_free: Picoseconds,
        most: int,
        firsts: list[int],
        starts: list[int],
    ) -> tuple[int, Picoseconds]:
        """Append up to `most` batches from row `first` on; the row and the time after them."""
        arrivals, service = self._arrivals, self._service
        count, size = len(arrivals), self._size
        timeout, from_arrival = self._timeout.length, self._timeout.from_arrival
        first -= self._begin
        for _ in range(most):
            if first == count:
                break
            oldest = arrivals[first]
            opened = server_free if server_free > oldest else oldest  # noqa: FURB136 - hot loop
            deadline = max(opened, oldest + timeout) if from_arrival else opened + timeout
            fills = first + size
            after = bisect_right(arrivals, deadline, first + 1, min(fills, count))
            complete = after in (fills, count)  # full, or nobody else will ever come
            start = max(opened, arrivals[after - 1]) if complete else deadline
            firsts.append(first + self._begin)
            starts.append(start)
            server_free = start + service(first, after)
            first = after
        return first + self._begin, server_free


class _FullStretches:
    """Finds stretches of batches that all fill in time.

    Such batches start once their last member is there and the server is free, which is one scan
    over columns. It holds up to the first batch whose last member comes too late. The more often
    that happens, the shorter the stretches that are tried and the longer the pause between them,
    so that a workload whose batches mostly time out pays little.

    Attributes:
        pause: how many batches to find one by one before a stretch is worth a try; 0 where the last
            one was accepted whole.
    """

    LONGEST = 4096
    WORTH_IT = 12  # as many batches one by one take as long as a short stretch

    def __init__(self, arrival: IntArray, work: Work, timeout: Timeout) -> None:
        self.pause = 1
        self._arrival = arrival
        self._work = work
        self._timeout = timeout
        self._longest_service = work.longest_service()
        self._length = 4 * self.WORTH_IT
        self._next_pause = self.WORTH_IT

    def find(self, first: int, server_free: Picoseconds) -> tuple[list[int], Picoseconds]:
        """The starts of batches from row `first` on that fill in time, and the last one's end."""
        arrival, size = self._arrival, self._work.most
        room = (HORIZON - max(server_free, int(arrival[-1]))) // self._longest_service
        length = min(self._length, (len(arrival) - first) // size, room)
        if length < 1:
            self.pause = self.WORTH_IT
            return [], server_free
        rows = slice(first, first + length * size)
        members = arrival[rows].reshape(length, size)
        oldest, complete = members[:, 0], members[:, -1]
        service = self._work.batches(np.arange(0, length * size, size), rows).service
        start = _starts_in_a_row(complete, service, server_free)
        end = start + service
        opened = np.maximum(np.concatenate(([server_free], end[:-1])), oldest)
        clock_from = oldest if self._timeout.from_arrival else opened
        late = (complete > opened) & (complete - clock_from > min(self._timeout.length, HORIZON))
        accepted = int(late.argmax()) if late.any() else length
        self._adapt(accepted, length)
        return start[:accepted].tolist(), int(end[accepted - 1]) if accepted else server_free

    def _adapt(self, accepted: int, tried: int) -> None:
        self._length = min(2 * max(accepted, 2 * self.WORTH_IT), self.LONGEST)
        if accepted < min(tried, self.WORTH_IT):
            self.pause = self._next_pause
            self._next_pause = min(2 * self._next_pause, self.LONGEST // 8)
        else:
            self.pause, self._next_pause = int(accepted < tried), self.WORTH_IT


def _starts_in_a_row(complete: IntArray, service: IntArray, server_free: Picoseconds) -> IntArray:
    """When batches start, each of which waits until it is complete and the server is free.

    `end = max(previous end, complete) + service` is linear in (max, +), so it is one scan.
    """
    served_before = np.cumsum(service) - service
    return served_before + np.maximum.accumulate(np.maximum(complete - served_before, server_free))


def record_batches(  # noqa: PLR0913, PLR0917 - all that is known of a Run
    requests: Requests,
    cost: Cost,
    strategy: Strategy,
    prefill: IntArray,
    batches: Batches,
    batch_start: IntArray,
) -> Run:
    """Write the Run of batches whose members and starts are known."""

    def to_members(column: IntArray) -> IntArray:
        return np.repeat(column, batches.size)

    start = freeze(to_members(batch_start))
    decode_start, step_time = start + to_members(batches.prefill), to_members(batches.step_time)
    decoding = times_of(
        cost.decode_steps(requests.output_tokens), step_time, to_members(batches.step_growth)
    )
    end = freeze(to_members(batch_start + batches.service))
    spans, prefills = _spans(requests, batches, batch_start)
    read = np.flatnonzero(prefill)
    return Run(
        strategy=strategy,
        cost=cost,
        requests=requests,
        start_time=start,
        first_token_time=freeze(decode_start if cost.made_by_prefill else decode_start + step_time),
        finish_time=freeze(decode_start + decoding),
        end_time=end,
        stays=Stays.one_each(
            slot=np.arange(len(requests)) - to_members(batches.first),
            start=start,
            ready=start + cost.prefill_ends(prefill, batches.first),
            end=end,
            known=requests.input_tokens,
        ),
        spans=spans,
        chunks=Chunks.whole(to_members(prefills)[read], read, requests.input_tokens),
    )


def _spans(requests: Requests, batches: Batches, start: IntArray) -> tuple[Spans, IntArray]:
    """Idle until somebody waits, forming until the batch starts, prefill, decode; and again.

    Beside them, the row of each batch's prefill.
    """
    server_free = np.concatenate(([0], (start + batches.service)[:-1]))
    opened = np.maximum(server_free, requests.arrival_time[batches.first])
    idle, forming = opened - server_free, start - opened
    there = np.stack((idle > 0, forming > 0, batches.prefill > 0, batches.steps > 0), axis=1)
    row = np.cumsum(there).reshape(there.shape) - 1
    idles, forms, prefills, decodes = (np.flatnonzero(column) for column in there.T)
    spans = SpansBuilder(int(row[-1, -1]) + 1)
    spans.place(SpanKind.IDLE, row[idles, 0], server_free[idles], idle[idles])
    spans.place(SpanKind.FORMING, row[forms, 1], opened[forms], forming[forms])
    spans.place(
        SpanKind.PREFILL,
        row[prefills, 2],
        start[prefills],
        batches.prefill[prefills],
        billed=batches.size[prefills],
    )
    spans.place(
        SpanKind.DECODE,
        row[decodes, 3],
        (start + batches.prefill)[decodes],
        batches.step_time[decodes],
        steps=batches.steps[decodes],
        step_growth=batches.step_growth[decodes],
        billed=batches.size[decodes],
    )
    return spans.finished(), row[:, 2]
