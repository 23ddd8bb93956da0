"""How prompts are cut: how many tokens of each an iteration processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from tui_batching.sim.engines.loop import Chunk, Engine, Stay

NO_LIMIT = 1 << 60
"""More tokens or blocks than there ever are."""


class Cut:
    """Whole prompts, as many as fit."""

    whole: ClassVar[bool] = True
    """Whether a prompt must fit into one iteration."""

    def left_for_newcomers(self, engine: Engine, left: int) -> int:
        """Of `left` tokens, what the prompts under way do not take."""
        return left - sum([stay.known - stay.computed for stay in engine.prefilling])

    def wants(self, known: int, left: int, budget: int) -> int | None:  # noqa: ARG002
        """What a newcomer with so many tokens to compute wants of those left; None: not now."""
        return known if known <= left else None

    def share(self, engine: Engine, stays: list[Stay], left: int) -> list[Chunk]:  # noqa: ARG002
        """The tokens of those who prefill; who gets none is not told of."""
        return [(stay, stay.known) for stay in stays]


class Fill(Cut):
    """The last one is cut, so that the iteration is full."""

    whole = False

    def wants(self, known: int, left: int, budget: int) -> int | None:  # noqa: ARG002
        """All of it, while there is anything left."""
        return known if left > 0 else None

    def share(self, engine: Engine, stays: list[Stay], left: int) -> list[Chunk]:  # noqa: ARG002
        """Each takes its rest, in order, until nothing is left."""
        chunks = []
        for stay in stays:
            tokens = min(stay.known - stay.computed, left)
            if tokens > 0:
                chunks.append((stay, tokens))
                left -= tokens
        return chunks
