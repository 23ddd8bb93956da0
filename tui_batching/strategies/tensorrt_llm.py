"""TensorRT-LLM: memory first, then tokens, by the policies of its two schedulers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from tui_batching.errors import InputError
from tui_batching.reading.constraints import Flag, OneOf, Whole
from tui_batching.sim.engines.cuts import Cut
from tui_batching.sim.engines.joining import Joining
from tui_batching.sim.engines.loop import Parts
from tui_batching.sim.engines.memory import Reserve
from tui_batching.sim.engines.serving import blocks_of
from tui_batching.sim.engines.tensorrt_llm import Equal, FillBlocks, InOrder, OnlyIdle
from tui_batching.strategies.engine import EngineStrategy
from tui_batching.strategies.parameters import BLOCK_TOKENS, KV_CACHE, SLOTS, Parameter
from tui_batching.strategies.strategy import About, Admission, Lesson

if TYPE_CHECKING:
    from tui_batching.cost import Cost

CapacityPolicy: TypeAlias = Literal["guaranteed_no_evict", "max_utilization", "static_batch"]
ChunkingPolicy: TypeAlias = Literal["first_come_first_served", "equal_progress"]


@dataclass(frozen=True)
class TensorRtLlm(EngineStrategy):
    """Prompts beside the decodes; what they are promised of the memory is a policy.

    Attributes:
        max_batch_size: the most requests that run at once.
        max_num_tokens: the most tokens that an iteration computes.
        tokens_per_block: tokens in a block of KV memory.
        capacity_scheduler_policy: `guaranteed_no_evict` reserves all that was asked for,
            `max_utilization` takes blocks as tokens come and pauses the youngest, `static_batch`
            reserves and lets nobody join those who run.
        enable_chunked_prefill: whether prompts may be cut.
        context_chunking_policy: who gets the tokens if not all prompts fit.
        kv_cache_tokens: the tokens that fit into the KV memory.
    """

    about: ClassVar[About] = About(
        name="tensorrt-llm",
        spelled="TensorRT-LLM",
        brief="TRT-LLM",
        mark="N",
        colour=7,
        parameters=(
            Parameter(
                "max_batch_size", "max batch size", SLOTS, unit="slots", aliases=("batch_size",)
            ),
            Parameter(
                "max_num_tokens",
                "max num tokens",
                Whole(1),
                aliases=("token_budget",),
                unit="tokens",
            ),
            Parameter(
                "tokens_per_block",
                "tokens per block",
                BLOCK_TOKENS,
                unit="tokens",
                aliases=("block_size",),
                quiet=True,
            ),
            Parameter(
                "capacity_scheduler_policy",
                "capacity policy",
                OneOf(("guaranteed_no_evict", "max_utilization", "static_batch")),
            ),
            Parameter("enable_chunked_prefill", "chunked prefill", Flag(), quiet=True),
            Parameter(
                "context_chunking_policy",
                "chunking policy",
                OneOf(("first_come_first_served", "equal_progress")),
                quiet=True,
            ),
            KV_CACHE,
        ),
        lesson=Lesson(
            idea=(
                "promise each its memory to the end, or take it as it comes; then fill "
                "the step with tokens"
            ),
            used_in="TensorRT-LLM, NVIDIA NIM",
            complexity="high: one scheduler for memory, one for tokens",
            price=(
                "a promise leaves memory empty; without one the youngest is paused and done again"
            ),
            claims=("lengthened", "short_gaps", "reserves", "evicts"),
        ),
        iteration_level=True,
    )
    slots_field: ClassVar[str] = "max_batch_size"
    max_batch_size: int = 2048
    max_num_tokens: int = 8192
    tokens_per_block: int = 32
    capacity_scheduler_policy: CapacityPolicy = "guaranteed_no_evict"
    enable_chunked_prefill: bool = False
    context_chunking_policy: ChunkingPolicy = "first_come_first_served"
    kv_cache_tokens: int | None = None

    @property
    def reserves(self) -> bool:
        """Whether who is admitted has memory for all that was asked for, so that nobody goes."""
        return self.capacity_scheduler_policy != "max_utilization"

    def admission(self, known: int, asked: int, running: int, pool: int) -> Admission:  # noqa: ARG002
        """By the capacity policy."""
        policy = self.capacity_scheduler_policy
        return Admission(
            tokens=known if policy == "max_utilization" else asked,
            budget=self.max_num_tokens,
            whole=not self.enable_chunked_prefill,
            evicting=policy != "max_utilization",
            joins_running=policy != "static_batch",
        )

    def parts(self, cost: Cost) -> Parts:
        """Memory by the capacity policy, tokens by the chunking policy.

        Raises:
            InputError: if a static batch is to be chunked, or a block is more than an iteration.
        """
        block, policy = self.tokens_per_block, self.capacity_scheduler_policy
        pool = blocks_of(self.kv_cache_tokens, cost, block)
        return Parts(
            slots=self.slots,
            budget=self.max_num_tokens,
            memory=InOrder(pool, block) if policy == "max_utilization" else Reserve(pool, block),
            cut=self._cut(),
            joining=OnlyIdle() if policy == "static_batch" else Joining(),
        )

    def _cut(self) -> Cut:
        if not self.enable_chunked_prefill:
            return Cut()
        if self.capacity_scheduler_policy == "static_batch":
            raise InputError("found a static_batch with chunked prefill, expected one without")
        if self.max_num_tokens < self.tokens_per_block:
            raise InputError(
                f"found a max_num_tokens of {self.max_num_tokens}, expected at least the "
                f"{self.tokens_per_block} tokens of a block with chunked prefill"
            )
        equal = self.context_chunking_policy == "equal_progress"
        return (Equal if equal else FillBlocks)(self.tokens_per_block)
