"""Areas under curves, drawn by eighths of a cell: for occupancy and for histograms."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tui_batching.charts.rows import LEVELS
from tui_batching.columns import FloatArray

_LEVELS = np.array(list(LEVELS))


def filled_cells(heights: FloatArray, rows: int) -> npt.NDArray[np.str_]:
    """Columns filled from below.

    Args:
        heights: of each column, in rows; what is above zero is drawn by at least an eighth.
        rows: how many there are.

    Returns:
        One character a cell, the top row first. Shape: (rows, columns).
    """
    eighths = np.where(heights > 0, np.maximum(1, np.round(heights * 8)), 0)
    below = 8 * np.arange(rows - 1, -1, -1)[:, np.newaxis]
    return _LEVELS[np.clip(eighths - below, 0, 8).astype(np.int64)]
