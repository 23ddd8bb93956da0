"""One metric of a sweep as a chart: a line a strategy, and the limit of the service level."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tui_batching.analysis.metrics import MetricInfo
from tui_batching.analysis.sweeps import Point, Sweep
from tui_batching.analysis.sweeps.shown import limit_of
from tui_batching.analysis.sweeps.varied import exported
from tui_batching.charts.axis import LOG_FROM, Axis
from tui_batching.charts.palette import Palette
from tui_batching.charts.plot import ChartSpec, Level, Line, Vertical
from tui_batching.clock import format_duration, to_seconds
from tui_batching.strategies import mark_of

_UNITS = {"throughput": "tokens/s", "s": "s", "1/s": "requests/s", "share": "%", "count": ""}
"""Of a metric, or of all others that are counted so."""
_MARGIN = 4
"""Cells for the usual numbers of the y axis."""
_MOST_TICKS = 10
_FAR = 2
"""A limit that is so many times above all values is told, and not drawn."""


@dataclass(frozen=True, slots=True)
class ValueAxis:
    """The x axis that the line charts of a sweep share.

    Attributes:
        label: what it is, at its right end; empty where the legend tells it.
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

    def ticks_over(self, cells: int) -> tuple[float, ...]:
        """Those given, or as many round values as there can be, but few, where it is so long."""
        if self.ticks is not None:
            return self.ticks
        made = Axis.log_over if self.log else Axis.over
        most = max(3, min(_MOST_TICKS, cells // 4))
        fewer = [made(self.limits, count) for count in range(most, 1, -1)]
        apart = (axis.ticks for axis in fewer if axis == axis.without_crowded(cells - _MARGIN, 0))
        return next(apart, fewer[-1].ticks)


def metric_spec(
    sweep: Sweep, metric: MetricInfo, size: tuple[int, int], axis: ValueAxis, palette: Palette
) -> ChartSpec:
    """The chart of one metric, with the limit of the service level where there is one.

    Args:
        sweep: whose points it has.
        metric: what is drawn.
        size: in cells and rows.
        axis: what it is drawn against.
        palette: the colours.
    """
    known = [each for point in sweep.points if not np.isnan(each := _figure(metric, point))]
    limit = limit_of(metric, sweep.workload.slo)
    level = None if limit is None else to_seconds(limit)
    title = metric.title if limit is None else f"{metric.title} (SLO {format_duration(limit)})"
    log = bool(known) and needs_log(known)
    y_range = value_range(known, level)
    shown = level is not None and level <= y_range[1]
    lines = strategy_lines(
        sweep,
        lambda point: exported(sweep.kind, point.value),
        lambda point: _figure(metric, point),
        palette,
    )
    return ChartSpec(
        width=size[0],
        height=size[1],
        lines=lines,
        text=palette.text,
        muted=palette.muted,
        title=f" {title}",
        x_label=axis.label,
        y_label=_y_label(metric, log=log),
        x_range=axis.limits,
        y_range=y_range,
        verticals=axis.verticals,
        levels=(Level(level, palette.playhead, "SLO"),) if shown and level else (),
        background=palette.surface,
        empty="nobody has any",
        x_log=axis.log,
        y_log=log,
        x_ticks=axis.ticks_over(size[0]),
        legend=False,
    )


def _y_label(metric: MetricInfo, *, log: bool) -> str:
    """The unit, and whether the axis is logarithmic."""
    unit = _UNITS.get(metric.name, _UNITS[metric.unit])
    return ", ".join(filter(None, (unit, "log" if log else "")))


def _figure(metric: MetricInfo, point: Point) -> float:
    """A figure as its chart has it, shares in per cent; NaN where it is not defined."""
    value = point.metrics[metric.name]
    if value is None:
        return np.nan
    return 100 * value if metric.unit == "share" else value


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


def value_range(values: Sequence[float], level: float | None = None) -> tuple[float, float]:
    """The limits of an axis: from zero on where it is linear, else over all values.

    A level is within them unless all values are far below it.
    """
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    if level is not None and level <= _FAR * high:
        low, high = min(low, level), max(high, level)
    return (low / 1.2, high * 1.2) if needs_log(values) else (0.0, high * 1.05 or 1.0)
