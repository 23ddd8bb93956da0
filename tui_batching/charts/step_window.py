"""The stretch of steps that a chart of slots shows: which step is in which column."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np

from tui_batching.columns import IntArray


@dataclass(frozen=True, slots=True)
class StepWindow:
    """The stretch of decode steps that is drawn, numbered from 0.

    Attributes:
        first: the first column, counted from step 0.
        cells: how many columns there are.
        scale: how many steps a column stands for; or a whole number of columns for a step.
        count: how many steps there are in all.
        now: the step under way, or None.
    """

    first: int
    cells: int
    scale: Fraction
    count: int
    now: int | None

    @property
    def columns_per_step(self) -> int:
        """How many columns a step takes; one where a column stands for more than a step."""
        return max(1, int(1 / self.scale))

    def step_of(self, column: int | IntArray) -> IntArray:
        """The first step in each column, counted from the window's first one."""
        scale = self.scale
        return (self.first + np.asarray(column)) * scale.numerator // scale.denominator

    @property
    def begin(self) -> int:
        """The first step that is seen."""
        return int(self.step_of(0))

    @property
    def end(self) -> int:
        """The step after the last one that is seen."""
        return ceil((self.first + self.cells) * self.scale)

    @property
    def drawn(self) -> IntArray:
        """The step that each column shows: the one in its middle, or else the one under way."""
        scale, columns = self.scale, self.first + np.arange(self.cells)
        steps = (2 * columns + 1) * scale.numerator // (2 * scale.denominator)
        if self.now is not None:
            steps[np.array(self.now_columns, np.int64)] = self.now
        return np.asarray(steps)

    @property
    def limits(self) -> tuple[float, float]:
        """What the edges stand for, where the first step of all is number 1."""
        first, after = self.first * self.scale, (self.first + self.cells) * self.scale
        return float(first) + 1, float(after) + 1

    @property
    def reached(self) -> int:
        """How many columns the playhead has reached; the others are drawn dim."""
        if self.now is None:
            return self.cells
        after = self._now_column(self.now) + self.columns_per_step
        return max(0, min(self.cells, after))

    @property
    def now_columns(self) -> range:
        """The columns of the step under way."""
        if self.now is None:
            return range(0)
        begin = self._now_column(self.now)
        return range(max(0, begin), max(0, min(self.cells, begin + self.columns_per_step)))

    def _now_column(self, now: int) -> int:
        return int(now / self.scale) - self.first
