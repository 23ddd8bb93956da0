"""What the pictures of sweeps share: a row of legend, charts in a row, and a table below them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from rich.cells import cell_len
from rich.style import Style

from tui_batching.analysis.metrics import MetricInfo
from tui_batching.analysis.sweeps import Point, Sweep
from tui_batching.analysis.sweeps.sweep import HEADLINES
from tui_batching.charts.axis import LOG_FROM
from tui_batching.charts.palette import Palette
from tui_batching.charts.plot import ChartSpec, Line, Vertical, draw
from tui_batching.charts.rows import Cells, Row, style
from tui_batching.charts.sweep_table import table_rows, table_width
from tui_batching.strategies import mark_of
from tui_batching.workload.model import Workload

GLYPH = "┊"
"""What a saturation point is drawn with."""
_TITLES = {
    "avg_latency": ("mean latency", "s"),
    "p99_latency": ("p99 latency", "s"),
    "throughput": ("throughput", "tokens/s"),
}
_NARROWEST, _LOWEST = 34, 9
"""Columns and rows below which a chart is cramped."""
_GAP = 2


@dataclass(frozen=True, slots=True)
class SweepRequest:
    """What a picture of a sweep is drawn for.

    Attributes:
        sweep: what is drawn.
        now: the workload whose present value is marked, or None.
        width: in cells.
        height: in rows.
        palette: the colours.
    """

    sweep: Sweep
    now: Workload | None
    width: int
    height: int
    palette: Palette

    def look(self, name: str) -> Style:
        """The look of a strategy's mark."""
        return style(self.palette.strategy(name), self.palette.surface, bold=True)


@dataclass(frozen=True, slots=True)
class ValueAxis:
    """The x axis that the charts of a picture share.

    Attributes:
        label: what it is.
        limits: the lowest and the highest value shown.
        log: whether equal factors are equally far apart.
        ticks: None takes round values.
        verticals: the upright lines on it.
    """

    label: str
    limits: tuple[float, float]
    log: bool
    ticks: tuple[float, ...] | None
    verticals: tuple[Vertical, ...]


def charts_and_table(request: SweepRequest, legend: Cells, axis: ValueAxis) -> list[Cells]:
    """The whole picture: as many charts as fit without being cramped, and the table if it fits."""
    width, height = request.width, request.height - 1
    if height < 4 or width < 8:
        return _filled([legend], request)
    in_a_row = max(1, min(3, (width + _GAP) // (_NARROWEST + _GAP)))
    table = table_rows(request.sweep, request.now, width, request.palette)
    if table_width(request.sweep) > width or height - len(table) - 1 < _LOWEST + 3:
        table = []
    if in_a_row == 2 and height >= 2 * _LOWEST + 2:  # the third chart gets a row of its own
        below = height // 2
        rows = _beside(request, HEADLINES[:2], height - below, axis)
        return _filled([legend, *rows, *_beside(request, HEADLINES[2:], below, axis)], request)
    room = height - (len(table) + 1 if table else 0)
    rows = _beside(request, HEADLINES[-in_a_row:] if in_a_row > 1 else HEADLINES[1:2], room, axis)
    blank = [Row(width, style(None, request.palette.surface)).cells()] if table else []
    return _filled([legend, *rows, *blank, *table], request)


def strategy_lines(
    sweep: Sweep, x: Callable[[Point], float], y: Callable[[Point], float], palette: Palette
) -> tuple[Line, ...]:
    """A line a strategy through its points, in the order of their values."""
    return tuple(
        Line(
            name=name,
            x=np.array([x(point) for point in sweep.curve(name)], np.float64),
            y=np.array([y(point) for point in sweep.curve(name)], np.float64),
            colour=palette.strategy(name),
            mark=mark_of(name),
            points=True,
        )
        for name in sweep.strategies
    )


def needs_log(values: Sequence[float]) -> bool:
    """Whether a linear axis would press the small ones of these values together."""
    return min(values) > 0 and max(values) > LOG_FROM * min(values)


def value_range(values: Sequence[float]) -> tuple[float, float] | None:
    """The limits of an axis: from zero on where it is linear, else over all values."""
    return None if needs_log(values) else (0.0, max(values) * 1.05)


def legend_row(request: SweepRequest, *facts: Sequence[tuple[str, Style]]) -> Cells:
    """The marks of the strategies, then those facts, of several texts each, that fit."""
    palette = request.palette
    text = style(palette.text, palette.surface)
    row = Row(request.width, text).gap()
    for name in request.sweep.strategies:
        row.add(mark_of(name), request.look(name)).add(f" {name}  ", text)
    for fact in facts:
        if sum(cell_len(text) for text, _ in fact) <= row.left:
            for part, look in fact:
                row.add(part, look)
    return row.cells()


def _beside(
    request: SweepRequest, metrics: Sequence[MetricInfo], height: int, axis: ValueAxis
) -> list[Cells]:
    """A chart a metric, side by side over the whole width."""
    gap = Row(_GAP, style(None, request.palette.surface)).cells()
    each = (request.width - _GAP * (len(metrics) - 1)) // len(metrics)
    rows: list[Cells] = [[] for _ in range(height)]
    for number, metric in enumerate(metrics):
        width = each
        if number == len(metrics) - 1:
            width = request.width - number * (each + _GAP)
        chart = draw(_spec(request, metric, width, height, axis))
        rows = [
            [*row, *(gap if number else []), *cells] for row, cells in zip(rows, chart, strict=True)
        ]
    return rows


def _spec(
    request: SweepRequest, metric: MetricInfo, width: int, height: int, axis: ValueAxis
) -> ChartSpec:
    palette = request.palette
    figures = [point.metric(metric.name) for point in request.sweep.points]
    title, unit = _TITLES[metric.name]
    return ChartSpec(
        width=width,
        height=height,
        lines=strategy_lines(
            request.sweep,
            lambda point: point.value,
            lambda point: point.metric(metric.name),
            palette,
        ),
        text=palette.text,
        muted=palette.muted,
        title=f" {title}",
        y_label=f"{unit} · by {axis.label}",
        x_range=axis.limits,
        y_range=value_range(figures),
        verticals=axis.verticals,
        background=palette.surface,
        x_log=axis.log,
        y_log=needs_log(figures),
        x_ticks=axis.ticks,
        legend=False,
    )


def _filled(rows: list[Cells], request: SweepRequest) -> list[Cells]:
    """Exactly as many rows as there is room for."""
    blank = Row(request.width, style(None, request.palette.surface)).cells()
    return [*rows, *[blank] * (request.height - len(rows))][: request.height]
