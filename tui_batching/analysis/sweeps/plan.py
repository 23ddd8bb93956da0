"""From a workload and a kind of sweep to tasks, and from their outcomes to the sweep.

A task is one value, small enough to be sent to another process; the outcome is the same wherever
it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf
from typing import Protocol, TypeAlias

import numpy as np

from tui_batching.analysis.kv_use import ignores_memory
from tui_batching.analysis.metrics import metrics
from tui_batching.analysis.sweeps.sweep import Point, Refusal, Sweep
from tui_batching.analysis.sweeps.usual import usual_sizes, usual_values
from tui_batching.analysis.sweeps.varied import (
    BATCH_SIZE,
    KINDS,
    LOAD,
    Kind,
    is_duration,
    kind_called,
    kinds_of,
    left_out,
    owners,
    parameter_of,
    read_value,
)
from tui_batching.columns import freeze
from tui_batching.cost import Cost
from tui_batching.errors import InputError, did_you_mean, one_of
from tui_batching.executors import CountDone, process_executor, run_all
from tui_batching.reading.constraints import Whole
from tui_batching.reading.fields import Field
from tui_batching.requests import Requests
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Strategy
from tui_batching.workload.generate import GeneratedRequests
from tui_batching.workload.listed import ListedRequests
from tui_batching.workload.model import Source, Workload, refuse_rate
from tui_batching.workload.service_level import ServiceLevel
from tui_batching.workload.serving import Chosen, served_by

_LOAD_FACTORS = (0.375, 0.6, 1.0, 1.5, 2.0, 3.0, 3.75)
"""The notebook's loads, gaps of 800 500 300 200 150 100 and 80 ms, relative to its 300 ms."""
_CLOSER = 3
"""How many loads there are besides, at most, where strategies become saturated."""
_ALL_AT_ONCE = inf
"""The load at which all requests are there at time zero."""
MOST_VALUES = 1000
"""At which a sweep may serve the workload."""


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
    """One value of a sweep: the requests that are served there, and with what.

    Attributes:
        value: of what is varied.
        served: makes the requests.
        cost: what an iteration costs.
        strategies: each with what it has at this value.
        slo: the limits that are kept or not.
        tolerant: whether a strategy that cannot serve there is told of, and ends nothing.
    """

    value: float
    served: Served
    cost: Cost
    strategies: tuple[Strategy, ...]
    slo: ServiceLevel | None
    tolerant: bool = False


Outcome: TypeAlias = Point | Refusal


def run_task(task: Task) -> tuple[Outcome, ...]:
    """A point for each strategy, or why it cannot serve there.

    Raises:
        InputError: as `simulate` does, unless the task is tolerant.
    """
    source = ListedRequests(task.served.make_requests())
    workload = Workload("sweep", source, cost=task.cost, strategies=task.strategies, slo=task.slo)
    return tuple(_outcome(task, workload, strategy) for strategy in task.strategies)


def _outcome(task: Task, workload: Workload, strategy: Strategy) -> Outcome:
    try:
        run = simulate(workload, strategy)
    except InputError as error:
        if not task.tolerant:
            raise
        return Refusal(task.value, strategy.name, str(error))
    # The lowest free slot is taken first, so the highest tells how many were taken at once.
    peak_batch = int(run.stays.slot.max()) + 1
    return Point(task.value, strategy, metrics(run), peak_batch, ignores_memory(run))


@dataclass(frozen=True)
class Plan:
    """The tasks of a sweep.

    Attributes:
        kind: what is varied.
        workload: what is served.
        tasks: one a value, ascending; for loads one more, see `saturation_task`.
        until_free: whether a strategy's points end where its slots are never all taken.
        closer: how many more tasks there are at most, see `closer_tasks`.
    """

    kind: Kind
    workload: Workload
    tasks: tuple[Task, ...]
    until_free: bool = False
    closer: int = 0

    @property
    def most_tasks(self) -> int:
        """How many tasks there are, at most."""
        return len(self.tasks) + self.closer

    @property
    def requests_served(self) -> int:
        """How many requests are served over all tasks and strategies, at most: the work."""
        served = sum(len(task.strategies) for task in self.tasks)
        return len(self.workload.requests) * (served + self.closer * len(self.workload.strategies))

    def closer_tasks(self, outcomes: Sequence[tuple[Outcome, ...]]) -> tuple[Task, ...]:
        """Further loads, where the outcomes of the tasks tell that strategies become saturated."""
        if not self.closer:
            return ()
        found = self.finish(outcomes)
        loads = loads_between(found.values, tuple(found.saturation.values()), self.closer)
        return _load_tasks(self.workload, loads, first=len(found.values))

    def finish(self, outcomes: Sequence[tuple[Outcome, ...]]) -> Sweep:
        """The sweep, from the outcome of each task in order.

        Raises:
            InputError: if nobody can serve the workload at any of the values.
        """
        found = [each for outcome in outcomes for each in outcome]
        points = [each for each in found if isinstance(each, Point)]
        refused = tuple(each for each in found if isinstance(each, Refusal))
        if not points:
            nobody = Sweep(self.kind, self.workload, (), {}, refused)
            raise InputError(nobody.refusals[0])
        saturation = {
            point.strategy.name: point.metric("request_throughput")
            for point in points
            if point.value == _ALL_AT_ONCE
        }
        points = [point for point in points if point.value != _ALL_AT_ONCE]
        points.sort(key=lambda point: point.value)
        if self.until_free:
            points = _until_free(points)
        return Sweep(self.kind, self.workload, tuple(points), saturation, refused)


def sweep(  # noqa: PLR0913 - what is served, and where
    workload: Workload,
    kind: Kind,
    values: Sequence[float | str] | None = None,
    strategies: Chosen | None = None,
    *,
    executor: Executor | None = None,
    progress: CountDone | None = None,
) -> Sweep:
    """Serve a workload with one of its parameters at several values.

    Args:
        workload: what is served.
        kind: what is varied: `load`, `batch-size`, or a parameter by its name or an alias.
        values: numbers, or text as after `--values`: arrivals per second or mean gaps such as
            `"400ms"`, batch sizes, or values of the parameter, durations in seconds or with their
            unit. None takes the usual ones, see `plan_sweep`.
        strategies: who serves, see `choose_strategies`; None takes the workload's own.
        executor: where the tasks run, such as a `ProcessPoolExecutor`; None runs them here.
        progress: is told how many tasks are done, of how many; what it raises cancels the rest.

    Raises:
        InputError: if there is no such strategy or nothing to vary, a value is out of its range,
            or the workload cannot be simulated there: at a load, or at none of the values.
    """
    workload = served_by(workload, strategies)
    _refuse_no_kind(kind)
    _refuse_no_values(values)
    kind = kind_called(kind)
    read = None
    if values is not None and (kind in KINDS or any(owners(kind))):
        read = [read_value(kind, Field.of_value(each, "values")) for each in values]
    return run_sweep(plan_sweep(workload, kind, read), executor, progress)


def _refuse_no_kind(found: object) -> None:
    if not isinstance(found, str):
        name = type(found).__name__
        raise InputError(f"found a value of type {name}, expected a kind of sweep such as 'load'")


def _refuse_no_values(found: object) -> None:
    if found is not None and (isinstance(found, str) or not isinstance(found, Iterable)):
        raise InputError(f"values: found {found!r}, expected several, such as [1, 2]")


def run_sweep(
    plan: Plan, executor: Executor | None = None, progress: CountDone | None = None
) -> Sweep:
    """Run the tasks of a plan, then those that their outcomes call for; see `sweep`."""
    outcomes = run_all(run_task, plan.tasks, executor, _counting(plan, 0, progress))
    if closer := plan.closer_tasks(outcomes):
        counting = _counting(plan, len(outcomes), progress)
        outcomes += run_all(run_task, closer, executor, counting)
    return plan.finish(outcomes)


def _counting(plan: Plan, before: int, progress: CountDone | None) -> CountDone | None:
    """Tells how much of the whole plan is done, where some tasks were done before."""
    return progress and (lambda done, _: progress(before + done, plan.most_tasks))


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
            announce(f"{plan.kind}, {plan.most_tasks} times {len(workload.requests):,} requests")
            found.append(run_sweep(plan, executor))
    return found


def plan_sweep(workload: Workload, kind: Kind, values: Sequence[float] | None = None) -> Plan:
    """What has to be done for a sweep.

    Args:
        workload: what is served, with the costs and the strategies that do not change.
        kind: what is varied.
        values: what for, in any order: arrivals per second, batch sizes, or values of the
            parameter, durations in picoseconds. None takes the usual ones: loads in the notebook's
            proportions to the workload's own, and up to three where strategies become saturated,
            see `loads_between`; batch sizes 1 to 16, and on to 256 while there are
            as many requests, for each strategy up to the first size whose slots are never all
            taken; else see `usual_values`.

    Who cannot serve the workload at a value of a parameter is told of, and the others go on.

    Raises:
        InputError: if a value is out of its range, or the workload has nothing to vary.
    """
    if values is not None and not len(values):
        raise InputError("found no values, expected at least one")
    if values is not None and len(values) > MOST_VALUES:
        raise InputError(f"found {len(values):,} values, expected at most {MOST_VALUES:,}")
    values = None if values is None else sorted(set(values))
    if kind == LOAD:
        return _plan_load(workload, values)
    return _plan_parameter(workload, kind, values)


def unvaried(workload: Workload, kind: Kind) -> Workload:
    """The workload without what of its strategies a sweep of this kind replaces.

    Two workloads that are equal then, apart from their names, have equal sweeps.
    """
    if kind != BATCH_SIZE:
        return workload
    alike = (strategy.with_slots(1) for strategy in workload.strategies)
    return replace(workload, strategies=tuple(alike))


def varying(workload: Workload, kind: Kind) -> Workload:
    """The workload as a sweep of this kind serves it: no slots are by default that it varies."""
    chosen = _owning(workload, kind)
    slots = [each.name for each in chosen if _are_slots([each], kind)]
    return workload.with_strategies(workload.strategies, *slots, *left_out(workload, kind))


def saturation_task(workload: Workload, source: Source) -> Task:
    """The task that tells the saturation point of each strategy.

    A strategy is saturated when the queue would never run empty. What it serves then is what it
    serves when everybody is already there: all requests at time zero, requests over total time.
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
    rate = workload.source.rate
    if rate is None:
        raise InputError(
            f"all requests of {workload.name} arrive at once, so there is no load to vary"
        )
    rates = [rate * factor for factor in _LOAD_FACTORS] if values is None else values
    for value in rates:
        refuse_rate(value)
    tasks = (*_load_tasks(workload, rates), saturation_task(workload, _small(workload)))
    return Plan(LOAD, workload, tasks, closer=_CLOSER if values is None else 0)


def _load_tasks(workload: Workload, rates: Sequence[float], first: int = 0) -> tuple[Task, ...]:
    """A task a load; there are `first` loads before them."""
    source = _small(workload)
    return tuple(
        _task(rate, AtLoad(source, rate, position), workload, workload.strategies)
        for position, rate in enumerate(rates, first)
    )


def loads_between(
    loads: Sequence[float], saturation: Sequence[float], count: int
) -> tuple[float, ...]:
    """So many loads near saturation points, where latency climbs: none beyond the given loads.

    Each is halfway between two neighbours that have a saturation point between them, and of those
    between the two that differ by the largest factor. So they close in on the saturation points.
    """
    found, added = sorted(loads), []
    for _ in range(count):
        gaps = [
            (upper / lower, (lower + upper) / 2)
            for lower, upper in pairwise(found)
            if any(lower <= point < upper for point in saturation)
        ]
        if gaps:
            _, middle = max(gaps)
            added.append(middle)
            found = sorted([*found, middle])
    return tuple(sorted(added))


def _plan_parameter(workload: Workload, kind: Kind, values: Sequence[float] | None) -> Plan:
    chosen = _owning(workload, kind)
    if not chosen:
        raise _no_such(workload, kind)
    counts = _are_slots(chosen, kind)
    if values is not None:
        tried = _read(values, kind, chosen)
    elif counts:
        tried = usual_sizes(len(workload.requests))
    else:
        tried = usual_values(workload, kind, chosen)
    source = _small(workload)
    tasks = tuple(
        Task(
            value,
            source,
            workload.cost,
            tuple(_with_value(each, kind, value) for each in chosen),
            workload.slo,
            tolerant=True,
        )
        for value in tried
    )
    return Plan(kind, varying(workload, kind), tasks, until_free=values is None and counts)


def _owning(workload: Workload, kind: Kind) -> list[Strategy]:
    """The strategies of a workload of which something varies."""
    return [each for each in workload.strategies if kind == BATCH_SIZE or parameter_of(each, kind)]


def _no_such(workload: Workload, kind: Kind) -> InputError:
    """What is told where no strategy of a workload has the parameter."""
    elsewhere = list(owners(kind))
    if elsewhere:
        return InputError(
            f"no strategy of {workload.name} has a {kind}, "
            f"expected a workload with {' or '.join(elsewhere)}"
        )
    there = kinds_of(workload)
    return InputError(
        f"found no sweep {kind!r}, expected {one_of(there)}{did_you_mean(kind, there)}"
    )


def _with_value(strategy: Strategy, kind: Kind, value: float) -> Strategy:
    parameter = parameter_of(strategy, kind)
    if kind == BATCH_SIZE or parameter is None:
        return strategy.with_slots(int(value))
    return strategy.with_parameter(parameter.name, value)


def _are_slots(strategies: Sequence[Strategy], kind: Kind) -> bool:
    """Whether what is varied is the number of slots, of each strategy."""
    return kind == BATCH_SIZE or all(
        (parameter := parameter_of(each, kind)) and parameter.is_called("batch_size")
        for each in strategies
    )


def _read(values: Sequence[float], kind: Kind, chosen: Sequence[Strategy]) -> Sequence[float]:
    """The values as the parameter has them.

    Raises:
        InputError: if one has to be whole and is not, or is out of its range.
    """
    if kind == BATCH_SIZE:
        return _whole(values, 1)
    parameter = parameter_of(chosen[0], kind)
    if is_duration(kind):
        return _whole(values, 0)
    return (
        _whole(values, parameter.constraint.least)
        if (parameter and isinstance(parameter.constraint, Whole))
        else values
    )


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
