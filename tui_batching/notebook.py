"""What a Run offers to whoever works with it in Python: columns, data frames and a picture.

A Run knows nothing of what is above it. What is needed here is loaded when it is called for.
"""

from __future__ import annotations

import io
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from tui_batching.analysis.scene import Scene
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


def table(run: Run) -> dict[str, IntArray | FloatArray]:
    """A row a request; see `Run.table`."""
    from tui_batching.analysis.request_columns import in_seconds, request_columns  # noqa: PLC0415

    return {name: in_seconds(name, column) for name, column in request_columns(run).items()}


def to_pandas(run: Run) -> pd.DataFrame:
    """The table as a data frame; see `Run.to_pandas`."""
    frame: pd.DataFrame = _package("pandas").DataFrame(table(run))
    return frame


def to_polars(run: Run) -> pl.DataFrame:
    """The table as a data frame; see `Run.to_polars`."""
    frame: pl.DataFrame = _package("polars").DataFrame(table(run))
    return frame


def _package(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(f"to_{name} needs the package {name}: pip install {name}") from error


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
