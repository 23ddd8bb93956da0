"""The charts that can be printed, by name; each is drawn as the app draws it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from tui_batching.charts import distribution, gantt, slots, utilization
from tui_batching.charts.chart import Chart, ChartRequest
from tui_batching.charts.live import LATENCY
from tui_batching.charts.plot import draw
from tui_batching.charts.rows import Cells

Picture: TypeAlias = Callable[[ChartRequest], list[Cells]]


def _plotted(chart: Chart) -> Picture:
    return lambda request: draw(chart.spec(request))


PICTURES: Mapping[str, Picture] = {
    "gantt": gantt.picture,
    "slots": slots.picture,
    "utilization": utilization.picture,
    "latency": _plotted(LATENCY),
    "distribution": distribution.picture,
}
