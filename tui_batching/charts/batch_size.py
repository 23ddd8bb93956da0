"""Latency and throughput against the batch size."""

from __future__ import annotations

from collections.abc import Iterator

from tui_batching.charts.plot import Vertical
from tui_batching.charts.rows import Cells, style
from tui_batching.charts.sweep_picture import SweepRequest, ValueAxis, charts_and_table, legend_row
from tui_batching.strategies import mark_of


def batch_size_picture(request: SweepRequest) -> list[Cells]:
    """Mean latency, p99 latency and throughput of a sweep over batch sizes, at exactly the size."""
    sizes = request.sweep.values
    limits = (min(sizes) / 1.1, max(sizes) * 1.4)  # room for the last tick
    axis = ValueAxis(
        label="batch size",
        limits=limits,
        log=True,
        ticks=sizes,
        verticals=tuple(_present(request, limits)),
    )
    muted = style(request.palette.muted, request.palette.surface)
    present = [(" │ ", style(request.palette.playhead, request.palette.surface)), ("now", muted)]
    ends = [("   a line ends where its slots are never all taken", muted)]
    return charts_and_table(request, legend_row(request, present, ends), axis)


def _present(request: SweepRequest, limits: tuple[float, float]) -> Iterator[Vertical]:
    """The present batch sizes, with the marks of the strategies that have each if they differ."""
    if request.now is None:
        return
    shown = [each for each in request.now.strategies if each.name in request.sweep.strategies]
    present = sorted({strategy.slots for strategy in shown})
    for size in present:
        marks = "".join(mark_of(each.name) for each in shown if each.slots == size)
        label = "now" if len(present) == 1 else marks
        x = min(max(size, limits[0]), limits[1])
        yield Vertical(x, request.palette.playhead, f"{label} →" if size > x else label)
