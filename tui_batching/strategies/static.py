"""Static batching: wait for a full batch and run it to its longest member."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from tui_batching.reading.constraints import OneOf
from tui_batching.sim.request_level import Timeout, run_batches
from tui_batching.strategies.parameters import SLOTS, Parameter
from tui_batching.strategies.strategy import About, Lesson, Textbook

if TYPE_CHECKING:
    from tui_batching.cost import Cost
    from tui_batching.requests import Requests
    from tui_batching.sim.run import Run

PadTo: TypeAlias = Literal["batch", "workload"]


@dataclass(frozen=True)
class Static(Textbook):
    """Serve the requests `batch_size` at a time, in arrival order; the last batch may be smaller.

    Attributes:
        pad_to: `workload` runs every batch to the longest answer of all requests, as naive static
            batching does, which asks for that many tokens each time.
    """

    about: ClassVar[About] = About(
        name="static",
        mark="S",
        colour=0,
        parameters=(
            Parameter("batch_size", "batch size", SLOTS, unit="slots"),
            Parameter("pad_to", "pad to", OneOf(("batch", "workload")), quiet=True),
        ),
        lesson=Lesson(
            idea="wait for a full batch and run it until its longest answer is done",
            used_in="simple scripts, offline jobs",
            complexity="low: a list and a loop",
        ),
        iteration_level=False,
    )
    pad_to: PadTo = "batch"

    def serve(self, requests: Requests, cost: Cost) -> Run:
        """A batch starts when it is full and the server is free."""
        return run_batches(requests, cost, self, Timeout(), padded=self.is_padded)

    @property
    def is_padded(self) -> bool:
        """Whether batches run on beyond their own longest member, to the longest of all."""
        return self.pad_to == "workload"

    def wordings(self) -> tuple[tuple[str, ...], ...]:
        """The batch size, and whether answers are padded."""
        if not self.is_padded:
            return super().wordings()
        size = self.batch_size
        return (f"batch {size}", "padded to the longest"), (f"{size}", "padded")
