"""Least squares with coefficients that are not negative (Lawson and Hanson, 1974).

These lines stand here so that a fit needs no scipy, which is larger than all else together.
"""

from __future__ import annotations

import numpy as np

from tui_batching.columns import BoolArray, FloatArray

_TOLERANCE = 1e-10
"""Below this share of the largest gradient, another coefficient would bring nothing."""


def solve(features: FloatArray, values: FloatArray) -> FloatArray:
    """The coefficients x >= 0 for which `features @ x` is closest to the values.

    Args:
        features: a row for each value. Shape: (values, coefficients).
        values: what is to be explained.
    """
    sizes = np.linalg.norm(features, axis=0)
    scale = np.where(sizes > 0, sizes, 1)
    count = features.shape[1]
    rows, values = shortened(features / scale, values)
    found, free = np.zeros(count), np.zeros(count, np.bool_)
    least = _TOLERANCE * float(np.abs(rows.T @ values).max(initial=0))
    for _ in range(3 * count):
        gradient = np.where(free, -np.inf, rows.T @ (values - rows @ found))
        best = int(gradient.argmax())
        if gradient[best] <= least:
            break
        free[best] = True
        found = _within_bounds(rows, values, found, free)
    return np.asarray(found / scale)


def shortened(features: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The same problem in no more rows than there are columns, by Householder's reflections.

    Not by a library, whose threads would add up in another order on every machine.
    """
    rows = np.column_stack([features, values])
    count = rows.shape[1]
    if len(rows) <= count:
        return features, values
    for column in range(count):
        rest = rows[column:, column:]
        mirror = rest[:, 0].copy()
        mirror[0] += np.copysign(np.sqrt((mirror**2).sum()), mirror[0])
        length = (mirror**2).sum()
        if length > 0:
            shares = (mirror[:, None] * rest).sum(axis=0) * (2 / length)
            rest -= mirror[:, None] * shares
    return rows[:count, :-1], rows[:count, -1]


def _within_bounds(
    rows: FloatArray, values: FloatArray, found: FloatArray, free: BoolArray
) -> FloatArray:
    """Solve for the free coefficients; those that would get negative are bound to zero again."""
    while free.any():
        wanted = np.zeros_like(found)
        wanted[free] = np.linalg.lstsq(rows[:, free], values, rcond=None)[0]
        negative = free & (wanted <= 0)
        if not negative.any():
            return wanted
        ratios = np.full(len(found), np.inf)
        ratios[negative] = 0.0  # of those that are zero and stay so
        leaving = negative & (found > wanted)
        ratios[leaving] = found[leaving] / (found - wanted)[leaving]
        step = ratios.min()
        found = np.where(ratios <= step, 0, found + step * (wanted - found))
        free &= ratios > step
    return found
