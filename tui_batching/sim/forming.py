"""When batches form: the rules of static and of dynamic batching.

Stretches of dynamic batches that fill in time are found at once; every other batch one by one, by
who has joined in time.
"""

from __future__ import annotations

from bisect import bisect_right

import numpy as np

from tui_batching.clock import HORIZON, Picoseconds
from tui_batching.columns import IntArray
from tui_batching.sim.horizon import refuse_beyond_horizon
from tui_batching.sim.work import Work
from tui_batching.strategy import Dynamic
from tui_batching.workload.model import Requests


def starts_in_a_row(ready: IntArray, service: IntArray, server_free: Picoseconds) -> IntArray:
    """When batches start, each of which waits for its last member and for the server.

    `end = max(previous end, ready) + service` is linear in (max, +), so it is one scan.
    """
    served_before = np.cumsum(service) - service
    return served_before + np.maximum.accumulate(np.maximum(ready - served_before, server_free))


def dynamic_batches(requests: Requests, work: Work, strategy: Dynamic) -> tuple[IntArray, IntArray]:
    """The first row of each batch and when it starts."""
    stretches = _FullStretches(requests, work, strategy)
    one_by_one = _OneByOne(requests, work, strategy)
    count, size = len(requests), work.most
    firsts: list[int] = []
    starts: list[int] = []
    first = server_free = 0
    while first < count:
        found, server_free = stretches.find(first, server_free)
        after = first + len(found) * size
        firsts += range(first, after, size)
        starts += found
        first, server_free = one_by_one.find(after, server_free, stretches.pause, firsts, starts)
    refuse_beyond_horizon(server_free)
    return np.array(firsts, np.int64), np.array(starts, np.int64)


class _OneByOne:
    """Finds dynamic batches by the plain rule, on Python's integers, which never overflow."""

    def __init__(self, requests: Requests, work: Work, strategy: Dynamic) -> None:
        self._arrivals: list[int] = requests.arrival_time.tolist()
        self._size = work.most
        self._service = work.service()
        self._strategy = strategy

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
        timeout = self._strategy.timeout
        from_arrival = self._strategy.timeout_from == "arrival"
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
            firsts.append(first)
            starts.append(start)
            server_free = start + service(first, after)
            first = after
        return first, server_free


class _FullStretches:
    """Finds stretches of dynamic batches that all fill in time.

    Such batches obey the rule of static batching, a scan over columns, which holds up to the first
    batch whose last member comes too late. The more often that happens, the shorter the stretches
    that are tried and the longer the pause between them, so that a workload whose batches mostly
    time out pays little.

    Attributes:
        pause: how many batches to find one by one before a stretch is worth a try, at least 1.
    """

    LONGEST = 4096
    WORTH_IT = 12  # as many batches one by one take as long as a short stretch

    def __init__(self, requests: Requests, work: Work, strategy: Dynamic) -> None:
        self.pause = 1
        self._arrival = requests.arrival_time
        self._work = work
        self._strategy = strategy
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
        oldest, ready = members[:, 0], members[:, -1]
        service = self._work.batches(np.arange(0, length * size, size), rows).service
        start = starts_in_a_row(ready, service, server_free)
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
            self.pause, self._next_pause = 1, self.WORTH_IT
