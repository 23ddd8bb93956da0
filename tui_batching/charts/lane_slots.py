"""The slots of a lane: bars of tokens, a row or more a slot; or several slots a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rich.style import Style

from tui_batching.charts.lane_pen import LanePen, left_cells, slot_digits
from tui_batching.charts.lane_view import (
    STATE_GLYPHS,
    SlotView,
    slot_views,
    taken_slots,
    taken_views,
)
from tui_batching.charts.pen import fill
from tui_batching.charts.rows import (
    AGAIN,
    SHADE,
    TRACK,
    Cells,
    Row,
    first_that_fits,
    level,
    wrapped,
)
from tui_batching.charts.token_bars import TokenBar
from tui_batching.sim.life import State
from tui_batching.strategies.parameters import MAX_SLOTS

_SHORTEST = 12
"""Cells that a gauge of a prompt keeps where words stand beside it."""
_RULE_AT = 10
"""The cell at which the rule of a lane stands in its free slots."""


def slot_rows(pen: LanePen, room: int) -> list[Cells]:
    """A slot has up to three rows; where not even one fits, several slots share one."""
    view, run = pen.view, pen.view.moment.run
    if run.slots > room and run.strategy.is_engine:
        return _taken_rows(pen, room)
    slots = slot_views(view, run.slots)
    if run.slots > room:
        return _crowded(pen, slots, room)
    thick = min(view.thickest, room // run.slots)
    rows: list[Cells] = []
    rule = iter(_rule_lines(pen, slots, thick))
    for slot in slots:
        for number in range(thick):
            if slot.state is None:
                rows.append(_free_row(pen, slot if number == 0 else None, next(rule, "")))
            else:
                rows.append(_slot_row(pen, slot, number, thick))
    return rows


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
        row.add(f"{slot.slot:>{slot_digits(pen.view)}} free", pen.muted)
    return row.gap(_RULE_AT - (pen.width - row.left)).add(rule, pen.text).cells()


def _slot_row(pen: LanePen, slot: SlotView, number: int, thick: int) -> Cells:
    """One of the rows of a slot: its name in the first, what it does in the second."""
    row, left = pen.line(slot.row, signed=number == 0), left_cells(pen.view)
    beside = slot.numbers or slot.duration
    look = pen.ink(pen.palette.text, slot.row)
    marked = slot.is_new and slot.state is not State.HELD
    reads = slot.prompt is not None and not slot.duration
    if number == 0:
        row.add(f"{slot.slot:>{slot_digits(pen.view)}} ", pen.ink(pen.palette.muted, slot.row))
        row.add(slot.name, pen.name(slot.row, marked=marked))
    elif number == 1 and slot.word and not reads:
        row.add(slot.word, _word_look(pen, slot))
    row.add(" " * (left - (pen.width - row.left)), look)
    _add_bar(row, pen, slot, top=number == 0, middle=number == thick // 2)
    if number == 0 and thick == 1 and slot.word:
        texts = _words_beside(slot)
        text = first_that_fits(texts, row.left - 1)
        gap = " " * (len(text) + 1 < row.left)  # the one before it is dearer
        return row.add_right(text + gap, _word_look(pen, slot)).cells()
    if number == 0:
        texts = _words_beside(slot) if reads else [slot.told or beside, beside]
        beside = first_that_fits(texts, row.left - 1)
        return row.add_right(f"{beside} ", look).cells()
    if number == 1 and slot.duration and slot.numbers:
        held = pen.ink(pen.palette.held, slot.row, bold=True)
        shown = held if slot.state is State.HELD else _word_look(pen, slot)
        return row.add_right(f"{slot.duration} ", shown).cells()
    if number == 1 and len(slot.kept) + 2 <= row.left:
        row.add_right(f"{slot.kept} ", pen.ink(pen.palette.muted, slot.row))
    return row.cells()


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


def _add_bar(row: Row, pen: LanePen, slot: SlotView, *, top: bool, middle: bool) -> None:
    bars = pen.bars(slot.row, slot.slot)
    if slot.state is None or slot.state is State.FORMING:
        row.add(" " * bars.cells, pen.ink(pen.palette.text, slot.row))
    elif slot.prompt is None:
        bar = TokenBar(slot.made, slot.asked, slot.front, slot.state, slot.slowed)
        bars.draw(row, bar, top=top, middle=middle)
    else:
        if not slot.duration:  # a gauge has no scale, so words may have some of its cells
            room = row.left - len(f"{slot.word} {slot.told or slot.numbers}") - 2
            bars = replace(bars, cells=room if _SHORTEST <= room < bars.cells else bars.cells)
        sign = AGAIN if slot.state is State.RECOMPUTE else SHADE
        bars.draw_prompt(row, slot.prompt, sign, middle=middle)


def _taken_rows(pen: LanePen, room: int) -> list[Cells]:
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
    ending = _count_row(pen, len(slots), f"{level(0.6)} a request · ")
    return [*_crowded(pen, views, left), ending][-room:]


def _count_row(pen: LanePen, taken: int, cells: str = "") -> Cells:
    """How many slots are taken and how many are free, behind what the cells above stand for."""
    run = pen.view.moment.run
    slots = run.slots
    if not run.tells_iterations:
        counts = [f"{taken:,} run; a row is no slot", f"{taken:,} run"]
    elif slots >= MAX_SLOTS:
        counts = [f"{taken:,} run, no limit of slots", "no limit"]
    else:
        free = f"{slots - taken:,}"
        counts = [f"{free} of {slots:,} slots free", f"{free} free"]
    texts = [*(f"{cells}{count}" for count in counts), *counts]
    return pen.line().add(first_that_fits(texts, pen.width - 2), pen.muted).cells()


def _crowded(pen: LanePen, slots: Sequence[SlotView], room: int) -> list[Cells]:
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
    """A slot in one cell: the share of its own answer that is made, or the sign of its state."""
    state = slot.state
    if state is None:
        return TRACK, pen.muted
    if state is State.DECODE:
        return level(slot.fraction or 0.01), pen.ink(pen.palette.work, slot.row)
    return STATE_GLYPHS[state], fill(state, pen.ground(slot.row), pen.palette, slot.row)
