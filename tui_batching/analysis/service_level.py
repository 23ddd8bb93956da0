"""The service level: which requests stayed within all the limits that a workload sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from tui_batching.analysis.distribution import latencies, times_to_first_token
from tui_batching.clock import SECOND, format_duration
from tui_batching.sim.run import Run
from tui_batching.workload.model import ServiceLevel

BoolArray: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class LimitsKept:
    """How many requests a Run served well.

    Attributes:
        attainment: the share of requests within all limits.
        goodput: requests within all limits per second of the makespan, as the `request_goodput`
            of `vllm bench serve`.
    """

    attainment: float
    goodput: float


def limits_kept(run: Run, limits: ServiceLevel) -> LimitsKept:
    """How well a Run kept the limits."""
    good = int(np.count_nonzero(within_limits(run, limits)))
    return LimitsKept(attainment=good / len(run), goodput=good * SECOND / run.makespan)


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
    """The limits for reading: `TTFT ≤ 2.00 s, TPOT ≤ 40.0 ms`."""
    known = {"TTFT": limits.ttft, "TPOT": limits.tpot, "latency": limits.e2el}
    return ", ".join(
        f"{name} ≤ {format_duration(limit)}" for name, limit in known.items() if limit is not None
    )
