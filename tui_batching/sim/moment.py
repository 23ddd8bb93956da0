"""What a Run looks like at one instant; nothing here is stored, so going back is exact."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tui_batching.clock import Picoseconds
from tui_batching.columns import IntArray
from tui_batching.sim.spans import SpanKind
from tui_batching.sim.steps import steps_within, time_of
from tui_batching.strategy import Static

if TYPE_CHECKING:
    from tui_batching.sim.run import Run


class SlotState(IntEnum):
    """What a slot does at an instant."""

    FREE = 0
    PREFILL = 1
    STALLED = 2
    """Running, but stopped by somebody else's prefill."""
    DECODE = 3
    HELD = 4
    """Finished, but not released before the batch is done."""


@dataclass(frozen=True, slots=True)
class Phase:
    """What the server does at an instant: the span it is in, and how far it is through it.

    Attributes:
        kind: idle, forming, prefill or decode.
        start: of the span.
        end: of the span.
        step: which of the span's steps is under way, from 0.
        steps: how many there are.
        step_start: when the step under way began.
        step_time: how long it lasts.
        billed: requests billed for it.
    """

    kind: SpanKind
    start: Picoseconds
    end: Picoseconds
    step: int
    steps: int
    step_start: Picoseconds
    step_time: Picoseconds
    billed: int


@dataclass(frozen=True, eq=False)
class Moment:
    """The answers of a Run for the instant `time`, each found in O(log n) when it is asked.

    Requests are given by row. Instants are half-open: at its end a request has left its slot, at
    its start it is in it, and a token counts from the end of its decode step.
    """

    run: Run
    time: Picoseconds

    @cached_property
    def over(self) -> bool:
        """Whether the last response has been released."""
        return self.time >= self.run.finished

    @cached_property
    def phase(self) -> Phase:
        """What the server does; idle before the first arrival and once all is over."""
        spans = self.run.spans
        index = spans.index_at(self.time)
        if self.over or index < 0:
            return Phase(SpanKind.IDLE, self.time, self.time, 0, 1, self.time, 0, 0)
        start, first = int(spans.start[index]), int(spans.step_time[index])
        growth = int(spans.step_growth[index])
        step = steps_within(self.time - start, first, growth)
        return Phase(
            kind=SpanKind(int(spans.kind[index])),
            start=start,
            end=int(spans.end[index]),
            step=step,
            steps=int(spans.steps[index]),
            step_start=start + time_of(step, first, growth),
            step_time=first + step * growth,
            billed=int(spans.billed[index]),
        )

    @cached_property
    def iteration(self) -> int:
        """Decode steps finished so far."""
        return int(self.run.spans.decode_steps_at(np.array([self.time]))[0])

    @cached_property
    def arrived(self) -> int:
        """How many requests have arrived; they are the rows below this number."""
        return int(np.searchsorted(self.run.requests.arrival_time, self.time, side="right"))

    @cached_property
    def started(self) -> int:
        """How many requests have been admitted; with every strategy they start in arrival order."""
        return int(np.searchsorted(self.run.start, self.time, side="right"))

    @property
    def waiting(self) -> range:
        """The rows of the waiting queue, the oldest first."""
        return range(self.started, self.arrived)

    @property
    def joined(self) -> range:
        """While a batch forms, the rows that have joined it; else none."""
        forming = self.phase.kind is SpanKind.FORMING
        members = min(len(self.waiting), self.run.capacity) if forming else 0
        return self.waiting[:members]

    @cached_property
    def done(self) -> int:
        """How many requests have been answered."""
        return int(np.searchsorted(self.run.ends, self.time, side="right"))

    @cached_property
    def occupants(self) -> IntArray:
        """The row in each slot that was ever used; -1 where it is free. Shape: (slots used,)."""
        latest = self.run.tracks.latest_start(self.time)
        there = latest >= 0
        there[there] = self.run.end[latest[there]] > self.time
        return np.where(there, latest, -1)

    def tokens_made(self, rows: IntArray) -> IntArray:
        """How many tokens each of these requests has made; they must have started."""
        run = self.run
        made = self.iteration - run.spans.decode_steps_at(run.start[rows])
        if run.cost.made_by_prefill:
            made += run.first_token[rows] <= self.time
        return np.minimum(made, run.requests.output_tokens[rows])

    def batch_tokens(self, rows: IntArray) -> int:
        """How many tokens the answer has that a batch of these requests runs to."""
        strategy, tokens = self.run.strategy, self.run.requests.output_tokens
        padded = isinstance(strategy, Static) and strategy.is_padded
        return int((tokens if padded else tokens[rows]).max(initial=0))

    def states(self, rows: IntArray) -> IntArray:
        """The `SlotState` of each of these requests; they must be in a slot."""
        run = self.run
        prefill = run.cost.prefill_times(run.requests.input_tokens[rows])
        busy = self.phase.kind is SpanKind.PREFILL
        return np.select(
            [run.finish[rows] <= self.time, run.start[rows] + prefill > self.time],
            [int(SlotState.HELD), int(SlotState.PREFILL)],
            int(SlotState.STALLED if busy else SlotState.DECODE),
        )

    @cached_property
    def next_boundary(self) -> Picoseconds | None:
        """The end of the iteration or interval under way; None once all is over."""
        if self.over:
            return None
        phase = self.phase
        return phase.step_start + phase.step_time

    @cached_property
    def previous_boundary(self) -> Picoseconds | None:
        """The last boundary before this instant; None at time zero."""
        if self.time <= 0:
            return None
        spans = self.run.spans
        index = spans.index_at(self.time - 1)
        start, first = int(spans.start[index]), int(spans.step_time[index])
        growth = int(spans.step_growth[index])
        passed = min(steps_within(self.time - 1 - start, first, growth), int(spans.steps[index]))
        return start + time_of(passed, first, growth)


@dataclass(frozen=True, eq=False)
class Tracks:
    """Which requests each slot served, for looking up who is in a slot in O(log n).

    Attributes:
        rows: the rows of all requests, slot by slot, each slot's in order of start.
        starts: their starts, in picoseconds.
        first: where each slot's part begins; one more entry at the end. Shape: (slots + 1,).
    """

    rows: IntArray
    starts: IntArray
    first: IntArray

    @classmethod
    def of(cls, slot: IntArray, start: IntArray) -> Tracks:
        """Sort the requests (already in order of start) by slot."""
        rows = np.argsort(slot, kind="stable")
        slots = int(slot.max()) + 1
        return cls(rows, start[rows], np.searchsorted(slot[rows], np.arange(slots + 1)))

    def latest_start(self, time: Picoseconds) -> IntArray:
        """The row that started last in each slot by `time`; -1 where none has. Shape: (slots,).

        A binary search in all slots at once.
        """
        low, high = self.first[:-1].copy(), self.first[1:].copy()
        while (open_ := low < high).any():
            middle = (low + high) // 2
            started = open_.copy()
            started[open_] = self.starts[middle[open_]] <= time
            low = np.where(started, middle + 1, low)
            high = np.where(open_ & ~started, middle, high)
        return np.where(low > self.first[:-1], self.rows[low - 1], -1)
