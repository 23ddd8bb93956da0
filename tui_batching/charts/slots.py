"""The slots over steps: who is in which slot, step by step, one panel a strategy.

A step is a decode step, with engines any iteration; see `SlotSteps`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import ceil
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from rich.style import Style

from tui_batching.analysis.slot_steps import SlotSteps
from tui_batching.charts.ahead import dim_from
from tui_batching.charts.chart import ChartRequest, Viewport, way_back, window_start
from tui_batching.charts.palette import Palette
from tui_batching.charts.panels import (
    Arrangement,
    LegendEntry,
    Scale,
    arrange,
    focus_entry,
    headings,
    joined,
    legend_row,
    on_screen,
    rows_seen,
    scale_row,
    state_entry,
    with_focus,
)
from tui_batching.charts.pen import SHORT_PARTS, fill
from tui_batching.charts.rows import (
    AGAIN,
    BEGIN,
    EVICTED,
    FULL,
    HATCH,
    PLAYHEAD,
    SHADE,
    STALLED,
    TRACK,
    Cells,
    Row,
    level,
    painted,
    style,
)
from tui_batching.charts.step_window import StepWindow
from tui_batching.clock import Picoseconds, format_duration
from tui_batching.columns import IntArray
from tui_batching.numbers import counted
from tui_batching.sim.life import State
from tui_batching.sim.moment import Moment
from tui_batching.sim.spans import DECODING, SpanKind
from tui_batching.sim.stays import Ended

NARROWEST = 24
"""The least cells of a panel beside others: three of them from a terminal of 80 columns on."""
CLOSEST = 2
"""The zoom at which every step of every slot has its request's name."""
NEARLY = Fraction(3, 2)
"""How often as long as what has room a Run may be, and is still seen whole."""

_STRIP = "▂▅█"
"""How many make a token, above the slots."""
_GLYPHS = {
    State.PREFILL: SHADE,
    State.RECOMPUTE: AGAIN,
    State.STALLED: STALLED,
    State.DECODE: FULL,
    State.HELD: HATCH,
}
"""What one does in a slot."""
_REPEATED = {*_GLYPHS.values(), TRACK, " "}
"""What a cell says that the one before it has said."""
_FREE, _NOTHING = -1, -2
"""In place of a request: an empty slot, and where there is no step."""
_GLYPH, _NAME, _NOW = "gnw"
"""The inks of a part of a row."""


def hint(lanes: Sequence[SlotSteps], scale: Fraction) -> str:
    """What to see, and what a column is; where it is more than a step, what goes along a row."""
    units = sorted({_unit(lane) for lane in lanes}, reverse=True)
    along = [f"column = {units[0]}", *units[1:]]
    if scale > 1:
        along = [f"{units[0]}s along it", *(f"{unit}s" for unit in units[1:])]
    told = ", of engines ".join(along)
    return f"row = slot, {told}: who shares the batch, and who makes no token"


def _unit(lane: SlotSteps) -> str:
    """What a step is called."""
    return "iteration" if lane.is_of_iterations else "step"


def legend(palette: Palette) -> list[LegendEntry]:
    """What the cells are made of."""
    return [
        LegendEntry(FULL, palette.work, "makes a token", "token"),
        LegendEntry(_STRIP, palette.state(State.DECODE), "how many do"),
        state_entry(HATCH, State.HELD, palette, "held"),
        state_entry(SHADE, State.PREFILL, palette, "prefill"),
        state_entry(STALLED, State.STALLED, palette, "stalled"),
        LegendEntry(PLAYHEAD, palette.playhead, "now"),
        LegendEntry(EVICTED, palette.text, "evicted", SHORT_PARTS["evicted"]),
        state_entry(AGAIN, State.RECOMPUTE, palette, "recompute", SHORT_PARTS["recompute"]),
        LegendEntry(TRACK, palette.muted, "free"),
    ]


class _Part(NamedTuple):
    """Neighbouring cells of a slot with the same stay in the same state.

    Attributes:
        begin: the first cell.
        end: the cell after the last one.
        stay: whose it is, `_FREE` or `_NOTHING`.
        state: what its request does, or that it was evicted from a slot that is free since.
        request: its row, or as `stay`.
        evicted: whether it is evicted here, and somebody else has the slot at once.
    """

    begin: int
    end: int
    stay: int
    state: State
    request: int
    evicted: bool


@dataclass(frozen=True, eq=False)
class SlotCells:
    """Some slots of a Run at the steps of a window.

    Attributes:
        lane: the Run in steps.
        slots: which slots.
        window: which steps.
        palette: the colours.
        selected: the row of the selected request, or None.
        most: how many slots a full sign stands for where they are counted, the same in each lane.
        has_playhead: whether the playhead stands in the rows of slots, as it does nowhere else.
    """

    lane: SlotSteps
    slots: range
    window: StepWindow
    palette: Palette
    selected: int | None
    most: int
    has_playhead: bool = False

    @cached_property
    def _steps(self) -> IntArray:
        """The first step in each column."""
        return self.window.step_of(np.arange(self.window.cells))

    def making(self) -> Cells:
        """For each column how many slots make a token, as a level."""
        window, there = self.window, self._steps < self.lane.count
        steps, column = np.unique(self._steps[there], return_inverse=True)
        text = [" "] * window.cells
        if len(steps):
            after = max(int(window.step_of(len(column))), int(steps[-1]) + 1)
            edges = np.append(steps, after)
            making = self.lane.making(np.minimum(edges, self.lane.count))
            shares = (making / self.most)[column].tolist()
            text[: len(shares)] = map(level, shares)
        inks = np.zeros(window.cells, np.int8)
        if columns := window.now_columns:
            text[columns[0]], inks[columns[0]] = PLAYHEAD, 1
        ground = self.palette.surface
        looks = (
            style(self.palette.state(State.DECODE), ground),
            style(self.palette.playhead, ground),
        )
        return painted("".join(text), inks, looks.__getitem__)

    def draw(self, thickness: int) -> list[list[Cells]]:
        """So many rows of cells for each slot, with the names in the first one."""
        steps = np.minimum(self.window.drawn, self.lane.count - 1)
        occupants = self.lane.occupants(self.slots, steps)
        found = self.lane.states(occupants, steps)
        occupants[:, self._steps >= self.lane.count] = _NOTHING
        occupants, found = self._with_evicted(occupants, found)
        return [
            [self._row(row, states, names=number == 0) for number in range(thickness)]
            for row, states in zip(occupants, found, strict=True)
        ]

    def _with_evicted(
        self, occupants: IntArray, states: npt.NDArray[np.int8]
    ) -> tuple[IntArray, npt.NDArray[np.int8]]:
        """The same, and who was evicted for the step behind it, where that finds the slot free."""
        width = self.window.columns_per_step
        before = np.full_like(occupants, _FREE)
        before[:, width:] = occupants[:, :-width]
        gone = (occupants == _FREE) & (before >= 0)
        gone &= self.lane.run.stays.ended[np.maximum(before, 0)] == Ended.EVICTED
        return np.where(gone, before, occupants), np.where(gone, np.int8(State.EVICTED), states)

    def _row(self, occupants: IntArray, states: npt.NDArray[np.int8], *, names: bool) -> Cells:
        parts = self._parts(occupants, states)
        text, kinds, named, previous = "", "", False, _NOTHING
        for part in parts:
            first = part.stay != previous
            named, previous = named and not first, part.stay
            spelled, name = self._spelled(part, first=first, with_name=names and not named)
            named = self._narrow and (named or _NAME in name)
            text, kinds = text + spelled, kinds + name
        ink = np.frombuffer(kinds.encode("ascii"), np.uint8).astype(np.int64)
        now = np.array(self.window.now_columns, np.int64)
        ink[now] = np.where(self._narrow & (ink[now] == ord(_NAME)), ink[now], ord(_NOW))
        if self.has_playhead and len(now) and ink[now[0]] == ord(_NOW):
            text = f"{text[: now[0]]}{PLAYHEAD}{text[now[0] + 1 :]}"
        number = np.repeat(np.arange(len(parts)), [part.end - part.begin for part in parts])
        return painted(
            self._with_playhead(text, parts),
            number << 8 | ink,
            lambda ink: self._look(parts[ink >> 8], chr(ink & 255)),
        )

    def _with_playhead(self, text: str, parts: Sequence[_Part]) -> str:
        """The row with the sign of the playhead, unless that would hide what is done now."""
        column = self.window.now_columns[-1] if self.window.now_columns else -1
        told_before = any(part.begin < column < part.end for part in parts)
        if not told_before or text[column] not in _REPEATED:
            return text
        return f"{text[:column]}{PLAYHEAD}{text[column + 1 :]}"

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
        name = f"R{self.lane.run.requests.id[part.request]}" if with_name else ""
        inks = _NAME * len(name)
        if part.state is State.EVICTED:
            text = EVICTED if self._narrow else name + EVICTED
            return text.ljust(length)[:length], (plain if self._narrow else inks + plain)[:length]
        glyph, border = _GLYPHS[part.state], self._at_border(part, first=first)
        if not self._narrow:
            text, ink = name.ljust(width - 1, glyph) + " ", inks.ljust(width, _GLYPH)
            return (text * length)[: length - len(border)] + border, (ink * length)[:length]
        if name and length >= len(name) + 3:
            text, plain = f" {name} ", f"{_GLYPH}{inks}".ljust(length, _GLYPH)
        else:
            text = BEGIN if first and part.state is State.DECODE else glyph
        return text.ljust(length, glyph)[: length - len(border)] + border, plain

    def _at_border(self, part: _Part, *, first: bool) -> str:
        """The sign of an eviction in the last cell, unless that hides what is done there now.

        Nor may it hide all that one does who is in for that cell alone.
        """
        hides = part.end - 1 in self.window.now_columns or (first and part.end - part.begin == 1)
        return EVICTED if part.evicted and not hides else ""

    def _look(self, part: _Part, ink: str) -> Style:
        """The style of a part's ink; a click on any of its cells finds the request.

        Single cells that stand for several steps are not found so: thousands of different styles
        would take longer to make than all the rest.
        """
        palette = self.palette
        chosen = part.request == self.selected and part.request >= 0
        ground = palette.selection_ground if chosen else palette.surface
        sample = self.window.scale > 1 and part.end - part.begin == 1
        row = None if part.request < 0 or sample else part.request
        if ink == _NOW:
            return style(palette.playhead, ground, bold=True, row=row)
        if part.request < 0:
            return style(palette.muted, ground)
        colour = palette.request(int(self.lane.run.requests.id[part.request]))
        if ink == _NAME:
            return style(colour, ground, bold=True, reverse=chosen, row=row)
        if part.state is not State.DECODE:
            return fill(part.state, ground, palette, row)
        return style(palette.selection if chosen else colour, ground, row=row)

    def _parts(self, occupants: IntArray, states: npt.NDArray[np.int8]) -> list[_Part]:
        changes = (np.diff(occupants) != 0) | (states[1:] != states[:-1])
        cuts = np.concatenate(([0], np.flatnonzero(changes) + 1, [len(occupants)]))
        stays, ends = self.lane.run.stays, np.append(occupants, _NOTHING)
        begin, after = cuts[:-1], cuts[1:]
        stay = occupants[begin]
        there, known = stay >= 0, np.maximum(stay, 0)
        request = np.where(there, stays.request[known], stay)
        seen_to_end = there & (after < len(occupants)) & (ends[after] != stay)
        evicted = seen_to_end & (stays.ended[known] == Ended.EVICTED)
        evicted &= states[begin] != State.EVICTED
        kinds = map(State, states[begin].tolist())
        columns = (begin, after, stay, kinds, request, evicted)
        return list(map(_Part, *(c.tolist() if isinstance(c, np.ndarray) else c for c in columns)))


class _Layout(NamedTuple):
    """Where the panels are, each with a heading.

    Attributes:
        arrangement: of the panels.
        thickness: the rows of a slot.
        others: the rows that are no slots.
        axis: whether the last of them is an axis.
    """

    arrangement: Arrangement
    thickness: int
    others: int
    axis: bool


@dataclass(frozen=True, eq=False)
class Slots:
    """The part of the chart that is seen; each strategy is at its own step."""

    request: ChartRequest
    viewport: Viewport

    @property
    def _lanes(self) -> tuple[SlotSteps, ...]:
        return self.request.scene.slot_steps

    @property
    def _capacities(self) -> list[int]:
        """How many slots there are to be shown."""
        return [lane.slots for lane in self._lanes]

    @cached_property
    def _layout(self) -> _Layout:
        """The most generous layout that shows all slots, or else one that shows some."""
        width, height = self.request.width, self.request.height - 1
        most, above = max(self._capacities), 1 + self._has_strip
        for thickness, axis in ((2, True), (1, True), (1, False)):
            others = above + axis
            needed = [capacity * thickness + others for capacity in self._capacities]
            if sum(needed) <= height:
                return _Layout(arrange(needed, width, height, NARROWEST), thickness, others, axis)
        others = above + 1
        needed = [capacity + others for capacity in self._capacities]
        arrangement = arrange(needed, width, height, NARROWEST)
        thick = not arrangement.stacked and 2 * most + others <= height
        return _Layout(arrangement, 2 if thick else 1, others, axis=True)

    @cached_property
    def _has_strip(self) -> bool:
        """Whether it stands above the slots how many make a token.

        That is so if the legend has room to say it, whatever else there comes to be on screen.
        """
        strategies = [lane.run.strategy for lane in self._lanes]
        unseen = set()
        if all(strategy.about.iteration_level for strategy in strategies):
            unseen.add(HATCH)
        if not any(lane.is_of_iterations for lane in self._lanes):
            unseen |= {SHADE, STALLED}
        if not any(len(lane.run.evicted_stays) for lane in self._lanes):
            unseen |= {EVICTED, AGAIN}
        entries = [each for each in legend(self.request.palette) if each.glyph not in unseen]
        told = hint(self._lanes, Fraction(2)).partition(":")[0]
        return len(told) + sum(each.length for each in entries) <= self.request.width

    @property
    def _shown(self) -> list[int]:
        """How many slots each panel shows."""
        arrangement, thickness, others, _ = self._layout
        rooms = [(height - others) // thickness for height in arrangement.heights]
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
        return tuple(max(0, min(self.viewport.top or 0, most - shown)) for most, shown in pairs)

    @cached_property
    def _names(self) -> int:
        """Cells for the longest name."""
        return 1 + len(str(int(self.request.scene.workload.requests.id.max())))

    @cached_property
    def _margin(self) -> int:
        """Cells for the numbers of the slots, and for how many are not seen above and below."""
        pairs = zip(self._capacities, self._shown, strict=True)
        hidden = [f"↓{capacity - shown}" for capacity, shown in pairs if capacity > shown]
        return 1 + max(map(len, (str(max(self._capacities) - 1), *hidden)))

    @cached_property
    def windows(self) -> tuple[StepWindow, ...]:
        """The steps that are seen in each panel."""
        cells = max(1, min(self._layout.arrangement.widths) - self._margin)
        longest = max(lane.count for lane in self._lanes)
        zoom = min(self.viewport.zoom, CLOSEST)
        scale = Fraction(1, (1, 2, self._names + 2)[zoom]) if zoom >= 0 else Fraction(1 << -zoom)
        all_of_it = max(Fraction(1), Fraction(longest, cells))
        if zoom <= 0 and all_of_it <= scale * NEARLY:
            scale = all_of_it
        return tuple(self._window(lane, cells, scale) for lane in self._lanes)

    def _window(self, lane: SlotSteps, cells: int, scale: Fraction) -> StepWindow:
        step, around = lane.at(self.request.time), lane.at(self._around)
        total, columns = ceil(lane.count / scale), max(1, int(1 / scale))
        first = window_start(int(around / scale), cells, total, self.viewport.shift)
        over = self.request.time >= lane.run.finished
        first = first // columns * columns
        return StepWindow(first, cells, scale, lane.count, None if over else step)

    @property
    def _around(self) -> Picoseconds:
        return self.request.time if self.viewport.since is None else self.viewport.since

    @property
    def part_seen(self) -> tuple[object, ...]:
        """Which part is seen."""
        return self.windows, self.tops

    def revealing(self, row: int) -> Viewport:
        """The viewport in which the request is seen in its slot."""
        viewport = self.viewport
        panels = list(zip(self._lanes, self.windows, self.tops, self._shown, strict=True))
        stays = [lane.run.stay_at(row, self.request.time) for lane in self._lanes]
        pairs = zip(self._lanes, stays, strict=True)
        slots = [int(lane.run.stays.slot[stay]) for lane, stay in pairs]
        if any(
            not top <= slot < top + shown
            for slot, (*_, top, shown) in zip(slots, panels, strict=True)
        ):
            viewport = replace(viewport, top=max(0, max(slots) - self.page // 2))
        if not any(
            lane.admitted[stay] < window.end and lane.left[stay] > window.begin
            for (lane, window, *_), stay in zip(panels, stays, strict=True)
        ):
            viewport = replace(
                viewport, since=max(int(lane.run.start_time[row]) for lane in self._lanes)
            )
        return viewport

    def draw(self) -> list[Cells]:
        """Legend and panels."""
        palette, width, height = self.request.palette, self.request.width, self.request.height
        ground = style(palette.text, palette.background)
        drawn = [self._panel(number) for number in range(len(self._lanes))]
        strategies = [lane.run.strategy for lane in self._lanes]
        panels = with_focus(drawn, strategies, self.request)
        entries = [each for each in legend(palette) if self._has_strip or each.glyph != _STRIP]
        entries.append(focus_entry(palette))
        rows = [
            legend_row(
                hint(self._lanes, self.windows[0].scale),
                on_screen(entries, panels),
                width,
                palette,
                back=way_back(self.request.keys) if self.viewport.moved else "",
            ),
            *joined(panels, self._layout.arrangement, ground),
        ]
        return (rows + [Row(width, ground).cells()] * height)[:height]

    @cached_property
    def _headings(self) -> list[Cells]:
        facts = []
        for lane, top, shown in zip(self._lanes, self.tops, self._shown, strict=True):
            facts.append(_facts(lane, lane.run.at(self.request.time), range(top, top + shown)))
        strategies = [lane.run.strategy for lane in self._lanes]
        widths = self._layout.arrangement.widths
        without = self.request.scene.comparison.without_cache
        return headings(strategies, facts, widths, self.request, without)

    def _panel(self, number: int) -> list[Cells]:
        lane, window, palette = self._lanes[number], self.windows[number], self.request.palette
        arrangement, thickness, _, axis = self._layout
        width, top, shown = arrangement.widths[number], self.tops[number], self._shown[number]
        slots, most = range(top, top + shown), max(self._capacities)
        playhead = not (axis or self._has_strip)
        cells = SlotCells(lane, slots, window, palette, self.viewport.selected, most, playhead)
        muted = style(palette.muted, palette.surface)

        def line(label: str, row: Cells) -> Cells:
            rest = width - self._margin - window.cells
            margin = Row(self._margin, muted).add(label.rjust(self._margin - 1), muted)
            drawn = dim_from(row, window.reached, palette)
            return [*margin.cells(), *drawn, *Row(rest, muted).cells()]

        rows = [self._headings[number]]
        if self._has_strip:
            rows.append(line(f"↑{top}" if top else "", cells.making()))
        for slot, drawn in enumerate(cells.draw(thickness), top):
            rows += [line("" if below else str(slot), row) for below, row in enumerate(drawn)]
        if axis:
            below = lane.slots - top - shown
            label = (f"↓{below}" if below else "").rjust(self._margin - 1).ljust(self._margin)
            mark = next(iter(window.now_columns), None)
            units = _along(lane, window)
            scale = Scale(*window.limits, window.cells, units, mark, whole=True)
            rows.append(scale_row(scale, label, width, palette))
        return rows[: arrangement.heights[number]]


def _along(lane: SlotSteps, window: StepWindow) -> tuple[str, ...]:
    """What goes along an axis, and how many more there are, in fewer and fewer words."""
    unit, more = _unit(lane), lane.count - window.end
    if more <= 0:
        return (unit,)
    return f"{unit}, {more:,} more →", f"{more:,} more →", f"{more:,} →", "→"


def slots_chart(request: ChartRequest) -> list[Cells]:
    """The steps around the playhead; all of them, and no playhead, if it is at the end."""
    if request.time < request.scene.end:
        return Slots(request, Viewport()).draw()
    return Slots(request, Viewport(zoom=-64, printed=True)).draw()


def _facts(lane: SlotSteps, moment: Moment, slots: range) -> list[str]:
    """What the step under way does, the fullest wording first, and which slots are seen."""
    hidden = rows_seen("slot", slots, lane.slots, lane.run.slots)
    word = "iteration" if lane.is_of_iterations else "step"
    if moment.over:
        steps = counted(lane.count, word)
        done = f"{steps} in {format_duration(lane.run.finished)}"
        return [done + hidden, done, done, steps]
    step, of, kind = lane.at(moment.time) + 1, f"{lane.count:,}", moment.phase.kind
    if lane.is_of_iterations:
        return _facts_of_iteration(moment, f"{step:,}", of, hidden)
    if step > lane.count:  # where prefills make tokens, no step need follow
        return [f"{kind.name.lower()} after the last step{hidden}", *[f"after step {of}"] * 3]
    before = "" if kind in DECODING else f"{kind.name.lower()} before "
    held = len(moment.held)
    making = len(moment.running) - held
    makes = f"{making} makes" if making == 1 else f"{making} make"
    return [
        f"{before}step {step:,} of {of} · {makes} a token, {held} held{hidden}",
        f"{before}step {step:,} of {of} · {makes}, {held} held",
        f"step {step:,} of {of}",
        f"{step:,}/{of}",
    ]


def _facts_of_iteration(moment: Moment, iteration: str, of: str, hidden: str) -> list[str]:
    """Who does what in the iteration under way."""
    states = moment.states(moment.running)
    decode, stall = states.count(State.DECODE), states.count(State.STALLED)
    prefill = len(states) - decode - stall
    before = "idle before " if moment.phase.kind is SpanKind.IDLE else ""
    told = f"{before}iteration {iteration} of {of}"
    return [
        f"{told} · {decode} decode, {prefill} in prefill, {stall} stalled{hidden}",
        f"{told} · {decode} decode, {prefill} in prefill",
        told,
        f"{iteration}/{of}",
    ]
