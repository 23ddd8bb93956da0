"""What is TGI's own: newcomers gather, and chunks are fixed an iteration ahead."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from tui_batching.sim.engines.cuts import NO_LIMIT, Fill
from tui_batching.sim.engines.joining import Joining

if TYPE_CHECKING:
    from tui_batching.sim.engines.loop import Chunk, Engine, Stay


class WhenServed(Joining):
    """Newcomers gather until there are enough of them for those who run to be stopped: TGI.

    After they joined, one iteration goes by without them being looked at.

    Attributes:
        ratio: waiting per running request (`waiting_served_ratio`).
        most: decodes after which the ratio does not count (`max_waiting_tokens`), less one.
        slots_if_idle: the most who join an idle server; None where slots always count.
    """

    def __init__(self, ratio: Fraction, most: int, slots_if_idle: int | None = None) -> None:
        self.ratio, self.most, self.slots_if_idle = ratio, most, slots_if_idle
        self.waited, self.held = 1, False

    def room(self, engine: Engine) -> int:
        """A server that runs has room for all, if slots count only while it is idle."""
        if self.slots_if_idle is not None and not engine.running:
            return self.slots_if_idle
        return super().room(engine)

    def quorum(self, engine: Engine) -> int:
        """As many as the ratio wants, unless they have waited too long."""
        if not engine.running:
            return 1
        if self.held:
            return NO_LIMIT
        if self.waited >= self.most:
            return 1
        return max(1, self.ratio.numerator * len(engine.running) // self.ratio.denominator)

    def patience(self) -> int:
        """Until the next one that may be looked at, or those who wait may not wait longer."""
        if self.held:
            return 1
        return NO_LIMIT if self.waited >= self.most else self.most - self.waited

    def joined(self, *, alone: bool) -> None:
        """Those who join an idle server are not yet those that a decode has to follow."""
        self.waited, self.held = 1, not alone

    def ran(self, steps: int) -> None:
        """They wait."""
        self.waited += steps
        self.held = False


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
