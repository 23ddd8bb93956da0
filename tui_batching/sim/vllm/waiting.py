"""The waiting queue: first come first served, or by priority."""

from __future__ import annotations

from bisect import bisect_right
from heapq import heappop, heappush

import numpy as np

from tui_batching.clock import Picoseconds
from tui_batching.requests import Requests

NEVER = 1 << 200
"""An arrival after everything."""


class FirstCome:
    """The waiting queue, first come first served: who was preempted stands at its head.

    Attributes:
        arrival: of each request, and two that never come.
        row: the next newcomer.
        preempted: the last one comes back first.
    """

    def __init__(self, requests: Requests) -> None:
        self.arrival: list[Picoseconds] = [*requests.arrival_time.tolist(), NEVER, NEVER]
        self.row = 0
        self.preempted: list[int] = []

    def head(self, seen: Picoseconds) -> int:
        """Who is next of those who have arrived by then; -1 for nobody."""
        if self.preempted:
            return self.preempted[-1]
        return self.row if self.arrival[self.row] <= seen else -1

    def pop(self) -> None:
        """The head is admitted."""
        if self.preempted:
            self.preempted.pop()
        else:
            self.row += 1

    def put_back(self, request: int) -> int:
        """One who was preempted comes to the head; its place in the queue."""
        self.preempted.append(request)
        return -len(self.preempted)

    def holds(self, count: int, seen: Picoseconds) -> bool:
        """Whether so many, one or two, wait."""
        newcomers = count - len(self.preempted)
        return newcomers <= 0 or self.arrival[self.row + newcomers - 1] <= seen

    def next_chance(self, seen: Picoseconds) -> Picoseconds:
        """The next arrival that might be admitted: behind a head that waits nobody is."""
        return NEVER if self.head(seen) >= 0 else self.arrival[self.row]

    def next_after(self, seen: Picoseconds) -> Picoseconds:
        """The next arrival that is not known by then."""
        return self.arrival[bisect_right(self.arrival, seen, self.row)]


class ByPriority:
    """The waiting queue by priority, lowest first; of equals who arrived first, then by id.

    Its requests are in that order: the number of each is its rank.

    Attributes:
        arrival: in order of time, and one that never comes.
        newcomers: the requests in the same order.
        row: the next of them.
        urgency: of each request, alike where priority and arrival are; the greatest is preempted
            first.
        heap: who waits.
    """

    def __init__(self, requests: Requests) -> None:
        arrival, priority = requests.arrival_time, requests.priority
        by_arrival = np.argsort(arrival, kind="stable")
        self.arrival: list[Picoseconds] = [*arrival[by_arrival].tolist(), NEVER]
        self.newcomers: list[int] = by_arrival.tolist()
        self.row = 0
        differs = (np.diff(priority) != 0) | (np.diff(arrival) != 0)
        self.urgency: list[int] = [0, *np.cumsum(differs).tolist()]
        self.heap: list[int] = []

    def head(self, seen: Picoseconds) -> int:
        """Who is next of those who have arrived by then; -1 for nobody."""
        while self.arrival[self.row] <= seen:
            heappush(self.heap, self.newcomers[self.row])
            self.row += 1
        return self.heap[0] if self.heap else -1

    def pop(self) -> None:
        """The head is admitted."""
        heappop(self.heap)

    def put_back(self, request: int) -> int:
        """One who was preempted waits again; its place in the queue."""
        heappush(self.heap, request)
        return request

    def holds(self, count: int, seen: Picoseconds) -> bool:
        """Whether so many, one or two, wait."""
        self.head(seen)
        return len(self.heap) >= count

    def next_after(self, seen: Picoseconds) -> Picoseconds:
        """The next arrival that is not known by then."""
        self.head(seen)
        return self.arrival[self.row]

    next_chance = next_after
    """The next arrival that might be admitted: it may be more urgent than all who wait."""
