"""The slots of a Run over time: a band a slot, and below them how many wait."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tui_batching.analysis.slot_times import QueueLengths, occupants_at
from tui_batching.charts.ahead import dim_from
from tui_batching.charts.bands import (
    FREE,
    GLYPHS,
    GONE,
    NAME,
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
from tui_batching.charts.rows import (
    BEGIN,
    EVICTED,
    PLAYHEAD,
    SLOWED,
    TRACK,
    Cells,
    filled_cells,
    first_that_fits,
    painted,
    style,
)
from tui_batching.clock import format_duration
from tui_batching.columns import BoolArray, IntArray
from tui_batching.sim.life import State, StateMatrix, states_in_slots
from tui_batching.sim.run import Run
from tui_batching.sim.stays import Ended

ARRIVAL = "├"


@dataclass(frozen=True, eq=False)
class SlotBands:
    """Some slots of a Run in a window of time.

    Attributes:
        run: whose slots.
        slots: which ones.
        window: the time shown.
        thickness: rows of a slot.
        palette: the colours.
        selected: the row of the selected request, or None.
    """

    run: Run
    slots: range
    window: TimeWindow
    thickness: int
    palette: Palette
    selected: int | None

    @cached_property
    def stays(self) -> IntArray:
        """The stay in each slot in the middle of each cell; -1 where it is free."""
        return occupants_at(self.run, self.slots, self.window.middles)

    @cached_property
    def states(self) -> StateMatrix:
        """What is done there; `DONE` in free slots.

        The start of each prefill is seen, and with it that others stall meanwhile.
        """
        run, stays, window = self.run, self.stays, self.window
        found = states_in_slots(run, stays, window.middles, decoding_in(run, window))
        found = np.where(stays >= 0, found, np.int8(State.DONE))
        begins = (np.diff(stays, axis=1, prepend=-1) != 0) & (stays >= 0)
        line, cell = np.nonzero(begins)
        stay = stays[line, cell]
        after = np.minimum(cell + 2, window.cells - 1)
        seen = (stays[line, after] == stay) & computed_at_once(run, window, stay)
        seen &= run.stays.start_time[stay] >= window.edges[0]
        again = run.again[stay[seen]]
        mark = np.where(again, np.int8(State.RECOMPUTE), np.int8(State.PREFILL))
        found[line[seen], cell[seen]] = mark
        there, starts = stays[:, cell[seen]], run.stays.start_time[stay[seen]]
        stall = states_in_slots(run, there, starts) == State.STALLED
        stall &= (found[:, cell[seen]] == State.DECODE) & (run.stays.start_time[there] <= starts)
        who, when = np.nonzero(stall)
        found[who, cell[seen][when]] = State.STALLED
        return found

    @cached_property
    def _slowed(self) -> BoolArray:
        return slowed_in(self.run, self.window)

    def draw(self) -> list[list[Cells]]:
        """So many rows of cells for each slot."""
        names = [self._names(place) for place in range(len(self.slots))]
        told = causes(self.run, self.stays, self.states, self._taken(names))
        return [self._band(place, named, told.get(place, [])) for place, named in enumerate(names)]

    def _taken(self, names: list[list[Written]]) -> BoolArray:
        """The cells that no cause is written over: those of names, too, where bands have one row.

        Shape: (slots, cells).
        """
        taken = taken_cells(self.states.shape, self.window.cursor)
        if self.thickness == 1:
            for place, named in enumerate(names):
                for name in named:
                    taken[place, name.cells] = True
        return taken

    def _band(self, place: int, names: list[Written], told: list[Written]) -> list[Cells]:
        stays, states, run = self.stays[place], self.states[place], self.run
        there, window = stays >= 0, self.window
        served = (window.middles >= run.begin) & (window.middles < run.finished)
        text = np.where(there, GLYPHS[states], np.where(served, TRACK, " "))
        parts = self._parts[place]
        clicked = self._clicked(stays, parts)
        inks = np.where(there, ink(SIGN, states, clicked), ink(FREE))
        slowed = self._slowed & there & (states == State.DECODE)
        text[slowed], inks[slowed] = SLOWED, ink(SLOW, State.STALLED, clicked[slowed])
        begins = [begin for begin, _ in parts if begin and states[begin] == State.DECODE]
        text[begins] = BEGIN
        looks = looks_for(self.palette, self.selected, stripe=bool(self.slots[place] % 2))
        rows = []
        for line in range(self.thickness):
            signs, marks = text.copy(), inks.copy()
            if line == 0:
                for name in names:
                    _write(name, signs, marks, NAME)
            if line == self.thickness // 2:
                for cause in told:
                    _write(cause, signs, marks, WORDS)
            if line == 0:
                for tag in self._tags[place].values():
                    _write(tag, signs, marks, GONE)
            if window.cursor is not None:
                signs[window.cursor] = PLAYHEAD
                marks[window.cursor] = ink(NOW)
            row = painted("".join(signs.tolist()), marks, looks.__getitem__)
            rows.append(dim_from(row, window.reached, self.palette))
        return rows

    @cached_property
    def _parts(self) -> list[list[tuple[int, int]]]:
        """The cells from which to which somebody is in each slot."""
        found = []
        for stays in self.stays:
            cuts = [0, *(np.flatnonzero(np.diff(stays)) + 1).tolist(), len(stays)]
            found.append([(begin, end) for begin, end in pairwise(cuts) if stays[begin] >= 0])
        return found

    def _clicked(self, stays: IntArray, parts: list[tuple[int, int]]) -> IntArray:
        """The request that a click on each cell finds; none on stays of a single cell.

        There may be thousands of those, and as many different styles take long to make.
        """
        rows = self.run.stays.request[stays]
        rows[[begin for begin, end in parts if end == begin + 1]] = -1
        return rows

    def _names(self, place: int) -> list[Written]:
        """The name in each stay, clear of the reading before its work.

        Who is evicted soon is named by the tag of the eviction alone.
        """
        stays, states = self.stays[place], self.states[place]
        now, free = self.window.cursor, 0
        names = []
        for begin, end in self._parts[place]:
            tag = self._tags[place].get(int(stays[begin]))
            if tag is not None:
                end = min(end, tag.cell - (len(tag.words) > 1))  # noqa: PLW2901
            name = self._name_of(int(stays[begin]))
            cell = _room(states[begin:end], len(name), covers=self.thickness > 1)
            cell = None if cell is None else begin + cell
            if cell is not None and now is not None and cell <= now < cell + len(name):
                cell = now + 1
            if cell is not None and free <= cell <= end - len(name):
                names.append(Written(cell, name))
                free = cell + len(name) + 1
        return names

    def _name_of(self, stay: int) -> str:
        return f"R{self.run.requests.id[self.run.stays.request[stay]]}"

    @cached_property
    def _tags(self) -> list[dict[int, Written]]:
        """The evictions in each slot by stay: the name, where it has room in the stay, and a sign.

        The sign is in the last cell that the stay reaches.
        """
        run, window = self.run, self.window
        found: list[dict[int, Written]] = [{} for _ in self.slots]
        stays = np.flatnonzero(run.stays.ended == Ended.EVICTED)
        cells = window.cell_of(run.stays.end_time[stays] - 1)
        slots = run.stays.slot[stays]
        seen = (cells >= 0) & (cells < window.cells)
        seen &= (slots >= self.slots.start) & (slots < self.slots.stop)
        for stay, cell, slot in zip(
            *(each[seen].tolist() for each in (stays, cells, slots)), strict=True
        ):
            place, name = slot - self.slots.start, self._name_of(stay)
            before = range(max(0, cell - len(name)), cell)
            fits = len(before) == len(name) and window.cursor not in [*before, cell]
            fits = fits and bool((self.stays[place, before] == stay).all())
            words = name + EVICTED if fits else EVICTED
            found[place][stay] = Written(cell + 1 - len(words), words)
        return found


def _room(states: npt.NDArray[np.int8], length: int, *, covers: bool) -> int | None:
    """Where in a stay a name hides the least: within its work, stalled or not, or what is held.

    Where it only covers the first of several rows it rather ends with work that is too short for it
    than to seem the name of what is held.
    """
    if len(states) < length:
        return None
    works = np.isin(states, (State.DECODE, State.STALLED))
    for there in (works, states == State.HELD):
        fitting = np.convolve(there, np.ones(length, np.int64))[length - 1 :] == length
        if fitting.any():
            return int(np.argmax(fitting))
        if covers and works.any():
            last = len(works) - 1 - int(np.argmax(works[::-1]))
            return max(0, last + 1 - length)
    return 0


def _write(written: Written, signs: npt.NDArray[np.str_], marks: IntArray, kind: int) -> None:
    """Write over the signs of cells: a name, or words on the ground of what is done in each."""
    signs[written.cells] = list(written.words)
    marks[written.cells] = marks[written.cells] & ~0xF0 | kind << 4


@dataclass(frozen=True, eq=False)
class QueueBand:
    """How many wait, as levels below the slots.

    Attributes:
        queue: how many wait at any instant.
        longest: how many fill the band.
        window: the time shown.
        height: rows of the band.
        palette: the colours.
        selected: the row of the selected request, whose own wait is drawn, or None.
    """

    queue: QueueLengths
    longest: int
    window: TimeWindow
    height: int
    palette: Palette
    selected: int | None

    def draw(self) -> list[Cells]:
        """The rows, the highest first."""
        window, palette = self.window, self.palette
        lengths = self.queue.at(window.middles)
        text = filled_cells(lengths / max(1, self.longest) * self.height, self.height)
        inks = np.zeros((self.height, window.cells), np.int64)
        if self.selected is not None:
            self._mark_wait(self.selected, text[-1], inks[-1])
        if window.cursor is not None:
            text[:, window.cursor], inks[:, window.cursor] = PLAYHEAD, 1
        looks = (
            style(palette.muted, palette.surface),
            style(palette.playhead, palette.surface, bold=True),
            style(palette.selection, palette.selection_ground, bold=True, row=self.selected),
        )
        rows = [
            painted("".join(line), marks, looks.__getitem__)
            for line, marks in zip(text, inks, strict=True)
        ]
        return [dim_from(row, window.reached, palette) for row in rows]

    def _mark_wait(self, row: int, text: npt.NDArray[np.str_], inks: IntArray) -> None:
        """From the arrival to the admission, and again after each eviction."""
        run, window = self.queue.run, self.window
        stays = run.by_request.members(row)
        gone = stays[(run.stays.ended[stays] == Ended.EVICTED)]
        begins = [int(run.requests.arrival_time[row]), *run.stays.end_time[gone].tolist()]
        ends = [int(run.start_time[row]), *run.back[gone].tolist()]
        for begin, end in zip(begins, ends, strict=True):
            first, after = (int(window.cell_of(np.array(time))) for time in (begin, end))
            left, right = max(0, first), min(window.cells, after)
            if left < right:
                text[left:right], inks[left:right] = WAITS, 2
                text[left] = ARRIVAL if left == first else WAITS
                name, lasts = f"R{run.requests.id[row]}", format_duration(end - begin)
                words = first_that_fits((f"{name} waits {lasts}", lasts, ""), right - left - 2)
                text[left + 1 : left + 1 + len(words)] = list(words)
