"""Orca (OSDI '22): join and leave at every iteration, with memory reserved for all asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from tui_batching.sim.engines.loop import Parts
from tui_batching.sim.engines.memory import Reserve
from tui_batching.sim.engines.serving import blocks_of
from tui_batching.strategies.engine import EngineStrategy
from tui_batching.strategies.parameters import KV_CACHE, SLOTS, Parameter
from tui_batching.strategies.strategy import About, Admission, Lesson

if TYPE_CHECKING:
    from tui_batching.cost import Cost


@dataclass(frozen=True)
class Orca(EngineStrategy):
    """Whole prompts beside the decodes, without a limit of tokens.

    Attributes:
        max_batch_size: the most requests that run at once.
        kv_cache_tokens: the tokens that fit into the KV memory (the paper's `n_slots`).
    """

    about: ClassVar[About] = About(
        name="orca",
        spelled="Orca",
        mark="O",
        colour=9,
        parameters=(
            Parameter(
                "max_batch_size", "max batch size", SLOTS, unit="slots", aliases=("batch_size",)
            ),
            KV_CACHE,
        ),
        lesson=Lesson(
            idea="join and leave at every iteration, prompts whole beside the decodes",
            used_in="Orca, the paper that introduced it",
            complexity="medium: a scheduler in every step, memory reserved for the worst case",
            price="a long prompt lengthens one step for everybody",
            claims=("lengthened", "reserves"),
        ),
        iteration_level=True,
    )
    slots_field: ClassVar[str] = "max_batch_size"
    max_batch_size: int = 32
    kv_cache_tokens: int | None = None

    @property
    def reserves(self) -> bool:
        """Whether who is admitted has memory for all that was asked for, so that nobody goes."""
        return True

    def admission(self, known: int, asked: int, running: int, pool: int) -> Admission:  # noqa: ARG002
        """All that was asked for."""
        return Admission(tokens=asked)

    def parts(self, cost: Cost) -> Parts:
        """One token is a block."""
        return Parts(
            slots=self.slots,
            memory=Reserve(blocks_of(self.kv_cache_tokens, cost, 1)),
        )
