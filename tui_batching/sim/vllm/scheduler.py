"""The scheduler: a plan for each iteration, and who is preempted where memory is short."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

from tui_batching.clock import HORIZON, Picoseconds, refuse_beyond_horizon
from tui_batching.cost import ChunkLoad, Cost
from tui_batching.errors import InputError
from tui_batching.requests import Requests
from tui_batching.sim.decoders import Decoders
from tui_batching.sim.engine_log import EngineLog
from tui_batching.sim.stays import Ended
from tui_batching.sim.steps import steps_within, time_of
from tui_batching.sim.vllm.prefix_cache import Segment
from tui_batching.sim.vllm.waiting import NEVER, ByPriority, FirstCome

if TYPE_CHECKING:
    from tui_batching.strategies.vllm import Vllm

WITHOUT_END = 1 << 60
"""More tokens or blocks than anybody needs."""
_STAY = (1 << 32) - 1
"""Of an entry `last step << 32 | stay` the stay."""


class Sequence:
    """A request in a slot.

    Attributes:
        stay: its number in the log.
        request: its row.
        slot: where it is.
        known: tokens of prompt and answer to compute before it decodes.
        computed: how many of them are; not kept up while it decodes.
        own: tokens computed less iterations done, while it decodes.
        path: what it consists of, where there is a prefix cache.
    """

    __slots__ = ("computed", "known", "own", "path", "request", "slot", "stay")

    path: list[Segment]

    def __init__(self, stay: int, request: int, slot: int, known: int, computed: int) -> None:
        self.stay = stay
        self.request = request
        self.slot = slot
        self.known = known
        self.computed = computed
        self.own = 0


class Scheduler:
    """The loop: `schedule` an iteration, run it, `finish` who is done; and again.

    Attributes:
        log: what was decided.
        running: who has a slot, by stay, in order of admission.
        prefilling: those of them who do not decode yet, in the same order.
        plan: the tokens of each of those in the next iteration.
        decoders: the others, added up, without those that are leaving.
        known: the tokens to compute of each request, once it is admitted.
        total: the tokens of each prompt and its answer.
        most_blocks: what each request holds at its end; its last token is never computed.
        leaving: who has made the last token, but keeps slot and blocks for one more plan.
        parting: the blocks that they hold.
        waiting: the queue.
        free: blocks that can be had.
        free_slots: a heap.
        finishes: a heap of `last step << 32 | stay` of those who decode; preempted ones stay in it.
        now: the end of the last iteration.
        seen: up to when arrivals are known.
        step: iterations done.
        preempting: whether the next iteration found memory short.
        short: the free blocks that the head of the queue needs, if it lacks nothing else; or 0.
    """

    def __init__(  # noqa: PLR0913 - a server, and what it serves
        self,
        waiting: FirstCome | ByPriority,
        requests: Requests,
        cost: Cost,
        engine: Vllm,
        blocks: int,
        *,
        jumps: bool,
    ) -> None:
        # With 30 attributes or more CPython reads each of them a quarter slower.
        self.log = EngineLog()
        self.cost = cost
        self.engine = engine
        self.jumps = jumps
        self.budget = engine.max_num_batched_tokens
        self.block = engine.block_size
        self.lag = int(engine.async_scheduling)
        self.spare = int(engine.watermark * (blocks + 1))
        self.ids = requests.id
        self.known: list[int] = requests.input_tokens.tolist()
        total = requests.input_tokens + requests.output_tokens
        self.total: list[int] = total.tolist()
        self.most_blocks: list[int] = (-(-(total - 1) // self.block)).tolist()
        self.waiting = waiting
        self.running: dict[int, Sequence] = {}
        self.prefilling: list[Sequence] = []
        self.plan: list[int] = []
        self.decoders = Decoders(self.block)
        self.leaving: list[Sequence] = []
        self.parting = 0
        self.blocks = self.free = blocks
        self.free_slots = list(range(min(engine.max_num_seqs, len(requests))))
        self.finishes: list[int] = []
        self.now = self.seen = self.step = 0
        self.preempting, self.short = False, 0

    def serve(self) -> EngineLog:
        """Serve all requests."""
        while True:
            self.schedule()
            if self.plan or self.decoders.count:
                self.forward()
            elif self.leaving or self.preempting:
                # All last tokens are in flight, or nobody is left: the next plan sees more.
                self.seen = self.now
                self.release()
            elif not self.idle():
                return self.log

    def schedule(self) -> None:
        """Plan the next iteration: who runs goes on; if that fits, newcomers join."""
        threshold = self.engine.long_prefill_token_threshold
        cap = threshold if threshold and self.crowded() else WITHOUT_END
        self.plan = self.parts(cap) if self.prefilling else []
        need = self.needed(self.plan)
        self.short = 0
        self.preempting = need > self.free
        if self.preempting:
            self.make_room(cap)
        else:
            self.free -= need
            self.admit(cap)

    def crowded(self) -> bool:
        """Whether more than one request runs or waits: only then long prompts are cut."""
        here = len(self.running)
        return here > 1 or self.waiting.holds(2 - here, self.seen)

    def parts(self, cap: int) -> list[int]:
        """The next tokens of each prompt; only the last may get fewer than it could have."""
        plan, left = [], self.budget - self.decoders.count
        for sequence in self.prefilling:
            tokens = min(sequence.known - sequence.computed, cap, left)
            plan.append(tokens)
            left -= tokens
        return plan

    def needed(self, plan: list[int]) -> int:
        """The blocks that the next iteration takes for who decodes, and for the first prompts."""
        need = self.decoders.takers[self.step % self.block]
        if plan:
            for sequence, tokens in zip(self.prefilling, plan, strict=False):
                computed = sequence.computed
                need += self.held(computed + tokens) - self.held(computed)
        return need

    def admit(self, cap: int) -> None:
        """Admit in order of the queue, while slots, tokens and blocks last."""
        engine, block, waiting = self.engine, self.block, self.waiting
        left = self.budget - self.decoders.count - sum(self.plan)
        while left and self.free_slots and (request := waiting.head(self.seen)) >= 0:
            known = self.known[request]
            found, unused = self.look_up(request)
            tokens = min(known - found * block, cap)
            if tokens > left:
                if not engine.enable_chunked_prefill:
                    break
                tokens = left
            must_fit = known if engine.scheduler_reserve_full_isl else found * block + tokens
            spare = self.spare if self.running else 0
            need = (must_fit + block - 1) // block - found + unused + spare
            if need > self.free:
                self.short = need
                break
            waiting.pop()
            self.free -= (tokens + block - 1) // block + unused
            self.seat(request, found, tokens)
            left -= tokens

    def look_up(self, request: int) -> tuple[int, int]:  # noqa: ARG002
        """The blocks of a request that are in memory; and how many of them nobody uses."""
        return 0, 0

    def seat(self, request: int, found: int, tokens: int) -> None:
        """A request gets a slot, and some tokens in the next iteration."""
        slot, known, computed = heappop(self.free_slots), self.known[request], found * self.block
        stay = self.log.enter(request, slot, known, computed)
        self.running[stay] = sequence = Sequence(stay, request, slot, known, computed)
        self.prefilling.append(sequence)
        self.plan.append(tokens)

    def make_room(self, cap: int) -> None:
        """Preempt one after the other, until the rest has enough blocks.

        The last prompt is planned when all others have theirs. It may use tokens that were given
        back until then, but not those of who is preempted on its behalf.
        """
        while self.needed(self.plan[:-1]) > self.free:
            self.preempt(self.victim())
        self.plan = self.parts(cap)
        while (need := self.needed(self.plan)) > self.free:
            self.preempt(self.victim())
        self.free -= need

    def victim(self) -> Sequence:
        """Who is preempted next: the last admitted."""
        return self.running[next(reversed(self.running))]

    def preempt(self, sequence: Sequence) -> None:
        """Take back slot and blocks; it waits to come again, unless its last token is in flight."""
        del self.running[sequence.stay]
        place = 0
        if sequence in self.leaving:
            self.leaving.remove(sequence)
            computed = self.total[sequence.request] - 1
            self.parting -= self.most_blocks[sequence.request]
        else:
            if sequence in self.prefilling:
                del self.plan[self.prefilling.index(sequence)]
                self.prefilling.remove(sequence)
                computed = sequence.computed
            else:
                computed = sequence.own + self.step
                self.decoders.leave(sequence.own)
                self.known[sequence.request] = computed + 1
            place = self.waiting.put_back(sequence.request)
        self.give_back(sequence, computed)
        heappush(self.free_slots, sequence.slot)
        self.log.leave(sequence.stay, Ended.EVICTED, place)

    def give_back(self, sequence: Sequence, computed: int) -> None:  # noqa: ARG002
        """The blocks of one who is preempted are free."""
        self.free += self.held(computed)

    def held(self, computed: int) -> int:
        """The blocks that hold so many tokens."""
        return (computed + self.block - 1) // self.block

    def forward(self) -> None:
        """Run it, and equal ones after it; who has a whole prompt computed makes a token."""
        decoders, count = self.decoders, self.decoders.count
        context = decoders.own + count * (self.step + 1)
        steps, last_starts = 1, self.now
        used = used_at_end = self.blocks - self.free - self.parting
        if self.plan:
            time = last_time = self.cost.mixed_time(count, context, self.process())
        else:
            time = last_time = self.cost.step_time(count, context)
            growth = self.cost.decode_per_context_token * count
            if (
                self.jumps
                and not (self.preempting or self.leaving)
                and (steps := self.equal_steps(time, growth)) > 1
            ):
                taken = decoders.blocks(self.step + 1, steps - 1)
                self.free -= taken
                used_at_end += taken
                last_starts += time_of(steps - 1, time, growth)
                last_time += growth * (steps - 1)
        self.now = last_starts + last_time
        if self.now > HORIZON:
            refuse_beyond_horizon(self.now)
        self.seen = last_starts if self.lag else self.now
        self.log.iterate(steps, time, count, used, used_at_end, self.short)
        self.step += steps
        if self.leaving:
            self.release()
        if self.finishes and self.finishes[0] < self.step << 32:
            self.finish()
            if not self.lag:
                self.release()

    def process(self) -> ChunkLoad:
        """Compute the planned parts of prompts; who has the whole of it decodes from then on."""
        before = squares = 0
        going, self.prefilling = self.prefilling, []
        for sequence, tokens in zip(going, self.plan, strict=True):
            self.log.process(sequence.stay, tokens)
            computed, known = sequence.computed, sequence.known
            before += computed
            squares += tokens * (2 * computed + tokens)
            sequence.computed = computed = computed + tokens
            if computed < known:
                self.prefilling.append(sequence)
                continue
            sequence.own = known - self.step - 1
            self.decoders.join(sequence.own)
            last = self.step + self.total[sequence.request] - known - 1
            heappush(self.finishes, last << 32 | sequence.stay)
        return ChunkLoad(len(going), sum(self.plan), before, squares)

    def equal_steps(self, time: Picoseconds, growth: Picoseconds) -> int:
        """How many decode steps alike follow: until one is done or may join, or blocks run out."""
        count, finishes = self.decoders.count, self.finishes
        while finishes[0] & _STAY not in self.running:
            heappop(finishes)
        steps = (finishes[0] >> 32) - self.step + 1
        if steps > 1 and self.free_slots and count < self.budget:
            arrival = self.waiting.next_chance(self.seen)
            if arrival <= self.now:
                steps = 1
            elif arrival < NEVER:
                reached = steps_within(arrival - self.now - 1, time, growth) + 1 + self.lag
                steps = min(steps, reached)
        if self.held(steps - 1) * count > self.free:
            steps = min(steps, 1 + self.decoders.steps(self.step + 1, self.free))
        return steps

    def finish(self) -> None:
        """Who has made the last token decodes no more."""
        finishes, running, bound = self.finishes, self.running, self.step << 32
        while finishes and finishes[0] < bound:
            sequence = running.get(heappop(finishes) & _STAY)
            if sequence:
                self.decoders.leave(sequence.own)
                self.leaving.append(sequence)
                self.parting += self.most_blocks[sequence.request]
                self.log.leave(sequence.stay)

    def release(self) -> None:
        """Slots and blocks of those who are done can be had again."""
        for sequence in self.leaving:
            del self.running[sequence.stay]
            heappush(self.free_slots, sequence.slot)
        self.free += self.parting
        self.leaving, self.parting = [], 0

    def idle(self) -> bool:
        """Wait for the next arrival; whether there is one.

        Raises:
            InputError: if somebody waits whom no further request will help.
        """
        arrival = self.waiting.next_after(self.seen)
        if arrival < NEVER:
            self.log.idle(arrival - self.now)
            self.now = self.seen = arrival
            return True
        request = self.waiting.head(self.seen)
        if request >= 0:
            raise InputError(
                f"request {self.ids[request]}: found {self.known[request]} tokens to compute at "
                f"once, expected at most the max_num_batched_tokens of {self.budget} without "
                "chunked prefill"
            )
        return False


class PriorityScheduler(Scheduler):
    """Who is admitted first and preempted last goes by priority, and then by arrival.

    Attributes:
        met: states in which somebody was preempted since a token was made.
    """

    waiting: ByPriority

    def __init__(  # noqa: PLR0913 - as its base
        self,
        waiting: ByPriority,
        requests: Requests,
        cost: Cost,
        engine: Vllm,
        blocks: int,
        *,
        jumps: bool,
    ) -> None:
        super().__init__(waiting, requests, cost, engine, blocks, jumps=jumps)
        self.met: set[tuple[object, ...]] = set()

    def make_room(self, cap: int) -> None:
        """Preempt the least urgent, until the rest has enough blocks.

        Raises:
            InputError: if they would do so for ever.
        """
        self.refuse_circles()
        super().make_room(cap)

    def victim(self) -> Sequence:
        """The least urgent; of equals the first admitted."""
        urgency = self.waiting.urgency
        return max(self.running.values(), key=lambda sequence: urgency[sequence.request])

    def refuse_circles(self) -> None:
        """Refuse prompts that preempt each other in turn, so that none is ever complete.

        Of equals the first admitted goes. It comes back behind the others, which then go in turn.

        Raises:
            InputError: if all is as it was before, and no arrival is to come.
        """
        if self.decoders.count or self.waiting.next_after(self.seen) < NEVER:
            self.met.clear()
            return
        state = self.state()
        if state in self.met:
            raise InputError(
                f"found {len(self.running)} requests of equal priority and arrival that preempt "
                "each other for ever, expected a larger KV cache"
            )
        self.met.add(state)

    def state(self) -> tuple[object, ...]:
        """All that decides what happens next, while nobody decodes and nobody comes."""
        return (
            len(self.waiting.heap),
            *((s.request, s.known, s.computed) for s in self.running.values()),
        )
