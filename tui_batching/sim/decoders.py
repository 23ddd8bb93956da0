"""Those who decode together, added up: all advance alike, so equal steps are taken at once.

With `step` the iterations done so far, each has computed `own + step` tokens, and its `own` never
changes. It takes a block of memory in the steps at which that is a multiple of the block size.
"""

from __future__ import annotations


class Decoders:
    """Those who decode, added up.

    Attributes:
        block: tokens in a block.
        count: how many decode.
        own: the sum of their `own`.
        takers: how many of them take a block in a step, by the step modulo `block`.
    """

    def __init__(self, block: int) -> None:
        self.block = block
        self.count = 0
        self.own = 0
        self.takers = [0] * block

    def join(self, own: int) -> None:
        """One has its whole prompt computed."""
        self.count += 1
        self.own += own
        self.takers[-own % self.block] += 1

    def leave(self, own: int) -> None:
        """One has made its last token, or was preempted."""
        self.count -= 1
        self.own -= own
        self.takers[-own % self.block] -= 1

    def blocks(self, step: int, steps: int) -> int:
        """The blocks they take in so many steps, the first of them being `step`."""
        rounds, rest = divmod(steps, self.block)
        at = step % self.block
        return rounds * self.count + sum((self.takers * 2)[at : at + rest])

    def steps(self, step: int, free: int) -> int:
        """For how many steps from `step` on the free blocks last; at least one decodes."""
        rounds, rest = divmod(free, self.count)
        steps = rounds * self.block
        while (taken := self.takers[(step + steps) % self.block]) <= rest:
            rest -= taken
            steps += 1
        return steps
