"""What came of a sweep, as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING

from tui_batching import notebook
from tui_batching.analysis.cache_use import without_cache
from tui_batching.analysis.metrics import METRICS_BY_NAME, MetricInfo, Metrics
from tui_batching.analysis.short_runs import short_run
from tui_batching.analysis.sweeps.shown import usual_metrics
from tui_batching.analysis.sweeps.varied import Kind, left_out, value_text
from tui_batching.strategies import Strategy
from tui_batching.workload.model import Workload

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

HIT_RATE = METRICS_BY_NAME["prefix_hit_rate"]
"""What is shown before all else where requests share what a cache may find."""


@dataclass(frozen=True)
class Point:
    """One strategy at one value.

    Attributes:
        value: arrivals per second, slots, or what the parameter has; durations in picoseconds.
        strategy: with the parameters that it has at this value.
        metrics: of its Run.
        peak_batch: the most slots that were taken at once.
        ignores_memory: whether it runs as if the KV cache, which it might fill, had no end.
    """

    value: float
    strategy: Strategy
    metrics: Metrics
    peak_batch: int
    ignores_memory: bool = False

    @property
    def all_taken(self) -> bool:
        """Whether all slots were taken at some instant; if not, more of them change nothing."""
        return self.peak_batch == self.strategy.slots

    def metric(self, name: str) -> float:
        """A metric that is defined there, such as `p99_latency`; see `Metrics.number`."""
        return self.metrics.number(name)


@dataclass(frozen=True)
class Refusal:
    """A strategy that cannot serve the workload at one value.

    Attributes:
        value: as of a `Point`.
        strategy: its name.
        reason: why not, in one sentence.
    """

    value: float
    strategy: str
    reason: str


@dataclass(frozen=True, repr=False)
class Sweep:
    """A workload with one parameter at several values.

    Attributes:
        kind: what is varied.
        workload: what is served; `kind` tells what of it is varied.
        points: by value, and for each value in the workload's order of strategies.
        saturation: by strategy the load in requests per second that it can just serve; see
            `saturation_task`. Only for loads, else empty.
        refused: who cannot serve the workload at which values.
        asked: the metrics to show; none for the usual ones.
    """

    kind: Kind
    workload: Workload
    points: tuple[Point, ...]
    saturation: Mapping[str, float]
    refused: tuple[Refusal, ...] = ()
    asked: tuple[MetricInfo, ...] = ()

    def __repr__(self) -> str:
        return f"Sweep({self.kind} of {self.workload.name}, {len(self.points)} points)"

    def _repr_html_(self) -> str:
        return notebook.sweep_figures(self)

    @property
    def shown(self) -> tuple[MetricInfo, ...]:
        """The metrics to show: those asked for, else what the service level is about.

        Before these, what a prefix cache finds, if it finds anything.
        """
        found = any(point.metrics[HIT_RATE.name] for point in self.points)
        first = (HIT_RATE,) if found and self.workload.requests.share else ()
        return self.asked or (*first, *usual_metrics(self.workload.slo))

    def to_pandas(self) -> pd.DataFrame:
        """A row a point as a data frame of pandas, with the columns of `sweep --csv`.

        Raises:
            ImportError: if pandas is not installed.
        """
        return notebook.to_pandas(notebook.sweep_rows(self))

    def to_polars(self) -> pl.DataFrame:
        """A row a point as a data frame of Polars, with the columns of `sweep --csv`.

        Raises:
            ImportError: if Polars is not installed.
        """
        return notebook.to_polars(notebook.sweep_rows(self))

    @property
    def values(self) -> tuple[float, ...]:
        """Each value once, ascending."""
        return tuple(sorted({point.value for point in self.points}))

    @property
    def strategies(self) -> tuple[str, ...]:
        """The names of the strategies, in the workload's order."""
        return tuple(dict.fromkeys(point.strategy.name for point in self.points))

    @property
    def ignoring(self) -> tuple[str, ...]:
        """The strategies that run as if the KV cache, which they might fill, had no end."""
        names = (point.strategy.name for point in self.points if point.ignores_memory)
        return tuple(dict.fromkeys(names))

    @cached_property
    def without_cache(self) -> tuple[str, ...]:
        """The strategies that find nothing of what requests share, while others do."""
        share = self.workload.requests.share
        return without_cache((point.strategy for point in self.points), share=share)

    def curve(self, strategy: str) -> tuple[Point, ...]:
        """The points of one strategy by value; some values may be missing."""
        return tuple(point for point in self.points if point.strategy.name == strategy)

    def wordings(self, strategy: str) -> tuple[tuple[str, ...], ...]:
        """The parameters that do not vary; see `Strategy.wordings`."""
        told = (point.strategy.wordings() for point in self.curve(strategy))
        return tuple(
            tuple(word for word in alike[0] if all(word in words for words in alike))
            for alike in zip(*told, strict=True)
        )

    def row(self, value: float) -> dict[str, Point]:
        """The points at one value, by strategy; without those that cannot serve there.

        A strategy whose points ended before, because more slots change nothing, stays as it was.
        """
        refusing = {each.strategy for each in self.refused if each.value == value}
        before = (point for point in self.points if point.value <= value)
        row = {point.strategy.name: point for point in before}
        return {name: point for name, point in row.items() if name not in refusing}

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be told beside the figures.

        Whether the run is short, who is left out, and who refuses which values, and why.
        """
        return (*self._short_run(), *self._left_out(), *self.refusals)

    @property
    def refusals(self) -> tuple[str, ...]:
        """Who refuses which values, and why, a sentence each."""
        reasons = {each.strategy: each.reason for each in self.refused}  # of the last value
        return tuple(f"{name} {words}: {reasons[name]}" for name, words in self._refusals())

    @property
    def short_notes(self) -> tuple[str, ...]:
        """The same in fewer words, and without reasons."""
        refusals = (f"{name} {words}" for name, words in self._refusals())
        briefly = (told.partition(";")[0] for told in self._short_run())
        return (*briefly, *self._left_out(), *refusals)

    @property
    def exceeds(self) -> bool:
        """Whether a load is more than its strategy can serve; never where it does not vary."""
        most = self.saturation
        return any(point.value > most.get(point.strategy.name, inf) for point in self.points)

    @property
    def is_short(self) -> bool:
        """Whether loads beyond saturation have no time to show what they do; see `short_run`."""
        return bool(self._short_run())

    def _short_run(self) -> tuple[str, ...]:
        """That loads beyond saturation, if there are any, have no time to show what they do."""
        if not self.exceeds:
            return ()
        taken = max(point.peak_batch for point in self.points)
        drawn = self.workload.source.seed is not None
        return short_run(len(self.workload.requests), taken, drawn=drawn)

    def _left_out(self) -> tuple[str, ...]:
        without = left_out(self.workload, self.kind)
        return (f"left out: {', '.join(without)} (no {self.kind})",) if without else ()

    def _refusals(self) -> Iterator[tuple[str, str]]:
        """Who cannot serve the workload, and at which values."""
        for name in dict.fromkeys(each.strategy for each in self.refused):
            values = (each.value for each in self.refused if each.strategy == name)
            at = ", ".join(value_text(self.kind, value) for value in values)
            yield name, f"cannot serve this at {at}"
