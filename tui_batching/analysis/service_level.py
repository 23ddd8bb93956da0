"""The service level: which requests stayed within all the limits that a workload sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from tui_batching.analysis.distribution import (
    latencies,
    times_per_output_token,
    times_to_first_token,
)
from tui_batching.clock import SECOND, format_duration
from tui_batching.columns import FloatArray, IntArray
from tui_batching.sim.run import Run
from tui_batching.workload.service_level import ServiceLevel, Target

BoolArray: TypeAlias = npt.NDArray[np.bool_]

_WORDS = {"ttft": "TTFT", "tpot": "TPOT", "e2el": "latency"}
_MEASURES: Mapping[str, Callable[[Run], IntArray | FloatArray]] = {
    "ttft": times_to_first_token,
    "tpot": times_per_output_token,
    "e2el": latencies,
}
"""Of each quantity that may be limited, in picoseconds."""


@dataclass(frozen=True)
class LimitsKept:
    """How many requests a Run served well.

    Attributes:
        attainment: the share of requests within all limits.
        goodput: requests within all limits per second of the total time, as the `request_goodput`
            of `vllm bench serve`.
    """

    attainment: float
    goodput: float


def limits_kept(run: Run, limits: ServiceLevel) -> LimitsKept:
    """How well a Run kept the limits."""
    good = int(np.count_nonzero(within_limits(run, limits)))
    return LimitsKept(attainment=good / len(run), goodput=good * SECOND / run.total_time)


def within_limits(run: Run, limits: ServiceLevel) -> BoolArray:
    """Which requests stayed within all limits; a time equal to its limit does. Shape: (requests,).

    An answer of one token has no time per output token, and so keeps that limit.
    """
    kept = np.ones(len(run), np.bool_)
    if limits.ttft is not None:
        kept &= times_to_first_token(run) <= limits.ttft
    if limits.e2el is not None:
        kept &= latencies(run) <= limits.e2el
    if limits.tpot is not None:
        gaps = np.maximum(run.requests.output_tokens - 1, 1)
        # Rounded up, the quotient is within a whole limit exactly if it is so itself.
        kept &= -((run.first_token_time - run.finish_time) // gaps) <= limits.tpot
    return kept


def limits_text(limits: ServiceLevel) -> str:
    """The limits for reading: `TTFT ≤ 2.00 s, p99 TPOT ≤ 40.0 ms`."""
    return ", ".join(
        f"{limit_text(key)} ≤ {format_duration(most)}" for key, most in limits.limits.items()
    )


def limit_text(key: str) -> str:
    """What a limit is set for, from its key: `TTFT`, `p99 TPOT`, `mean latency`."""
    quantity, _, statistic = key.partition(".")
    return f"{statistic} {_WORDS[quantity]}".strip()


@dataclass(frozen=True)
class Criterion:
    """A condition on the mean, over all requests, of a value that each of them has.

    Attributes:
        text: what is asked for, in words.
        most: what the mean may be.
        values: of a Run, one a request that has any, in order of arrival.
        is_share: whether the values are 1 for requests that are too slow, and 0 for others.
    """

    text: str
    most: float
    values: Callable[[Run], FloatArray]
    is_share: bool = True

    def found(self, mean: float) -> str:
        """What was found, in words."""
        if self.is_share:
            wanted = _percent(1 - self.most)
            return f"{self.text} for {_percent(1 - mean)} of the requests instead of {wanted}"
        return f"{self.text} is missed by {format_duration(round((mean - self.most) * SECOND))}"


def criteria(limits: ServiceLevel, attainment: float) -> tuple[Criterion, ...]:
    """All that the limits ask for: attainment of those of each request, and every target.

    Args:
        limits: the service level.
        attainment: the share of requests that must be within all limits of each request.
    """
    found = [_criterion(target) for target in limits.targets]
    each = limits.of_each
    if each is None:
        return tuple(found)
    most = float(1 - Decimal(repr(attainment)))
    joint = Criterion(
        limits_text(each), most, lambda run: (~within_limits(run, each)).astype(np.float64)
    )
    return (joint, *found)


def _criterion(target: Target) -> Criterion:
    share, measure = target.share, _MEASURES[target.quantity]
    told = f"{limit_text(target.metric)} ≤ {format_duration(target.most)}"
    if share is None:
        in_seconds = target.most / SECOND
        return Criterion(told, in_seconds, lambda run: measure(run) / SECOND, is_share=False)
    told = f"{_WORDS[target.quantity]} ≤ {format_duration(target.most)}"
    most = round(1 - share, 2)
    return Criterion(told, most, lambda run: (measure(run) > target.most).astype(np.float64))


def _percent(share: float) -> str:
    return f"{100 * share:.4g} %"
