"""What a lane shows at an instant, as facts: the drawing only lays them out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tui_batching.analysis.scene import Scene
from tui_batching.analysis.so_far import LatencySoFar
from tui_batching.analysis.why import batch_tokens, fires_in, request_name
from tui_batching.charts.rows import age_text, short
from tui_batching.clock import Picoseconds, duration_text, format_duration
from tui_batching.columns import IntArray
from tui_batching.sim.life import State
from tui_batching.sim.moment import Moment
from tui_batching.sim.spans import SpanKind


@dataclass(frozen=True, eq=False)
class LaneView:
    """One strategy at one instant.

    Attributes:
        moment: the Run at the instant.
        latency: of the requests answered so far; None before the first answer.
        occupied: share of slot-time that held a request so far.
        useful: share of slot-time that made a token or prefilled so far.
        longest_wait: of all Runs on screen, the scale of the queue's bars.
        selected: the row of the selected request, or None.
    """

    moment: Moment
    latency: LatencySoFar | None
    occupied: float
    useful: float
    longest_wait: Picoseconds
    selected: int | None = None


@dataclass(frozen=True, slots=True)
class SlotView:
    """One slot at one instant.

    Attributes:
        slot: its number.
        row: the row of the request in it; -1 where it is free.
        name: of the request.
        state: what the request in it does; while a batch forms, `FORMING` of those who have joined;
            None where it is free.
        fraction: how much of the bar is filled.
        extent: how much of the bar the request's own answer takes; less than 1 where the batch
            runs on for a longer member.
        text: what stands beside the bar; the shorter form for narrow lanes second.
        chunk: while an engine processes its prompt, how much of that is processed just now, beside
            the `fraction` that already is; else None.
    """

    slot: int
    row: int = -1
    name: str = ""
    state: State | None = None
    fraction: float = 0.0
    extent: float = 1.0
    text: tuple[str, ...] = ("free",)
    chunk: float | None = None


@dataclass(frozen=True, slots=True)
class KvView:
    """The KV cache in the iteration under way, in tokens.

    Attributes:
        used: those computed, and those that the iteration computes.
        taken: what the blocks hold that requests have; None where there is no limit.
        pool: what all blocks hold.
        block: tokens in a block.
    """

    used: int
    taken: int | None = None
    pool: int = 0
    block: int = 1

    def texts(self) -> list[str]:
        """The numbers, the fullest wording first."""
        if self.taken is None:
            return [f"KV {self.used:,} tokens · no limit", f"KV {self.used:,}"]
        used, empty, free = self.used, self.taken - self.used, self.pool - self.taken
        parts = f"{used:,} used + {empty:,} reserved, empty + {free:,} free = {self.pool:,}"
        blocks = f" tokens, {self.pool // self.block:,} blocks of {self.block}"
        short = f"{used:,} used + {empty:,} empty + {free:,} free"
        return [
            parts + (blocks if self.block > 1 else " tokens"),
            f"{parts} tokens",
            f"{short} = {self.pool:,}",
            short,
            f"{used:,} used, {free:,} free",
            f"{free:,} free",
        ]


def lane_view(scene: Scene, lane: int, time: Picoseconds, selected: int | None) -> LaneView:
    """What a lane shows of a scene at an instant."""
    moment, so_far = scene.runs[lane].at(time), scene.so_far[lane]
    occupied, useful = so_far.utilization(min(time, scene.runs[lane].finished))
    return LaneView(
        moment=moment,
        latency=so_far.latency(moment.done),
        occupied=occupied,
        useful=useful,
        longest_wait=scene.longest_wait,
        selected=selected,
    )


def kv_view(moment: Moment) -> KvView | None:
    """The KV cache of an engine; the textbook has none."""
    kv, used = moment.run.kv, 0
    if moment.run.strategy.textbook:
        return None
    if not moment.over:
        used = moment.tokens_held
    if kv is None:
        return KvView(used)
    return KvView(used, moment.blocks * kv.block, kv.pool * kv.block, kv.block)


STATE_GLYPHS = {
    State.PREFILL: "»",
    State.RECOMPUTE: "▚",
    State.STALLED: "‖",
    State.DECODE: "›",
    State.HELD: "▒",
}
PHASE_STATES = {
    SpanKind.FORMING: State.FORMING,
    SpanKind.PREFILL: State.PREFILL,
    SpanKind.DECODE: State.DECODE,
    SpanKind.MIXED: State.DECODE,
}
"""What the server does, by what its requests do meanwhile; nothing while it is idle."""


def phase_texts(moment: Moment) -> list[str]:
    """What the server does, the fullest wording first."""
    phase = moment.phase
    if moment.over:
        return [f"DONE at {format_duration(moment.run.finished)}", "DONE"]
    if phase.kind >= SpanKind.PREFILL and not moment.run.strategy.textbook:
        return _step_texts(moment)
    match phase.kind:
        case SpanKind.IDLE:
            return ["IDLE · nobody is there", "IDLE"]
        case SpanKind.FORMING:
            return _forming_texts(moment)
        case SpanKind.PREFILL:
            text = f"PREFILL {_prefilled(moment)} · {_exact(phase.step_time)}"
            return [f"{text} · {format_duration(phase.end - moment.time)} left", text]
    step = _exact(phase.step_time)
    if moment.run.strategy.about.iteration_level:
        number = f"DECODE #{moment.iteration + 1}"
    else:
        number = f"DECODE {phase.step + 1}/{phase.steps}"
    return [f"{number} · {step} · billed {phase.billed}", f"{number} · {step}", number]


def _step_texts(moment: Moment) -> list[str]:
    """An engine's iteration: who decodes, whose prompts are processed, who goes without."""
    number = f"STEP {moment.iterations + 1:,}"
    step = f"{number} · {short(moment.phase.step_time)}"
    decoding, tokens = len(moment.decoding), sum(moment.chunks.values())
    left_out, stalled = len(moment.skipped), _stalled(moment)
    full, brief = ([f"{decoding:,} decode"] if decoding else [] for _ in range(2))
    prompts = [_prompt(moment, stay, part) for stay, part in moment.chunks.items()]
    if len(prompts) > 2:
        full.append(f"{tokens:,} of {len(prompts):,} prompts")
        brief.append(f"{tokens:,} of {len(prompts):,}")
    elif prompts:
        full += prompts
        brief.append(f"{tokens:,} of prompts" if len(prompts) == 2 else prompts[0])
    work = " + ".join(full)
    rest = [f"{stalled:,} stall"] * (stalled > 0) + [f"{left_out:,} skipped"] * (left_out > 0)
    briefly = f"{number} · {' + '.join(brief)}"
    whose = briefly.replace("'s prompt", "")
    counts = f"{decoding:,}+{tokens:,} tokens" if tokens else f"{decoding:,} decode"
    return [
        f"{step} · {', '.join([work, *rest])}",
        f"{step} · {work}",
        *([f"{briefly}, {', '.join(rest)}"] if rest else []),
        briefly,
        whose,
        f"{number} · {counts}",
        number,
    ]


def _prompt(moment: Moment, stay: int, tokens: int) -> str:
    """A part of a prompt in words; of one who was evicted it is processed again."""
    name = request_name(moment, int(moment.run.stays.request[stay]))
    whose = f"{name} again" if _is_back(moment, stay) else f"{name}'s prompt"
    return f"{tokens:,} of {whose}"


def _is_back(moment: Moment, stay: int) -> bool:
    """Whether the request was in a slot before."""
    row = int(moment.run.stays.request[stay])
    return stay != int(moment.run.by_request.members(row)[0])


def _stalled(moment: Moment) -> int:
    """How many are in a slot, but neither make a token nor have a part of a prompt processed."""
    there = int((moment.stays >= 0).sum())
    return there - len(moment.decoding) - len(moment.chunks)


def _exact(time: Picoseconds) -> str:
    """A duration that does not change while it plays, to the last digit if that is short."""
    text = duration_text(time)
    return text if len(text) <= 6 else short(time)


def _forming_texts(moment: Moment) -> list[str]:
    joined, capacity = len(moment.joined), moment.run.capacity
    count, remaining = f"FORMING {joined}/{capacity}", fires_in(moment)
    if remaining is None:
        return [f"{count} · waits for {capacity - joined} more", count]
    return [
        f"{count} · fires in {format_duration(remaining)}",
        f"{count} · {short(remaining)}",
        count,
    ]


def _prefilled(moment: Moment) -> str:
    """Whose prompt is read: one request, or the batch."""
    rows = moment.prefilled
    if moment.run.strategy.about.iteration_level:
        return request_name(moment, int(rows[-1]))
    first, last = int(moment.running.min()), int(moment.running.max())
    names = [request_name(moment, row) for row in (first, last)]
    return names[0] if first == last else "–".join(names)


def slot_views(moment: Moment, most: int) -> list[SlotView]:
    """The first `most` slots; while a batch forms, its members stand in their coming slots."""
    views = [SlotView(slot) for slot in range(min(moment.run.capacity, most))]
    for slot, row in enumerate(moment.joined[:most]):
        since = moment.time - int(moment.run.requests.arrival_time[row])
        text = (f"joined, waits {age_text(since)}", f"joined {age_text(since)}", "joined")
        views[slot] = SlotView(slot, row, request_name(moment, row), State.FORMING, text=text)
    for view in _occupied_slots(moment, most):
        views[view.slot] = view
    return views


def taken_slots(moment: Moment) -> IntArray:
    """The slots that somebody has, in order; who is left out keeps the slot."""
    here = np.flatnonzero(moment.stays >= 0)
    return np.sort(np.concatenate((here, moment.run.stays.slot[moment.skipped])))


def taken_views(moment: Moment, slots: IntArray) -> list[SlotView]:
    """These slots of an engine, which somebody has."""
    skipped = moment.skipped
    by_slot = dict(zip(moment.run.stays.slot[skipped].tolist(), skipped.tolist(), strict=True))
    here = [
        by_slot[slot] if slot in by_slot else int(moment.stays[slot]) for slot in slots.tolist()
    ]
    return list(_views_of(moment, slots, np.array(here, np.int64)))


def _occupied_slots(moment: Moment, most: int) -> Iterator[SlotView]:
    """The slots that hold a request; with request-level scheduling they are one batch."""
    if not moment.run.strategy.textbook:
        slots = taken_slots(moment)
        yield from taken_views(moment, slots[slots < most])
        return
    slots = np.flatnonzero(moment.occupants[:most] >= 0)
    yield from _views_of(moment, slots, moment.stays[slots])


def _views_of(moment: Moment, slots: IntArray, stays: IntArray) -> Iterator[SlotView]:
    run = moment.run
    rows = run.stays.request[stays]
    asked = run.requests.output_tokens[rows]
    full = asked
    if not run.strategy.about.iteration_level:
        full = np.full_like(asked, batch_tokens(moment))
    columns = (slots, rows, moment.tokens_made(rows), asked, full, stays)
    facts = zip(*(column.tolist() for column in columns), strict=True)
    for told, state in zip(facts, moment.states(rows), strict=True):
        yield _occupied_slot(moment, _SlotFacts._make((*told, state)))


class _SlotFacts(NamedTuple):
    """One slot in numbers; `full` is how many tokens fill its bar."""

    slot: int
    row: int
    made: int
    asked: int
    full: int
    stay: int
    state: State


def _occupied_slot(moment: Moment, facts: _SlotFacts) -> SlotView:
    """What is seen of a slot: tokens, or the prefill, or how long it has been held."""
    run, state = moment.run, facts.state
    if not run.strategy.textbook:
        return _engine_slot(moment, facts)
    fraction = facts.made / facts.full
    text: tuple[str, ...] = (f"{facts.made}/{facts.asked}",)
    if state is State.HELD:
        held = moment.time - int(run.finish[facts.row])
        fraction = _decode_progress(moment, facts.full)
        text = (f"held {age_text(held)}", age_text(held))
    elif state is State.PREFILL:
        start = int(run.stays.start[facts.stay])
        prefill = int(run.stays.ready[facts.stay]) - start
        fraction = (moment.time - start) / prefill
        text = (f"prefill {short(prefill)}", "prefill")
    return SlotView(
        slot=facts.slot,
        row=facts.row,
        name=request_name(moment, facts.row),
        state=state,
        fraction=fraction,
        extent=facts.asked / facts.full,
        text=text,
    )


def _engine_slot(moment: Moment, facts: _SlotFacts) -> SlotView:
    """A slot of an engine: the tokens of the prompt while that is processed, then of the answer."""
    run, state = moment.run, facts.state
    known, computed = int(run.stays.known[facts.stay]), facts.made
    chunk, whole, word = None, facts.asked, ""
    if int(run.stays.ready[facts.stay]) > moment.time:
        computed, whole = int(moment.computed(np.array([facts.stay]))[0]), known
        chunk = moment.chunks.get(facts.stay, 0) / known
        word = "again " if _is_back(moment, facts.stay) else "prompt "
    elif state is State.STALLED:
        word = "skipped " if facts.stay in moment.skipped else "stalls "
    numbers = f"{computed:,}/{whole:,}"
    return SlotView(
        slot=facts.slot,
        row=facts.row,
        name=request_name(moment, facts.row),
        state=state,
        fraction=computed / whole,
        text=(word + numbers, numbers, f"{computed / whole:.0%}"),
        chunk=chunk,
    )


def _decode_progress(moment: Moment, full: int) -> float:
    """How far the batch is, of the `full` tokens of its longest answer."""
    phase = moment.phase
    computed = phase.step + moment.run.cost.made_by_prefill
    return computed / full if phase.kind is SpanKind.DECODE else 1.0
