"""What a sweep's values and figures are called, for tables and charts alike."""

from __future__ import annotations

from tui_batching.analysis.metric_table import METRICS_BY_NAME, MetricInfo
from tui_batching.analysis.sweeps.sweep import Kind
from tui_batching.clock import SECOND, Picoseconds, format_duration

HEADLINES: tuple[MetricInfo, ...] = tuple(
    METRICS_BY_NAME[name] for name in ("avg_latency", "p99_latency", "throughput")
)
"""The figures of a sweep that everybody asks for first."""

_KINDS: dict[Kind, str] = {
    "load": "offered load, requests per second",
    "batch-size": "batch size, slots",
    "timeout": "timeout of dynamic",
}


def kind_text(kind: Kind) -> str:
    """What is varied, with its unit."""
    return _KINDS[kind]


def value_text(kind: Kind, value: float) -> str:
    """A value in full: `3.33/s (gap 300 ms)`, `16`, `500 ms`."""
    if kind == "load":
        return f"{value:.3g}/s (gap {_duration(round(SECOND / value))})"
    return f"{value:.0f}" if kind == "batch-size" else _duration(int(value))


def _duration(time: Picoseconds) -> str:
    """A duration without zeros that say nothing: `80 ms`, not `80.0 ms`."""
    number, unit = format_duration(time).split()
    return f"{float(number):g} {unit}"
