"""What rows of a Gantt chart have in common, be they slots or requests: time, signs and looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from rich.style import Style

from tui_batching.analysis.slot_times import held_for
from tui_batching.charts.palette import Palette
from tui_batching.charts.pen import fill
from tui_batching.charts.rows import AGAIN, FULL, HATCH, SHADE, STALLED, first_that_fits, style
from tui_batching.clock import HORIZON, Picoseconds
from tui_batching.columns import BoolArray, IntArray
from tui_batching.sim.life import WAITS as WAITING_STATES
from tui_batching.sim.life import State, StateMatrix
from tui_batching.sim.run import Run
from tui_batching.sim.spans import DECODING, SpanKind

WAITS = "─"
_MOST_LOOKS = 8192

_SIGNS = {
    **dict.fromkeys((*WAITING_STATES, State.EVICTED), WAITS),
    State.PREFILL: SHADE,
    State.RECOMPUTE: AGAIN,
    State.DECODE: FULL,
    State.HELD: HATCH,
    State.STALLED: STALLED,
}
GLYPHS = np.array([_SIGNS.get(state, " ") for state in State])
"""By `State`."""
SIGN, WORDS, MARK, FREE, NOW, SLOW, NAME, GONE = range(8)
"""What a cell is: the sign of a state, words on it, a mark, free, the playhead, the sign of work
that is slowed down, on the ground of a stall, a name, with one ground whatever is done there, or
that somebody is evicted, on the strongest ground there is.
"""


def ink(kind: int, state: IntArray | int = 0, row: IntArray | int = -1) -> IntArray:
    """A number for what a cell is, the state on whose ground it is, and the request in it."""
    return np.asarray((np.asarray(row, np.int64) + 1) << 8 | kind << 4 | state)


class Looks(dict[int, Style]):
    """The style of each ink, made once it is asked for; a click on a cell finds its request."""

    def __init__(
        self, palette: Palette, selected: int | None, *, stripe: bool, whole: bool = False
    ) -> None:
        """Styles are made of these.

        Args:
            palette: the colours.
            selected: the row of the selected request, or None.
            stripe: whether the band is one of those whose work is a little closer to the ground.
            whole: whether the ground of the selected request's cells is its own, too.
        """
        super().__init__()
        self._palette = palette
        self._selected = selected
        self._stripe = stripe
        self._whole = whole

    def __missing__(self, ink: int) -> Style:
        if len(self) >= _MOST_LOOKS:
            self.clear()
        self[ink] = look = self._look(ink)
        return look

    def _look(self, ink: int) -> Style:
        palette, kind, state = self._palette, ink >> 4 & 15, State(ink & 15)
        row = (ink >> 8) - 1 if ink >> 8 else None
        chosen = row is not None and row == self._selected
        ground = palette.selection_ground if chosen and self._whole else palette.surface
        if kind == NOW:
            return style(palette.playhead, palette.surface, bold=True, row=row)
        if kind == NAME and not chosen:
            tag = palette.ground(State.PREFILL, palette.surface)
            return style(palette.text, tag, bold=True, row=row)
        if kind in (NAME, GONE):
            strong = palette.selection if chosen else palette.text
            return style(strong, palette.surface, bold=True, reverse=True, row=row)
        if kind in (MARK, FREE):
            return style(palette.muted, ground, row=row)
        if state is State.DECODE:
            work = palette.selection if chosen and not self._whole else palette.work
            if self._stripe and not chosen:
                work = palette.striped(work)
            if kind == SIGN:
                return style(work, ground, row=row)
            return style(work, palette.surface, bold=True, reverse=True, row=row)
        if kind == SLOW:
            return style(palette.state(State.PREFILL), palette.ground(state, ground), row=row)
        if kind == SIGN:
            return fill(state, ground, palette, row)
        return style(palette.text, palette.ground(state, ground), bold=True, row=row)


@lru_cache(maxsize=16)
def looks_for(
    palette: Palette, selected: int | None, *, stripe: bool, whole: bool = False
) -> Looks:
    """The looks of such bands: the same ones for every frame, as most inks come again."""
    return Looks(palette, selected, stripe=stripe, whole=whole)


@dataclass(frozen=True, eq=False)
class TimeWindow:
    """The stretch of time that is drawn.

    Attributes:
        cell: the time that a cell stands for.
        first: the first cell, counted from time zero.
        cells: how many there are.
        cursor: the one of them that the playhead is in, or None.
        reached: how many of them the playhead has reached; the others are drawn dim.
    """

    cell: Picoseconds
    first: int
    cells: int
    cursor: int | None
    reached: int

    @cached_property
    def edges(self) -> IntArray:
        """The instants between cells. Shape: (cells + 1,)."""
        columns = range(self.first, self.first + self.cells + 1)
        return np.array([min(column * self.cell, HORIZON) for column in columns])

    @cached_property
    def middles(self) -> IntArray:
        """The instants in the middle of cells. Shape: (cells,)."""
        return np.asarray(self.edges[:-1] + np.diff(self.edges) // 2)

    def cell_of(self, times: IntArray) -> IntArray:
        """The cells that instants lie in; below 0 or too high outside of the window."""
        return np.asarray(times // self.cell - self.first)


def decoding_in(run: Run, window: TimeWindow) -> BoolArray:
    """Whether the server does anything but prefill for most of each cell. Shape: (cells,)."""
    edges = window.edges
    time = np.diff(run.spans.clock_of(SpanKind.PREFILL).at(edges))
    return np.asarray((2 * time < np.diff(edges)) | (time == 0))


def slowed_in(run: Run, window: TimeWindow) -> BoolArray:
    """The cells in which who decodes is drawn as slowed down by chunks in the same iterations.

    They are as many, and where, as the time by which those iterations last longer than their
    decode steps alone. Shape: (cells,).
    """
    if not run.mixes:
        return np.zeros(window.cells, np.bool_)
    edges, cell = window.edges, window.cell
    clocks = [run.spans.clock_of(kind) for kind in DECODING]
    longer = np.sum([clock.at(edges) for clock in clocks], axis=0) - run.decode_clock.at(edges)
    return np.asarray(np.diff((longer + cell // 2) // cell) > 0)


def computed_at_once(run: Run, window: TimeWindow, stay: IntArray) -> BoolArray:
    """Whether the prompt's first part is processed in the cell in which a stay begins."""
    prefills = run.prefills
    if not len(prefills.start):
        return np.zeros(len(stay), np.bool_)
    first = prefills.start[np.minimum(prefills.first[stay], len(prefills.start) - 1)]
    prefilled = run.stays.ready_time[stay] > run.stays.start_time[stay]
    in_first = window.cell_of(first) == window.cell_of(run.stays.start_time[stay])
    return np.asarray(prefilled & in_first)


class Written(NamedTuple):
    """Words on the cells of a band: a request's name, or for whom a bubble is held.

    Attributes:
        cell: the first one.
        words: `R20`, `held for R8`.
    """

    cell: int
    words: str

    @property
    def cells(self) -> slice:
        """Those they are written on."""
        return slice(self.cell, self.cell + len(self.words))


def taken_cells(shape: tuple[int, ...], cursor: int | None) -> BoolArray:
    """The cells of some bands that no words are written over: at first those of the playhead."""
    taken = np.zeros(shape, np.bool_)
    if cursor is not None:
        taken[:, cursor] = True
    return taken


def causes(
    run: Run, stays: IntArray, states: StateMatrix, taken: BoolArray
) -> dict[int, list[Written]]:
    """The words in the largest bubble of each batch where there is room for them, line by line.

    Args:
        run: whose bubbles.
        stays: the stay in each cell of each line. Shape: (lines, cells).
        states: what it does. Shape: that of `stays`.
        taken: the cells that words leave alone. Shape: that of `stays`.
    """
    largest: dict[int, _Bubble] = {}
    for bubble in _bubbles(stays, (states == State.HELD) & ~taken):
        batch = int(run.stays.start_time[bubble.stay])
        before = largest.get(batch, bubble)
        largest[batch] = max(before, bubble, key=lambda each: each.end - each.begin)
    found: dict[int, list[Written]] = {}
    for line, begin, end, stay in largest.values():
        name = f"R{run.requests.id[held_for(run, stay)]}"
        words = first_that_fits((f"held for {name}", f"for {name}", ""), end - begin - 2)
        if words:
            cell = begin + (end - begin - len(words)) // 2
            found.setdefault(line, []).append(Written(cell, words))
    return found


class _Bubble(NamedTuple):
    """Neighbouring cells of a line in which one stay is held, and that are free for words."""

    line: int
    begin: int
    end: int
    stay: int


def _bubbles(stays: IntArray, held: BoolArray) -> Iterator[_Bubble]:
    for line in np.flatnonzero(held.any(axis=1)).tolist():
        shown = np.where(held[line], stays[line], -1)
        cuts = [0, *(np.flatnonzero(np.diff(shown)) + 1).tolist(), len(shown)]
        for begin, end in pairwise(cuts):
            if shown[begin] >= 0:
                yield _Bubble(line, begin, end, int(shown[begin]))
