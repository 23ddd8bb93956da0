"""What is DeepSpeed-FastGen's own: who finds no block skips the iteration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_batching.sim.engines.memory import Memory

if TYPE_CHECKING:
    from tui_batching.sim.engines.loop import Engine, Stay


class Skipping(Memory):
    """Who finds no block waits for one; if nobody can go on, the last is evicted, to the back.

    DeepSpeed-FastGen. Of those who decode, who waited comes first in the next iteration.

    Attributes:
        skipped: who decodes, but not now, in order.
        none_free: whether an iteration began without any free block.
    """

    def __init__(self, pool: int, block: int) -> None:
        super().__init__(pool, block)
        self.skipped: list[Stay] = []
        self.none_free = False

    def make_room(self, engine: Engine) -> bool:
        """Blocks for the first that come, while there are any."""
        decoders = engine.decoders
        need = decoders.takers[engine.step % self.block]
        self.none_free = not self.free
        calm = not self.skipped or self._all_wait_for_blocks()
        if need > self.free or decoders.count > engine.budget or not calm:
            while not self._deal(engine):
                self.flush(engine)
                self.none_free = not self.free
        else:
            self.free -= need
        return True

    def _all_wait_for_blocks(self) -> bool:
        """Whether nobody who was left out could go on now."""
        return not self.free and not any(stay.computed % self.block for stay in self.skipped)

    def _deal(self, engine: Engine) -> bool:
        """Say who goes on; False, and nothing is changed, if nobody can."""
        step, left, free, block = engine.step, engine.budget, self.free, self.block
        going: list[Stay] = []
        waiting: list[Stay] = []
        decoding = [stay for stay in engine.running.values() if stay.computed >= stay.known]
        for stay in decoding:
            stay.computed = stay.own + step
        for stay in [*self.skipped, *decoding]:
            need = stay.computed % block == 0
            if left and free >= need:
                free -= need
                left -= 1
                going.append(stay)
            else:
                waiting.append(stay)
        if waiting and not going:
            return False
        self.free = free
        running = engine.running
        for stay in waiting:
            if stay.id in running:
                engine.skip(stay)
        back = [stay if stay.id in running else engine.come_back(stay) for stay in going]
        self.skipped = waiting
        engine.running = {stay.id: stay for stay in [*back, *engine.prefilling]}
        return True

    def flush(self, engine: Engine) -> bool:
        """The last one that ran gives its blocks back."""
        if not engine.running:
            return False
        engine.evict(next(reversed(engine.running.values())), front=False)
        return True

    def for_prompts(self, engine: Engine, left: int) -> int:
        """None without a free block at first, or if the one under way could not be completed.

        One that is all alone goes on in any case, as it would be evicted for ever.
        """
        if not engine.prefilling:
            return left
        stay, running = engine.prefilling[0], engine.running
        fits = self.blocks(stay.known) - self.blocks(stay.computed) <= self.free
        if left and fits and (not self.none_free or engine.in_slots == 1):
            running[stay.id] = running.pop(stay.id)
            computed = min(stay.computed + left, stay.known)
            self.free -= self.blocks(computed) - self.blocks(stay.computed)
            return left
        if next(iter(running)) != stay.id:
            del running[stay.id]
            engine.running = {stay.id: stay, **running}
        return 0

    def admits(self, engine: Engine, row: int, left: int) -> bool:
        """While the blocks of all that is known of it are free, though it takes those of a part."""
        known = engine.known[row]
        if self.blocks(known) > self.free:
            return False
        self.free -= self.blocks(min(known, left))
        return True

    def lasts(self, engine: Engine, steps: int) -> int:
        """One, if somebody who was left out may go on."""
        if self.skipped and not self._all_wait_for_blocks():
            return 1
        return super().lasts(engine, steps)
