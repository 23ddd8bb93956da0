"""Throughput against p99 latency, one point a load: what each strategy lets one choose from."""

from __future__ import annotations

from tui_batching.analysis.sweeps import Sweep
from tui_batching.charts.plot import ChartSpec, Label, draw
from tui_batching.charts.rows import Cells, Row, style
from tui_batching.charts.sweep_picture import (
    SweepRequest,
    legend_row,
    needs_log,
    strategy_lines,
    value_range,
)
from tui_batching.charts.sweep_table import table_rows, table_width

IDEAL = "ideal: fast and much ◢"
_FROM_HEIGHT = 30
"""Rows from which on there is room for the table."""


def frontier_picture(request: SweepRequest) -> list[Cells]:
    """The frontier of each strategy in a sweep over loads, at exactly the size asked for."""
    muted = style(request.palette.muted, request.palette.surface)
    legend = legend_row(request, [(" numbers: requests per second offered", muted)])
    table: list[Cells] = []
    if request.height >= _FROM_HEIGHT and table_width(request.sweep) <= request.width:
        table = [
            Row(request.width, muted).cells(),
            *table_rows(request.sweep, request.now, request.width, request.palette),
        ]
    chart = draw(_spec(request, max(0, request.height - 1 - len(table))))
    return [legend, *chart, *table][: request.height]


def _spec(request: SweepRequest, height: int) -> ChartSpec:
    sweep, palette = request.sweep, request.palette
    rates = [point.metric("throughput") for point in sweep.points]
    latencies = [point.metric("p99_latency") for point in sweep.points]
    y_range = value_range(latencies) or (min(latencies) / 1.2, max(latencies) * 1.2)
    x_range = (min(rates) / 1.1, max(rates) * 1.1)
    corner = Label(x_range[1], y_range[0], IDEAL, palette.text)
    return ChartSpec(
        width=request.width,
        height=height,
        lines=strategy_lines(
            sweep,
            lambda point: point.metric("throughput"),
            lambda point: point.metric("p99_latency"),
            palette,
        ),
        text=palette.text,
        muted=palette.muted,
        title=" p99 latency",
        y_label="s",
        x_label="tokens/s",
        x_range=x_range,
        y_range=y_range,
        background=palette.surface,
        x_log=needs_log(rates),
        y_log=needs_log(latencies),
        labels=(corner, *_labels(sweep, request)),
        legend=False,
    )


def _labels(sweep: Sweep, request: SweepRequest) -> list[Label]:
    """The load of each point, the highest and the lowest of each strategy first."""
    ends_first = sorted(range(len(sweep.values)), key=lambda n: min(n, len(sweep.values) - 1 - n))
    labels: dict[tuple[float, float], Label] = {}  # one where strategies coincide
    for number in ends_first:
        for name in reversed(sweep.strategies):
            for point in sweep.curve(name)[number : number + 1]:
                x, y = point.metric("throughput"), point.metric("p99_latency")
                colour = request.palette.strategy(name)
                labels.setdefault((x, y), Label(x, y, f"{point.value:.3g}", colour))
    return list(labels.values())
