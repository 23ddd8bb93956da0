"""All charts by name, for whoever prints them; each is drawn as the app draws it.

A further one is a module here, and one line in one of these tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import get_args

from tui_batching.analysis.comparison import Comparison
from tui_batching.analysis.sweeps import Kind
from tui_batching.analysis.sweeps.varied import swept_parameters
from tui_batching.charts.cache_panels import cache_chart
from tui_batching.charts.chart import ChartRequest, GanttRows, LineChart
from tui_batching.charts.gantt import gantt_chart
from tui_batching.charts.histograms import histograms_chart
from tui_batching.charts.learn import learn_rows
from tui_batching.charts.live_page import live_chart
from tui_batching.charts.metric_rows import metric_rows
from tui_batching.charts.pen import Pen
from tui_batching.charts.plot import draw
from tui_batching.charts.prefix_gauges import prefixes_chart
from tui_batching.charts.rows import Cells
from tui_batching.charts.running_charts import LATENCY
from tui_batching.charts.slots import slots_chart
from tui_batching.charts.sweep_charts import (
    SweepRequest,
    frontier_chart,
    load_chart,
    parameter_chart,
)
from tui_batching.charts.utilization_panels import memory_chart, utilization_chart


@dataclass(frozen=True, slots=True)
class SceneChart:
    """What is drawn of a scene at an instant.

    Attributes:
        shows: in a few words, what is seen in it.
        draw: draws it at exactly the size asked for.
        by_rows: draws it with rows of one kind, by its name, where there are several.
    """

    shows: str
    draw: Callable[[ChartRequest], list[Cells]]
    by_rows: Mapping[str, Callable[[ChartRequest], list[Cells]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TextChart:
    """What is told of whole Runs, in as many rows as it takes.

    Attributes:
        shows: in a few words, what is told.
        draw: draws it with a pen, which knows how wide it is.
    """

    shows: str
    draw: Callable[[Comparison, Pen], list[Cells]]


@dataclass(frozen=True, slots=True)
class SweepChart:
    """What is drawn of a sweep.

    Attributes:
        shows: in a few words, what is seen in it.
        kind: what is varied in the sweep.
        draw: draws it at exactly the size asked for.
    """

    shows: str
    kind: Kind
    draw: Callable[[SweepRequest], list[Cells]]


def _lines_of(chart: LineChart) -> Callable[[ChartRequest], list[Cells]]:
    return lambda request: draw(chart.spec(request))


SCENE_CHARTS: Mapping[str, SceneChart] = {
    "live": SceneChart("who is in which slot, who waits, and why", live_chart),
    "gantt": SceneChart(
        "each request's or each slot's way through time",
        gantt_chart,
        {rows: partial(gantt_chart, rows=rows) for rows in get_args(GanttRows)},
    ),
    "slots": SceneChart("who is in which slot, decode step by decode step", slots_chart),
    "utilization": SceneChart("occupied and useful slots over time", utilization_chart),
    "cache": SceneChart("what was found in the prefix cache over time", cache_chart),
    "prefixes": SceneChart("the prefixes that hold most of the KV cache now", prefixes_chart),
    "memory": SceneChart("blocks of the KV cache over time, of engines that heed it", memory_chart),
    "latency": SceneChart("the share of requests answered within each latency", _lines_of(LATENCY)),
    "distribution": SceneChart("how the latencies are distributed", histograms_chart),
}

TEXT_CHARTS: Mapping[str, TextChart] = {
    "metrics": TextChart("all metrics, and where the time of the mean latency went", metric_rows),
    "learn": TextChart("what the strategies are, and what is said of them", learn_rows),
}

SWEEP_CHARTS: Mapping[str, SweepChart] = {
    "load": SweepChart("latency and throughput against the offered load", "load", load_chart),
    "frontier": SweepChart(
        "throughput against p99 latency, a point a load", "load", frontier_chart
    ),
    "batch-size": SweepChart(
        "latency and throughput against the batch size", "batch-size", parameter_chart
    ),
}

CHARTS: Mapping[str, SceneChart | TextChart | SweepChart] = {
    **SCENE_CHARTS,
    **TEXT_CHARTS,
    **SWEEP_CHARTS,
}
"""All of them, in the order in which they are listed."""


def parameter_charts() -> dict[str, SweepChart]:
    """A chart for every parameter that can be swept, by its name and its aliases."""
    return {
        kind: SweepChart(f"latency and throughput against {kind}", kind, parameter_chart)
        for kind in swept_parameters()
    }
