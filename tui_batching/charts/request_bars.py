"""The requests of a Run over time, a band a request: when it waits, runs and is held."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from rich.style import Style

from tui_batching.analysis.tables import error_text
from tui_batching.charts.ahead import dim_from
from tui_batching.charts.bands import (
    GLYPHS,
    GONE,
    MARK,
    NOW,
    SIGN,
    SLOW,
    WAITS,
    WORDS,
    TimeWindow,
    Written,
    causes,
    computed_at_once,
    decoding_in,
    ink,
    looks_for,
    slowed_in,
    taken_cells,
)
from tui_batching.charts.palette import Palette
from tui_batching.charts.rows import EVICTED, PLAYHEAD, SLOWED, Cells, Row, painted, style
from tui_batching.columns import BoolArray, IntArray
from tui_batching.sim.life import State, StateMatrix, states_at, states_in_slots
from tui_batching.sim.run import Run
from tui_batching.sim.stays import Ended

ARRIVAL = "├"
EARLIER, LATER = "◃", "▹"
"""At the edge of a row whose request was answered before the window, or arrives after it."""


@dataclass(frozen=True, eq=False)
class RequestBars:
    """Some requests of a Run, each a band with its name and its bar.

    Attributes:
        run: whose requests.
        rows: of the requests.
        window: the time shown.
        margin: cells for the name.
        thickness: rows of a request.
        palette: the colours.
        selected: the row of the selected request, or None.
        tag: stands at the end of the margin: whose bar of the request it is, where it has two.
        true: what was measured of the same requests, if this is to be compared with it.
    """

    run: Run
    rows: IntArray
    window: TimeWindow
    margin: int
    thickness: int
    palette: Palette
    selected: int | None
    tag: str = ""
    true: Run | None = None

    def draw(self) -> list[list[Cells]]:
        """So many rows of cells for each request."""
        run = self.run
        first = run.by_request.stays[run.by_request.first[self.rows]]
        stays = np.broadcast_to(first[:, np.newaxis], self.states.shape)
        taken = taken_cells(stays.shape, self.window.cursor)
        told = causes(run, stays, self.states, taken)
        return [self._band(place, told.get(place, [])) for place in range(len(self.rows))]

    @cached_property
    def states(self) -> StateMatrix:
        """What is done in the middle of each cell; every start is seen, however short the run.

        It is in the first cell whose middle it comes before, where what ended then ends, too.
        """
        run, window, rows = self.run, self.window, self.rows
        states = states_at(run, rows, window.middles, decoding_in(run, window))
        begun = run.start_time[rows]
        start, finish = (
            np.searchsorted(window.middles, each) for each in (begun, run.finish_time[rows])
        )
        seen = np.flatnonzero((begun >= window.edges[0]) & (start < window.cells))
        stay = run.by_request.stays[run.by_request.first[rows[seen]]]
        longer = finish[seen] > start[seen] + 1
        at_once = computed_at_once(run, window, stay)
        # Who has no prompt may first stand still for those of others.
        instants = np.maximum(window.middles[start[seen]], run.stays.start_time[stay])
        first = np.where(at_once, np.int8(State.PREFILL), states_in_slots(run, stay, instants))
        states[seen, start[seen]] = np.where(longer, first, np.int8(State.DECODE))
        return states

    @cached_property
    def _slowed(self) -> BoolArray:
        return slowed_in(self.run, self.window)

    def _band(self, place: int, told: list[Written]) -> list[Cells]:
        row, states = int(self.rows[place]), self.states[place]
        looks = looks_for(self.palette, self.selected, stripe=bool(place % 2), whole=True)
        ground = looks[int(ink(MARK, row=row))]
        rows = []
        for line in range(self.thickness):
            text, inks = GLYPHS[states].copy(), ink(SIGN, states, row)
            slowed = self._slowed & (states == State.DECODE)
            text[slowed], inks[slowed] = SLOWED, ink(SLOW, State.STALLED, row)
            if line == 0:
                self._mark_arrival(row, text, inks)
                self._label(row, text, inks, states)
            else:
                text[text == WAITS] = " "
            if line == self.thickness // 2:
                for cause in told:
                    text[cause.cells] = list(cause.words)
                    inks[cause.cells] = ink(WORDS, State.HELD, row)
            if line == 0:
                self._mark_evictions(row, text, inks)
            if self.window.cursor is not None:
                text[self.window.cursor] = PLAYHEAD
                inks[self.window.cursor] = ink(NOW, row=row)
            bar = painted("".join(text.tolist()), inks, looks.__getitem__)
            name = self._name(row, ground) if line == 0 else Row(self.margin, ground).cells()
            rows.append([*name, *dim_from(bar, self.window.reached, self.palette)])
        return rows

    def _mark_arrival(self, row: int, text: npt.NDArray[np.str_], inks: IntArray) -> None:
        """Where the request arrives, unless it starts at once; or where it is to be looked for."""
        run, window = self.run, self.window
        arrival, start = run.requests.arrival_time[row], run.start_time[row]
        cell, begun = np.searchsorted(window.middles, (arrival, start)).tolist()
        if arrival >= window.edges[0] and cell < min(begun, window.cells):
            text[cell], inks[cell] = ARRIVAL, ink(MARK, row=row)
        elif cell == window.cells:
            text[-1] = LATER
        elif run.end_time[row] <= window.edges[0]:
            text[0] = EARLIER

    def _mark_evictions(self, row: int, text: npt.NDArray[np.str_], inks: IntArray) -> None:
        """The cells in which the request's memory is taken from it."""
        stays = self.run.by_request.members(row)
        if len(stays) > 1:
            gone = stays[self.run.stays.ended[stays] == Ended.EVICTED]
            cells = self.window.cell_of(self.run.stays.end_time[gone])
            cells = cells[(cells >= 0) & (cells < self.window.cells)]
            text[cells], inks[cells] = EVICTED, ink(GONE, row=row)

    def _label(
        self, row: int, text: npt.NDArray[np.str_], inks: IntArray, states: npt.NDArray[np.int8]
    ) -> None:
        """The number of output tokens behind the bar, clear of the cursor, where it fits.

        Beside what was measured it is how far the latency is off.
        """
        if self.run.end_time[row] <= self.window.edges[0]:
            return
        label = str(self.run.requests.output_tokens[row])
        if self.true is not None:
            arrival = int(self.run.requests.arrival_time[row])
            ours, true = (int(run.end_time[row]) - arrival for run in (self.run, self.true))
            label = error_text(ours / max(1, true) - 1)
        begin = 1 + int(np.count_nonzero(states != State.DONE))
        cursor = self.window.cursor
        if cursor is not None and begin <= cursor <= begin + len(label):
            begin = cursor + 2
        if begin + len(label) <= len(text):
            text[begin : begin + len(label)] = list(label)
            inks[begin : begin + len(label)] = ink(MARK, row=row)

    def _name(self, row: int, ground: Style) -> Cells:
        """The request's name, reversed if it is selected; not again beside its second bar."""
        tag = style(self.palette.strategy(self.run.strategy.name), self.palette.surface, row=row)
        if self.true is not None:
            return Row(self.margin, ground).gap(self.margin - 2).add(f"{self.tag} ", tag).cells()
        chosen = row == self.selected
        surface = self.palette.selection_ground if chosen else self.palette.surface
        look = style(self.palette.text, surface, bold=True, reverse=chosen, row=row)
        name = f"R{int(self.run.requests.id[row])}"
        margin = Row(self.margin, ground).add(name, look).add(" ", ground)
        if self.tag:
            margin.gap(margin.left - 2).add(f"{self.tag} ", tag)
        return margin.cells()
