"""Triton's dynamic batcher: preferred sizes, and a delay that counts from the oldest's arrival."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from tui_batching.clock import MICROSECOND, Picoseconds, format_duration
from tui_batching.errors import InputError
from tui_batching.reading.constraints import HORIZON_IN_MICROSECONDS, Whole, WholeNumbers
from tui_batching.sim.triton import run_triton
from tui_batching.strategies.parameters import SLOTS, Parameter
from tui_batching.strategies.strategy import About, Lesson, Strategy

if TYPE_CHECKING:
    from tui_batching.cost import Cost
    from tui_batching.requests import Requests
    from tui_batching.sim.run import Run


@dataclass(frozen=True)
class Triton(Strategy):
    """Serve the requests in batches that start at a preferred size, or after a delay.

    Attributes:
        max_batch_size: the most requests in a batch.
        preferred_batch_size: sizes at which a batch need not wait for others, ascending; none for
            the largest alone.
        max_queue_delay_microseconds: how long the oldest waits for others; 0 for not at all.
    """

    about: ClassVar[About] = About(
        name="triton",
        spelled="Triton",
        mark="B",
        colour=10,
        parameters=(
            Parameter("max_batch_size", "max batch size", SLOTS, aliases=("batch_size",)),
            Parameter("preferred_batch_size", "preferred batch size", WholeNumbers(1), quiet=True),
            Parameter(
                "max_queue_delay_microseconds",
                "max queue delay (µs)",
                Whole(0, HORIZON_IN_MICROSECONDS),
            ),
        ),
        lesson=Lesson(
            idea="run what is there, or wait a little for a preferred size",
            used_in="NVIDIA Triton, for models that are no language models",
            complexity="medium: a queue with a timer",
        ),
        iteration_level=False,
    )
    max_batch_size: int = 4
    preferred_batch_size: tuple[int, ...] = ()
    max_queue_delay_microseconds: int = 0

    @property
    def slots(self) -> int:
        """How many requests may run at once."""
        return self.max_batch_size

    def with_slots(self, slots: int) -> Self:
        """The same with another `max_batch_size`."""
        return self.with_parameter("max_batch_size", slots)

    @property
    def delay(self) -> Picoseconds:
        """How long the oldest waits for others."""
        return self.max_queue_delay_microseconds * MICROSECOND

    def serve(self, requests: Requests, cost: Cost) -> Run:
        """A batch starts at a preferred size, or when the oldest has waited.

        Raises:
            InputError: if a preferred size is more than the largest; see also `run_triton`.
        """
        preferred = self.preferred_batch_size or (self.max_batch_size,)
        if preferred[-1] > self.max_batch_size:
            raise InputError(
                f"found a preferred_batch_size of {preferred[-1]}, "
                f"expected at most the max_batch_size of {self.max_batch_size}"
            )
        return run_triton(requests, cost, self, preferred, self.delay)

    def closes_at(self, opened: Picoseconds, oldest: Picoseconds) -> Picoseconds:
        """When the delay of the oldest passes."""
        return max(opened, oldest + self.delay)

    def wordings(self) -> tuple[tuple[str, ...], ...]:
        """The batch size and the delay."""
        size, delay = self.max_batch_size, format_duration(self.delay)
        return (f"batch {size}", f"delay {delay}"), (f"{size}", delay)
