"""Drawing a lane: from its view, a size and a palette to rows of cells, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.style import Style

from tui_batching.analysis.kv_use import ignores_memory
from tui_batching.analysis.why import evicted_facts, request_name
from tui_batching.charts.lane_view import (
    PHASE_STATES,
    STATE_GLYPHS,
    LaneView,
    SlotView,
    kv_view,
    phase_texts,
    slot_views,
    taken_slots,
    taken_views,
)
from tui_batching.charts.palette import Palette
from tui_batching.charts.pen import Pen
from tui_batching.charts.rows import (
    FULL,
    HATCH,
    SHADE,
    TRACK,
    Cells,
    Row,
    age_text,
    bar,
    first_that_fits,
    level,
    short,
    style,
)
from tui_batching.clock import Picoseconds
from tui_batching.sim.life import State
from tui_batching.sim.moment import Moment
from tui_batching.strategies.parameters import MAX_SLOTS

RESERVED, EVICTED = "▂", "↩"
"""Memory that is taken, but empty; one whose memory was taken."""
ROOMY = 34
"""From this width on, rows are worded in full."""


def lane_rows(view: LaneView, width: int, height: int, palette: Palette) -> list[Cells]:
    """The inside of a lane: phase, slots, queue and running figures, `height` rows of `width`."""
    if width < 1 or height < 1:
        return []
    pen = _LanePen(width, palette, view)
    figures = _figure_rows(pen)[: 3 if height >= 10 else 2 if height >= 8 else 1]
    head = [_phase_row(pen), *_kv_rows(pen, 2 if height >= 12 else 1 if height >= 6 else 0)]
    # The rest is for the queue.
    room = height - len(head) - len(figures) - (4 if height >= 14 else 1)
    slots = _slot_rows(pen, max(1, room))
    airy = height >= 2 * len(slots) + 10 and view.moment.run.capacity == len(slots)
    if airy:
        slots = [row for slot in slots for row in (slot, pen.blank())]
    queue = _queue_rows(pen, height - len(head) - len(slots) - len(figures))
    top = [*head, *slots, *queue][: height - len(figures)]
    padding = [pen.blank()] * (height - len(figures) - len(top))
    return [*top, *padding, *figures][:height]


@dataclass(frozen=True, eq=False)
class _LanePen(Pen):
    """What every row of one drawing shares."""

    view: LaneView

    @property
    def roomy(self) -> bool:
        return self.width >= ROOMY

    def name(self, row: int) -> Style:
        """How the name of a request is written: in its colour, reversed if it is selected."""
        number = int(self.view.moment.run.requests.id[row])
        colour = self.palette.request(number)
        chosen = row == self.view.selected
        return style(colour, self.palette.surface, bold=True, reverse=chosen, row=row)

    def body(self, row: int) -> Style:
        """How the bar of a request is drawn."""
        number = int(self.view.moment.run.requests.id[row])
        chosen = row == self.view.selected
        ground = self.palette.selection_ground if chosen else self.palette.surface
        return style(self.palette.request(number), ground, row=row)

    def state(self, state: State, row: int) -> Style:
        colour = self.palette.state(state)
        return style(colour, self.palette.surface, bold=state is State.HELD, row=row)


def _phase_row(pen: _LanePen) -> Cells:
    state = PHASE_STATES.get(pen.view.moment.phase.kind)
    colour = pen.palette.muted if state is None else pen.palette.state(state)
    text = first_that_fits(phase_texts(pen.view.moment), pen.width)
    return pen.row().add(text, pen.look(colour, bold=True)).cells()


def _kv_rows(pen: _LanePen, most: int) -> list[Cells]:
    """KV memory of an engine as a gauge, and its numbers below it or, if need be, beside it.

    A lane that ignores the memory there is says so.
    """
    run, kv = pen.view.moment.run, kv_view(pen.view.moment)
    if not most:
        return []
    if kv is None:
        words = [f"KV ignored · {run.cost.kv_cache_tokens or 0:,} tokens there", "KV ignored"]
        text = first_that_fits(words, pen.width)
        return [pen.row().add(text, pen.muted).cells()] if ignores_memory(run) else []
    texts = kv.texts()
    if kv.taken is None:
        return [pen.row().add(first_that_fits(texts, pen.width), pen.muted).cells()]
    row = pen.row().add("KV [", pen.muted)
    beside = "" if most > 1 else f" {texts[-1]}"
    width = max(1, row.left - 2 - len(beside))
    edges = [round(width * tokens / kv.pool) for tokens in (kv.used, kv.taken, kv.pool)]
    solid, floor, free = edges[0], edges[1] - edges[0], edges[2] - edges[1]
    row.add(FULL * solid, pen.look(pen.palette.state(State.DECODE)))
    row.add(RESERVED * floor, pen.muted).add(TRACK * free, pen.look(pen.palette.bar_track))
    gauge = row.add("]", pen.muted).add(beside, pen.text).cells()
    if most == 1:
        return [gauge]
    return [gauge, pen.row().gap(3).add(first_that_fits(texts, pen.width - 4), pen.text).cells()]


def _slot_rows(pen: _LanePen, room: int) -> list[Cells]:
    """One row a slot where they fit, else several a row, else one cell a slot."""
    capacity = pen.view.moment.run.capacity
    if capacity > room and pen.view.moment.run.strategy.is_engine:
        return _taken_rows(pen, room)
    if capacity <= room:
        views = slot_views(pen.view.moment, capacity)
        digits = len(str(capacity - 1))
        names = max(3, *(len(view.name) for view in views))
        return [_slot_row(pen, view, digits, names) for view in views]
    names = 1 + len(str(int(pen.view.moment.run.requests.id.max())))
    columns = -(-capacity // room)
    cell = (pen.width + 1) // columns
    if cell < names + 4:
        return _cell_grid(pen, room)
    names += cell >= names + 8  # room for a gap
    views = slot_views(pen.view.moment, capacity)
    rows = -(-capacity // columns)
    return [_small_bars_row(pen, views[first::rows], names, cell) for first in range(rows)]


def _taken_rows(pen: _LanePen, room: int) -> list[Cells]:
    """Of an engine with many slots those that are taken, and how many are free."""
    moment = pen.view.moment
    slots = taken_slots(moment)
    free, left = _free_row(pen, len(slots)), max(1, room - 1)
    if len(slots) <= left:
        views = taken_views(moment, slots)
        digits = len(str(slots.max(initial=0)))
        names = max([3, *(len(view.name) for view in views)])
        return [*(_slot_row(pen, view, digits, names) for view in views), free]
    names = 1 + len(str(int(moment.run.requests.id.max())))
    columns = -(-len(slots) // left)
    cell = (pen.width + 1) // columns
    if cell >= names + 4:
        names += cell >= names + 8  # room for a gap
        views, rows = taken_views(moment, slots), -(-len(slots) // columns)
        small = (_small_bars_row(pen, views[first::rows], names, cell) for first in range(rows))
        return [*small, free]
    shown = slots[: pen.width * left]
    grid = _rows_of_cells(pen, taken_views(moment, shown))
    return [*grid, _free_row(pen, len(slots), len(slots) - len(shown))]


def _free_row(pen: _LanePen, taken: int, unseen: int = 0) -> Cells:
    """How many slots are free, and how many are taken that are not drawn."""
    capacity = pen.view.moment.run.capacity
    if capacity >= MAX_SLOTS:
        texts = [f"{taken:,} run, no limit of slots", "no limit"]
    else:
        texts = [f"{capacity - taken:,} of {capacity:,} slots free", f"{capacity - taken:,} free"]
    texts = [f"· {text}" for text in texts]
    if unseen:
        texts = [f"+{unseen:,} more taken {text}" for text in texts]
    return pen.row().add(first_that_fits(texts, pen.width), pen.look(pen.palette.muted)).cells()


def _slot_row(pen: _LanePen, view: SlotView, digits: int, names: int) -> Cells:
    row = pen.row().add(f"{view.slot:>{digits}} ", pen.muted)
    if view.state is None:
        return row.add("· free", pen.look(pen.palette.muted)).cells()
    row.add(view.name, pen.name(view.row)).gap(names - len(view.name) + 1)
    if view.state is State.FORMING:
        room = row.left - 2
        joined = pen.look(pen.palette.state(State.FORMING))
        return row.add(f"+ {first_that_fits(view.text, room)}", joined).cells()
    row.add(f"{STATE_GLYPHS[view.state]} ", pen.state(view.state, view.row))
    beside = 13 if pen.roomy else 7
    _add_slot_bar(row, pen, view, max(1, row.left - beside - 1))
    text = first_that_fits(view.text, row.left - 1)
    look = pen.text if "/" in text else pen.state(view.state, view.row)
    return row.add_right(text, look).cells()


def _add_slot_bar(row: Row, pen: _LanePen, view: SlotView, width: int) -> None:
    """Tokens made as a solid bar over a track as long as the answer; behind it the bubble."""
    body = pen.body(view.row)
    track = pen.look(pen.palette.bar_track)
    if view.chunk is not None:
        _add_prompt_gauge(row, pen, view, width)
        return
    if view.state is State.PREFILL:
        shaded = int(view.fraction * width)
        prefill = pen.state(view.state, view.row)
        row.add(SHADE * shaded, prefill).add(TRACK * (width - shaded), track)
        return
    own = max(1, round(view.extent * width))
    if view.state is State.HELD:
        bubble = max(1, round(view.fraction * width) - own)
        own = min(own, width - 1)
        row.add(FULL * own, body)
        row.add(HATCH * min(bubble, width - own), pen.state(view.state, view.row))
        row.gap(max(0, width - own - bubble))
        return
    filled, rest = bar(view.fraction / view.extent, own)
    row.add(filled, body).add(rest, track).gap(width - own)


def _add_prompt_gauge(row: Row, pen: _LanePen, view: SlotView, width: int) -> None:
    """A prompt that is processed in chunks: what is done, what is processed now, what is to come.

    It has its own scale, so it stands in brackets where there is room for them.
    """
    framed = width >= 6
    cells = width - 2 * framed
    chunk = view.chunk or 0.0
    through = round((view.fraction + chunk) * cells)
    done = min(round(view.fraction * cells), through - 1 if chunk else through)
    done = max(0, done)
    now = max(0, through - done) or int(chunk > 0)
    now = min(now, cells - done)
    look, track = pen.state(State.PREFILL, view.row), pen.look(pen.palette.bar_track)
    under_way = STATE_GLYPHS[State.RECOMPUTE] if view.state is State.RECOMPUTE else SHADE
    row.add("[" * framed, track).add(FULL * done, look).add(under_way * now, look)
    row.add(TRACK * (cells - done - now), track).add("]" * framed, track)


def _small_bars_row(pen: _LanePen, views: list[SlotView], names: int, cell: int) -> Cells:
    """Several slots a row, each with its request's name, its state and a small bar."""
    row = pen.row()
    for view in views:
        end = row.left - cell
        if view.state is None:
            row.add("·", pen.look(pen.palette.muted))
        else:
            row.add(view.name, pen.name(view.row)).gap(names - len(view.name))
            glyph = "+" if view.state is State.FORMING else STATE_GLYPHS[view.state]
            joined = pen.look(pen.palette.state(State.FORMING))
            row.add(glyph, joined if glyph == "+" else pen.state(view.state, view.row))
            if view.state is not State.FORMING:
                _add_slot_bar(row, pen, view, cell - names - 2)
        row.gap(row.left - max(0, end))
    return row.cells()


def _cell_grid(pen: _LanePen, room: int) -> list[Cells]:
    """One cell a slot; what does not fit even so is counted."""
    capacity = pen.view.moment.run.capacity
    shown = min(capacity, pen.width * room)
    if shown < capacity:
        shown = pen.width * (room - 1)
    rows = _rows_of_cells(pen, slot_views(pen.view.moment, shown))
    if shown < capacity:
        rows.append(pen.row().add(f"+{capacity - shown:,} more slots", pen.muted).cells())
    return rows


def _rows_of_cells(pen: _LanePen, views: list[SlotView]) -> list[Cells]:
    rows = []
    for first in range(0, len(views), pen.width):
        row = pen.row()
        for view in views[first : first + pen.width]:
            row.add(*_cell_of(pen, view))
        rows.append(row.cells())
    return rows


def _cell_of(pen: _LanePen, view: SlotView) -> tuple[str, Style]:
    """A slot in one cell: how full its bar is, or the sign of its state."""
    if view.state is None:
        return "·", pen.look(pen.palette.muted)
    if view.state is State.FORMING:
        return "+", pen.look(pen.palette.state(State.FORMING))
    if view.state in (State.HELD, State.PREFILL) or view.chunk is not None:
        return STATE_GLYPHS[view.state], pen.state(view.state, view.row)
    return level(view.fraction / view.extent or 0.01), pen.body(view.row)


def _queue_rows(pen: _LanePen, room: int) -> list[Cells]:
    """The waiting queue, oldest first: a row each with its age as a bar, or packed side by side."""
    moment = pen.view.moment
    waiting = moment.waiting[len(moment.joined) :]
    waits = pen.look(pen.palette.state(State.TURN), bold=bool(waiting))
    head = pen.row().add(f"queue {len(waiting):,}", waits)
    if room < 1:
        return []
    if len(waiting) < room:
        names = max((len(_waiting_name(moment, row)) for row in waiting), default=0)
        return [head.cells(), *(_waiting_row(pen, row, names) for row in waiting)]
    return _packed_queue(pen, waiting, head, room)


def _waiting_row(pen: _LanePen, row: int, names: int) -> Cells:
    age, name = _age(pen, row), _waiting_name(pen.view.moment, row)
    line = pen.row().gap(2).add(name, pen.name(row)).gap(names - len(name) + 1)
    width = max(1, (pen.width - 18) // 2)
    filled, _ = bar(min(1.0, age / max(1, pen.view.longest_wait)), width)
    line.add(filled, pen.look(pen.palette.state(State.TURN))).gap().add(age_text(age), pen.muted)
    if _is_evicted(pen.view.moment, row):
        lost = evicted_facts(pen.view.moment, row)[2]
        texts = (f"evicted, {lost:,} tokens to redo", f"{lost:,} to redo", f"-{lost:,}")
        line.add_right(first_that_fits(texts, line.left - 1), pen.text)
    return line.cells()


def _is_evicted(moment: Moment, row: int) -> bool:
    """Whether one who waits was in a slot before."""
    return int(moment.run.start[row]) <= moment.time


def _waiting_name(moment: Moment, row: int) -> str:
    """The name of one who waits; with a sign if it was evicted."""
    name = request_name(moment, row)
    return f"{EVICTED}{name}" if _is_evicted(moment, row) else name


def _packed_queue(pen: _LanePen, waiting: Sequence[int], row: Row, room: int) -> list[Cells]:
    rows: list[Cells] = []
    for position, request in enumerate(waiting):
        name, age = _waiting_name(pen.view.moment, request), age_text(_age(pen, request))
        if _is_evicted(pen.view.moment, request):
            lost = evicted_facts(pen.view.moment, request)[2]
            age = f"{lost:,} tokens to redo" if pen.roomy else f"redo {lost:,}"
        rest = f"+{len(waiting) - position:,}{' more' if pen.roomy else ''}"
        last = len(rows) == room - 1
        needed = len(name) + len(age) + 3
        if last and position < len(waiting) - 1:
            needed += len(rest) + 2
        if needed > row.left:
            if last:
                rows.append(row.gap(2).add(rest, pen.muted).cells())
                return rows
            rows.append(row.cells())
            row = pen.row()
        row.gap(2).add(name, pen.name(request)).gap().add(age, pen.muted)
    return [*rows, row.cells()]


def _age(pen: _LanePen, row: int) -> Picoseconds:
    moment = pen.view.moment
    return moment.time - int(moment.run.requests.arrival_time[row])


def _figure_rows(pen: _LanePen) -> list[Cells]:
    """How many are done, the share of useful work, and the latency so far."""
    moment, view = pen.view.moment, pen.view
    text, muted = pen.text, pen.muted
    done = pen.row().add("done ", muted).add(f"{moment.done:,}/{len(moment.run):,}", text)
    number = moment.iterations if moment.run.strategy.is_engine else moment.iteration
    done.add(f" · iteration {number:,}" if pen.roomy else f" · #{number:,}", muted)
    if evictions := moment.evictions:
        done.add(f" · {evictions:,} evicted" if pen.roomy else f" · {evictions:,}{EVICTED}", muted)
    latency = pen.row().add("latency " if pen.roomy else "lat ", muted)
    if view.latency is None:
        latency.add("–", muted)
    else:
        mean, p99 = (short(int(np.rint(part))) for part in (view.latency.mean, view.latency.p99))
        latency.add("mean ", muted).add(mean, text).add(" p99 ", muted).add(p99, text)
    rows = [done.cells(), latency.cells()]
    # Of slots without a limit no share is taken.
    return rows if moment.run.capacity >= MAX_SLOTS else [_utilization_row(pen), *rows]


def _utilization_row(pen: _LanePen) -> Cells:
    """Useful and occupied slot-time so far, and between them the bubble."""
    view, palette = pen.view, pen.palette
    useful, bubble = view.useful, max(0.0, view.occupied - view.useful)
    row = pen.row().add("useful " if pen.roomy else "use ", pen.muted)
    row.add(f"{useful:.0%}", pen.look(palette.state(State.DECODE), bold=True)).gap()
    ending = f"{HATCH} bubble {bubble:.0%}" if pen.roomy else f"{HATCH} {bubble:.0%}"
    occupied = f" occupied {view.occupied:.0%}" if pen.roomy else f" occ {view.occupied:.0%}"
    width = row.left - len(ending) - len(occupied) - 1
    if width >= 8:
        solid, hatch = round(useful * width), round(bubble * width)
        row.add(FULL * solid, pen.look(palette.state(State.DECODE)))
        row.add(HATCH * min(hatch, width - solid), pen.look(palette.state(State.HELD)))
        row.add(TRACK * max(0, width - solid - hatch), pen.look(palette.bar_track)).gap()
    return row.add(ending, pen.look(palette.state(State.HELD))).add(occupied, pen.muted).cells()
