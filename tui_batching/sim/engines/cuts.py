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


Whole = Cut


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


class FillPages(Fill):
    """As `Fill`, but the last one is cut down to whole pages: SGLang.

    Attributes:
        page: tokens in a page.
        most: tokens beyond which no further prompt joins (`max_prefill_tokens`).
    """

    def __init__(self, page: int, most: int) -> None:
        self.page, self.most = page, most

    def left_for_newcomers(self, engine: Engine, left: int) -> int:
        """The one under way takes whole pages."""
        return left - sum([self._paged(stay.known - stay.computed) for stay in engine.prefilling])

    def wants(self, known: int, left: int, budget: int) -> int | None:
        """Whole pages, while one is left; only the first may have `most` tokens or more."""
        pages, taken = self._paged(known), budget - left
        joins = left >= self.page and (not taken or pages < self.most - taken)
        return pages if joins else None

    def share(self, engine: Engine, stays: list[Stay], left: int) -> list[Chunk]:  # noqa: ARG002
        """Each takes its rest, in order; the last one what is left, in whole pages."""
        chunks = []
        for stay in stays:
            tokens = stay.known - stay.computed
            if self._paged(tokens) > left:
                tokens = left // self.page * self.page
            if tokens > 0:
                chunks.append((stay, tokens))
                left -= self._paged(tokens)
        return chunks

    def _paged(self, tokens: int) -> int:
        return -(-tokens // self.page) * self.page


class FillBlocks(Cut):
    """Who is cut gets whole units, maybe none; so a short prompt may overtake: TensorRT-LLM."""

    whole = False

    def __init__(self, unit: int) -> None:
        self.unit = unit

    def wants(self, known: int, left: int, budget: int) -> int | None:  # noqa: ARG002
        """Whoever has memory and a slot joins; tokens are dealt afterwards."""
        return known

    def share(self, engine: Engine, stays: list[Stay], left: int) -> list[Chunk]:  # noqa: ARG002
        """All the rests if they fit; else first come, first served."""
        rests = [stay.known - stay.computed for stay in stays]
        if sum(rests) > left:
            rests = self._dealt(rests, left)
        return [(stay, n) for stay, n in zip(stays, rests, strict=True) if n]

    def _dealt(self, rests: list[int], left: int) -> list[int]:
        dealt = []
        for rest in rests:
            tokens = rest if rest <= left else left // self.unit * self.unit
            dealt.append(tokens)
            left -= tokens
        return dealt


class Equal(FillBlocks):
    """One unit for each in turn, until nothing more fits."""

    def _dealt(self, rests: list[int], left: int) -> list[int]:
        dealt = [0] * len(rests)
        going = True
        while going:
            going = False
            for place, rest in enumerate(rests):
                more = min(self.unit, rest - dealt[place])
                if 0 < more <= left:
                    dealt[place] += more
                    left -= more
                    going = True
        return dealt


class FillFixed(Fill):
    """What is under way is fixed when the iteration before ends, the last that joined first: TGI.

    Newcomers share what the others leave of the budget, rounded up to a block.

    Attributes:
        block: tokens in a block.
    """

    def __init__(self, block: int) -> None:
        self.block = block

    def left_for_newcomers(self, engine: Engine, left: int) -> int:
        """Rounded up to a block."""
        left -= sum(self._under_way(engine))
        return -(-max(left, 0) // self.block) * self.block

    def share(self, engine: Engine, stays: list[Stay], left: int) -> list[Chunk]:
        """What is fixed, and the newcomers in order."""
        fixed = self._under_way(engine)
        chunks = list(zip(stays, fixed, strict=False))
        left = self.left_for_newcomers(engine, left)
        for stay in stays[len(fixed) :]:
            tokens = min(stay.known, left)
            chunks.append((stay, tokens))
            left -= tokens
        return chunks

    def _under_way(self, engine: Engine) -> list[int]:
        left, fixed = engine.budget - (engine.ran - 1), []
        for stay in reversed(engine.prefilling):
            if stay.computed:
                tokens = max(1, min(stay.known - stay.computed, left))
                fixed.append(tokens)
                left -= tokens
        return fixed[::-1]
