"""When newcomers may join those who run."""

from __future__ import annotations

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
