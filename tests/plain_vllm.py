"""vLLM V1 written down as plainly as it is told: request by request, iteration by iteration.

Nothing is added up, nothing is jumped, and nothing is shared with the loop that is to be checked.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from tui_batching.cost import ChunkLoad, Cost
from tui_batching.strategies import Vllm


class Endless(Exception):  # noqa: N818 - it is no error
    """It takes more iterations than expected: requests preempt each other for ever."""


def own_token(number: int, position: int) -> tuple[Hashable, ...]:
    """Every token of a request is its own."""
    return "own", number, position


@dataclass(eq=False)
class Block:
    """A block of memory in use, or one that is free and has a name."""

    name: int | None = None
    uses: int = 1


@dataclass(eq=False)
class Guest:
    """A request, and how far it is.

    Attributes:
        ahead: tokens sampled by an iteration whose result has not come.
        flying: tokens planned whose iteration has not come.
        stale: those of them from before a preemption.
        decodes: whether all that was known at its admission is planned.
        found: the tokens found in the prefix cache, admission by admission.
    """

    number: int
    arrival: int
    prompt: int
    answer: int
    priority: int
    made: int = 0
    computed: int = 0
    blocks: list[Block] = field(default_factory=list)
    ahead: int = 0
    flying: int = 0
    stale: int = 0
    preemptions: int = 0
    start: int = 1 << 60
    decodes: bool = False
    times: list[int] = field(default_factory=list)
    names: list[int] = field(default_factory=list)
    found: list[int] = field(default_factory=list)

    @property
    def known(self) -> int:
        return self.prompt + self.made

    @property
    def urgency(self) -> tuple[int, int]:
        return self.priority, self.arrival


@dataclass
class Batch:
    """One iteration: its plan, who gets a token by it, and how all stood when it was planned.

    Attributes:
        names: of all blocks that had one then, in use or not.
    """

    begin: int
    end: int
    plan: dict[Guest, int]
    samples: set[Guest]
    decoding: set[Guest]
    waiting: list[Guest]
    running: list[Guest]
    held: dict[Guest, list[Block]]
    names: dict[Block, int]

    @property
    def in_use(self) -> set[Block]:
        """Blocks of those who have not made their last token by then."""
        there = (guest for guest in self.held if guest.times[-1] > self.begin)
        return {block for guest in there for block in self.held[guest]}

    @property
    def known(self) -> set[Block]:
        """All others that have a name, and so can be found."""
        return set(self.names) - self.in_use


class PlainVllm:
    """The engine's loop; `batches` tells what it did, `guests` what came of it."""

    def __init__(
        self,
        rows: list[tuple[int, int, int, int]],
        cost: Cost,
        engine: Vllm,
        blocks: int,
        token: Callable[[int, int], tuple[Hashable, ...]] = own_token,
    ) -> None:
        """`token` tells which token a request has at a position."""
        self.guests = [Guest(number, *row) for number, row in enumerate(rows)]
        self.coming = list(self.guests)
        self.cost, self.engine = cost, engine
        self.waiting: list[Guest] = []
        self.running: list[Guest] = []
        self.longest = engine.max_model_len or 1 << 60
        self.num_blocks, self.blank = blocks + 1, blocks
        self.cached: list[Block] = []
        self.named: dict[int, list[Block]] = {}
        self.ever: set[int] = set()
        self.last_token: dict[int, tuple[Hashable, ...]] = {}
        self.lost = 0
        self.token = token
        self.now = self.busy_until = 0
        self.flight: list[Batch] = []
        self.batches: list[Batch] = []
        self.preempted: list[Guest] = []

    def run(self, most: int) -> None:
        """Serve all, in no more than so many iterations."""
        while self.coming or self.waiting or self.running:
            if len(self.batches) > most:
                raise Endless
            self.take_in()
            self.preempted = []
            depth = 2 if self.engine.async_scheduling else 1
            planned = bool(self.waiting or self.running)
            while planned and len(self.flight) < depth:
                plan = self.schedule()
                planned = bool(plan)
                if plan:
                    self.start(plan)
            if self.flight:
                self.receive(self.flight.pop(0))
            elif not self.preempted:
                assert self.coming, "nobody can ever be served"
                self.now = max(self.now, self.coming[0].arrival)

    def take_in(self) -> None:
        while self.coming and self.coming[0].arrival <= self.now:
            self.waiting.append(self.coming.pop(0))
        self.order()

    def order(self) -> None:
        if self.engine.policy == "priority":
            self.waiting.sort(key=lambda guest: (*guest.urgency, guest.number))

    @property
    def free(self) -> int:
        return self.blank + len(self.cached)

    def lacks(self, guest: Guest, tokens: int) -> int:
        need = -(-(guest.computed + tokens) // self.engine.block_size)
        return max(0, need - len(guest.blocks))

    def schedule(self) -> dict[Guest, int]:
        engine = self.engine
        self.preempted = []
        budget = engine.max_num_batched_tokens
        crowd = len(self.running) + len(self.waiting)
        cap = engine.long_prefill_token_threshold if crowd > 1 else 0
        plan: dict[Guest, int] = {}
        position = 0
        while position < len(self.running) and budget > 0:
            guest = self.running[position]
            tokens = guest.known + guest.ahead - guest.computed
            tokens = min(tokens, cap or tokens, budget, self.longest - 1 - guest.computed)
            if tokens == 0 or (guest.ahead and guest.made + guest.ahead >= guest.answer):
                position += 1
                continue
            while guest in self.running and self.lacks(guest, tokens) > self.free:
                victim = self.victim()
                position -= self.running.index(victim) < position
                budget += plan.pop(victim, 0)
                self.preempt(victim)
            if guest not in self.running:
                if engine.policy == "fcfs":
                    break
                continue
            self.allocate(guest, tokens)
            plan[guest] = tokens
            budget -= tokens
            position += 1
        if not self.preempted:
            self.admit(plan, budget, cap)
        for guest, tokens in plan.items():
            guest.computed += tokens
            guest.flying += tokens
        return plan

    def victim(self) -> Guest:
        if self.engine.policy == "priority":
            return max(self.running, key=lambda guest: guest.urgency)
        return self.running[-1]

    def preempt(self, guest: Guest) -> None:
        self.running.remove(guest)
        self.give_back(guest)
        guest.computed = guest.ahead = 0
        guest.stale = guest.flying
        guest.preemptions += 1
        guest.decodes = False
        self.preempted.append(guest)
        self.waiting.insert(0, guest)
        self.order()

    def allocate(self, guest: Guest, tokens: int) -> None:
        need = self.lacks(guest, tokens)
        assert need <= self.free
        guest.blocks += [self.take() for _ in range(need)]
        self.give_names(guest, guest.computed + tokens)

    def take(self) -> Block:
        """A blank block, or else that which was free longest; what was in it is lost."""
        if self.blank:
            self.blank -= 1
        else:
            block = self.cached.pop(0)
            assert block.name is not None
            self.named[block.name].remove(block)
        return Block()

    def give_back(self, guest: Guest) -> None:
        for block in reversed(guest.blocks):
            block.uses -= 1
            if not block.uses:
                if block.name is None:
                    self.blank += 1
                else:
                    self.cached.append(block)
        guest.blocks = []

    def name(self, guest: Guest, place: int) -> int:
        """The chain of all tokens up to the end of a block."""
        size = self.engine.block_size
        while len(guest.names) <= place:
            first = len(guest.names) * size
            tokens = [self.token(guest.number, first + i) for i in range(size)]
            guest.names.append(hash((guest.names[-1] if first else None, *tokens)))
            self.last_token[guest.names[-1]] = tokens[-1]
        return guest.names[place]

    def owner(self, name: int) -> tuple[Hashable, ...]:
        """Whose content a block is: that of its last token."""
        return self.last_token[name][:2]

    def give_names(self, guest: Guest, computed: int) -> None:
        if not self.engine.enable_prefix_caching:
            return
        for place in range(min(computed, guest.known) // self.engine.block_size):
            block = guest.blocks[place]
            if block.name is None:
                block.name = self.name(guest, place)
                self.named.setdefault(block.name, []).append(block)
                self.ever.add(block.name)

    def look_up(self, guest: Guest) -> list[Block]:
        """The longest run of its first blocks that are in memory; the last token is computed."""
        found: list[Block] = []
        if self.engine.enable_prefix_caching:
            for place in range((guest.known - 1) // self.engine.block_size):
                same = self.named.get(self.name(guest, place))
                if not same:
                    break
                found.append(same[0])
        return found

    def count_lost(self, guest: Guest, found: int) -> None:
        """Blocks beyond those found that had been in memory, but are overwritten."""
        for place in range(found, (guest.known - 1) // self.engine.block_size):
            if self.name(guest, place) not in self.ever:
                break
            self.lost += 1

    def admit(self, plan: dict[Guest, int], budget: int, cap: int) -> None:
        engine = self.engine
        while budget > 0 and self.waiting and len(self.running) < engine.max_num_seqs:
            guest = self.waiting[0]
            found = self.look_up(guest)
            unused = sum(not block.uses for block in found)
            hit = len(found) * engine.block_size
            tokens = min(guest.known - hit, cap or guest.known)
            if not engine.enable_chunked_prefill and tokens > budget:
                break
            tokens = min(tokens, budget)
            spare = int(engine.watermark * self.num_blocks) if self.running else 0
            beside = unused + spare - len(found)
            whole = self.lacks(guest, guest.known) + beside
            if engine.scheduler_reserve_full_isl and whole > self.free:
                break
            if self.lacks(guest, hit + tokens) + beside > self.free:
                break
            assert not guest.stale
            self.running.append(self.waiting.pop(0))
            for block in found:
                if not block.uses:
                    self.cached.remove(block)
                block.uses += 1
            self.count_lost(guest, len(found))
            guest.blocks, guest.computed = found, hit
            guest.found.append(hit)
            self.allocate(guest, tokens)
            plan[guest] = tokens
            budget -= tokens

    def start(self, plan: dict[Guest, int]) -> None:
        begin = max(self.now, self.busy_until)
        chunks, contexts, samples, decoding = [], [], set(), set()
        for guest, tokens in plan.items():
            guest.start = min(guest.start, begin)
            before = guest.computed - tokens
            token_comes = guest.computed >= guest.known + guest.ahead
            if guest.decodes:
                decoding.add(guest)
                contexts.append(before + 1)
            else:
                chunks.append((before, tokens))
            if token_comes:
                guest.ahead += 1
                guest.decodes = True
                samples.add(guest)
        if chunks:
            time = self.cost.mixed_time(len(contexts), sum(contexts), ChunkLoad.of(chunks))
        else:
            time = self.cost.step_time(len(contexts), sum(contexts))
        self.busy_until = begin + time
        held = {guest: [*guest.blocks] for guest in self.running}
        blocks = {block for each in held.values() for block in each}.union(self.cached)
        names = {block: block.name for block in blocks if block.name is not None}
        batch = Batch(
            begin,
            begin + time,
            plan,
            samples,
            decoding,
            [*self.waiting],
            [*self.running],
            held,
            names,
        )
        self.flight.append(batch)
        self.batches.append(batch)

    def receive(self, batch: Batch) -> None:
        self.now = batch.end
        for guest, tokens in batch.plan.items():
            guest.flying -= tokens
            was_stale = guest.stale > 0
            if was_stale:
                guest.stale -= tokens
            if guest not in batch.samples:
                continue
            guest.made += 1
            guest.times.append(batch.end)
            if not was_stale:
                guest.ahead -= 1
                self.give_names(guest, guest.computed - guest.flying)
            if guest.made >= guest.answer or guest.known >= self.longest:
                self.give_back(guest)
                for queue in (self.running, self.waiting):
                    if guest in queue:
                        queue.remove(guest)
