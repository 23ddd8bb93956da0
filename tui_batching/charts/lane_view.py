"""What a lane shows at an instant, as facts: the drawing only lays them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

import numpy as np

from tui_batching.analysis.happenings import Happening
from tui_batching.analysis.scene import Scene
from tui_batching.analysis.utilization import Shares
from tui_batching.analysis.why import EvictedFacts, evicted_facts, request_name
from tui_batching.charts.lane_words import is_back
from tui_batching.charts.rows import AGAIN, HATCH, SHADE, STALLED
from tui_batching.charts.token_bars import MemoryBar, PromptBar
from tui_batching.clock import SECOND, Picoseconds, format_duration
from tui_batching.columns import IntArray
from tui_batching.sim.kv_levels import kv_of_stays, tells_kv_of_stays
from tui_batching.sim.life import State
from tui_batching.sim.measured import MeasuredRun
from tui_batching.sim.moment import Moment
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind

BARS = ANSWER, MEMORY = ("answer", "memory")
"""What the bars of slots tell: the tokens made, or what requests have of the KV cache."""

THICKEST = 3
"""Rows of a slot where there is room for so many."""
MARKED_SECONDS = 0.6
"""How long the mark of an event is seen, in seconds of the wall clock while it plays."""


@dataclass(frozen=True, eq=False)
class LaneView:
    """One strategy at one instant.

    Attributes:
        scene: what is on stage.
        lane: which of its lanes it is.
        moment: the Run at the instant.
        shares: what became of the slot-time so far.
        happening: what happened last, or None before all.
        selected: the row of the selected request, or None.
        marked: how long events are marked, in simulated time.
        thickest: the most rows of a slot.
        still: whether there is time to read, so that each who waits is told with its age.
        tells_rule: whether free slots tell the rule of the strategy before its first answer.
        tells_memory: whether KV memory is told, where there is any.
        tells_shares: whether the foot of the lane tells the shares of slot-time, and counts.
        bars: what the bars of slots tell, where it is known.
    """

    scene: Scene
    lane: int
    moment: Moment
    shares: Shares
    happening: Happening | None
    selected: int | None = None
    marked: Picoseconds = 0
    thickest: int = THICKEST
    still: bool = True
    tells_rule: bool = True
    tells_memory: bool = True
    tells_shares: bool = True
    bars: str = ANSWER

    @property
    def bars_are_memory(self) -> bool:
        """Whether bars tell what requests have in memory."""
        return self.bars == MEMORY and tells_kv_of_stays(self.moment.run)

    def is_fresh(self, instant: Picoseconds) -> bool:
        """Whether what happened at an instant is marked: a function of time and speed alone."""
        return 0 <= self.moment.time - instant <= self.marked

    @cached_property
    def slots(self) -> list[SlotView]:
        """All slots."""
        return slot_views(self, self.moment.run.slots)

    @cached_property
    def taken(self) -> list[SlotView]:
        """The slots of an engine that somebody has."""
        return taken_views(self, taken_slots(self.moment))

    @cached_property
    def evicted(self) -> dict[int, EvictedFacts]:
        """Who waits because it was evicted."""
        moment = self.moment
        if not moment.evictions:
            return {}
        rows = np.asarray(moment.waiting, np.int64)
        back = rows[moment.run.start_time[rows] <= moment.time]
        return {row: evicted_facts(moment, row) for row in back.tolist()}


@dataclass(frozen=True, slots=True)
class SlotView:
    """One slot at one instant.

    Attributes:
        slot: its number.
        row: the row of the request in it; -1 where it is free.
        name: of the request.
        state: what the request in it does; while a batch forms, `FORMING` of those who have joined;
            None where it is free.
        made: tokens of the answer that were made.
        asked: tokens that the whole answer has.
        front: how far its batch has come, in tokens; as far as `made` where it is not held.
        prompt: while a prompt is read, how far it is.
        word: what it does beside making tokens, in a word.
        numbers: how far it is, `24/47`.
        told: the same in more words, where there are some.
        duration: how long it has been held, or has waited, or is prefilled; empty else.
        kept: what it has in memory beside its answer, where that is limited: `prompt 4,049`; where
            bars tell memory, all that it has.
        is_new: whether it is to be marked: it has just come in, or has just been held.
        slowed: whether its step lasts longer because prompts are processed in it.
        memory: what it has in memory, where bars tell that.
    """

    slot: int
    row: int = -1
    name: str = ""
    state: State | None = None
    made: int = 0
    asked: int = 0
    front: int = 0
    prompt: PromptBar | None = None
    word: str = ""
    numbers: str = ""
    told: str = ""
    duration: str = ""
    kept: str = ""
    is_new: bool = False
    slowed: bool = False
    memory: MemoryBar | None = None


@dataclass(frozen=True, slots=True)
class KvView:
    """The KV cache in the iteration under way, in tokens.

    Attributes:
        used: those computed, and those that the iteration computes.
        taken: what the blocks hold that requests have; None where there is no limit.
        cached: what free blocks hold that can still be found; None where that does not matter.
        pool: what all blocks hold.
        block: tokens in a block.
    """

    used: int
    taken: int | None = None
    pool: int = 0
    block: int = 1
    cached: int | None = None

    def texts(self) -> list[str]:
        """The numbers, the fullest wording first: a sum, but for the last one."""
        if self.taken is None:
            return [f"KV {self.used:,} tokens · no limit", f"KV {self.used:,}"]
        used, empty, free = self.used, self.taken - self.used, self.pool - self.taken
        rest, told = [f"{free:,} free"], [f"{free:,} free"]
        if self.cached is not None:
            blank = f"{free - self.cached:,} free"
            rest = [f"{self.cached:,} cached", blank]
            told = [f"{self.cached:,} cached, free to take", blank]
        split, taken = [f"{used:,} used", f"{empty:,} empty"], f"{self.taken:,} taken"
        tokens = f"{self.pool:,} tokens"
        blocks = f", {self.pool // self.block:,} blocks of {self.block}" if self.block > 1 else ""
        wordings = (
            _sum([*split, *told], f"{tokens}{blocks}"),
            _sum([*split, *told], tokens),
            *(_sum([*split, *rest], whole) for whole in (tokens, f"{self.pool:,}")),
            _sum([*split, *rest], f"{self.pool:,}", "+"),
            _sum([taken, *rest], f"{self.pool:,}"),
            _sum([taken, *rest], f"{self.pool:,}", "+"),
            _sum([taken, f"{free:,} free"], f"{self.pool:,}"),
            _sum([taken, f"{free:,} free"], f"{self.pool:,}", "+"),
            f"{free:,} free",
        )
        return list(dict.fromkeys(wordings))


def _sum(parts: Sequence[str], whole: str, joint: str = " + ") -> str:
    """The parts and what they add up to; with a joint without gaps there are none before it."""
    return joint.join(parts) + joint.replace("+", "=") + whole


def lane_view(
    scene: Scene, lane: int, time: Picoseconds, selected: int | None, speed: float = 0.0
) -> LaneView:
    """What a lane shows of a scene at an instant.

    Args:
        scene: what is on stage.
        lane: which of its lanes.
        time: the instant.
        selected: the row of the selected request, or None.
        speed: simulated seconds a second, by which events are marked for a while.
    """
    so_far = scene.so_far[lane]
    return LaneView(
        scene=scene,
        lane=lane,
        moment=scene.runs[lane].at(time),
        shares=so_far.shares(time),
        happening=so_far.happenings.last(time),
        selected=selected,
        marked=mark_time(speed),
    )


def mark_time(speed: float) -> Picoseconds:
    """How long events are marked while it plays at a speed, in simulated time."""
    return int(MARKED_SECONDS * speed * SECOND)


def kv_view(moment: Moment) -> KvView | None:
    """The KV cache; None of the textbook where it ignores memory, and of a log."""
    kv, used = moment.run.kv, 0
    if kv is None and not (moment.run.strategy.is_engine and moment.run.tells_iterations):
        return None
    if not moment.over:
        used = moment.tokens_held
    if kv is None:
        return KvView(used)
    size = kv.block_size
    cached = moment.blocks_cached * size if moment.run.cache_matters else None
    return KvView(used, moment.blocks * size, kv.blocks * size, size, cached)


STATE_GLYPHS = {
    State.FORMING: "+",
    State.PREFILL: SHADE,
    State.RECOMPUTE: AGAIN,
    State.STALLED: STALLED,
    State.HELD: HATCH,
}
"""The signs of what slots do beside making tokens."""


def slot_views(view: LaneView, most: int) -> list[SlotView]:
    """The first `most` slots; while a batch forms, its members stand in their coming slots."""
    moment = view.moment
    views = [SlotView(slot) for slot in range(min(moment.run.slots, most))]
    for slot, row in enumerate(moment.joined[:most]):
        arrival = int(moment.run.requests.arrival_time[row])
        views[slot] = SlotView(
            slot,
            row,
            request_name(moment, row),
            State.FORMING,
            word="joined",
            told=f"waits {format_duration(moment.time - arrival)}",
            duration=format_duration(moment.time - arrival),
            is_new=view.is_fresh(arrival),
        )
    for occupied in _occupied_slots(view, most):
        views[occupied.slot] = occupied
    return views


def taken_slots(moment: Moment) -> IntArray:
    """The slots that somebody has, in order; who is left out keeps the slot."""
    here = np.flatnonzero(moment.stays >= 0)
    return np.sort(np.concatenate((here, moment.run.stays.slot[moment.skipped])))


def taken_views(view: LaneView, slots: IntArray) -> list[SlotView]:
    """These slots of an engine, which somebody has."""
    moment, skipped = view.moment, view.moment.skipped
    by_slot = dict(zip(moment.run.stays.slot[skipped].tolist(), skipped.tolist(), strict=True))
    here = [
        by_slot[slot] if slot in by_slot else int(moment.stays[slot]) for slot in slots.tolist()
    ]
    return list(_views_of(view, slots, np.array(here, np.int64)))


def _occupied_slots(view: LaneView, most: int) -> Iterator[SlotView]:
    """The slots that hold a request; with request-level scheduling they are one batch."""
    moment = view.moment
    if moment.run.strategy.is_engine:
        slots = taken_slots(moment)
        yield from taken_views(view, slots[slots < most])
        return
    slots = np.flatnonzero(moment.occupants[:most] >= 0)
    yield from _views_of(view, slots, moment.stays[slots])


class _SlotFacts(NamedTuple):
    """One slot in numbers."""

    slot: int
    row: int
    stay: int
    made: int
    asked: int
    used: int
    taken: int
    state: State


def _views_of(view: LaneView, slots: IntArray, stays: IntArray) -> Iterator[SlotView]:
    moment, run = view.moment, view.moment.run
    rows = run.stays.request[stays]
    tokens = moment.tokens_made_in(stays), run.requests.output_tokens[rows]
    columns = (slots, rows, stays, *tokens, *_memory_of(view, stays))
    facts = zip(*(column.tolist() for column in columns), strict=True)
    front = _batch_front(moment)
    for told, state in zip(facts, moment.states_in_slots(stays), strict=True):
        yield _occupied_slot(view, _SlotFacts._make((*told, state)), front)


def _memory_of(view: LaneView, stays: IntArray) -> tuple[IntArray, IntArray]:
    """What each uses and has taken of the KV cache, in tokens; nothing where no bar tells it."""
    run = view.moment.run
    if not view.bars_are_memory or run.kv is None:
        return np.zeros_like(stays), np.zeros_like(stays)
    used, blocks = kv_of_stays(run, stays, view.moment.time)
    return used, blocks * run.kv.block_size


def _batch_front(moment: Moment) -> int:
    """How many tokens the batch in the slots has come to, where there is one."""
    if moment.run.strategy.about.iteration_level or moment.over:
        return 0
    phase = moment.phase
    made = moment.run.cost.made_by_prefill
    return phase.step + made if phase.kind is SpanKind.DECODE else 0


def _occupied_slot(view: LaneView, facts: _SlotFacts, front: int) -> SlotView:
    """What is seen of a slot: tokens, or the prompt, or how long it has been held."""
    moment, run, state = view.moment, view.moment.run, facts.state
    start, finish = int(run.stays.start_time[facts.stay]), int(run.finish_time[facts.row])
    prompt, word, duration, since, told = None, "", "", start, ""
    slowed = state is State.DECODE and moment.phase.kind is SpanKind.MIXED
    read = f"prompt {run.requests.input_tokens[facts.row]:,}" if run.kv else ""
    numbers = f"{about(run)}{facts.made:,}/{facts.asked:,}"
    if not run.tells_iterations:
        word = "" if facts.made else "prefill" if run.tells_start else "no token yet"
        duration = "" if facts.made else format_duration(moment.time - start)
    elif run.strategy.is_engine and int(run.stays.ready_time[facts.stay]) > moment.time:
        prompt = _chunked_prompt(moment, facts.stay)
        word = "again" if is_back(moment, facts.stay) else "prompt"
        *more, numbers = prompt.told
        told = "".join(more)
    elif state is State.PREFILL:
        whole = int(run.stays.ready_time[facts.stay]) - start
        tokens = int(run.requests.input_tokens[facts.row])
        passed = Fraction(moment.time - start, max(1, whole))  # all of a batch are read
        prompt = PromptBar(0, tokens * passed, tokens)
        word, duration = "prefill", format_duration(whole)
        numbers = f"prompt {tokens:,}"
    elif state is State.HELD:
        word, duration, since = "held", format_duration(moment.time - finish), finish
    elif state is State.STALLED:
        word = "skipped" if facts.stay in moment.skipped else "stalls"
    elif slowed:
        word = "slowed"
    return SlotView(
        slot=facts.slot,
        row=facts.row,
        name=request_name(moment, facts.row),
        state=state,
        made=facts.made,
        asked=facts.asked,
        front=max(facts.made, front) if state is State.HELD else facts.made,
        prompt=prompt,
        word=word,
        numbers=numbers,
        told=told,
        duration=duration,
        kept="" if prompt else read,
        is_new=view.is_fresh(since),
        slowed=slowed,
        memory=_memory_bar(view, facts, slowed=slowed) if view.bars_are_memory else None,
    )


def _memory_bar(view: LaneView, facts: _SlotFacts, *, slowed: bool) -> MemoryBar:
    chunk = view.moment.chunks.get(facts.stay, 0)
    return MemoryBar(facts.used - chunk, chunk, facts.taken, facts.state, slowed)


def about(run: Run) -> str:
    """The sign before numbers of tokens that are not measured, but spread evenly."""
    return "≈" if isinstance(run, MeasuredRun) and not run.tells_tokens else ""


def _chunked_prompt(moment: Moment, stay: int) -> PromptBar:
    """A prompt that an engine reads."""
    computed = int(moment.computed(np.array([stay]))[0])
    cached, known = moment.found(stay)
    phase = moment.phase
    passed = Fraction(moment.time - phase.step_start, phase.step_time)
    return PromptBar(computed, moment.chunks.get(stay, 0) * passed, known, cached)
