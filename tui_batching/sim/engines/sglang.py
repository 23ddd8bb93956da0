"""What is SGLang's own: memory is promised by an estimate, until the batch is full."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from tui_batching.sim.engines.cuts import NO_LIMIT, Fill
from tui_batching.sim.engines.joining import Joining
from tui_batching.sim.engines.memory import Memory

if TYPE_CHECKING:
    from tui_batching.requests import Requests
    from tui_batching.sim.engines.loop import Chunk, Engine, Stay


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
    ahead = 20
    """Decode steps that are to go well after somebody was retracted."""
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
        """All that is asked for is known at admission."""
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
            fallen = max(self.ratio - self.steps * self.decay, self.floor)
            ratio = fallen if self.steps else self.ratio
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
        made = sum(self.made(stay, engine) + self.ahead for stay in stays)
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
