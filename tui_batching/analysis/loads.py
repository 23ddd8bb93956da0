"""Loads in search of a capacity: what is played at each, and what that tells of the long run."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from tui_batching.analysis.batch_means import BatchMeans
from tui_batching.analysis.distribution import latencies, times_to_first_token
from tui_batching.analysis.kv_use import ignores_memory
from tui_batching.analysis.service_level import Criterion, criteria, limits_text
from tui_batching.clock import HORIZON, SECOND
from tui_batching.columns import FloatArray, exact_sum, freeze
from tui_batching.numbers import significant
from tui_batching.requests import Requests
from tui_batching.sim.run import Run
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Strategy
from tui_batching.workload.generate import GeneratedRequests, seed_after
from tui_batching.workload.listed import ListedRequests
from tui_batching.workload.model import Source, Workload
from tui_batching.workload.service_level import ServiceLevel

PRECISION = 0.01
"""How far apart, as a share, loads are that are told from each other."""
SPAN = 20
"""A run is steady that lasts so many mean latencies, with parts alike in time to first token."""
_NOTCH = 35
"""So many loads lie between two that are tried in search of one: a factor of 1.4."""
_BESIDE = 5
"""As many steps to each side lie the loads that tell how a mean grows with the load."""
_MOST_ERROR = 100.0
"""As a share of what was found; one as large as that, or of no known size, tells nothing."""
_SLOWEST = 1 / 1000
"""The share of the saturation down to which loads are tried."""
_SHORTEST, _LONGEST, _LONGER = 8_000, 32_000, 2
"""How many requests are drawn at first and at most, in each draw, and by which factor more."""


@dataclass(frozen=True)
class Asked:
    """What is to be kept.

    Attributes:
        slo: the limits.
        attainment: the share of requests that must be within all limits of each request.
    """

    slo: ServiceLevel
    attainment: float

    @property
    def text(self) -> str:
        """In words: `TTFT ≤ 2.00 s, TPOT ≤ 40.0 ms for 95 % of the requests`."""
        each = self.slo.of_each
        joint = f"{limits_text(each)} for {self.attainment:.10g} of the requests" if each else ""
        targets = limits_text(replace(self.slo, ttft=None, tpot=None, e2el=None))
        return ", ".join(filter(None, (joint, targets)))

    @cached_property
    def criteria(self) -> tuple[Criterion, ...]:
        """The same as conditions on means."""
        return criteria(self.slo, self.attainment)

    @cached_property
    def singly(self) -> dict[str, Criterion]:
        """Each limit by itself, by its key such as `ttft` or `tpot.p99`."""
        limits = {key: ServiceLevel.of({key: most}) for key, most in self.slo.limits.items()}
        return {key: criteria(limit, self.attainment)[0] for key, limit in limits.items()}


@dataclass(frozen=True)
class Played:
    """What is played at each load.

    Attributes:
        workload: what is asked about.
        runs: how many draws of a recipe, or pieces of a list.
        count: requests in each.
    """

    workload: Workload
    runs: int
    count: int

    @classmethod
    def of(cls, workload: Workload, variants: int) -> Played:
        """As many draws or pieces as are asked for; a draw has at least 8,000 requests."""
        count = len(workload.requests)
        source = workload.source
        if isinstance(source, GeneratedRequests):
            small = replace(workload, source=replace(source))  # without what was drawn
            return cls(small, variants, max(count, _SHORTEST))
        if source.seed is not None:
            return cls(workload, variants, count)
        runs = min(variants, count)
        listed = replace(workload, source=ListedRequests(workload.requests))
        return cls(listed, runs, count // runs)

    def longer(self, lasts: float) -> Played | None:
        """The same in fewer pieces or with longer draws; None if there is no more.

        Args:
            lasts: how many mean latencies the shortest of these takes to arrive.
        """
        if self.is_recipe:
            count = min(_LONGER * self.count, _LONGEST)
            return replace(self, count=count) if count > self.count else None
        if not self.is_list or self.runs == 1:
            return None
        long_enough = int(self.runs * lasts / SPAN)
        runs = max(1, min(long_enough, self.runs // 2) if lasts >= SPAN else long_enough)
        return replace(self, runs=runs, count=len(self.workload.requests) // runs)

    @property
    def is_list(self) -> bool:
        """Whether there is nothing to draw."""
        return self.workload.source.seed is None

    @property
    def is_recipe(self) -> bool:
        """Whether more requests can be drawn."""
        return isinstance(self.workload.source, GeneratedRequests)

    def at(self, rate: float) -> list[Requests]:
        """The requests of each run, with all arrivals scaled alike."""
        if not self.is_list:
            return [each.with_rate(rate).make_requests() for each in self._draws]
        requests = self.workload.source.with_rate(rate).make_requests()
        bounds = [self.count * number for number in range(self.runs)]
        return [requests.part(slice(first, first + self.count)) for first in bounds]

    def at_once(self) -> list[Requests]:
        """The requests of each run, all of them there at time zero; of a list, one run."""
        if self.is_list:
            drawn = [self.workload.requests]
        else:
            drawn = [each.make_requests() for each in self._draws]
        return [
            replace(each, arrival_time=freeze(np.zeros_like(each.arrival_time))) for each in drawn
        ]

    @cached_property
    def _draws(self) -> list[Source]:
        source = self.workload.source
        seeds = [seed_after(source.seed or 0, number) for number in range(self.runs)]
        drawn = [source.with_seed(seed) for seed in seeds]
        return [each.with_count(self.count) for each in drawn] if self.is_recipe else drawn


@dataclass(frozen=True)
class LoadFound:
    """What came of one load.

    Attributes:
        lasts: how many mean latencies the arrivals of the shortest run take.
        alike: whether the parts of the runs are alike in the time to the first token.
        means: of each criterion.
        most: what each of them may be.
    """

    lasts: float
    alike: bool
    means: tuple[float, ...]
    most: tuple[float, ...]

    @property
    def steady(self) -> bool:
        """Whether more of the same would come of a longer run."""
        return self.lasts >= SPAN and self.alike

    def kept(self, factors: Sequence[float] = ()) -> bool:
        """Whether the means are at most what they may be, or factors of that."""
        of_each = zip(self.means, self.most, factors or (1.0,) * len(self.most), strict=True)
        return all(mean <= most * factor for mean, most, factor in of_each)

    @property
    def excess(self) -> float:
        """By which factor the mean that is worst is above what it may be."""
        return max(map(_excess, self.means, self.most))


class LoadLadder:
    """The loads of one search: steps down from the saturation, each played once.

    Attributes:
        played: what is played.
        strategy: who serves it.
        asked: what is to be kept.
        saturation: what is served of a queue that never runs empty, in requests per second.
        ignores_memory: whether it runs as if the KV cache, which it might fill, had no end.
        margin: as many steps the saturation of a run ten times as long may be away.
        last: the step of the slowest load.

    Raises:
        InputError: if the strategy cannot serve the requests.
    """

    def __init__(self, played: Played, strategy: Strategy, asked: Asked) -> None:
        self.played, self.strategy, self.asked = played, strategy, asked
        self._found: dict[int, LoadFound] = {}
        at_once = [self._serve(requests) for requests in played.at_once()]
        answered, picoseconds = map(sum, zip(*map(_while_queueing, at_once), strict=True))
        self.saturation = answered * SECOND / picoseconds
        gaps = BatchMeans.of([np.diff(np.sort(run.end_time)).astype(np.float64) for run in at_once])
        error = gaps.error(0.0) if gaps else math.inf
        self.margin = math.ceil(min(error, math.log(2)) / math.log1p(PRECISION))
        self.ignores_memory = any(map(ignores_memory, at_once))
        # The last arrival stays well within the clock.
        slowest = max(
            self.saturation * _SLOWEST, played.runs * played.count * SECOND / (HORIZON // 2)
        )
        self.last = max(0, int(math.log(self.saturation / slowest) / math.log1p(PRECISION)))

    def rate(self, step: int) -> float:
        """Requests per second at a step."""
        return self.saturation / (1 + PRECISION) ** step

    def at(self, step: int) -> LoadFound:
        """What comes of the load at a step."""
        if step not in self._found:
            self._found[step] = self._play(self.rate(step))
        return self._found[step]

    def told_rate(self, step: int) -> str:
        """The rate for reading: `16.2/s`."""
        return significant(self.rate(step), zeros=True) + "/s"

    def half_of(self, step: int) -> int:
        """The first step at no more than half the load."""
        return min(self.last, step + math.ceil(math.log(2) / math.log1p(PRECISION)))

    def best(self) -> int:
        """Of all loads that were played that which is nearest to being kept."""
        return min(self._found, key=lambda step: self._found[step].excess)

    def binding(self, step: int) -> str:
        """The key of the limit that is missed by most at a step, or is nearest to being missed."""
        singly = self.asked.singly
        if len(singly) == 1:
            return next(iter(singly))
        runs = [self._serve(requests) for requests in self.played.at(self.rate(step))]
        of_each = {key: _excess(_mean(each, runs), each.most) for key, each in singly.items()}
        return max(of_each, key=of_each.__getitem__)

    def missed(self, step: int) -> Iterator[str]:
        """What is not kept at a step, each limit by itself first, and by how much."""
        runs = [self._serve(requests) for requests in self.played.at(self.rate(step))]
        for criterion in (*self.asked.singly.values(), *self.asked.criteria):
            mean = _mean(criterion, runs)
            if mean > criterion.most:
                yield criterion.found(mean)

    def fastest(
        self, holds: Callable[[LoadFound], bool], first: int, last: int, near: int = 1
    ) -> tuple[int, int] | None:
        """The first step of which something holds, searched by notches and then halves.

        More load can help, too: at hardly any load a static batch waits long for its last member.

        Returns:
            The first step that it may be, and one of which it holds, no farther apart than `near`.
            None if it holds of none.
        """
        step, above = first, first - 1
        while not holds(self.at(step)):
            if step >= last:
                return None
            above, step = step, min(step + _NOTCH, last)
        while step - above > near:
            middle = (above + step) // 2
            if holds(self.at(middle)):
                step = middle
            else:
                above = middle
        return above + 1, step

    def _play(self, rate: float) -> LoadFound:
        runs = [self._serve(requests) for requests in self.played.at(rate)]
        starts = BatchMeans.of([times_to_first_token(run).astype(np.float64) for run in runs])
        return LoadFound(
            lasts=min(map(_lasts, runs)),
            alike=starts is not None and starts.alike,
            means=tuple(_mean(criterion, runs) for criterion in self.asked.criteria),
            most=tuple(criterion.most for criterion in self.asked.criteria),
        )

    def errors(self, step: int) -> tuple[float, ...]:
        """How far from the means at a step those of a run ten times as long may lie, as shares."""
        runs = [self._serve(requests) for requests in self.played.at(self.rate(step))]
        # The requests of a recipe come at the rate of the process, however long these take.
        slopes = [0.0 if self.played.is_recipe else slope for slope in self._slopes(step)]
        return tuple(
            self._error(criterion, runs, slope)
            for criterion, slope in zip(self.asked.criteria, slopes, strict=True)
        )

    def steps_for(self, shares: Sequence[float], step: int) -> int:
        """How many steps the mean that is worst takes to change by its share, as it grows there."""
        load = self.at(step)
        of_each = zip(load.means, load.most, self._slopes(step), shares, strict=True)
        mean, _, slope, share = max(of_each, key=lambda each: each[0] / each[1])
        return math.ceil(share * mean / slope / math.log1p(PRECISION)) if slope > 0 else 0

    def _error(self, criterion: Criterion, runs: Sequence[Run], slope: float) -> float:
        """Of one mean, which grows by so much as the load grows by its logarithm.

        Of a list not only the requests are chance, but also how long it took: a lucky one, which is
        played at the rate of others, is played too fast or too slow. So each request counts as if
        the gaps about it were as long as all are (the linear part of the error of a ratio).
        """
        values = [criterion.values(run) for run in runs]
        means = BatchMeans.of(values)
        if means is None:
            return _MOST_ERROR
        if slope:
            gaps = [_relative_gaps(run, len(each)) for run, each in zip(runs, values, strict=True)]
            mean = float(np.concatenate(gaps).mean())
            both = zip(values, gaps, strict=True)
            corrected = BatchMeans.of([each + slope * (gap / mean - 1) for each, gap in both])
            means = replace(corrected or means, mean=means.mean)
        p = criterion.most
        return min(means.error((1 - p) / p if criterion.is_share else 0.0), _MOST_ERROR)

    def _slopes(self, step: int) -> list[float]:
        """By how much each mean grows as the load does by its logarithm."""
        faster, slower = max(step - _BESIDE, 0), min(step + _BESIDE, self.last)
        if faster == slower:
            return [0.0] * len(self.asked.criteria)
        apart = (slower - faster) * math.log1p(PRECISION)
        both = zip(self.at(faster).means, self.at(slower).means, strict=True)
        return [(much - little) / apart for much, little in both]

    def _serve(self, requests: Requests) -> Run:
        workload = replace(self.played.workload, source=ListedRequests(requests))
        return simulate(workload, self.strategy)


def _excess(mean: float, most: float) -> float:
    """By which factor a mean is above what it may be."""
    return mean / most if most else math.inf


def _mean(criterion: Criterion, runs: Sequence[Run]) -> float:
    """The mean of a criterion, behind the warm-up of each run where that is long enough."""
    values = [criterion.values(run) for run in runs]
    means = BatchMeans.of(values)
    if means is not None:
        return means.mean
    together = np.concatenate(values)
    return float(together.mean()) if len(together) else 0.0


def _relative_gaps(run: Run, count: int) -> FloatArray:
    """Gaps between arrivals, as many as there are values, which some requests may not have."""
    arrivals = run.requests.arrival_time
    chosen = np.linspace(0, len(arrivals) - 1, count + 1).astype(np.int64)
    return np.diff(arrivals[chosen]).astype(np.float64)


def _lasts(run: Run) -> float:
    """How many mean latencies the arrivals take."""
    arrivals = run.requests.arrival_time
    return float(arrivals[-1] - arrivals[0]) * len(run) / exact_sum(latencies(run))


def _while_queueing(run: Run) -> tuple[int, int]:
    """How many answers there are in how long, of requests that are all there at time zero.

    Counted from the first tenth on until nobody waits any more: at the end the slots run empty.
    If that is no time at all, over the whole run.
    """
    ends = np.sort(run.end_time)
    first, last = int(ends[len(ends) // 10]), int(run.start_time.max())
    answered = int(np.count_nonzero((ends > first) & (ends <= last)))
    return (answered, last - first) if answered else (len(run), run.total_time)
