"""When newcomers may join those who run."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from tui_batching.sim.engines.cuts import NO_LIMIT

if TYPE_CHECKING:
    from tui_batching.sim.engines.loop import Engine


class Joining:
    """At every iteration."""

    def quorum(self, engine: Engine) -> int:  # noqa: ARG002
        """How many must wait, and fit, so that they join now."""
        return 1

    def room(self, engine: Engine) -> int:
        """How many slots newcomers find."""
        return engine.slots - engine.in_slots

    def patience(self) -> int:
        """The most iterations after which the rule itself, all else equal, may tell otherwise."""
        return NO_LIMIT

    def joined(self, *, alone: bool) -> None:
        """Somebody joined; nobody was running if `alone`."""

    def ran(self, steps: int) -> None:
        """So many iterations ran that nobody joined."""

    def refused(self) -> None:
        """The first in the queue found no slot or no memory."""

    def freed(self) -> None:
        """Somebody left."""


EveryStep = Joining


class OnlyIdle(Joining):
    """Only when nobody runs."""

    def quorum(self, engine: Engine) -> int:
        """Nobody joins those who run."""
        return NO_LIMIT if engine.running else 1


class UntilFull(Joining):
    """After a refusal nobody is tried until somebody leaves: SGLang's `batch_is_full`."""

    def __init__(self) -> None:
        self.full = False

    def quorum(self, engine: Engine) -> int:  # noqa: ARG002
        """Nobody, once it is full."""
        return NO_LIMIT if self.full else 1

    def refused(self) -> None:
        """Full."""
        self.full = True

    def freed(self) -> None:
        """Not full any more."""
        self.full = False


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
