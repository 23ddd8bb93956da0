"""Why one request is where it is at an instant, in one sentence, from the facts of a Run."""

from __future__ import annotations

import numpy as np

from tui_batching.analysis.why import request_name, why, why_briefly
from tui_batching.clock import format_duration
from tui_batching.sim.life import WAITS, State
from tui_batching.sim.moment import Moment
from tui_batching.sim.spans import SpanKind


def why_request(moment: Moment, row: int, *, briefly: bool = False) -> str:
    """What a request waits for or does at an instant, and what makes that longer than it need be.

    Args:
        moment: the instant.
        row: of the request.
        briefly: whether there is room for few words.
    """
    name = request_name(moment, row)
    state = moment.states(np.array([row]))[0]
    if state is State.COMING:
        return f"{name} has not arrived yet"
    if state is State.DONE:
        return f"{name} is answered"
    if state in (*WAITS, State.EVICTED):
        return _why_it_waits(moment, row, name, briefly=briefly)
    if state is State.HELD:
        return f"{name} is done, but held until its batch is; {_batch_left(moment)}"
    if state in (State.PREFILL, State.RECOMPUTE):
        return _why_no_token_yet(moment, row, name, again=state is State.RECOMPUTE)
    if state is State.STALLED:
        return _why_it_stalls(moment, row, name)
    return f"{name} makes a token in a step of {_step(moment)}{_company(moment, row)}"


def _why_it_waits(moment: Moment, row: int, name: str, *, briefly: bool) -> str:
    """The first in the queue tells of itself; whoever comes later, of the first as well."""
    queue = list(moment.waiting)
    first, before = queue[0], queue.index(row)
    told = why_briefly(moment) if briefly else why(moment)
    if first == row:
        return told
    age = format_duration(moment.time - int(moment.run.requests.arrival_time[row]))
    waits = f"{name} waits {age}" if briefly else f"{name} has waited {age}"
    if moment.phase.kind is SpanKind.FORMING:
        return f"{waits} for {told.partition(' for ')[2]}"
    if briefly:
        return f"{waits}, {before:,} before it; {told}"
    return f"{waits} and {'1 is' if before == 1 else f'{before:,} are'} before it: {told}"


def _why_no_token_yet(moment: Moment, row: int, name: str, *, again: bool) -> str:
    """How much of its prompt the iteration processes, and beside whom."""
    stay = moment.run.stay_at(row, moment.time)
    found = int(moment.run.stays.cached[stay])
    whole, part = int(moment.run.stays.known[stay]) - found, moment.chunks.get(stay, 0)
    what = "what it has lost" if again else "its prompt"
    cached = f" ({found:,} more were in the cache)" if found else ""
    much = f"all {whole:,}" if part == whole else f"{part:,} of {whole:,}"
    step = f"{much} tokens of {what}{cached} in a step of {_step(moment)}"
    return f"{name} has {step}{_company(moment, row)}"


def _why_it_stalls(moment: Moment, row: int, name: str) -> str:
    stay = moment.run.stay_at(row, moment.time)
    if stay in moment.skipped:
        return f"{name} is left out of this step of {_step(moment)}, for lack of memory"
    if not moment.chunks:
        return f"{name} goes without this step of {_step(moment)}"
    return f"{name} makes no token for {_step(moment)}: {_prompts(moment, row)} first"


def _company(moment: Moment, row: int) -> str:
    """Who else is computed in the iteration under way."""
    stay = moment.run.stay_at(row, moment.time)
    others = len(moment.decoding) - int(stay in moment.decoding)
    decodes = [f"{others:,} other{'s' * (others != 1)} who decode{'s' * (others == 1)}"]
    told = [
        *(decodes if others else []),
        *([_prompts(moment, row)] if _others(moment, row) else []),
    ]
    return f", beside {' and '.join(told)}" if told else ""


def _others(moment: Moment, row: int) -> dict[int, int]:
    """The chunks of the others by request."""
    owners = moment.run.stays.request
    chunks = {int(owners[stay]): tokens for stay, tokens in moment.chunks.items()}
    chunks.pop(row, None)
    return chunks


def _prompts(moment: Moment, row: int) -> str:
    """Whose prompts are processed."""
    chunks = _others(moment, row)
    tokens = f"{sum(chunks.values()):,} tokens of"
    if len(chunks) > 2:
        return f"{tokens} {len(chunks):,} prompts"
    owners = " and ".join(f"{request_name(moment, other)}'s" for other in chunks)
    return f"{tokens} {owners} prompt{'s' * (len(chunks) > 1)}"


def _batch_left(moment: Moment) -> str:
    """How long the batch still lasts."""
    ends = moment.run.stays.end_time[moment.stays[moment.stays >= 0]]
    return f"{format_duration(int(ends.max()) - moment.time)} are left"


def _step(moment: Moment) -> str:
    return format_duration(moment.phase.step_time)
