"""The tables of chapters, computed when they are shown."""

from __future__ import annotations

from dataclasses import dataclass

from tui_batching.clock import SECOND, Picoseconds
from tui_batching.workload import Workload

BATCH_SIZES = (1, 2, 4, 8, 16, 32)


@dataclass(frozen=True, slots=True)
class StepTime:
    """What one decode step of a full batch takes and makes.

    Attributes:
        batch_size: how many requests are in the batch.
        step_time: of one decode step.
    """

    batch_size: int
    step_time: Picoseconds

    @property
    def tokens_per_second(self) -> float:
        """How many tokens the whole batch makes in a second."""
        return self.batch_size * SECOND / self.step_time


def step_times(workload: Workload) -> tuple[StepTime, ...]:
    """Step time and throughput by batch size, at the cost of the workload.

    Where a step costs by the contexts of its requests, each of them is the workload's average
    request, with half of its answer made.
    """
    requests, cost = workload.requests, workload.cost
    context = round(requests.input_tokens.mean() + requests.output_tokens.mean() / 2)
    return tuple(StepTime(size, cost.step_time(size, size * context)) for size in BATCH_SIZES)
