"""Polylines: what a chart needs to do to a line before it is drawn, on plain numpy arrays.

Everywhere `x` is non-decreasing (a vertical step repeats its x) and nothing is changed in place.
"""

from __future__ import annotations

from itertools import pairwise
from math import inf
from typing import TypeAlias

import numpy as np

from tui_batching.columns import FloatArray

Points: TypeAlias = tuple[FloatArray, FloatArray]


def staircase(x: FloatArray, y: FloatArray) -> Points:
    """The line that keeps each value until the next x, then steps: a cumulative distribution."""
    return np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]


def finite_pieces(x: FloatArray, y: FloatArray) -> list[Points]:
    """The line cut where x or y is NaN or infinite: only pieces that can be drawn."""
    bad = np.flatnonzero(~(np.isfinite(x) & np.isfinite(y)))
    edges = [-1, *bad.tolist(), len(x)]
    return [(x[a + 1 : b], y[a + 1 : b]) for a, b in pairwise(edges) if b - a > 1]


def window(x: FloatArray, y: FloatArray, lower: float, upper: float) -> Points:
    """The part of the line between two x, cut exactly at the borders; empty if there is none."""
    first, last = int(np.searchsorted(x, lower, "left")), int(np.searchsorted(x, upper, "right"))
    inside_x, inside_y = x[first:last], y[first:last]
    if first > 0 and first < len(x) and x[first] > lower:
        inside_x, inside_y = _put_first(inside_x, inside_y, lower, _between(x, y, first, lower))
    if 0 < last < len(x) and x[last - 1] < upper:
        value = _between(x, y, last, upper)
        inside_x, inside_y = np.append(inside_x, upper), np.append(inside_y, value)
    return inside_x, inside_y


def thin(x: FloatArray, y: FloatArray, columns: int, tolerance: float) -> Points:
    """Far fewer points that draw the same line.

    First every one of the `columns` of the drawing keeps its first, lowest, highest and last value
    (the M4 aggregation of Jugel et al., VLDB 2014: a million points become four a column), then
    points on a straight stretch are left out: none is more than `tolerance` above or below.
    """
    if len(x) > 4 * columns:
        x, y = _four_a_column(x, y, columns)
    kept = _corners(x.tolist(), y.tolist(), tolerance)
    return x[kept], y[kept]


def _between(x: FloatArray, y: FloatArray, right: int, at: float) -> float:
    """The value at `at`, between the points `right - 1` and `right`."""
    share = (at - x[right - 1]) / (x[right] - x[right - 1])
    return float(y[right - 1] + share * (y[right] - y[right - 1]))


def _put_first(x: FloatArray, y: FloatArray, new_x: float, new_y: float) -> Points:
    return np.insert(x, 0, new_x), np.insert(y, 0, new_y)


def _four_a_column(x: FloatArray, y: FloatArray, columns: int) -> Points:
    """First, lowest, highest and last value of each column, at the column's first and last x."""
    span = max(float(x[-1] - x[0]), 1e-300)
    column = np.minimum(((x - x[0]) * (columns / span)).astype(np.int64), columns - 1)
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    ends = np.append(starts[1:], len(x)) - 1
    lowest, highest = np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)
    thin_x = np.stack([x[starts], x[starts], x[ends], x[ends]], axis=1).ravel()
    thin_y = np.stack([y[starts], lowest, highest, y[ends]], axis=1).ravel()
    return thin_x, thin_y


def _corners(x: list[float], y: list[float], tolerance: float) -> list[int]:
    """Which points to keep so that no left-out one is further than `tolerance` from the line.

    The swinging door: from the last kept point, the slopes that pass every point since then
    closely enough form a door; a point outside of it makes the point before it a corner.
    """
    kept, anchor, low, high = [0], 0, -inf, inf
    for i in range(1, len(x)):
        run, rise = x[i] - x[anchor], y[i] - y[anchor]
        if i - 1 > anchor and not (run > 0 and low <= rise / run <= high):
            anchor, low, high = i - 1, -inf, inf
            kept.append(anchor)
            run, rise = x[i] - x[anchor], y[i] - y[anchor]
        if run > 0:
            low, high = max(low, (rise - tolerance) / run), min(high, (rise + tolerance) / run)
        else:  # upright: the next point ends it
            low, high = inf, -inf
    return kept if len(x) < 2 else [*kept, len(x) - 1]
