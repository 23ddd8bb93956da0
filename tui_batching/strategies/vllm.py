"""vLLM V1: prompts in chunks beside the decodes, paged memory, preemption by recomputing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Self, TypeAlias

from tui_batching.reading.constraints import Flag, FromZero, OneOf, Whole, WholeOrNone
from tui_batching.sim.vllm.serving import run_vllm, watch_vllm
from tui_batching.strategies.parameters import (
    BLOCK_SIZE,
    KV_CACHE,
    MAX_NUM_BATCHED_TOKENS,
    MAX_NUM_SEQS,
    PREFIX_CACHING,
    Parameter,
)
from tui_batching.strategies.strategy import About, Admission, Lesson, Strategy

if TYPE_CHECKING:
    from tui_batching.cost import Cost
    from tui_batching.requests import Requests
    from tui_batching.sim.run import Run
    from tui_batching.sim.stream_blocks import StreamBlocks

Policy: TypeAlias = Literal["fcfs", "priority"]


@dataclass(frozen=True)
class Vllm(Strategy):
    """vLLM V1 (0.33.0); the names of its settings are its own.

    Attributes:
        max_num_seqs: the most requests that run at once.
        max_num_batched_tokens: the most tokens that an iteration computes.
        block_size: tokens in a block of KV memory.
        enable_chunked_prefill: whether a prompt may be cut to what the budget leaves.
        long_prefill_token_threshold: the most tokens of one prompt in an iteration, unless it is
            alone; 0 for no limit.
        policy: who comes first, by arrival (`fcfs`) or by the requests' priority.
        scheduler_reserve_full_isl: whether a request is admitted only if all that is known of it
            fits into the free memory, not just its first chunk.
        watermark: the share of the blocks that an admission leaves free.
        async_scheduling: whether the next iteration is planned while one runs.
        enable_prefix_caching: whether a request finds the blocks of those that began alike.
        max_model_len: the most tokens of a prompt and its answer, which is cut there.
        kv_cache_tokens: the tokens that fit into the KV memory; by default as many as the cost
            says, and where that says nothing, memory has no end.
    """

    about: ClassVar[About] = About(
        name="vllm",
        spelled="vLLM",
        mark="V",
        colour=3,
        parameters=(
            MAX_NUM_SEQS,
            MAX_NUM_BATCHED_TOKENS,
            BLOCK_SIZE,
            Parameter("enable_chunked_prefill", "chunked prefill", Flag(), quiet=True),
            Parameter(
                "long_prefill_token_threshold",
                "long prefill threshold",
                Whole(),
                unit="tokens",
                quiet=True,
            ),
            Parameter("policy", "policy", OneOf(("fcfs", "priority")), quiet=True),
            Parameter("scheduler_reserve_full_isl", "reserve full prompt", Flag(), quiet=True),
            Parameter("watermark", "watermark", FromZero(below=1), quiet=True),
            Parameter("async_scheduling", "async scheduling", Flag(), quiet=True),
            Parameter(PREFIX_CACHING, "prefix caching", Flag(), quiet=True),
            Parameter("max_model_len", "max model len", WholeOrNone(2), unit="tokens", quiet=True),
            KV_CACHE,
        ),
        lesson=Lesson(
            idea=(
                "everybody gets a token a step, prompts fill the rest of its budget in "
                "chunks, and the last admitted goes when memory is full"
            ),
            used_in="vLLM since 0.8: chat and agents, for anybody",
            complexity="high: a token budget, paged memory, and requests that come again",
            price="a long prompt takes several steps; who is evicted computes again what is lost",
            claims=("short_gaps", "evicts", "finds"),
        ),
        iteration_level=True,
    )
    max_num_seqs: int = 256
    max_num_batched_tokens: int = 2048
    block_size: int = 16
    enable_chunked_prefill: bool = True
    long_prefill_token_threshold: int = 0
    policy: Policy = "fcfs"
    scheduler_reserve_full_isl: bool = True
    watermark: float = 0.0
    async_scheduling: bool = True
    enable_prefix_caching: bool = True
    max_model_len: int | None = None
    kv_cache_tokens: int | None = None

    def serve(self, requests: Requests, cost: Cost) -> Run:
        """Its prefill makes the first token, whatever the cost says.

        Raises:
            InputError: see `run_vllm`.
        """
        return run_vllm(requests, cost, self)

    def stream_blocks(self, run: Run) -> StreamBlocks | None:
        """None without prefix caching, or where memory has no end."""
        if run.kv is None or not self.enable_prefix_caching:
            return None
        return watch_vllm(run.requests, run.cost, self)

    def admission(self, known: int, asked: int, running: int, pool: int) -> Admission:  # noqa: ARG002
        """All that is known of it fits, beside the watermark."""
        return Admission(
            tokens=known if self.scheduler_reserve_full_isl else None,
            spare_blocks=int(self.watermark * (pool + 1)) if running else 0,
            budget=self.max_num_batched_tokens,
            whole=not self.enable_chunked_prefill,
            planned_ahead=self.async_scheduling,
            evicting=False,
        )

    @property
    def caches_prefixes(self) -> bool:
        """As a server does by default."""
        return self.enable_prefix_caching

    @property
    def slots(self) -> int:
        """How many requests may run at once."""
        return self.max_num_seqs

    def with_slots(self, slots: int) -> Self:
        """The same with another `max_num_seqs`."""
        return self.with_parameter("max_num_seqs", slots)

    def usable_blocks(self, cost: Cost) -> int | None:
        """The blocks of KV memory, without the one that is never lent; None where it has no end."""
        tokens = self.kv_cache_tokens or cost.kv_cache_tokens
        return tokens and max(0, tokens // self.block_size - 1)
