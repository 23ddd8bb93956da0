"""What is drawn of a sweep: charts over the load or a parameter, and the frontier of loads.

Each is a row of legend, line charts, and below them the table of the sweep if there is room for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

import numpy as np
from rich.cells import cell_len
from rich.style import Style

from tui_batching.analysis.cache_use import WITHOUT
from tui_batching.analysis.metrics import MetricInfo
from tui_batching.analysis.sweeps import Sweep
from tui_batching.analysis.sweeps.varied import (
    BATCH_SIZE,
    LOAD,
    any_parameter,
    axis_text,
    exported,
    present_values,
)
from tui_batching.analysis.tables import sweep_table
from tui_batching.charts.palette import Palette
from tui_batching.charts.parameter_rows import parameter_rows
from tui_batching.charts.pen import Pen
from tui_batching.charts.plot import ChartSpec, Label, Vertical, draw
from tui_batching.charts.rows import Cells, Row, style, wrapped
from tui_batching.charts.sweep_metric import (
    ValueAxis,
    metric_spec,
    needs_log,
    strategy_lines,
    value_range,
)
from tui_batching.charts.sweep_table import table_rows, table_width, tick_text
from tui_batching.numbers import significant
from tui_batching.strategies import mark_of
from tui_batching.workload.model import Workload

IDEAL = "ideal: fast and much ◢"
_FROM_HEIGHT = 30
"""Rows from which on there is room for the table."""
_SATURATION = "┊"
"""What a saturation point is drawn with."""
_MARKED = 3
"""Rows of a mark at the upper edge of a chart: of what is there now, where a line would hide."""
_CLEAR = 25
"""Of the width of a chart, the share by which two upright lines are apart if both are whole."""
_NARROWEST, _LOWEST = 34, 9
"""Columns and rows below which a chart is cramped."""
_GAP, _APART = 2, 3
_BLIND = "ignores memory"
_MARK_CLAUSES = (_BLIND, "ignore memory", WITHOUT)
"""The mark of a lane that runs as if memory had no end, and what notes say of several."""
_LOW = 14
"""Rows below which there is no room above the charts but for one."""


_Fact: TypeAlias = Sequence[tuple[str, Style]]
"""What stands beside the strategies: pieces of text, each with its look."""


@dataclass(frozen=True, slots=True)
class SweepRequest:
    """What a chart of a sweep is drawn for.

    Attributes:
        sweep: what is drawn.
        now: the workload whose present value is marked, or None.
        width: in cells.
        height: in rows.
        palette: the colours.
        has_table: whether the figures stand below the charts, if there is room.
    """

    sweep: Sweep
    now: Workload | None
    width: int
    height: int
    palette: Palette
    has_table: bool = True

    def look(self, name: str) -> Style:
        """The look of a strategy's mark."""
        return style(self.palette.strategy(name), self.palette.surface, bold=True)


def load_chart(request: SweepRequest) -> list[Cells]:
    """What is shown of a sweep over loads, at exactly the size asked for."""
    values = request.sweep.values
    points = (*values, *request.sweep.saturation.values())
    log = needs_log(points)
    limits = (min(points) / 1.1, max(points) * 1.1) if log else (0.0, max(points) * 1.03)
    verticals = (*_present_load(request, limits), *_saturations(request))
    axis = ValueAxis("req/s", limits, log, None, verticals)
    return _charts_and_table(request, _head(request, *_load_facts(request)), axis)


def _together(sweep: Sweep) -> list[tuple[float, list[str]]]:
    """The saturation points, ascending, each with the strategies that have it."""
    ordered = sorted(sweep.strategies, key=lambda name: sweep.saturation[name])
    groups = groupby(ordered, key=lambda name: sweep.saturation[name])
    return [(load, list(names)) for load, names in groups]


def _saturations(request: SweepRequest) -> list[Vertical]:
    """The saturation points, in words where there is but one strategy, else with their marks."""
    palette, alone = request.palette, len(request.sweep.strategies) == 1
    return [
        Vertical(
            x=load,
            colour=palette.strategy(names[0]) if len(names) == 1 else palette.text,
            label=f"serves at most {tick_text(LOAD, load)}" if alone else _marks(names),
            glyph=_SATURATION,
        )
        for load, names in _together(request.sweep)
    ]


def _marks(names: Iterable[str]) -> str:
    return "".join(mark_of(name) for name in names)


def _present_load(request: SweepRequest, limits: tuple[float, float]) -> list[Vertical]:
    """The workload's own load, at the border if it is beyond; it hides no saturation point."""
    rate = request.now.source.rate if request.now is not None else None
    if rate is None:
        return []
    lower, upper = limits
    label = "now" if lower <= rate <= upper else "← now" if rate < lower else "now →"
    clear = lower <= rate <= upper and not any(
        abs(load - rate) < (upper - lower) / _CLEAR for load, _ in _together(request.sweep)
    )
    rows = None if clear else _MARKED
    return [Vertical(min(max(rate, lower), upper), request.palette.playhead, label, rows=rows)]


def _load_facts(request: SweepRequest) -> list[list[tuple[str, Style]]]:
    """The saturation points, the present load, and that the queue ends with the requests."""
    palette, sweep = request.palette, request.sweep
    muted = style(palette.muted, palette.surface)
    facts: list[list[tuple[str, Style]]] = []
    if len(sweep.strategies) > 1:  # else the chart says it
        facts.append([(f"{_SATURATION} saturated at ", muted)])
        for number, (load, names) in enumerate(_together(sweep)):
            marks = [(mark_of(name), request.look(name)) for name in names]
            gap = [("  ", muted)] if number else []
            facts[0] += [*gap, *marks, (f" {tick_text(LOAD, load)}", muted)]
    rate = request.now.source.rate if request.now is not None else None
    if rate is not None:
        present = ("│ ", style(palette.playhead, palette.surface))
        facts.append([present, (f"now {tick_text(LOAD, rate)}", muted)])
    if sweep.exceeds and not sweep.is_short:
        last = f"{len(sweep.workload.requests):,}"
        facts.append([(f"beyond {_SATURATION} the queue grows until all {last} have come", muted)])
    return facts


def parameter_chart(request: SweepRequest) -> list[Cells]:
    """What is shown of a sweep over anything but loads, at exactly the size asked for."""
    sweep = request.sweep
    values = [exported(sweep.kind, value) for value in sweep.values]
    log = min(values) > 0
    limits = (min(values) / 1.1, max(values) * 1.4) if log else (0.0, max(values) * 1.05 or 1.0)
    axis = ValueAxis(
        label="",
        limits=limits,  # with room for the last tick
        log=log,
        ticks=tuple(values) if log else None,
        verticals=tuple(_present(request, limits)),
    )
    muted = style(request.palette.muted, request.palette.surface)
    present = [("│ ", style(request.palette.playhead, request.palette.surface)), ("now", muted)]
    by = [(f"by {axis_text(sweep.kind)}", muted)]
    facts = [by, *([present] if axis.verticals else [])]
    if sweep.kind == BATCH_SIZE or any_parameter(sweep.kind).is_called("batch_size"):
        facts.append([("a line ends where its slots are never all taken", muted)])
    return _charts_and_table(request, _head(request, *facts), axis)


def _present(request: SweepRequest, limits: tuple[float, float]) -> Iterator[Vertical]:
    """The present values, with the marks of the strategies that have each if they differ."""
    if request.now is None:
        return
    kind, names = request.sweep.kind, request.sweep.strategies
    shown = present_values(request.now, kind, names)
    present = sorted(set(shown.values()))
    for value in present:
        marks = _marks(name for name in shown if shown[name] == value)
        label = "now" if len(present) == 1 else marks
        found = exported(kind, value)
        x = min(max(found, limits[0]), limits[1])
        label = f"{label} →" if found > x else f"← {label}" if found < x else label
        yield Vertical(x, request.palette.playhead, label, rows=_MARKED)


def frontier_chart(request: SweepRequest) -> list[Cells]:
    """The frontier of each strategy in a sweep over loads, at exactly the size asked for."""
    muted = style(request.palette.muted, request.palette.surface)
    head = _head(request, [("numbers: requests per second offered", muted)])
    table: list[Cells] = []
    if request.height >= _FROM_HEIGHT and table_width(request.sweep) <= request.width:
        table = [
            Row(request.width, muted).cells(),
            *table_rows(request.sweep, request.now, request.width, request.palette),
        ]
    chart = draw(_frontier_spec(request, max(0, request.height - len(head) - len(table))))
    return [*head, *chart, *table][: request.height]


def _frontier_spec(request: SweepRequest, height: int) -> ChartSpec:
    sweep, palette = request.sweep, request.palette
    rates = [point.metric("throughput") for point in sweep.points]
    latencies = [point.metric("p99_latency") for point in sweep.points]
    y_range = value_range(latencies)
    x_range = (min(rates) / 1.1, max(rates) * 1.1)
    x_log, y_log = needs_log(rates), needs_log(latencies)
    across, up = _along(x_range, log=x_log), _along(y_range, log=y_log)
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
        x_log=x_log,
        y_log=y_log,
        labels=(corner, *_point_labels(request, across, up)),
        legend=False,
    )


def _point_labels(
    request: SweepRequest, across: Callable[[float], float], up: Callable[[float], float]
) -> list[Label]:
    """The loads of points, the highest and the lowest first, as far as one can tell whose they are.

    A point that lies within a twelfth of both axes of one with a label gets none.
    """
    sweep = request.sweep
    ends_first = sorted(range(len(sweep.values)), key=lambda n: min(n, len(sweep.values) - 1 - n))
    labels: list[Label] = []
    for number in ends_first:
        for name in reversed(sweep.strategies):
            for point in sweep.curve(name)[number : number + 1]:
                x, y = point.metric("throughput"), point.metric("p99_latency")
                colour = request.palette.strategy(name)
                apart = (
                    max(abs(across(x) - across(label.x)), abs(up(y) - up(label.y)))
                    for label in labels
                )
                if all(distance >= 1 / 12 for distance in apart):
                    labels.append(Label(x, y, significant(point.value), colour))
    return labels


def _along(limits: tuple[float, float], *, log: bool) -> Callable[[float], float]:
    """How far along an axis a value lies: from 0 at its beginning to 1 at its end."""
    scale = np.log if log else np.float64
    lower, upper = (float(scale(limit)) for limit in limits)
    return lambda value: (float(scale(value)) - lower) / (upper - lower)


def _charts_and_table(request: SweepRequest, head: Sequence[Cells], axis: ValueAxis) -> list[Cells]:
    """As many line charts as fit without being cramped, and the table if it fits."""
    width, height = request.width, request.height - len(head)
    table = table_rows(request.sweep, request.now, width, request.palette)
    fits = table_width(request.sweep) <= width and height - len(table) - 1 >= _LOWEST + 3
    table = table if request.has_table and fits else []
    room = height - (len(table) + 1 if table else 0)
    rows = list(head)
    several = list(_in_rows(request.sweep.shown, width, room))
    for number, metrics in enumerate(several):
        high = -(-room // (len(several) - number))
        rows += _beside(request, metrics, high, axis)
        room -= high
    blank = [Row(width, style(None, request.palette.surface)).cells()] if table else []
    return _filled([*rows, *blank, *table], request)


def _in_rows(
    metrics: Sequence[MetricInfo], width: int, height: int
) -> Iterator[Sequence[MetricInfo]]:
    """The metrics in rows of about as many charts as fit side by side; the last may be left out."""
    in_a_row = max(1, min(3, (width + _GAP) // (_NARROWEST + _GAP)))
    most = max(1, (height + 1) // (_LOWEST + 1))
    rows = min(most, -(-len(metrics) // in_a_row))
    each = -(-min(len(metrics), rows * in_a_row) // rows)
    for first in range(0, min(len(metrics), rows * each), each):
        yield metrics[first : first + each]


def _head(request: SweepRequest, *facts: _Fact) -> list[Cells]:
    """The strategies with what does not vary of them, facts, and notes.

    Where it is low, the first row is all, with the facts that fit.
    """
    sweep, pen = request.sweep, Pen(request.width, request.palette)
    told = {name: _with_mark(sweep, name) for name in sweep.strategies}
    if request.height < _LOW:
        [row] = parameter_rows(told, pen, 1)
        return [_with_facts(row, facts).cells()]
    rows = parameter_rows(told, pen, request.height // 6)
    drawn = "".join(segment.text for row in rows for segment in row.cells())
    marked = any(mark in drawn for mark in (_BLIND, WITHOUT))
    clauses = (clause.partition(":")[0] for clause in sweep_table(sweep).note.split("; "))
    unlike = (each for each in clauses if not (marked and each.endswith(_MARK_CLAUSES)))
    note = " · ".join(filter(None, (*sweep.short_notes, *unlike)))
    if _cells_of(facts) > rows[-1].left:
        rows.append(pen.row())
    _with_facts(rows[-1], facts)
    if note and _cells_of([[(note, pen.muted)]]) <= rows[-1].left:
        _with_facts(rows[-1], [[(note, pen.muted)]])
        note = ""
    rows += [pen.row().gap().add(line, pen.muted) for line in wrapped(note, max(20, pen.width - 2))]
    return [row.cells() for row in rows]


def _with_mark(sweep: Sweep, name: str) -> tuple[tuple[str, ...], ...]:
    """The wordings of a strategy, and that it ignores memory, or what prompts share."""
    marks = [_BLIND] * (name in sweep.ignoring) + [WITHOUT] * (name in sweep.without_cache)
    return tuple((*words, *marks) for words in sweep.wordings(name))


def _cells_of(facts: Iterable[_Fact]) -> int:
    """What facts take with the gaps before them."""
    return sum(_APART + sum(cell_len(text) for text, _ in fact) for fact in facts)


def _with_facts(row: Row, facts: Iterable[_Fact]) -> Row:
    """The row with those facts behind what is in it that fit."""
    for fact in facts:
        if _cells_of([fact]) <= row.left:
            row.gap(_APART if row.left < row.width else 1)
            for text, look in fact:
                row.add(text, look)
    return row


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
        chart = draw(metric_spec(request.sweep, metric, (width, height), axis, request.palette))
        rows = [
            [*row, *(gap if number else []), *cells] for row, cells in zip(rows, chart, strict=True)
        ]
    return rows


def _filled(rows: list[Cells], request: SweepRequest) -> list[Cells]:
    """Exactly as many rows as there is room for."""
    blank = Row(request.width, style(None, request.palette.surface)).cells()
    return [*rows, *[blank] * (request.height - len(rows))][: request.height]
