"""DeepSpeed-FastGen: steps of equal length, by Dynamic SplitFuse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from tui_batching.reading.constraints import Whole
from tui_batching.sim.engines.cuts import Fill
from tui_batching.sim.engines.fastgen import Skipping
from tui_batching.sim.engines.loop import Parts
from tui_batching.sim.engines.serving import blocks_of
from tui_batching.strategies.engine import EngineStrategy
from tui_batching.strategies.parameters import BLOCK_SIZE, KV_CACHE, SLOTS, Parameter
from tui_batching.strategies.strategy import About, Admission, Lesson

if TYPE_CHECKING:
    from tui_batching.cost import Cost


@dataclass(frozen=True)
class FastGen(EngineStrategy):
    """Decodes first, prompts fill the step; who finds no block skips it.

    Attributes:
        max_ragged_batch_size: the most tokens that an iteration computes.
        max_ragged_sequence_count: the most requests that run at once.
        block_size: tokens in a block of KV memory.
        kv_cache_tokens: the tokens that fit into the KV memory.
    """

    about: ClassVar[About] = About(
        name="fastgen",
        spelled="FastGen",
        mark="F",
        colour=8,
        parameters=(
            Parameter(
                "max_ragged_batch_size",
                "max ragged batch size",
                Whole(1),
                aliases=("token_budget",),
                unit="tokens",
            ),
            Parameter(
                "max_ragged_sequence_count",
                "max ragged sequence count",
                SLOTS,
                unit="slots",
                aliases=("batch_size",),
            ),
            BLOCK_SIZE,
            KV_CACHE,
        ),
        lesson=Lesson(
            idea="steps of equal length: decodes first, prompts fill the rest in chunks",
            used_in="DeepSpeed-MII, where it is called Dynamic SplitFuse",
            complexity="high: chunks, paged memory, and decodes that wait for a block",
            price="no token is late, but each first token comes a little later",
            claims=("steadiest",),
        ),
        iteration_level=True,
    )
    slots_field: ClassVar[str] = "max_ragged_sequence_count"
    max_ragged_batch_size: int = 768
    max_ragged_sequence_count: int = 512
    block_size: int = 64
    kv_cache_tokens: int | None = None

    def admission(self, known: int, asked: int, running: int, pool: int) -> Admission:  # noqa: ARG002
        """Its whole prompt fits, though it takes chunks."""
        return Admission(tokens=known, budget=self.max_ragged_batch_size)

    def parts(self, cost: Cost) -> Parts:
        """Chunks fill the budget."""
        return Parts(
            slots=self.slots,
            budget=self.max_ragged_batch_size,
            memory=Skipping(
                blocks_of(self.kv_cache_tokens, cost, self.block_size), self.block_size
            ),
            cut=Fill(),
        )
