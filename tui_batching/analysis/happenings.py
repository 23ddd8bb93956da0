"""What happened last in a lane: who arrived, came in, finished, was answered or had to go."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tui_batching.clock import Picoseconds
from tui_batching.columns import IntArray, freeze
from tui_batching.sim.run import Run


@dataclass(frozen=True, eq=False)
class Happening:
    """All that happened at one instant; each as rows of requests.

    Attributes:
        instant: when.
        arrived: who came to the queue.
        admitted: who took a slot, each with it.
        finished: who made the last token, but stays in its slot.
        answered: whose response was released.
        evicted: whose memory was taken.
    """

    instant: Picoseconds
    arrived: tuple[int, ...]
    admitted: tuple[tuple[int, int], ...]
    finished: tuple[int, ...]
    answered: tuple[int, ...]
    evicted: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Happenings:
    """A Run's events in order of time, of which the last one before any instant can be asked."""

    run: Run

    @cached_property
    def _finishes(self) -> _Ordered:
        return _Ordered.of(self.run.finish_time)

    @cached_property
    def _answers(self) -> _Ordered:
        return _Ordered.of(self.run.end_time)

    @cached_property
    def _admissions(self) -> _Ordered:
        return _Ordered.of(self.run.stays.start_time)

    @cached_property
    def _evictions(self) -> _Ordered:
        stays = self.run.evicted_stays
        return _Ordered.of(self.run.stays.end_time[stays], stays)

    @cached_property
    def _arrivals(self) -> _Ordered:
        return _Ordered.of(self.run.requests.arrival_time)

    def last(self, time: Picoseconds) -> Happening | None:
        """What happened at the last instant up to `time` at which anything did in the slots.

        Before all that it is the last arrival; None before the first.
        """
        kinds = (self._admissions, self._finishes, self._answers, self._evictions)
        instants = [instant for kind in kinds if (instant := kind.last(time)) is not None]
        instant = max(instants, default=self._arrivals.last(time))
        return None if instant is None else self.at(instant)

    def at(self, instant: Picoseconds) -> Happening:
        """What happened then."""
        stays = self.run.stays
        came, gone = self._admissions.at(instant), self._evictions.at(instant)
        pairs = zip(stays.request[came].tolist(), stays.slot[came].tolist(), strict=True)
        finished = self._finishes.at(instant)
        return Happening(
            instant=instant,
            arrived=_rows(self._arrivals.at(instant)),
            admitted=tuple(sorted(pairs)),
            finished=_rows(finished[self.run.end_time[finished] > instant]),
            answered=_rows(self._answers.at(instant)),
            evicted=_rows(stays.request[gone]),
        )


@dataclass(frozen=True, eq=False)
class _Ordered:
    """Instants in order, and whose they are."""

    instants: IntArray
    whose: IntArray

    @classmethod
    def of(cls, instants: IntArray, whose: IntArray | None = None) -> _Ordered:
        order = np.argsort(instants, kind="stable")
        return cls(freeze(instants[order]), freeze(order if whose is None else whose[order]))

    def last(self, time: Picoseconds) -> Picoseconds | None:
        """The last instant up to `time`, or None."""
        count = int(np.searchsorted(self.instants, time, side="right"))
        return int(self.instants[count - 1]) if count else None

    def at(self, instant: Picoseconds) -> IntArray:
        """Whose instant it is."""
        first = np.searchsorted(self.instants, instant)
        return self.whose[first : np.searchsorted(self.instants, instant, side="right")]


def _rows(rows: IntArray) -> tuple[int, ...]:
    return tuple(sorted(rows.tolist()))
