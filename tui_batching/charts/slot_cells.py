"""The cells of the slots' picture: each slot at each decode step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from rich.style import Style

from tui_batching.analysis.slot_steps import SlotSteps
from tui_batching.charts.palette import Palette
from tui_batching.charts.panels import Sign
from tui_batching.charts.rows import FULL, HATCH, TRACK, Cells, level, painted, style
from tui_batching.columns import BoolArray, IntArray
from tui_batching.sim.life import State

BEGIN, NOW = "▐", "▼"
"""The first cell of a request whose name does not fit; the step under way."""
_FREE, _NOTHING = -1, -2
"""In place of a request: an empty slot, and where there is no step."""
_GLYPH, _NAME, _NOW = "gnw"
"""The inks of a part of a row."""


@dataclass(frozen=True, slots=True)
class StepWindow:
    """The stretch of decode steps that is drawn, numbered from 0.

    One of `columns_per_step` and `steps_per_column` is 1.

    Attributes:
        first: the first column, counted from step 0.
        cells: how many columns there are.
        columns_per_step: how many columns a step takes.
        steps_per_column: how many steps a column stands for.
        count: how many steps there are in all.
        now: the step under way, or None.
    """

    first: int
    cells: int
    columns_per_step: int
    steps_per_column: int
    count: int
    now: int | None

    def step_of(self, column: int | IntArray) -> IntArray:
        """The first step in each column, counted from the window's first one."""
        return (self.first + np.asarray(column)) * self.steps_per_column // self.columns_per_step

    @property
    def begin(self) -> int:
        """The first step that is seen."""
        return int(self.step_of(0))

    @property
    def end(self) -> int:
        """The step after the last one that is seen."""
        return int(self.step_of(self.cells - 1)) + self.steps_per_column

    @property
    def limits(self) -> tuple[float, float]:
        """What the edges stand for, where the first step of all is number 1."""
        per_column = self.steps_per_column / self.columns_per_step
        return self.first * per_column + 1, (self.first + self.cells) * per_column + 1

    @property
    def now_columns(self) -> range:
        """The columns of the step under way."""
        if self.now is None:
            return range(0)
        begin = self.now // self.steps_per_column * self.columns_per_step - self.first
        return range(max(0, begin), max(0, min(self.cells, begin + self.columns_per_step)))


def signs(palette: Palette) -> list[Sign]:
    """What the cells are made of."""
    return [
        Sign(FULL, palette.request(0), "makes a token"),
        Sign(HATCH, palette.state(State.HELD), "held"),
        Sign(TRACK, palette.muted, "free"),
        Sign("▂▅█", palette.state(State.DECODE), "how many make one"),
        Sign(NOW, palette.playhead, "now"),
    ]


class _Part(NamedTuple):
    """Neighbouring cells of a slot with the same request in the same state."""

    begin: int
    end: int
    request: int
    held: bool


@dataclass(frozen=True, eq=False)
class SlotCells:
    """Some slots of a Run at the steps of a window.

    Attributes:
        lane: the Run in steps.
        slots: which slots.
        window: which steps.
        palette: the colours.
        selected: the row of the selected request, or None.
    """

    lane: SlotSteps
    slots: range
    window: StepWindow
    palette: Palette
    selected: int | None

    @cached_property
    def _steps(self) -> IntArray:
        """The first step in each column."""
        return self.window.step_of(np.arange(self.window.cells))

    def making(self) -> Cells:
        """For each column how many of all slots make a token, as a level."""
        window, there = self.window, self._steps < self.lane.count
        steps, column = np.unique(self._steps[there], return_inverse=True)
        text = [" "] * window.cells
        if len(steps):
            edges = np.append(steps, steps[-1] + window.steps_per_column)
            making = self.lane.making(np.minimum(edges, self.lane.count))
            shares = (making / self.lane.run.capacity)[column].tolist()
            text[: len(shares)] = map(level, shares)
        inks = np.zeros(window.cells, np.int8)
        if columns := window.now_columns:
            text[columns[0]], inks[columns[0]] = NOW, 1
        ground = self.palette.surface
        looks = (
            style(self.palette.state(State.DECODE), ground),
            style(self.palette.playhead, ground),
        )
        return painted("".join(text), inks, looks.__getitem__)

    def draw(self, thickness: int) -> list[list[Cells]]:
        """So many rows of cells for each slot, with the names in the first one."""
        middle = self._steps + self.window.steps_per_column // 2
        steps = np.minimum(middle, self.lane.count - 1)
        occupants = self.lane.occupants(self.slots, steps)
        held = self.lane.held(occupants, steps)
        occupants = np.where(occupants >= 0, self.lane.run.stays.request[occupants], _FREE)
        occupants[:, self._steps >= self.lane.count] = _NOTHING
        return [
            [self._row(row, states, names=number == 0) for number in range(thickness)]
            for row, states in zip(occupants, held, strict=True)
        ]

    def _row(self, occupants: IntArray, held: BoolArray, *, names: bool) -> Cells:
        parts = _parts(occupants, held)
        text, kinds, named, previous = "", "", False, _NOTHING
        for part in parts:
            first = part.request != previous
            named, previous = named and not first, part.request
            spelled, name = self._spelled(part, first=first, with_name=names and not named)
            named = self._narrow and (named or _NAME in name)
            text, kinds = text + spelled, kinds + name
        ink = np.frombuffer(kinds.encode("ascii"), np.uint8).astype(np.int64)
        now = np.array(self.window.now_columns, np.int64)
        ink[now] = np.where(self._narrow & (ink[now] == ord(_NAME)), ink[now], ord(_NOW))
        number = np.repeat(np.arange(len(parts)), [part.end - part.begin for part in parts])
        return painted(
            text, number << 8 | ink, lambda ink: self._look(parts[ink >> 8], chr(ink & 255))
        )

    @property
    def _narrow(self) -> bool:
        """Whether a name takes more than one step."""
        return self.window.columns_per_step <= 2

    def _spelled(self, part: _Part, *, first: bool, with_name: bool) -> tuple[str, str]:
        """The text of a part, and the ink of each of its cells."""
        length, width = part.end - part.begin, self.window.columns_per_step
        plain = _GLYPH * length
        if part.request == _NOTHING:
            return " " * length, plain
        if part.request == _FREE:
            spaced = TRACK if self._narrow else TRACK.ljust(width)
            return (spaced * length)[:length], plain
        glyph = HATCH if part.held else FULL
        name = f"R{self.lane.run.requests.id[part.request]}" if with_name else ""
        inks = _NAME * len(name)
        if not self._narrow:
            text, ink = name.ljust(width - 1, glyph) + " ", inks.ljust(width, _GLYPH)
            return (text * length)[:length], (ink * length)[:length]
        if name and length >= len(name) + 3:
            return f" {name} ".ljust(length, glyph), f"{_GLYPH}{inks}".ljust(length, _GLYPH)
        return (BEGIN if first and not part.held else glyph).ljust(length, glyph), plain

    def _look(self, part: _Part, ink: str) -> Style:
        """The style of a part's ink; a click on any of its cells finds the request.

        Single cells that stand for several steps are not found so: thousands of different styles
        would take longer to make than all the rest.
        """
        palette = self.palette
        chosen = part.request == self.selected and part.request >= 0
        ground = palette.selection_ground if chosen else palette.surface
        sample = self.window.steps_per_column > 1 and part.end - part.begin == 1
        row = None if part.request < 0 or sample else part.request
        if ink == _NOW:
            return style(palette.playhead, ground, bold=True, row=row)
        if part.request < 0:
            return style(palette.muted, ground)
        colour = palette.request(int(self.lane.run.requests.id[part.request]))
        if ink == _NAME:
            return style(colour, ground, bold=True, reverse=chosen, row=row)
        if part.held:
            return style(palette.state(State.HELD), ground, row=row)
        return style(palette.selection if chosen else colour, ground, row=row)


def _parts(occupants: IntArray, held: BoolArray) -> list[_Part]:
    changes = (np.diff(occupants) != 0) | (held[1:] != held[:-1])
    cuts = np.concatenate(([0], np.flatnonzero(changes) + 1, [len(occupants)]))
    columns = (cuts[:-1], cuts[1:], occupants[cuts[:-1]], held[cuts[:-1]])
    return list(map(_Part, *(column.tolist() for column in columns)))
