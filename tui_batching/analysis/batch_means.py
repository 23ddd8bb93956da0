"""What a finite run tells of an endless one: the means of its parts, behind a warm-up.

Requests that follow each other wait in the same queue, so that a thousand of them are worth far
fewer independent ones. The means of parts that are long enough are nearly independent: from how
far they lie apart follows how far the mean of the run may lie from that of a longer one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from tui_batching.columns import FloatArray

PARTS, WARM_UP = 20, 2
"""A run is cut into so many parts, of which the first ones do not count: it starts empty."""
CONFIDENCE = 0.95
"""Of the interval, to which the mean of a run ten times as long belongs."""
TIMES_AS_LONG = 10
_ALIKE = 1 / 5
"""The share of the variance of single values that the means of parts that are alike have."""
_LEAST = 5
"""Values in a part below which nothing is told."""
_MOST_CORRELATED = 0.8
"""As far as neighbouring parts may be taken to depend on each other."""


@dataclass(frozen=True)
class BatchMeans:
    """Some values in the order in which requests arrived, in one run or several.

    Attributes:
        mean: of all values that count.
        count: how many these are.
        parts: how many parts they are in.
        variance: of the means of the parts.
        spread: the variance of single values.
        correlation: of neighbouring parts, not below zero.
    """

    mean: float
    count: int
    parts: int
    variance: float
    spread: float
    correlation: float

    @classmethod
    def of(cls, runs: Sequence[FloatArray]) -> BatchMeans | None:
        """Cut the values of each run into parts; None if a run has too few of them."""
        if min(len(values) for values in runs) < PARTS * _LEAST:
            return None
        parts = [part for values in runs for part in np.array_split(values, PARTS)[WARM_UP:]]
        counted = np.concatenate(parts)
        means = np.array([part.mean() for part in parts])
        apart = means - means.mean()
        squares = float(apart @ apart)
        together = float(apart[1:] @ apart[:-1]) / squares if squares else 0.0
        return cls(
            mean=float(counted.mean()),
            count=len(counted),
            parts=len(parts),
            variance=squares / (len(parts) - 1),
            spread=float(counted.var()),
            correlation=min(max(together, 0.0), _MOST_CORRELATED),
        )

    @property
    def alike(self) -> bool:
        """Whether the means of the parts vary far less than single values do.

        Where a queue takes as long to come and go as a part lasts, they do not.
        """
        return self.variance <= _ALIKE * self.spread

    def error(self, least: float) -> float:
        """How far the mean of a run ten times as long may lie, as a share of this one.

        Args:
            least: the variance of single values to reckon with at least, by the squared mean.
        """
        r = self.correlation
        sampled = self.variance / self.parts * (1 + r) / (1 - r)
        relative = sampled / self.mean**2 if self.mean else 0.0
        expected = max(relative, least / self.count) * (1 + 1 / TIMES_AS_LONG)
        return student(self.parts - 1) * math.sqrt(expected)


def student(freedom: int) -> float:
    """How many standard errors `CONFIDENCE` takes: Student's t, by its expansion for 10 or more."""
    z, n = NormalDist().inv_cdf((1 + CONFIDENCE) / 2), freedom
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
    )
