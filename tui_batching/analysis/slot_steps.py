"""Which request is in which slot at each step, what it does there, and how many make a token."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tui_batching.columns import BoolArray, FloatArray, IntArray, freeze
from tui_batching.sim.life import State
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind
from tui_batching.sim.stays import Ended
from tui_batching.sim.steps import whole_steps
from tui_batching.strategies.strategy import Strategy, Textbook


@dataclass(frozen=True, eq=False)
class SlotSteps:
    """A Run told in steps, numbered from 0, in place of time. One row a stay.

    A step is a decode step, and with engines any iteration: theirs may process prompts alone, or
    beside the decodes. A request is in its slot in the steps from `admitted` to before `left`, and
    makes a token in those from `ready` to before `finished` in which the server decodes.

    Attributes:
        run: what is told.
        counted: which spans are made of steps.
        before: how many steps are done before each span.
        admitted: the first step that the request is in its slot for.
        ready: the first step that it can make a token in.
        finished: the first step after the one that makes its last token in this stay.
        left: the first step after the one at whose end it leaves; one who is skipped stays in it.
        count: how many steps there are.
    """

    run: Run
    counted: BoolArray
    before: IntArray
    admitted: IntArray
    ready: IntArray
    finished: IntArray
    left: IntArray
    count: int

    @classmethod
    def of(cls, run: Run) -> SlotSteps:
        """Count the steps up to each start, prompt's end, finish and end."""
        spans, stays, until = run.spans, run.stays, run.decoded_until
        any_kind = _counts_iterations(run.strategy)
        counted = spans.kind >= SpanKind.PREFILL if any_kind else spans.decoding
        steps = np.where(counted, spans.steps, 0)
        before = freeze(np.cumsum(steps) - steps)
        instants = (stays.start_time, np.minimum(stays.ready_time, until), until, run.left)
        admitted, ready, finished, left = (
            freeze(_steps_at(run, counted, before, times)) for times in instants
        )
        count = int(left.max())
        return cls(run, counted, before, admitted, ready, finished, left, count)

    @property
    def is_of_iterations(self) -> bool:
        """Whether a step is any iteration."""
        return _counts_iterations(self.run.strategy)

    @property
    def slots(self) -> int:
        """How many slots are worth a row."""
        return slots_worth_a_row(self.run)

    @cached_property
    def finishes(self) -> IntArray:
        """The decode steps done when each stay makes no more tokens, in ascending order."""
        return freeze(np.sort(self.run.steps_by_until))

    @cached_property
    def _readies(self) -> IntArray:
        """The decode steps done when each stay is ready, in ascending order."""
        return freeze(np.sort(self.run.steps_by_ready))

    def at(self, time: int) -> int:
        """How many steps are done by an instant."""
        return int(_steps_at(self.run, self.counted, self.before, np.array([time]))[0])

    def occupants(self, slots: range, steps: IntArray) -> IntArray:
        """The stay in each slot at each step; -1 where it is free.

        Shape: (slots, steps).
        """
        by_slot = self.run.by_slot
        found = np.full((len(slots), len(steps)), -1)
        for place, slot in enumerate(slots[: max(0, len(by_slot) - slots.start)]):
            stays = by_slot.members(slot)
            latest = np.searchsorted(self.admitted[stays], steps, side="right") - 1
            stay = stays[np.maximum(latest, 0)]
            there = (latest >= 0) & (self.left[stay] > steps)
            found[place, there] = stay[there]
        return found

    def held(self, occupants: IntArray, steps: IntArray) -> BoolArray:
        """Where an occupant has finished. Shape: that of `occupants`."""
        return np.asarray(self.states(occupants, steps) == State.HELD)

    def states(self, occupants: IntArray, steps: IntArray) -> npt.NDArray[np.int8]:
        """What each occupant does in each step; `DONE` where there is none.

        Shape: that of `occupants`.
        """
        span = np.searchsorted(self._after, steps, side="right")
        span = np.minimum(span, len(self.run.spans) - 1)
        over = self.finished[occupants] <= steps
        skipped = over & (self.run.stays.ended[occupants] == Ended.SKIPPED)
        ready = self.ready[occupants] <= steps
        computed = self.run.has_chunk(occupants, span)
        again = self.run.again[occupants]
        conditions = [
            occupants < 0,
            skipped,
            over,
            ready & self.run.spans.decoding[span],
            ready | ~computed,
            again,
        ]
        states = (
            State.DONE,
            State.STALLED,
            State.HELD,
            State.DECODE,
            State.STALLED,
            State.RECOMPUTE,
        )
        told = [np.int8(state) for state in states]
        return np.select(conditions, told, np.int8(State.PREFILL))

    def computed_by(self, times: IntArray) -> IntArray:
        """How many tokens, of prompts and of answers by decode steps, are computed by then."""
        steps = self.run.spans.decode_steps_at(times)
        decoded = self._decodes_after(steps)
        ends, sums = self._prompts
        return decoded + sums[np.searchsorted(ends, times, side="right")]

    @cached_property
    def _prompts(self) -> tuple[IntArray, IntArray]:
        """When each part of a prompt is processed, and the tokens of the first k of them."""
        chunks = self.run.chunks
        ends = self.run.spans.end[chunks.span]
        return freeze(ends), freeze(np.concatenate(([0], np.cumsum(chunks.tokens))))

    def tokens_per_iteration(self, times: IntArray) -> FloatArray:
        """The tokens computed by then, by the iterations over by then; 0 before the first one."""
        iterations = self.run.spans.iterations_at(times)
        return np.asarray(self.computed_by(times) / np.maximum(iterations, 1))

    def _decodes_after(self, steps: IntArray) -> IntArray:
        """How many tokens were made by so many decode steps of the server."""
        begun, done = (sums[np.searchsorted(each, steps)] for each, sums in self._sums)
        passed = np.searchsorted(self._readies, steps) - np.searchsorted(self.finishes, steps)
        return np.asarray(passed * steps - begun + done)

    @cached_property
    def _sums(self) -> tuple[tuple[IntArray, IntArray], ...]:
        """Those who are ready and those who finish, and the sums of the first k of each."""
        columns = (self._readies, self.finishes)
        return tuple((each, freeze(np.concatenate(([0], np.cumsum(each))))) for each in columns)

    def making(self, edges: IntArray) -> FloatArray:
        """How many requests make a token a step by decoding, on average from edge to edge.

        Args:
            edges: ascending steps. Shape: (windows + 1,).

        Returns:
            0 for a window with no step in it. Shape: (windows,).
        """
        decoded = self._decode_steps_before(edges)
        made = np.diff(self._decodes_after(decoded))
        return np.asarray(made / np.maximum(np.diff(edges), 1), np.float64)

    def _decode_steps_before(self, steps: IntArray) -> IntArray:
        """How many of the steps before each of these are decode steps."""
        spans = self.run.spans
        span = np.minimum(np.searchsorted(self._after, steps, side="right"), len(spans) - 1)
        inside = np.clip(steps - self.before[span], 0, spans.steps[span])
        return np.asarray(spans.steps_before[span] + np.where(spans.decoding[span], inside, 0))

    @cached_property
    def _after(self) -> IntArray:
        """How many steps are done after each span."""
        return freeze(self.before + np.where(self.counted, self.run.spans.steps, 0))


_MANY = 16
"""Up to so many slots of an engine have a row each, though nobody ever takes them."""


def slots_worth_a_row(run: Run) -> int:
    """How many slots are worth a row: all, but of an engine's many those ever taken."""
    many = _counts_iterations(run.strategy) and run.slots > _MANY
    return len(run.by_slot) if many else run.slots


def _counts_iterations(strategy: Strategy) -> bool:
    """Whether it is an engine that decides before each iteration, and not the textbook's."""
    return strategy.about.iteration_level and not isinstance(strategy, Textbook)


def _steps_at(run: Run, counted: BoolArray, before: IntArray, times: IntArray) -> IntArray:
    """How many of the counted steps are done by each instant."""
    spans = run.spans
    index = np.maximum(np.searchsorted(spans.start, times, side="right") - 1, 0)
    elapsed = np.maximum(times - spans.start[index], 0)
    columns = (spans.steps, spans.step_time, spans.step_growth)
    over = whole_steps(elapsed, *(column[index] for column in columns))
    return before[index] + np.where(counted[index], over, 0)
