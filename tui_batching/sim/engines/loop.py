"""The loop: before each iteration it decides who gets how many tokens.

    until all are served:
        if nobody runs or waits: wait for the next arrival
        alone: plan prompts; if there are none, plan decodes
        mixed: plan decodes, then prompts with the rest of the budget and of the memory
        run it; who completed its prompt or decoded has a token; who has made its last one leaves

All who decode advance alike: with `step` the decode steps done so far, each of them has computed
`own + step` tokens, and its `own` never changes. So as long as nobody comes, goes or lacks memory,
equal iterations are taken at once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from tui_batching.clock import HORIZON, Picoseconds, refuse_beyond_horizon
from tui_batching.columns import IntArray, freeze
from tui_batching.cost import ChunkLoad, Cost
from tui_batching.sim.decoders import Decoders
from tui_batching.sim.engine_log import EngineLog
from tui_batching.sim.engines.cuts import NO_LIMIT, Cut
from tui_batching.sim.engines.joining import Joining
from tui_batching.sim.stays import Ended
from tui_batching.sim.steps import steps_within, time_of

if TYPE_CHECKING:
    from tui_batching.requests import Requests
    from tui_batching.sim.engines.memory import Memory

_NEVER = 1 << 200
"""An arrival after everything."""
_STAY = (1 << 32) - 1
"""Of an entry `last step << 32 | stay` the stay."""
_ROOM = 32
"""Bits for those who are sent back behind one who arrived."""


class Stay:
    """A request in a slot.

    Attributes:
        id: the number of the stay in the log.
        row: of the request.
        slot: where it is.
        known: tokens to compute before it decodes.
        computed: how many of them are.
        own: tokens computed less decode steps done, while it decodes.
    """

    __slots__ = ("computed", "id", "known", "own", "row", "slot")

    def __init__(self, id: int, row: int, slot: int, known: int) -> None:  # noqa: A002
        self.id, self.row, self.slot, self.known = id, row, slot, known
        self.computed = self.own = 0


Chunk: TypeAlias = tuple[Stay, int]
"""Whose prompt, and how many tokens of it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """The choices that make an engine, fresh for each time it serves.

    Attributes:
        slots: the most requests at once.
        memory: what is held of the KV cache.
        budget: the most tokens of prompts in an iteration; of all, where they are mixed.
        alone: whether prompts are processed by themselves, before anybody decodes.
        cut: how many tokens of each prompt an iteration processes.
        joining: when newcomers may join.
    """

    slots: int
    memory: Memory
    budget: int = NO_LIMIT
    alone: bool = False
    cut: Cut = field(default_factory=Cut)
    joining: Joining = field(default_factory=Joining)


class Engine:
    """A scheduler, made of parts, and what it has to do.

    Attributes:
        known: of each request, the tokens to compute when it is admitted next.
        away: who was evicted, as places in the queue and rows, the first in the queue first.
        row: the next newcomer.
        running: who is in a slot and not skipped, by stay, in order.
        prefilling: those of them who do not decode yet.
        ran: how many took part in the last iteration.
        newcomers: whether somebody joins this one.
        short: whether the first in the queue lacks memory.
        next_look: the next arrival that may change who joins.
    """

    def __init__(self, requests: Requests, cost: Cost, parts: Parts, *, jumps: bool = True) -> None:
        self.cost, self.jumps = cost, jumps
        self.memory, self.cut, self.joining = parts.memory, parts.cut, parts.joining
        self.slots, self.budget, self.alone = parts.slots, parts.budget, parts.alone
        self.arrival: list[Picoseconds] = [*requests.arrival_time.tolist(), _NEVER]
        self.known: list[int] = requests.input_tokens.tolist()
        self.total: list[int] = (requests.input_tokens + requests.output_tokens).tolist()
        self.memory.serves(requests)
        self.log = EngineLog()
        self.away: deque[tuple[int, int]] = deque()
        self.row = self.step = self.ran = self.slots_used = self.in_slots = 0
        self.now: Picoseconds = 0
        self.running: dict[int, Stay] = {}
        self.prefilling: list[Stay] = []
        self.decoders = Decoders(self.memory.block)
        self.finishes: list[int] = []
        self.free_slots: list[int] = []
        self.short = self.newcomers = False
        self.sent_back = 0
        self.next_look: Picoseconds = _NEVER

    def serve(self) -> tuple[EngineLog, IntArray | None]:
        """Serve them all; what happened, and the places of newcomers in the queue (see `Run`)."""
        while self.wake():
            chunks, decoding, calm = self.schedule()
            if chunks or decoding:
                self.forward(chunks, decoding, calm)
                self.release()
        if not self.sent_back:
            return self.log, None
        return self.log, freeze(np.arange(len(self.known)) << _ROOM)

    def wake(self) -> bool:
        """Wait for somebody, if nobody is here; False when all are served."""
        if self.in_slots or self.head() >= 0:
            return True
        if self.row == len(self.known):
            return False
        self.memory.rests()
        self.log.idle(self.arrival[self.row] - self.now)
        self.now = self.arrival[self.row]
        return True

    def schedule(self) -> tuple[list[Chunk], int, bool]:
        """The chunks of the next iteration, how many decode in it, and if nobody had to go."""
        memory = self.memory
        if self.alone:
            if chunks := self.plan_prompts(self.budget):
                return chunks, 0, True
            calm = memory.make_room(self)
            return [], self.decoders.count, calm
        while True:
            calm = memory.make_room(self)
            decoding = self.decoders.count
            chunks = self.plan_prompts(self.budget - decoding, admit=calm)
            if chunks or decoding or not memory.flush(self):
                return chunks, decoding, calm

    def plan_prompts(self, left: int, *, admit: bool = True) -> list[Chunk]:
        """Who is under way comes first, then the queue, while slots, tokens and memory last."""
        left = self.memory.for_prompts(self, left)
        self.short = self.newcomers = False
        self.next_look = _NEVER
        if admit:
            self.admit(left)
        if not self.prefilling:
            return []
        return self.cut.share(self, self.memory.may_go_on(self), left)

    def admit(self, left: int) -> None:
        """Let newcomers join, if enough of them wait and fit."""
        quorum = self.joining.quorum(self)
        if quorum == NO_LIMIT or (quorum > 1 and not self.wait(quorum)):
            return
        row, free = self.row, self.memory.free
        joiners = self.who_fits(self.cut.left_for_newcomers(self, left))
        if len(joiners) >= quorum:
            self.newcomers = True
            self.joining.joined(alone=not self.running)
            for joiner in joiners:
                self.enter(joiner)
        elif joiners:
            self.row, self.memory.free = row, free

    def wait(self, quorum: int) -> bool:
        """Whether so many newcomers wait; else it is looked again when they do."""
        last = min(self.row + quorum - 1, len(self.known))
        if self.arrival[last] <= self.now:
            return True
        self.next_look = self.arrival[last]
        return False

    def who_fits(self, left: int) -> list[int]:
        """Who leaves the queue, in order; the first that has to stay ends it."""
        memory, wants, room = self.memory, self.cut.wants, self.joining.room(self)
        joiners: list[int] = []
        while (row := self.head()) >= 0:
            if len(joiners) == room:
                self.joining.refused()
                return joiners
            wanted = wants(self.known[row], left, self.budget)
            if wanted is None:
                return joiners
            if not memory.admits(self, row, left):
                self.joining.refused()
                self.short = True
                return joiners
            self.pop()
            joiners.append(row)
            left -= wanted
        if len(joiners) < room:
            self.next_look = self.arrival[self.row]
        return joiners

    def head(self) -> int:
        """The first in the queue; -1 if it is empty."""
        if self.away and self.away[0][0] <= self.row:
            return self.away[0][1]
        return self.row if self.arrival[self.row] <= self.now else -1

    def pop(self) -> None:
        """The first in the queue leaves it."""
        if self.away and self.away[0][0] <= self.row:
            self.away.popleft()
        else:
            self.row += 1

    def enter(self, row: int) -> None:
        """One is admitted to the lowest free slot."""
        if self.free_slots:
            slot = heappop(self.free_slots)
        else:
            slot = self.slots_used
            self.slots_used += 1
        known, log = self.known[row], self.log
        stay = Stay(log.stay, row, slot, known)
        log.stays.fromlist([row, slot, log.span, known, 0])
        log.stay += 1
        self.in_slots += 1
        self.running[stay.id] = stay
        self.prefilling.append(stay)

    def forward(self, chunks: list[Chunk], decoding: int, calm: bool) -> None:
        """Run the iteration, and those that are equal to it."""
        log, memory, steps = self.log, self.memory, 1
        context = self.decoders.own + decoding * (self.step + 1) if decoding else 0
        if self.prefilling:
            memory.takes(chunks, self)
        used = at_end = memory.in_use(chunks, self)
        if chunks:
            time = first = self.cost.mixed_time(decoding, context, self.note(chunks))
        else:
            time = first = self.cost.step_time(decoding, context)
            growth = self.cost.decode_per_context_token * decoding
            if calm and self.jumps and (steps := self.equal_steps(first, growth)) > 1:
                memory.grows(self, steps - 1)
                at_end = memory.in_use(chunks, self)
                time = time_of(steps, first, growth)
        if not self.newcomers:
            self.joining.ran(steps)
        log.spans.fromlist([steps, first, decoding, used, at_end, self.short])
        log.span += 1
        self.now += time
        if self.now > HORIZON:
            refuse_beyond_horizon(self.now)
        self.ran = decoding + len(chunks)
        if decoding:
            self.step += steps
        if chunks:
            self.process(chunks)

    def note(self, chunks: list[Chunk]) -> ChunkLoad:
        """Write the chunks down, and add them up."""
        written, span = self.log.chunks, self.log.span
        tokens = before = squares = 0
        for stay, part in chunks:
            written.fromlist([span, stay.id, part])
            computed = stay.computed
            tokens += part
            before += computed
            squares += part * (2 * computed + part)
        return ChunkLoad(len(chunks), tokens, before, squares)

    def equal_steps(self, first: Picoseconds, growth: Picoseconds) -> int:
        """How many iterations are like this one, in which nobody's prompt is processed.

        Until somebody is done, or may join, or memory runs out.
        """
        while self.finishes[0] & _STAY not in self.running:
            heappop(self.finishes)
        steps = (self.finishes[0] >> 32) - self.step
        if steps > 1:
            steps = min(steps, self.joining.patience())
            if self.next_look < _NEVER:
                steps = min(steps, steps_within(self.next_look - self.now - 1, first, growth) + 1)
            if steps > 1:
                steps = self.memory.lasts(self, steps)
        return steps

    def process(self, chunks: list[Chunk]) -> None:
        """Who has computed all it knows has made a token, and decodes from now on."""
        for stay, tokens in chunks:
            stay.computed += tokens
            if stay.computed == stay.known:
                self.decode(stay)
        self.prefilling = [stay for stay in self.prefilling if stay.computed < stay.known]
        if self.prefilling:
            self.joining.freed()

    def decode(self, stay: Stay) -> None:
        """From the next iteration on it makes tokens."""
        stay.own = stay.computed - self.step
        self.decoders.join(stay.own)
        self.memory.decodes(stay)
        heappush(self.finishes, self.total[stay.row] - 1 - stay.own << 32 | stay.id)

    def release(self) -> None:
        """Who has made its last token leaves."""
        finishes, limit = self.finishes, (self.step + 1) << 32
        while finishes and finishes[0] < limit:
            stay = self.running.pop(heappop(finishes) & _STAY, None)
            if stay:
                self.decoders.leave(stay.own)
                stay.computed = stay.own + self.step
                self.leave(stay, Ended.DONE)

    def leave(self, stay: Stay, ended: Ended, place: int = 0) -> None:
        """One gives its slot and its blocks back."""
        self.memory.leaves(stay)
        self.joining.freed()
        heappush(self.free_slots, stay.slot)
        self.in_slots -= 1
        self.log.ends.fromlist([stay.id, self.log.span, ended, place])

    def evict(self, stay: Stay, *, front: bool) -> None:
        """One who runs goes back to the queue; what it has made will be computed again."""
        del self.running[stay.id]
        if stay.computed >= stay.known:
            stay.computed = stay.own + self.step
            self.decoders.leave(stay.own)
            self.known[stay.row] = stay.computed + 1
        else:
            self.prefilling.remove(stay)
        if front:
            place = stay.row
            self.away.appendleft((place, stay.row))
        else:
            arrived = bisect_right(self.arrival, self.now, self.row)
            place = (arrived << _ROOM) - (1 << _ROOM - 1) + self.sent_back
            self.sent_back += 1
            self.away.append((arrived, stay.row))
        self.leave(stay, Ended.EVICTED, place)

    def skip(self, stay: Stay) -> None:
        """One who decodes is left out, but keeps its slot and its blocks."""
        self.decoders.leave(stay.own)
        self.log.leave(stay.id, Ended.SKIPPED)

    def come_back(self, stay: Stay) -> Stay:
        """One who was left out decodes again: a stay of its own."""
        again = Stay(
            self.log.enter(stay.row, stay.slot, stay.computed + 1),
            stay.row,
            stay.slot,
            stay.computed,
        )
        again.computed = stay.computed
        self.decode(again)
        return again
