"""Latency and throughput against the offered load, with each strategy's saturation point."""

from __future__ import annotations

from itertools import groupby

from rich.style import Style

from tui_batching.analysis.sweeps import Sweep
from tui_batching.charts.plot import Vertical
from tui_batching.charts.rows import Cells, style
from tui_batching.charts.sweep_picture import (
    GLYPH,
    SweepRequest,
    ValueAxis,
    charts_and_table,
    legend_row,
    needs_log,
)
from tui_batching.charts.sweep_table import tick_text
from tui_batching.strategies import mark_of


def load_picture(request: SweepRequest) -> list[Cells]:
    """Mean latency, p99 latency and throughput of a sweep over loads, at exactly the size."""
    values = request.sweep.values
    points = (*values, *request.sweep.saturation.values())
    log = needs_log(points)
    limits = (min(points) / 1.1, max(points) * 1.1) if log else (0.0, max(points) * 1.03)
    verticals = (*_saturations(request), *_present(request, limits))
    axis = ValueAxis("requests/s", limits, log, None, verticals)
    return charts_and_table(request, legend_row(request, *_facts(request)), axis)


def together(sweep: Sweep) -> list[tuple[float, list[str]]]:
    """The saturation points, ascending, each with the strategies that have it."""
    ordered = sorted(sweep.strategies, key=lambda name: sweep.saturation[name])
    groups = groupby(ordered, key=lambda name: sweep.saturation[name])
    return [(load, list(names)) for load, names in groups]


def _saturations(request: SweepRequest) -> list[Vertical]:
    palette = request.palette
    return [
        Vertical(
            x=load,
            colour=palette.strategy(names[0]) if len(names) == 1 else palette.text,
            label="".join(mark_of(name) for name in names),
            glyph=GLYPH,
        )
        for load, names in together(request.sweep)
    ]


def _present(request: SweepRequest, limits: tuple[float, float]) -> list[Vertical]:
    """The workload's own load; at the border if it is beyond."""
    rate = request.now.source.rate if request.now is not None else None
    if rate is None:
        return []
    lower, upper = limits
    label = "now" if lower <= rate <= upper else "← now" if rate < lower else "now →"
    return [Vertical(min(max(rate, lower), upper), request.palette.playhead, label)]


def _facts(request: SweepRequest) -> list[list[tuple[str, Style]]]:
    """The saturation points, and the present load."""
    palette = request.palette
    muted = style(palette.muted, palette.surface)
    saturated = [(f" {GLYPH} saturated at ", muted)]
    for load, names in together(request.sweep):
        saturated += [(mark_of(name), request.look(name)) for name in names]
        saturated += [(f" {tick_text('load', load)}  ", muted)]
    rate = request.now.source.rate if request.now is not None else None
    if rate is None:
        return [saturated]
    present = [(" │ ", style(palette.playhead, palette.surface))]
    return [saturated, [*present, (f"now {tick_text('load', rate)}", muted)]]
