"""Several strategies on one workload, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from tui_batching import notebook
from tui_batching.analysis.cache_use import without_cache
from tui_batching.analysis.kv_use import ignores_memory
from tui_batching.analysis.metrics import (
    ITERATIONS,
    KV_MEMORY,
    METRIC_TABLE,
    PREFIX_CACHE,
    SERVICE_LEVEL,
    SLOTS,
    MetricInfo,
    Metrics,
    Value,
    best_of,
    metrics,
)
from tui_batching.analysis.slices import Slice, SliceParts, slice_parts
from tui_batching.analysis.tokens import token_gaps
from tui_batching.analysis.utilization import Utilization, tells_shares, utilization
from tui_batching.clock import Picoseconds
from tui_batching.errors import InputError
from tui_batching.sim.measured import MeasuredRun
from tui_batching.sim.run import Run
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Strategy
from tui_batching.workload.model import Workload, join_names
from tui_batching.workload.serving import Chosen, served_by

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

Announce: TypeAlias = Callable[[str], None]
"""Is told what begins now, such as `static`."""


@dataclass(frozen=True, eq=False)
class Result:
    """One strategy's Run and its metrics."""

    run: Run
    metrics: Metrics

    @property
    def strategy(self) -> Strategy:
        """The strategy and its parameters."""
        return self.run.strategy

    def metric(self, name: str) -> float:
        """A metric that is defined for the Run, such as `p99_latency`; see `Metrics.number`."""
        return self.metrics.number(name)

    @cached_property
    def utilization(self) -> Utilization:
        """How full the slots were."""
        return utilization(self.run)

    def slice_parts(self, wanted: Slice) -> SliceParts:
        """Where the time of some of the requests went."""
        if wanted.name not in self._slice_parts:
            self._slice_parts[wanted.name] = slice_parts(self.run, wanted)
        return self._slice_parts[wanted.name]

    @cached_property
    def _slice_parts(self) -> dict[str, SliceParts]:
        """What has been asked: there are a few slices."""
        return {}

    @cached_property
    def longest_gap(self) -> Picoseconds:
        """The longest time between two tokens of a request; 0 where no answer has two."""
        gaps = token_gaps(self.run)
        return int(gaps.largest) if gaps else 0


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """What came of a workload: one result a strategy, in the workload's order."""

    workload: Workload
    results: tuple[Result, ...]

    def __iter__(self) -> Iterator[Result]:
        return iter(self.results)

    def __getitem__(self, strategy: str) -> Result:
        """The result of the strategy called so.

        Raises:
            InputError: if the workload has no such strategy.
        """
        for result in self.results:
            if result.strategy.name == strategy:
                return result
        names = join_names(result.strategy.name for result in self.results)
        raise InputError(f"found no strategy {strategy!r}, expected one of {names}")

    def __repr__(self) -> str:
        names = join_names(result.strategy.name for result in self)
        return f"Comparison({self.workload.name}: {names})"

    def _repr_html_(self) -> str:
        return notebook.comparison_figures(self)

    def to_pandas(self) -> pd.DataFrame:
        """A row a strategy as a data frame of pandas, with the columns of `compare --csv`.

        Raises:
            ImportError: if pandas is not installed.
        """
        return notebook.to_pandas(notebook.comparison_rows(self))

    def to_polars(self) -> pl.DataFrame:
        """A row a strategy as a data frame of Polars, with the columns of `compare --csv`.

        Raises:
            ImportError: if Polars is not installed.
        """
        return notebook.to_polars(notebook.comparison_rows(self))

    @cached_property
    def measured(self) -> Result | None:
        """What the server measured, if the requests are those of its log."""
        return next((result for result in self if not result.run.tells_iterations), None)

    @property
    def measured_run(self) -> MeasuredRun | None:
        """The Run of what the server measured, if there is one."""
        run = self.measured.run if self.measured else None
        return run if isinstance(run, MeasuredRun) else None

    @cached_property
    def simulated(self) -> Comparison:
        """The strategies alone, without what was measured."""
        simulated = (result for result in self if result.run.tells_iterations)
        return Comparison(self.workload, tuple(simulated))

    @property
    def headlines(self) -> tuple[MetricInfo, ...]:
        """The rows of a short table.

        Targets are among them, and the service level where limits of each request are set; the KV
        cache and the iterations where one of the strategies heeds memory, and the prefix cache
        where it matters for one. Slots that are no more than a limit for all are left out, and the
        iterations told in their place.
        """
        slo = self.workload.slo
        left_out = set() if slo and slo.of_each else {SERVICE_LEVEL}
        targets = [] if slo is None else [each.metric for each in slo.targets]
        if all(result.run.kv is None for result in self):
            left_out |= {KV_MEMORY} if self.limited else {KV_MEMORY, ITERATIONS}
        if len(self.limited) == len(self.simulated.results):
            left_out.add(SLOTS)
        if not any(result.run.cache_matters for result in self):
            left_out.add(PREFIX_CACHE)
        return tuple(
            metric
            for metric in METRIC_TABLE
            if (metric.headline or metric.called in targets)
            and metric.group not in left_out
            and not (metric.rare and not any(self.values(metric)))
        )

    def values(self, metric: MetricInfo) -> tuple[Value, ...]:
        """The metric's value for each strategy; None where it would tell nothing.

        Shares of slots that are no more than a limit would, see `tells_shares`; but for those who
        never hold a finished request that is so whatever the limit.
        """
        return tuple(
            None
            if metric.group == SLOTS
            and metric.name != "held"
            and result.strategy.name in self.limited
            else result.metrics[metric.name]
            for result in self.results
        )

    @cached_property
    def limited(self) -> tuple[str, ...]:
        """The strategies whose slots are no more than a limit."""
        return tuple(each.strategy.name for each in self.simulated if not tells_shares(each.run))

    def best(self, metric: MetricInfo) -> tuple[bool, ...]:
        """Which strategies have the best value of a metric; see `best_of`.

        Beside what was measured nobody is the best: what counts is how far each is off.
        """
        if self.measured is not None:
            return (False,) * len(self.results)
        ignoring = [each.strategy.name in self.ignoring for each in self]
        return best_of(metric, self.values(metric), ignoring)

    @cached_property
    def ignoring(self) -> tuple[str, ...]:
        """The strategies that run as if the KV cache, which the cost knows, had no end."""
        return tuple(each.strategy.name for each in self if ignores_memory(each.run))

    @cached_property
    def without_cache(self) -> tuple[str, ...]:
        """The strategies that find nothing of what requests share, while others do."""
        share = any(each.run.requests.share for each in self)
        return without_cache((each.strategy for each in self.simulated), share=share)

    def behind(self, metric: MetricInfo) -> tuple[float | None, ...]:
        """By which share of the best value each strategy's is above it, or below it if negative.

        None for the best ones, and where the metric has no best value or that value is zero. Beside
        what was measured, that stands in place of the best.
        """
        if self.measured is not None:
            return self._errors(metric, self.measured.metrics[metric.name])
        values, best = self.values(metric), self.best(metric)
        winner = next((value for value, wins in zip(values, best, strict=True) if wins), None)
        if not winner:
            return (None,) * len(values)
        return tuple(
            None if wins or value is None else value / winner - 1
            for value, wins in zip(values, best, strict=True)
        )

    def errors_of(self, result: Result) -> dict[str, float | None]:
        """How far each metric of a strategy is off the measured one, see `behind`."""
        number = self.results.index(result)
        return {metric.name: self.behind(metric)[number] for metric in METRIC_TABLE}

    def _errors(self, metric: MetricInfo, true: Value) -> tuple[float | None, ...]:
        """How far each value is off the measured one, as a share of that; none of counts."""
        return tuple(
            None
            if not true or value is None or result is self.measured or metric.unit == "count"
            else value / true - 1
            for result, value in zip(self, self.values(metric), strict=True)
        )


def compare(
    workload: Workload,
    strategies: Chosen | None = None,
    progress: Announce | None = None,
) -> Comparison:
    """Serve the workload with each of several strategies.

    Args:
        workload: what is served.
        strategies: who serves, see `choose_strategies`; None takes the workload's own.
        progress: is told what begins.

    Raises:
        InputError: if there is no such strategy, or the workload cannot be simulated; see
            `simulate`.
    """
    workload = served_by(workload, strategies)
    results: list[Result] = []
    for strategy in workload.lanes:
        if progress:
            progress(strategy.name)
        results.append(serve(workload, strategy))
    return Comparison(workload, tuple(results))


def serve(workload: Workload, strategy: Strategy) -> Result:
    """Serve the workload with one strategy, and measure it.

    Raises:
        InputError: if the workload cannot be simulated; see `simulate`.
    """
    run = simulate(workload, strategy)
    return Result(run, metrics(run))
