"""What the strategies of real engines share: each is a row of choices for one loop."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from tui_batching.sim.engines.serving import run_engine
from tui_batching.strategies.parameters import MAX_SLOTS
from tui_batching.strategies.strategy import Strategy

if TYPE_CHECKING:
    from tui_batching.cost import Cost
    from tui_batching.requests import Requests
    from tui_batching.sim.engines.loop import Parts
    from tui_batching.sim.run import Run


@dataclass(frozen=True)
class EngineStrategy(Strategy):
    """An engine: how many requests may run at once is a parameter of its own name."""

    slots_field: ClassVar[str]

    @abstractmethod
    def parts(self, cost: Cost) -> Parts:
        """The choices that it is made of, fresh.

        Raises:
            InputError: if its settings do not go together.
        """

    def serve(self, requests: Requests, cost: Cost) -> Run:
        """Its prefill makes the first token, whatever the cost says.

        Raises:
            InputError: see `run_engine`.
        """
        return run_engine(requests, cost, self, self.parts(cost))

    @property
    def slots(self) -> int:
        """How many requests may run at once."""
        slots: int | None = getattr(self, self.slots_field)
        return MAX_SLOTS if slots is None else slots

    def with_slots(self, slots: int) -> Self:
        """The same with another number of slots."""
        return self.with_parameter(self.slots_field, slots)
