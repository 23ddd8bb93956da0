"""What a lane says in words: what its server does, and what happened last, in several lengths."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from tui_batching.analysis.happenings import Happening
from tui_batching.analysis.why import fires_in, request_name
from tui_batching.clock import format_duration
from tui_batching.numbers import counted
from tui_batching.sim.life import State
from tui_batching.sim.moment import Moment
from tui_batching.sim.spans import SpanKind

PHASE_STATES = {
    SpanKind.FORMING: State.FORMING,
    SpanKind.PREFILL: State.PREFILL,
    SpanKind.DECODE: State.DECODE,
    SpanKind.MIXED: State.DECODE,
    SpanKind.UNTOLD: State.DECODE,
}
"""What the server does, by what its requests do meanwhile; nothing while it is idle."""

_STEPS = (SpanKind.PREFILL, SpanKind.DECODE, SpanKind.MIXED)
"""The kinds of spans that are an engine's iterations."""


def phase_texts(moment: Moment) -> list[str]:
    """What the server does, the fullest wording first."""
    phase = moment.phase
    if moment.over:
        return [f"ALL ANSWERED at {format_duration(moment.run.finished)}", "ALL ANSWERED", "END"]
    if phase.kind in _STEPS and moment.run.strategy.is_engine:
        return _step_texts(moment)
    match phase.kind:
        case SpanKind.UNTOLD:
            running, waiting = f"{len(moment.running):,} run", f"{len(moment.waiting):,} wait"
            if not moment.run.tells_start:
                return [f"SERVES {running}", "SERVES"]
            return [f"SERVES {running} · {waiting}", f"SERVES {running}", "SERVES"]
        case SpanKind.IDLE:
            return ["IDLE · nobody is there", "IDLE"]
        case SpanKind.FORMING:
            return _forming_texts(moment)
        case SpanKind.PREFILL:
            text = f"PREFILL {_prefilled(moment)} · {format_duration(phase.step_time)}"
            left = format_duration(phase.end - moment.time)
            return [f"{text} · {left} left", text, f"PREFILL {_prefilled(moment)}", "PREFILL"]
    step, makes, there = format_duration(phase.step_time), len(moment.decoding), len(moment.running)
    told = f"{makes} of {there}"
    whole = number = f"DECODE step {moment.iteration + 1:,}"
    if not moment.run.strategy.about.iteration_level:
        place = f"{phase.step + 1}/{phase.steps}"
        whole, number = f"DECODE step {place}", f"DECODE {place}"
    return [
        f"{whole} · {step} · {told} make tokens",
        f"{whole} · {step} · {told} at work",
        f"{number} · {step} · {told} make tokens",
        f"{number} · {step} · {told} at work",
        f"{number} · {told} at work",
        f"{number} · {step}",
        number,
        "DECODE",
    ]


def _step_texts(moment: Moment) -> list[str]:
    """An engine's iteration: who decodes, whose prompts are processed, who goes without."""
    number = f"STEP {moment.iterations + 1:,}"
    step = f"{number} · {format_duration(moment.phase.step_time)}"
    decoding, tokens = len(moment.decoding), sum(moment.chunks.values())
    left_out, stalled = len(moment.skipped), stalled_now(moment)
    full, brief = ([f"{decoding:,} decode"] if decoding else [] for _ in range(2))
    prompts = [_prompt(moment, stay, part) for stay, part in moment.chunks.items()]
    if len(prompts) > 2:
        full.append(f"{tokens:,} of {len(prompts):,} prompts")
        brief.append(f"{tokens:,} of {len(prompts):,} prompts")
    elif prompts:
        full += prompts
        brief.append(f"{tokens:,} of prompts" if len(prompts) == 2 else prompts[0])
    work = " + ".join(full)
    rest = [f"{stalled:,} stall"] * (stalled > 0) + [f"{left_out:,} skipped"] * (left_out > 0)
    briefly = f"{number} · {' + '.join(brief)}"
    whose = briefly.replace("'s prompt", "")
    timed = f"{step} · {' + '.join(brief)}".replace("'s prompt", "")
    shortly = timed.replace(" decode", " dec")
    counts = f"{decoding:,}+{tokens:,} tokens" if tokens else f"{decoding:,} decode"
    if not decoding:
        counts = counted(tokens, "token")
    return [
        f"{step} · {', '.join([work, *rest])}",
        f"{step} · {work}",
        ", ".join([timed, *rest]),
        timed,
        *([shortly] if not rest else []),
        *([f"{briefly}, {', '.join(rest)}"] if rest else []),
        briefly,
        whose,
        *([f"STEP · {decoding:,} decode, {tokens:,} prefill"] if decoding and tokens else []),
        f"{number} · {counts}",
        number,
    ]


def _prompt(moment: Moment, stay: int, tokens: int) -> str:
    """A part of a prompt in words; of one who was evicted it is processed again."""
    name = request_name(moment, int(moment.run.stays.request[stay]))
    whose = f"{name} again" if is_back(moment, stay) else f"{name}'s prompt"
    return f"{tokens:,} of {whose}"


def is_back(moment: Moment, stay: int) -> bool:
    """Whether the request was in a slot before."""
    row = int(moment.run.stays.request[stay])
    return stay != int(moment.run.by_request.members(row)[0])


def stalled_now(moment: Moment) -> int:
    """How many are in a slot, but neither make a token nor have a part of a prompt processed."""
    there = int((moment.stays >= 0).sum())
    return there - len(moment.decoding) - len(moment.chunks)


def _forming_texts(moment: Moment) -> list[str]:
    joined, capacity = len(moment.joined), moment.run.slots
    count, remaining = f"FORMING {joined}/{capacity}", fires_in(moment)
    if remaining is None:
        return [f"{count} · waits for {capacity - joined} more", count]
    return [
        f"{count} · fires in {format_duration(remaining)}",
        f"{count} · in {format_duration(remaining)}",
        count,
    ]


def _prefilled(moment: Moment) -> str:
    """Whose prompt is read: one request, or the batch."""
    rows = moment.prefilled
    if moment.run.strategy.about.iteration_level:
        return request_name(moment, int(rows[-1]))
    first, last = int(moment.running.min()), int(moment.running.max())
    ends = [request_name(moment, row) for row in (first, last)]
    return ends[0] if first == last else "–".join(ends)


def happening_texts(moment: Moment, happening: Happening) -> list[str]:
    """What happened last, the fullest wording first; what matters most where much happened."""
    named = [
        names(moment, rows)
        for rows in (happening.evicted, happening.answered, happening.finished, happening.arrived)
    ]
    evicted, answered, finished, arrived = named
    came, *shorter = _admitted(moment, happening)
    briefly = shorter[-1]
    if evicted:
        full = f"memory full: {evicted} evicted, back to the queue"
        return [full, *_briefly(evicted, happening.evicted, "evicted")]
    if answered and came:
        out = _briefly(answered, happening.answered, "out")
        return [f"{answered} answered, {came}", f"{answered} out, {briefly}", *out]
    if answered:
        how, out = _how_answered(moment, happening), _briefly(answered, happening.answered, "out")
        return [f"{answered} {how}", f"{answered} answered", *out]
    if finished:
        held = _briefly(finished, happening.finished, "held")
        return [f"{finished} finished, but held", f"{finished} done, held", *held]
    if came:
        return [came, *shorter, f"{len(happening.admitted):,} in"]
    arrives = "arrive" if len(happening.arrived) > 1 else "arrives"
    return [f"{arrived} {arrives}", *_briefly(arrived, happening.arrived, "here")]


def _how_answered(moment: Moment, happening: Happening) -> str:
    """A padded batch is released as one; others merely end in the same step, if there are steps."""
    if len(happening.answered) == 1 or not moment.run.tells_iterations:
        return "answered"
    if moment.run.strategy.about.iteration_level:
        return "answered in the same step"
    return "released together"


def _briefly(who: str, rows: Sequence[int], what: str) -> list[str]:
    """By name, or where there is no room, how many."""
    return [f"{who} {what}", f"{len(rows):,} {what}"]


def names(moment: Moment, rows: Sequence[int]) -> str:
    """Requests by their names: `R4`, `R4, R7`, `R4–R7`, or how many they are."""
    if len(rows) > 2 and all(after == row + 1 for row, after in pairwise(rows)):
        return f"{request_name(moment, rows[0])}–{request_name(moment, rows[-1])}"
    if len(rows) > 3:
        return f"{len(rows):,} requests"
    return ", ".join(request_name(moment, row) for row in rows)


def _admitted(moment: Moment, happening: Happening) -> list[str]:
    """Who took which slot and found how much, in fewer and fewer words; empty if nobody did."""
    admitted = happening.admitted
    if not admitted:
        return ["", ""]
    rows = [row for row, _ in admitted]
    who = names(moment, rows)
    one = len(admitted) == 1
    if not moment.run.tells_start:
        return [f"{who} arrives" if one else f"{who} arrive", f"{who} here"]
    if not moment.run.tells_iterations:
        return [f"{who} starts" if one else f"{who} start", f"{who} in"]
    came = f"{who} takes slot {admitted[0][1]}" if one else f"{who} start"
    pairs = [moment.found(moment.run.stay_at(row, happening.instant)) for row in rows]
    found, known = (sum(column) for column in zip(*pairs, strict=True))
    if not found:
        told = moment.run.cache_matters and moment.run.requests.share
        return [*([f"{came}, nothing found in the cache"] if told else []), came, f"{who} in"]
    return [
        f"{came}, {found:,} of {known:,} tokens found in the cache",
        f"{who} in, {found:,} of {known:,} cached",
        f"{who} in, {found:,} cached",
        f"{who} in",
    ]
