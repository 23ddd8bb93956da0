"""The scheduler with prefix caching: who is admitted finds blocks that others, or it, left behind.

A block has its name from when the tokens that fill it are planned. Those of prompts are named at
once, those that decodes fill when somebody could find them, in the order in which they were filled;
so decode steps alike are still taken at once. Blocks that are only the request's own are named when
it gives them back.
"""

from __future__ import annotations

from heapq import heappush
from typing import TYPE_CHECKING

from tui_batching.clock import Picoseconds
from tui_batching.cost import Cost
from tui_batching.requests import Requests
from tui_batching.sim.vllm.prefix_cache import PrefixCache, Segment
from tui_batching.sim.vllm.scheduler import WITHOUT_END, PriorityScheduler, Scheduler, Sequence
from tui_batching.sim.vllm.waiting import ByPriority, FirstCome
from tui_batching.streams import NO_STREAM

if TYPE_CHECKING:
    from tui_batching.strategies.vllm import Vllm


class BlockOwners:
    """What each request consists of, in blocks.

    Attributes:
        shared: how many of its first blocks are made of what others may have as well.
    """

    def __init__(self, requests: Requests, block: int) -> None:
        self.block = block
        total = requests.input_tokens + requests.output_tokens
        tokens = (requests.stream_tokens * (requests.stream != NO_STREAM)).clip(max=total)
        self.shared: list[int] = (tokens // block).tolist()
        self.stream: list[int] = requests.stream.tolist()
        self.parent: list[int] = requests.streams.parent.tolist()
        self.start: list[int] = (requests.streams.start // block).tolist()

    def path(self, request: int) -> list[Segment]:
        """Its blocks by whose content they end with; what is its own comes last."""
        after = self.shared[request]
        path = [Segment(~request, after)]
        stream = self.stream[request]
        while after:
            start = self.start[stream]
            if start < after:
                path.append(Segment(stream, start, after))
                after = start
            stream = self.parent[stream]
        path.reverse()
        return path


class CachingScheduler(Scheduler):
    """The loop of vLLM with its prefix cache.

    Attributes:
        cache: the blocks that have a name.
        owners: whose content the blocks of each request are.
        looked_up: the request that was looked up last.
        path: its blocks.
        writers: by content, who decodes and so makes blocks of it, that a later request may find.
        told: the blocks that were free but named, and lost, when they were noted last.
        turn: while requests are preempted, the stay whose turn in the plan it is.
        planned: the tokens of prompts planned by then.
    """

    def __init__(  # noqa: PLR0913 - as its base
        self,
        waiting: FirstCome | ByPriority,
        requests: Requests,
        cost: Cost,
        engine: Vllm,
        blocks: int,
        *,
        jumps: bool,
    ) -> None:
        super().__init__(waiting, requests, cost, engine, blocks, jumps=jumps)
        self.cache = PrefixCache(limited=blocks < WITHOUT_END)
        self.owners = BlockOwners(requests, self.block)
        self.path: list[Segment] = []
        self.writers: dict[int, list[tuple[Sequence, Segment]]] = {}
        self.planned: dict[Sequence, int] = {}
        self.turn = 0
        self.told = 0, 0
        self.looked_up = -1

    def schedule(self) -> None:
        """Plan the next iteration, and note how much of the free memory is of use."""
        super().schedule()
        self.cache.make_fit(self.free)
        if self.cache.limited:
            kept = 0
            if self.leaving:
                self.parting = self.only_theirs()
                kept = self.parting - self.nameless()
            state = self.cache.free + kept, self.cache.lost
            if state != self.told:
                self.told = state
                self.log.cached.fromlist([self.log.span, *state])

    def admit(self, cap: int) -> None:
        """Admit in order of the queue; what is planned already can be found."""
        self.cache.make_fit(self.free)
        for sequence, tokens in zip(self.prefilling, self.plan, strict=True):
            if len(sequence.path) > 1:
                self.name(sequence, sequence.computed + tokens)
        super().admit(cap)

    def look_up(self, request: int) -> tuple[int, int]:
        """The blocks of a request that are in memory; and how many of them nobody uses."""
        if request != self.looked_up:
            self.looked_up, self.path = request, self.owners.path(request)
        path = self.path
        if self.writers:
            for segment in path:
                if segment.owner in self.writers:
                    self.catch_up(segment.owner, (self.step + 1) << 32)
        return self.cache.find(path, (self.known[request] - 1) // self.block)

    def seat(self, request: int, found: int, tokens: int) -> None:
        """A request uses what was found, and the blocks for the first tokens are named."""
        path, self.looked_up = self.path, -1
        if found:
            self.cache.take(path, found)
        if len(path) > 1 or path[0].owner in self.cache.ever:
            self.cache.count_lost(path, found, (self.known[request] - 1) // self.block)
        self.cache.make_fit(self.free)
        super().seat(request, found, tokens)
        sequence = self.prefilling[-1]
        sequence.path = path
        if len(path) > 1:
            self.name(sequence, sequence.computed + tokens)
            known = self.known[request] // self.block
            for segment in path[:-1]:
                if segment.after > known:
                    self.writers.setdefault(segment.owner, []).append((sequence, segment))

    def name(self, sequence: Sequence, tokens: int) -> None:
        """The shared blocks that so many tokens fill are named, as its turn in the plan is."""
        after = tokens // self.block
        for segment in sequence.path[:-1]:
            if segment.named < min(after, segment.after):
                if segment.owner in self.writers:
                    self.catch_up(segment.owner, self.step << 32 | sequence.stay)
                self.cache.name(segment, after)

    def catch_up(self, owner: int, until: int) -> None:
        """Name the blocks of some content that decodes have filled.

        Args:
            owner: whose content it is.
            until: what is planned before that, as `step << 32 | stay`.
        """
        block, lag, due = self.block, self.lag, []
        for sequence, segment in self.writers[owner]:
            if sequence.computed < sequence.known:
                continue
            step = (until - sequence.stay - 1) >> 32
            most = self.total[sequence.request] - 1
            after = (min(sequence.own + step + 1, most) - lag) // block
            for place in range(segment.named, min(after, segment.after)):
                filled = (place + 1) * block - sequence.own - 1 + lag
                due.append((filled << 32 | sequence.stay, place + 1, segment))
        due.sort(key=lambda row: row[:2])
        for _, after, segment in due:
            self.cache.name(segment, after)

    def make_room(self, cap: int) -> None:
        """Give blocks to one after the other who takes some; preempt somebody where they are short.

        In that order, as what is taken and given back in turn decides what is overwritten.
        """
        self.cache.make_fit(self.free)
        planned = self.planned = {}
        for sequence in self.takers():
            if sequence.stay not in self.running:
                continue
            self.turn = sequence.stay
            if sequence.computed < sequence.known:
                computed = sequence.computed
                left = self.budget - self.decoders.count - sum(planned.values())
                tokens = min(sequence.known - computed, cap, left)
            else:
                computed, tokens = sequence.own + self.step, 1
            need = self.held(computed + tokens) - self.held(computed)
            while need > self.free:
                victim = self.victim()
                self.preempt(victim)
                if victim is sequence:
                    break
            else:
                self.free -= need
                self.cache.make_fit(self.free)
                if sequence.computed < sequence.known:
                    planned[sequence] = tokens
                    self.name(sequence, computed + tokens)
        self.plan = [planned[sequence] for sequence in self.prefilling]

    def takers(self) -> list[Sequence]:
        """Who may take blocks in the next iteration, in order of admission."""
        step, block = self.step, self.block
        return [
            sequence
            for sequence in self.running.values()
            if (sequence.computed < sequence.known or not (sequence.own + step) % block)
            and sequence not in self.leaving
        ]

    def give_back(self, sequence: Sequence, computed: int) -> None:
        """The blocks of one who is preempted are free; when it comes again it may find them.

        If its turn in the plan is over, its blocks for that are taken, and those filled named.
        """
        if sequence.computed < sequence.known:
            computed += self.planned.pop(sequence, 0)
            known = computed
        else:
            if sequence.stay < self.turn and computed < self.total[sequence.request] - 1:
                computed += 1
            known = max(sequence.known, computed - self.lag)
        after = known // self.block
        self.write_no_more(sequence, after, self.step << 32 | self.turn)
        own = sequence.path[-1]
        if own.named < after:
            self.cache.name(own, after)
        self.free += self.held(computed) - after + self.cache.give_back(sequence.path)

    def release(self) -> None:
        """Slots and blocks of those who are done can be had again, and what is in them found."""
        cache, block = self.cache, self.block
        cache.make_fit(self.free)
        for sequence in self.leaving:
            del self.running[sequence.stay]
            heappush(self.free_slots, sequence.slot)
            after = (self.total[sequence.request] - 1) // block
            self.write_no_more(sequence, after, self.step << 32)
            own = max(0, after - sequence.path[-1].named)
            if own:
                cache.keep_nameless(own)
            blank = self.most_blocks[sequence.request] - after
            self.free += blank + own + cache.give_back(sequence.path)
        self.leaving, self.parting = [], 0

    def write_no_more(self, sequence: Sequence, after: int, until: int) -> None:
        """One leaves: its blocks up to there are named, behind what is planned `until` then."""
        for segment in sequence.path[:-1]:
            writers = self.writers.get(segment.owner)
            if writers:
                self.catch_up(segment.owner, until)
                if (sequence, segment) in writers:
                    writers.remove((sequence, segment))
                    if not writers:
                        del self.writers[segment.owner]
            if segment.named < min(after, segment.after):
                self.cache.name(segment, after)

    def only_theirs(self) -> int:
        """The blocks that nobody holds but those who have made their last token."""
        theirs, named = 0, []
        for sequence in self.leaving:
            theirs += self.most_blocks[sequence.request]
            for segment in sequence.path:
                if segment.held:
                    theirs -= segment.named - segment.first
                    named += segment.held
        return theirs + self.cache.only_used_by(named) if named else theirs

    def nameless(self) -> int:
        """The blocks of those who have made their last token that have no name yet."""
        blocks, block = 0, self.block
        for sequence in self.leaving:
            filled = max(sequence.known, self.total[sequence.request] - 1 - self.lag)
            blocks += self.most_blocks[sequence.request] - filled // block
        return blocks

    def equal_steps(self, time: Picoseconds, growth: Picoseconds) -> int:
        """As without a cache; but who waits for memory may find what decodes fill."""
        steps = super().equal_steps(time, growth)
        if steps > 1 and self.writers and self.free_slots:
            request = self.waiting.head(self.seen)
            if request >= 0:
                for segment in self.owners.path(request):
                    for writer, _ in self.writers.get(segment.owner, ()):
                        filled = writer.own + self.step + 1 - self.lag
                        steps = min(steps, self.block - filled % self.block)
        return steps


class CachingPriorityScheduler(PriorityScheduler, CachingScheduler):
    """The same by priority."""

    def state(self) -> tuple[object, ...]:
        """All that decides what happens next, the cache included."""
        return (*super().state(), self.cache.state())


class Preempting(Exception):  # noqa: N818 - it is no error
    """Somebody would have to be preempted, and could find what it had."""


class UnevictingScheduler(Scheduler):
    """Where requests share nothing and nobody is preempted, a prefix cache changes nothing.

    So there is none, until somebody has to be.
    """

    def make_room(self, cap: int) -> None:  # noqa: ARG002
        """Memory is short after all.

        Raises:
            Preempting: in any case.
        """
        raise Preempting


class UnevictingPriorityScheduler(UnevictingScheduler, PriorityScheduler):
    """The same by priority."""
