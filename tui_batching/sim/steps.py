"""The arithmetic of decode steps that grow: each lasts a constant longer than the one before.

They grow as contexts do, one token a step for each request (see `cost`). All of it is exact.
"""

from __future__ import annotations

from math import isqrt

import numpy as np

from tui_batching.clock import Picoseconds
from tui_batching.columns import IntArray


def time_of(steps: int, first: Picoseconds, growth: Picoseconds) -> Picoseconds:
    """How long a number of steps lasts: the first one `first`, each further one `growth` more."""
    return steps * first + growth * (steps * (steps - 1) >> 1)


def times_of(steps: IntArray, first: IntArray, growth: IntArray) -> IntArray:
    """As `time_of`, column by column."""
    times = steps * first
    if growth.any():
        times += growth * (steps * (steps - 1) >> 1)
    return np.asarray(times)


def steps_within(time: Picoseconds, first: Picoseconds, growth: Picoseconds) -> int:
    """The most steps that last no longer than `time` >= 0; `first` must be above zero.

    It is the floor of the root of `time_of(k) = time`, a quadratic equation.
    """
    if not growth:
        return time // first
    half = 2 * first - growth
    return (isqrt(half * half + 8 * growth * time) - half) // (2 * growth)


def whole_steps(time: IntArray, steps: IntArray, first: IntArray, growth: IntArray) -> IntArray:
    """Of each of these runs of `steps` steps, how many are over `time` >= 0 after its start."""
    if not growth.any():
        return np.asarray(np.minimum(time // first, steps))
    low, high = np.zeros_like(steps), steps.copy()
    while (low < high).any():
        middle = (low + high + 1) // 2
        over = times_of(middle, first, growth) <= time
        low, high = np.where(over, middle, low), np.where(over, high, middle - 1)
    return low
