"""Pooled values that come in arithmetic progressions, and their statistics without a long list.

Decode steps grow by a constant, so that the gaps between tokens are such progressions: a few
million rows where all steps of a day, written out, would fill gigabytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tui_batching.analysis.percentiles import Ranked, percentiles_of_ranked
from tui_batching.columns import FloatArray, IntArray, exact_sum

_FEW = 50_000
"""So many values are written out and sorted."""


@dataclass(frozen=True, eq=False)
class Progressions:
    """Rows of values `first`, `first + growth`, and so on, `length` of them, each many times.

    A value may be there more than once, in one row or in several.

    Attributes:
        first: the smallest value of each row.
        growth: from each value to the next; above zero where the row has more than one.
        length: values in the row, >= 1.
        counts: how often each of them occurs, >= 1.
    """

    first: IntArray
    growth: IntArray
    length: IntArray
    counts: IntArray

    @classmethod
    def single(cls, values: IntArray, counts: IntArray) -> Progressions:
        """Rows of one value each."""
        return cls(values, np.zeros_like(values), np.ones_like(values), counts)

    @classmethod
    def joined(cls, parts: Sequence[Progressions]) -> Progressions:
        """All rows of all parts, without those that are empty or never occur."""
        first, growth, length, counts = (
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("first", "growth", "length", "counts")
        )
        there = np.flatnonzero((length > 0) & (counts > 0))
        return cls(first[there], growth[there], length[there], counts[there])

    def __bool__(self) -> bool:
        return len(self.first) > 0

    @cached_property
    def total(self) -> int:
        """How many values there are, repeated ones included."""
        return exact_sum(self.length * self.counts)

    @cached_property
    def last(self) -> IntArray:
        """The largest value of each row."""
        return self.first + self.growth * (self.length - 1)

    @property
    def largest(self) -> int:
        """The largest value of all."""
        return int(self.last.max())

    def standard_deviation(self, mean: float) -> float:
        """Around this mean of theirs, for the whole population."""
        middle = (self.first - mean) + self.growth * ((self.length - 1) / 2)
        spread = (self.length.astype(np.float64) ** 2 - 1) / 12  # of 1, 2, ... length
        squares = self.length * (middle**2 + self.growth.astype(np.float64) ** 2 * spread)
        return float(np.sqrt(np.dot(squares, self.counts) / self.total))

    def written_out(self) -> tuple[IntArray, IntArray]:
        """Every value of every row, and how often it occurs."""
        row = np.repeat(np.arange(len(self.first)), self.length)
        number = np.arange(len(row)) - np.repeat(np.cumsum(self.length) - self.length, self.length)
        return self.first[row] + self.growth[row] * number, self.counts[row]

    def percentiles(self, q: Sequence[float]) -> FloatArray:
        """As `numpy.percentile` of the values, each repeated as often as it occurs.

        Raises:
            ValueError: if there is no value.
        """
        return percentiles_of_ranked(self.total, q, self._at)

    def _at(self, ranks: IntArray) -> IntArray:
        """The values at these places, from 0, of all in ascending order.

        The values are split in two, and the parts that hold a place again, until few are left.
        """
        smallest, largest = int(self.first.min()), self.largest
        if smallest == largest or int(self.length.sum()) <= _FEW:
            return Ranked.of(*self.written_out()).at(ranks)
        middle = int(np.median(self.first + (self.last - self.first) // 2))
        if middle >= largest:
            middle = smallest + (largest - smallest) // 2
        below, above = self._split(middle)
        in_below = ranks < below.total
        found = np.empty_like(ranks)
        if in_below.any():
            found[in_below] = below._at(ranks[in_below])  # noqa: SLF001 - of the same class
        if not in_below.all():
            found[~in_below] = above._at(ranks[~in_below] - below.total)  # noqa: SLF001
        return found

    def _split(self, value: int) -> tuple[Progressions, Progressions]:
        """The values up to this one, and those above it."""
        reached = (value - self.first) // np.maximum(self.growth, 1) + 1
        below = np.clip(reached, 0, self.length)
        above, next_first = self.length - below, self.first + self.growth * below
        lower, upper = np.flatnonzero(below), np.flatnonzero(above)
        return (
            Progressions(self.first[lower], self.growth[lower], below[lower], self.counts[lower]),
            Progressions(next_first[upper], self.growth[upper], above[upper], self.counts[upper]),
        )
