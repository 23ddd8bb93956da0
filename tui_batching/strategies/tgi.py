"""Hugging Face TGI: newcomers gather, then everybody stops for their prompts."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from tui_batching.reading.constraints import Flag, FromZero, Whole, WholeOrNone
from tui_batching.sim.engines.cuts import NO_LIMIT
from tui_batching.sim.engines.loop import Parts
from tui_batching.sim.engines.memory import Reserve
from tui_batching.sim.engines.serving import blocks_of
from tui_batching.sim.engines.tgi import FillFixed, WhenServed
from tui_batching.strategies.engine import EngineStrategy
from tui_batching.strategies.parameters import BLOCK_SIZE, MAX_SLOTS, Parameter
from tui_batching.strategies.strategy import About, Admission, Lesson

if TYPE_CHECKING:
    from tui_batching.cost import Cost


@dataclass(frozen=True)
class Tgi(EngineStrategy):
    """Prompts by themselves, once enough of them wait; memory is reserved for all asked for.

    Attributes:
        max_batch_total_tokens: the tokens that fit into the KV memory; one block of it is kept for
            health checks.
        max_batch_prefill_tokens: the most tokens of prompts in an iteration.
        waiting_served_ratio: those who wait must be so many for each who runs to stop them.
        max_waiting_tokens: after so many decodes they need not be.
        max_batch_size: the most requests that run at once; by default memory is the limit.
        prefill_chunking: whether prompts are cut and processed beside the decodes. Then the ratio
            and the number of waiting tokens do not count, and the batch size only for an idle
            server.
        block_size: tokens in a block of KV memory.
    """

    about: ClassVar[About] = About(
        name="tgi",
        spelled="TGI",
        mark="T",
        colour=6,
        parameters=(
            Parameter(
                "max_batch_total_tokens",
                "max batch total tokens",
                WholeOrNone(1),
                unit="tokens",
                aliases=("kv_cache_tokens",),
                quiet=True,
            ),
            Parameter(
                "max_batch_prefill_tokens",
                "max batch prefill tokens",
                Whole(1),
                aliases=("token_budget",),
                unit="tokens",
            ),
            Parameter("waiting_served_ratio", "waiting served ratio", FromZero()),
            Parameter("max_waiting_tokens", "max waiting tokens", Whole(1), unit="tokens"),
            Parameter(
                "max_batch_size",
                "max batch size",
                WholeOrNone(1, MAX_SLOTS),
                unit="slots",
                aliases=("batch_size",),
                quiet=True,
            ),
            Parameter("prefill_chunking", "prefill chunking", Flag(), quiet=True),
            BLOCK_SIZE,
        ),
        lesson=Lesson(
            idea=(
                "newcomers gather, then everybody stops for their prompts; memory is "
                "reserved for the worst case"
            ),
            used_in="Hugging Face Text Generation Inference",
            complexity="medium: a queue with a rule, and no memory to take back",
            price="first tokens come later, and memory stays empty where clients ask for much",
            claims=("freezes", "gathers", "reserves"),
        ),
        iteration_level=True,
    )
    slots_field: ClassVar[str] = "max_batch_size"
    max_batch_total_tokens: int | None = None
    max_batch_prefill_tokens: int = 4096
    waiting_served_ratio: float = 0.3
    max_waiting_tokens: int = 20
    max_batch_size: int | None = None
    prefill_chunking: bool = False
    block_size: int = 16

    @property
    def reserves(self) -> bool:
        """Whether who is admitted has memory for all that was asked for, so that nobody goes."""
        return True

    def admission(self, known: int, asked: int, running: int, pool: int) -> Admission:  # noqa: ARG002
        """All that was asked for but the last token; newcomers gather."""
        ratio = Fraction(str(self.waiting_served_ratio))
        gathered = 1 if self.prefill_chunking else int(ratio * running)
        return Admission(
            tokens=asked - 1,
            budget=self.max_batch_prefill_tokens,
            whole=not self.prefill_chunking,
            quorum=max(1, gathered),
            pauses=True,
        )

    def parts(self, cost: Cost) -> Parts:
        """The last token of an answer is never computed."""
        pool = blocks_of(self.max_batch_total_tokens, cost, self.block_size)
        if pool < NO_LIMIT:
            pool = max(0, pool - 1)
        memory = Reserve(pool, self.block_size, extra=-1)
        if self.prefill_chunking:
            return Parts(
                slots=self.slots,
                budget=self.max_batch_prefill_tokens,
                memory=memory,
                cut=FillFixed(self.block_size),
                joining=WhenServed(Fraction(0), 1, self.max_batch_size),
            )
        return Parts(
            slots=self.slots,
            budget=self.max_batch_prefill_tokens,
            alone=True,
            memory=memory,
            joining=WhenServed(Fraction(str(self.waiting_served_ratio)), self.max_waiting_tokens),
        )

    @property
    def slots(self) -> int:
        """How many requests may run at once."""
        return MAX_SLOTS if self.prefill_chunking else super().slots
