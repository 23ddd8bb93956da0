"""Columns: the int64 arrays that requests, Runs and spans are made of."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

IntArray: TypeAlias = npt.NDArray[np.int64]
FloatArray: TypeAlias = npt.NDArray[np.float64]


def freeze(column: npt.ArrayLike) -> IntArray:
    """The column as a contiguous, read-only int64 array (the same memory where possible)."""
    array = np.ascontiguousarray(column, dtype=np.int64)
    array.flags.writeable = False
    return array


def exact_sum(column: IntArray) -> int:
    """The sum as a Python int; int64 would overflow for a million long latencies."""
    return (int((column >> 32).sum()) << 32) + int((column & 0xFFFFFFFF).sum())
