"""Many values pooled, and their statistics without a long list.

Decode steps grow by a constant, so that the gaps between tokens are arithmetic progressions: a few
million rows where all steps of a day, written out, would fill gigabytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tui_batching.columns import FloatArray, IntArray, exact_sum, float_sum

_FEW = 50_000
"""So many values are written out and sorted."""


@dataclass(frozen=True, eq=False)
class PooledValues:
    """Many values: rows of `first`, `first + growth`, and so on, `length` of them, each many times.

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
    def single(cls, values: IntArray, counts: IntArray) -> PooledValues:
        """Rows of one value each."""
        return cls(values, np.zeros_like(values), np.ones_like(values), counts)

    @classmethod
    def joined(cls, parts: Sequence[PooledValues]) -> PooledValues:
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
        return math.sqrt(float_sum(squares * self.counts) / self.total)

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

    def _split(self, value: int) -> tuple[PooledValues, PooledValues]:
        """The values up to this one, and those above it."""
        reached = (value - self.first) // np.maximum(self.growth, 1) + 1
        below = np.clip(reached, 0, self.length)
        above, next_first = self.length - below, self.first + self.growth * below
        lower, upper = np.flatnonzero(below), np.flatnonzero(above)
        return (
            PooledValues(self.first[lower], self.growth[lower], below[lower], self.counts[lower]),
            PooledValues(next_first[upper], self.growth[upper], above[upper], self.counts[upper]),
        )


def percentiles_of_ranked(
    total: int, q: Sequence[float], at: Callable[[IntArray], IntArray]
) -> FloatArray:
    """Percentiles of `total` values, of which `at` knows those at any places in ascending order.

    Interpolation is numpy's default, linear, in the same order of operations.

    Args:
        total: how many values there are, repeated ones included.
        q: percentages from 0 to 100.
        at: the values at some places, from 0, of all in ascending order.

    Raises:
        ValueError: if there is no value.
    """
    if not total:
        raise ValueError("percentiles of no values are undefined")
    ranks = np.asarray(q, np.float64) / 100 * (total - 1)
    lower = np.floor(ranks)
    upper = np.minimum(lower + 1, total - 1)
    below, above = at(np.stack((lower, upper)).astype(np.int64))
    share, gap = ranks - lower, above - below
    interpolated = np.where(share < 0.5, below + gap * share, above - gap * (1 - share))
    return np.asarray(interpolated, np.float64)


@dataclass(frozen=True, eq=False)
class Ranked:
    """Values in ascending order.

    Attributes:
        values: each may be there more than once.
        up_to: how many values there are up to and including this one.
    """

    values: IntArray
    up_to: IntArray

    @classmethod
    def of(cls, values: IntArray, counts: IntArray) -> Ranked:
        """Sort values that occur this often."""
        order = np.argsort(values)
        return cls(values[order], np.cumsum(counts[order]))

    @property
    def total(self) -> int:
        """How many values there are."""
        return int(self.up_to[-1]) if len(self.up_to) else 0

    def at(self, ranks: IntArray) -> IntArray:
        """The values at these places, from 0."""
        return self.values[np.searchsorted(self.up_to, ranks, side="right")]
