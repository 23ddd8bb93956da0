"""SGLang: first tokens first, and a bet on short answers."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from tui_batching.errors import InputError
from tui_batching.reading.constraints import Number, Whole
from tui_batching.sim.engines.loop import Parts
from tui_batching.sim.engines.serving import blocks_of
from tui_batching.sim.engines.sglang import Estimate, FillPages, UntilFull
from tui_batching.strategies.engine import EngineStrategy
from tui_batching.strategies.parameters import BLOCK_TOKENS, KV_CACHE, SLOTS, Parameter
from tui_batching.strategies.strategy import About, Admission, Lesson

if TYPE_CHECKING:
    from tui_batching.cost import Cost

_NEW_TOKEN_RATIO = Fraction(7, 10)
"""The share of the tokens asked for that is expected at first."""


@dataclass(frozen=True)
class SgLang(EngineStrategy):
    """Prompts in chunks, before anybody decodes; memory is promised by an estimate that learns.

    Attributes:
        max_running_requests: the most requests that run at once.
        chunked_prefill_size: the most tokens of prompts in an iteration.
        max_prefill_tokens: beyond so many, no further prompt joins an iteration.
        schedule_conservativeness: the more, the less memory is promised.
        page_size: tokens in a block of KV memory.
        kv_cache_tokens: the tokens that fit into the KV memory.
    """

    about: ClassVar[About] = About(
        name="sglang",
        spelled="SGLang",
        mark="G",
        colour=5,
        parameters=(
            Parameter(
                "max_running_requests",
                "max running requests",
                SLOTS,
                unit="slots",
                aliases=("batch_size",),
            ),
            Parameter(
                "chunked_prefill_size",
                "chunked prefill size",
                Whole(1),
                aliases=("token_budget",),
                unit="tokens",
            ),
            Parameter(
                "max_prefill_tokens", "max prefill tokens", Whole(1), unit="tokens", quiet=True
            ),
            Parameter("schedule_conservativeness", "conservativeness", Number(0), quiet=True),
            Parameter(
                "page_size",
                "page size",
                BLOCK_TOKENS,
                unit="tokens",
                aliases=("block_size",),
                quiet=True,
            ),
            KV_CACHE,
        ),
        lesson=Lesson(
            idea="first tokens first, and memory by an estimate of how long answers will be",
            used_in="SGLang: chat, agents, programs of many prompts",
            complexity="high: chunks, paged memory, and a bet that is corrected when it loses",
            price="those who decode stop while anybody has a prompt left",
            claims=("first_tokens", "freezes", "bets"),
        ),
        iteration_level=True,
    )
    slots_field: ClassVar[str] = "max_running_requests"
    max_running_requests: int = 256
    chunked_prefill_size: int = 8192
    max_prefill_tokens: int = 16384
    schedule_conservativeness: float = 1.0
    page_size: int = 1
    kv_cache_tokens: int | None = None

    def admission(self, known: int, asked: int, running: int, pool: int) -> Admission:  # noqa: ARG002
        """By an estimate; a refusal holds until somebody leaves."""
        return Admission(estimates=True, budget=self.chunked_prefill_size, tries_again=False)

    def parts(self, cost: Cost) -> Parts:
        """Prompts alone, the last cut to fill.

        Raises:
            InputError: if a chunk is not whole pages.
        """
        page = self.page_size
        if self.chunked_prefill_size % page:
            raise InputError(
                f"found a chunked_prefill_size of {self.chunked_prefill_size}, "
                f"expected a multiple of the page_size of {page}"
            )
        ratio = min(Fraction(1), _NEW_TOKEN_RATIO * Fraction(str(self.schedule_conservativeness)))
        return Parts(
            slots=self.slots,
            budget=self.chunked_prefill_size,
            alone=True,
            memory=Estimate(blocks_of(self.kv_cache_tokens, cost, page), page, ratio),
            cut=FillPages(page, self.max_prefill_tokens),
            joining=UntilFull(),
        )
