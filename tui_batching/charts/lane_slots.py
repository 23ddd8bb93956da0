"""The slots of a lane: bars of tokens, a row or more a slot; or several slots a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.style import Style

from tui_batching.analysis.why import memory_lacked, request_name
from tui_batching.charts.lane_pen import LanePen, sign_step
from tui_batching.charts.lane_view import (
    STATE_GLYPHS,
    LaneView,
    SlotView,
)
from tui_batching.charts.pen import fill
from tui_batching.charts.rows import (
    AGAIN,
    SHADE,
    TRACK,
    Cells,
    Row,
    first_that_fits,
    wrapped,
)
from tui_batching.charts.token_bars import TOKEN_SIGNS, MemoryBar, TokenBar, token_sign
from tui_batching.numbers import counted
from tui_batching.sim.life import State
from tui_batching.strategies.parameters import MAX_SLOTS

_SHORTEST = 12
"""Cells that a gauge of a prompt keeps where words stand beside it."""
_SPLIT_FROM = 60
"""Cells of a lane from which on what is used of memory and what is empty are told by themselves."""
_RULE_AT = 10
"""The cell at which the rule of a lane stands in its free slots."""


@dataclass(frozen=True, slots=True)
class SlotsLayout:
    """Which slots of a lane have rows of their own, with a bar, and which are a sign each.

    Of an engine with more slots than there are rows only those that are taken are seen.

    Attributes:
        bars: the slots with a bar.
        signs: the slots that share rows; where not even all signs fit, the last are counted.
        thick: rows of a bar.
        counted: whether the last row tells how many are taken.
    """

    bars: Sequence[SlotView]
    signs: Sequence[SlotView] = ()
    thick: int = 1
    counted: bool = False

    @classmethod
    def of(cls, view: LaneView, width: int, room: int) -> SlotsLayout:
        """A slot has up to three rows; where not even one fits, several slots share one."""
        run = view.moment.run
        if run.slots <= room:
            return cls(view.slots, thick=min(view.thickest, room // run.slots))
        if not run.strategy.is_engine:
            return cls((), view.slots)
        taken, left = view.taken, max(1, room - 1)
        if len(taken) <= left:
            return cls(taken, counted=True)
        each = max(1, width // _closest(view))  # by name and sign, so many a row
        if left >= 3 and len(taken) - (left - 1) < each:
            bars = _first_ones(view, left - 1)
        else:
            named = -(-len(taken) // each)
            bars = _first_ones(view, int(left > 1 and named != left))
        there = {slot.slot for slot in bars}
        return cls(bars, [slot for slot in taken if slot.slot not in there], counted=True)

    @property
    def has_bars(self) -> bool:
        """Whether tokens are drawn as a bar anywhere."""
        at_work = (State.DECODE, State.STALLED, State.HELD)
        tokens = (slot for slot in self.bars if slot.prompt is None and slot.memory is None)
        return any(slot.state in at_work for slot in tokens)

    @property
    def has_memory(self) -> bool:
        """Whether memory is drawn as a bar anywhere."""
        return any(slot.memory is not None for slot in self.bars)

    @property
    def has_read(self) -> bool:
        """Whether a part of a prompt is drawn that was read before."""
        prompts = (slot.prompt for slot in self.bars)
        return any(prompt and prompt.through > prompt.cached for prompt in prompts)

    @property
    def has_levels(self) -> bool:
        """Whether tokens are drawn as how full a sign is."""
        return any(slot.state is State.DECODE for slot in self.signs)


def _first_ones(view: LaneView, count: int) -> Sequence[SlotView]:
    """So many of the slots that are taken, from the first on, with that of the selected request.

    If there is but one, it is that of the selected request, or none.
    """
    taken = view.taken
    chosen = [slot for slot in taken if slot.row == view.selected][:count]
    first = [slot for slot in taken if slot.row != view.selected]
    kept = [*(first[: count - len(chosen)] if count > 1 else ()), *chosen]
    return sorted(kept, key=lambda slot: slot.slot)


def slot_rows(pen: LanePen, room: int) -> list[Cells]:
    """The slots of a lane, on so many rows at most."""
    layout = SlotsLayout.of(pen.view, pen.width, room)
    rows = _bar_rows(pen, layout.bars, layout.thick)
    if layout.signs:
        rows += _crowded(pen, layout.signs, max(1, room - layout.counted - len(rows)))
    if layout.counted:
        rows.append(_count_row(pen, layout))
    return rows[-room:]


def _closest(view: LaneView) -> int:
    """The cells that a slot takes at least where it has a name and a sign."""
    return view.scene.longest_name + 3


def _bar_rows(pen: LanePen, slots: Sequence[SlotView], thick: int) -> list[Cells]:
    """So many rows a slot; the free ones of a lane tell its rule."""
    rows: list[Cells] = []
    slots = _told_alike(pen, slots)
    rule = iter(_rule_lines(pen, slots, thick))
    lacked = memory_lacked(pen.view.moment) if pen.view.bars_are_memory else 0
    for slot in slots:
        for number in range(thick):
            if slot.state is None and lacked:
                rows.append(_lacked_row(pen, slot, lacked))
                lacked = 0
            elif slot.state is None:
                rows.append(_free_row(pen, slot if number == 0 else None, next(rule, "")))
            else:
                rows.append(_slot_row(pen, slot, number, thick))
    return rows


def _told_alike(pen: LanePen, slots: Sequence[SlotView]) -> list[SlotView]:
    """The slots, each of which says in the same words what it has in memory."""
    bars = [slot.memory for slot in slots if slot.memory is not None]
    room, scale = pen.width - pen.left_cells - 2, pen.scale.memory
    roomy = pen.width >= _SPLIT_FROM
    roomy = roomy and all(len(_split(bar)) + round(bar.taken / scale) < room for bar in bars)
    tell = _split if roomy else _taken
    return [
        slot if slot.memory is None else replace(slot, kept=tell(slot.memory)) for slot in slots
    ]


def _rule_lines(pen: LanePen, slots: Sequence[SlotView], thick: int) -> list[str]:
    """The rule of the lane, for its free slots, until it has given its first answer."""
    free = thick * sum(slot.state is None for slot in slots)
    if pen.view.moment.done or not pen.view.tells_rule:
        return []
    idea = pen.view.moment.run.strategy.about.lesson.idea
    lines = wrapped(f"The rule: {idea}.", max(8, pen.width - _RULE_AT - 1))
    return ["", *lines] if len(lines) < free else lines if len(lines) == free else []


def _free_row(pen: LanePen, slot: SlotView | None, rule: str) -> Cells:
    row = pen.line()
    if slot is not None:
        row.add(f"{slot.slot:>{pen.slot_digits}} free", pen.muted)
    return row.gap(_RULE_AT - (pen.width - row.left)).add(rule, pen.text).cells()


def _lacked_row(pen: LanePen, slot: SlotView, tokens: int) -> Cells:
    """A slot that is free, as who is first in the queue needs so much memory: as long as a bar."""
    bars, row = pen.bars(slot.row, slot.slot), pen.line()
    row.add(f"{slot.slot:>{pen.slot_digits}} free", pen.muted)
    row.gap(pen.left_cells - (pen.width - row.left))
    cells = max(2, min(bars.cells, round(tokens / bars.scale)))
    row.add(f"├{'─' * (cells - 2)}┤", pen.muted)
    name = request_name(pen.view.moment, pen.view.moment.waiting[0])
    texts = (f" {name} needs {tokens:,}, and waits", f" {name} needs {tokens:,}", f" {name}")
    return row.add(first_that_fits(texts, row.left - 1), pen.text).cells()


def _slot_row(pen: LanePen, slot: SlotView, number: int, thick: int) -> Cells:
    """One of the rows of a slot: its name in the first, what it does in the second."""
    row, left = pen.line(slot.row, signed=number == 0), pen.left_cells
    beside = slot.numbers or slot.duration
    look = pen.ink(pen.palette.text, slot.row)
    marked = slot.is_new and slot.state is not State.HELD
    reads = slot.prompt is not None and not slot.duration
    if number == 0:
        row.add(f"{slot.slot:>{pen.slot_digits}} ", pen.ink(pen.palette.muted, slot.row))
        row.add(slot.name, pen.name(slot.row, marked=marked))
    elif number == 1 and slot.word and not reads:
        row.add(slot.word, _word_look(pen, slot))
    row.add(" " * (left - (pen.width - row.left)), look)
    _add_bar(row, pen, slot, number, thick)
    if number == 0 and thick == 1 and slot.memory is not None:
        texts = [f"{slot.word} {slot.kept}".strip(), slot.kept, _taken(slot.memory)]
        return _add_beside(row, first_that_fits(texts, row.left - 1), look).cells()
    if number == 0 and thick == 1 and slot.word:
        text = first_that_fits(_words_beside(slot), row.left - 1)
        return _add_beside(row, text, _word_look(pen, slot)).cells()
    if number == 0 and slot.memory is not None:
        return _add_beside(row, slot.kept, look).cells()
    if number == 0:
        texts = _words_beside(slot) if reads else [slot.told or beside, beside]
        beside = first_that_fits(texts, row.left - 1)
        return _add_beside(row, beside, look).cells()
    if number == 1 and slot.duration and slot.numbers and slot.memory is None:
        held = pen.ink(pen.palette.held, slot.row, bold=True)
        shown = held if slot.state is State.HELD else _word_look(pen, slot)
        return _add_beside(row, slot.duration, shown).cells()
    facts = _facts_below(slot)
    if number <= len(facts) and len(facts[number - 1]) + 2 <= row.left:
        _add_beside(row, facts[number - 1], pen.ink(pen.palette.muted, slot.row))
    return row.cells()


def _facts_below(slot: SlotView) -> list[str]:
    """What stands beside a bar in its second row; beside one of memory how far the answer is."""
    if slot.memory is None:
        return [slot.kept]
    return [f"{slot.told or slot.numbers} {slot.duration}".strip()]


def _taken(memory: MemoryBar) -> str:
    return f"KV {memory.taken:,}"


def _split(memory: MemoryBar) -> str:
    """What it has in memory, by whether something is in there."""
    used = memory.used + memory.under_way
    return f"{used:,} used + {memory.taken - used:,} empty"


def _add_beside(row: Row, text: str, look: Style) -> Row:
    """Append text at the right end, apart from the bar; the gap behind it gives way first."""
    if len(text) < row.left:
        row.add_right(text + " " * (len(text) + 1 < row.left), look)
    return row


def _words_beside(slot: SlotView) -> list[str]:
    """What stands beside a bar with the word that says what the request does, the fullest first."""
    if slot.duration:
        return [f"{slot.word} {slot.duration}", slot.word]
    more = [f"{slot.word} {slot.told}", slot.told] if slot.told else []
    return [*more, f"{slot.word} {slot.numbers}", slot.numbers, slot.word]


def _word_look(pen: LanePen, slot: SlotView) -> Style:
    if slot.state is State.HELD:
        return pen.now(slot.row) if slot.is_new else pen.ink(pen.palette.held, slot.row, bold=True)
    colour = pen.palette.muted if slot.state is State.FORMING else pen.palette.text
    return pen.ink(colour, slot.row)


def _add_bar(row: Row, pen: LanePen, slot: SlotView, number: int, thick: int) -> None:
    """One of the rows of a bar."""
    top, middle, bottom = number == 0, number == thick // 2, number == thick - 1
    bars = pen.bars(slot.row, slot.slot)
    if slot.state is None or slot.state is State.FORMING:
        row.add(" " * bars.cells, pen.ink(pen.palette.text, slot.row))
    elif slot.memory is not None:
        taken = round(slot.memory.taken / bars.scale)
        cells = max(taken, min(bars.cells, _cells_beside_words(row, slot)))
        replace(bars, cells=cells).draw_memory(row, slot.memory, top=top, bottom=bottom)
    elif slot.prompt is None:
        bar = TokenBar(slot.made, slot.asked, slot.front, slot.state, slot.slowed)
        bars.draw(row, bar, top=top, middle=middle)
    else:
        room = _cells_beside_words(row, slot)
        bars = replace(bars, cells=room if _SHORTEST <= room < bars.cells else bars.cells)
        sign = AGAIN if slot.state is State.RECOMPUTE else SHADE
        bars.draw_prompt(row, slot.prompt, sign, middle=middle)


def _cells_beside_words(row: Row, slot: SlotView) -> int:
    """The cells that the words beside memory or a prompt that is read leave."""
    if slot.memory is not None:
        return row.left - len(slot.kept) - 2
    if slot.prompt is None or slot.duration:
        return row.left
    return row.left - len(f"{slot.word} {slot.told or slot.numbers}") - 2


def _count_row(pen: LanePen, layout: SlotsLayout) -> Cells:
    """How many slots are taken and how many are free, behind what the signs above stand for."""
    run = pen.view.moment.run
    slots, taken = run.slots, len(layout.bars) + len(layout.signs)
    signs = f"{TOKEN_SIGNS[2]} a request · " if layout.signs and not layout.bars else ""
    if not run.tells_iterations:
        counts = [f"{taken:,} run; a row is no slot", f"{taken:,} run"]
    elif slots >= MAX_SLOTS:
        counts = [f"{taken:,} run, no limit of slots", "no limit"]
    else:
        free = f"{slots - taken:,}"
        counts = [f"{free} of {counted(slots, 'slot')} free", f"{free} free"]
    texts = [*(f"{signs}{count}" for count in counts), *counts]
    return pen.line().add(first_that_fits(texts, pen.width - 2), pen.muted).cells()


def _crowded(pen: LanePen, slots: Sequence[SlotView], room: int) -> list[Cells]:
    """Several slots a row: by name and one cell each, or by the cell alone; the rest counted."""
    closest = _closest(pen.view)
    for cell in (closest + 1, closest):
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
        more = counted(len(slots) - len(shown), "more slot")
        rows.append(pen.line().add(f"+{more}", pen.muted).cells())
    return rows


def _chips_row(pen: LanePen, slots: Sequence[SlotView], cell: int) -> Cells:
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


def _cell_of(pen: LanePen, slot: SlotView) -> tuple[str, Style]:
    """A slot in one cell: its tokens, on the scale of all such cells, or the sign of its state."""
    state = slot.state
    if state is None:
        return TRACK, pen.muted
    if state is State.DECODE:
        sign = token_sign(slot.made, sign_step(pen.view.scene))
        return sign, pen.ink(pen.palette.work, slot.row)
    return STATE_GLYPHS[state], fill(state, pen.ground(slot.row), pen.palette, slot.row)
