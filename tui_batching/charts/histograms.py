"""Histograms of the requests' times, a panel a strategy, over the same bins and axes."""

from __future__ import annotations

from math import ceil, sqrt

import numpy as np
from rich.style import Style

from tui_batching.analysis.distribution import QUANTITIES, Histogram, Quantity, histogram
from tui_batching.charts.axis import Axis
from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.palette import Palette
from tui_batching.charts.panels import Scale, headings, scale_row, with_focus
from tui_batching.charts.pen import Pen
from tui_batching.charts.rows import FULL, Cells, filled_cells, painted, style
from tui_batching.clock import MILLISECOND, SECOND, format_duration
from tui_batching.numbers import counted

_MARGIN = 7
"""Cells for the axis of counts."""
_RIGHT = 4
"""Cells for the name of a line at the right end."""
_NARROWEST = 40
"""Cells below which nothing is drawn."""
_LINES = {"p50": "│", "p99": "┆"}
_GROUND, _BAR, _LINE, _LINE_BAR = range(4)
"""What a cell shows; a line lies on what is behind it."""


def histograms_chart(request: ChartRequest, quantity: Quantity = QUANTITIES[0]) -> list[Cells]:
    """What is measured, the panels below each other, and the axis of time.

    Where there is no room for panels, their headings tell the figures.
    """
    pen = Pen(request.width, request.palette)
    runs = request.scene.runs
    if request.width < _NARROWEST or request.height <= len(runs):
        return [pen.blank()] * request.height
    bins, cells = _bins(max(map(len, runs)), request.width - _MARGIN - _RIGHT)
    found = histogram(runs, quantity, bins)
    room = request.height - 2
    strategies = [run.strategy for run in runs]
    facts = [_facts(found, number) for number in range(len(runs))]
    without = request.scene.comparison.without_cache
    titles = headings(strategies, facts, [request.width] * len(runs), request, without)
    if request.height < 3 * len(runs) + 2:
        heads = with_focus([[title] for title in titles], strategies, request)
        return [_title(quantity, "", pen), *pen.spread(heads, request.height - 1)]
    size = room // len(runs) - 2, cells
    panels = [
        [title, *_panel(request, found, number, size, pen)] for number, title in enumerate(titles)
    ]
    seen = with_focus(panels, strategies, request)
    rows = [_title(quantity, _bar_width(found), pen), *pen.spread(seen, room)]
    unit, time = ("s", SECOND) if found.edges[-1] >= SECOND else ("ms", MILLISECOND)
    limits = float(found.edges[0]) / time, float(found.edges[-1]) / time
    scale = Scale(*limits, bins * cells, (unit,), None, log=found.log)
    axis = scale_row(scale, " " * _MARGIN, request.width, request.palette)
    return [*rows, axis]


def _bins(requests: int, columns: int) -> tuple[int, int]:
    """How many bins show this many requests well, and how many cells wide each of them is."""
    cells = ceil(columns / max(1, min(columns, round(3 * sqrt(requests)))))
    return columns // cells, cells


def _title(quantity: Quantity, width: str, pen: Pen) -> Cells:
    """All quantities, the one that is shown marked, and how wide a bar is, if there are any."""
    row = pen.row().gap()
    for other in QUANTITIES:
        shown = other == quantity
        row.add(f"{'▸' if shown else ' '}{other.name} ", pen.title if shown else pen.muted)
    if len(quantity.meaning) + len(width) + 2 < row.left:
        row.add(f" {quantity.meaning}", pen.text)
    return row.add_right(f"{width} ", pen.muted).cells()


def _bar_width(found: Histogram) -> str:
    """How much time a bar is; where equal factors are equally far apart, that is told instead."""
    if found.log:
        return f"logarithmic: a bar is {found.edges[1] / found.edges[0]:.2f} times the one before"
    return f"a bar is {format_duration(round(float(found.edges[1] - found.edges[0])))}"


def _panel(
    request: ChartRequest, found: Histogram, number: int, size: tuple[int, int], pen: Pen
) -> list[Cells]:
    """What the lines are called, and the bars.

    Args:
        request: what is drawn.
        found: the histograms.
        number: which of them.
        size: rows of bars, and cells of each.
        pen: for whole rows.
    """
    rows, cells = size
    run, counts = request.scene.runs[number], found.counts[number]
    most = max(1, *(int(column.max()) for column in found.counts))
    text = filled_cells(np.repeat(counts, cells) * rows / most, rows)
    inks = np.where(text == " ", _GROUND, _BAR)
    places = _places(found, number, text.shape[1])
    for name, column in places.items():
        inks[:, column] = np.where(text[:, column] == FULL, _LINE_BAR, _LINE)
        text[:, column] = _LINES[name]
    drawn = [_names(places, pen)]
    looks = _looks(run.strategy.name, request.palette)
    rest = Pen(request.width - _MARGIN - text.shape[1], request.palette).blank()
    for row in range(rows):
        tick = f"{most:>6,}┤" if row == 0 else "     0┤" if row == rows - 1 else "      │"
        left = Pen(_MARGIN, request.palette).row().add(tick, pen.muted).cells()
        drawn.append([*left, *painted("".join(text[row]), inks[row], looks.__getitem__), *rest])
    return drawn


def _places(found: Histogram, number: int, columns: int) -> dict[str, int]:
    """The cell of each percentile."""
    lower, upper = float(found.edges[0]), float(found.edges[-1])
    axis = Axis(lower, upper, (), (), found.log)
    return {
        name: min(columns - 1, int(axis.share(max(lower, value)) * columns))
        for name, value in _percentiles(found, number).items()
    }


def _percentiles(found: Histogram, number: int) -> dict[str, float]:
    values = {"p50": found.p50[number], "p99": found.p99[number]}
    return {name: value for name, value in values.items() if value is not None}


def _names(places: dict[str, int], pen: Pen) -> Cells:
    """The names of the lines above them: p50 ends at its line, p99 begins behind its own."""
    row = pen.row()
    if places:
        row.gap(_MARGIN + places["p50"] - len("p50")).add("p50", pen.text)
        if places["p50"] < places["p99"]:
            row.add(_LINES["p50"], pen.text).gap(places["p99"] - places["p50"] - 1)
        row.add(f"{_LINES['p99']}p99", pen.text)
    return row.cells()


def _facts(found: Histogram, number: int) -> list[str]:
    """The percentiles, and of how many requests."""
    requests = int(found.counts[number].sum())
    if not requests:
        return ["no request has one"] * 2
    values = _percentiles(found, number)
    told = "  ".join(f"{name} {format_duration(round(value))}" for name, value in values.items())
    return [f"{counted(requests, 'request')}  {told}", told]


def _looks(name: str, palette: Palette) -> tuple[Style, ...]:
    """The look of each ink."""
    surface, bar = palette.surface, palette.strategy(name)
    inks = (style(ink, surface) for ink in (palette.muted, bar, palette.text))
    return (*inks, style(bar, surface, reverse=True))  # the terminal's own ground can be no ink
