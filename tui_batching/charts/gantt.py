"""The Gantt chart: one row a request, one panel a strategy, time from left to right.

The bars of requests are drawn cell by cell from a matrix of what each does in the middle of a cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from rich.color import Color
from rich.style import Style

from tui_batching.charts.chart import ChartRequest, Viewport, window_start
from tui_batching.charts.palette import Palette
from tui_batching.charts.panels import (
    Arrangement,
    LegendEntry,
    Scale,
    arrange,
    headings,
    joined,
    legend_row,
    scale_row,
)
from tui_batching.charts.pen import fill
from tui_batching.charts.rows import (
    AGAIN,
    FULL,
    HATCH,
    SHADE,
    STALLED,
    Cells,
    Row,
    painted,
    style,
)
from tui_batching.clock import HORIZON, SECOND, Picoseconds, format_duration
from tui_batching.columns import BoolArray, IntArray
from tui_batching.sim.life import WAITS as WAITING_STATES
from tui_batching.sim.life import State, StateMatrix, states_at
from tui_batching.sim.moment import Moment
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind
from tui_batching.sim.stays import Ended

HINT = "a row a request: when it waits, runs and is held (the bubble)"
NARROWEST = 31
"""The least cells of a panel beside others: three of them from a terminal of 100 columns on."""
NARROWEST_WHOLE = 24
"""The same where all requests are seen at once so: from 80 columns on."""
AFTER = 5
"""Cells kept free after the end, for the label of the last bar."""
FINEST = 16
"""The most cells for one decode step of a single request."""

WAITS, ARRIVAL, EVICTED, CURSOR = "─", "├", "↩", "┃"
EARLIER, LATER = "◃", "▹"
"""At the edge of a row whose request was answered before the window, or arrives after it."""

_BAR_SIGNS = {
    **dict.fromkeys((*WAITING_STATES, State.EVICTED), WAITS),
    State.PREFILL: SHADE,
    State.RECOMPUTE: AGAIN,
    State.DECODE: FULL,
    State.HELD: HATCH,
    State.STALLED: STALLED,
}
_GLYPHS = np.array([_BAR_SIGNS.get(state, " ") for state in State])
"""By `State`, which is also the number of their inks."""
_FAINT, _CURSOR, _EVICTED = int(State.TURN), len(_GLYPHS), len(_GLYPHS) + 1
"""The inks of marks and labels, of the playhead, and of evictions."""


@dataclass(frozen=True, eq=False)
class TimeWindow:
    """The stretch of time that is drawn.

    Attributes:
        cell: the time that a cell stands for.
        first: the first cell, counted from time zero.
        cells: how many there are.
        cursor: the one of them that the playhead is in, or None.
    """

    cell: Picoseconds
    first: int
    cells: int
    cursor: int | None

    @cached_property
    def edges(self) -> IntArray:
        """The instants between cells. Shape: (cells + 1,)."""
        columns = range(self.first, self.first + self.cells + 1)
        return np.array([min(column * self.cell, HORIZON) for column in columns])

    def cell_of(self, times: IntArray) -> IntArray:
        """The cells that instants lie in; below 0 or too high outside of the window."""
        return times // self.cell - self.first


def _prefill_fills_most(run: Run, edges: IntArray) -> BoolArray:
    """Whether the server prefills at least half the time between neighbouring edges."""
    time = np.diff(run.spans.clock_of(SpanKind.PREFILL).at(edges))
    return (2 * time >= np.diff(edges)) & (time > 0)


def legend(palette: Palette, runs: Sequence[Run] = ()) -> list[LegendEntry]:
    """What the bars are made of; evictions are told of where there are some."""
    of_evictions = [
        LegendEntry(EVICTED, palette.text, "evicted"),
        LegendEntry(AGAIN, palette.state(State.RECOMPUTE), "recompute"),
    ]
    return [
        LegendEntry(ARRIVAL + WAITS, palette.muted, "arrives, waits"),
        LegendEntry(SHADE, palette.state(State.PREFILL), "prefill"),
        LegendEntry(FULL, palette.work, "makes tokens"),
        LegendEntry(STALLED, palette.state(State.STALLED), "stalled"),
        LegendEntry(HATCH, palette.state(State.HELD), "held"),
        *(of_evictions if any(len(run.evicted_stays) for run in runs) else []),
        LegendEntry("39", palette.muted, "tokens"),
    ]


@dataclass(frozen=True, eq=False)
class RequestBars:
    """Some requests of a Run, each a row with its name and its bar.

    Attributes:
        run: whose requests.
        rows: of the requests.
        window: the time shown.
        margin: cells for the name.
        palette: the colours.
        selected: the row of the selected request, or None.
    """

    run: Run
    rows: IntArray
    window: TimeWindow
    margin: int
    palette: Palette
    selected: int | None

    def draw(self) -> list[Cells]:
        """A row of cells for each request."""
        return [self._line(place) for place in range(len(self.rows))]

    @cached_property
    def _states(self) -> StateMatrix:
        """What is done in the middle of each cell; every start is seen, however short the run."""
        run, edges, rows = self.run, self.window.edges, self.rows
        middles = edges[:-1] + np.diff(edges) // 2
        states = states_at(run, rows, middles, ~_prefill_fills_most(run, edges))
        start, finish = (self.window.cell_of(times[rows]) for times in (run.start, run.finish))
        seen = np.flatnonzero((start >= 0) & (start < self.window.cells))
        stay = run.by_request.stays[run.by_request.first[rows[seen]]]
        prefills = (run.stays.ready[stay] > run.stays.start[stay]) & self._computed_at_once(stay)
        longer = finish[seen] > start[seen] + 1
        mark = np.where(prefills & longer, State.PREFILL, State.DECODE)
        states[seen, start[seen]] = mark
        return states

    def _computed_at_once(self, stay: IntArray) -> BoolArray:
        """Whether the prompt's first part is processed in the cell in which a stay begins."""
        prefills, cell_of = self.run.prefills, self.window.cell_of
        if not len(prefills.start):
            return np.zeros(len(stay), np.bool_)
        first = prefills.start[np.minimum(prefills.first[stay], len(prefills.start) - 1)]
        return np.asarray(cell_of(first) == cell_of(self.run.stays.start[stay]))

    def _line(self, place: int) -> Cells:
        row, states = int(self.rows[place]), self._states[place]
        text, inks = _GLYPHS[states].tolist(), states.copy()
        self._mark_arrival(row, text, inks)
        self._label(row, text, states)
        self._mark_evictions(row, text, inks)
        cursor = self.window.cursor
        if cursor is not None:
            text[cursor], inks[cursor] = CURSOR, _CURSOR
        looks = self._looks(row)
        return [*self._name(row, looks[0]), *painted("".join(text), inks, looks.__getitem__)]

    def _mark_arrival(self, row: int, text: list[str], inks: StateMatrix) -> None:
        """Where the request arrives, unless it starts at once; or where it is to be looked for."""
        run, window = self.run, self.window
        arrival, start = run.requests.arrival_time[row], run.start[row]
        cell = int(window.cell_of(arrival))
        if 0 <= cell < window.cells and cell < int(window.cell_of(start)):
            text[cell], inks[cell] = ARRIVAL, _FAINT
        elif arrival >= window.edges[-1]:
            text[-1] = LATER
        elif run.end[row] <= window.edges[0]:
            text[0] = EARLIER

    def _mark_evictions(self, row: int, text: list[str], inks: StateMatrix) -> None:
        """The cells in which the request's memory is taken from it."""
        stays = self.run.by_request.members(row)
        if len(stays) > 1:
            gone = stays[self.run.stays.ended[stays] == Ended.EVICTED]
            cells = self.window.cell_of(self.run.stays.end[gone])
            for cell in cells[(cells >= 0) & (cells < self.window.cells)].tolist():
                text[cell], inks[cell] = EVICTED, _EVICTED

    def _label(self, row: int, text: list[str], states: StateMatrix) -> None:
        """The number of output tokens behind the bar, clear of the cursor, where it fits."""
        if self.run.end[row] <= self.window.edges[0]:
            return
        label = str(self.run.requests.output_tokens[row])
        begin = 1 + int(np.count_nonzero(states != State.DONE))
        cursor = self.window.cursor
        if cursor is not None and begin <= cursor <= begin + len(label):
            begin = cursor + 2
        if begin + len(label) <= len(text):
            text[begin : begin + len(label)] = label

    def _name(self, row: int, ground: Style) -> Cells:
        """The request's name in its colour, reversed if it is selected."""
        number = int(self.run.requests.id[row])
        chosen = row == self.selected
        look = style(self.palette.text, self._ground(row), bold=True, reverse=chosen, row=row)
        return Row(self.margin, ground).add(f"R{number}", look).add(" ", ground).cells()

    def _ground(self, row: int) -> Color:
        chosen = row == self.selected
        return self.palette.selection_ground if chosen else self.palette.surface

    def _looks(self, row: int) -> list[Style]:
        """The style of each ink; a click on any cell finds the request."""
        palette, ground = self.palette, self._ground(row)
        inks = [fill(state, ground, palette, row) for state in State]
        marks = (palette.playhead, palette.text)
        return [*inks, *(style(colour, ground, row=row) for colour in marks)]


@dataclass(frozen=True, eq=False)
class Gantt:
    """The part of the chart that is seen."""

    request: ChartRequest
    viewport: Viewport

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
        around = time if self.viewport.since is None else self.viewport.since
        first = window_start(around // cell, cells, end // cell + 1 + AFTER, self.viewport.shift)
        cursor = time // cell - first
        seen = 0 <= cursor < cells and time < end
        return TimeWindow(cell, first, cells, cursor if seen else None)

    def _time_of_a_cell(self, cells: int) -> Picoseconds:
        whole = -(-self.request.scene.end // max(1, cells - AFTER))
        finest = max(1, min(run.cost.step_time(1) for run in self._runs) // FINEST)
        usual, zoom = whole * self.page // self._count, self.viewport.zoom
        wanted = usual >> zoom if zoom >= 0 else usual << min(-zoom, 64)
        return min(max(wanted, finest), whole)

    @cached_property
    def tops(self) -> tuple[int, ...]:
        """The first request in each panel: the same one if those running are seen in all so."""
        if self.viewport.top is not None:
            return (max(0, min(self.viewport.top, self._last_top)),) * len(self._runs)
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
    def part_seen(self) -> tuple[object, ...]:
        """Which part is seen."""
        return self.window.cell, self.window.first, self.tops

    def revealing(self, row: int) -> Viewport:
        """The viewport in which the request's row is seen, and something of its life in it."""
        viewport, edges = self.viewport, self.window.edges
        if any(not top <= row < top + self.page for top in self.tops):
            viewport = replace(viewport, top=max(0, row - self.page // 2))
        arrival = int(self._runs[0].requests.arrival_time[row])
        answered = max(int(run.end[row]) for run in self._runs)
        if arrival >= edges[-1] or answered <= edges[0]:
            viewport = replace(viewport, since=arrival, shift=0)
        return viewport

    def draw(self) -> list[Cells]:
        """Legend, panels, axes."""
        palette, width, height = self.request.palette, self.request.width, self.request.height
        ground = style(palette.text, palette.background)
        panels = [self._panel(number) for number in range(len(self._runs))]
        entries = [*legend(palette, self._runs), LegendEntry(CURSOR, palette.playhead, "now")]
        rows = [
            legend_row(HINT, entries, width, palette, moved=self.viewport.moved),
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
        bars = RequestBars(run, shown, self.window, self._margin, palette, self.viewport.selected)
        airy = self._rows_each >= 2 * self._count - 1
        for line in bars.draw():
            rest = width - self._margin - self.window.cells
            rows.append([*line, *Row(rest, ground).cells()])
            rows += [Row(width, ground).cells()] * airy
        return rows[: self._arrangement.heights[number]]


def gantt_chart(request: ChartRequest) -> list[Cells]:
    """The chart as it is without anybody to scroll it.

    The rows and the time around the playhead are drawn; those at the start, and no playhead, if it
    is at the end.
    """
    if request.time < request.scene.end:
        return Gantt(request, Viewport()).draw()
    return Gantt(request, Viewport(since=0, top=0, printed=True)).draw()


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
