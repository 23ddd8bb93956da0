"""Which request is in which slot at each decode step, and how many of them make a token."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tui_batching.columns import BoolArray, FloatArray, IntArray, freeze
from tui_batching.sim.run import Run


@dataclass(frozen=True, eq=False)
class SlotSteps:
    """A Run told in decode steps, numbered from 0, in place of time.

    A request is in its slot in the steps from `admitted` to before `left`, and makes a token in
    those from `ready` to before `finished`, after which it is held. One row a stay.

    Attributes:
        run: what is told.
        admitted: the first step that the request is in its slot for.
        ready: the first step that it makes a token in.
        finished: the first step after the one that makes its last token.
        left: the first step after the one at whose end it is released.
        count: how many steps there are.
    """

    run: Run
    admitted: IntArray
    ready: IntArray
    finished: IntArray
    left: IntArray
    count: int

    @classmethod
    def of(cls, run: Run) -> SlotSteps:
        """Count the steps up to each start, prompt's end, finish and end."""
        admitted, left = (
            freeze(run.spans.decode_steps_at(column)) for column in (run.stays.start, run.stays.end)
        )
        return cls(run, admitted, run.steps_by_ready, run.steps_by_until, left, int(left.max()))

    @cached_property
    def finishes(self) -> IntArray:
        """The steps of `finished` in ascending order."""
        return freeze(np.sort(self.finished))

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
        return (occupants >= 0) & (self.finished[occupants] <= steps)

    def making(self, edges: IntArray) -> FloatArray:
        """How many requests make a token a step, on average from edge to edge.

        Args:
            edges: ascending steps. Shape: (windows + 1,).

        Returns:
            0 for a window with no step in it. Shape: (windows,).
        """
        made = np.diff(_ramps(np.sort(self.ready), edges) - _ramps(self.finishes, edges))
        return np.asarray(made / np.maximum(np.diff(edges), 1), np.float64)


def _ramps(points: IntArray, at: IntArray) -> IntArray:
    """The sum of `max(0, at - point)` over ascending points."""
    passed = np.searchsorted(points, at)
    below = np.concatenate(([0], np.cumsum(points)))
    return passed * at - below[passed]
