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
    # The same problem in as many rows as columns.
    triangle = np.linalg.qr(np.column_stack([features / scale, values])).R
    rows, values = triangle[:, :count], triangle[:, count]
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


def solve_normal(squares: FloatArray, products: FloatArray) -> FloatArray:
    """As `solve`, of the normal equations `squares @ x = products`.

    Args:
        squares: `features.T @ features`.
        products: `features.T @ values`.
    """
    sizes = np.sqrt(np.diag(squares))
    scale = np.where(sizes > 0, sizes, 1)
    values, axes = np.linalg.eigh(squares / np.outer(scale, scale))
    roots = np.sqrt(np.maximum(values, 0))
    inverse = np.where(roots > 1e-9 * roots.max(), 1 / np.maximum(roots, 1e-300), 0)
    rows = roots[:, None] * axes.T
    return solve(rows, inverse * (axes.T @ (products / scale))) / scale


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
        ratios[negative] = found[negative] / (found - wanted)[negative]
        step = ratios.min()
        found = np.where(ratios <= step, 0, found + step * (wanted - found))
        free &= ratios > step
    return found
