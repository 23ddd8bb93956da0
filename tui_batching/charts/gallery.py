"""The pictures that can be printed, by name; each is drawn as the app draws it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from tui_batching.analysis.sweeps import Kind
from tui_batching.charts import distribution, gantt, slots, utilization
from tui_batching.charts.batch_size import batch_size_picture
from tui_batching.charts.chart import Chart, ChartRequest
from tui_batching.charts.frontier import frontier_picture
from tui_batching.charts.live import LATENCY
from tui_batching.charts.load import load_picture
from tui_batching.charts.plot import draw
from tui_batching.charts.rows import Cells
from tui_batching.charts.sweep_picture import SweepRequest

Picture: TypeAlias = Callable[[ChartRequest], list[Cells]]
SweepPicture: TypeAlias = Callable[[SweepRequest], list[Cells]]


def _plotted(chart: Chart) -> Picture:
    return lambda request: draw(chart.spec(request))


PICTURES: Mapping[str, Picture] = {
    "gantt": gantt.picture,
    "slots": slots.picture,
    "utilization": utilization.picture,
    "latency": _plotted(LATENCY),
    "distribution": distribution.picture,
}
"""What is drawn of a scene at an instant."""

SWEEP_PICTURES: Mapping[str, tuple[Kind, SweepPicture]] = {
    "load": ("load", load_picture),
    "frontier": ("load", frontier_picture),
    "batch-size": ("batch-size", batch_size_picture),
}
"""What is drawn of a sweep, and of which kind of it."""
