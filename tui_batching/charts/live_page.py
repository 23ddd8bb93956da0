"""The live page: a lane a strategy, the race, two charts of how it went so far, and why.

Of a selected request it is told instead where its time went so far, and why it is where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from textwrap import wrap
from types import MappingProxyType

import numpy as np
from rich.style import Style

from tui_batching.analysis.breakdown import breakdown
from tui_batching.analysis.phases import phases
from tui_batching.analysis.scene import Scene
from tui_batching.analysis.tables import error_text
from tui_batching.analysis.why import request_name, why, why_briefly
from tui_batching.analysis.why_request import why_request
from tui_batching.charts.chart import ChartRequest, KeySigns
from tui_batching.charts.lane_heading import lane_heading
from tui_batching.charts.lane_pen import token_scale
from tui_batching.charts.lane_rows import lane_rows
from tui_batching.charts.lane_view import LaneView, lane_view
from tui_batching.charts.live_legend import legend_row
from tui_batching.charts.palette import Palette
from tui_batching.charts.pen import SHORT_PARTS, add_parts, sign_of
from tui_batching.charts.plot import draw
from tui_batching.charts.race import RaceRequest, name_cells, race_rows, shown_name
from tui_batching.charts.result_card import card_rows, ending_rows
from tui_batching.charts.rows import (
    Cells,
    Row,
    style,
)
from tui_batching.charts.running_charts import pairs_of
from tui_batching.clock import MICROSECOND, MILLISECOND, Picoseconds, format_duration
from tui_batching.columns import rounded
from tui_batching.sim.measured import MeasuredRun
from tui_batching.sim.moment import Moment

FEWEST_LANES, MOST_LANES = 3, 6
"""Lanes side by side, if there are so many: as few where it is narrow, as many where it is wide."""
LANE_CELLS = 40
"""Cells of a lane from which on there is room for a further one."""
GUTTER = 1
"""Cells between lanes."""
_LOW, _HIGH = 24, 40
"""Rows of the page from which on there are charts, and from which on they are higher."""
_THICK_PARTS = 4
"""Rows of a lane's parts where their bars have the room of the charts: two, words, and none."""
_FEWEST = 7
"""Rows that lanes need before the race is left out: head, phase, slots and queue."""


LIVE_PARTS = ("lanes", "shares", "race", "charts", "reasons")
"""What the page is made of, from top to bottom; shares stand in the lanes, at their foot."""


@dataclass(frozen=True, slots=True)
class LiveLayout:
    """How many rows each part of the page gets; one that there is no room for gets none.

    Attributes:
        lanes: of the lanes, with their heads.
        race: of the race.
        charts: of the two charts.
        told: of the sentences, or of the parts of a latency.
        legend: of what the signs mean.
        racing: how many lanes take part in the race.
    """

    lanes: int
    race: int
    charts: int
    told: int
    legend: int
    racing: int

    @classmethod
    def of(
        cls,
        height: int,
        seen: int,
        lanes: int,
        *,
        parts: bool,
        show: Collection[str] = LIVE_PARTS,
    ) -> LiveLayout:
        """Share the rows of a page.

        Args:
            height: rows of the page.
            seen: lanes that are seen side by side.
            lanes: all lanes.
            parts: whether the parts of a latency are told, which takes two rows a lane or more.
            show: what is shown; the lanes and their legend always are.
        """
        legend = int(height >= 16)
        told = seen * (1 + parts)
        if parts and "charts" not in show and height >= _LOW:
            told = seen * _THICK_PARTS
        told = min(max(1, height - 5), told) if "reasons" in show else 0
        racing = lanes if height >= _LOW else seen
        charts = 12 if height >= _HIGH else 9 if height >= _LOW + 6 else 0
        charts = charts if "charts" in show else 0
        if charts and parts and height < _HIGH:
            charts -= 2
        race = racing + 1 if "race" in show else 0
        if height - legend - told - charts - race < _FEWEST:
            charts = 0
        if height - legend - told - race < _FEWEST:
            race = 0
        left = height - legend - told - charts - race
        return cls(left, race, charts, told, legend, racing)


@dataclass(frozen=True, slots=True)
class LaneLook:
    """How lanes are drawn.

    Attributes:
        palette: the colours.
        scale: tokens a cell, in all of them.
        more: what the head tells of lanes that are not seen, the fullest wording first.
        focused: whether keys act on this lane alone.
    """

    palette: Palette
    scale: int
    more: tuple[str, ...] = ()
    focused: bool = False


def live_chart(request: ChartRequest) -> list[Cells]:
    """The whole page at exactly the size asked for.

    Lanes for which there is no room side by side stand below the others.
    """
    scene, palette, width = request.scene, request.palette, request.width
    runs = scene.runs
    numbers, fitting = range(len(runs)), lanes_that_fit(width)
    bands = [numbers[first : first + fitting] for first in numbers[::fitting]]
    layout = LiveLayout.of(request.height, len(runs), len(runs), parts=False)
    views = [lane_view(scene, number, request.time, None) for number in numbers]
    narrowest = max(1, width // min(fitting, len(runs)) - GUTTER)
    look = LaneLook(palette, token_scale(views, narrowest))
    rows: list[Cells] = []
    for band, height in zip(bands, _shares(layout.lanes, len(bands)), strict=True):
        rows += _band([views[number] for number in band], width, height, look)
    race = RaceRequest(scene, request.time, numbers, width, palette)
    rows += race_rows(race)[: layout.race]
    if layout.charts:
        rows += _charts(request, layout.charts)
    moments = [run.at(request.time) for run in runs]
    rows += told_rows(scene, moments, None, layout.told, width, palette)
    if layout.legend:
        rows.append(legend_row(views, narrowest, width, palette))
    return rows[: request.height]


def lanes_that_fit(width: int) -> int:
    """How many lanes stand side by side."""
    return max(FEWEST_LANES, min(MOST_LANES, width // LANE_CELLS))


def lane_block(view: LaneView, width: int, height: int, look: LaneLook) -> list[Cells]:
    """A lane with its head: its rows, or at the end of all lanes how it came out."""
    scene, palette = view.scene, look.palette
    strategy = view.moment.run.strategy
    head = lane_heading(
        strategy,
        width,
        palette,
        look.more,
        focused=look.focused,
        by_default=strategy.name in scene.workload.assumed,
    )
    if view.moment.time >= scene.end and len(scene.runs) > 1:
        return [head, *card_rows(scene, view.lane, width, height - 1, palette)][:height]
    return [head, *lane_rows(view, width, height - 1, palette, look.scale)][:height]


def _band(views: Sequence[LaneView], width: int, height: int, look: LaneLook) -> list[Cells]:
    """Some lanes side by side."""
    gutter = _gutter(look.palette)
    blocks = []
    for view, cells in zip(views, _shares(width, len(views)), strict=True):
        block = lane_block(view, cells - GUTTER, height, look)
        blocks.append([[*row, *gutter] for row in block])
    return _side_by_side(blocks)


def _charts(request: ChartRequest, height: int) -> list[Cells]:
    """The first pair of charts, side by side."""
    palette, drawn = request.palette, []
    for chart, width in zip(pairs_of(request.scene)[0], _shares(request.width, 2), strict=True):
        inside = ChartRequest(request.scene, request.time, width - 2 * GUTTER, height, palette)
        gutter = _gutter(palette)
        drawn.append([[*gutter, *row, *gutter] for row in draw(chart.spec(inside))])
    return _side_by_side(drawn)


def _gutter(palette: Palette) -> Cells:
    return Row(GUTTER, style(palette.text, palette.background)).cells()


def _shares(total: int, count: int) -> list[int]:
    """So many cells or rows in whole parts that differ by one at most."""
    return [total * (number + 1) // count - total * number // count for number in range(count)]


def _side_by_side(blocks: Sequence[Sequence[Cells]]) -> list[Cells]:
    return [[cell for cells in row for cell in cells] for row in zip(*blocks, strict=True)]


def told_rows(  # noqa: PLR0913, PLR0917 - what is told, and how much room there is
    scene: Scene,
    moments: list[Moment],
    selected: int | None,
    count: int,
    width: int,
    palette: Palette,
    keys: KeySigns = MappingProxyType({}),
) -> list[Cells]:
    """Why somebody waits; or where a request's time went; or at the end, how it came out."""
    each = max(1, count // max(1, len(moments)))
    if selected is not None:
        rows = breakdown_rows(
            moments, selected, each, width, palette, scene.comparison.measured_run
        )
    elif moments and moments[0].time >= scene.end and len(scene.runs) > 1:
        rows = ending_rows(scene, count, width, palette, keys)
    else:
        rows = why_rows(moments, each, width, palette)
    blank = Row(width, style(palette.text, palette.background)).cells()
    return (rows + [blank] * count)[:count]


def why_rows(moments: list[Moment], rows_each: int, width: int, palette: Palette) -> list[Cells]:
    """For each lane why its oldest waiting request waits, over at most `rows_each` rows."""
    rows: list[Cells] = []
    text = style(palette.text, palette.background)
    for moment in moments:
        label = _label(moment, moments, width, palette)
        room = max(10, width - len(label[0]) - 1)
        lines = wrap(why(moment), room)
        if len(lines) > rows_each:
            lines = wrap(why_briefly(moment), room, max_lines=rows_each, placeholder="…")
        for number in range(rows_each):
            row = Row(width, text)
            row.add(*label) if number == 0 else row.gap(len(label[0]))
            rows.append(row.add(lines[number] if number < len(lines) else "", text).cells())
    return rows


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
    room = max(map(len, behind))
    for moment, amounts, total in zip(moments, each, behind, strict=True):
        label = _label(moment, moments, width, palette)
        told = _bar_rows(amounts, longest, label, f"{total:<{room}}", width, palette)
        told = told if amounts and rows_each >= _THICK_PARTS else told[:1]
        if amounts:
            told.append(_parts_row(amounts, len(label[0]), _whys(moment, request), width, palette))
        rows += (told + [blank] * rows_each)[:rows_each]
    return rows


def _parts(moment: Moment, request: int, true: MeasuredRun | None) -> dict[str, Picoseconds]:
    if true is not None:
        return phases(moment.run, request, moment.time, true)
    parts = breakdown(moment.run, np.array([request]), moment.time).columns()
    return {name: int(column[0]) for name, column in parts.items() if column[0]}


def _error(moment: Moment, request: int, true: MeasuredRun | None) -> str:
    """How far the simulated latency is off the measured one, once both are known; else nothing."""
    run = moment.run
    if true is None or run is true:
        return ""
    ends = [int(each.end_time[request]) for each in (run, true)]
    ours, measured = (end - int(run.requests.arrival_time[request]) for end in ends)
    return f" {error_text(ours / max(1, measured) - 1)}" if moment.time >= max(ends) else ""


def _label(
    moment: Moment, moments: list[Moment], width: int, palette: Palette
) -> tuple[str, Style]:
    name = moment.run.strategy.name
    names = [each.run.strategy.name for each in moments]
    cells = name_cells(names, width)
    shown = f" {shown_name(name, names, width)}"
    return f"{shown:<{cells}}", style(palette.strategy(name), palette.background, bold=True)


def _told_behind(moment: Moment, request: int, amounts: dict[str, Picoseconds], error: str) -> str:
    """The request's name, the sum of its parts, and how far that is off."""
    name = request_name(moment, request)
    if moment.time < int(moment.run.requests.arrival_time[request]):
        return f"{name} has not arrived yet"
    so_far = "" if moment.time >= int(moment.run.end_time[request]) else " so far"
    return f" {name} {format_duration(sum(amounts.values()))}{so_far}{error}"


def _bar_rows(  # noqa: PLR0913, PLR0917 - what, and how it is drawn
    amounts: dict[str, Picoseconds],
    longest: Picoseconds,
    label: tuple[str, Style],
    behind: str,
    width: int,
    palette: Palette,
) -> list[Cells]:
    """The parts side by side, and what is told behind them, as long in every lane.

    Then the parts again, for a bar of two rows.
    """
    bold, muted = (style(palette.text, palette.background, bold=each) for each in (True, False))
    row, below = Row(width, muted).add(*label), Row(width, muted).gap(len(label[0]))
    cells = max(1, row.left - len(behind) - 1)
    for drawn in (row, below):
        add_parts(drawn, amounts, cells, longest, palette)
    return [row.add(behind, bold if amounts else muted).cells(), below.cells()]


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


def _parts_row(
    amounts: dict[str, Picoseconds],
    indent: int,
    whys: list[str],
    width: int,
    palette: Palette,
) -> Cells:
    """The parts in one unit, as numbers that add up to a sum, and why behind it, if that fits."""
    ground = palette.background
    muted, text = style(palette.muted, ground), style(palette.text, ground)
    total = sum(amounts.values())
    unit, size = ("ms", MILLISECOND) if total >= 10 * MILLISECOND else ("µs", MICROSECOND)
    whole = round(total / size)
    numbers = rounded([amount / total for amount in amounts.values()], whole)
    terms = [(name, f"{n:,}") for name, n in zip(amounts, numbers, strict=True) if n]
    label = f" {f'in {unit}':<{indent - 1}}" if indent > 6 else f" {unit:<{indent - 1}}"
    row = Row(width, text).add(label, muted)
    spell, joint, ending = _spelling(terms, whole, row.left)
    for number, (name, amount) in enumerate(terms):
        state = sign_of(name)[1]
        row.add(joint if number else "", muted)
        row.add(spell(name), style(palette.state(state), ground)).add(amount, text)
    row.add(ending, muted)
    fitting = (f"   {why}" for why in whys if len(why) <= row.left - 4)
    return row.add(next(fitting, ""), text).cells()


def _spelling(
    terms: list[tuple[str, str]], whole: int, room: int
) -> tuple[Callable[[str], str], str, str]:
    """How parts are called, what stands between them, and the sum: the fullest that fits."""
    wordings: list[tuple[Callable[[str], str], str, str]] = [
        (lambda name: f"{name} ", " + ", f" = {whole:,}"),
        (lambda name: f"{name} ", " +", f" = {whole:,}"),
        (lambda name: f"{SHORT_PARTS[name]} ", " + ", f" = {whole:,}"),
        (lambda name: f"{SHORT_PARTS[name]} ", "+", f"={whole:,}"),
        (lambda name: sign_of(name)[0], "+", f"={whole:,}"),
    ]
    for spell, joint, ending in wordings:
        length = sum(len(spell(name)) + len(amount) for name, amount in terms)
        if length + len(joint) * (len(terms) - 1) + len(ending) <= room:
            return spell, joint, ending
    return wordings[-1]
