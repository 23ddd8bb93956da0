"""The KV cache of a lane over time: how much of it is used, and how much is taken but empty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tui_batching.charts.ahead import dim_from
from tui_batching.charts.bands import TimeWindow
from tui_batching.charts.palette import Palette
from tui_batching.charts.rows import (
    LEVELS,
    PLAYHEAD,
    RESERVED,
    TRACK,
    Cells,
    painted,
    style,
)
from tui_batching.columns import IntArray
from tui_batching.sim.kv_levels import kv_levels
from tui_batching.sim.run import Run
from tui_batching.sim.stays import KvBlocks

_LEVELS = np.array(list(LEVELS))
_GROUND, _USED, _USED_OF_TAKEN, _TAKEN, _EMPTY, _FREE, _NOW = range(7)
"""What a cell shows: nothing, used memory with nothing or with taken memory above it, the upper end
of what is taken, a cell full of what is taken but empty, free memory, the playhead.
"""


@dataclass(frozen=True, eq=False)
class KvBand:
    """A KV cache as levels of its own size, which fills all rows.

    Attributes:
        run: whose.
        kv: its KV cache.
        window: the time shown.
        height: rows of the band.
        palette: the colours.
    """

    run: Run
    kv: KvBlocks
    window: TimeWindow
    height: int
    palette: Palette

    def draw(self) -> list[Cells]:
        """The rows, the highest first."""
        window, palette = self.window, self.palette
        levels = kv_levels(self.run, window.middles)
        below = 8 * np.arange(self.height - 1, -1, -1)[:, np.newaxis]
        used = self._eighths(levels.used)
        taken = np.maximum(used, self._eighths(levels.blocks * self.kv.block_size))
        used, taken = (np.clip(each - below, 0, 8) for each in (used, taken))
        # A cell has two colours: where used memory ends in it, what is taken fills the rest or not.
        filled = taken - used >= 8 - taken
        served = (window.middles >= self.run.begin) & (window.middles < self.run.finished)
        inks = np.select(
            [used == 8, (used > 0) & filled, used > 0, taken == 8, taken > 0, served],
            [_USED, _USED_OF_TAKEN, _USED, _EMPTY, _TAKEN, _FREE],
            _GROUND,
        )
        text = _LEVELS[np.where(used > 0, used, taken)]
        text[inks == _EMPTY], text[inks == _FREE] = RESERVED, TRACK
        if window.cursor is not None:
            text[:, window.cursor], inks[:, window.cursor] = PLAYHEAD, _NOW
        surface, track = palette.surface, palette.reserved
        looks = (
            style(palette.muted, surface),
            style(palette.work, surface),
            style(palette.work, track),
            style(track, surface),
            style(track, track),  # its sign is for where there are no colours
            style(palette.muted, surface),
            style(palette.playhead, surface, bold=True),
        )
        rows = [
            painted("".join(line), marks, looks.__getitem__)
            for line, marks in zip(text, inks, strict=True)
        ]
        return [dim_from(row, window.reached, palette) for row in rows]

    def _eighths(self, tokens: IntArray) -> IntArray:
        """How high so many tokens reach, in eighths of a row; any at all by one."""
        pool = self.kv.blocks * self.kv.block_size
        found = np.round(tokens / pool * 8 * self.height).astype(np.int64)
        return np.where(tokens > 0, np.maximum(1, found), 0)
