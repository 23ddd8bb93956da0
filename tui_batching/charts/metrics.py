"""All figures of a scene: bars, breakdown and table, below each other or side by side."""

from __future__ import annotations

from itertools import zip_longest

from tui_batching.analysis.comparison import Comparison
from tui_batching.charts.bars import bar_rows
from tui_batching.charts.comparison_table import WIDEST, table_rows
from tui_batching.charts.palette import Palette
from tui_batching.charts.pen import Pen
from tui_batching.charts.rows import Cells

_BESIDE = 150
"""Cells from which on the table stands beside the bars."""


def metrics_rows(comparison: Comparison, width: int, palette: Palette) -> list[Cells]:
    """As many rows as it takes, what matters first at the top."""
    if width < _BESIDE:
        pen = Pen(width, palette)
        return [*bar_rows(comparison, pen), pen.blank(), *table_rows(comparison, pen)]
    left, right = Pen(WIDEST, palette), Pen(width - WIDEST, palette)
    pairs = zip_longest(table_rows(comparison, left), bar_rows(comparison, right))
    return [[*(table or left.blank()), *(bars or right.blank())] for table, bars in pairs]
