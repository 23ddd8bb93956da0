"""What each metric is called, counted in, and which direction of it is better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tui_batching.analysis.metrics import Value
from tui_batching.clock import SECOND, format_duration

Unit: TypeAlias = Literal["s", "1/s", "share", "count"]
Better: TypeAlias = Literal["low", "high", "none"]


@dataclass(frozen=True)
class MetricInfo:
    """How to show one metric.

    Attributes:
        name: the key in `Metrics`, JSON and CSV.
        group: the heading it stands under.
        label: what it is called there.
        unit: seconds, per second, a share from 0 to 1, or a count.
        better: whether a low or a high value is better, or neither.
        headline: whether it is worth a row in a short table.
        rare: whether a short table leaves it out where it is zero for all.
    """

    name: str
    group: str
    label: str
    unit: Unit = "s"
    better: Better = "low"
    headline: bool = True
    rare: bool = False

    @property
    def full_label(self) -> str:
        """The label where no heading stands above it."""
        return f"{self.group}: {self.label}"


def format_value(metric: MetricInfo, value: Value) -> str:
    """A metric's value for reading: `1.33 s`, `82.2 %`, `101`; a dash where it is not defined."""
    if value is None:
        return "–"
    if metric.unit == "s":
        return format_duration(round(value * SECOND))
    if metric.unit == "share":
        return f"{value:.1%}".replace("%", " %")
    if metric.unit == "count":
        return f"{value:,}"
    return f"{value:,.0f}" if value >= 1000 else f"{value:#.3g}".rstrip(".")


def best_of(metric: MetricInfo, values: Sequence[Value]) -> tuple[bool, ...]:
    """Which of the values are the best ones: all of those that look the same.

    None is where the metric has no better direction, or where there is nothing to compare.
    """
    known = [value for value in values if value is not None]
    if metric.better == "none" or len(known) < 2:
        return (False,) * len(values)
    best = format_value(metric, min(known) if metric.better == "low" else max(known))
    return tuple(format_value(metric, value) == best for value in values)


_Rows: TypeAlias = Sequence[tuple[str, str, bool]]
"""The statistics of a quantity: prefix of the name, label, whether it is a headline."""
_WAITING: _Rows = (
    ("avg", "mean", True),
    ("p50", "median", True),
    ("p90", "p90", False),
    ("p95", "p95", False),
    ("p99", "p99", True),
    ("max", "max", True),
)
_SERVING: _Rows = (
    ("mean", "mean", True),
    ("median", "median", False),
    ("p90", "p90", False),
    ("p95", "p95", False),
    ("p99", "p99", True),
    ("std", "standard deviation", False),
)


def _statistics(
    quantity: str, group: str, rows: _Rows, *, headline: bool = True
) -> tuple[MetricInfo, ...]:
    return tuple(
        MetricInfo(f"{prefix}_{quantity}", group, label, headline=headline and shown)
        for prefix, label, shown in rows
    )


SERVICE_LEVEL = "Service level"
"""The group of the metrics that only a workload with limits has."""
_THROUGHPUT = "Throughput"
_UTILIZATION = "Utilization of the slots"
_PARTS = "Where the time went (mean)"

METRIC_TABLE: tuple[MetricInfo, ...] = (
    *_statistics("wait", "Wait", _WAITING),
    *_statistics("latency", "Latency", _WAITING),
    *_statistics("ttft", "Time to first token", _SERVING),
    *_statistics("tpot", "Time per output token", _SERVING),
    *_statistics("itl", "Time between tokens", _SERVING),
    *_statistics("e2el", "End-to-end latency", _SERVING, headline=False),
    MetricInfo("throughput", _THROUGHPUT, "tokens per second", "1/s", "high"),
    MetricInfo("request_throughput", _THROUGHPUT, "requests per second", "1/s", "high"),
    MetricInfo("total_time", _THROUGHPUT, "total time"),
    MetricInfo("total_tokens", _THROUGHPUT, "tokens", "count", "none"),
    MetricInfo("slo_attainment", SERVICE_LEVEL, "SLO attainment", "share", "high"),
    MetricInfo("goodput", SERVICE_LEVEL, "goodput (requests/s)", "1/s", "high"),
    MetricInfo("useful", _UTILIZATION, "useful", "share", "high"),
    MetricInfo("bubble", _UTILIZATION, "bubble", "share"),
    # More occupied is not better: a slot that holds a finished request is occupied, too.
    MetricInfo("occupied", _UTILIZATION, "occupied", "share", "none"),
    MetricInfo("mean_forming", _PARTS, "forming"),
    MetricInfo("mean_slots", _PARTS, "slots"),
    MetricInfo("mean_memory", _PARTS, "memory", rare=True),
    MetricInfo("mean_turn", _PARTS, "turn"),
    # The own work is the same with every strategy.
    MetricInfo("mean_prefill", _PARTS, "prefill", better="none"),
    MetricInfo("mean_stalled", _PARTS, "stalled"),
    MetricInfo("mean_decode", _PARTS, "decode", better="none"),
    MetricInfo("mean_sharing", _PARTS, "sharing"),
    MetricInfo("mean_evicted", _PARTS, "evicted", rare=True),
    MetricInfo("mean_recompute", _PARTS, "recompute", rare=True),
    MetricInfo("mean_held", _PARTS, "held"),
)
"""All metrics in the order of a table, group by group."""

METRICS_BY_NAME: dict[str, MetricInfo] = {metric.name: metric for metric in METRIC_TABLE}
