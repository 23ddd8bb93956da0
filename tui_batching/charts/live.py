"""The two charts of the live view."""

from __future__ import annotations

import numpy as np

from tui_batching.analysis.scene import Scene
from tui_batching.charts.chart import Chart, ChartRequest
from tui_batching.charts.plot import ChartSpec, Line, Vertical
from tui_batching.clock import SECOND, Picoseconds
from tui_batching.columns import FloatArray
from tui_batching.strategies import mark_of


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


UTILIZATION = Chart(_utilization_spec, _playhead_cell)
LATENCY = Chart(_latency_spec, _done)
