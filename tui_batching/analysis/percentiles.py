"""Percentiles of values that occur many times, without writing them out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tui_batching.columns import FloatArray, IntArray


def weighted_percentiles(values: IntArray, counts: IntArray, q: Sequence[float]) -> FloatArray:
    """What `numpy.percentile` says of each value repeated `counts` times.

    Interpolation is numpy's default, linear, in the same order of operations.

    Args:
        values: in any order, also repeated.
        counts: how often each occurs, >= 0. Shape: that of `values`.
        q: percentages from 0 to 100.

    Raises:
        ValueError: if there is no value.
    """
    order = np.argsort(values)
    up_to = np.cumsum(counts[order])
    total = int(up_to[-1]) if len(up_to) else 0
    if not total:
        raise ValueError("percentiles of no values are undefined")
    ranks = np.asarray(q, np.float64) / 100 * (total - 1)
    lower = np.floor(ranks)
    upper = np.minimum(lower + 1, total - 1)
    below, above = (
        values[order[np.searchsorted(up_to, rank.astype(np.int64), side="right")]]
        for rank in (lower, upper)
    )
    share, gap = ranks - lower, above - below
    interpolated = np.where(share < 0.5, below + gap * share, above - gap * (1 - share))
    return np.asarray(interpolated, np.float64)
