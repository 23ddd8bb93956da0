"""Where a request's time went, lane by lane: a bar of its parts, and the parts as a sum.

Where there is room, its answer stands below, as far as its reader sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from rich.style import Style

from tui_batching.analysis.breakdown import breakdown
from tui_batching.analysis.phases import phases
from tui_batching.analysis.state_intervals import state_intervals
from tui_batching.analysis.tables import error_text
from tui_batching.analysis.why import request_name
from tui_batching.analysis.why_request import why_request
from tui_batching.charts.palette import Palette
from tui_batching.charts.pen import SHORT_PARTS, add_parts, sign_of
from tui_batching.charts.race import name_cells, shown_name
from tui_batching.charts.reader_row import reader_row
from tui_batching.charts.rows import (
    Cells,
    Row,
    first_that_fits,
    style,
)
from tui_batching.clock import MILLISECOND, Picoseconds, ReadingUnit, format_duration, reading_unit
from tui_batching.columns import rounded
from tui_batching.sim.life import State
from tui_batching.sim.measured import MeasuredRun
from tui_batching.sim.moment import Moment
from tui_batching.sim.stays import Ended

READ_PARTS = 3
"""Rows of a lane's parts with the answer below: bar, sum and words."""
THICK_PARTS = 5
"""Rows of a lane's parts where there is most room: two of bars, sum, words and a gap."""
READS = ("reader", "sees")
"""What the words of an answer are called, which its reader sees."""
_ORDER = "by cause"
"""How the parts stand side by side in a bar."""
_THICK_BARS = 4
"""Rows from which on bars are thick."""


def breakdown_rows(  # noqa: PLR0913, PLR0917 - what is told, and how much room there is
    moments: list[Moment],
    request: int,
    rows_each: int,
    width: int,
    palette: Palette,
    true: MeasuredRun | None = None,
) -> list[Cells]:
    """For each lane the parts of the selected request's time, as a bar and as words.

    All bars are on one scale, that of the request's longest latency. No part is ever left out:
    where words do not fit, the signs of the bar stand for them. Beside what was measured, `true`,
    they are the phases that it tells, in every lane.
    """
    rows: list[Cells] = []
    arrival = int(moments[0].run.requests.arrival_time[request])
    longest = max(int(moment.run.end_time[request]) - arrival for moment in moments)
    blank = Row(width, style(palette.text, palette.background)).cells()
    each = [_parts(moment, request, true) for moment in moments]
    behind = [
        _told_behind(moment, request, amounts, _error(moment, request, true))
        for moment, amounts in zip(moments, each, strict=True)
    ]
    room = _longest_told(moments, request, max(map(len, behind)))
    for moment, amounts, total in zip(moments, each, behind, strict=True):
        label = lane_label(moment, moments, width, palette)
        told = _bar_rows(amounts, longest, label, f"{total:<{room}}", width, palette)
        told = told if amounts and rows_each >= _THICK_BARS else told[:1]
        if amounts:
            indent, whys = len(label[0]), _whys(moment, request)
            reads = rows_each >= READ_PARTS and moment.run.tells_iterations
            left = rows_each - len(told) - reads
            told += _parts_rows(amounts, indent, whys, left, width, palette)
            if reads:
                told.append(reader_row(moment, request, _labelled(indent, width, palette), palette))
        rows += (told + [blank] * rows_each)[:rows_each]
    return rows


def _labelled(indent: int, width: int, palette: Palette) -> Row:
    """The begin of the row of words, as wide as the labels above it."""
    text, muted = (style(each, palette.background) for each in (palette.text, palette.muted))
    return Row(width, text).add(f" {first_that_fits(READS, indent - 2):<{indent - 1}}", muted)


def readers_rows(
    moments: list[Moment], request: int, rows_each: int, width: int, palette: Palette
) -> list[Cells]:
    """For each lane how long the selected request has taken, and what its reader sees."""
    text, muted = (style(each, palette.background) for each in (palette.text, palette.muted))
    each = [_told_behind(moment, request, parts_of(moment, request), "") for moment in moments]
    blank, room = Row(width, text).cells(), max(map(len, each))
    rows: list[Cells] = []
    for moment, told in zip(moments, each, strict=True):
        row = Row(width, text).add(*lane_label(moment, moments, width, palette))
        row.add(f"{told.strip():<{room}}", text)
        if moment.time > int(moment.run.requests.arrival_time[request]):
            shown = reader_row(moment, request, row.add("its reader sees: ", muted), palette)
        else:
            shown = row.cells()
        rows += [shown, *[blank] * rows_each][:rows_each]
    return rows


def _parts(moment: Moment, request: int, true: MeasuredRun | None) -> dict[str, Picoseconds]:
    if true is not None:
        return phases(moment.run, request, moment.time, true)
    return parts_of(moment, request)


def parts_of(moment: Moment, request: int) -> dict[str, Picoseconds]:
    """The parts of a request's time so far that there are, by the names that they have here.

    Of what others' prompts cost it, only the time in which it stops is called *stalled*. The rest
    is *slowed*: it makes a token in each iteration, but prompts in it make it longer.
    """
    columns = breakdown(moment.run, np.array([request]), moment.time).columns()
    parts = {name: int(column[0]) for name, column in columns.items()}
    stopped = _stopped(moment, request) if moment.run.mixes else parts["stalled"]
    told: dict[str, Picoseconds] = {}
    for name, amount in parts.items():
        lost = {"stalled": stopped, "slowed": amount - stopped}
        told |= lost if name == "stalled" else {name: amount}
    return {name: amount for name, amount in told.items() if amount}


def _stopped(moment: Moment, request: int) -> Picoseconds:
    """How long iterations have gone by without a request that was in a slot, or was left out."""
    run, now = moment.run, moment.time
    stays = run.by_request.members(request)
    stopped = [
        (each.start, each.end)
        for intervals in state_intervals(run, stays)
        for each in intervals
        if each.state is State.STALLED
    ]
    left_out = stays[run.stays.ended[stays] == Ended.SKIPPED]
    ends, back = run.stays.end_time[left_out].tolist(), run.back[left_out].tolist()
    stopped += zip(ends, back, strict=True)
    return sum(max(0, min(end, now) - start) for start, end in stopped)


def _error(moment: Moment, request: int, true: MeasuredRun | None) -> str:
    """How far the simulated latency is off the measured one, once both are known; else nothing."""
    run = moment.run
    if true is None or run is true:
        return ""
    ends = [int(each.end_time[request]) for each in (run, true)]
    ours, measured = (end - int(run.requests.arrival_time[request]) for end in ends)
    return f" {error_text(ours / max(1, measured) - 1)}" if moment.time >= max(ends) else ""


def lane_label(
    moment: Moment, moments: list[Moment], width: int, palette: Palette
) -> tuple[str, Style]:
    """What a lane's rows begin with: its strategy, and in which style."""
    name = moment.run.strategy.name
    names = [each.run.strategy.name for each in moments]
    cells = name_cells(names, width)
    shown = f" {shown_name(name, width)}"
    return f"{shown:<{cells}}", style(palette.strategy(name), palette.background, bold=True)


def _told_behind(moment: Moment, request: int, amounts: dict[str, Picoseconds], error: str) -> str:
    """The request's name, the sum of its parts, and how far that is off."""
    name = request_name(moment, request)
    arrival = int(moment.run.requests.arrival_time[request])
    if moment.time < arrival:
        return f"{name} has not arrived yet"
    if moment.time == arrival:
        return f"{name} arrives now, so no time has gone yet{error}"
    so_far = "" if moment.time >= int(moment.run.end_time[request]) else " so far"
    return f" {name} {format_duration(sum(amounts.values()))}{so_far}{error}"


def _longest_told(moments: list[Moment], request: int, least: int) -> int:
    """The cells that words behind a bar may take at any instant, so that its scale stays."""
    name = request_name(moments[0], request)
    return max(least, len(f" {name} 99.9 ms so far"))


def _bar_rows(  # noqa: PLR0913, PLR0917 - what, and how it is drawn
    amounts: dict[str, Picoseconds],
    longest: Picoseconds,
    label: tuple[str, Style],
    behind: str,
    width: int,
    palette: Palette,
) -> list[Cells]:
    """The parts side by side, and what is told behind them, as long in every lane.

    Then the parts again, for a bar of two rows: that they stand by cause, and not as time went.
    """
    bold, plain = (style(palette.text, palette.background, bold=each) for each in (True, False))
    row, below = Row(width, plain).add(*label), Row(width, plain).gap(len(label[0]))
    cells = max(1, row.left - len(behind) - 1)
    for drawn in (row, below):
        add_parts(drawn, amounts, cells, longest, palette)
    row.add(behind, bold if amounts else plain)
    if amounts and len(_ORDER) < below.left:
        below.add(f" {_ORDER}", style(palette.muted, palette.background))
    return [row.cells(), below.cells()]


def _whys(moment: Moment, request: int) -> list[str]:
    """Why a request is where it is, the fullest wording first, then clause by clause less.

    Nothing of one that is not under way, or where nothing is known of iterations.
    """
    run = moment.run
    under_way = run.requests.arrival_time[request] <= moment.time < run.end_time[request]
    if not (under_way and run.tells_iterations):
        return []
    clauses = why_request(moment, request, briefly=True).split("; ")
    brief = ("; ".join(clauses[:count]) for count in range(len(clauses), 0, -1))
    return [why_request(moment, request), *brief]


def _parts_rows(  # noqa: PLR0913, PLR0917 - what, and how it is drawn
    amounts: dict[str, Picoseconds],
    indent: int,
    whys: list[str],
    most: int,
    width: int,
    palette: Palette,
) -> list[Cells]:
    """The parts in one unit, as numbers that add up to a sum, and why behind it, if that fits.

    Over two rows, if there may be as many, where their names do not fit into one.
    """
    ground = palette.background
    muted, text = style(palette.muted, ground), style(palette.text, ground)
    total = sum(amounts.values())
    unit = _unit_of_parts(total)
    last_digit = 10**unit.decimals
    whole = round(total / unit.length * last_digit)
    numbers = rounded([amount / total for amount in amounts.values()], whole)
    *told, summed = (f"{n / last_digit:,.{unit.decimals}f}" for n in (*numbers, whole))
    terms = [each for each, n in zip(zip(amounts, told, strict=True), numbers, strict=True) if n]
    label = f" {f'in {unit.name}':<{indent - 1}}" if indent > 6 else f" {unit.name:<{indent - 1}}"
    lines, wording = _spelled(terms, summed, width - len(label), most)
    rows: list[Row] = []
    for line in lines:
        row = Row(width, text).add(label if not rows else " " * len(label), muted)
        for number, (name, amount) in enumerate(line):
            row.add(wording.joint if number else "", muted)
            row.add(wording.spell(name), style(palette.state(sign_of(name)[1]), ground))
            row.add(amount, text)
        rows.append(row)
    for row in rows[:-1]:
        row.add(" +", muted)
    last = rows[-1].add(wording.ending, muted)
    fitting = (f"   {why}" for why in whys if len(why) <= last.left - 4)
    last.add(next(fitting, ""), text)
    return [row.cells() for row in rows]


def _unit_of_parts(whole: Picoseconds) -> ReadingUnit:
    """The unit in which the whole is read, but for seconds: parts of those are whole ms."""
    unit = reading_unit(whole)
    return ReadingUnit("ms", MILLISECOND, 0) if unit.name == "s" else unit


class _Wording(NamedTuple):
    """How parts are called, what stands between them, and the sum."""

    spell: Callable[[str], str]
    joint: str
    ending: str

    def length(self, terms: Sequence[tuple[str, str]]) -> int:
        """The cells that the terms and the sum take."""
        spelled = sum(len(self.spell(name)) + len(amount) for name, amount in terms)
        return spelled + len(self.joint) * (len(terms) - 1) + len(self.ending)


def _spelled(
    terms: list[tuple[str, str]], whole: str, room: int, most: int
) -> tuple[list[list[tuple[str, str]]], _Wording]:
    """The terms over so many rows at most, by the fullest wording that fits."""
    full = _Wording(lambda name: f"{name} ", " + ", f" = {whole}")
    wordings = [
        full,
        full._replace(joint=" +"),
        _Wording(lambda name: f"{SHORT_PARTS[name]} ", " + ", f" = {whole}"),
        _Wording(lambda name: f"{SHORT_PARTS[name]} ", "+", f"={whole}"),
        _Wording(lambda name: sign_of(name)[0], "+", f"={whole}"),
    ]
    for wording in wordings[:2]:
        if wording.length(terms) <= room:
            return [terms], wording
    if most > 1:
        for cut in range(len(terms) - 1, 0, -1):
            lines = [terms[:cut], terms[cut:]]
            if all(full.length(line) <= room for line in lines):
                return lines, full
    fitting = (wording for wording in wordings if wording.length(terms) <= room)
    return [terms], next(fitting, wordings[-1])
