"""The figures of a Run, by the names that JSON, CSV, table and app share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from tui_batching.analysis.breakdown import Breakdown, breakdown
from tui_batching.analysis.distribution import (
    latencies,
    times_per_output_token,
    times_to_first_token,
    waits,
)
from tui_batching.analysis.service_level import service
from tui_batching.analysis.tokens import token_gaps
from tui_batching.analysis.utilization import utilization
from tui_batching.clock import SECOND, to_seconds
from tui_batching.columns import FloatArray, IntArray, exact_sum
from tui_batching.sim.run import Run
from tui_batching.workload.model import ServiceLevel

Value: TypeAlias = float | int | None
"""A metric's value: seconds, tokens or requests per second, a fraction, or a count of tokens.

None where the metric is not defined, as the gaps between tokens where every answer has one token,
or the goodput where no limits are set.
"""

_PERCENTS = (50, 90, 95, 99)


@dataclass(frozen=True)
class Metrics(Mapping[str, Value]):
    """The metrics of one Run by name, such as `metrics["p99_latency"]`; immutable.

    What each name means is told in `metric_table`.
    """

    values_by_name: Mapping[str, Value]

    def __getitem__(self, name: str) -> Value:
        return self.values_by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_by_name)

    def __len__(self) -> int:
        return len(self.values_by_name)


def metrics(run: Run, slo: ServiceLevel | None = None) -> Metrics:
    """All metrics of a Run. Means are exact sums, divided once.

    Args:
        run: what to measure.
        slo: the limits that SLO attainment and goodput are measured against; without them these
            two are None.
    """
    parts = breakdown(run)
    latency = _of_times(latencies(run))
    return Metrics(
        {
            **_named_by_average("wait", _of_times(waits(run))),
            **_named_by_average("latency", latency),
            **_throughput(run),
            **_service(run, slo),
            **_utilization(run, parts),
            **_named_by_mean("ttft", _of_times(times_to_first_token(run))),
            **_named_by_mean("tpot", _of_times_per_token(run)),
            **_named_by_mean("itl", _of_gaps(run)),
            **_named_by_mean("e2el", latency),
            **{f"mean_{name}": total / (len(run) * SECOND) for name, total in parts.totals.items()},
        }
    )


@dataclass(frozen=True)
class _Summary:
    """Mean, percentiles, standard deviation and largest of some times, in seconds."""

    mean: float
    percentiles: tuple[float, ...]
    std: float
    largest: float


def _in_seconds(percentiles: FloatArray) -> tuple[float, ...]:
    return tuple((percentiles / SECOND).tolist())


def _of_times(column: IntArray) -> _Summary:
    return _Summary(
        mean=exact_sum(column) / (len(column) * SECOND),
        percentiles=_in_seconds(np.percentile(column, _PERCENTS)),
        std=float(np.std(column)) / SECOND,
        largest=to_seconds(int(column.max())),
    )


def _of_times_per_token(run: Run) -> _Summary | None:
    """TPOT; an answer of one token has none."""
    per_token = times_per_output_token(run)
    if not len(per_token):
        return None
    return _Summary(
        mean=float(per_token.mean()) / SECOND,
        percentiles=_in_seconds(np.percentile(per_token, _PERCENTS)),
        std=float(per_token.std()) / SECOND,
        largest=float(per_token.max()) / SECOND,
    )


def _of_gaps(run: Run) -> _Summary | None:
    """ITL: all gaps between tokens, pooled, so that a long answer counts more than a short one."""
    gaps = token_gaps(run)
    if not gaps:
        return None
    mean = (exact_sum(run.finish) - exact_sum(run.first_token)) / gaps.total
    return _Summary(
        mean=mean / SECOND,
        percentiles=_in_seconds(gaps.percentiles(_PERCENTS)),
        std=gaps.standard_deviation(mean) / SECOND,
        largest=to_seconds(gaps.largest),
    )


def _named_by_average(quantity: str, summary: _Summary) -> dict[str, Value]:
    """`avg_wait`, `max_wait`, `p50_wait` and so on, as the notebook called them."""
    return {
        f"avg_{quantity}": summary.mean,
        f"max_{quantity}": summary.largest,
        **{
            f"p{percent}_{quantity}": value
            for percent, value in zip(_PERCENTS, summary.percentiles, strict=True)
        },
    }


def _named_by_mean(quantity: str, summary: _Summary | None) -> dict[str, Value]:
    """`mean_ttft`, `median_ttft`, `p90_ttft` and so on, as `vllm bench serve` calls them."""
    names = ("mean", "median", "p90", "p95", "p99", "std")
    values = (summary.mean, *summary.percentiles, summary.std) if summary else (None,) * len(names)
    return {f"{name}_{quantity}": value for name, value in zip(names, values, strict=True)}


def _throughput(run: Run) -> dict[str, Value]:
    tokens = exact_sum(run.requests.output_tokens)
    return {
        "throughput": tokens * SECOND / run.makespan,
        "total_time": to_seconds(run.makespan),
        "total_tokens": tokens,
        "request_throughput": len(run) * SECOND / run.makespan,
    }


def _service(run: Run, slo: ServiceLevel | None) -> dict[str, Value]:
    if slo is None:
        return {"slo_attainment": None, "goodput": None}
    served = service(run, slo)
    return {"slo_attainment": served.attainment, "goodput": served.goodput}


def _utilization(run: Run, parts: Breakdown) -> dict[str, Value]:
    shares = utilization(run, parts)
    return {"occupied": shares.occupied, "useful": shares.useful, "bubble": shares.bubble}
