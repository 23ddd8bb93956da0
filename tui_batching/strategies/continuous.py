"""Continuous batching: admit and release requests between decode steps (Orca, OSDI '22)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from tui_batching.sim.iteration_level import run_continuous
from tui_batching.strategies.parameters import KV_CACHE, SLOTS, Parameter
from tui_batching.strategies.strategy import About, Admission, Lesson, Textbook

if TYPE_CHECKING:
    from tui_batching.cost import Cost
    from tui_batching.requests import Requests
    from tui_batching.sim.run import Run


@dataclass(frozen=True)
class Continuous(Textbook):
    """Admit whoever has arrived while a slot is free, decode one step, release; and again.

    Attributes:
        kv_cache_tokens: tokens of KV memory, of which each request reserves its prompt and all
            that it asked for; by default memory is ignored, whatever the cost says of it.
    """

    about: ClassVar[About] = About(
        name="continuous",
        mark="C",
        colour=2,
        parameters=(
            Parameter("batch_size", "batch size", SLOTS, unit="slots"),
            KV_CACHE,
        ),
        lesson=Lesson(
            idea="admit and release requests between decode steps",
            used_in="vLLM, TGI, TensorRT-LLM, SGLang",
            complexity=(
                "high: a scheduler in every step, and a KV cache that requests join and leave"
            ),
            claims=("throughput", "wait", "held", "stalls", "tail", "occupied", "goodput"),
        ),
        iteration_level=True,
    )

    kv_cache_tokens: int | None = None

    @property
    def heeds_memory(self) -> bool:
        """Only where it is given."""
        return self.kv_cache_tokens is not None

    @property
    def reserves(self) -> bool:
        """Whether who is admitted has memory for all that was asked for, so that nobody goes."""
        return self.heeds_memory

    def serve(self, requests: Requests, cost: Cost) -> Run:
        """Each prefill of a newcomer runs alone while everybody else stalls."""
        return run_continuous(requests, cost, self, self.kv_cache_tokens)

    def admission(self, known: int, asked: int, running: int, pool: int) -> Admission:  # noqa: ARG002
        """All that was asked for, where memory counts."""
        return Admission(tokens=asked)
