"""What a Run has come to by an instant: the running figures beside a playhead."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tui_batching.analysis.utilization import SlotIntegrals
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
    def latencies(self) -> IntArray:
        """Latencies in the order in which the answers were released, in picoseconds."""
        order = np.argsort(self.run.end, kind="stable")
        return freeze((self.run.end - self.run.requests.arrival_time)[order])

    @cached_property
    def _known_latencies(self) -> dict[int, LatencySoFar]:
        """By the number of answers, which is the same for many frames."""
        return {}

    @cached_property
    def slots(self) -> SlotIntegrals:
        """The slot-time up to any instant."""
        return SlotIntegrals.of(self.run)

    def utilization(self, time: Picoseconds) -> tuple[float, float]:
        """The occupied and the useful share of the slot-time since the first arrival."""
        series = self.slots.series(np.array([self.run.begin, max(self.run.begin, time)]))
        return float(series.occupied[0]), float(series.useful[0])

    def latency(self, done: int) -> LatencySoFar | None:
        """Mean and p99 over the first `done` answers; None before the first one."""
        if done and done not in self._known_latencies:
            answered = self.latencies[:done]
            self._known_latencies[done] = LatencySoFar(
                exact_sum(answered) / done, float(np.percentile(answered, 99))
            )
        return self._known_latencies.get(done)
