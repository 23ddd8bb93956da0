"""Spans: the timeline of a Run, gap-free from time zero to the last end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tui_batching.clock import Picoseconds
from tui_batching.columns import IntArray, freeze
from tui_batching.sim.steps import times_of, whole_steps


class SpanKind(IntEnum):
    """What the server does during a span."""

    IDLE = 0
    FORMING = 1
    PREFILL = 2
    DECODE = 3


@dataclass(frozen=True, eq=False)
class Spans:
    """Columns with one row a span, in time order; a span ends where the next one starts.

    A span is a run of `steps` decode steps of the same requests, or one idle, forming or prefill
    interval (whose `steps` is 1 and whose `step_time` is its whole length). No span is empty.

    Attributes:
        start: in picoseconds.
        kind: a `SpanKind` as int8.
        steps: how many iterations.
        step_time: the time of the first of them, in picoseconds.
        step_growth: how much longer each further one lasts than the one before it, in picoseconds;
            0 where contexts cost nothing.
        billed: the number of requests a decode step is billed for; the number prefilled together
            in a prefill; 0 while idle or forming.
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
    def steps_before(self) -> IntArray:
        """Decode steps done before each span starts."""
        decoding = np.where(self.kind == SpanKind.DECODE, self.steps, 0)
        return freeze(np.cumsum(decoding) - decoding)

    def index_at(self, time: Picoseconds) -> int:
        """The span that contains `time` (its start included); -1 before the first one."""
        return int(np.searchsorted(self.start, time, side="right")) - 1

    def decode_steps_at(self, times: IntArray) -> IntArray:
        """How many decode steps the server has finished by each instant."""
        index = np.searchsorted(self.start, times, side="right") - 1
        index = np.maximum(index, 0)
        elapsed = np.maximum(times - self.start[index], 0)
        columns = (self.steps, self.step_time, self.step_growth)
        over = whole_steps(elapsed, *(column[index] for column in columns))
        return self.steps_before[index] + np.where(self.kind[index] == SpanKind.DECODE, over, 0)

    def time_in(self, kind: SpanKind, times: IntArray) -> IntArray:
        """How long the server has been in spans of this kind by each instant, in picoseconds."""
        rows = np.flatnonzero(self.kind == kind)
        if not len(rows):
            return np.zeros_like(times)
        start, length = self.start[rows], (self.end - self.start)[rows]
        before = np.cumsum(length) - length
        index = np.searchsorted(start, times, side="right") - 1
        inside = np.clip(times - start[index], 0, length[index])
        return np.where(index >= 0, before[index] + inside, 0)


class Timeline:
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
        """The timeline, from now on read-only."""
        self._kind.flags.writeable = False
        columns = (self._steps, self._step_time, self._step_growth, self._billed)
        return Spans(freeze(self._start), self._kind, *map(freeze, columns))
