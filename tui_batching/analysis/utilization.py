"""How full the slots were: exact integrals over time, never samples.

There are two utilizations, because one alone would make static batching look best. A slot is
*occupied* while it holds a request, and *useful* while that request is prefilled or makes a token.
The difference is slots *held* by a finished request, which is the bubble, and slots *stalled* by
somebody else's prefill.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from tui_batching.analysis.breakdown import Breakdown, breakdown
from tui_batching.clock import Picoseconds
from tui_batching.columns import FloatArray, IntArray
from tui_batching.sim.run import Run
from tui_batching.sim.stays import Ended


@dataclass(frozen=True, slots=True)
class Shares:
    """What became of the slot-time; the four add up to one."""

    useful: float
    held: float
    stalled: float
    free: float

    def as_sum(self) -> dict[str, str]:
        """The four in percent with a decimal, so that what is told adds up to 100.0.

        Each is rounded as it is wherever it stands alone; what is over then is in what is free, or
        where next to nothing is free in the largest.

        Example: 26.34, 0, 1.44 and 72.22 % are 26.3, 0.0, 1.4 and 72.3.
        """
        shares = asdict(self)
        tenths = {name: round(10 * float(f"{100 * share:.1f}")) for name, share in shares.items()}
        over = 1000 - sum(tenths.values())
        bears = "free" if tenths["free"] > abs(over) else max(shares, key=shares.__getitem__)
        tenths[bears] += over
        return {name: f"{share / 10:.1f}" for name, share in tenths.items()}


@dataclass(frozen=True)
class Utilization:
    """Slot-time over a whole Run as exact integers, and as fractions of all there was.

    Attributes:
        useful_time: slot-time in which a request was prefilled or made a token, in picoseconds.
        held_time: slot-time with a finished request in the slot.
        stalled_time: slot-time with a request in the slot that somebody else's prefill stopped.
        available_time: the number of slots times the total time.
    """

    useful_time: Picoseconds
    held_time: Picoseconds
    stalled_time: Picoseconds
    available_time: Picoseconds

    @property
    def occupied_time(self) -> Picoseconds:
        """Slot-time with a request in the slot."""
        return self.useful_time + self.held_time + self.stalled_time

    @property
    def occupied(self) -> float:
        """The occupied share of the slot-time."""
        return self.occupied_time / self.available_time

    @property
    def useful(self) -> float:
        """The useful share of the slot-time."""
        return self.useful_time / self.available_time

    @property
    def held(self) -> float:
        """The share that finished requests hold."""
        return self.held_time / self.available_time

    @property
    def stalled(self) -> float:
        """The share that waits for somebody else's prefill."""
        return self.stalled_time / self.available_time

    @property
    def shares(self) -> Shares:
        """What became of all the slot-time."""
        return Shares(self.useful, self.held, self.stalled, max(0.0, 1 - self.occupied))


def utilization(run: Run, parts: Breakdown | None = None) -> Utilization:
    """The utilization of a Run; `parts`, its breakdown, saves time where it is at hand."""
    totals = (parts or breakdown(run)).totals
    useful = ("prefill", "decode", "sharing", "recompute")
    return Utilization(
        useful_time=sum(totals[name] for name in useful),
        held_time=totals["held"],
        stalled_time=totals["stalled"],
        available_time=run.slots * run.total_time,
    )


_MANY_SLOTS = 16


def tells_shares(run: Run) -> bool:
    """Whether shares of the slot-time tell how busy a server was.

    Many slots of which an engine never takes a quarter are no more than a limit: a share of them
    would tell how high that was set. Textbook strategies have as many slots as their batch size
    says, and are compared by what comes of them. A log tells of no slots.
    """
    if not run.tells_iterations:
        return False
    if not run.strategy.is_engine or run.slots <= _MANY_SLOTS:
        return True
    return run.slots <= 4 * len(run.by_slot)


@dataclass(frozen=True)
class UtilizationSeries:
    """Mean utilization in each window, as fractions; what is neither useful nor held is stalled.

    Shape of each: (windows,).
    """

    occupied: FloatArray
    useful: FloatArray
    held: FloatArray

    def of(self, times: float) -> UtilizationSeries:
        """The same of so many times fewer slots."""
        return UtilizationSeries(self.occupied * times, self.useful * times, self.held * times)

    @property
    def stalled(self) -> FloatArray:
        """The share that waits for somebody else's prefill."""
        return np.maximum(0.0, self.occupied - self.useful - self.held)


@dataclass(frozen=True, eq=False)
class SlotIntegrals:
    """A Run's slot-time up to any instant, in O(log n) once the points below are sorted.

    A request in a slot from p to q adds `max(0, t - p) - max(0, t - q)` to the slot-time up to t,
    so that slot-time is a sum of ramps; so is the time in which chunks are processed. From when a
    request is ready to its finish every decode step is its own, however long the step, so the same
    holds for its other useful time on a clock that only runs while the server decodes.
    """

    run: Run
    starts: _Ramps
    ends: _Ramps
    held_starts: _Ramps
    prefill_starts: _Ramps
    prefill_ends: _Ramps
    decode_starts: _Ramps
    decode_ends: _Ramps

    @classmethod
    def of(cls, run: Run) -> SlotIntegrals:
        """Sort a Run's points, in O(n log n)."""
        stays, prefills, clock = run.stays, run.prefills, run.decode_clock
        until = run.decoded_until
        ready = np.minimum(stays.ready_time, until)
        # Who is skipped is not held, but left out.
        held = np.where(stays.ended == Ended.SKIPPED, run.left, until)
        return cls(
            run=run,
            starts=_Ramps.of(stays.start_time),
            ends=_Ramps.of(np.sort(run.left)),
            held_starts=_Ramps.of(np.sort(held)),
            prefill_starts=_Ramps.of(np.sort(prefills.start)),
            prefill_ends=_Ramps.of(np.sort(prefills.start + prefills.length)),
            decode_starts=_Ramps.of(clock.at(np.sort(ready))),
            decode_ends=_Ramps.of(clock.at(np.sort(until))),
        )

    def series(self, edges: IntArray) -> UtilizationSeries:
        """Mean utilization between neighbouring edges.

        Args:
            edges: ascending instants in picoseconds. Shape: (windows + 1,).

        Returns:
            Exact integrals over each window, up to float rounding; 0 for an empty window.
        """
        decoded = self.run.decode_clock.at(edges)
        occupied = self.starts.rise(edges) - self.ends.rise(edges)
        prefilled = self.prefill_starts.rise(edges) - self.prefill_ends.rise(edges)
        made = self.decode_starts.rise(decoded) - self.decode_ends.rise(decoded)
        available = np.maximum(np.diff(edges), 1) * float(self.run.slots)
        held = self.held_starts.rise(edges) - self.ends.rise(edges)
        shares = (_join(part) / available for part in (occupied, prefilled + made, held))
        return UtilizationSeries(*shares)

    def shares(self, time: Picoseconds) -> Shares:
        """What became of the slot-time from the first arrival to an instant that is not before."""
        decoded = int(self.run.decode_clock.at(np.array([time]))[0])
        available = max(1, time - self.run.begin) * float(self.run.slots)
        left = self.ends.at(time)
        occupied = (self.starts.at(time) - left) / available
        prefilled = self.prefill_starts.at(time) - self.prefill_ends.at(time)
        made = self.decode_starts.at(decoded) - self.decode_ends.at(decoded)
        useful = (prefilled + made) / available
        held = (self.held_starts.at(time) - left) / available
        stalled = max(0.0, occupied - useful - held)
        return Shares(useful, held, stalled, max(0.0, 1 - useful - held - stalled))


_LOW_BITS = 32
_LOW = (1 << _LOW_BITS) - 1


@dataclass(frozen=True, eq=False)
class _Ramps:
    """The function `sum of max(0, t - p)` over all points p.

    Instants are split in a high and a low half, whose sums both fit in int64; the sum of a million
    instants would not.

    Attributes:
        points: ascending, in picoseconds.
        below: sums of the halves of the first k points. Shape: (2, points + 1).
    """

    points: IntArray
    below: IntArray

    @classmethod
    def of(cls, points: IntArray) -> _Ramps:
        """Add up ascending points."""
        below = np.zeros((2, len(points) + 1), np.int64)
        np.cumsum(points >> _LOW_BITS, out=below[0, 1:])
        np.cumsum(points & _LOW, out=below[1, 1:])
        return cls(points, below)

    def at(self, instant: Picoseconds) -> int:
        """The function at an instant."""
        passed = int(self.points.searchsorted(instant))
        high, low = self.below[:, passed].tolist()
        return passed * instant - int(low) - (int(high) << _LOW_BITS)

    def rise(self, edges: IntArray) -> IntArray:
        """How much the function grows from edge to edge, in halves. Shape: (2, edges - 1)."""
        passed = np.searchsorted(self.points, edges)
        halves = np.stack((edges >> _LOW_BITS, edges & _LOW))
        return np.diff(passed * halves - self.below[:, passed])


def _join(halves: IntArray) -> FloatArray:
    """One float from the high and low halves."""
    joined: FloatArray = halves[0] * float(1 << _LOW_BITS) + halves[1]
    return joined
