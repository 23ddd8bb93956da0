"""What is held of the KV cache, in blocks, and what happens when it is full."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tui_batching.sim.stays import Grant

if TYPE_CHECKING:
    from tui_batching.requests import Requests
    from tui_batching.sim.engines.loop import Chunk, Engine, Stay


class Memory:
    """Blocks that are taken as tokens come.

    Attributes:
        pool: how many blocks there are.
        block: tokens in one.
        free: blocks that are not taken.
    """

    extra: int = 0
    """Tokens to hold beyond the prompt and those asked for."""
    spare: int = 0
    """Blocks that have to be free beside those of a request, when it is admitted."""
    evicts_youngest: ClassVar[bool] = False
    """Whether one who was evicted comes back with its prompt and all that it has made."""
    grant: ClassVar[Grant] = Grant.COMPUTED
    """Which blocks each stay has."""

    def __init__(self, pool: int, block: int) -> None:
        self.pool, self.block, self.free = pool, block, pool

    def serves(self, requests: Requests) -> None:
        """They are told before anything runs."""

    def blocks(self, tokens: int) -> int:
        """The blocks of so many tokens."""
        return -(-tokens // self.block)

    def make_room(self, engine: Engine) -> bool:
        """Blocks for the next token of everybody who decodes; False if somebody had to go."""
        raise NotImplementedError

    def for_prompts(self, engine: Engine, left: int) -> int:  # noqa: ARG002
        """Of `left` tokens, what prompts may have in this iteration."""
        return left

    def admits(self, engine: Engine, row: int, left: int) -> bool:
        """Whether a newcomer may join; what it is promised is not free any more."""
        raise NotImplementedError

    def may_go_on(self, engine: Engine) -> list[Stay]:
        """Whose prompts may be processed in this iteration, in order."""
        return engine.prefilling

    def takes(self, chunks: list[Chunk], engine: Engine) -> None:
        """These chunks are processed."""

    def decodes(self, stay: Stay) -> None:
        """A prompt is complete."""

    def held(self, stay: Stay) -> int:
        """The blocks of one who leaves."""
        return self.blocks(stay.computed)

    def leaves(self, stay: Stay) -> None:
        """One is done, or evicted: its blocks are free."""
        self.free += self.held(stay)

    def in_use(self, chunks: list[Chunk], engine: Engine) -> int:  # noqa: ARG002
        """Blocks taken while an iteration runs."""
        return self.pool - self.free

    def lasts(self, engine: Engine, steps: int) -> int:
        """How many of these equal iterations, the first of which has its blocks, may follow."""
        if self.blocks(steps - 1) * engine.decoders.count > self.free:
            steps = min(steps, 1 + engine.decoders.steps(engine.step + 1, self.free))
        return steps

    def grows(self, engine: Engine, steps: int) -> None:
        """Further iterations take their blocks."""
        self.free -= engine.decoders.blocks(engine.step + 1, steps)

    def flush(self, engine: Engine) -> bool:  # noqa: ARG002
        """Nothing can run: whether somebody was evicted so that something may."""
        return False

    def rests(self) -> None:
        """Nobody runs or waits."""


class Reserve(Memory):
    """The blocks of the prompt and all that was asked for, at admission: nobody is ever evicted.

    Attributes:
        claims: the blocks of each request.
    """

    grant = Grant.ASKED

    def __init__(self, pool: int, block: int = 1, extra: int = 0) -> None:
        super().__init__(pool, block)
        self.extra = extra
        self.claims: list[int] = []

    def serves(self, requests: Requests) -> None:
        """What each claims."""
        tokens = requests.input_tokens + requests.max_tokens + self.extra
        self.claims = (-(-tokens // self.block)).tolist()

    def make_room(self, engine: Engine) -> bool:  # noqa: ARG002
        """It was made at admission."""
        return True

    def admits(self, engine: Engine, row: int, left: int) -> bool:  # noqa: ARG002
        """While the whole claim is free."""
        if self.claims[row] > self.free:
            return False
        self.free -= self.claims[row]
        return True

    def held(self, stay: Stay) -> int:
        """The whole claim."""
        return self.claims[stay.row]

    def in_use(self, chunks: list[Chunk], engine: Engine) -> int:
        """Without what is promised to those who have no token yet."""
        used = self.pool - self.free
        if len(chunks) < len(engine.prefilling):
            at_work = {stay.id for stay, _ in chunks}
            for stay in engine.prefilling:
                if not stay.computed and stay.id not in at_work:
                    used -= self.claims[stay.row]
        return used

    def lasts(self, engine: Engine, steps: int) -> int:  # noqa: ARG002
        """Nothing is taken."""
        return steps

    def grows(self, engine: Engine, steps: int) -> None:
        """Nothing is taken."""


class Paged(Memory):
    """A prompt's blocks at admission, then one at a time; the youngest is evicted, to the front.

    Attributes:
        asks: free blocks that each one who decodes wants to see, even if it takes none.
    """

    evicts_youngest = True
    grant = Grant.KNOWN

    def __init__(self, pool: int, block: int, watermark: int = 0, asks: int = 0) -> None:
        super().__init__(pool, block)
        self.spare, self.asks = watermark, asks

    def make_room(self, engine: Engine) -> bool:
        """Who came last goes first, all its blocks at once."""
        calm = True
        while (need := self._need(engine)) + self._wish(engine) > self.free:
            calm = False
            engine.evict(next(reversed(engine.running.values())), front=True)
        self.free -= need
        return calm

    def _need(self, engine: Engine) -> int:
        return engine.decoders.takers[engine.step % self.block]

    def _wish(self, engine: Engine) -> int:
        """A block that the last one asks for, though it has room."""
        if not self.asks or not engine.decoders.count:
            return 0
        last = next(reversed(engine.running.values()))
        return int((last.own + engine.step) % self.block > 0)

    def admits(self, engine: Engine, row: int, left: int) -> bool:  # noqa: ARG002
        """While the blocks of all that is known of it are free, beside the watermark."""
        blocks = self.blocks(engine.known[row])
        if blocks + self.spare > self.free:
            return False
        self.free -= blocks
        return True

    def held(self, stay: Stay) -> int:
        """Those of the whole prompt from the beginning."""
        return self.blocks(max(stay.computed, stay.known))

    def lasts(self, engine: Engine, steps: int) -> int:
        """Up to where somebody might ask for more than there is."""
        self.free -= self.asks
        steps = super().lasts(engine, steps) if self.free >= 0 else 1
        self.free += self.asks
        return steps
