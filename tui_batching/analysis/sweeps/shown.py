"""Which figures of a sweep are shown: those asked for, else those of the service level."""

from __future__ import annotations

from tui_batching.analysis.metrics import MetricInfo, metric_called
from tui_batching.clock import Picoseconds
from tui_batching.errors import InputError
from tui_batching.workload.service_level import LIMITED, ServiceLevel

LATENCY_AND_TTFT: tuple[MetricInfo, ...] = tuple(
    metric_called(word) for word in ("latency.mean", "latency.p99", "ttft.p99", "throughput")
)
"""What is shown where there is no service level."""
TOKENS: tuple[MetricInfo, ...] = tuple(
    metric_called(word) for word in ("tpot.mean", "tpot.p99", "itl.p99", "throughput")
)
"""What there is to see of the tokens behind the first."""
_LIKE = {"latency": "e2el"}
"""Quantities that are limited under another name."""


def read_metrics(text: str) -> tuple[MetricInfo, ...]:
    """The metrics in a text such as `ttft.p99,tpot.p99,attainment`, each once.

    Raises:
        InputError: if one of them is none.
    """
    try:
        found = [metric_called(word.strip()) for word in text.split(",")]
    except InputError as error:
        raise InputError(f"--metrics: {error}") from None
    return tuple(dict.fromkeys(found))


def usual_metrics(limits: ServiceLevel | None) -> tuple[MetricInfo, ...]:
    """What a service level is about, and the throughput; without one, latency and TTFT.

    That is the attainment of the limits of each request and the p99 of what they limit, and the
    targets.
    """
    if limits is None or not limits.limits:
        return LATENCY_AND_TTFT
    words = ["attainment"] if limits.of_each else []
    words += [f"{name}.p99" if name in LIMITED else name for name in limits.limits]
    return tuple(dict.fromkeys(metric_called(word) for word in (*words, "throughput")))


def limit_of(metric: MetricInfo, limits: ServiceLevel | None) -> Picoseconds | None:
    """What a metric may be at most: its target, or else the limit of each request."""
    if limits is None or not metric.word:
        return None
    quantity, _, statistic = metric.called.partition(".")
    quantity = _LIKE.get(quantity, quantity)
    known = limits.limits
    return known.get(f"{quantity}.{statistic}", known.get(quantity))
