"""What a comparison comes to, in a few sentences made from its metrics."""

from __future__ import annotations

from collections.abc import Sequence

from tui_batching.analysis.breakdown import PARTS
from tui_batching.analysis.comparison import Comparison, Result
from tui_batching.analysis.metrics import METRICS_BY_NAME, MetricInfo, format_value
from tui_batching.analysis.tables import difference_text, memory_note

_CLAIMS = {
    "throughput": "Most tokens per second",
    "avg_latency": "Shortest mean latency",
    "p99_latency": "Shortest p99 latency",
    "mean_ttft": "Soonest first token (mean)",
    "p99_itl": "Shortest pauses within an answer (p99)",
    "goodput": "Most requests per second within the limits",
    "useful": "Most useful slots",
    "held": "Least slot-time held by finished requests (the bubble)",
    "stalled": "Least slot-time stalled by the prefills of others",
}
_PARTS_TOLD = 3
_LEAST_TOLD = 0.01


def findings(comparison: Comparison) -> list[str]:
    """Who is best at what and by how much, and where the time went; one sentence each."""
    metrics = (METRICS_BY_NAME[name] for name in _CLAIMS)
    known = [metric for metric in metrics if None not in comparison.values(metric)]
    alone = len(comparison.results) == 1
    compared = [metric for metric in known if alone or any(comparison.best(metric))]
    note = memory_note(comparison)
    return [
        *(f"{_CLAIMS[metric.name]}: {_ranking(comparison, metric)}." for metric in compared),
        *(_where_the_time_went(result) for result in comparison),
        *([f"{note[0].upper()}{note[1:]}."] if note else []),
    ]


def _ranking(comparison: Comparison, metric: MetricInfo) -> str:
    """`continuous with 101; dynamic 85.0 (-16%), static 84.6 (-17%)`."""
    best: dict[str, str] = {}
    others: list[str] = []
    best_ones = comparison.best(metric)
    columns = (comparison.values(metric), best_ones, comparison.behind(metric))
    for result, value, is_best, behind in zip(comparison, *columns, strict=True):
        name, shown = result.strategy.name, format_value(metric, value)
        if is_best or len(comparison.results) == 1:
            best[name] = shown
        else:
            difference = "" if metric.unit == "share" else difference_text(behind)
            unlike = "memory ignored" if name in comparison.ignoring and any(best_ones) else ""
            told = ", ".join(filter(None, (difference, unlike)))
            others.append(f"{name} {shown}" + (f" ({told})" if told else ""))
    shared = "alike " if len(best) > 1 and not others else ""
    told = f"{shared}{_and(list(best))} with {next(iter(best.values()))}"
    return f"{told}; {', '.join(others)}" if others else told


def _where_the_time_went(result: Result) -> str:
    """`static: 2.43 s of a mean latency of 3.77 s are spent waiting for slots (51%), ...`."""
    latency = result.metrics["avg_latency"] or 0.0
    shares = {name: (result.metrics[f"mean_{name}"] or 0.0) / latency for name in PARTS}
    largest = sorted(shares, key=lambda name: -shares[name])[:_PARTS_TOLD]
    told = [f"{shares[name]:.0%} {name}" for name in largest if shares[name] >= _LEAST_TOLD]
    mean = format_value(METRICS_BY_NAME["avg_latency"], latency)
    return f"Where a mean latency of {mean} with {result.strategy.name} went: {', '.join(told)}."


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
