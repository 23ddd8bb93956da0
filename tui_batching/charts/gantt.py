"""The Gantt chart: one row a request, one panel a strategy, time from left to right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.gantt_bars import CURSOR, WAITS, Bars, TimeWindow, signs
from tui_batching.charts.look import Look, window_start
from tui_batching.charts.panels import (
    Arrangement,
    Scale,
    Sign,
    arrange,
    headings,
    joined,
    legend_row,
    scale_row,
)
from tui_batching.charts.rows import FULL, HATCH, Cells, Row, style
from tui_batching.clock import SECOND, Picoseconds, format_duration
from tui_batching.columns import IntArray
from tui_batching.sim.moment import Moment
from tui_batching.sim.run import Run

HINT = "a row a request: when it waits, runs and is held (the bubble)"
NARROWEST = 31
"""The least cells of a panel beside others: three of them from a terminal of 100 columns on."""
NARROWEST_WHOLE = 24
"""The same where all requests are seen at once so: from 80 columns on."""
AFTER = 5
"""Cells kept free after the end, for the label of the last bar."""
FINEST = 16
"""The most cells for one decode step of a single request."""


@dataclass(frozen=True, eq=False)
class Gantt:
    """The part of the chart that is seen."""

    request: ChartRequest
    look: Look

    @property
    def _runs(self) -> tuple[Run, ...]:
        return self.request.scene.runs

    @cached_property
    def _moments(self) -> list[Moment]:
        return [run.at(self.request.time) for run in self._runs]

    @property
    def _count(self) -> int:
        return len(self._runs[0])

    @cached_property
    def _arrangement(self) -> Arrangement:
        """Each panel has a heading; the legend above and the axes below take a row each."""
        needed, height = self._count + 1, self.request.height - 2
        narrowest = NARROWEST_WHOLE if needed <= height else NARROWEST
        return arrange([needed] * len(self._runs), self.request.width, height, narrowest)

    @cached_property
    def _rows_each(self) -> int:
        """Rows of a panel below its heading."""
        return max(1, min(self._arrangement.heights) - 1)

    @cached_property
    def page(self) -> int:
        """How many requests a panel shows."""
        return min(self._count, self._rows_each)

    @cached_property
    def _margin(self) -> int:
        """Cells for the names."""
        return 2 + len(str(int(self._runs[0].requests.id.max())))

    @cached_property
    def window(self) -> TimeWindow:
        """The time that is seen.

        Without zoom it is as long as it takes to serve as many requests as there are rows.
        """
        time, end = self.request.time, self.request.scene.end
        cells = max(1, min(self._arrangement.widths) - self._margin)
        cell = self._time_of_a_cell(cells)
        around = time if self.look.since is None else self.look.since
        first = window_start(around // cell, cells, end // cell + 1 + AFTER, self.look.shift)
        cursor = time // cell - first
        seen = 0 <= cursor < cells and time < end
        return TimeWindow(cell, first, cells, cursor if seen else None)

    def _time_of_a_cell(self, cells: int) -> Picoseconds:
        whole = -(-self.request.scene.end // max(1, cells - AFTER))
        finest = max(1, min(run.cost.step_time(1) for run in self._runs) // FINEST)
        usual, zoom = whole * self.page // self._count, self.look.zoom
        wanted = usual >> zoom if zoom >= 0 else usual << min(-zoom, 64)
        return min(max(wanted, finest), whole)

    @cached_property
    def tops(self) -> tuple[int, ...]:
        """The first request in each panel: the same one if those running are seen in all so."""
        if self.look.top is not None:
            return (max(0, min(self.look.top, self._last_top)),) * len(self._runs)
        running = [_running(moment) for moment in self._moments]
        common, seen_in_all = self._top_over(np.unique(np.concatenate(running)))
        if seen_in_all:
            return (common,) * len(self._runs)
        return tuple(self._top_over(rows)[0] for rows in running)

    @property
    def _last_top(self) -> int:
        return self._count - self.page

    def _top_over(self, rows: IntArray) -> tuple[int, bool]:
        """Where most of these ascending requests are seen, and whether all of them are.

        Most of the other rows come after them. The place moves by up to a quarter of a page, so
        that the rows stand still most of the time.
        """
        if not len(rows):
            return self._last_top, True
        quarter = max(1, self.page // 4)
        others = self.page - (int(rows[-1]) - int(rows[0]) + 1)
        if others >= 0:
            before = others // 3
            grain = min(quarter, others - before + 1)
            top = max(0, int(rows[0]) - before) // grain * grain
            return min(top, self._last_top), True
        seen = np.searchsorted(rows, rows + self.page - quarter + 1) - np.arange(len(rows))
        top = int(rows[np.argmax(seen)]) // quarter * quarter
        return min(top, self._last_top), False

    @property
    def place(self) -> tuple[object, ...]:
        """Which part is seen."""
        return self.window.cell, self.window.first, self.tops

    def revealing(self, row: int) -> Look:
        """The look at which the request's row is seen, and something of its life in it."""
        look, edges = self.look, self.window.edges
        if any(not top <= row < top + self.page for top in self.tops):
            look = replace(look, top=max(0, row - self.page // 2))
        arrival = int(self._runs[0].requests.arrival_time[row])
        answered = max(int(run.end[row]) for run in self._runs)
        if arrival >= edges[-1] or answered <= edges[0]:
            look = replace(look, since=arrival, shift=0)
        return look

    def draw(self) -> list[Cells]:
        """Legend, panels, axes."""
        palette, width, height = self.request.palette, self.request.width, self.request.height
        ground = style(palette.text, palette.background)
        panels = [self._panel(number) for number in range(len(self._runs))]
        legend = [*signs(palette), Sign(CURSOR, palette.playhead, "now")]
        rows = [
            legend_row(HINT, legend, width, palette, moved=self.look.moved),
            *joined(panels, self._arrangement, ground),
            *joined(self._axes(), self._arrangement, ground),
        ]
        return (rows + [Row(width, ground).cells()] * height)[:height]

    def _axes(self) -> list[list[Cells]]:
        """An axis below each panel, or one below them all."""
        window = self.window
        lower, upper = (float(edge) / SECOND for edge in window.edges[[0, -1]])
        scale = Scale(lower, upper, window.cells, "s", window.cursor)
        widths = self._arrangement.widths[: 1 if self._arrangement.stacked else None]
        palette, margin = self.request.palette, " " * self._margin
        return [[scale_row(scale, margin, width, palette)] for width in widths]

    @cached_property
    def _headings(self) -> list[Cells]:
        strategies = [run.strategy for run in self._runs]
        facts = [
            _facts(moment, top, self._last_top - top)
            for moment, top in zip(self._moments, self.tops, strict=True)
        ]
        return headings(strategies, facts, self._arrangement.widths, self.request.palette)

    def _panel(self, number: int) -> list[Cells]:
        run, top, palette = self._runs[number], self.tops[number], self.request.palette
        width = self._arrangement.widths[number]
        rows = [self._headings[number]]
        ground = style(palette.text, palette.surface)
        shown = np.arange(top, top + self.page)
        bars = Bars(run, shown, self.window, self._margin, palette, self.look.selected)
        airy = self._rows_each >= 2 * self._count - 1
        for line in bars.draw():
            rest = width - self._margin - self.window.cells
            rows.append([*line, *Row(rest, ground).cells()])
            rows += [Row(width, ground).cells()] * airy
        return rows[: self._arrangement.heights[number]]


def picture(request: ChartRequest) -> list[Cells]:
    """The chart as it is without anybody to scroll it.

    The rows and the time around the playhead are drawn; those at the start, and no playhead, if it
    is at the end.
    """
    if request.time < request.scene.end:
        return Gantt(request, Look()).draw()
    return Gantt(request, Look(since=0, top=0, printed=True)).draw()


def _running(moment: Moment) -> IntArray:
    """The requests in slots, or else the one that is next; none once all is over."""
    if moment.over:
        return np.zeros(0, np.int64)
    rows = np.sort(moment.running)
    return rows if len(rows) else np.flatnonzero(moment.run.start > moment.time)[:1]


def _facts(moment: Moment, above: int, below: int) -> list[str]:
    """What is going on in a panel, the fullest wording first, and how many rows are not seen."""
    hidden = f"↑{above:,} ↓{below:,}" if above or below else ""
    if moment.over:
        finished = format_duration(moment.run.finished)
        told = [f"all answered at {finished}"] * 2 + ["all answered"] * 2
    else:
        held = len(moment.held)
        running, waiting = len(moment.running) - held, len(moment.waiting)
        told = [
            f"{running} running · {held} held · {waiting:,} waiting · {moment.done:,} answered",
            f"{running} running · {held} held · {waiting:,} waiting",
            f"{running} run · {held} held · {waiting:,} wait",
            f"{FULL}{running} {HATCH}{held} {WAITS}{waiting:,}",
        ]
    return [f"{text} {hidden}".rstrip() for text in told] + [hidden]
