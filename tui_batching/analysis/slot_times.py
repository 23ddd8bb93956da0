"""Who is in which slot at any instants, how many wait, and for whom the finished ones are held."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tui_batching.columns import IntArray, freeze
from tui_batching.sim.run import Run


def occupants_at(run: Run, slots: range, instants: IntArray) -> IntArray:
    """The stay that has each slot at each of these instants; -1 where it is free.

    Args:
        run: whose slots.
        slots: which ones; those that nobody ever takes are free.
        instants: in picoseconds, ascending. Shape: (instants,).

    Returns:
        Rows of stays. Shape: (slots, instants).
    """
    by_slot = run.by_slot
    found = np.full((len(slots), len(instants)), -1)
    for place, slot in enumerate(slots[: max(0, len(by_slot) - slots.start)]):
        stays = by_slot.members(slot)
        latest = np.searchsorted(run.stays.start_time[stays], instants, side="right") - 1
        stay = stays[np.maximum(latest, 0)]
        there = (latest >= 0) & (instants < run.left[stay])
        found[place, there] = stay[there]
    return found


def held_for(run: Run, stay: int) -> int:
    """The row of the request for whose last token the request of a stay is held.

    That is the longest one of the batch, whose members are admitted together; the first of them if
    several are.
    """
    start = run.stays.start_time
    first, after = np.searchsorted(start, (start[stay], start[stay] + 1))
    members = run.stays.request[first:after]
    return int(members[np.argmax(run.finish_time[members])])


@dataclass(frozen=True, eq=False)
class QueueLengths:
    """How many requests wait at any instant: newcomers, and who was evicted.

    Attributes:
        run: whose queue.
        joins: when somebody joins it, in order of time, in picoseconds.
        leaves: when somebody is admitted from it, in order of time.
    """

    run: Run
    joins: IntArray
    leaves: IntArray

    @classmethod
    def of(cls, run: Run) -> QueueLengths:
        """Sort the instants, in O(n log n)."""
        evicted = run.evicted_stays
        joins = np.concatenate((run.requests.arrival_time, run.stays.end_time[evicted]))
        leaves = np.concatenate((run.start_time, run.back[evicted]))
        return cls(run, freeze(np.sort(joins)), freeze(np.sort(leaves)))

    def at(self, instants: IntArray) -> IntArray:
        """How many wait at each of these instants. Shape: that of `instants`."""
        joined = np.searchsorted(self.joins, instants, side="right")
        return joined - np.searchsorted(self.leaves, instants, side="right")

    @cached_property
    def longest(self) -> int:
        """The most that ever wait at once."""
        return int(self.at(self.joins).max())
