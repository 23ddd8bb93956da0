"""The highest load at which a strategy still keeps a service level."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from tui_batching.analysis.kv_use import ignores_memory
from tui_batching.analysis.service_level import limits_kept
from tui_batching.analysis.short_runs import short_run
from tui_batching.clock import HORIZON
from tui_batching.errors import InputError
from tui_batching.executors import CountDone, run_all
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Strategy
from tui_batching.strategies.parameters import MAX_SLOTS
from tui_batching.workload.generate import seed_after
from tui_batching.workload.listed import ListedRequests
from tui_batching.workload.model import Workload

PRECISION = 0.01
"""How far apart, as a share, the highest rate that is kept and the lowest that is not may be."""

VARIANTS = 5
"""How many seeds, or stretches of a list of requests, tell the uncertainty."""

_FARTHEST = 2.0**10
"""How many times faster or slower than the workload's own rate is still tried."""

_NOTCH = math.sqrt(2)
"""The factor between two rates that are tried in search of one that is kept."""

_SHORTEST_STRETCH = 20
"""A list of requests is not cut into fewer."""


@dataclass(frozen=True)
class Capacity:
    """The request rates that a strategy sustains, one for each variant of the workload.

    Attributes:
        strategy: who serves.
        rates: requests per second, by variant; 0 where the level is not kept even at hardly any
            load, infinity where it is kept whatever the load.
        ignores_memory: whether it runs as if the KV cache, which the cost knows, had no end.
    """

    strategy: Strategy
    rates: tuple[float, ...]
    ignores_memory: bool = False

    @property
    def median(self) -> float:
        """The middle one of the variants."""
        return statistics.median(self.rates)

    @property
    def lowest(self) -> float:
        """The lowest of the variants."""
        return min(self.rates)

    @property
    def highest(self) -> float:
        """The highest of the variants."""
        return max(self.rates)


@dataclass(frozen=True)
class Capacities:
    """What each strategy of a workload sustains.

    Attributes:
        workload: what is served, with its service level.
        attainment: the share of requests that must be within all limits.
        capacities: one a strategy, in the workload's order.
        count: how many requests each variant has.
    """

    workload: Workload
    attainment: float
    capacities: tuple[Capacity, ...]
    count: int

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be told beside the figures: whether the runs are short."""
        slots = [each.strategy.slots for each in self.capacities]
        taken = max((each for each in slots if each < MAX_SLOTS), default=0)
        return short_run(self.count, taken, drawn=self.workload.source.seed is not None)

    @property
    def ignoring(self) -> tuple[str, ...]:
        """The strategies that run as if the KV cache, which the cost knows, had no end."""
        return tuple(each.strategy.name for each in self.capacities if each.ignores_memory)


@dataclass(frozen=True)
class _Search:
    """One search, small enough to be sent to another process."""

    workload: Workload
    strategy: Strategy
    attainment: float


def find_capacities(
    workload: Workload,
    attainment: float,
    count: int = VARIANTS,
    executor: Executor | None = None,
    progress: CountDone | None = None,
) -> Capacities:
    """The capacity of each strategy of a workload; see `variants` and `sustained_rate`.

    Args:
        workload: with a service level, `slo`.
        attainment: the share of requests, above 0 and up to 1, that must be within all limits.
        count: how many variants tell the uncertainty.
        executor: where to search; None searches here.
        progress: is told how many searches are done, of how many.

    Raises:
        InputError: as `sustained_rate` does.
    """
    several = variants(workload, count)
    searches = [
        _Search(variant, strategy, attainment)
        for strategy in workload.strategies
        for variant in several
    ]
    rates = run_all(_find, searches, executor, progress)
    firsts = range(0, len(rates), len(several))
    alone = _stretch(workload, slice(0, 1))
    found = (
        Capacity(
            strategy,
            tuple(rates[first : first + len(several)]),
            ignores_memory=ignores_memory(simulate(alone, strategy)),
        )
        for strategy, first in zip(workload.strategies, firsts, strict=True)
    )
    return Capacities(workload, attainment, tuple(found), len(several[0].requests))


def _find(search: _Search) -> float:
    return sustained_rate(search.workload, search.strategy, search.attainment)


def variants(workload: Workload, count: int = VARIANTS) -> tuple[Workload, ...]:
    """The same workload drawn with other seeds; of a list of requests, `count` stretches of it.

    The first seed is the workload's own. The stretches follow each other and are equally long;
    a list too short to be cut is a single variant.
    """
    source = workload.source
    if source.seed is not None:
        sources = [source.with_seed(seed_after(source.seed, number)) for number in range(count)]
        return tuple(replace(workload, source=each) for each in sources)
    length = len(workload.requests) // count
    if length < _SHORTEST_STRETCH:
        return (workload,)
    starts = range(0, length * count, length)
    return tuple(_stretch(workload, slice(first, first + length)) for first in starts)


def _stretch(workload: Workload, rows: slice) -> Workload:
    return replace(workload, source=ListedRequests(workload.requests.part(rows)))


def sustained_rate(workload: Workload, strategy: Strategy, attainment: float) -> float:
    """The highest rate at which the strategy keeps the workload's limits for enough requests.

    All arrivals are scaled, from far above the workload's own rate down by notches until the limits
    are kept; bisection then closes in on the border. More load can help, too: at hardly any load a
    static batch waits long for its last member. The result is a rate that is kept, no more than
    `PRECISION` below one that is not.

    Args:
        workload: with a service level, `slo`.
        strategy: who serves.
        attainment: the share of requests, above 0 and up to 1, that must be within all limits.

    Returns:
        Requests per second; 0 where the limits are not kept even at hardly any load, infinity
        where they are kept whatever the load.

    Raises:
        InputError: if the workload has no service level, or all its requests arrive at once.
    """
    limits, own = workload.slo, workload.source.rate
    if limits is None:
        raise InputError("found no service level, expected limits such as ttft=500ms")
    if own is None:
        raise InputError("all requests of this workload arrive at once: it has no rate to change")

    def keeps(rate: float) -> bool:
        run = simulate(replace(workload, source=workload.source.with_rate(rate)), strategy)
        return limits_kept(run, limits).attainment >= attainment

    return _border(keeps, own, _slowest(workload, own))


def _slowest(workload: Workload, own: float) -> float:
    """The lowest rate that is tried; the last arrival stays well within the clock."""
    last = max(1, int(workload.requests.arrival_time[-1]))
    return max(own / _FARTHEST, own * last / (HORIZON // 2))


def _border(keeps: Callable[[float], bool], own: float, slowest: float) -> float:
    """The highest rate that is kept, as far as the notches tell; refined by bisection."""
    low = high = own * _FARTHEST
    if keeps(high):
        return math.inf
    while not keeps(low):
        if low == slowest:
            return 0.0
        low, high = max(low / _NOTCH, slowest), low
    while high > low * (1 + PRECISION):
        middle = math.sqrt(low * high)
        if keeps(middle):
            low = middle
        else:
            high = middle
    return low
