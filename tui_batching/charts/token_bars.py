"""Bars of tokens, made or in memory: in every row and lane one cell is the same number of them.

A share of something's own whole, as how far a prompt is read, stands in brackets instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from math import ceil

from rich.color import Color
from rich.style import Style

from tui_batching.charts.palette import Palette
from tui_batching.charts.pen import fill
from tui_batching.charts.rows import (
    AGAIN,
    CACHED,
    EIGHTHS,
    FULL,
    HATCH,
    LEVELS,
    READ,
    RESERVED,
    SHADE,
    SLOWED,
    STALLED,
    TRACK,
    Row,
    style,
)
from tui_batching.sim.life import State

_FEW = (1, 2, 3, 4, 5, 6, 8)
"""The tokens of a cell, below ten."""
_MANY = (10, 12, 15, 20, 25, 30, 40, 50, 60, 80)
"""From ten on, times a power of ten."""
TOKEN_SIGNS = LEVELS[1:].replace(RESERVED, "")
"""How many tokens are made, as one sign: a level filled from below, but none that means memory."""
TOP = "▇"
"""A full cell in the first row of a bar where colours cannot be mixed: what is left free above it
parts it from its neighbour, as stripes do elsewhere."""


def tokens_per_cell(longest: int, cells: int) -> int:
    """How many tokens a cell stands for, so that the longest answer fits into a bar.

    Example: 69 tokens in 25 cells make 3 tokens a cell; 187 in 17 cells make 12, not 11.
    """
    least = -(-longest // max(1, cells))
    tens: Iterator[int] = (many * 10**power for power in range(19) for many in _MANY)
    return next(scale for scale in chain(_FEW, tens) if scale >= least)


def token_sign(made: int, each: int) -> str:
    """The sign of so many tokens, where each of `TOKEN_SIGNS` stands for `each` tokens more.

    Example: of 100 tokens each, 1 to 100 are ▁, 101 to 200 are ▃, and 601 to 700 a full sign.
    """
    return TOKEN_SIGNS[max(0, -(-made // each) - 1)]


def used_cells(used: int, taken: int, cells: int, scale: float) -> int:
    """How many of the cells that stand for all that is taken are used: of one, if any is.

    What is taken stands still while it fills. Less than half a cell that is empty is not seen, as
    a whole cell of it would be too much.

    Example: of 5,844 tokens taken at 600 a cell, in 10 cells, 3,842 are 6; 5,800 are all 10.
    """
    if 2 * (taken - used) < scale:
        return cells
    return min(cells, max(int(used > 0), round(used / scale)))


@dataclass(frozen=True, slots=True)
class TokenBar:
    """One request's tokens.

    Attributes:
        made: so far.
        asked: in the whole answer.
        front: how far its batch has come, of one that is held; else `made`.
        state: `DECODE`, `HELD` or `STALLED`.
        slowed: whether it decodes in a step that prompts make longer.
    """

    made: int
    asked: int
    front: int
    state: State
    slowed: bool = False


@dataclass(frozen=True, slots=True)
class MemoryBar:
    """What one request has of the KV cache, in tokens.

    Attributes:
        used: those computed, without the part of a prompt that is under way.
        under_way: of a prompt, in the iteration under way.
        taken: what its blocks hold.
        state: what it does.
        slowed: whether it decodes in a step that prompts make longer.
        name: of the request, where nothing else beside the bar tells it.
    """

    used: int
    under_way: int
    taken: int
    state: State
    slowed: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class PromptBar:
    """A prompt that is processed, in tokens.

    Attributes:
        through: those that are computed or were found.
        under_way: of those that the iteration under way computes the share that its time is over,
            not rounded: where it is drawn the same share is as many cells of any prompt.
        whole: all of them.
        cached: those of `through` that were found in the prefix cache.
    """

    through: int
    under_way: Fraction | int
    whole: int
    cached: int = 0

    @property
    def told(self) -> list[str]:
        """How far it is with what is under way, the fullest wording first."""
        split, whole = f"{self.cached:,} cached + {self.whole - self.cached:,}", f"{self.whole:,}"
        reached = (
            f"{int(self.through + self.under_way):,}"  # as wide as at last: the gauge stands still
        )
        # As wide as at last: the gauge stands still.
        return [*([split] if self.cached else []), f"{reached:>{len(whole)}}/{whole}"]


@dataclass(frozen=True, slots=True)
class BarPen:
    """Draws bars on one scale.

    Attributes:
        cells: how wide they are at most.
        scale: tokens a cell.
        palette: the colours.
        ground: what they stand on.
        row: of the request, which a click finds.
        stripe: whether its colour is a little closer to the ground than that of its neighbours.
    """

    cells: int
    scale: float
    palette: Palette
    ground: Color
    row: int | None = None
    stripe: bool = False

    def ink(self, colour: Color, ground: Color | None = None) -> Style:
        """A colour on the ground of the bars, or on another one."""
        return style(colour, ground or self.ground, row=self.row)

    def draw(self, row: Row, bar: TokenBar, *, top: bool, middle: bool) -> None:
        """Append one row of a bar; `top` and `middle` tell its first one and that of the dots."""
        eighths = min(8 * self.cells, int(bar.made * 8 // self.scale))
        full, part = divmod(eighths, 8)
        solid = self.palette.stopped if bar.state is State.STALLED else self.palette.work
        solid = self.palette.striped(solid) if self.stripe else solid
        end = max(1, min(self.cells, round(bar.front / self.scale)))
        if bar.state is State.HELD and full >= end:
            full, part = end - 1, 0  # that it is held is seen, and how far its batch has come
        row.add((TOP if top and self.palette.ansi else FULL) * full, self.ink(solid))
        if bar.state is State.HELD:
            self._add_held(row, full, part, end, solid)
            return
        stalled = bar.state is State.STALLED
        signed = stalled or bar.slowed
        if signed and full + (part > 0) == self.cells:
            part = 0  # the sign stands in place of the tip
        drawn = full + (part > 0)
        # Up to the sign of a stall the ground is its own colour: a gap would mean something.
        tip = self.ink(solid, solid if stalled else None)
        row.add(EIGHTHS[part] if part else "", tip)
        if signed and drawn < self.cells:
            row.add(*self._sign(bar.state))
            drawn += 1
        ahead = max(0, min(self.cells, ceil(bar.asked / self.scale)) - drawn)
        row.add(TRACK * ahead if middle else " " * ahead, self.ink(self.palette.muted))
        row.add(" " * (self.cells - drawn - ahead), self.ink(self.palette.text))

    def draw_memory(self, row: Row, bar: MemoryBar, *, top: bool, bottom: bool) -> None:
        """Append one row of what a request has in memory, and what it does, as wide as bars are.

        `top` and `bottom` tell its first and its last one.
        """
        drawn = min(self.cells, max(1, round(bar.taken / self.scale)))
        self.add_memory(row, bar, drawn, top=top, bottom=bottom)
        if (bar.state is State.STALLED or bar.slowed) and drawn < self.cells:
            row.add(*self._sign(bar.state))
            drawn += 1
        row.add(" " * (self.cells - drawn), self.ink(self.palette.text))

    def add_memory(
        self,
        row: Row,
        bar: MemoryBar,
        cells: int,
        *,
        top: bool = False,
        bottom: bool = True,
    ) -> None:
        """Append what a request has in memory in so many cells: used, then taken but empty.

        What is empty is an area above a floor. A name stands on what is used, if it has room.
        """
        palette = self.palette
        end = used_cells(bar.used + bar.under_way, bar.taken, cells, self.scale)
        tag = bar.name if len(bar.name) < end else ""
        if tag:
            ground = palette.ground(State.PREFILL, self.ground)
            row.add(tag, style(palette.text, ground, bold=True, row=self.row))
        left = end - len(tag)
        if bar.state in {State.PREFILL, State.RECOMPUTE}:
            look = fill(bar.state, self.ground, palette, self.row)
            before = max(0, min(end - (bar.under_way > 0), round(bar.used / self.scale)) - len(tag))
            row.add(READ * before, look)
            row.add((AGAIN if bar.state is State.RECOMPUTE else SHADE) * (left - before), look)
        else:
            solid = palette.stopped if bar.state is State.STALLED else palette.work
            solid = palette.striped(solid) if self.stripe else solid
            row.add((TOP if top and palette.ansi else FULL) * left, self.ink(solid))
        floor = RESERVED if bottom else " "
        row.add(floor * (cells - end), self.ink(palette.muted, palette.reserved))

    def _sign(self, state: State) -> tuple[str, Style]:
        """At the end of a bar: that its request makes no token, or has to wait longer for one."""
        if state is State.STALLED:
            return STALLED, self.ink(self.palette.playhead, self.palette.stopped)
        return SLOWED, self.ink(self.palette.state(State.PREFILL))

    def _add_held(self, row: Row, full: int, part: int, end: int, solid: Color) -> None:
        """The hatch up to where the batch has come: the tokens that the slot did not make.

        The cell in which the answer ends is hatched unless at least half of it was made.
        """
        palette = self.palette
        if full < self.cells and part >= 4:
            row.add(EIGHTHS[part], self.ink(solid, palette.hatched))
            full += 1
        row.add(HATCH * (end - full), self.ink(palette.held, palette.held_ground))
        row.add(" " * (self.cells - max(full, end)), self.ink(palette.text))

    def draw_prompt(
        self, row: Row, prompt: PromptBar, sign: str = SHADE, *, middle: bool = True
    ) -> None:
        """Append a row of a gauge of a prompt: what is through, under way, and to come.

        What there is of the first two has a cell at least, so that none is read only at the start.

        Args:
            row: to append to.
            prompt: how far it is.
            sign: of what is under way.
            middle: whether it is the row of the dots.
        """
        through, under_way, whole = prompt.through, prompt.under_way, max(1, prompt.whole)
        cells = max(1, self.cells - 2)
        look = fill(State.PREFILL, self.ground, self.palette, self.row)
        track = self.ink(self.palette.bar_track)
        done = min(cells, max(through > 0, cells * through // whole))
        cached = min(done, max(prompt.cached > 0, cells * prompt.cached // whole))
        now = 0
        if under_way:
            reached = round(cells * (through + under_way) / whole)
            now = min(cells - done, max(1, reached - done))
        ahead = TRACK if middle else " "
        row.add("[", track).add(CACHED * cached, self.ink(self.palette.muted))
        row.add(READ * (done - cached), look)
        row.add(sign * now, look).add(ahead * (cells - done - now), track).add("]", track)
