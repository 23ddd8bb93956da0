"""The highest load at which a strategy still keeps a service level, in the long run.

Loads are played from the saturation down, the most that a strategy can serve: one beyond it is
never sustained, however long its queue takes to tell. A list of requests is played whole, and of a
recipe as many are drawn as it takes to be sure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Real
from typing import TYPE_CHECKING, Literal, TypeAlias

from tui_batching import notebook
from tui_batching.analysis.cache_use import without_cache
from tui_batching.analysis.loads import SPAN, Asked, LoadFound, LoadLadder, Played
from tui_batching.errors import InputError
from tui_batching.executors import CountDone, run_all
from tui_batching.numbers import rate_text
from tui_batching.strategies import Strategy
from tui_batching.workload.model import Workload
from tui_batching.workload.serving import Chosen, served_by

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

_NARROW = 0.12
"""How wide the interval is, as a share of the rate, at which no more requests are drawn."""
_NEAR = 4
"""How many steps the ends of the interval may be too far out."""
_NEARLY_NONE = 0.1
"""As much of what may be, where the error is as large as that: nobody, but for a few."""

Answer: TypeAlias = Literal["rate", "none", "any", "unsure", "refused"]


@dataclass(frozen=True)
class Capacity:
    """The request rate that a strategy sustains.

    Attributes:
        strategy: who serves.
        answer: `rate`; `none` if the limits are kept at no load; `any` if they are at every load
            up to the saturation; `unsure` if the requests are too few to tell; `refused` if the
            strategy cannot serve them.
        rate: requests per second; 0 for `none`, the saturation for `any`, else None.
        lowest: the least that a run ten times as long sustains, with a confidence of 95 %.
        highest: the most that it does.
        saturation: what is served of a queue that never runs empty, in requests per second.
        limit: which one a little more load misses by most, by its key such as `ttft` or `tpot.p99`;
            for `none`, which one the best load does. None where no limit is the answer's reason.
        reason: why the answer is no rate, in a sentence; else empty.
        runs: how many draws or pieces were played at each load.
        requests: how many each of them has.
        lasts: how many mean latencies the shortest of them takes to arrive at this rate.
        ignores_memory: whether it runs as if the KV cache, which it might fill, had no end.
    """

    strategy: Strategy
    answer: Answer
    rate: float | None = None
    lowest: float | None = None
    highest: float | None = None
    saturation: float | None = None
    limit: str | None = None
    reason: str = ""
    runs: int = 0
    requests: int = 0
    lasts: float = 0.0
    ignores_memory: bool = False

    @property
    def answer_text(self) -> str:
        """The rate with its unit, such as `20.4/s`, or the word that stands for it."""
        if self.answer != "rate" or self.rate is None:
            return self.answer
        return rate_text(self.rate)

    @property
    def is_narrow(self) -> bool:
        """Whether more requests would not tell much more."""
        if not self.rate or self.lowest is None or self.highest is None:
            return self.answer == "none"
        return self.highest - self.lowest <= _NARROW * self.rate


@dataclass(frozen=True, repr=False)
class Capacities:
    """What each strategy of a workload sustains.

    Attributes:
        workload: what is served.
        asked: what is to be kept.
        capacities: one a strategy, in the workload's order.
        variants: how many draws or pieces were asked for.
    """

    workload: Workload
    asked: Asked
    capacities: tuple[Capacity, ...]
    variants: int

    def __repr__(self) -> str:
        told = (f"{each.strategy.name} {each.answer_text}" for each in self.capacities)
        return f"Capacities({self.workload.name}: {', '.join(told)})"

    def _repr_html_(self) -> str:
        return notebook.capacity_figures(self)

    def to_pandas(self) -> pd.DataFrame:
        """A row a strategy as a data frame of pandas, with the columns of `capacity --csv`.

        Raises:
            ImportError: if pandas is not installed.
        """
        return notebook.to_pandas(notebook.capacity_rows(self))

    def to_polars(self) -> pl.DataFrame:
        """A row a strategy as a data frame of Polars, with the columns of `capacity --csv`.

        Raises:
            ImportError: if Polars is not installed.
        """
        return notebook.to_polars(notebook.capacity_rows(self))

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be told beside the figures: what was played, and why an answer is none."""
        fewest = min((each.runs for each in self.capacities if each.runs), default=0)
        played = (
            f"{self.variants:,} pieces are not steady, each has to last {SPAN} mean latencies: "
            f"{fewest:,} instead"
        )
        told = (f"{each.strategy.name}: {each.reason}" for each in self.capacities if each.reason)
        return (*([played] if 0 < fewest < self.variants else []), *told)

    @property
    def ignoring(self) -> tuple[str, ...]:
        """The strategies that run as if the KV cache, which the cost knows, had no end."""
        return tuple(each.strategy.name for each in self.capacities if each.ignores_memory)

    @cached_property
    def without_cache(self) -> tuple[str, ...]:
        """The strategies that have no prefix cache, where others have one and it matters."""
        share = self.workload.requests.share
        return without_cache((each.strategy for each in self.capacities), share=share)


def capacity(  # noqa: PLR0913 - what is kept, by whom, and where it is searched
    workload: Workload,
    strategies: Chosen | None = None,
    attainment: float = 0.99,
    variants: int = 1,
    *,
    executor: Executor | None = None,
    progress: CountDone | None = None,
) -> Capacities:
    """The request rate at which each strategy of a workload just keeps its service level.

    Args:
        workload: with a service level, `slo`. The arrivals of a list are scaled in time, all alike;
            of a recipe, as many requests are drawn as it takes, never fewer than it has.
        strategies: who serves, see `choose_strategies`; None takes the workload's own.
        attainment: the share of requests, above 0 and below 1, that must be within all limits
            of each request.
        variants: how many draws are played, or pieces of a list. Pieces that are too short to be
            steady are made longer.
        executor: where to search; None searches here.
        progress: is told how many strategies are done, of how many.

    Raises:
        InputError: if there is no such strategy, the share is out of its range, the workload has
            no service level, all its requests arrive at once, or no strategy can serve them or has
            enough of them.
    """
    workload = served_by(workload, strategies)
    _refuse_no_share(attainment)
    if workload.slo is None:
        raise InputError("found no service level, expected limits such as ttft=500ms")
    if workload.source.rate is None:
        raise InputError("all requests of this workload arrive at once: it has no rate to change")
    played = Played.of(workload, variants)
    asked = Asked(workload.slo, attainment)
    searches = [_Search(played, each, asked) for each in workload.strategies]
    capacities = run_all(_find, searches, executor, progress)
    if all(each.rate is None for each in capacities):
        raise InputError(capacities[0].reason)
    return Capacities(workload, asked, tuple(capacities), variants)


def _refuse_no_share(found: object) -> None:
    if not (isinstance(found, Real) and 0 < float(found) < 1):
        given = f"{found:g}" if isinstance(found, float) else repr(found)
        expected = "expected a share above 0 and below 1, as always one is late"
        raise InputError(f"attainment: found {given}, {expected}")


@dataclass(frozen=True)
class _Search:
    """One search, small enough to be sent to another process."""

    played: Played
    strategy: Strategy
    asked: Asked


def _find(search: _Search) -> Capacity:
    """Search in what was asked for, and in longer pieces or draws until it is sure."""
    played: Played | None = search.played
    while played is not None:
        try:
            ladder = LoadLadder(played, search.strategy, search.asked)
            found = _climb(ladder)
        except InputError as error:
            return Capacity(search.strategy, "refused", reason=str(error))
        enough = (
            found.is_narrow
            if played.is_recipe
            else found.lasts >= SPAN and found.answer != "unsure"
        )
        played = None if enough else played.longer(found.lasts)
    return found


def _climb(ladder: LoadLadder) -> Capacity:
    """The highest load that is kept, and the ends of where that of a longer run lies."""
    kept = ladder.fastest(LoadFound.kept, 0, ladder.last)
    step = None if kept is None else kept[1]
    errors = ladder.errors(ladder.best() if step is None else step)
    more = [math.exp(error) for error in errors]  # a lucky run has fewer by any factor
    end = ladder.last if step is None else step
    highest = ladder.fastest(lambda load: load.kept(more), 0, end, _NEAR)
    found = Capacity(
        ladder.strategy,
        "none" if highest is None else "unsure",
        saturation=ladder.saturation,
        runs=ladder.played.runs,
        requests=ladder.played.count,
        lasts=0.0 if step is None else ladder.at(step).lasts,
        ignores_memory=ladder.ignores_memory,
    )
    if highest is None:
        return replace(
            found, rate=0.0, limit=ladder.binding(ladder.best()), reason=_why_none(ladder)
        )
    if step is None:
        return replace(found, reason=_too_few(ladder, "tell whether any load keeps the limits"))
    lowest = _sure(ladder, step, errors)
    if lowest is None:
        told = f"be steady: they keep the limits at {ladder.told_rate(step)}, "
        return replace(found, reason=_too_few(ladder, f"{told}but half of that is not sure"))
    top = max(0, min(highest[0], step - ladder.margin))
    return replace(
        found,
        answer="any" if step == 0 else "rate",
        rate=ladder.rate(step),
        lowest=ladder.rate(max(lowest, step + ladder.margin)),
        highest=ladder.rate(top),
        limit=ladder.binding(step - 1) if step else None,
        reason="" if step else f"every load up to the saturation keeps {ladder.asked.text}",
    )


def _sure(ladder: LoadLadder, step: int, errors: Sequence[float]) -> int | None:
    """The step of the load that a longer run sustains as well; None if not even half of it is sure.

    Fewer than nobody cannot miss a limit. What is left of an error that is larger is made up for by
    how fast the mean grows with the load.
    """
    less = [max(1 - error, _NEARLY_NONE) for error in errors]
    half = ladder.half_of(step)
    found = ladder.fastest(lambda load: load.steady and load.kept(less), step, half, _NEAR)
    if found is None:
        return None
    left = [share - (1 - error) for share, error in zip(less, errors, strict=True)]
    lowest = found[1] + ladder.steps_for(left, step)
    return lowest if lowest <= half else None


def _why_none(ladder: LoadLadder) -> str:
    """How near the limits are to being kept, at best, and what is missed there."""
    step = ladder.best()
    missed = next(ladder.missed(step))
    slowest, best = ladder.told_rate(ladder.last), ladder.told_rate(step)
    return f"no load down to {slowest} keeps the limits; at best, at {best}, {missed}"


def _too_few(ladder: LoadLadder, what: str) -> str:
    count = ladder.played.runs * ladder.played.count
    requests = "1 request is" if count == 1 else f"{count:,} requests are"
    return f"{requests} too few to {what}"
