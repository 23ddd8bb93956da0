"""The live page: a lane a strategy, two charts of how it went so far, and why somebody waits.

Of a selected request it is told instead where its time went so far.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

import numpy as np
from rich.style import Style

from tui_batching.analysis.breakdown import Breakdown, breakdown
from tui_batching.analysis.scene import Scene
from tui_batching.analysis.why import request_name, why
from tui_batching.charts.chart import ChartRequest, LineChart
from tui_batching.charts.lane_rows import lane_rows
from tui_batching.charts.lane_view import lane_view
from tui_batching.charts.palette import Palette
from tui_batching.charts.panels import strategy_titles
from tui_batching.charts.pen import PART_SIGNS, Pen, add_parts
from tui_batching.charts.plot import ChartSpec, Line, Vertical, draw
from tui_batching.charts.rows import Cells, Row, first_that_fits, short, style
from tui_batching.clock import SECOND, Picoseconds
from tui_batching.columns import FloatArray
from tui_batching.sim.moment import Moment
from tui_batching.strategies import mark_of

FEWEST_LANES, MOST_LANES = 3, 6
"""Lanes side by side, if there are so many: as few where it is narrow, as many where it is wide."""
LANE_CELLS = 40
"""Cells of a lane from which on there is room for a further one."""
_WHY_ROWS = 6
_CHART_ROWS = {38: 16, 29: 12}
"""Rows of the charts, from so many rows of the page on."""
_FRAME = 2
"""Cells and rows that a frame takes."""
_NAME = 11
"""Cells for the name of a strategy, unless one on screen is longer."""


def live_chart(request: ChartRequest) -> list[Cells]:
    """The whole page at exactly the size asked for.

    Lanes for which there is no room side by side stand below the others.
    """
    moments = [run.at(request.time) for run in request.scene.runs]
    rows_each = max(1, min(_WHY_ROWS, request.height // 3) // len(moments))
    told = why_rows(moments, rows_each, request.width, request.palette)
    rows = next((rows for least, rows in _CHART_ROWS.items() if request.height >= least), 0)
    charts = _charts(request, rows) if rows else []
    lanes = _lanes(request, request.height - len(told) - len(charts))
    return [*lanes, *charts, *told][: request.height]


def lanes_that_fit(width: int) -> int:
    """How many lanes stand side by side."""
    return max(FEWEST_LANES, min(MOST_LANES, width // LANE_CELLS))


def _lanes(request: ChartRequest, height: int) -> list[Cells]:
    """All lanes, as many of them side by side as fit."""
    numbers, fitting = range(len(request.scene.runs)), lanes_that_fit(request.width)
    bands = [numbers[first : first + fitting] for first in numbers[::fitting]]
    rows: list[Cells] = []
    for band, band_rows in zip(bands, _shares(height, len(bands)), strict=True):
        widths = _shares(request.width, len(band))
        pairs = zip(band, widths, strict=True)
        rows += _side_by_side([_lane(request, lane, width, band_rows) for lane, width in pairs])
    return rows


def _lane(request: ChartRequest, lane: int, width: int, height: int) -> list[Cells]:
    """A lane in its frame."""
    palette = request.palette
    pen, view = Pen(width, palette), lane_view(request.scene, lane, request.time, None)
    strategy = view.moment.run.strategy
    title = first_that_fits(strategy_titles(strategy), width - 6)
    rows = lane_rows(view, width - _FRAME, height - _FRAME, palette)
    return _framed(rows, title, pen, pen.strategy(strategy.name))


def _charts(request: ChartRequest, height: int) -> list[Cells]:
    """Both charts in their frames, side by side."""
    charts, palette = (UTILIZATION, LATENCY), request.palette
    framed = []
    for chart, width in zip(charts, _shares(request.width, len(charts)), strict=True):
        inside = ChartRequest(request.scene, request.time, width - _FRAME, height - _FRAME, palette)
        pen = Pen(width, palette)
        framed.append(_framed(draw(chart.spec(inside)), "", pen, pen.look(palette.bar_track)))
    return _side_by_side(framed)


def _framed(rows: Sequence[Cells], title: str, pen: Pen, look: Style) -> list[Cells]:
    """Rows within a frame, which has a title."""
    top = pen.row().add("╭─", look).add(title and f" {title} ", look)
    top.add("─" * (top.left - 1), look).add("╮", look)
    left, right = [Row(1, pen.text).add("│", look).cells()] * 2
    bottom = pen.row().add(f"╰{'─' * (pen.width - _FRAME)}╯", look)
    return [top.cells(), *([*left, *row, *right] for row in rows), bottom.cells()]


def _shares(total: int, count: int) -> list[int]:
    """So many cells or rows in whole parts that differ by one at most."""
    return [total * (number + 1) // count - total * number // count for number in range(count)]


def _side_by_side(blocks: Sequence[Sequence[Cells]]) -> list[Cells]:
    return [[cell for cells in row for cell in cells] for row in zip(*blocks, strict=True)]


def _utilization_spec(request: ChartRequest) -> ChartSpec:
    """Useful slot-time in each window up to the playhead."""
    scene, time = request.scene, request.time
    known = int(np.searchsorted(scene.edges, time, side="right")) - 1
    middles = (scene.edges[:-1] + scene.edges[1:])[:known] / (2 * SECOND)
    lines = _lines(request, [(middles, useful[:known] * 100) for useful in scene.useful])
    return ChartSpec(
        width=request.width,
        height=request.height,
        lines=lines,
        text=request.palette.text,
        muted=request.palette.muted,
        title="useful slots",
        y_label="%",
        x_label="time (s)",
        x_range=(0.0, scene.end / SECOND),
        y_range=(0.0, 100.0),
        verticals=(Vertical(time / SECOND, request.palette.playhead),),
        background=request.palette.surface,
        empty="nothing has run yet",
    )


def _latency_spec(request: ChartRequest) -> ChartSpec:
    """How large a share of all requests has been answered within each latency."""
    scene = request.scene
    curves = []
    for run, so_far in zip(scene.runs, scene.so_far, strict=True):
        answered = np.sort(so_far.latencies[: run.at(request.time).done]) / SECOND
        share = np.arange(len(answered) + 1) * 100 / len(run)
        curves.append((np.concatenate((answered[:1], answered)), share[-len(answered) - 1 :]))
    return ChartSpec(
        width=request.width,
        height=request.height,
        lines=_lines(request, curves, steps=True),
        text=request.palette.text,
        muted=request.palette.muted,
        title="answered within",
        y_label="% of all",
        x_label="latency (s)",
        x_range=(0.0, scene.longest_latency / SECOND),
        y_range=(0.0, 100.0),
        background=request.palette.surface,
        empty="no finished requests yet",
    )


def _lines(
    request: ChartRequest, curves: list[tuple[FloatArray, FloatArray]], *, steps: bool = False
) -> tuple[Line, ...]:
    return tuple(
        Line(
            name=run.strategy.name,
            x=x if len(x) > 1 or not steps else np.zeros(0),
            y=y if len(x) > 1 or not steps else np.zeros(0),
            colour=request.palette.strategy(run.strategy.name),
            mark=mark_of(run.strategy.name),
            steps=steps,
        )
        for run, (x, y) in zip(request.scene.runs, curves, strict=True)
    )


def _playhead_cell(scene: Scene, time: Picoseconds) -> int:
    """Where the playhead is, as finely as any terminal can show it."""
    return time * 1000 // scene.end


def _done(scene: Scene, time: Picoseconds) -> tuple[int, ...]:
    return tuple(run.at(time).done for run in scene.runs)


UTILIZATION = LineChart(_utilization_spec, _playhead_cell)
LATENCY = LineChart(_latency_spec, _done)


def why_rows(moments: list[Moment], rows_each: int, width: int, palette: Palette) -> list[Cells]:
    """For each lane why its oldest waiting request waits, over at most `rows_each` rows."""
    rows: list[Cells] = []
    text = style(palette.text, palette.background)
    for moment in moments:
        label = _label(moment, _name_cells(moments), palette)
        room = max(10, width - len(label[0]))
        lines = wrap(why(moment), room, max_lines=rows_each, placeholder="…")
        for number in range(rows_each):
            row = Row(width, text)
            row.add(*label) if number == 0 else row.gap(len(label[0]))
            rows.append(row.add(lines[number] if number < len(lines) else "", text).cells())
    return rows


def breakdown_rows(
    moments: list[Moment], request: int, rows_each: int, width: int, palette: Palette
) -> list[Cells]:
    """For each lane the parts of the selected request's time, as words and as a bar."""
    rows: list[Cells] = []
    amounts = [
        _amounts(breakdown(moment.run, np.array([request]), moment.time)) for moment in moments
    ]
    longest = max(sum(parts.values()) for parts in amounts)
    for moment, parts in zip(moments, amounts, strict=True):
        label = _label(moment, _name_cells(moments), palette)
        words = _words(moment, request, parts, label, width, palette)
        if len(words) < rows_each:
            indent = len(label[0])
            words.append(_stacked_bar(parts, longest, indent, width, palette))
        blank = Row(width, style(palette.text, palette.background)).cells()
        rows += (words + [blank] * rows_each)[:rows_each]
    return rows


def _name_cells(moments: list[Moment]) -> int:
    return max([_NAME, *(len(moment.run.strategy.name) for moment in moments)])


def _label(moment: Moment, cells: int, palette: Palette) -> tuple[str, Style]:
    name = moment.run.strategy.name
    return f" {name:<{cells}} ", style(palette.strategy(name), palette.background, bold=True)


def _amounts(parts: Breakdown) -> dict[str, Picoseconds]:
    return {name: int(column[0]) for name, column in parts.columns().items()}


def _words(  # noqa: PLR0913, PLR0917 - what, and how it is drawn
    moment: Moment,
    request: int,
    parts: dict[str, Picoseconds],
    label: tuple[str, Style],
    width: int,
    palette: Palette,
) -> list[Cells]:
    """The parts in words, over as many rows as they take."""
    run, ground = moment.run, palette.background
    text, muted = style(palette.text, ground), style(palette.muted, ground)
    row = Row(width, text).add(*label)
    row.add(request_name(moment, request), style(palette.text, ground, bold=True)).gap()
    if moment.time < int(run.requests.arrival_time[request]):
        return [row.add("has not arrived yet", muted).cells()]
    so_far = "took" if moment.time >= int(run.end[request]) else "so far"
    row.add(f"{so_far} {short(sum(parts.values()))} = ", text)
    rows: list[Cells] = []
    for number, (name, amount) in enumerate((n, a) for n, a in parts.items() if a):
        sign, state = PART_SIGNS[name]
        joint = " + " if number else ""
        if len(f"{joint}{sign} {name} {short(amount)}") > row.left:
            rows.append(row.cells())
            row = Row(width, text).gap(len(label[0]))
        row.add(joint, muted).add(f"{sign} {name} ", style(palette.state(state), ground))
        row.add(short(amount), text)
    return [*rows, row.cells()]


def _stacked_bar(
    parts: dict[str, Picoseconds], longest: Picoseconds, indent: int, width: int, palette: Palette
) -> Cells:
    """The parts side by side; the longest of the lanes fills the width."""
    row = Row(width, style(palette.text, palette.background)).gap(indent)
    add_parts(row, parts, max(1, row.left - 1), longest, palette)
    return row.cells()
