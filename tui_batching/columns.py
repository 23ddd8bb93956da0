"""Columns: the int64 arrays that requests, Runs and spans are made of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

IntArray: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
FloatArray: TypeAlias = npt.NDArray[np.float64]


_BLOCK = 2**15
"""Values that are added up at once; a processor's cache has room for them."""


def freeze(column: npt.ArrayLike) -> IntArray:
    """The column as a contiguous, read-only int64 array (the same memory where possible)."""
    array = np.ascontiguousarray(column, dtype=np.int64)
    array.flags.writeable = False
    return array


def exact_sum(column: IntArray) -> int:
    """The sum as a Python int; int64 would overflow for a million long latencies."""
    return (int((column >> 32).sum()) << 32) + int((column & 0xFFFFFFFF).sum())


def members_of_groups(first: IntArray, after: IntArray) -> tuple[IntArray, IntArray]:
    """The members of several groups that lie in a row somewhere, written one after the other.

    Args:
        first: where each group begins.
        after: where it ends, exclusively.

    Returns:
        The members, and where each group begins among them, with one more entry at the end.
        `first` 4, 0 and `after` 6, 3 give 4 5 0 1 2 and 0 2 5.
    """
    count = after - first
    begins = np.concatenate(([0], np.cumsum(count)))
    return np.arange(int(begins[-1])) + np.repeat(first - begins[:-1], count), begins


def sums_of_groups(column: IntArray, begins: IntArray) -> IntArray:
    """The sum of each group, where `begins` is as `members_of_groups` returns it.

    The sums before a group may overflow, which does no harm: they wrap around and so back.
    """
    return np.asarray(np.diff(np.concatenate(([0], np.cumsum(column)))[begins]))


def float_sum(column: FloatArray) -> float:
    """The sum of floats that are not negative, the same in any order and on any machine.

    They are added up as integers, each counted in units of 2**-62 of the largest.
    """
    _, exponent = math.frexp(column.max(initial=0.0))
    scale = math.ldexp(1.0, 62 - exponent)
    blocks = (column[first : first + _BLOCK] for first in range(0, len(column), _BLOCK))
    total = sum(exact_sum(np.rint(block * scale).astype(np.int64)) for block in blocks)
    return math.ldexp(total, exponent - 62)


def rounded(shares: Sequence[float], total: int) -> list[int]:
    """Shares of a whole in whole parts that add up to `total`: the largest remainders round up.

    Example: (0.355, 0.15, 0.03, 0.465) of 100 are 36, 15, 3 and 46: 36.0 would not have sufficed.
    """
    exact = [share * total for share in shares]
    parts = [int(part) for part in exact]
    order = sorted(range(len(parts)), key=lambda number: parts[number] - exact[number])
    for number in order[: total - sum(parts)]:
        parts[number] += 1
    return parts
