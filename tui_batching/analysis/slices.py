"""Where the time of some of the requests went: of all, or of the slowest 1 % or 5 %."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import ceil

import numpy as np

from tui_batching.analysis.worst import MEASURES, Measure, Ranking, parts_within
from tui_batching.clock import SECOND
from tui_batching.columns import IntArray, exact_sum, float_sum, rounded
from tui_batching.sim.run import Run


@dataclass(frozen=True)
class Slice:
    """Some of the requests, and what of their time is told.

    Attributes:
        name: as it is asked for, such as `p99-ttft`.
        measure: what is told of them, and by what they are the slowest.
        percent: so many of the requests, the slowest ones; 100 are all.
    """

    name: str
    measure: Measure
    percent: int

    @property
    def title(self) -> str:
        """Who they are: `slowest 1 % by TTFT`."""
        return f"slowest {self.percent} % by {self.measure.label}" if self.percent < 100 else "mean"

    @property
    def whole(self) -> str:
        """What is told of them: `TTFT of the slowest 1 %`."""
        label = self.measure.label
        return f"{label} of the slowest {self.percent} %" if self.percent < 100 else f"mean {label}"


def _slices() -> dict[str, Slice]:
    slowest = (
        Slice(f"p{percentile}-{measure.name}", measure, 100 - percentile)
        for measure in MEASURES
        for percentile in (99, 95)
    )
    *_, latency = MEASURES
    return {each.name: each for each in (Slice("mean", latency, 100), *slowest)}


SLICES: Mapping[str, Slice] = _slices()
"""All of them by name."""
MEAN = SLICES["mean"]
"""All requests, and their latency."""


@dataclass(frozen=True)
class SliceParts:
    """Where the time of a slice went, in the mean of its requests.

    Attributes:
        requests: how many they are.
        whole: the mean of the measure, in seconds; 0 where no request has one.
        parts: its parts in seconds by name, which sum to it; none of a log, which tells none.
    """

    requests: int
    whole: float
    parts: Mapping[str, float]

    @cached_property
    def percents(self) -> Mapping[str, int]:
        """The share of each part of the whole in percent; together they are 100."""
        shares = [part / self.whole if self.whole else 0.0 for part in self.parts.values()]
        return dict(zip(self.parts, rounded(shares, 100 if self.whole else 0), strict=True))


def slice_parts(run: Run, wanted: Slice) -> SliceParts:
    """Where the time of a slice of a Run's requests went.

    A slice is never empty where a request has the measure: of 20 the slowest 1 % are one. Of
    equally slow ones those who arrived first are taken.
    """
    measure = wanted.measure
    order = Ranking.of(measure, [run]).order
    rows = np.sort(order[: ceil(len(order) * wanted.percent / 100)])
    units = measure.units(run)[rows]
    parts = parts_within(measure, run, rows) if run.tells_iterations else {}
    whole = measure.until(run)[rows] - measure.since(run)[rows]
    return SliceParts(
        requests=len(rows),
        whole=_mean(whole, units),
        parts={name: _mean(column, units) for name, column in parts.items()},
    )


def _mean(column: IntArray, units: IntArray) -> float:
    """The mean in seconds; of what is counted a unit, such as a token, of the quotients."""
    if not len(column):
        return 0.0
    if (units == 1).all():
        return exact_sum(column) / (len(column) * SECOND)
    return float_sum(column / units) / (len(column) * SECOND)
