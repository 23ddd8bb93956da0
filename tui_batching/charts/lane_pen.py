"""What every row of a lane shares: how wide its parts are, and how requests are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from rich.color import Color
from rich.style import Style

from tui_batching.analysis.scene import Scene
from tui_batching.charts.lane_view import (
    LaneView,
)
from tui_batching.charts.pen import Pen
from tui_batching.charts.rows import (
    CHOSEN,
    Row,
    style,
)
from tui_batching.charts.token_bars import TOKEN_SIGNS, BarPen, tokens_per_cell

ROOMY = 34
"""Cells from which on a word stands beside what a slot counts."""
_LONGEST_WORD = len("skipped")
_WORTH_A_BAR = 8
"""Cells of the longest bar of memory on the scale of the KV cache, if that is worth it."""


@dataclass(frozen=True, eq=False)
class LanePen(Pen):
    """What every row of one drawing shares."""

    view: LaneView
    scale: BarScale

    def ground(self, row: int) -> Color:
        """The ground of a request's rows."""
        palette = self.palette
        return palette.selection_ground if self.is_chosen(row) else palette.surface

    def is_chosen(self, row: int) -> bool:
        """Whether it is the selected request."""
        return row >= 0 and row == self.view.selected

    def ink(self, colour: Color, row: int, *, bold: bool = False) -> Style:
        """A colour in a request's row."""
        return style(colour, self.ground(row), bold=bold, row=row if row >= 0 else None)

    def name(self, row: int, *, marked: bool = False) -> Style:
        """How the name of a request is written: on white if something just happened to it."""
        if marked:
            return self.now(row)
        return self.ink(self.palette.text, row, bold=True)

    def now(self, row: int | None = None) -> Style:
        """White means now."""
        return style(self.palette.playhead, self.palette.surface, bold=True, reverse=True, row=row)

    def line(self, row: int = -1, *, signed: bool = True) -> Row:
        """A new row, with a gap; of the selected request with its sign in it, if it is signed."""
        line = Row(self.width, style(self.palette.text, self.ground(row)))
        return self._begin(line, row) if signed else line.gap()

    def add_name(self, line: Row, row: int, name: str, *, marked: bool) -> Row:
        """Append a gap, with a sign in it if it is the selected request, and its name."""
        return self._begin(line, row).add(name, self.name(row, marked=marked))

    def _begin(self, line: Row, row: int) -> Row:
        if not self.is_chosen(row):
            return line.gap()
        return line.add(CHOSEN, self.ink(self.palette.selection, row, bold=True))

    def bars(self, row: int, slot: int) -> BarPen:
        """What draws the bar of a request in a slot."""
        stripe = bool(slot % 2)
        scale = self.scale.memory if self.view.bars_are_memory else self.scale.answer
        return BarPen(self.bar_cells, scale, self.palette, self.ground(row), row, stripe)

    @cached_property
    def slot_digits(self) -> int:
        """Cells of a slot's number."""
        return slot_digits(self.view)

    @cached_property
    def left_cells(self) -> int:
        """Cells before a bar."""
        return left_cells(self.view)

    @cached_property
    def bar_cells(self) -> int:
        """Cells of a bar."""
        return bar_cells(self.view, self.width)

    @property
    def held(self) -> Style:
        """Words about the bubble."""
        return self.look(self.palette.held, bold=True)

    @property
    def reserved(self) -> Style:
        """Memory that is taken, but empty."""
        return style(self.palette.muted, self.palette.reserved)

    @property
    def strong(self) -> Style:
        """Numbers that matter."""
        return self.look(self.palette.text, bold=True)


class BarScale(NamedTuple):
    """The tokens of a cell.

    Attributes:
        answer: of bars that tell the answer.
        memory: of those that tell memory.
        of_gauge: whether that is the scale of the row of the KV cache, too.
    """

    answer: int
    memory: float
    of_gauge: bool


def bar_scale(views: Sequence[LaneView], width: int) -> BarScale:
    """The scale by which the longest answer, and the most memory, fit into all these lanes.

    That of memory is the one of the row of the KV cache, if that is the same in all lanes but for a
    block or so, and by it bars fit and the longest is no mere sign: they add up to what is taken.
    """
    cells = min(bar_cells(view, width) for view in views)
    longest, most = views[0].scene.longest_answer, views[0].scene.most_memory
    pools = [kv.blocks * kv.block_size for view in views if (kv := view.moment.run.kv)]
    gauge = max(pools, default=0) / gauge_cells(width)
    alike = 19 * max(pools, default=0) <= 20 * min(pools, default=0)
    of_gauge = alike and _WORTH_A_BAR * gauge <= most <= cells * gauge
    memory = gauge if of_gauge else tokens_per_cell(most, cells)
    return BarScale(tokens_per_cell(longest, cells), memory, of_gauge)


def gauge_cells(width: int) -> int:
    """The cells of the gauge of the KV cache in a lane of this width."""
    return max(1, width - len(" KV [] "))


def sign_step(scene: Scene) -> int:
    """Tokens from one sign to the next, so that the longest answer has one, alike in all lanes."""
    return tokens_per_cell(scene.longest_answer, len(TOKEN_SIGNS))


def sign_scale(scene: Scene) -> int:
    """Tokens of a full sign."""
    return len(TOKEN_SIGNS) * sign_step(scene)


def left_cells(view: LaneView) -> int:
    """Cells before a bar: a gap, the slot, the name, and below them a word."""
    return max(_LONGEST_WORD + 1, 2 + slot_digits(view) + view.scene.longest_name) + 1


def slot_digits(view: LaneView) -> int:
    """Cells of a slot's number."""
    run = view.moment.run
    return len(str(min(run.slots, len(run)) - 1))


def right_cells(view: LaneView) -> int:
    """Cells behind a bar: how far the answer is, or how long it has been held."""
    return max(2 * len(f"{view.scene.longest_answer:,}") + 1, len("427 ms")) + 2


def bar_cells(view: LaneView, width: int) -> int:
    """Cells of a bar in a lane of this width."""
    worded = len("stalls ") if width >= ROOMY else 0
    return max(1, width - left_cells(view) - right_cells(view) - worded)
