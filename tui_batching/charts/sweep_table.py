"""The figures of a sweep as a table: a row a value, a column a metric for each strategy."""

from __future__ import annotations

from collections.abc import Sequence

from tui_batching.analysis.metrics import MetricInfo
from tui_batching.analysis.sweeps import Kind, Sweep
from tui_batching.analysis.sweeps.varied import (
    LOAD,
    is_duration,
    number_text,
    present_values,
)
from tui_batching.analysis.tables import BEST, SATURATION, Cell, Table, sweep_table
from tui_batching.charts.palette import Palette
from tui_batching.charts.rows import Cells, Row, style, wrapped
from tui_batching.clock import format_duration
from tui_batching.numbers import rate_text
from tui_batching.strategies import mark_of
from tui_batching.workload.model import Workload

_LABEL, _COLUMN = 12, 9
_HEADS = {
    "slo_attainment": "attained",
    "throughput": "tokens/s",
    "request_throughput": "req/s",
    "prefix_hit_rate": "found",
}
"""What stands over the columns of metrics that are not called by what `--metrics` takes."""


def _head(metric: MetricInfo) -> str:
    return _HEADS.get(metric.name, metric.called)


def _column(sweep: Sweep) -> int:
    """How wide the columns are."""
    return max(_COLUMN, *(len(_head(metric)) for metric in sweep.shown))


def _group(sweep: Sweep) -> int:
    """How wide the columns of a strategy are together."""
    return len(sweep.shown) * (_column(sweep) + 1)


def table_width(sweep: Sweep) -> int:
    """The cells that the table needs."""
    return _LABEL + len(sweep.strategies) * _group(sweep) + 1


def table_rows(sweep: Sweep, now: Workload | None, width: int, palette: Palette) -> list[Cells]:
    """Two rows of headings and a row a value, then the saturation points where there are any.

    Below stands what lanes ignore.

    The best figure of each kind in a row is marked, and so is the present value's row.
    """
    table = sweep_table(sweep)
    rows = [_names(sweep, width, palette), _heads(sweep, width, palette)]
    for number, value in enumerate(sweep.values):
        here = now is not None and is_present(sweep, value, now)
        label = f"{'▸ ' if here else ''}{tick_text(sweep.kind, value)}"
        figures = [group.rows[number].cells for group in table.groups[: len(sweep.shown)]]
        rows.append(_figures(label, figures, _column(sweep), width, palette, here=here))
    if table.groups[-1].title == SATURATION:
        rows.append(_saturation(table, _group(sweep), width, palette))
    muted = style(palette.muted, palette.surface)
    notes = wrapped(table.note, max(20, width - 2)) if table.note else []
    return rows + [Row(width, muted).gap().add(line, muted).cells() for line in notes]


def tick_text(kind: Kind, value: float) -> str:
    """A value in as few letters as possible: `3.33/s`, `16`, `500 ms`."""
    if kind == LOAD:
        return rate_text(value)
    return format_duration(int(value)) if is_duration(kind) else number_text(kind, value)


def is_present(sweep: Sweep, value: float, now: Workload) -> bool:
    """Whether a workload has this value of what is varied, with each of its strategies."""
    if sweep.kind == LOAD:
        return value == now.source.rate
    names = sweep.strategies
    return set(present_values(now, sweep.kind, names).values()) == {value}


def _names(sweep: Sweep, width: int, palette: Palette) -> Cells:
    row = Row(width, style(palette.text, palette.surface)).gap(_LABEL)
    for name in sweep.strategies:
        look = style(palette.strategy(name), palette.surface, bold=True)
        title = f"{mark_of(name)} {name}"
        row.add(f"{title:>{_group(sweep) - 1}} ", look)
    return row.cells()


def _heads(sweep: Sweep, width: int, palette: Palette) -> Cells:
    muted = style(palette.muted, palette.surface)
    row = Row(width, muted).gap(_LABEL)
    for _ in sweep.strategies:
        for metric in sweep.shown:
            row.add(f"{_head(metric):>{_column(sweep)}} ", muted)
    return row.cells()


def _figures(  # noqa: PLR0913 - a row, and how it is laid out
    label: str,
    figures: Sequence[Sequence[Cell]],
    column: int,
    width: int,
    palette: Palette,
    *,
    here: bool,
) -> Cells:
    text, muted = (style(colour, palette.surface) for colour in (palette.text, palette.muted))
    strong = style(palette.text, palette.surface, bold=True)
    row = Row(width, text).add(f"{label:>{_LABEL - 1}} ", strong if here else muted)
    for cells in zip(*figures, strict=True):
        for cell in cells:
            mark = BEST if cell.best else " "
            row.add(f"{cell.text:>{column}}{mark}", strong if cell.best else text)
    return row.cells()


def _saturation(table: Table, group: int, width: int, palette: Palette) -> Cells:
    text, muted = (style(colour, palette.surface) for colour in (palette.text, palette.muted))
    row = Row(width, text).add(f"{'saturated':>{_LABEL - 1}} ", muted)
    for cell in table.groups[-1].rows[0].cells:
        row.add(f"{cell.text + '/s':>{group - 1}} ", text)
    return row.cells()
