"""The bars of a Gantt chart: what requests do, drawn cell by cell from a matrix of states."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from rich.color import Color
from rich.style import Style

from tui_batching.charts.palette import Palette
from tui_batching.charts.panels import Sign
from tui_batching.charts.rows import FULL, HATCH, SHADE, Cells, Row, painted, style
from tui_batching.clock import HORIZON, Picoseconds
from tui_batching.columns import BoolArray, IntArray
from tui_batching.sim.life import WAITS as WAITING_STATES
from tui_batching.sim.life import State, StateMatrix, states_at
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind

WAITS, STALLED, ARRIVAL, CURSOR = "─", "‖", "├", "┃"
EARLIER, LATER = "‹", "›"
"""At the edge of a row whose request was answered before the window, or arrives after it."""

_SIGNS = {
    **dict.fromkeys((*WAITING_STATES, State.EVICTED), WAITS),
    State.PREFILL: SHADE,
    State.RECOMPUTE: SHADE,
    State.DECODE: FULL,
    State.HELD: HATCH,
    State.STALLED: STALLED,
}
_GLYPHS = np.array([_SIGNS.get(state, " ") for state in State])
"""By `State`, which is also the number of their inks."""
_FAINT, _CURSOR = int(State.TURN), len(_GLYPHS)
"""The inks of marks and labels, and of the playhead."""


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


def signs(palette: Palette) -> list[Sign]:
    """What the bars are made of."""
    return [
        Sign(ARRIVAL + WAITS, palette.muted, "arrives, waits"),
        Sign(SHADE, palette.state(State.PREFILL), "prefill"),
        Sign(FULL, palette.request(0), "runs"),
        Sign(STALLED, palette.state(State.STALLED), "stalled"),
        Sign(HATCH, palette.state(State.HELD), "held"),
        Sign("39", palette.muted, "tokens"),
    ]


@dataclass(frozen=True, eq=False)
class Bars:
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
        prefills = run.stays.ready[stay] > run.stays.start[stay]
        longer = finish[seen] > start[seen] + 1
        mark = np.where(prefills & longer, State.PREFILL, State.DECODE)
        states[seen, start[seen]] = mark
        return states

    def _line(self, place: int) -> Cells:
        row, states = int(self.rows[place]), self._states[place]
        text, inks = _GLYPHS[states].tolist(), states.copy()
        self._mark_arrival(row, text, inks)
        self._label(row, text, states)
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
        colour = self.palette.request(number)
        look = style(colour, self._ground(row), bold=True, reverse=chosen, row=row)
        return Row(self.margin, ground).add(f"R{number}", look).add(" ", ground).cells()

    def _ground(self, row: int) -> Color:
        chosen = row == self.selected
        return self.palette.selection_ground if chosen else self.palette.surface

    def _looks(self, row: int) -> list[Style]:
        """The style of each ink; a click on any cell finds the request."""
        palette = self.palette
        colours = {
            State.PREFILL: palette.state(State.PREFILL),
            State.RECOMPUTE: palette.state(State.RECOMPUTE),
            State.DECODE: palette.request(int(self.run.requests.id[row])),
            State.HELD: palette.state(State.HELD),
            State.STALLED: palette.state(State.STALLED),
        }
        inks = [*(colours.get(state, palette.muted) for state in State), palette.playhead]
        return [style(colour, self._ground(row), row=row) for colour in inks]
