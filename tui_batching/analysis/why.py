"""Why a request waits, in one sentence, from the facts of a Run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from tui_batching.clock import Picoseconds, format_duration
from tui_batching.columns import IntArray
from tui_batching.numbers import counted
from tui_batching.sim.life import State
from tui_batching.sim.moment import Moment
from tui_batching.sim.spans import SpanKind
from tui_batching.sim.stays import Ended, KvBlocks
from tui_batching.strategies.strategy import Admission

_ONE_ROW = 74
"""Cells of a sentence that fits a row of a small screen."""


def request_name(moment: Moment, row: int) -> str:
    """The name of a request on screen, the same in every lane: `R7`."""
    return f"R{moment.run.requests.id[row]}"


def fires_in(moment: Moment) -> Picoseconds | None:
    """How long until the timeout closes the forming batch; None where no timeout runs."""
    run, phase = moment.run, moment.phase
    if phase.kind is not SpanKind.FORMING:
        return None
    oldest = int(run.requests.arrival_time[moment.waiting[0]])
    closes = run.strategy.closes_at(phase.start, oldest)
    return None if closes is None else closes - moment.time


def batch_tokens(moment: Moment) -> int:
    """How many tokens the answer has that the batch in the slots runs to."""
    run = moment.run
    tokens = run.requests.output_tokens
    return int((tokens if run.strategy.is_padded else tokens[moment.running]).max(initial=0))


def batch_tokens_left(moment: Moment) -> int:
    """How many of them are still to be made; a padded batch goes on after its own longest answer.

    Each decode step makes one, that under way as well.
    """
    phase = moment.phase
    return phase.steps - phase.step if phase.kind is SpanKind.DECODE else batch_tokens(moment)


def why(moment: Moment) -> str:
    """Why the oldest waiting request waits; where nobody waits, what the slots are doing."""
    if moment.over:
        return "all requests are answered"
    if not moment.run.tells_start:
        return "the log does not tell who waits"
    if not moment.waiting:
        return _why_nobody_waits(moment)
    if moment.run.strategy.is_engine and moment.run.tells_iterations:
        return _why_with_engine(moment)
    oldest = moment.waiting[0]
    age = moment.time - int(moment.run.requests.arrival_time[oldest])
    waits = f"{request_name(moment, oldest)} has waited {format_duration(age)}"
    if not moment.run.tells_iterations:
        return f"{waits}; the log does not tell what for"
    if moment.phase.kind is SpanKind.FORMING:
        return f"{waits} for {_what_closes_the_batch(moment)}"
    if moment.run.strategy.about.iteration_level:
        return f"{waits} because {_why_not_admitted(moment)}"
    return f"{waits} because {_why_the_batch_lasts(moment)}"


def why_briefly(moment: Moment) -> str:
    """The same in fewer words, for one row."""
    told = why(moment)
    if moment.over or not moment.waiting:
        return told
    oldest, phase = moment.waiting[0], moment.phase
    age = moment.time - int(moment.run.requests.arrival_time[oldest])
    waits = f"{request_name(moment, oldest)} waits {format_duration(age)}"
    if not moment.run.tells_iterations:
        return f"{waits}; the log does not tell what for"
    if moment.run.strategy.is_engine:
        reason = _shorter(told.partition(" because ")[2].partition(";")[0])
        if moment.run.start_time[oldest] <= moment.time:  # it was served since it came
            ago = format_duration(evicted_facts(moment, oldest).ago)
            return f"{request_name(moment, oldest)} evicted {ago} ago: {reason}"
        return f"{waits}: {reason}"
    if phase.kind is SpanKind.FORMING or moment.run.strategy.about.iteration_level:
        brief = _shorter(told.replace(" has waited ", " waits ").replace(" because", ":"))
        return brief if len(brief) <= _ONE_ROW else brief.partition(";")[0]
    rows, held = moment.running, moment.held
    left = counted(batch_tokens_left(moment), "token")
    end = "ends" if len(rows) == 1 else "end together,"
    ends = f"{waits}: {_row_names(moment, rows)} {end} in {left}"
    if not len(held):
        return ends
    names = [request_name(moment, int(row)) for row in held[:3]]
    return f"{ends}; {', '.join(names) if len(held) <= 3 else len(held)} held"


_SHORTER = (
    (r" \([^)]* (?:free|left)(?: now)?\)$", ""),
    (r"waited when this step was planned, (\S+) stop those who run", r"waited, \1 are needed"),
    (r"and fewer were to be had when this step was planned", "fewer were free when planned"),
    (
        r"others have just joined, and one step goes by .*",
        "others have just joined, one step goes by",
    ),
    (r"and they do not all fit", "they do not all fit"),
    (r"and their (\S+) tokens do not fit into the (\S+) of a step", r"\1 tokens, a step has \2"),
    (r"the (\S+) tokens of this step", r"the step's \1"),
    (r"planned a step ahead, before", "planned before"),
    (r"a slot has just become free, but this step was .*", "this step was planned before one left"),
    (r"counts as full, and nobody joins before one leaves", "counts as full until one leaves"),
    (r"tokens do not fit into the (\S+) left of .*", r"tokens do not fit into \1"),
    (r"by the engine's estimate", "by its estimate"),
    (r"had to go, and in such a step nobody joins", "had to go, so nobody joins"),
    (r"a batch of (\S+) prompts", r"\1 prompts"),
)
"""What reasons are cut down to, as regular expressions."""


_SHORTEST = (
    (r"end together, in (\S+ tokens?)", r"end in \1"),
    (r"([\d,]+) of [\d,]+ (is|are) free", r"\1 \2 free"),
    (r" beside \S+ in use that it shares", ""),
    (r"it needs (\S+) (\w+) and (\S+) to spare", r"it needs \1 + \3 \2"),
    (r"it needs (.*), (\S+) (?:is|are) free", r"needs \1, \2 free"),
    (r"it needs \S+ (?:\+ \S+ )?(\w+?)s?, fewer were free when planned", r"too few \1s were free"),
    (r"counts as full until one leaves", "counts as full"),
    (r": [^:]* fills? the step's (\S+)$", r": the step's \1 tokens are taken"),
    (r"this step was planned before", "planned before"),
    (r"have to join together, (\S+) tokens, a step has", "together exceed the step's"),
    (r"have to join together", "must join"),
    (r" to fill the batch, or the timeout", ", or timeout"),
    (r", but (.*) (?:is|are) done and holds? slots? .*", r"; \1 held"),
    (r"(\S+) waited, (\S+) are needed", r"\1 of \2"),
    (r", one step goes by", ""),
    (r"by its estimate too few", "too few"),
    (r"requests are admitted between iterations", "an iteration has to end first"),
    (r"comes first and lacks memory", "lacks memory"),
    (r"its (\S+ tokens do not fit)", r"\1"),
)
"""What they are cut down to where even those are too long."""


def _shorter(reason: str) -> str:
    for pattern, put in _SHORTER:
        reason = re.sub(pattern, put, reason)
    return reason


def why_wordings(moment: Moment) -> Iterator[str]:
    """The sentence in fewer and fewer words; at last clause by clause less."""
    yield why(moment)
    text = why_briefly(moment)
    yield text
    for pattern, put in _SHORTEST:
        text = re.sub(pattern, put, text)
        yield text
    while "; " in text:
        text = text.rpartition("; ")[0]
        yield text


def _why_nobody_waits(moment: Moment) -> str:
    if not len(moment.running):
        return "nobody waits, the server is idle"
    return f"nobody waits, but {_held_slots(moment)}" if len(moment.held) else "nobody waits"


def _what_closes_the_batch(moment: Moment) -> str:
    missing = moment.run.slots - len(moment.joined)
    remaining = fires_in(moment)
    more = f"{missing} more to fill the batch"
    return more if remaining is None else f"{more}, or the timeout in {format_duration(remaining)}"


def _why_the_batch_lasts(moment: Moment) -> str:
    """The batch is busy until its longest member is done, and may hold finished ones."""
    run, rows = moment.run, moment.running
    longest = int(rows[np.argmax(run.requests.output_tokens[rows])])
    tokens, runs = batch_tokens(moment), f"batch {_row_names(moment, rows)} runs to "
    if tokens == run.requests.output_tokens[longest]:
        left = counted(batch_tokens_left(moment), "token")
        runs += f"its longest, {request_name(moment, longest)} ({left} left)"
    else:
        runs += f"the longest answer of all requests ({counted(tokens, 'token')})"
    return f"{runs}; {_held_slots(moment)}" if len(moment.held) else runs


def _why_not_admitted(moment: Moment) -> str:
    run, rows, stays = moment.run, moment.running, moment.stays[moment.stays >= 0]
    kv = run.kv if run.missing[moment.span] == State.MEMORY else None
    if len(rows) == run.slots or (kv and len(rows)):
        left = run.requests.output_tokens[rows] - moment.tokens_made_in(stays)
        first = int(np.argmin(left))
        leaver = request_name(moment, int(rows[first]))
        taken = (
            _why_no_memory(moment, kv, moment.waiting[0])
            if kv
            else "the one slot is taken"
            if len(rows) == 1
            else f"all {len(rows)} slots are taken"
        )
        return f"{taken}; {leaver} leaves next, in {counted(int(left[first]), 'token')}"
    remaining = format_duration((moment.next_boundary or moment.time) - moment.time)
    if moment.phase.kind is SpanKind.PREFILL:
        prefilled = request_name(moment, int(moment.prefilled[-1]))
        return f"{prefilled} is being prefilled ({remaining} left)"
    return f"requests are admitted between iterations ({remaining} left)"


def _why_with_engine(moment: Moment) -> str:
    """Why the first in an engine's queue waits; it may be one who was evicted."""
    run, first = moment.run, moment.waiting[0]
    name, reason = request_name(moment, first), _what_an_engine_lacks(moment, first)
    if run.start_time[first] > moment.time:
        age = moment.time - int(run.requests.arrival_time[first])
        return f"{name} has waited {format_duration(age)} because {reason}"
    facts = evicted_facts(moment, first)
    asked = int(run.requests.output_tokens[first])
    when = f"evicted {format_duration(facts.ago)} ago at token {facts.made:,} of {asked:,}"
    kept = f"{facts.found:,} still cached and " if facts.found else ""
    return f"{name} ({when}, {kept}{facts.lost:,} to redo) waits because {reason}"


class EvictedFacts(NamedTuple):
    """Of a request that waits because it was evicted.

    Attributes:
        ago: how long ago that was, in picoseconds.
        made: tokens of its answer that it has made.
        lost: tokens that are to be computed again.
        found: those that it will find in the prefix cache instead.
    """

    ago: Picoseconds
    made: int
    lost: int
    found: int


def evicted_facts(moment: Moment, row: int) -> EvictedFacts:
    """What an eviction has cost a request that waits because of it."""
    run = moment.run
    stay = run.stay_at(row, moment.time)
    ago = moment.time - int(run.stays.end_time[stay])
    made = int(moment.tokens_made(np.array([row]))[0])
    computed = int(moment.computed(np.array([stay]))[0])
    stays = run.by_request.members(row)
    coming = stays[run.stays.start_time[stays] > moment.time]
    found = min(computed, int(run.stays.cached[coming[0]])) if len(coming) else 0
    return EvictedFacts(ago, made, computed - found, found)


def _what_an_engine_lacks(moment: Moment, first: int) -> str:
    run, phase = moment.run, moment.phase
    if phase.kind is SpanKind.IDLE:
        return "the server is idle until its next plan"
    missing = int(run.missing[moment.span])
    if missing == State.SLOTS:
        taken = len(moment.running) + len(moment.skipped)
        slots = "the one slot is taken" if taken == 1 else f"all {taken:,} slots are taken"
        return f"{slots}; {_who_leaves_next(moment)}"
    left = f"{format_duration(phase.step_start + phase.step_time - moment.time)} left"
    arrival = int(run.requests.arrival_time[first])
    if arrival > phase.step_start:
        return f"it arrived during this step ({left})"
    if run.kv and missing == State.MEMORY:
        return f"{_why_no_memory(moment, run.kv, first)}; {_who_leaves_next(moment)}"
    return _why_not_its_turn(moment, first, left)


def _admission(moment: Moment, first: int) -> tuple[int, Admission]:
    """The tokens that are to be computed of the first in the queue, and what it needs."""
    run, kv = moment.run, moment.run.kv
    stays = run.by_request.members(first)
    stay = int(stays[run.stays.start_time[stays] > moment.time][0])
    found, known = moment.found(stay)
    asked = int(run.requests.input_tokens[first] + run.requests.max_tokens[first])
    running = len(moment.running) + len(moment.skipped)
    admission = run.strategy.admission(known, asked, running, kv.blocks if kv else 0)
    return known - found, admission


def memory_lacked(moment: Moment) -> int:
    """The tokens of the KV cache that the first in the queue needs and does not find free.

    Zero where it does not wait for memory, or where an engine goes by an estimate. Blocks that it
    shares with others it does not need, nor those that an engine wants to spare.
    """
    run, kv = moment.run, moment.run.kv
    if kv is None or not moment.waiting or int(run.missing[moment.span]) != State.MEMORY:
        return 0
    first = moment.waiting[0]
    if int(run.requests.arrival_time[first]) > moment.phase.step_start:
        return 0
    admission = _admission(moment, first)[1]
    if admission.tokens is None:
        return 0
    spare = admission.spare_blocks
    need, _ = _blocks_needed(moment, kv, admission.tokens, spare)
    return need * kv.block_size if need + spare > kv.blocks - moment.blocks else 0


def _blocks_needed(moment: Moment, kv: KvBlocks, tokens: int, spare: int) -> tuple[int, int]:
    """The blocks that it needs beside those to be spared, and those that it shares instead."""
    need, shared = -(-tokens // kv.block_size), 0
    if kv.needed is not None:
        shared = max(0, need + spare - int(kv.needed[moment.span]))
    return need - shared, shared


def _why_no_memory(moment: Moment, kv: KvBlocks, first: int) -> str:
    """What it needs of the KV cache and how much is free, as far as the engine goes by that."""
    admission = _admission(moment, first)[1]
    unit = "token" if kv.block_size == 1 else "block"
    free = kv.blocks - moment.blocks
    are_free = f"{free:,} of {kv.blocks:,} {'is' if free == 1 else 'are'} free"
    if admission.tokens is None:
        if admission.estimates:
            return f"by the engine's estimate too few {unit}s will be left ({are_free} now)"
        return f"too few {unit}s are free for it ({are_free})"
    spare = admission.spare_blocks
    need, shared = _blocks_needed(moment, kv, admission.tokens, spare)
    needs = f"it needs {counted(need, unit)}"
    if shared:
        needs += f" beside {shared:,} in use that it shares"
    if spare:
        needs += f" and {spare:,} to spare"
    if need + spare > free:
        return f"{needs}, {are_free}"
    if admission.quorum > 1:
        return f"{admission.quorum:,} have to join together, and they do not all fit ({are_free})"
    return f"{needs}, and fewer were to be had when this step was planned"


def _who_leaves_next(moment: Moment) -> str:
    """Whose slot and memory are free next, and when; or that the first one does not wait for that.

    What became free a moment ago counts when the next iteration is planned.
    """
    run, stays = moment.run, moment.run.stays
    ends = stays.end_time[run.leaves]
    stay = int(run.leaves[np.searchsorted(ends, moment.time, side="right")])
    name, end = request_name(moment, int(stays.request[stay])), stays.end_time[[stay]]
    verb = "is evicted" if stays.ended[stay] == Ended.EVICTED else "ends"
    coming = stays.start_time[run.by_request.members(moment.waiting[0])]
    joins = coming[coming > moment.time][:1]
    if joins < end:
        name, verb, end = "it", "joins", joins
    steps = int(run.spans.iterations_at(end)[0]) - moment.iterations
    return f"{name} {verb} {'after this step' if steps <= 1 else f'in {steps:,} steps'}"


def _why_not_its_turn(moment: Moment, first: int, left: str) -> str:
    """It has a slot and memory, but could not join the iteration that is under way."""
    known, admission = _admission(moment, first)
    told = (
        _what_was_before(moment, first, admission)
        or _which_rule(moment, admission)
        or _why_no_room(moment, known, admission)
        or _who_lacks_memory(moment)
    )
    if told:
        return told
    if moment.phase.kind is SpanKind.PREFILL:
        return f"its turn has not come: this step is for {_whose_prompts(moment)} ({left})"
    return f"it could not join when this step was planned ({left})"


def _what_was_before(moment: Moment, first: int, admission: Admission) -> str:
    """What came between when the iteration was planned; empty if that is not why."""
    run, phase = moment.run, moment.phase
    stays = run.stays
    ended_now = stays.end_time == phase.step_start
    evicted = stays.request[ended_now & (stays.ended == Ended.EVICTED)].tolist()
    if first in evicted:
        return "memory ran out for this step"
    if evicted and not admission.evicting:
        return f"{_names(moment, evicted)} had to go, and in such a step nobody joins"
    if admission.planned_ahead:
        if int(run.requests.arrival_time[first]) > moment.previous_start:
            return "this step was planned a step ahead, before it arrived"
        if len(moment.running) + int(ended_now.sum()) >= run.slots:
            return "a slot has just become free, but this step was planned before"
    return ""


def _which_rule(moment: Moment, admission: Admission) -> str:
    """The rule by which nobody may join for a while; empty if that is not why."""
    run, phase = moment.run, moment.phase
    here = run.stays.start_time[moment.stays[moment.stays >= 0]]
    if not admission.joins_running and (here < phase.step_start).any():
        return f"nobody joins those who run; {_who_leaves_next(moment)}"
    if admission.pauses and _some_joined_others(moment, moment.previous_start):
        return "others have just joined, and one step goes by before more are let in"
    if phase.kind is not SpanKind.DECODE:
        return ""
    if told := _why_they_gather(moment, admission):
        return told
    if not admission.tries_again:
        full = "the batch counts as full, and nobody joins before one leaves"
        return f"{full}; {_who_leaves_next(moment)}"
    return ""


def _some_joined_others(moment: Moment, instant: Picoseconds) -> bool:
    """Whether somebody joined at an instant those who ran."""
    stays = moment.run.stays
    ran = (stays.start_time < instant) & (stays.end_time > instant)
    return bool(ran.any() and (stays.start_time == instant).any())


def _why_they_gather(moment: Moment, admission: Admission) -> str:
    """Whether too few wait, or too few fit; empty if that is not why."""
    quorum, requests = admission.quorum, moment.run.requests
    if quorum == 1:
        return ""
    arrived = requests.arrival_time[moment.waiting] <= moment.phase.step_start
    waiting = np.asarray(moment.waiting)[arrived]
    if len(waiting) < quorum:
        waited = f"{len(waiting):,} waited when this step was planned"
        return f"newcomers gather: {waited}, {quorum:,} stop those who run"
    slots = moment.run.slots - len(moment.running)
    if slots < quorum:
        are_free = f"{slots:,} slot{'s are' if slots != 1 else ' is'} free"
        return f"{quorum:,} have to join together, and {are_free}"
    prompts = int(requests.input_tokens[waiting[:quorum]].sum())
    if admission.budget is not None and prompts > admission.budget:
        return (
            f"{quorum:,} have to join together, and their {prompts:,} tokens do not fit into "
            f"the {admission.budget:,} of a step"
        )
    return ""


def _who_lacks_memory(moment: Moment) -> str:
    """Whose prompt is under way, but stopped; empty if there is none."""
    run, here = moment.run, moment.stays[moment.stays >= 0]
    under_way: list[int] = here[run.stays.ready_time[here] > moment.time].tolist()
    if not under_way or moment.chunks or run.kv is None:
        return ""
    name = request_name(moment, int(run.stays.request[under_way[0]]))
    return f"{name}'s prompt comes first and lacks memory; {_who_leaves_next(moment)}"


def _why_no_room(moment: Moment, known: int, admission: Admission) -> str:
    """Whether the budget of the iteration is spent; empty if that is not why."""
    if admission.budget is None:
        return ""
    decoding, prompts = len(moment.decoding), len(moment.chunks)
    rest = admission.budget - decoding - sum(moment.chunks.values())
    if rest <= 0:
        decodes = counted(decoding, "decode") if decoding else ""
        they = " and ".join(filter(None, (decodes, _whose_prompts(moment) if prompts else "")))
        fill = "fill" if decoding > 1 or (decoding and prompts) else "fills"
        return f"{they} {fill} the {admission.budget:,} tokens of this step"
    if admission.whole and known > rest:
        whole = f"its {known:,} tokens do not fit into the {rest:,} left"
        return f"{whole} of this step's {admission.budget:,}"
    return ""


def _whose_prompts(moment: Moment) -> str:
    rows = moment.prefilled.tolist()
    return (
        f"{request_name(moment, rows[0])}'s prompt"
        if len(rows) == 1
        else f"a batch of {len(rows):,} prompts"
    )


def _names(moment: Moment, rows: list[int]) -> str:
    if len(rows) > 2:
        return f"{len(rows):,} requests"
    return " and ".join(request_name(moment, row) for row in rows)


def _held_slots(moment: Moment) -> str:
    """Who is done and still occupies a slot."""
    held = moment.held
    names = [request_name(moment, int(row)) for row in held[:3]]
    if len(held) > 3:
        return f"{len(held)} done requests hold their slots"
    slots = ", ".join(str(slot) for slot in np.flatnonzero(np.isin(moment.occupants, held)))
    verb = "is done and holds slot" if len(held) == 1 else "are done and hold slots"
    return f"{', '.join(names)} {verb} {slots}"


def _row_names(moment: Moment, rows: IntArray) -> str:
    first, last = int(rows.min()), int(rows.max())
    if first == last:
        return request_name(moment, first)
    return f"{request_name(moment, first)}–{request_name(moment, last)}"
