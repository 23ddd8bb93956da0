"""From a workload and a kind of sweep to tasks, and from their outcomes to the sweep.

A task is one value, small enough to be sent to another process; the outcome is the same wherever
it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from math import inf
from typing import Protocol

import numpy as np

from tui_batching.analysis.metrics import metrics
from tui_batching.analysis.sweeps.sweep import Kind, Point, Sweep
from tui_batching.clock import MILLISECOND, Picoseconds
from tui_batching.columns import freeze
from tui_batching.cost import Cost
from tui_batching.errors import InputError
from tui_batching.executors import CountDone, process_executor, run_all
from tui_batching.requests import Requests
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Strategy
from tui_batching.workload.generate import GeneratedRequests
from tui_batching.workload.listed import ListedRequests
from tui_batching.workload.model import ServiceLevel, Source, Workload, refuse_rate

_LOAD_FACTORS = (0.375, 0.6, 1.0, 1.5, 2.0, 3.0, 3.75)
"""The notebook's loads, gaps of 800 500 300 200 150 100 and 80 ms, relative to its 300 ms."""
_ALL_AT_ONCE = inf
"""The load at which all requests are there at time zero."""
_BATCH_SIZES = (1, 2, 4, 8, 16)
_MOST_SLOTS = 256
MOST_VALUES = 1000
"""At which a sweep may serve the workload."""
_TIMEOUTS: tuple[Picoseconds, ...] = tuple(
    milliseconds * MILLISECOND for milliseconds in (0, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
)


class Served(Protocol):
    """What makes the requests of a task; small where they can be drawn."""

    def make_requests(self) -> Requests:
        """The requests in arrival order."""
        ...


@dataclass(frozen=True)
class AtLoad:
    """A source's requests at a rate, made where they are needed; see `Source.at_load`."""

    source: Source
    rate: float
    position: int

    def make_requests(self) -> Requests:
        """The requests in arrival order."""
        return self.source.at_load(self.rate, self.position).make_requests()


@dataclass(frozen=True)
class AtOnce:
    """A source's requests in their order, all of them there at time zero."""

    source: Source

    def make_requests(self) -> Requests:
        """The requests in the order in which they would arrive."""
        requests = self.source.make_requests()
        return replace(requests, arrival_time=freeze(np.zeros_like(requests.arrival_time)))


@dataclass(frozen=True)
class Task:
    """One value of a sweep: the requests that are served there, and with what."""

    value: float
    served: Served
    cost: Cost
    strategies: tuple[Strategy, ...]
    slo: ServiceLevel | None


def run_task(task: Task) -> tuple[Point, ...]:
    """A point for each strategy.

    Raises:
        InputError: as `simulate` does.
    """
    source = ListedRequests(task.served.make_requests())
    workload = Workload("sweep", source, cost=task.cost, strategies=task.strategies)
    points: list[Point] = []
    for strategy in task.strategies:
        run = simulate(workload, strategy)
        # The lowest free slot is taken first, so the highest tells how many were taken at once.
        points.append(
            Point(task.value, strategy, metrics(run, task.slo), int(run.stays.slot.max()) + 1)
        )
    return tuple(points)


@dataclass(frozen=True)
class Plan:
    """The tasks of a sweep.

    Attributes:
        kind: what is varied.
        workload: what is served.
        tasks: one a value, ascending; for loads one more, see `saturation_task`.
        until_free: whether a strategy's points end where its slots are never all taken.
    """

    kind: Kind
    workload: Workload
    tasks: tuple[Task, ...]
    until_free: bool = False

    @property
    def requests_served(self) -> int:
        """How many requests are served over all tasks and strategies: the work there is."""
        return len(self.workload.requests) * sum(len(task.strategies) for task in self.tasks)

    def finish(self, outcomes: Sequence[tuple[Point, ...]]) -> Sweep:
        """The sweep, from the outcome of each task in order."""
        points = [point for outcome in outcomes for point in outcome]
        saturation = {
            point.strategy.name: point.metric("request_throughput")
            for point in points
            if point.value == _ALL_AT_ONCE
        }
        points = [point for point in points if point.value != _ALL_AT_ONCE]
        if self.until_free:
            points = _until_free(points)
        return Sweep(self.kind, self.workload, tuple(points), saturation)


def sweep(
    workload: Workload,
    kind: Kind,
    values: Sequence[float] | None = None,
    executor: Executor | None = None,
    progress: CountDone | None = None,
) -> Sweep:
    """Serve a workload with one of its parameters at several values.

    Args:
        workload: what is served.
        kind: what is varied: `load`, `batch-size` or `timeout`.
        values: see `plan_sweep`.
        executor: where the tasks run, such as a `ProcessPoolExecutor`; None runs them here.
        progress: is told how many tasks are done, of how many; what it raises cancels the rest.

    Raises:
        InputError: if there is nothing to vary, a value is out of its range, or the workload
            cannot be simulated there.
    """
    return run_sweep(plan_sweep(workload, kind, values), executor, progress)


def run_sweep(
    plan: Plan, executor: Executor | None = None, progress: CountDone | None = None
) -> Sweep:
    """Run the tasks of a plan; see `sweep`."""
    return plan.finish(run_all(run_task, plan.tasks, executor, progress))


def usual_sweeps(
    workload: Workload, kinds: Sequence[Kind], announce: Callable[[str], None]
) -> list[Sweep]:
    """One sweep of each kind over its usual values, on all processors.

    Args:
        workload: what is served.
        kinds: what is varied, one after the other.
        announce: is told what begins.

    Raises:
        InputError: if the workload has nothing to vary or cannot be simulated there.
    """
    plans = [plan_sweep(workload, kind) for kind in kinds]
    found: list[Sweep] = []
    with process_executor(None, sum(plan.requests_served for plan in plans)) as executor:
        for plan in plans:
            announce(f"{plan.kind}, {len(plan.tasks)} times {len(workload.requests):,} requests")
            found.append(run_sweep(plan, executor))
    return found


def plan_sweep(workload: Workload, kind: Kind, values: Sequence[float] | None = None) -> Plan:
    """What has to be done for a sweep.

    Args:
        workload: what is served, with the costs and the strategies that do not change.
        kind: what is varied.
        values: what for, in any order: arrivals per second, batch sizes, or timeouts in
            picoseconds. None takes the usual ones: loads in the notebook's proportions to the
            workload's own; batch sizes 1 to 16, and on to 256 while there are as many requests,
            for each strategy up to the first size whose slots are never all taken; timeouts up
            to 5 s.

    Raises:
        InputError: if a value is out of its range, or the workload has nothing to vary.
    """
    if kind not in _PLANS:
        raise InputError(f"found no sweep {kind!r}, expected one of {', '.join(_PLANS)}")
    if values is not None and not len(values):
        raise InputError("found no values, expected at least one")
    if values is not None and len(values) > MOST_VALUES:
        raise InputError(f"found {len(values):,} values, expected at most {MOST_VALUES:,}")
    return _PLANS[kind](workload, None if values is None else sorted(set(values)))


def unvaried(workload: Workload, kind: Kind) -> Workload:
    """The workload without what of its strategies a sweep of this kind replaces.

    Two workloads that are equal then, apart from their names, have equal sweeps.
    """
    if kind != "batch-size":
        return workload
    alike = (strategy.with_slots(1) for strategy in workload.strategies)
    return replace(workload, strategies=tuple(alike))


def saturation_task(workload: Workload, source: Source) -> Task:
    """The task that tells the saturation point of each strategy.

    A strategy is saturated when the queue would never run empty. What it serves then is what it
    serves when everybody is already there: all requests at time zero, requests over makespan.
    Whoever offers more than that makes the queue grow. It is an exact figure of one Run, without
    any threshold; its only error is the end of the Run, where the last slots run empty, which
    weighs less the more requests there are.
    """
    return _task(_ALL_AT_ONCE, AtOnce(source), workload, workload.strategies)


def _task(
    value: float, served: Served, workload: Workload, strategies: tuple[Strategy, ...]
) -> Task:
    return Task(value, served, workload.cost, strategies, workload.slo)


def _plan_load(workload: Workload, values: Sequence[float] | None) -> Plan:
    rate, source = workload.source.rate, _small(workload)
    if rate is None:
        raise InputError(
            f"all requests of {workload.name} arrive at once, so there is no load to vary"
        )
    rates = [rate * factor for factor in _LOAD_FACTORS] if values is None else values
    for value in rates:
        refuse_rate(value)
    tasks = [
        _task(rate, AtLoad(source, rate, position), workload, workload.strategies)
        for position, rate in enumerate(rates)
    ]
    return Plan("load", workload, (*tasks, saturation_task(workload, source)))


def _plan_batch_size(workload: Workload, values: Sequence[float] | None) -> Plan:
    sizes = _usual_sizes(len(workload.requests)) if values is None else _whole(values, 1)
    source = _small(workload)

    def with_size(size: int) -> tuple[Strategy, ...]:
        return tuple(strategy.with_slots(size) for strategy in workload.strategies)

    tasks = tuple(_task(size, source, workload, with_size(size)) for size in sizes)
    return Plan("batch-size", workload, tasks, until_free=values is None)


def _plan_timeout(workload: Workload, values: Sequence[float] | None) -> Plan:
    patient = [each for each in workload.strategies if each.has("timeout")]
    if not patient:
        raise InputError(
            f"no strategy of {workload.name} has a timeout, expected a workload with dynamic"
        )
    timeouts = _TIMEOUTS if values is None else _whole(values, 0)
    source = _small(workload)

    def with_timeout(timeout: Picoseconds) -> tuple[Strategy, ...]:
        return tuple(each.with_parameter("timeout", timeout) for each in patient)

    tasks = tuple(_task(timeout, source, workload, with_timeout(timeout)) for timeout in timeouts)
    return Plan("timeout", workload, tasks)


_PLANS: dict[Kind, Callable[[Workload, Sequence[float] | None], Plan]] = {
    "load": _plan_load,
    "batch-size": _plan_batch_size,
    "timeout": _plan_timeout,
}


def _small(workload: Workload) -> Source:
    """The workload's source as it is best sent to another process.

    A recipe goes without what was drawn from it, as drawing takes no longer than sending does;
    everything else goes as the requests themselves.
    """
    source = workload.source
    if isinstance(source, GeneratedRequests):
        return replace(source)
    return source if isinstance(source, ListedRequests) else ListedRequests(workload.requests)


def _whole(values: Sequence[float], least: int) -> list[int]:
    for value in values:
        if not (value == value // 1 and least <= value < inf):
            raise InputError(f"found {value}, expected a whole number >= {least}")
    return [int(value) for value in values]


def _usual_sizes(requests: int) -> list[int]:
    sizes = list(_BATCH_SIZES)
    while 2 * sizes[-1] <= min(requests, _MOST_SLOTS):
        sizes.append(2 * sizes[-1])
    return sizes


def _until_free(points: Sequence[Point]) -> list[Point]:
    """The points up to the first of each strategy whose slots are never all taken."""
    kept: list[Point] = []
    through: set[str] = set()
    for point in points:
        name = point.strategy.name
        if name not in through:
            kept.append(point)
        if not point.all_taken:
            through.add(name)
    return kept
