"""What Runs and figures offer to whoever works in Python: columns, data frames and pictures.

They know nothing of what is above them. What is needed here is loaded when it is called for.
"""

from __future__ import annotations

import io
from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from tui_batching.clock import SECOND, format_duration
from tui_batching.numbers import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    import polars as pl

    from tui_batching.analysis.capacity import Capacities
    from tui_batching.analysis.comparison import Comparison
    from tui_batching.analysis.scene import Scene
    from tui_batching.analysis.sweeps import Sweep
    from tui_batching.analysis.tables import Table
    from tui_batching.clock import Picoseconds
    from tui_batching.columns import FloatArray, IntArray
    from tui_batching.sim.run import Run

_THEME = "light"
_WIDTH = 110
_ROWS = 30
"""The most rows of requests or slots in a picture."""
_AROUND = 4
"""Rows of a picture above and below those."""
_PRE = """\
<pre style="display: inline-block; padding: 0.5em; line-height: normal; white-space: pre; \
overflow-x: auto; font-family: Menlo, 'DejaVu Sans Mono', Consolas, monospace; \
color: {foreground}; background: {background}">{code}</pre>
"""


Columns: TypeAlias = "dict[str, IntArray | FloatArray]"
Rows: TypeAlias = "list[dict[str, Any]]"


def table(run: Run) -> Columns:
    """A row a request; see `Run.table`."""
    from tui_batching.analysis.request_columns import in_seconds, request_columns  # noqa: PLC0415

    return {name: in_seconds(name, column) for name, column in request_columns(run).items()}


def comparison_rows(comparison: Comparison) -> Rows:
    """A row a strategy; see `Comparison.to_pandas`."""
    from tui_batching.export import json_and_csv  # noqa: PLC0415

    return json_and_csv.comparison_rows(comparison)


def sweep_rows(sweep: Sweep) -> Rows:
    """A row a point; see `Sweep.to_pandas`."""
    from tui_batching.export import json_and_csv  # noqa: PLC0415

    return json_and_csv.sweep_rows(sweep)


def capacity_rows(found: Capacities) -> Rows:
    """A row a strategy; see `Capacities.to_pandas`."""
    from tui_batching.export import json_and_csv  # noqa: PLC0415

    return json_and_csv.capacity_rows(found)


def to_pandas(data: Columns | Rows) -> pd.DataFrame:
    """Columns or rows as a data frame of pandas.

    Raises:
        ImportError: if pandas is not installed.
    """
    frame: pd.DataFrame = _package("pandas").DataFrame(data)
    return frame


def to_polars(data: Columns | Rows) -> pl.DataFrame:
    """Columns or rows as a data frame of Polars.

    Raises:
        ImportError: if Polars is not installed.
    """
    frame: pl.DataFrame = _package("polars").DataFrame(data, infer_schema_length=None)
    return frame


def _package(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(f"to_{name} needs the package {name}: pip install {name}") from error


def comparison_figures(comparison: Comparison) -> str:
    """The table of a comparison as HTML."""
    from tui_batching.analysis.tables import comparison_table  # noqa: PLC0415

    return _html(comparison_table(comparison))


def sweep_figures(sweep: Sweep) -> str:
    """The table of a sweep as HTML."""
    from tui_batching.analysis.tables import sweep_table  # noqa: PLC0415

    return _html(sweep_table(sweep), *sweep.notes)


def capacity_figures(found: Capacities) -> str:
    """The table of what is sustained as HTML."""
    from tui_batching.analysis.capacity_table import capacity_table  # noqa: PLC0415

    return _html(capacity_table(found), *found.notes)


def parts_text(of: object, requests: int, parts: Mapping[str, float], whole: float) -> str:
    """Where the time went on average, in a line, from parts in seconds and what they sum to."""
    told = ", ".join(f"{name} {_duration(part)}" for name, part in parts.items() if part)
    mean = f"{counted(requests, 'request')}, mean {_duration(whole)}"
    return f"{type(of).__name__}({mean}{': ' if told else ''}{told})"


def parts_figures(requests: int, parts: Mapping[str, float], whole: float) -> str:
    """The same as an HTML table."""
    there = {name: part for name, part in parts.items() if part}
    lines = [_line("td", name, _duration(part)) for name, part in there.items()]
    head = _line("th", counted(requests, "request"), "mean")
    last = _line("td", "sum", _duration(whole))
    return f"<table>{head}{''.join(lines)}{last}</table>"


def _duration(seconds: float) -> str:
    return format_duration(round(seconds * SECOND))


def _html(told: Table, *notes: str) -> str:
    lines = [_line("th", "", *told.strategies)]
    for group in told.groups:
        lines.append(_line("th", group.title, *("" for _ in told.strategies)))
        lines += (
            _line("td", row.label, *(f"{cell.text} {cell.note}".strip() for cell in row.cells))
            for row in group.rows
        )
    below = (f"<p>{escape(note)}</p>" for note in (told.note, *notes) if note)
    return f"<table>{''.join(lines)}</table>{''.join(below)}"


def _line(kind: str, label: str, *cells: str) -> str:
    """A row of an HTML table; the label stands at the left, figures at the right."""
    figures = "".join(
        f'<{kind} style="text-align: right">{escape(cell)}</{kind}>' for cell in cells
    )
    return f'<tr><{kind} style="text-align: left">{escape(label)}</{kind}>{figures}</tr>'


def picture(run: Run) -> str:
    """The Gantt chart of a Run as HTML; of a long one, the stretch in which the most run."""
    from rich.console import Console  # noqa: PLC0415
    from rich.segment import Segment, Segments  # noqa: PLC0415
    from rich.terminal_theme import TerminalTheme  # noqa: PLC0415

    from tui_batching.charts.chart import ChartRequest, Viewport  # noqa: PLC0415
    from tui_batching.charts.gantt import Gantt  # noqa: PLC0415
    from tui_batching.charts.palette import load_palettes  # noqa: PLC0415

    scene, palette = _scene(run), load_palettes()[_THEME]
    slots = int(run.stays.slot.max()) + 1
    rows = len(run) if len(run) <= _ROWS else min(slots, _ROWS)
    request = ChartRequest(scene, scene.end, _WIDTH, rows + _AROUND, palette)
    console = Console(
        file=io.StringIO(), width=_WIDTH, record=True, color_system="truecolor", force_terminal=True
    )
    viewport = Viewport(since=_busiest(run), top=0, printed=True)
    lines = [[*row, Segment.line()] for row in Gantt(request, viewport).draw()]
    console.print(Segments([segment for line in lines for segment in line]), end="")
    ground, ink = (colour.get_truecolor() for colour in (palette.background, palette.text))
    theme = TerminalTheme(ground, ink, [ink] * 8)
    return console.export_html(theme=theme, code_format=_PRE, inline_styles=True)


def _busiest(run: Run) -> Picoseconds:
    """When most requests are in slots, for the first time."""
    begun, ended = np.sort(run.stays.start_time), np.sort(run.stays.end_time)
    inside = np.arange(1, len(begun) + 1) - np.searchsorted(ended, begun, side="right")
    return int(begun[np.argmax(inside)])


def _scene(run: Run) -> Scene:
    from tui_batching.analysis.comparison import Comparison, Result  # noqa: PLC0415
    from tui_batching.analysis.metrics import metrics  # noqa: PLC0415
    from tui_batching.analysis.scene import Scene  # noqa: PLC0415
    from tui_batching.analysis.so_far import SoFar  # noqa: PLC0415
    from tui_batching.workload import ListedRequests, Workload  # noqa: PLC0415

    source = ListedRequests(run.requests)
    workload = Workload("notebook", source, cost=run.cost, strategies=(run.strategy,), slo=run.slo)
    comparison = Comparison(workload, (Result(run, metrics(run)),))
    return Scene(comparison, (SoFar(run),))
