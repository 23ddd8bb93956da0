"""Dynamic batching: as static, but a batch also starts when a timeout passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from tui_batching.clock import MILLISECOND, Picoseconds, format_duration
from tui_batching.reading.constraints import Duration, OneOf
from tui_batching.sim.request_level import Timeout, run_batches
from tui_batching.strategies.parameters import SLOTS, Parameter
from tui_batching.strategies.strategy import About, Lesson, Textbook

if TYPE_CHECKING:
    from tui_batching.cost import Cost
    from tui_batching.requests import Requests
    from tui_batching.sim.run import Run

TimeoutFrom: TypeAlias = Literal["server_free", "arrival"]


@dataclass(frozen=True)
class Dynamic(Textbook):
    """Serve the requests in batches that start when full or when the timeout passes.

    Attributes:
        timeout: how long a batch may form.
        timeout_from: whether the clock counts from the moment the server is free and somebody
            waits (`server_free`) or from the oldest waiting request's arrival (`arrival`, as
            NVIDIA Triton's `max_queue_delay_microseconds` does).
    """

    about: ClassVar[About] = About(
        name="dynamic",
        mark="D",
        colour=1,
        parameters=(
            Parameter("batch_size", "batch size", SLOTS, unit="slots"),
            Parameter("timeout", "timeout", Duration()),
            Parameter("timeout_from", "timeout from", OneOf(("server_free", "arrival"))),
        ),
        lesson=Lesson(
            idea="as static, but start when a timeout passes, full or not",
            used_in="Triton, TF Serving, TorchServe, Ray Serve",
            complexity="medium: a queue with a timer",
            claims=("timeout",),
        ),
        iteration_level=False,
    )
    timeout: Picoseconds = 500 * MILLISECOND
    timeout_from: TimeoutFrom = "server_free"

    @property
    def _from_arrival(self) -> bool:
        return self.timeout_from == "arrival"

    def serve(self, requests: Requests, cost: Cost) -> Run:
        """A batch starts when it is full, or when the timeout passes."""
        return run_batches(requests, cost, self, Timeout(self.timeout, self._from_arrival))

    def closes_at(self, opened: Picoseconds, oldest: Picoseconds) -> Picoseconds:
        """When the timeout of a forming batch passes."""
        return (oldest if self._from_arrival else opened) + self.timeout

    def wordings(self) -> tuple[tuple[str, ...], ...]:
        """The batch size and the timeout."""
        size, timeout = self.batch_size, format_duration(self.timeout)
        since = f"{timeout} from arrival" if self._from_arrival else timeout
        return (f"batch {size}", since), (f"{size}", since), (f"{size}", timeout)
