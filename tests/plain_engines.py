"""The engines written down as plainly as their rules are told: request by request, step by step.

Nothing is added up, nothing is jumped, and nothing is shared with the loop that is to be checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from tui_batching.cost import ChunkLoad, Cost
from tui_batching.strategies import FastGen, Orca, SgLang, TensorRtLlm, Tgi, VllmV0
from tui_batching.strategies.engine import EngineStrategy

MOST = 20_000
"""Iterations; by far more than the workloads of the tests take."""


@dataclass(eq=False)
class Guest:
    """A request, and how far it is.

    Attributes:
        known: tokens to compute before it decodes.
        computed: tokens in its cache.
        blocks: that it holds, where it takes them as tokens come.
    """

    row: int
    arrival: int
    prompt: int
    answer: int
    limit: int
    known: int = 0
    computed: int = 0
    blocks: int = 0
    evictions: int = 0
    times: list[int] = field(default_factory=list)

    @property
    def made(self) -> int:
        return len(self.times)

    @property
    def decodes(self) -> bool:
        return self.computed >= self.known

    @property
    def rest(self) -> int:
        return self.known - self.computed

    @property
    def done(self) -> bool:
        return self.made == self.answer

    def forget(self) -> None:
        """It is evicted: all there is becomes its prompt."""
        self.known, self.computed, self.blocks = self.prompt + self.made, 0, 0
        self.evictions += 1


@dataclass(frozen=True)
class Step:
    """One iteration."""

    begin: int
    end: int
    work: list[tuple[int, int, int]]
    stalled: list[int]
    blocks: int
    waiting: list[int]


Plan = list[tuple[Guest, int]]


class Plain:
    """What all share: the clock, the queue, and what an iteration does.

    Attributes:
        pool: blocks, or None for no end.
    """

    def __init__(
        self, rows: list[tuple[int, int, int, int]], cost: Cost, block: int, pool: int | None
    ) -> None:
        self.guests = [Guest(row, *told) for row, told in enumerate(rows)]
        for guest in self.guests:
            guest.known = guest.prompt
        self.coming = list(self.guests)
        self.queue: list[Guest] = []
        self.running: list[Guest] = []
        self.cost, self.block = cost, block
        self.pool = 1 << 60 if pool is None else pool
        self.now = 0
        self.steps: list[Step] = []

    def arrive(self) -> None:
        while self.coming and self.coming[0].arrival <= self.now:
            self.queue.append(self.coming.pop(0))

    def run(self) -> None:
        self.arrive()
        while self.coming or self.queue or self.running:
            if not self.queue and not self.running:
                self.now = max(self.now, self.coming[0].arrival)
                self.arrive()
                self.rest()
            self.turn()
            assert len(self.steps) < MOST

    def rest(self) -> None:
        """The server was idle."""

    def turn(self) -> None:
        """Plan an iteration and run it."""
        raise NotImplementedError

    def ceil(self, tokens: int) -> int:
        return -(-tokens // self.block)

    @property
    def held(self) -> int:
        return sum(guest.blocks for guest in self.running)

    @property
    def free(self) -> int:
        return self.pool - self.held

    def forward(self, plan: Plan) -> None:
        """Run it; everybody in it who has computed all that is known makes a token."""
        decoding = [guest for guest, _ in plan if guest.decodes]
        context = sum(guest.prompt + guest.made for guest in decoding)
        chunks = ChunkLoad.of((g.computed, n) for g, n in plan if not g.decodes)
        time = self.cost.mixed_time(len(decoding), context, chunks)
        work = [(g.row, n, int(g.decodes)) for g, n in plan]
        part = {guest for guest, _ in plan}
        stalled = [g.row for g in self.running if g.decodes and g not in part]
        held = self.held
        waiting = [guest.row for guest in self.queue]
        end = self.now + time
        self.steps.append(Step(self.now, end, sorted(work), sorted(stalled), held, waiting))
        self.now = end
        for guest, tokens in plan:
            guest.computed += tokens
            if guest.computed >= guest.known:
                guest.times.append(self.now)
        self.running = [guest for guest in self.running if not guest.done]
        self.arrive()


class PlainOrca(Plain):
    """Algorithm 1 of the paper."""

    def __init__(self, rows: list[tuple[int, int, int, int]], cost: Cost, engine: Orca) -> None:
        super().__init__(rows, cost, 1, engine.kv_cache_tokens)
        self.engine = engine

    def turn(self) -> None:
        while self.queue and len(self.running) < self.engine.max_batch_size:
            head = self.queue[0]
            if head.prompt + head.limit > self.free:
                break
            head.blocks = head.prompt + head.limit
            self.running.append(self.queue.pop(0))
        self.forward([(g, 1 if g.decodes else g.known) for g in self.running])


class PlainTensorRt(Plain):
    """Capacity over the active list in order of arrival, then tokens."""

    def __init__(
        self, rows: list[tuple[int, int, int, int]], cost: Cost, engine: TensorRtLlm
    ) -> None:
        block, tokens = engine.tokens_per_block, engine.kv_cache_tokens
        super().__init__(rows, cost, block, tokens and tokens // block)
        self.engine = engine

    def turn(self) -> None:
        while self.queue and len(self.running) < self.engine.max_batch_size:
            self.running.append(self.queue.pop(0))
        capacity: dict[str, Callable[[], list[Guest]]] = {
            "guaranteed_no_evict": self.no_evict,
            "max_utilization": self.max_utilization,
            "static_batch": self.static,
        }
        fitting = capacity[self.engine.capacity_scheduler_policy]()
        plan = self.chunked(fitting) if self.engine.enable_chunked_prefill else self.whole(fitting)
        for guest, _ in plan:
            guest.blocks = max(guest.blocks, self.claim(guest))
        self.forward(plan)

    def claim(self, guest: Guest) -> int:
        if self.engine.capacity_scheduler_policy != "max_utilization":
            return self.ceil(guest.prompt + guest.limit)
        return self.ceil(guest.computed + 1 if guest.decodes else guest.known)

    def no_evict(self) -> list[Guest]:
        fitting = [guest for guest in self.running if guest.decodes]
        left = self.pool - sum(self.claim(guest) for guest in fitting)
        for guest in self.running:
            if guest.decodes:
                continue
            if self.claim(guest) > left:
                break
            left -= self.claim(guest)
            fitting.append(guest)
        return fitting

    def static(self) -> list[Guest]:
        generating = [guest for guest in self.running if guest.decodes]
        return generating or self.no_evict()

    def max_utilization(self) -> list[Guest]:
        fitting: list[Guest] = []
        active, place = list(self.running), 0
        free = self.free
        while place < len(active):
            guest = active[place]
            need = max(0, self.claim(guest) - guest.blocks)
            if need <= free:
                free -= need
                fitting.append(guest)
                place += 1
                continue
            started = [other for other in active[place:] if other.computed]
            if not started:
                break
            victim = started[-1]
            free += victim.blocks
            victim.forget()
            active = active[: active.index(victim)]
        return fitting

    def whole(self, fitting: list[Guest]) -> Plan:
        plan, left = [], self.engine.max_num_tokens
        for guest in fitting:
            tokens = 1 if guest.decodes else guest.known
            if tokens > left:
                break
            plan.append((guest, tokens))
            left -= tokens
        return plan

    def chunked(self, fitting: list[Guest]) -> Plan:
        decoding = [guest for guest in fitting if guest.decodes]
        prompts = [guest for guest in fitting if not guest.decodes]
        left = self.engine.max_num_tokens - len(decoding)
        unit, sizes = self.block, dict.fromkeys(prompts, 0)
        if sum(guest.rest for guest in prompts) <= left:
            sizes = {guest: guest.rest for guest in prompts}
        elif self.engine.context_chunking_policy == "first_come_first_served":
            for guest in prompts:
                size = min(guest.rest, left)
                sizes[guest] = size if size == guest.rest else size // unit * unit
                left -= sizes[guest]
        else:
            progress = True
            while progress:
                progress = False
                for guest in prompts:
                    more = min(sizes[guest] + unit, guest.rest) - sizes[guest]
                    if more and more <= left:
                        sizes[guest] += more
                        left -= more
                        progress = True
        parts = [(guest, size) for guest, size in sizes.items() if size]
        return [*((guest, 1) for guest in decoding), *parts]


class PlainTgi(Plain):
    """The loop of `backend.rs` and the queue of `queue.rs`; the last token needs no block."""

    def __init__(self, rows: list[tuple[int, int, int, int]], cost: Cost, engine: Tgi) -> None:
        block, tokens = engine.block_size, engine.max_batch_total_tokens
        super().__init__(rows, cost, block, tokens and tokens // block - 1)
        self.engine = engine
        self.loop = self.batching()

    def turn(self) -> None:
        next(self.loop)

    def next_batch(self, least: int, most: int | None, budget: int) -> list[Guest]:
        """Those who join, with their blocks; none, and nothing is changed, if they are too few."""
        if len(self.queue) < least:
            return []
        taken: list[Guest] = []
        free = self.free
        for guest in self.queue:
            blocks = self.ceil(guest.prompt + guest.limit - 1)
            full = most is not None and len(taken) >= most
            over = budget <= 0 if self.engine.prefill_chunking else guest.prompt > budget
            if full or over or blocks > free:
                break
            budget -= guest.prompt
            free -= blocks
            taken.append(guest)
        if len(taken) < least:
            return []
        for guest in taken:
            guest.blocks = self.ceil(guest.prompt + guest.limit - 1)
            self.queue.remove(guest)
        self.running += taken
        return taken

    def batching(self) -> Iterator[None]:
        """A turn ends with each forward."""
        engine, chunks = self.engine, self.engine.prefill_chunking
        budget = engine.max_batch_prefill_tokens
        ratio = Fraction(str(engine.waiting_served_ratio))
        while True:
            first = self.next_batch(1, engine.max_batch_size, self.padded(budget))
            self.prefill(first)
            yield
            waited = 1
            while self.running:
                size = len(self.running)
                if chunks:
                    anyway = sum(self.part(guest) for guest in self.running)
                    joined = self.next_batch(1, None, self.padded(budget - anyway))
                else:
                    least = 1 if waited >= engine.max_waiting_tokens else size * ratio // 1
                    most = engine.max_batch_size
                    joined = self.next_batch(
                        max(1, int(least)), None if most is None else most - size, budget
                    )
                if joined:
                    self.prefill(joined)
                    yield
                    waited = 1
                    if not self.running:
                        break
                self.decode()
                yield
                waited += 1

    def padded(self, budget: int) -> int:
        return self.ceil(max(0, budget)) * self.block if self.engine.prefill_chunking else budget

    def part(self, guest: Guest) -> int:
        """Tokens that one who runs has in the next forward."""
        return 1 if guest.decodes else self.fixed[guest]

    def prefill(self, joined: list[Guest]) -> None:
        if not self.engine.prefill_chunking:
            self.pass_on([(guest, guest.known) for guest in joined])
            return
        others = [(guest, self.part(guest)) for guest in self.running if guest not in joined]
        left = self.engine.max_batch_prefill_tokens - sum(tokens for _, tokens in others)
        left = self.padded(left)
        for guest in joined:
            others.append((guest, min(guest.known, left)))
            left -= others[-1][1]
        self.pass_on(others)

    def decode(self) -> None:
        self.pass_on([(guest, self.part(guest)) for guest in self.running])

    def pass_on(self, plan: Plan) -> None:
        """A forward; then the next parts of the prompts under way are fixed."""
        self.forward(plan)
        left = self.engine.max_batch_prefill_tokens - (len(plan) - 1)
        self.fixed: dict[Guest, int] = {}
        for guest in reversed(self.running):
            if not guest.decodes:
                self.fixed[guest] = max(1, min(guest.rest, left))
                left -= self.fixed[guest]


class PlainFastGen(Plain):
    """The buffer of `RaggedBatchBase`: who did not run comes first."""

    def __init__(self, rows: list[tuple[int, int, int, int]], cost: Cost, engine: FastGen) -> None:
        block, tokens = engine.block_size, engine.kv_cache_tokens
        super().__init__(rows, cost, block, tokens and tokens // block)
        self.engine = engine

    def turn(self) -> None:
        while not (plan := self.plan()):
            victim = self.running.pop()
            victim.forget()
            self.queue.append(victim)
        at_work = [guest for guest, _ in plan]
        self.running = [g for g in self.running if g not in at_work] + at_work
        self.forward(plan)

    def plan(self) -> Plan:
        left, none_free = self.engine.max_ragged_batch_size, self.free == 0
        plan: Plan = []
        for guest in self.running:
            need = self.ceil(guest.computed + 1) - guest.blocks
            if guest.decodes and left and need <= self.free:
                guest.blocks += need
                plan.append((guest, 1))
                left -= 1
        if none_free and len(self.running) != 1:
            return plan
        prompts = [guest for guest in self.running if not guest.decodes]
        for guest in [*prompts, *self.queue]:
            full = guest not in self.running and (
                len(self.running) == self.engine.max_ragged_sequence_count
            )
            if not left or full or self.ceil(guest.known) - guest.blocks > self.free:
                break
            if guest not in self.running:
                self.queue.remove(guest)
                self.running.append(guest)
            tokens = min(guest.rest, left)
            guest.blocks = self.ceil(guest.computed + tokens)
            plan.append((guest, tokens))
            left -= tokens
        return plan


class PlainSgLang(Plain):
    """`PrefillAdder` and the loop around it; `running` holds the one under way, too."""

    def __init__(self, rows: list[tuple[int, int, int, int]], cost: Cost, engine: SgLang) -> None:
        block, tokens = engine.page_size, engine.kv_cache_tokens
        super().__init__(rows, cost, block, tokens and tokens // block)
        self.engine = engine
        self.start = min(
            Fraction(1), Fraction(7, 10) * Fraction(str(engine.schedule_conservativeness))
        )
        self.ratio = self.start
        self.full = False

    def rest(self) -> None:
        self.ratio = self.start

    def turn(self) -> None:
        plan = self.prefills()
        if not plan:
            self.retract()
            plan = [(guest, 1) for guest in self.running]
            for guest in self.running:
                guest.blocks = self.ceil(guest.computed + 1)
        for guest, tokens in plan:
            guest.blocks = max(guest.blocks, self.ceil(guest.computed + tokens))
        self.forward(plan)
        if any(not guest.decodes for guest, _ in plan) or any(guest.done for guest, _ in plan):
            self.full = False

    def prefills(self) -> Plan:
        page, left = self.block, self.engine.chunked_prefill_size
        most = self.engine.max_prefill_tokens
        decoding = [guest for guest in self.running if guest.decodes]
        offset = sum(min(g.limit - g.made, 4096) * self.ratio for g in decoding)
        memory = self.free * page - Fraction(offset)
        plan: Plan = []
        for guest in [guest for guest in self.running if not guest.decodes]:
            most_now = min(left, int(memory // 1))
            most_now = left if most_now <= 0 else most_now
            rest = self.ceil(guest.rest) * page
            tokens = guest.rest if rest <= most_now else most_now // page * page
            if not tokens:
                continue
            plan.append((guest, tokens))
            pages = self.ceil(tokens) * page
            memory -= pages + page
            if tokens == guest.rest:
                memory -= min(guest.limit, 4096)
            left -= pages
            most -= pages
        while self.queue and not self.full:
            if len(self.running) >= self.engine.max_running_requests:
                self.full = True
                break
            guest = self.queue[0]
            pages = self.ceil(guest.known) * page
            if left < page or (plan and pages >= most):
                break
            if guest.known + min(guest.limit - guest.made, 4096) + page >= memory:
                self.full = True
                break
            tokens = guest.known if pages <= left else left // page * page
            pages = self.ceil(tokens) * page
            memory -= pages + page
            if tokens == guest.known:
                memory -= min(guest.limit, 4096)
            left -= pages
            most -= pages
            plan.append((guest, tokens))
            self.running.append(self.queue.pop(0))
            if memory <= 0:
                self.full = True
        return plan

    def need(self) -> int:
        return sum(self.ceil(guest.computed + 1) - guest.blocks for guest in self.running)

    def retract(self) -> None:
        if self.need() <= self.free:
            fall = (self.start - self.start * Fraction(14, 100)) / 600
            self.ratio = max(self.ratio - fall, self.start * Fraction(14, 100))
            return
        while self.need() > self.free and len(self.running) > 1:
            fewest = min(guest.made for guest in self.running)
            equals = [guest for guest in self.running if guest.made == fewest]
            longest = max(guest.prompt for guest in equals)
            victim = [guest for guest in equals if guest.prompt == longest][-1]
            self.running.remove(victim)
            victim.forget()
            self.queue.append(victim)
            self.full = False
        made = sum(guest.made + 20 for guest in self.running)
        asked = sum(guest.limit for guest in self.running) + 1
        self.ratio = min(Fraction(1), Fraction(made, asked))


class PlainV0(Plain):
    """`_schedule_default`."""

    def __init__(self, rows: list[tuple[int, int, int, int]], cost: Cost, engine: VllmV0) -> None:
        block, tokens = engine.block_size, engine.kv_cache_tokens
        super().__init__(rows, cost, block, tokens and tokens // block)
        self.engine = engine
        self.watermark = int(Fraction(str(engine.watermark)) * self.pool) if tokens else 0

    def turn(self) -> None:
        plan: Plan = []
        left = self.engine.max_num_batched_tokens
        while self.queue and len(self.running) < self.engine.max_num_seqs:
            guest = self.queue[0]
            blocks = self.ceil(guest.known)
            if guest.known > left or blocks + self.watermark > self.free:
                break
            guest.blocks = blocks
            left -= guest.known
            plan.append((guest, guest.known))
            self.running.append(self.queue.pop(0))
        if plan:
            self.forward(plan)
            return
        waiting = list(self.running)
        while waiting:
            guest = waiting.pop(0)
            while self.free < 1:
                victim = waiting.pop() if waiting else guest
                self.running.remove(victim)
                victim.forget()
                self.queue.insert(0, victim)
                if victim is guest:
                    break
            else:
                guest.blocks = self.ceil(guest.computed + 1)
                plan.append((guest, 1))
        if plan:
            self.forward(plan)


PLAIN: dict[type[EngineStrategy], Callable[..., Plain]] = {
    Orca: PlainOrca,
    TensorRtLlm: PlainTensorRt,
    Tgi: PlainTgi,
    FastGen: PlainFastGen,
    SgLang: PlainSgLang,
    VllmV0: PlainV0,
}
"""The plain form of each engine."""
