"""The work of a sweep, cut into tasks that can be sent to another process."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from tui_batching.analysis.metrics import metrics
from tui_batching.analysis.sweeps.sweep import Point
from tui_batching.columns import freeze
from tui_batching.cost import Cost
from tui_batching.requests import Requests
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Strategy
from tui_batching.workload.listed import ListedRequests
from tui_batching.workload.model import ServiceLevel, Source, Workload


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
