"""What a Run has come to by an instant: the running figures beside a playhead."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tui_batching.analysis.breakdown import Breakdown
from tui_batching.analysis.utilization import SlotIntegrals
from tui_batching.clock import Picoseconds
from tui_batching.columns import IntArray, exact_sum, freeze
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind
from tui_batching.sim.steps import time_of


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


def breakdown_so_far(run: Run, row: int, time: Picoseconds) -> Breakdown:
    """Where the time of one request went up to `time`; the parts sum to its age by then.

    The parts are those of `breakdown`, as columns of one row; they are all zero before the
    request's arrival and the final ones from its end on.
    """
    arrival, start, finish, end = (
        min(int(column[row]), max(time, int(run.requests.arrival_time[row])))
        for column in (run.requests.arrival_time, run.start, run.finish, run.end)
    )
    spans = run.spans
    forming = _between(spans.time_in(SpanKind.FORMING, np.array([arrival, start])))
    decoding = _between(spans.time_in(SpanKind.DECODE, np.array([start, finish])))
    cost, prompt = run.cost, run.requests.input_tokens[row : row + 1]
    prefill = min(int(cost.prefill_times(prompt)[0]), finish - start)
    steps = int(_between(spans.decode_steps_at(np.array([start, finish]))))
    growth = cost.decode_per_context_token
    alone = cost.step_time(1, int(cost.first_contexts(prompt)[0]))
    under_way = min(_under_way(run, finish), alone + steps * growth)
    decode = min(decoding, time_of(steps, alone, growth) + under_way)
    parts = (
        forming,
        start - arrival - forming,
        prefill,
        finish - start - prefill - decoding,
        decode,
        decoding - decode,
        end - finish,
    )
    return Breakdown(*(np.array([part]) for part in parts))


def _under_way(run: Run, time: Picoseconds) -> Picoseconds:
    """How long the decode step under way at `time` has run; 0 between steps."""
    phase = run.at(time).phase
    return time - phase.step_start if phase.kind is SpanKind.DECODE else 0


def _between(pair: IntArray) -> int:
    return int(pair[1] - pair[0])
