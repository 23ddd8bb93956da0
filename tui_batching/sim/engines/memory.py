"""What is held of the KV cache, in blocks, and what happens when it is full."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

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

    def __init__(self, pool: int, block: int) -> None:
        self.pool, self.block, self.free = pool, block, pool

    extra: int = 0
    """Tokens to hold beyond the prompt and those asked for."""
    spare: int = 0
    """Blocks that have to be free beside those of a request, when it is admitted."""
    evicts_youngest: ClassVar[bool] = False
    """Whether one who was evicted comes back with its prompt and all that it has made."""

    def serves(self, requests: Requests) -> None:
        """These will come."""

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


class InOrder(Paged):
    """As `Paged`, for prompts that may get no token yet, while others overtake: TensorRT-LLM.

    Such a one holds no blocks. Before each iteration all are asked in order of arrival whether
    their next step fits; while it does not, the last of those behind who hold blocks is evicted.
    Who comes after the one who still does not fit, or after one who was evicted, is left out.

    Attributes:
        left_out: whose prompts are not processed in this iteration.
    """

    def __init__(self, pool: int, block: int) -> None:
        super().__init__(pool, block)
        self.left_out: list[Stay] = []

    def make_room(self, engine: Engine) -> bool:
        """As long as all hold blocks, who came last goes first."""
        self.left_out = []
        if all(stay.computed for stay in engine.prefilling):
            return super().make_room(engine)
        running = engine.running.values()
        asked: list[tuple[int, Stay | None]] = [(stay.row, stay) for stay in running]
        asked += [(row, None) for _, row in engine.away]
        asked.sort(key=lambda entry: entry[0])
        fit, after = self._ask(engine, asked)
        for row, stay in asked[:fit]:
            if stay is None:
                engine.away.popleft()
                engine.enter(row)
        self.left_out = [stay for _, stay in asked[fit:] if stay and stay.id in engine.running]
        engine.running = {s.id: s for s in sorted(engine.running.values(), key=lambda s: s.row)}
        engine.prefilling.sort(key=lambda stay: stay.row)
        return after == fit == len(asked)

    def _ask(self, engine: Engine, asked: list[tuple[int, Stay | None]]) -> tuple[int, int]:
        """How many fit, out of how many that were not behind one who was evicted."""
        fit, after = 0, len(asked)
        while fit < after:
            need = self._next(engine, *asked[fit])
            if need <= self.free:
                self.free -= need
                fit += 1
                continue
            hold = [place for place in range(fit, after) if self._holds(asked[place][1])]
            if not hold:
                break
            after = hold[-1]
            if stay := asked[after][1]:
                engine.evict(stay, front=True)
        return fit, after

    @staticmethod
    def _holds(stay: Stay | None) -> bool:
        return stay is not None and stay.computed > 0

    def _next(self, engine: Engine, row: int, stay: Stay | None) -> int:
        """The blocks of one's next step: of the whole prompt at first."""
        if stay is None or not stay.computed:
            return self.blocks(engine.known[row])
        return int(stay.computed == stay.known and (stay.own + engine.step) % self.block == 0)

    def may_go_on(self, engine: Engine) -> list[Stay]:
        """Without those who are left out."""
        return [stay for stay in engine.prefilling if stay not in self.left_out]

    def takes(self, chunks: list[Chunk], engine: Engine) -> None:
        """Who got no token gives back what it was promised."""
        at_work = {stay.id for stay, _ in chunks}
        for stay in self.may_go_on(engine):
            if not stay.computed and stay.id not in at_work:
                self.free += self.blocks(stay.known)

    def lasts(self, engine: Engine, steps: int) -> int:
        """One, while somebody waits for the first token."""
        return 1 if engine.prefilling else super().lasts(engine, steps)


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


class Estimate(Memory):
    """Admits by an estimate of what those who run will still take, and learns from evictions.

    SGLang. When memory is full, who has made the fewest tokens is retracted, to the back.

    Attributes:
        start: the share of the tokens asked for that is expected at first (`new_token_ratio`).
        least: what it falls to.
        steps: decode steps since it was set.
        claimed: tokens of those who join this iteration.
        asked: the sum of prompts and tokens asked for, of those who decode.
    """

    spare = 2
    decay_steps = 600
    """Decode steps in which the ratio falls from its start to its least."""
    most = 4096
    """Tokens asked for beyond which nothing is expected."""

    def __init__(self, pool: int, block: int, start: Fraction) -> None:
        super().__init__(pool, block)
        self.start = start
        self.least = start * Fraction(14, 100)
        self.claimed = self.asked = 0
        self.estimated: int | None = None
        self.prompt: list[int] = []
        self.limit: list[int] = []
        self.clips = False
        self._expect(start)

    def serves(self, requests: Requests) -> None:
        """What is asked for."""
        self.prompt = requests.input_tokens.tolist()
        self.limit = requests.max_tokens.tolist()
        self.clips = bool((requests.max_tokens > self.most).any())

    def _expect(self, ratio: Fraction) -> None:
        """From now on this share, less in each further step; all in whole parts of a token."""
        decay = (self.start - self.least) / self.decay_steps
        self.parts = math.lcm(ratio.denominator, decay.denominator, self.least.denominator)
        told = (int(share * self.parts) for share in (ratio, decay, self.least))
        self.ratio, self.decay, self.floor = told
        self.steps = 0

    def made(self, stay: Stay, engine: Engine) -> int:
        """Tokens that one who decodes has made."""
        return stay.own + engine.step + 1 - self.prompt[stay.row]

    def expected(self, engine: Engine) -> int:
        """Tokens that those who decode may still make, if they make all they asked for."""
        if not self.clips:
            decoders = engine.decoders
            return self.asked - decoders.own - decoders.count * (engine.step + 1)
        decoding = [stay for stay in engine.running.values() if stay.computed >= stay.known]
        return sum(
            min(self.limit[stay.row] - self.made(stay, engine), self.most) for stay in decoding
        )

    def left(self, engine: Engine) -> int:
        """Parts of a token of memory that are left by the estimate."""
        if self.estimated is None:
            ratio = max(self.ratio - self.steps * self.decay, self.floor)
            free = self.free * self.block * self.parts
            self.estimated = free - self.expected(engine) * ratio
        return self.estimated - self.claimed * self.parts

    def for_prompts(self, engine: Engine, left: int) -> int:
        """What the estimate leaves for the one under way, unless that is nothing."""
        self.claimed, self.estimated = 0, None
        if not engine.prefilling:
            return left
        stay = engine.prefilling[0]
        here = self.left(engine) // self.parts
        if here > 0:
            left = min(left, here)
        self.claimed = self._claim(stay.row, stay.known - stay.computed, left)
        return left

    def admits(self, engine: Engine, row: int, left: int) -> bool:
        """While all it asks for is less than what the estimate leaves."""
        known, limit, parts = engine.known[row], self.limit[row], self.parts
        asks = known + min(limit - (known - self.prompt[row]), self.most) + self.block
        there = self.left(engine)
        if asks * parts >= there:
            return False
        claim = self._claim(row, known, left)
        self.claimed += claim
        if there <= claim * parts:
            engine.joining.refused()
        return True

    def _claim(self, row: int, rest: int, left: int) -> int:
        """Tokens of a chunk in whole pages and a page; with the last one, of all asked for."""
        pages = self.blocks(rest) * self.block
        if pages <= left:
            return pages + self.block + min(self.limit[row], self.most)
        return left // self.block * self.block + self.block

    def takes(self, chunks: list[Chunk], engine: Engine) -> None:  # noqa: ARG002
        """Only the blocks of the chunks."""
        for stay, tokens in chunks:
            self.free -= self.blocks(stay.computed + tokens) - self.blocks(stay.computed)

    def decodes(self, stay: Stay) -> None:
        """From now on it counts in the estimate."""
        self.asked += self.prompt[stay.row] + self.limit[stay.row]

    def leaves(self, stay: Stay) -> None:
        """It counts no more."""
        super().leaves(stay)
        if stay.computed >= stay.known:
            self.asked -= self.prompt[stay.row] + self.limit[stay.row]

    def make_room(self, engine: Engine) -> bool:
        """Retract until the rest fits; the ratio is what they have made of what they asked for."""
        takers = engine.decoders.takers
        if not engine.decoders.count:
            return True
        if (need := takers[engine.step % self.block]) <= self.free:
            self.free -= need
            self.steps += 1
            return True
        order = list(engine.running.values())
        order.sort(key=lambda stay: (self.made(stay, engine), -self.prompt[stay.row]), reverse=True)
        engine.running = {stay.id: stay for stay in order}
        while len(engine.running) > 1 and takers[engine.step % self.block] > self.free:
            engine.evict(next(reversed(engine.running.values())), front=False)
        self.free -= takers[engine.step % self.block]
        stays = engine.running.values()
        made = sum(self.made(stay, engine) for stay in stays) + 20 * len(stays)
        asked = sum(self.limit[stay.row] for stay in stays)
        self._expect(min(Fraction(1), Fraction(made, asked + 1)))
        return False

    def grows(self, engine: Engine, steps: int) -> None:
        """The longer nobody is retracted, the less is expected."""
        super().grows(engine, steps)
        self.steps += steps

    def rests(self) -> None:
        """An idle server expects what it did at first."""
        self._expect(self.start)
