"""What a comparison comes to, in a few sentences made from its metrics."""

from __future__ import annotations

from collections.abc import Sequence

from tui_batching.analysis.breakdown import PARTS, lost_part
from tui_batching.analysis.comparison import Comparison, Result
from tui_batching.analysis.metrics import METRICS_BY_NAME, MetricInfo, format_value
from tui_batching.analysis.tables import difference_text, error_text, notes
from tui_batching.workload.traces import TraceRequests

_WORDS = {
    "slo_attainment": ("Most requests within the limits", "requests within the limits"),
    "goodput": (
        "Most requests per second within the limits",
        "requests per second within the limits",
    ),
    "p99_ttft": ("Soonest first token (p99)", "p99 time to first token"),
    "p99_tpot": ("Least time per output token (p99)", "p99 time per output token"),
    "p99_latency": ("Shortest p99 latency", "p99 latency"),
    "mean_ttft": ("Soonest first token (mean)", "mean time to first token"),
    "avg_latency": ("Shortest mean latency", "mean latency"),
    "p99_itl": ("Shortest pauses within an answer (p99)", "p99 time between tokens"),
    "throughput": ("Most tokens per second", "tokens per second"),
    "useful": ("Most useful slots", "useful slots"),
    "held": (
        "Least slot-time held by finished requests (the bubble)",
        "slot-time held by finished requests",
    ),
    "stalled": (
        "Least slot-time lost to the prefills of others",
        "slot-time lost to the prefills of others",
    ),
}
"""What the best one of a metric is, and what is alike where all are the best."""
_ON_TIME = (
    *("slo_attainment", "goodput", "p99_ttft", "p99_tpot", "p99_latency"),
    *("mean_ttft", "avg_latency", "p99_itl", "throughput", "stalled"),
)
"""What matters where users wait for answers, and in which order."""
_THROUGH = (
    *("throughput", "avg_latency", "p99_latency", "mean_ttft", "p99_itl", "goodput"),
    *("useful", "held", "stalled"),
)
"""What matters where all is there at once, and in the textbook."""
_PARTS_TOLD = 3
_LEAST_TOLD = 0.01


def findings(comparison: Comparison) -> list[str]:
    """Who is best at what and by how much, and where the time went; one sentence each.

    What matters most for the workload comes first, and what is alike with all is told at once.
    """
    metrics = (METRICS_BY_NAME[name] for name in _what_matters(comparison))
    known = [metric for metric in metrics if None not in comparison.values(metric)]
    alone = len(comparison.results) == 1
    alike = [metric for metric in known if not alone and all(comparison.best(metric))]
    told = [
        metric
        for metric in known
        if metric not in alike and (alone or comparison.measured or any(comparison.best(metric)))
    ]
    tell = _figure if alone else _off if comparison.measured else _compared
    return [
        *(tell(comparison, metric) for metric in told),
        *_alike(comparison, alike),
        *(_where_the_time_went(result) for result in comparison.simulated),
        *(f"{note[0].upper()}{note[1:]}." for note in notes(comparison)),
    ]


def _what_matters(comparison: Comparison) -> Sequence[str]:
    """The metrics to tell: of engines, accelerators and recorded traffic those of who waits."""
    workload = comparison.workload
    real = (
        any(result.strategy.is_engine for result in comparison)
        or workload.cost.profile is not None
        or isinstance(workload.source, TraceRequests)
    )
    return _ON_TIME if real and workload.source.rate is not None else _THROUGH


def _alike(comparison: Comparison, metrics: Sequence[MetricInfo]) -> list[str]:
    """What is the same with all strategies, unless there is nothing of it."""
    values = ((each, comparison.values(each)[0]) for each in metrics)
    told = [
        f"{_WORDS[each.name][1]} {format_value(each, value)}" for each, value in values if value
    ]
    return [f"Alike with all: {', '.join(told)}."] if told else []


def _figure(comparison: Comparison, metric: MetricInfo) -> str:
    """`P99 time to first token: 240 ms with vllm.` Nobody is the best where nobody else is."""
    (result,), (value,), what = comparison, comparison.values(metric), _WORDS[metric.name][1]
    shown = format_value(metric, value)
    return f"{what[0].upper()}{what[1:]}: {shown} with {result.strategy.name}."


def _off(comparison: Comparison, metric: MetricInfo) -> str:
    """`P99 time to first token: 19.8 s measured; vllm 19.7 s (-0.7%).` How far it is off."""
    what = _WORDS[metric.name][1]
    columns = (comparison.values(metric), comparison.behind(metric))
    told = []
    for result, value, error in zip(comparison, *columns, strict=True):
        name, shown = result.strategy.name, format_value(metric, value)
        is_true = result is comparison.measured
        told.append(f"{shown} {name}" if is_true else f"{name} {shown} ({error_text(error)})")
    return f"{what[0].upper()}{what[1:]}: {'; '.join(told)}."


def _compared(comparison: Comparison, metric: MetricInfo) -> str:
    """`Most tokens per second: continuous with 101; dynamic 85.0 (0.84x)`, as a sentence."""
    best: dict[str, str] = {}
    others: list[str] = []
    best_ones = comparison.best(metric)
    columns = (comparison.values(metric), best_ones, comparison.behind(metric))
    for result, value, is_best, behind in zip(comparison, *columns, strict=True):
        name, shown = result.strategy.name, format_value(metric, value)
        if is_best:
            best[name] = shown
        else:
            difference = difference_text(metric, behind)
            unlike = "memory ignored" if name in comparison.ignoring and any(best_ones) else ""
            told = ", ".join(filter(None, (difference, unlike)))
            others.append(f"{name} {shown}" + (f" ({told})" if told else ""))
    told = f"{_and(list(best))} with {next(iter(best.values()))}"
    ranking = f"{told}; {', '.join(others)}" if others else told
    return f"{_WORDS[metric.name][0]}: {ranking}."


def _where_the_time_went(result: Result) -> str:
    """`static: 2.43 s of a mean latency of 3.77 s are spent waiting for slots (51%), ...`."""
    latency = result.metrics["avg_latency"] or 0.0
    shares = {name: (result.metrics[f"mean_{name}"] or 0.0) / latency for name in PARTS}
    largest = sorted(shares, key=lambda name: -shares[name])[:_PARTS_TOLD]
    names = {"stalled": lost_part(result.run)}
    told = [
        f"{shares[name]:.0%} {names.get(name, name)}"
        for name in largest
        if shares[name] >= _LEAST_TOLD
    ]
    mean = format_value(METRICS_BY_NAME["avg_latency"], latency)
    return f"Where a mean latency of {mean} with {result.strategy.name} went: {', '.join(told)}."


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
