"""What a Run has come to by an instant: the running figures beside a playhead."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tui_batching.analysis.happenings import Happenings
from tui_batching.analysis.utilization import Shares, SlotIntegrals
from tui_batching.clock import Picoseconds
from tui_batching.columns import IntArray, exact_sum, freeze
from tui_batching.sim.run import Run


@dataclass(frozen=True)
class LatencySoFar:
    """Latency of the requests answered so far, in picoseconds."""

    mean: float
    p99: float


@dataclass(frozen=True, eq=False)
class SoFar:
    """A Run's requests in the order of their answers, to be cut off at any instant."""

    run: Run

    @cached_property
    def order(self) -> IntArray:
        """The rows of the requests in the order in which their answers were released."""
        return freeze(np.argsort(self.run.end_time, kind="stable"))

    @cached_property
    def latencies(self) -> IntArray:
        """Latencies in that order, in picoseconds."""
        return freeze((self.run.end_time - self.run.requests.arrival_time)[self.order])

    @cached_property
    def _known_latencies(self) -> dict[int, LatencySoFar]:
        """By the number of answers, which is the same for many frames."""
        return {}

    @cached_property
    def slots(self) -> SlotIntegrals:
        """The slot-time up to any instant."""
        return SlotIntegrals.of(self.run)

    @cached_property
    def happenings(self) -> Happenings:
        """What happened last before any instant."""
        return Happenings(self.run)

    def shares(self, time: Picoseconds) -> Shares:
        """What became of the slot-time up to an instant, or to the last answer if that was before.

        It counts from the first arrival on; before that all is free.
        """
        return self.slots.shares(max(self.run.begin, min(time, self.run.finished)))

    def latency(self, done: int) -> LatencySoFar | None:
        """Mean and p99 over the first `done` answers; None before the first one."""
        if done and done not in self._known_latencies:
            answered = self.latencies[:done]
            self._known_latencies[done] = LatencySoFar(
                exact_sum(answered) / done, float(np.percentile(answered, 99))
            )
        return self._known_latencies.get(done)

    @cached_property
    def _all_answered(self) -> IntArray:
        """When each request and all before it are answered."""
        return freeze(np.maximum.accumulate(self.run.end_time))

    def oldest_open(self, time: Picoseconds) -> Picoseconds | None:
        """The age of the oldest request that is not answered; None where nobody is there."""
        first = int(np.searchsorted(self._all_answered, time, side="right"))
        if first == len(self.run):
            return None
        age = time - int(self.run.requests.arrival_time[first])
        return age if age >= 0 else None
