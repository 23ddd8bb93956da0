"""Triton's dynamic batcher: how it forms batches; they run as all request-level batches do.

While the server is free, the pending requests are looked at in order, up to `max_batch_size`:

- if one of the preferred sizes is reached, and the oldest has not waited the delay, a batch of the
  largest that is reached runs;
- if the oldest has waited the delay, or there is none, or no larger batch can be, all of them run;
- else it is looked again at the next arrival, or when the delay of the oldest passes, whether
  anybody else will ever come or not.

The delay counts from the arrival of the oldest, also while the server is busy. (Triton's own
`dynamic_batch_scheduler.cc`.)
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tui_batching.clock import Picoseconds, refuse_beyond_horizon
from tui_batching.cost import Cost
from tui_batching.requests import Requests
from tui_batching.sim.request_level import record_batches
from tui_batching.sim.run import Run
from tui_batching.sim.work import Work

if TYPE_CHECKING:
    from tui_batching.strategies.strategy import Strategy


def run_triton(
    requests: Requests,
    cost: Cost,
    strategy: Strategy,
    preferred: Sequence[int],
    delay: Picoseconds,
) -> Run:
    """Serve the requests in batches of up to `strategy.slots`, in order of arrival.

    Args:
        requests: what is served.
        cost: what an iteration costs.
        strategy: whose rule this is.
        preferred: the sizes at which a batch need not wait, ascending.
        delay: how long the oldest waits for others; 0 for not at all.

    Raises:
        InputError: if a prompt or the whole lasts beyond the clock; see also `Work.of`.
    """
    work = Work.of(requests, cost, strategy.slots)
    arrivals: list[int] = requests.arrival_time.tolist()
    forming = Forming(arrivals, strategy.slots, preferred, delay)
    service, firsts, starts = work.service(), [], []
    first = server_free = 0
    while first < len(arrivals):
        start, after = forming.next(first, server_free)
        firsts.append(first)
        starts.append(start)
        server_free = start + service(first, after)
        first = after
    refuse_beyond_horizon(server_free)
    batches = work.batches(np.array(firsts, np.int64))
    return record_batches(
        requests, cost, strategy, work.prefill, batches, np.array(starts, np.int64)
    )


class Forming:
    """When the next batch starts, and how many it takes.

    Args:
        arrivals: of all requests.
        largest: the most requests in a batch.
        preferred: see `run_triton`.
        delay: see `run_triton`.
    """

    def __init__(
        self, arrivals: list[int], largest: int, preferred: Sequence[int], delay: Picoseconds
    ) -> None:
        self._arrivals = arrivals
        self._largest = largest
        self._preferred = [0, *preferred]
        self._delay = delay

    def next(self, first: int, server_free: Picoseconds) -> tuple[Picoseconds, int]:
        """The start of the batch whose first row this is, and the first row of the one after."""
        oldest = self._arrivals[first]
        now = max(server_free, oldest)
        waits_until = oldest + self._delay
        pending = self._pending(first, now)
        if self._delay and now < waits_until and not self._reached(pending):
            smallest = first + self._preferred[1] - 1
            there = smallest < len(self._arrivals)
            now = min(self._arrivals[smallest], waits_until) if there else waits_until
            pending = self._pending(first, now)
        exceeded = self._delay and now >= waits_until
        return now, first + (pending if exceeded else self._reached(pending) or pending)

    def _pending(self, first: int, now: Picoseconds) -> int:
        """How many there are to choose from."""
        last = min(first + self._largest, len(self._arrivals))
        return bisect_right(self._arrivals, now, first + 1, last) - first

    def _reached(self, pending: int) -> int:
        """The largest preferred size that is reached; 0 for none."""
        return self._preferred[bisect_right(self._preferred, pending) - 1]
