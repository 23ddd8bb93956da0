"""A scene: everything on stage that does not change while it plays, as one immutable snapshot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tui_batching.analysis.comparison import Comparison, Result, serve
from tui_batching.analysis.distribution import far_apart
from tui_batching.analysis.kv_use import KvUse
from tui_batching.analysis.pool_contents import PoolContents
from tui_batching.analysis.slot_steps import SlotSteps
from tui_batching.analysis.slot_times import QueueLengths
from tui_batching.analysis.so_far import SoFar
from tui_batching.analysis.utilization import UtilizationSeries
from tui_batching.analysis.warnings import Warned, warnings
from tui_batching.analysis.worst import MEASURES, Measure, error_measure
from tui_batching.clock import Picoseconds
from tui_batching.columns import FloatArray, IntArray, exact_sum
from tui_batching.sim.kv_levels import most_kv_of_one
from tui_batching.sim.run import Run
from tui_batching.strategies import Strategy
from tui_batching.workload.model import Workload

BINS = 60
"""Windows of the utilization chart."""


@dataclass(frozen=True, eq=False)
class Scene:
    """A workload and the finished Run of each of its strategies, one a lane.

    Attributes:
        comparison: the workload, the Runs and their metrics.
        so_far: what each Run has come to by any instant.
    """

    comparison: Comparison
    so_far: tuple[SoFar, ...]

    @property
    def workload(self) -> Workload:
        """What is served."""
        return self.comparison.workload

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """One Run a lane."""
        return tuple(result.run for result in self.comparison)

    @cached_property
    def simulated(self) -> tuple[int, ...]:
        """The lanes whose Runs tell their iterations: all but what was measured."""
        return tuple(number for number, run in enumerate(self.runs) if run.tells_iterations)

    @property
    def end(self) -> Picoseconds:
        """The instant at which the last Run is over."""
        return max(run.finished for run in self.runs)

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """By what its requests can be ranked, to find the worst."""
        true = self.comparison.measured_run
        return MEASURES if true is None else (*MEASURES, error_measure(true))

    @cached_property
    def longest_wait(self) -> Picoseconds:
        """The longest wait of any request with any strategy."""
        return max(int((run.start_time - run.requests.arrival_time).max()) for run in self.runs)

    @cached_property
    def longest_answer(self) -> int:
        """The most tokens of an answer."""
        return int(self.workload.requests.output_tokens.max())

    @cached_property
    def most_memory(self) -> int:
        """The most tokens of the KV cache that one request has at a time in any lane."""
        return max(map(most_kv_of_one, self.runs))

    @cached_property
    def longest_name(self) -> int:
        """The most characters in the name of a request, as in `R7`."""
        return 1 + len(str(int(self.workload.requests.id.max())))

    @cached_property
    def longest_latency(self) -> Picoseconds:
        """The longest latency of any request with any strategy."""
        return max(int(so_far.latencies.max()) for so_far in self.so_far)

    @cached_property
    def latencies_far_apart(self) -> bool:
        """Whether the latencies of some lanes are so much longer that others vanish beside them."""
        return far_apart([so_far.latencies for so_far in self.so_far])

    @cached_property
    def shortest_latency(self) -> Picoseconds:
        """The shortest latency of any request with any strategy."""
        return min(int(so_far.latencies.min()) for so_far in self.so_far)

    @cached_property
    def edges(self) -> IntArray:
        """The windows of the utilization chart, from time zero to the end."""
        return np.linspace(0, self.end, BINS + 1).astype(np.int64)

    @cached_property
    def useful(self) -> tuple[FloatArray, ...]:
        """For each simulated lane the share of useful slot-time in each window."""
        return tuple(self.so_far[lane].slots.series(self.edges).useful for lane in self.simulated)

    def utilization(self, windows: int) -> tuple[UtilizationSeries, ...]:
        """For each simulated lane the mean utilization in equal windows from zero to the end."""
        if windows not in self._by_windows:
            edges = np.linspace(0, self.end, windows + 1).astype(np.int64)
            series = tuple(self.so_far[lane].slots.series(edges) for lane in self.simulated)
            self._by_windows[windows] = series
        return self._by_windows[windows]

    @cached_property
    def _by_windows(self) -> dict[int, tuple[UtilizationSeries, ...]]:
        """What `utilization` has been asked: a few widths of a terminal."""
        return {}

    @cached_property
    def kv_uses(self) -> tuple[KvUse | None, ...]:
        """How full the KV cache of each lane is; None where it is ignored or has no end."""
        return tuple(map(KvUse.of, self.runs))

    @cached_property
    def pool_contents(self) -> tuple[PoolContents | None, ...]:
        """What fills the KV cache of each lane; to find it takes as long as to simulate again."""
        return tuple(map(PoolContents.of, self.runs))

    @property
    def knows_pool_contents(self) -> bool:
        """Whether that has been found."""
        return "pool_contents" in self.__dict__

    @cached_property
    def queues(self) -> tuple[QueueLengths, ...]:
        """How many wait in each lane."""
        return tuple(map(QueueLengths.of, self.runs))

    @cached_property
    def mean_stays(self) -> tuple[Picoseconds, ...]:
        """How long a stay lasts in each lane in the mean, to whole picoseconds."""
        return tuple(
            exact_sum(run.stays.end_time - run.stays.start_time) // len(run.stays)
            for run in self.runs
        )

    @cached_property
    def slot_steps(self) -> tuple[SlotSteps, ...]:
        """Each simulated Run told in steps."""
        return tuple(SlotSteps.of(self.runs[lane]) for lane in self.simulated)

    def steps_of(self, lane: int) -> SlotSteps:
        """The simulated Run of a lane told in steps."""
        return self.slot_steps[self.simulated.index(lane)]

    @cached_property
    def warnings(self) -> tuple[Warned, ...]:
        """What to doubt about the Runs."""
        return warnings(self.runs)

    def prepare(self) -> None:
        """Sort now what views look up later, so that no frame has to wait for it."""
        for run, so_far in zip(self.runs, self.so_far, strict=True):
            moment = run.at(self.end)
            _ = moment.occupants, moment.phase, so_far.shares(self.end)
            _ = so_far.latency(moment.done), so_far.happenings.last(self.end)
            _ = so_far.oldest_open(self.end)
        for result in self.comparison.simulated:
            _ = result.utilization
        _ = self.useful, self.longest_wait, self.longest_latency, self.warnings
        _ = self.longest_name, self.longest_answer, self.most_memory
        _ = self.latencies_far_apart, self.shortest_latency
        _ = [lane.finishes for lane in self.slot_steps], self.mean_stays
        _ = [queue.longest for queue in self.queues]


def build_scene(
    workload: Workload, previous: Scene | None, progress: Callable[[int], None]
) -> Scene:
    """Simulate every strategy, but take over the Runs of a previous scene that stay the same.

    Args:
        workload: what to serve.
        previous: a scene to take unchanged Runs from, or None.
        progress: called with the number of lanes done after each one.

    Raises:
        InputError: as `simulate` does.
    """
    parts: list[tuple[Result, SoFar]] = []
    for strategy in workload.lanes:
        known = _known(workload, strategy, previous)
        if known is None:
            result = serve(workload, strategy)
            known = (result, SoFar(result.run))
        parts.append(known)
        progress(len(parts))
    results, so_far = zip(*parts, strict=True)
    scene = Scene(Comparison(workload, results), so_far)
    scene.prepare()
    return scene


def _known(
    workload: Workload, strategy: Strategy, previous: Scene | None
) -> tuple[Result, SoFar] | None:
    if previous is None or previous.workload.source != workload.source:
        return None
    if previous.workload.slo != workload.slo:
        return None
    wanted = (strategy, workload.cost, workload.cost.profile)
    for result, so_far in zip(previous.comparison, previous.so_far, strict=True):
        if (result.strategy, result.run.cost, result.run.cost.profile) == wanted:
            return result, so_far
    return None
