"""vLLM V0: prefill first, the youngest preempted, to the front."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from tui_batching.reading.constraints import FromZero
from tui_batching.sim.engines.cuts import NO_LIMIT
from tui_batching.sim.engines.loop import Parts
from tui_batching.sim.engines.memory import Paged
from tui_batching.sim.engines.serving import blocks_of
from tui_batching.strategies.engine import EngineStrategy
from tui_batching.strategies.parameters import (
    BLOCK_SIZE,
    KV_CACHE,
    MAX_NUM_BATCHED_TOKENS,
    MAX_NUM_SEQS,
    Parameter,
)
from tui_batching.strategies.strategy import About, Admission, Lesson

if TYPE_CHECKING:
    from tui_batching.cost import Cost


@dataclass(frozen=True)
class VllmV0(EngineStrategy):
    """Whole prompts by themselves, before anybody decodes; without chunks, as its default was.

    Attributes:
        max_num_seqs: the most requests that run at once.
        max_num_batched_tokens: the most tokens of prompts in an iteration.
        block_size: tokens in a block of KV memory.
        watermark: the share of the blocks that an admission leaves free.
        kv_cache_tokens: the tokens that fit into the KV memory.
    """

    about: ClassVar[About] = About(
        name="vllm-v0",
        spelled="vLLM-V0",
        mark="U",
        colour=4,
        parameters=(
            MAX_NUM_SEQS,
            MAX_NUM_BATCHED_TOKENS,
            BLOCK_SIZE,
            Parameter("watermark", "watermark", FromZero(below=1), quiet=True),
            KV_CACHE,
        ),
        lesson=Lesson(
            idea="prompts first and by themselves; who is evicted comes back first",
            used_in="vLLM before 0.8",
            complexity="high: paged memory, and requests that come again",
            price="those who decode stop for every prompt, and full memory thrashes",
            claims=("freezes", "evicts", "thrashes"),
        ),
        iteration_level=True,
    )
    slots_field: ClassVar[str] = "max_num_seqs"
    max_num_seqs: int = 256
    max_num_batched_tokens: int = 8192
    block_size: int = 16
    watermark: float = 0.01
    kv_cache_tokens: int | None = None

    def admission(self, known: int, asked: int, running: int, pool: int) -> Admission:  # noqa: ARG002
        """Its whole prompt fits, beside the watermark."""
        return Admission(
            tokens=known,
            spare_blocks=int(Fraction(str(self.watermark)) * pool),
            budget=self.max_num_batched_tokens,
            whole=True,
        )

    def parts(self, cost: Cost) -> Parts:
        """Each who decodes asks for a free block, though it may have room."""
        pool = blocks_of(self.kv_cache_tokens, cost, self.block_size)
        watermark = int(Fraction(str(self.watermark)) * pool) if pool < NO_LIMIT else 0
        return Parts(
            slots=self.slots,
            budget=self.max_num_batched_tokens,
            alone=True,
            memory=Paged(pool, self.block_size, watermark, asks=1),
        )
