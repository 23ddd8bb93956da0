"""Drawing a lane: from its view, a size and a palette to rows of cells, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.color import Color
from rich.style import Style

from tui_batching.analysis.kv_use import ignores_memory
from tui_batching.analysis.why import request_name
from tui_batching.charts.lane_view import (
    STATE_GLYPHS,
    LaneView,
    SlotView,
    kv_view,
    slot_views,
    taken_slots,
    taken_views,
)
from tui_batching.charts.lane_words import PHASE_STATES, happening_texts, phase_texts
from tui_batching.charts.palette import Palette
from tui_batching.charts.pen import Pen, fill
from tui_batching.charts.rows import (
    AGAIN,
    CHOSEN,
    EVICTED,
    FULL,
    HATCH,
    SHADE,
    STALLED,
    TRACK,
    Cells,
    Row,
    first_that_fits,
    level,
    style,
    wrapped,
)
from tui_batching.charts.token_bars import BarPen, TokenBar, tokens_per_cell
from tui_batching.clock import Picoseconds, format_duration
from tui_batching.sim.life import State
from tui_batching.sim.run import Run
from tui_batching.strategies.parameters import MAX_SLOTS

RESERVED = "▂"
"""Memory that is taken, but empty."""
ROOMY = 34
"""Cells from which on a word stands beside what a slot counts."""
_LONGEST_WORD = len("skipped")
_SHORTEST_AGED = len(" R1 2ms ")
_RULE_AT = 10
"""The cell at which the rule of a lane stands in its free slots."""


@dataclass(frozen=True, slots=True)
class LaneLayout:
    """How many rows each part of a lane gets.

    Attributes:
        kv: of the KV cache.
        slots: of all slots together.
        queue: of the queue, its head included.
        happening: of what happened last.
        figures: of the shares of slot-time and the counts of an engine.
    """

    kv: int
    slots: int
    queue: int
    happening: int
    figures: int

    @classmethod
    def of(cls, view: LaneView, height: int) -> LaneLayout:
        """Share the rows; what gives way first is told in the order in which it is asked for."""
        run = view.moment.run
        engine = run.strategy.is_engine
        left = height - 1
        kv, figures, queue, happening = 0, 0, 0, 0
        has_gauge, told = kv_view(view.moment) is not None, ignores_memory(run)
        shares = int(engine and run.capacity < MAX_SLOTS)
        left -= min(left, _slot_rows_wanted(run, left))
        for name, rows in (
            ("queue", 1), ("kv", int(has_gauge or told)), ("figures", 2 - engine),
            ("queue", int(engine)), ("happening", 1), ("queue", 1 - engine),
            ("figures", shares), ("kv", int(has_gauge and run.kv is not None)), ("figures", shares),
        ):  # fmt: skip
            given = min(rows, left)
            left -= given
            kv += given * (name == "kv")
            figures += given * (name == "figures")
            queue += given * (name == "queue")
            happening += given * (name == "happening")
        slots = max(1, height - 1 - kv - figures - queue - happening)
        most = run.capacity * view.thickest
        return cls(kv, min(slots, most), queue + max(0, slots - most), happening, figures)


def _slot_rows_wanted(run: Run, left: int) -> int:
    """Rows of slots before anything else gets one.

    With request-level scheduling a row a slot, if the queue and the shares still fit: the bubble is
    an area. Of an engine those that were ever taken, but no more than half of the lane.
    """
    if run.strategy.is_engine:
        used = len(run.by_slot)
        return min(used + (used < run.capacity), 7, max(1, left // 2))
    return run.capacity if run.capacity <= left - 2 else 4


def lane_rows(
    view: LaneView, width: int, height: int, palette: Palette, scale: int | None = None
) -> list[Cells]:
    """The inside of a lane: phase, memory, slots, queue, what happened last, and shares.

    Args:
        view: what is seen.
        width: cells.
        height: rows.
        palette: the colours.
        scale: tokens a cell, as `token_scale` finds it for all lanes together.
    """
    if width < 1 or height < 1:
        return []
    layout = LaneLayout.of(view, height)
    pen = _LanePen(width, palette, view, scale or token_scale([view], width))
    slots = _slot_rows(pen, layout.slots)
    if view.moment.run.strategy.is_engine:
        slots = _padded(pen, slots, layout.slots)  # more are taken at other instants
    queue = layout.queue + layout.slots - len(slots)
    rows = [
        _phase_row(pen),
        *_kv_rows(pen, layout.kv),
        *slots,
        *_padded(pen, _queue_rows(pen, queue), queue),
        *_happening_rows(pen, layout.happening),
        *_figure_rows(pen, layout.figures),
    ]
    return _padded(pen, rows, height)[:height]


def token_scale(views: Sequence[LaneView], width: int) -> int:
    """Tokens a cell, so that the longest answer fits into the bars of all these lanes."""
    cells = min(_bar_cells(view, width) for view in views)
    return tokens_per_cell(views[0].scene.longest_answer, cells)


def _left_cells(view: LaneView) -> int:
    """Cells before a bar: a gap, the slot, the name, and below them a word."""
    run = view.moment.run
    digits = len(str(min(run.capacity, len(run)) - 1))
    return max(_LONGEST_WORD + 1, 2 + digits + view.scene.longest_name) + 1


def _right_cells(view: LaneView) -> int:
    """Cells behind a bar: how far the answer is, or how long it has been held."""
    return max(2 * len(f"{view.scene.longest_answer:,}") + 1, len("427 ms")) + 2


def _bar_cells(view: LaneView, width: int) -> int:
    worded = len("stalls ") if width >= ROOMY else 0
    return max(1, width - _left_cells(view) - _right_cells(view) - worded)


def _padded(pen: _LanePen, rows: list[Cells], height: int) -> list[Cells]:
    return rows + [pen.blank()] * (height - len(rows))


@dataclass(frozen=True, eq=False)
class _LanePen(Pen):
    """What every row of one drawing shares."""

    view: LaneView
    scale: int

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

    def line(self, row: int = -1) -> Row:
        """A new row, with a gap; of the selected request with its sign in it."""
        return self._begin(Row(self.width, style(self.palette.text, self.ground(row))), row)

    def add_name(self, line: Row, row: int, name: str, *, marked: bool) -> Row:
        """Append a gap, with a sign in it if it is the selected request, and its name."""
        return self._begin(line, row).add(name, self.name(row, marked=marked))

    def _begin(self, line: Row, row: int) -> Row:
        if not self.is_chosen(row):
            return line.gap()
        return line.add(CHOSEN, self.ink(self.palette.selection, row, bold=True))

    def bars(self, row: int) -> BarPen:
        """What draws the bar of a request."""
        cells = _bar_cells(self.view, self.width)
        return BarPen(cells, self.scale, self.palette, self.ground(row), row)

    @property
    def held(self) -> Style:
        """Words about the bubble."""
        return self.look(self.palette.held, bold=True)

    @property
    def strong(self) -> Style:
        """Numbers that matter."""
        return self.look(self.palette.text, bold=True)


def _phase_row(pen: _LanePen) -> Cells:
    state = PHASE_STATES.get(pen.view.moment.phase.kind)
    colour = pen.palette.muted if state is None else pen.palette.state(state)
    text = first_that_fits(phase_texts(pen.view.moment), pen.width - 1)
    word, _, rest = text.partition(" ")
    return pen.line().add(word, pen.look(colour, bold=True)).add(f" {rest}", pen.text).cells()


def _kv_rows(pen: _LanePen, most: int) -> list[Cells]:
    """KV memory of an engine as a gauge, and its numbers below it or, if need be, beside it.

    A lane that ignores the memory there is says so.
    """
    run, kv = pen.view.moment.run, kv_view(pen.view.moment)
    if not most:
        return []
    if kv is None:
        words = [f"KV ignored · {run.cost.kv_cache_tokens or 0:,} tokens there", "KV ignored"]
        return [pen.line().add(first_that_fits(words, pen.width - 2), pen.muted).cells()]
    texts = kv.texts()
    if kv.taken is None:
        return [pen.line().add(first_that_fits(texts, pen.width - 2), pen.muted).cells()]
    row = pen.line().add("KV ", pen.strong).add("[", pen.muted)
    beside = "" if most > 1 else f" {texts[-1]}"
    width = max(1, row.left - 2 - len(beside))
    edges = [round(width * tokens / kv.pool) for tokens in (kv.used, kv.taken, kv.pool)]
    solid, floor, free = edges[0], edges[1] - edges[0], edges[2] - edges[1]
    row.add(FULL * solid, pen.look(pen.palette.work))
    row.add(RESERVED * floor, pen.muted).add(TRACK * free, pen.look(pen.palette.bar_track))
    gauge = row.add("]", pen.muted).add(beside, pen.text).cells()
    if most == 1:
        return [gauge]
    return [gauge, pen.line().gap(4).add(first_that_fits(texts, pen.width - 6), pen.text).cells()]


def _slot_rows(pen: _LanePen, room: int) -> list[Cells]:
    """A slot has up to three rows; where not even one fits, several slots share one."""
    view, run = pen.view, pen.view.moment.run
    if run.capacity > room and run.strategy.is_engine:
        return _taken_rows(pen, room)
    slots = slot_views(view, run.capacity)
    if run.capacity > room:
        return _crowded(pen, slots, room)
    thick = min(view.thickest, room // run.capacity)
    rows: list[Cells] = []
    rule = iter(_rule_lines(pen, slots, thick))
    for slot in slots:
        for number in range(thick):
            if slot.state is None:
                rows.append(_free_row(pen, slot if number == 0 else None, next(rule, "")))
            else:
                rows.append(_slot_row(pen, slot, number, thick))
    return rows


def _rule_lines(pen: _LanePen, slots: Sequence[SlotView], thick: int) -> list[str]:
    """The rule of the lane, for its free slots, until it has given its first answer."""
    free = thick * sum(slot.state is None for slot in slots)
    if pen.view.moment.done:
        return []
    idea = pen.view.moment.run.strategy.about.lesson.idea
    lines = wrapped(f"The rule: {idea}.", max(8, pen.width - _RULE_AT - 1))
    return ["", *lines] if len(lines) < free else lines if len(lines) == free else []


def _free_row(pen: _LanePen, slot: SlotView | None, rule: str) -> Cells:
    row = pen.line()
    if slot is not None:
        row.add(f"{slot.slot} free", pen.muted)
    return row.gap(_RULE_AT - (pen.width - row.left)).add(rule, pen.text).cells()


def _slot_row(pen: _LanePen, slot: SlotView, number: int, thick: int) -> Cells:
    """One of the rows of a slot: its name in the first, what it does in the second."""
    row, left = pen.line(slot.row), _left_cells(pen.view)
    beside = slot.numbers or slot.duration
    look = pen.ink(pen.palette.text, slot.row)
    marked = slot.is_new and slot.state is not State.HELD
    if number == 0:
        row.add(f"{slot.slot} ", pen.ink(pen.palette.muted, slot.row))
        row.add(slot.name, pen.name(slot.row, marked=marked))
    elif number == 1 and slot.word:
        row.add(slot.word, _word_look(pen, slot))
    row.add(" " * (left - (pen.width - row.left)), look)
    _add_bar(row, pen, slot, top=number == 0, bottom=number == thick - 1)
    if number == 0 and thick == 1 and slot.word:
        texts = _words_beside(slot)
        text = first_that_fits(texts, row.left - 1)
        gap = " " * (len(text) + 1 < row.left)  # the one before it is dearer
        return row.add_right(text + gap, _word_look(pen, slot)).cells()
    if number == 0:
        return row.add_right(f"{beside} ", look).cells()
    if number == 1 and slot.duration and slot.numbers:
        held = pen.ink(pen.palette.held, slot.row, bold=True)
        shown = held if slot.state is State.HELD else _word_look(pen, slot)
        return row.add_right(f"{slot.duration} ", shown).cells()
    return row.cells()


def _words_beside(slot: SlotView) -> list[str]:
    """What stands beside the bar of a slot that has one row."""
    if slot.duration:
        return [f"{slot.word} {slot.duration}", slot.word]
    return [f"{slot.word} {slot.numbers}", slot.numbers, slot.word]


def _word_look(pen: _LanePen, slot: SlotView) -> Style:
    if slot.state is State.HELD:
        return pen.now(slot.row) if slot.is_new else pen.ink(pen.palette.held, slot.row, bold=True)
    colour = pen.palette.muted if slot.state is State.FORMING else pen.palette.text
    return pen.ink(colour, slot.row)


def _add_bar(row: Row, pen: _LanePen, slot: SlotView, *, top: bool, bottom: bool) -> None:
    bars = pen.bars(slot.row)
    if slot.state is None or slot.state is State.FORMING:
        row.add(" " * bars.cells, pen.ink(pen.palette.text, slot.row))
    elif slot.prompt is None:
        bar = TokenBar(slot.made, slot.asked, slot.front, slot.state)
        bars.draw(row, bar, top=top, bottom=bottom)
    elif top:
        bars.draw_prompt(row, slot.prompt, AGAIN if slot.state is State.RECOMPUTE else SHADE)


def _taken_rows(pen: _LanePen, room: int) -> list[Cells]:
    """Of an engine with many slots those that are taken, and how many are free.

    Those for which there is no row of their own share one, if they fit into it.
    """
    slots = taken_slots(pen.view.moment)
    views, left = taken_views(pen.view, slots), max(1, room - 1)
    ending = _count_row(pen, len(slots))
    if len(slots) <= left:
        return [*(_slot_row(pen, slot, 0, 1) for slot in views), ending]
    rest = views[left - 1 :]
    cell = pen.view.scene.longest_name + 3
    if left >= 3 and len(rest) * cell <= pen.width:
        rows = [_slot_row(pen, slot, 0, 1) for slot in views[: left - 1]]
        return [*rows, _chips_row(pen, rest, cell), ending]
    return [*_crowded(pen, views, left), ending][-room:]


def _count_row(pen: _LanePen, taken: int) -> Cells:
    """How many slots are taken and how many are free."""
    capacity = pen.view.moment.run.capacity
    if capacity >= MAX_SLOTS:
        texts = [f"{taken:,} run, no limit of slots", "no limit"]
    else:
        texts = [
            f"{capacity - taken:,} of {capacity:,} slots free", f"{capacity - taken:,} free"
        ]  # fmt: skip
    return pen.line().add(first_that_fits(texts, pen.width - 2), pen.muted).cells()


def _crowded(pen: _LanePen, slots: Sequence[SlotView], room: int) -> list[Cells]:
    """Several slots a row: by name and one cell each, or by the cell alone; the rest counted."""
    names = pen.view.scene.longest_name
    for cell in (names + 4, names + 3):
        columns = max(1, pen.width // cell)
        if -(-len(slots) // columns) <= room:
            return [
                _chips_row(pen, slots[first : first + columns], cell)
                for first in range(0, len(slots), columns)
            ]
    columns = max(1, pen.width - 2)
    shown = slots if len(slots) <= columns * room else slots[: columns * (room - 1)]
    rows = []
    for first in range(0, len(shown), columns):
        row = pen.line()
        for slot in shown[first : first + columns]:
            row.add(*_cell_of(pen, slot))
        rows.append(row.cells())
    if len(shown) < len(slots):
        rows.append(pen.line().add(f"+{len(slots) - len(shown):,} more slots", pen.muted).cells())
    return rows


def _chips_row(pen: _LanePen, slots: Sequence[SlotView], cell: int) -> Cells:
    """Slots by name, each with one cell that tells how far it is, or its state."""
    row = pen.row()
    for slot in slots:
        end = row.left - cell
        if slot.state is None:
            row.gap()
        else:
            pen.add_name(row, slot.row, slot.name, marked=slot.is_new).gap()
        row.add(*_cell_of(pen, slot))
        row.gap(row.left - max(0, end))
    return row.cells()


def _cell_of(pen: _LanePen, slot: SlotView) -> tuple[str, Style]:
    """A slot in one cell: the share of its own answer that is made, or the sign of its state."""
    state = slot.state
    if state is None:
        return TRACK, pen.muted
    if state is State.DECODE:
        return level(slot.fraction or 0.01), pen.ink(pen.palette.work, slot.row)
    return STATE_GLYPHS[state], fill(state, pen.ground(slot.row), pen.palette, slot.row)


def _queue_rows(pen: _LanePen, room: int) -> list[Cells]:
    """How many wait and the longest of them; then who they are, oldest first."""
    if room < 1:
        return []
    moment = pen.view.moment
    waiting = moment.waiting[len(moment.joined) :]
    row = pen.line().add("queue ", pen.muted).add(f"{len(waiting):,}", pen.strong)
    _add_travellers(row, pen)
    if waiting:
        longest = format_duration(_longest_wait(pen.view, waiting))
        texts = [f"longest wait {longest}", longest, ""]
        row.add_right(f"{first_that_fits(texts, row.left - 2)} ", pen.muted)
    return [row.cells(), *(_queue_names(pen, waiting, room - 1) if waiting else [])]


def _longest_wait(view: LaneView, waiting: Sequence[int]) -> Picoseconds:
    """How long the one has waited who has waited longest, be it since an eviction."""
    moment, evicted = view.moment, view.evicted
    in_order = not evicted and moment.run.place is None
    newcomers = waiting[:1] if in_order else [row for row in waiting if row not in evicted]
    waits = [facts.ago for facts in evicted.values()]
    if newcomers:
        waits.append(moment.time - int(moment.run.requests.arrival_time[min(newcomers)]))
    return max(waits)


def _add_travellers(row: Row, pen: _LanePen) -> None:
    """Who has just left the queue for a slot: the other end of the way is marked there."""
    happening = pen.view.happening
    if happening is None or not pen.view.is_fresh(happening.instant) or not happening.admitted:
        return
    request, slot = happening.admitted[0]
    more = f" +{len(happening.admitted) - 1}" if len(happening.admitted) > 1 else ""
    text = f" {request_name(pen.view.moment, request)} → slot {slot}{more} "
    if len(text) < row.left - 10:
        row.gap(2).add(text, pen.now(request))


def _queue_names(pen: _LanePen, waiting: Sequence[int], room: int) -> list[Cells]:
    """Those who wait: with their ages if all fit so and it is still, else by name.

    Those for whom there is no room are counted.
    """
    if room < 1:
        return []
    if pen.view.still and len(waiting) * _SHORTEST_AGED <= room * pen.width:
        rows, shown = _packed(pen, waiting, room, ages=True)
        if shown == len(waiting):
            return rows
    return _packed(pen, waiting, room, ages=False)[0]


def _packed(
    pen: _LanePen, waiting: Sequence[int], room: int, *, ages: bool
) -> tuple[list[Cells], int]:
    """The rows, and how many of those who wait are in them."""
    rows: list[Cells] = []
    row = pen.row()
    for position, request in enumerate(waiting):
        rest = f"+{len(waiting) - position:,}"
        words = _waiting_words(pen, request, ages=ages)
        needed = sum(len(word) + 1 for word in words)
        last = len(rows) == room - 1
        if last and position < len(waiting) - 1:
            needed += len(rest) + 1
        if needed > row.left - 1:
            if last:
                return [*rows, row.gap().add(rest, pen.muted).cells()], position
            rows.append(row.cells())
            row = pen.row()
        arrival = int(pen.view.moment.run.requests.arrival_time[request])
        pen.add_name(row, request, words[0], marked=pen.view.is_fresh(arrival))
        for word in words[1:]:
            row.gap().add(word, pen.muted)
        row.gap(ages or len(words) > 1)
    return [*rows, row.cells()], len(waiting)


def _waiting_words(pen: _LanePen, request: int, *, ages: bool) -> list[str]:
    """The name of one who waits and its age; of one who was evicted, what it has to redo."""
    moment = pen.view.moment
    name = request_name(moment, request)
    if evicted := pen.view.evicted.get(request):
        lost = f"{evicted.lost:,} {'tokens ' if ages else ''}to redo"
        return [EVICTED + name, lost]
    age = moment.time - int(moment.run.requests.arrival_time[request])
    return [name, format_duration(age)] if ages else [name]


def _happening_rows(pen: _LanePen, most: int) -> list[Cells]:
    """The instant and the words of what happened last; white while it is fresh."""
    happening = pen.view.happening
    if not most:
        return []
    if happening is None:
        return [pen.blank()]
    row = pen.line().add(f"{happening.instant / 10**12:,.3f} ", pen.muted)
    fresh = pen.view.is_fresh(happening.instant)
    text = first_that_fits(happening_texts(pen.view.moment, happening), row.left - 1)
    return [row.add(text, pen.strong if fresh else pen.muted).cells()]


def _figure_rows(pen: _LanePen, most: int) -> list[Cells]:
    """What became of the slot-time so far, and of an engine its counts.

    Of slots without a limit no share is taken.
    """
    run = pen.view.moment.run
    shares = [] if run.capacity >= MAX_SLOTS else _share_rows(pen)
    counts = [_count_of_engine(pen)] if run.strategy.is_engine else []
    if len(shares) + len(counts) > most:
        return [*counts, *reversed(shares)][:most]
    return [*shares, *counts]


def _share_rows(pen: _LanePen) -> list[Cells]:
    """A bar, which shows all four parts, and as many of them in words as there is room for."""
    view, palette = pen.view, pen.palette
    shares = view.shares
    width = pen.width - 2
    bar = pen.line()
    parts = (
        (shares.useful, FULL, fill(State.DECODE, None, palette)),
        (shares.held, HATCH, fill(State.HELD, None, palette)),
        (shares.stalled, STALLED, fill(State.STALLED, None, palette)),
        (shares.free, TRACK, pen.look(palette.bar_track)),
    )
    for cells, (_, sign, look) in zip(
        rounded([share for share, *_ in parts], width), parts, strict=True
    ):
        bar.add(sign * cells, look)
    useful, held, stalled, free = rounded([share for share, *_ in parts], 100)
    words = pen.line()
    if pen.width >= len(f" useful {useful}% held {held}% stalled {stalled}% free {free}% "):
        words.add("useful ", pen.muted).add(f"{useful}%", pen.look(palette.work, bold=True))
        words.add(" held ", pen.muted).add(f"{held}%", pen.held)
        words.add(" stalled ", pen.muted).add(f"{stalled}%", pen.strong)
        words.add(f" free {free}%", pen.muted)
    elif pen.width >= len(f" held {held}% · stalled {stalled}%"):
        words.add("held ", pen.muted).add(f"{held}%", pen.held)
        words.add(" · stalled ", pen.muted).add(f"{stalled}%", pen.strong)
    else:
        words.add(f"{HATCH} ", pen.muted).add(f"{held}%", pen.held)
        words.add(f" {STALLED} ", pen.muted).add(f"{stalled}%", pen.strong)
    return [bar.cells(), words.cells()]


def rounded(shares: Sequence[float], total: int) -> list[int]:
    """Shares of a whole in whole parts that add up to `total`: the largest remainders round up.

    Example: (0.355, 0.15, 0.03, 0.465) of 100 are 36, 15, 3 and 46: 36.0 would not have sufficed.
    """
    exact = [share * total for share in shares]
    parts = [int(part) for part in exact]
    order = sorted(range(len(parts)), key=lambda number: parts[number] - exact[number])
    for number in order[: total - sum(parts)]:
        parts[number] += 1
    return parts


def _count_of_engine(pen: _LanePen) -> Cells:
    """How many run, how often somebody was evicted, and what is to be computed again."""
    moment = pen.view.moment
    capacity = moment.run.capacity
    running = f"{len(moment.running) + len(moment.skipped):,}"
    slots = "" if capacity >= MAX_SLOTS else f" of {capacity:,}"
    lost = sum(facts.lost for facts in pen.view.evicted.values())
    evictions = f"{moment.evictions:,} eviction{'s' * (moment.evictions != 1)}"
    texts = [
        f"{running}{slots} run · {evictions} · {lost:,} tokens to redo",
        f"{running}{slots} run · {evictions}",
        f"{running} run · {evictions}",
    ]
    return pen.line().add(first_that_fits(texts, pen.width - 2), pen.muted).cells()
