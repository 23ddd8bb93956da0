"""What came of a sweep, as plain data, and what its values and figures are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from tui_batching.analysis.metrics import METRICS_BY_NAME, MetricInfo, Metrics
from tui_batching.clock import SECOND, Picoseconds, format_duration
from tui_batching.strategies import Strategy
from tui_batching.workload.model import Workload

Kind: TypeAlias = Literal["load", "batch-size", "timeout"]
KINDS: tuple[Kind, ...] = get_args(Kind)

HEADLINES: tuple[MetricInfo, ...] = tuple(
    METRICS_BY_NAME[name] for name in ("avg_latency", "p99_latency", "throughput")
)
"""The figures of a sweep that everybody asks for first."""

_KINDS: dict[Kind, str] = {
    "load": "offered load, requests per second",
    "batch-size": "batch size, slots",
    "timeout": "timeout of dynamic",
}


@dataclass(frozen=True)
class Point:
    """One strategy at one value.

    Attributes:
        value: arrivals per second, slots, or a timeout in picoseconds, by the kind of the sweep.
        strategy: with the parameters that it has at this value.
        metrics: of its Run.
        peak_batch: the most slots that were taken at once.
    """

    value: float
    strategy: Strategy
    metrics: Metrics
    peak_batch: int

    @property
    def all_taken(self) -> bool:
        """Whether all slots were taken at some instant; if not, more of them change nothing."""
        return self.peak_batch == self.strategy.slots

    def metric(self, name: str) -> float:
        """A metric that every Run has, such as `p99_latency`."""
        value = self.metrics[name]
        if value is None:
            raise ValueError(f"{name} is not defined for every Run")
        return value


@dataclass(frozen=True)
class Sweep:
    """A workload with one parameter at several values.

    Attributes:
        kind: what is varied.
        workload: what is served; `kind` tells what of it is varied.
        points: by value, and for each value in the workload's order of strategies.
        saturation: by strategy the load in requests per second that it can just serve; see
            `saturation_task`. Only for loads, else empty.
    """

    kind: Kind
    workload: Workload
    points: tuple[Point, ...]
    saturation: Mapping[str, float]

    @property
    def values(self) -> tuple[float, ...]:
        """Each value once, ascending."""
        return tuple(sorted({point.value for point in self.points}))

    @property
    def strategies(self) -> tuple[str, ...]:
        """The names of the strategies, in the workload's order."""
        return tuple(dict.fromkeys(point.strategy.name for point in self.points))

    def curve(self, strategy: str) -> tuple[Point, ...]:
        """The points of one strategy by value; some values may be missing."""
        return tuple(point for point in self.points if point.strategy.name == strategy)

    def row(self, value: float) -> dict[str, Point]:
        """The points at one value, by strategy.

        A strategy whose points ended before, because more slots change nothing, stays as it was.
        """
        before = (point for point in self.points if point.value <= value)
        return {point.strategy.name: point for point in before}


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
