"""The slots over decode steps: who is in which slot, step by step, one panel a strategy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from tui_batching.analysis.slot_steps import SlotSteps
from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.look import Look, window_start
from tui_batching.charts.panels import (
    Arrangement,
    Scale,
    arrange,
    headings,
    joined,
    legend_row,
    scale_row,
)
from tui_batching.charts.rows import Cells, Row, style
from tui_batching.charts.slot_cells import SlotCells, StepWindow, signs
from tui_batching.clock import Picoseconds, format_duration
from tui_batching.sim.moment import Moment
from tui_batching.sim.spans import DECODING

HINT = "a row a slot, a column a decode step: who shares the batch, and who makes no token"
NARROWEST = 24
"""The least cells of a panel beside others: three of them from a terminal of 80 columns on."""
CLOSEST = 2
"""The zoom at which every step of every slot has its request's name."""


class _Layout(NamedTuple):
    """Where the panels are; the rows of a slot; and whether there is an axis below each panel.

    A panel also has a heading, and a row that tells how many requests make a token.
    """

    arrangement: Arrangement
    thickness: int
    axis: bool


@dataclass(frozen=True, eq=False)
class Slots:
    """The part of the picture that is seen; each strategy is at its own step."""

    request: ChartRequest
    look: Look

    @property
    def _lanes(self) -> tuple[SlotSteps, ...]:
        return self.request.scene.slot_steps

    @property
    def _capacities(self) -> list[int]:
        return [lane.run.capacity for lane in self._lanes]

    @cached_property
    def _layout(self) -> _Layout:
        """The most generous layout that shows all slots, or else one that shows some."""
        width, height = self.request.width, self.request.height - 1
        most = max(self._capacities)
        for thickness, axis in ((2, True), (1, True), (1, False)):
            needed = [capacity * thickness + 2 + axis for capacity in self._capacities]
            if sum(needed) <= height:
                return _Layout(arrange(needed, width, height, NARROWEST), thickness, axis)
        needed = [capacity + 3 for capacity in self._capacities]
        arrangement = arrange(needed, width, height, NARROWEST)
        thick = not arrangement.stacked and 2 * most + 3 <= height
        return _Layout(arrangement, 2 if thick else 1, axis=True)

    @property
    def _shown(self) -> list[int]:
        """How many slots each panel shows."""
        arrangement, thickness, axis = self._layout
        rooms = [(height - 2 - axis) // thickness for height in arrangement.heights]
        return [
            max(1, min(capacity, room))
            for capacity, room in zip(self._capacities, rooms, strict=True)
        ]

    @property
    def page(self) -> int:
        """How many slots the fullest panel shows."""
        return max(self._shown)

    @cached_property
    def tops(self) -> tuple[int, ...]:
        """The first slot in each panel."""
        pairs = zip(self._capacities, self._shown, strict=True)
        return tuple(max(0, min(self.look.top or 0, most - shown)) for most, shown in pairs)

    @cached_property
    def _names(self) -> int:
        """Cells for the longest name."""
        return 1 + len(str(int(self.request.scene.workload.requests.id.max())))

    @cached_property
    def _margin(self) -> int:
        """Cells for the numbers of the slots."""
        return 1 + len(str(max(self._capacities) - 1))

    @cached_property
    def windows(self) -> tuple[StepWindow, ...]:
        """The steps that are seen in each panel."""
        cells = max(1, min(self._layout.arrangement.widths) - self._margin)
        longest = max(lane.count for lane in self._lanes)
        zoom = min(self.look.zoom, CLOSEST)
        if zoom < 0:
            whole = (-(-longest // cells) - 1).bit_length()
            zoom = max(zoom, -whole)
        columns = (1, 2, self._names + 2)[zoom] if zoom >= 0 else 1
        return tuple(self._window(lane, cells, columns, 1 << max(0, -zoom)) for lane in self._lanes)

    def _window(self, lane: SlotSteps, cells: int, columns: int, steps: int) -> StepWindow:
        step, around = (
            int(lane.run.spans.decode_steps_at(np.array([time]))[0])
            for time in (self.request.time, self._around)
        )
        total = -(-lane.count // steps) * columns
        first = window_start(around // steps * columns, cells, total, self.look.shift)
        over = self.request.time >= lane.run.finished
        return StepWindow(
            first=first // columns * columns,
            cells=cells,
            columns_per_step=columns,
            steps_per_column=steps,
            count=lane.count,
            now=None if over else step,
        )

    @property
    def _around(self) -> Picoseconds:
        return self.request.time if self.look.since is None else self.look.since

    @property
    def place(self) -> tuple[object, ...]:
        """Which part is seen."""
        return self.windows, self.tops

    def revealing(self, row: int) -> Look:
        """The look at which the request is seen in its slot."""
        look = self.look
        panels = list(zip(self._lanes, self.windows, self.tops, self._shown, strict=True))
        stays = [lane.run.stay_at(row, self.request.time) for lane in self._lanes]
        pairs = zip(self._lanes, stays, strict=True)
        slots = [int(lane.run.stays.slot[stay]) for lane, stay in pairs]
        if any(
            not top <= slot < top + shown
            for slot, (*_, top, shown) in zip(slots, panels, strict=True)
        ):
            look = replace(look, top=max(0, max(slots) - self.page // 2))
        if not any(
            lane.admitted[stay] < window.end and lane.left[stay] > window.begin
            for (lane, window, *_), stay in zip(panels, stays, strict=True)
        ):
            look = replace(look, since=max(int(lane.run.start[row]) for lane in self._lanes))
        return look

    def draw(self) -> list[Cells]:
        """Legend and panels."""
        palette, width, height = self.request.palette, self.request.width, self.request.height
        ground = style(palette.text, palette.background)
        panels = [self._panel(number) for number in range(len(self._lanes))]
        rows = [
            legend_row(HINT, signs(palette), width, palette, moved=self.look.moved),
            *joined(panels, self._layout.arrangement, ground),
        ]
        return (rows + [Row(width, ground).cells()] * height)[:height]

    @cached_property
    def _headings(self) -> list[Cells]:
        facts = []
        for lane, top, shown in zip(self._lanes, self.tops, self._shown, strict=True):
            facts.append(_facts(lane, lane.run.at(self.request.time), range(top, top + shown)))
        strategies = [lane.run.strategy for lane in self._lanes]
        return headings(strategies, facts, self._layout.arrangement.widths, self.request.palette)

    def _panel(self, number: int) -> list[Cells]:
        lane, window, palette = self._lanes[number], self.windows[number], self.request.palette
        arrangement, thickness, axis = self._layout
        width, top, shown = arrangement.widths[number], self.tops[number], self._shown[number]
        cells = SlotCells(lane, range(top, top + shown), window, palette, self.look.selected)
        muted = style(palette.muted, palette.surface)

        def line(label: str, row: Cells) -> Cells:
            rest = width - self._margin - window.cells
            margin = Row(self._margin, muted).add(label.rjust(self._margin - 1), muted)
            return [*margin.cells(), *row, *Row(rest, muted).cells()]

        rows = [self._headings[number], line(f"↑{top}" if top else "", cells.making())]
        for slot, drawn in enumerate(cells.draw(thickness), top):
            rows += [line("" if below else str(slot), row) for below, row in enumerate(drawn)]
        if axis:
            below = lane.run.capacity - top - shown
            label = (f"↓{below}" if below else "").rjust(self._margin - 1).ljust(self._margin)
            mark = next(iter(window.now_columns), None)
            scale = Scale(*window.limits, window.cells, "step", mark, whole=True)
            rows.append(scale_row(scale, label, width, palette))
        return rows[: arrangement.heights[number]]


def picture(request: ChartRequest) -> list[Cells]:
    """The steps around the playhead; all of them, and no playhead, if it is at the end."""
    if request.time < request.scene.end:
        return Slots(request, Look()).draw()
    return Slots(request, Look(zoom=-64, printed=True)).draw()


def _facts(lane: SlotSteps, moment: Moment, slots: range) -> list[str]:
    """What the step under way does, the fullest wording first, and which slots are seen."""
    hidden = ""
    if len(slots) < lane.run.capacity:
        hidden = f" · slots {slots[0]}–{slots[-1]} of {lane.run.capacity}"
    if moment.over:
        done = f"{lane.count:,} steps in {format_duration(lane.run.finished)}"
        return [done + hidden, done, done, f"{lane.count:,} steps"]
    step, of, kind = moment.iteration + 1, f"{lane.count:,}", moment.phase.kind
    if step > lane.count:  # where prefills make tokens, no step need follow
        return [f"{kind.name.lower()} after the last step{hidden}", *[f"after step {of}"] * 3]
    before = "" if kind in DECODING else f"{kind.name.lower()} before "
    held = len(moment.held)
    making = len(moment.running) - held
    return [
        f"{before}step {step:,} of {of} · {making} make a token, {held} held{hidden}",
        f"{before}step {step:,} of {of} · {making} make, {held} held",
        f"step {step:,} of {of}",
        f"{step:,}/{of}",
    ]
