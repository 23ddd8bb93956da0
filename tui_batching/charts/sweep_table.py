"""The figures of a sweep as a table: a row a value, three columns a strategy."""

from __future__ import annotations

from tui_batching.analysis.metric_table import METRICS_BY_NAME, best_of, format_value
from tui_batching.analysis.sweeps import Kind, Sweep
from tui_batching.analysis.sweeps.wording import HEADLINES
from tui_batching.charts.chart import MARKS
from tui_batching.charts.palette import Palette
from tui_batching.charts.rows import Cells, Row, style
from tui_batching.clock import format_duration
from tui_batching.workload.model import Workload

_LABEL, _COLUMN = 12, 9
_BEST = "★"
_HEADS = {"avg_latency": "mean", "p99_latency": "p99", "throughput": "tokens/s"}


def table_width(sweep: Sweep) -> int:
    """The cells that the table needs."""
    return _LABEL + len(sweep.strategies) * len(HEADLINES) * (_COLUMN + 1) + 1


def table_rows(sweep: Sweep, now: Workload | None, width: int, palette: Palette) -> list[Cells]:
    """Two rows of headings and a row a value, then the saturation points where there are any.

    The best figure of each kind in a row is marked, and so is the present value's row.
    """
    rows = [_names(sweep, width, palette), _heads(sweep, width, palette)]
    rows += [_figures(sweep, value, now, width, palette) for value in sweep.values]
    if sweep.saturation:
        rows.append(_saturation(sweep, width, palette))
    return rows


def tick_text(kind: Kind, value: float) -> str:
    """A value in as few letters as possible: `3.33/s`, `16`, `500 ms`."""
    if kind == "load":
        return f"{value:.3g}/s"
    return f"{value:.0f}" if kind == "batch-size" else format_duration(int(value))


def is_present(sweep: Sweep, value: float, now: Workload) -> bool:
    """Whether a workload has this value of what is varied, with each of its strategies."""
    if sweep.kind == "load":
        return value == now.source.rate
    sizes = {strategy.slots for strategy in now.strategies}
    return sweep.kind == "batch-size" and sizes == {int(value)}


def _names(sweep: Sweep, width: int, palette: Palette) -> Cells:
    row = Row(width, style(palette.text, palette.surface)).gap(_LABEL)
    for name in sweep.strategies:
        look = style(palette.strategy(name), palette.surface, bold=True)
        title = f"{MARKS[name]} {name}"
        row.add(f"{title:>{len(HEADLINES) * (_COLUMN + 1) - 1}} ", look)
    return row.cells()


def _heads(sweep: Sweep, width: int, palette: Palette) -> Cells:
    muted = style(palette.muted, palette.surface)
    row = Row(width, muted).gap(_LABEL)
    for _ in sweep.strategies:
        for metric in HEADLINES:
            row.add(f"{_HEADS[metric.name]:>{_COLUMN}} ", muted)
    return row.cells()


def _figures(
    sweep: Sweep, value: float, now: Workload | None, width: int, palette: Palette
) -> Cells:
    text, muted = (style(colour, palette.surface) for colour in (palette.text, palette.muted))
    strong = style(palette.text, palette.surface, bold=True)
    points = sweep.row(value)
    best = {
        metric.name: best_of(metric, [point.metrics[metric.name] for point in points.values()])
        for metric in HEADLINES
    }
    here = now is not None and is_present(sweep, value, now)
    row = Row(width, text)
    label = f"{'▸ ' if here else ''}{tick_text(sweep.kind, value)}"
    row.add(f"{label:>{_LABEL - 1}} ", strong if here else muted)
    for number, point in enumerate(points.values()):
        for metric in HEADLINES:
            wins = best[metric.name][number]
            figure = format_value(metric, point.metrics[metric.name])
            look = strong if wins else text
            row.add(f"{figure:>{_COLUMN}}{_BEST if wins else ' '}", look)
    return row.cells()


def _saturation(sweep: Sweep, width: int, palette: Palette) -> Cells:
    text, muted = (style(colour, palette.surface) for colour in (palette.text, palette.muted))
    row = Row(width, text).add(f"{'saturated':>{_LABEL - 1}} ", muted)
    for name in sweep.strategies:
        figure = format_value(METRICS_BY_NAME["request_throughput"], sweep.saturation[name])
        row.add(f"{figure + '/s':>{len(HEADLINES) * (_COLUMN + 1) - 1}} ", text)
    return row.cells()
