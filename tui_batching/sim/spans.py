"""Spans: the timeline of a Run, gap-free from time zero to the last end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tui_batching.clock import Picoseconds
from tui_batching.columns import BoolArray, IntArray, freeze
from tui_batching.sim.steps import time_of, times_of, whole_steps


class SpanKind(IntEnum):
    """What the server does during a span."""

    IDLE = 0
    FORMING = 1
    PREFILL = 2
    """Prompts are processed, and nobody makes a token but by that."""
    DECODE = 3
    MIXED = 4
    """One iteration that makes tokens and processes prompts, or chunks of them, beside."""
    UNTOLD = 5
    """Requests are there, and nobody wrote down the iterations; see `sim.measured`."""


DECODING = (SpanKind.DECODE, SpanKind.MIXED, SpanKind.UNTOLD)
"""The kinds in which everybody makes tokens who decodes."""


@dataclass(frozen=True, eq=False)
class Spans:
    """Columns with one row a span, in time order; a span ends where the next one starts.

    A span is a run of `steps` decode steps of the same requests, or one idle, forming, prefill or
    mixed interval (whose `steps` is 1 and whose `step_time` is its whole length). No span is
    empty. Requests come into slots and leave them between spans, never within one.

    Attributes:
        start: in picoseconds.
        kind: a `SpanKind` as int8.
        steps: how many iterations.
        step_time: the time of the first of them, in picoseconds.
        step_growth: how much longer each further one lasts than the one before it, in picoseconds;
            0 where contexts cost nothing.
        billed: the number of requests that each iteration computes: those that decode, in a batch
            also those that are done, and those whose prompts are processed; 0 while idle or
            forming.
    """

    start: IntArray
    kind: npt.NDArray[np.int8]
    steps: IntArray
    step_time: IntArray
    step_growth: IntArray
    billed: IntArray

    def __len__(self) -> int:
        return len(self.start)

    @cached_property
    def end(self) -> IntArray:
        """The end of each span, in picoseconds."""
        return freeze(self.start + times_of(self.steps, self.step_time, self.step_growth))

    @cached_property
    def decoding(self) -> BoolArray:
        """Whether tokens are made in a span by decode steps."""
        return np.asarray(self.kind >= min(DECODING))

    @cached_property
    def steps_before(self) -> IntArray:
        """Decode steps done before each span starts."""
        decoding = np.where(self.decoding, self.steps, 0)
        return freeze(np.cumsum(decoding) - decoding)

    @cached_property
    def computing(self) -> BoolArray:
        """Whether a span has iterations: prompts are processed, or tokens made, or both."""
        return np.asarray(self.kind >= SpanKind.PREFILL)

    @cached_property
    def iterations_before(self) -> IntArray:
        """Iterations done before each span starts."""
        computing = np.where(self.computing, self.steps, 0)
        return freeze(np.cumsum(computing) - computing)

    def index_at(self, time: Picoseconds) -> int:
        """The span that contains `time` (its start included); -1 before the first one."""
        return int(np.searchsorted(self.start, time, side="right")) - 1

    def decode_steps_at(self, times: IntArray) -> IntArray:
        """How many decode steps the server has finished by each instant."""
        return self._done_at(times, self.steps_before, self.decoding)

    def iterations_at(self, times: IntArray) -> IntArray:
        """How many iterations, those that process prompts alone included, are over by then."""
        return self._done_at(times, self.iterations_before, self.computing)

    def decoding_since(self, times: IntArray) -> IntArray:
        """For how long each instant's decode step has been under way; 0 where there is none."""
        index = np.maximum(np.searchsorted(self.start, times, side="right") - 1, 0)
        elapsed = np.maximum(times - self.start[index], 0)
        columns = [each[index] for each in (self.steps, self.step_time, self.step_growth)]
        over = whole_steps(elapsed, *columns)
        under_way = self.decoding[index] & (over < columns[0])
        return np.where(under_way, elapsed - times_of(over, *columns[1:]), 0)

    def _done_at(self, times: IntArray, before: IntArray, counted: BoolArray) -> IntArray:
        index = np.searchsorted(self.start, times, side="right") - 1
        index = np.maximum(index, 0)
        elapsed = np.maximum(times - self.start[index], 0)
        columns = (self.steps, self.step_time, self.step_growth)
        over = whole_steps(elapsed, *(column[index] for column in columns))
        return before[index] + np.where(counted[index], over, 0)

    def decode_step_start(self, step: int) -> Picoseconds | None:
        """When a decode step begins, numbered from 1; None where there are not so many."""
        return self._step_start(step, self.steps_before, self.decoding)

    def iteration_start(self, iteration: int) -> Picoseconds | None:
        """When an iteration begins, those that process prompts alone counted; numbered from 1."""
        return self._step_start(iteration, self.iterations_before, self.computing)

    def _step_start(self, number: int, before: IntArray, counted: BoolArray) -> Picoseconds | None:
        there = np.flatnonzero(counted)
        place = int(np.searchsorted(before[there], number - 1, side="right")) - 1
        if place < 0:
            return None
        index = int(there[place])
        over = number - 1 - int(before[index])
        if over >= self.steps[index]:
            return None
        first, growth = int(self.step_time[index]), int(self.step_growth[index])
        return int(self.start[index]) + time_of(over, first, growth)

    def clock(self, running: BoolArray) -> SpanClock:
        """A clock that runs during these spans alone.

        Args:
            running: which spans. Shape: (spans,).
        """
        rows = np.flatnonzero(running)
        return SpanClock.of(self.start[rows], (self.end - self.start)[rows])

    def clock_of(self, kind: SpanKind) -> SpanClock:
        """A clock that runs during spans of one kind; made once."""
        if kind not in self._clocks:
            self._clocks[kind] = self.clock(self.kind == kind)
        return self._clocks[kind]

    @cached_property
    def _clocks(self) -> dict[SpanKind, SpanClock]:
        return {}


@dataclass(frozen=True, eq=False)
class SpanClock:
    """A clock that runs during some stretches of time and stands still between them.

    Attributes:
        start: of each stretch, ascending, in picoseconds.
        length: of each stretch.
        before: what the clock shows when the stretch starts.
    """

    start: IntArray
    length: IntArray
    before: IntArray

    @classmethod
    def of(cls, start: IntArray, length: IntArray) -> SpanClock:
        """A clock that shows zero at first."""
        return cls(start, length, np.cumsum(length) - length)

    def at(self, times: IntArray) -> IntArray:
        """What the clock shows at each instant, in picoseconds. Shape: that of `times`."""
        if not len(self.start):
            return np.zeros_like(times)
        index = np.searchsorted(self.start, times, side="right") - 1
        inside = np.clip(times - self.start[index], 0, self.length[index])
        return np.where(index >= 0, self.before[index] + inside, 0)

    def between(self, begin: IntArray, end: IntArray) -> IntArray:
        """How long the clock runs between two instants each, in picoseconds."""
        shown = self.at(np.concatenate((begin, end)))
        return np.asarray(shown[len(begin) :] - shown[: len(begin)])


class SpansBuilder:
    """Spans under construction: they are placed kind by kind, until every row is taken."""

    def __init__(self, length: int) -> None:
        self._kind = np.empty(length, np.int8)
        self._start, self._steps, self._step_time, self._step_growth, self._billed = (
            np.empty(length, np.int64) for _ in range(5)
        )

    def place(  # noqa: PLR0913 - a span's columns
        self,
        kind: SpanKind,
        row: IntArray,
        start: IntArray,
        step_time: IntArray,
        *,
        steps: IntArray | int = 1,
        step_growth: IntArray | int = 0,
        billed: IntArray | int = 0,
    ) -> None:
        """Put spans of one kind into these rows."""
        self._kind[row] = kind
        self._start[row] = start
        self._step_time[row] = step_time
        self._step_growth[row] = step_growth
        self._steps[row] = steps
        self._billed[row] = billed

    def finished(self) -> Spans:
        """The spans, from now on read-only."""
        self._kind.flags.writeable = False
        columns = (self._steps, self._step_time, self._step_growth, self._billed)
        return Spans(freeze(self._start), self._kind, *map(freeze, columns))
