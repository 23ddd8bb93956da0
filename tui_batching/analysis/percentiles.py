"""Percentiles of values that occur many times, without writing them out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tui_batching.columns import FloatArray, IntArray


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
