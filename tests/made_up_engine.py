"""A made-up engine: it cuts prompts into chunks, mixes them with decodes, and runs out of memory.

It stands for the engines that a Run must be able to tell of, and for a strategy that nobody in the
house has heard of. It is as plain as it is slow, goes step by step, and keeps a diary of what every
request did in each of them, from which the laws count by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from tui_batching.columns import freeze
from tui_batching.cost import Cost
from tui_batching.reading.constraints import Whole
from tui_batching.requests import Requests
from tui_batching.sim.life import State
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind, Spans
from tui_batching.sim.stays import NEVER, Chunks, Ended, KvBlocks, Stays
from tui_batching.strategies.parameters import SLOTS, Parameter
from tui_batching.strategies.strategy import About, Lesson, Strategy


@dataclass(frozen=True)
class MadeUp(Strategy):
    """Everybody who decodes gets a token a step, and the rest of the budget goes to prompts.

    Attributes:
        seats: how many requests may run at once.
        budget: tokens a step.
        pool: tokens that fit in memory.
        skips: whether the last one is left out of a step instead of evicted when memory is short.
    """

    about: ClassVar[About] = About(
        name="made-up",
        mark="▲",
        colour=3,
        parameters=(
            Parameter("seats", "seats", SLOTS, aliases=("batch_size",)),
            Parameter("budget", "budget", Whole(1)),
            Parameter("pool", "pool", Whole(1)),
            Parameter("skips", "skips", Whole(0, 1), quiet=True),
        ),
        lesson=Lesson("cut prompts into chunks", "nothing at all", "none: it is made up"),
        iteration_level=True,
    )
    seats: int = 4
    budget: int = 512
    pool: int = 10**9
    skips: int = 0

    @property
    def slots(self) -> int:
        return self.seats

    def with_slots(self, slots: int) -> MadeUp:
        return self.with_parameter("seats", slots)

    def serve(self, requests: Requests, cost: Cost) -> Run:
        return serve_with_diary(requests, cost, self)[0]


@dataclass(eq=False)
class Guest:
    """A request, and how far it is."""

    row: int
    arrival: int
    prompt: int
    answer: int
    made: int = 0
    known: int = 0
    computed: int = 0
    slot: int = -1
    stay: int = -1
    times: list[int] = field(default_factory=list)

    @property
    def decodes(self) -> bool:
        return self.computed >= self.known


@dataclass(frozen=True)
class Page:
    """One step, or an idle time: what each request did in it.

    Attributes:
        decode_time: of `end - start`, what the decode steps alone would take.
        states: of each request that has arrived and is not done.
        waiting: the queue, in order.
        alone: for those who decode, how long their step would last alone.
    """

    start: int
    end: int
    decode_time: int
    states: dict[int, State]
    waiting: list[int]
    alone: dict[int, int]


def serve_with_diary(
    requests: Requests, cost: Cost, strategy: MadeUp
) -> tuple[Run, list[Page], list[Guest]]:
    loop = _Loop(requests, cost, strategy)
    return loop.run(), loop.diary, loop.guests


class _Loop:
    """One step after the other."""

    def __init__(self, requests: Requests, cost: Cost, strategy: MadeUp) -> None:
        self.requests, self.cost, self.strategy = requests, cost, strategy
        columns = (requests.arrival_time, requests.input_tokens, requests.output_tokens)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        self.guests = [Guest(row, *told) for row, told in enumerate(rows)]
        self.coming = list(self.guests)
        self.evicted: list[Guest] = []  # the last one comes back first
        self.skipped: list[Guest] = []
        self.running: list[Guest] = []
        self.now = 0
        self.diary: list[Page] = []
        self.stays: list[list[int]] = []
        self.spans: list[tuple[int, int, int, int]] = []
        self.chunks: list[tuple[int, int, int]] = []
        self.blocks: list[tuple[int, bool]] = []

    def run(self) -> Run:
        while self.coming or self.evicted or self.running or self.skipped:
            if not (self.running or self.evicted or self.skipped):
                self.idle(self.coming[0].arrival)
            self.step()
        return self.record()

    def idle(self, until: int) -> None:
        if until > self.now:
            self.diary.append(Page(self.now, until, 0, {}, [], {}))
            self.spans.append((self.now, SpanKind.IDLE, until - self.now, 0))
            self.blocks.append((0, False))
            self.now = until

    def step(self) -> None:
        self.running += self.skipped
        self.skipped = []
        plan, full = self.plan()
        for guest in self.running:
            if guest.stay < 0:
                self.enter(guest)
        short = False if full else self.admit(plan)
        decoders = [guest for guest in self.running if guest.decodes and plan.get(guest)]
        self.forward(decoders, {g: t for g, t in plan.items() if t and not g.decodes}, short)

    def plan(self) -> tuple[dict[Guest, int], bool]:
        """The tokens of everybody who runs; while they do not fit, the last one has to go."""
        full = False
        while True:
            left = self.strategy.budget - sum(guest.decodes for guest in self.running)
            plan: dict[Guest, int] = {}
            for guest in self.running:
                plan[guest] = (
                    1 if guest.decodes else min(guest.known - guest.computed, max(0, left))
                )
                left -= 0 if guest.decodes else plan[guest]
            held = sum(guest.computed for guest in self.running)
            if self.strategy.skips:
                held += sum(guest.computed for guest in self.skipped)
            if held + sum(plan.values()) <= self.strategy.pool or len(self.running) == 1:
                return plan, full
            full = True
            self.make_room(self.running.pop())

    def make_room(self, guest: Guest) -> None:
        if self.strategy.skips and guest.decodes:
            self.leave(guest, Ended.SKIPPED)
            self.skipped.append(guest)
            return
        self.leave(guest, Ended.EVICTED, place=-1 - len(self.evicted))
        self.evicted.append(guest)
        guest.known, guest.computed, guest.slot = guest.prompt + guest.made, 0, -1

    def admit(self, plan: dict[Guest, int]) -> bool:
        """Let in whom there is room for; whether the next one lacks memory alone."""
        left = self.strategy.budget - sum(plan.values())
        taken = {guest.slot for guest in (*self.running, *self.skipped)}
        while len(taken) < self.strategy.seats:
            arrived = self.coming and self.coming[0].arrival <= self.now
            if not (self.evicted or arrived):
                return False
            guest = self.evicted[-1] if self.evicted else self.coming[0]
            known = guest.known or guest.prompt
            tokens = min(known, left)
            if tokens <= 0:
                return False
            held = sum(g.computed + plan.get(g, 0) for g in self.running)
            if held + known > self.strategy.pool and self.running:
                return True
            (self.evicted or self.coming).remove(guest)
            guest.known = known
            guest.slot = min(set(range(len(taken) + 1)) - taken)
            self.enter(guest)
            self.running.append(guest)
            taken.add(guest.slot)
            plan[guest] = tokens
            left -= tokens
        return False

    def enter(self, guest: Guest) -> None:
        guest.stay = len(self.stays)
        ready = self.now if guest.decodes and guest.known else NEVER
        known = guest.prompt + guest.made if ready == self.now else guest.known
        self.stays.append([guest.row, guest.slot, self.now, ready, -1, Ended.DONE, known, 0])

    def leave(self, guest: Guest, ended: Ended, place: int = 0) -> None:
        if guest.stay >= 0:
            self.stays[guest.stay][4:6] = [self.now, ended]
            self.stays[guest.stay][7] = place
        guest.stay = -1

    def forward(self, decoders: list[Guest], chunks: dict[Guest, int], short: bool) -> None:
        cost, prompts = self.cost, sum(chunks.values())
        decode_time = 0
        alone: dict[int, int] = {}
        if decoders:
            contexts = [guest.prompt + guest.made for guest in decoders]
            decode_time = cost.step_time(len(decoders), sum(contexts))
            alone = {
                guest.row: cost.step_time(1, context)
                for guest, context in zip(decoders, contexts, strict=True)
            }
        time = decode_time + prompts * cost.prefill_per_token
        kind = (
            SpanKind.MIXED
            if decoders and chunks
            else SpanKind.DECODE
            if decoders
            else SpanKind.PREFILL
        )
        span = len(self.spans)
        self.spans.append((self.now, kind, time, len(decoders) + len(chunks)))
        self.chunks += [(span, guest.stay, tokens) for guest, tokens in chunks.items()]
        self.note(decoders, chunks, time, decode_time, alone, short)
        self.now += time
        for guest, tokens in chunks.items():
            guest.computed += tokens
            if guest.decodes:
                self.stays[guest.stay][3] = self.now
                self.make_token(guest)
        for guest in decoders:
            guest.computed += 1
            self.make_token(guest)
        self.running = [guest for guest in self.running if guest.made < guest.answer]

    def make_token(self, guest: Guest) -> None:
        guest.made += 1
        guest.known = max(guest.known, 1)
        guest.times.append(self.now)
        if guest.made == guest.answer:
            self.leave(guest, Ended.DONE)

    def note(
        self, decoders: list[Guest], chunks: dict[Guest, int], time: int, decode_time: int,
        alone: dict[int, int], short: bool,
    ) -> None:  # fmt: skip
        states: dict[int, State] = {}
        for guest in self.running:
            again = sum(stay[0] == guest.row for stay in self.stays) > 1
            computing = State.RECOMPUTE if again else State.PREFILL
            states[guest.row] = (
                computing
                if guest in chunks
                else State.DECODE
                if guest in decoders
                else State.STALLED
            )
        states |= dict.fromkeys((guest.row for guest in self.skipped), State.STALLED)
        states |= dict.fromkeys((guest.row for guest in self.evicted), State.EVICTED)
        busy = len(self.running) + len(self.skipped)
        lacks = (
            State.SLOTS if busy >= self.strategy.seats else State.MEMORY if short else State.TURN
        )
        states |= {guest.row: lacks for guest in self.coming}
        waiting = [guest.row for guest in (*reversed(self.evicted), *self.coming)]
        self.diary.append(Page(self.now, self.now + time, decode_time, states, waiting, alone))
        held = sum(guest.computed for guest in self.running)
        self.blocks.append((held + sum(chunks.values()) + len(decoders), short))

    def record(self) -> Run:
        request, slot, start, ready, end, ended, known, place = map(
            np.array, zip(*self.stays, strict=True)
        )
        begins, kind, time, billed = map(np.array, zip(*self.spans, strict=True))
        chunks = np.array(self.chunks, np.int64).reshape(-1, 3).T
        blocks, short = map(np.array, zip(*self.blocks, strict=True))
        ones = np.ones_like(begins)
        first = np.full(len(self.guests), NEVER)
        np.minimum.at(first, request, start)
        finish = freeze([guest.times[-1] for guest in self.guests])
        return Run(
            strategy=self.strategy,
            cost=self.cost,
            requests=self.requests,
            start_time=freeze(first),
            first_token_time=freeze([guest.times[0] for guest in self.guests]),
            finish_time=finish,
            end_time=finish,
            stays=Stays(
                freeze(request), freeze(slot), freeze(start), freeze(ready), freeze(end),
                ended.astype(np.int8), freeze(known), freeze(np.zeros_like(known)), freeze(place),
            ),
            spans=Spans(
                freeze(begins), kind.astype(np.int8), freeze(ones), freeze(time),
                freeze(np.zeros_like(ones)), freeze(billed),
            ),
            chunks=Chunks(*map(freeze, chunks)),
            kv=KvBlocks(1, self.strategy.pool, freeze(blocks), freeze(blocks), short),
        )  # fmt: skip
