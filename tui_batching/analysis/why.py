"""Why a request waits, in one sentence, from the facts of a Run."""

from __future__ import annotations

import numpy as np

from tui_batching.clock import Picoseconds, format_duration
from tui_batching.columns import IntArray
from tui_batching.sim.moment import Moment
from tui_batching.sim.spans import SpanKind


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


def why(moment: Moment) -> str:
    """Why the oldest waiting request waits; where nobody waits, what the slots are doing."""
    if moment.over:
        return "all requests are answered"
    if not moment.waiting:
        return _why_nobody_waits(moment)
    oldest = moment.waiting[0]
    age = moment.time - int(moment.run.requests.arrival_time[oldest])
    waits = f"{request_name(moment, oldest)} has waited {format_duration(age)}"
    if moment.phase.kind is SpanKind.FORMING:
        return f"{waits} for {_what_closes_the_batch(moment)}"
    if moment.run.strategy.about.iteration_level:
        return f"{waits} because {_why_not_admitted(moment)}"
    return f"{waits} because {_why_the_batch_lasts(moment)}"


def _why_nobody_waits(moment: Moment) -> str:
    if not len(moment.running):
        return "nobody waits, the server is idle"
    return f"nobody waits, but {_held_slots(moment)}" if len(moment.held) else "nobody waits"


def _what_closes_the_batch(moment: Moment) -> str:
    missing = moment.run.capacity - len(moment.joined)
    remaining = fires_in(moment)
    more = f"{missing} more to fill the batch"
    return more if remaining is None else f"{more}, or the timeout in {format_duration(remaining)}"


def _why_the_batch_lasts(moment: Moment) -> str:
    """The batch is busy until its longest member is done, and may hold finished ones."""
    run, rows = moment.run, moment.running
    longest = int(rows[np.argmax(run.requests.output_tokens[rows])])
    tokens, runs = batch_tokens(moment), f"batch {_row_names(moment, rows)} runs to "
    if tokens == run.requests.output_tokens[longest]:
        left = tokens - int(moment.tokens_made(rows).max())
        runs += f"its longest, {request_name(moment, longest)} ({_tokens(left)} left)"
    else:
        runs += f"the longest answer of all requests ({_tokens(tokens)})"
    return f"{runs}; {_held_slots(moment)}" if len(moment.held) else runs


def _why_not_admitted(moment: Moment) -> str:
    run, rows = moment.run, moment.running
    if len(rows) == run.capacity:
        left = run.requests.output_tokens[rows] - moment.tokens_made(rows)
        first = int(np.argmin(left))
        leaver = request_name(moment, int(rows[first]))
        taken = "the one slot is taken" if len(rows) == 1 else f"all {len(rows)} slots are taken"
        return f"{taken}; {leaver} leaves next, in {_tokens(int(left[first]))}"
    remaining = format_duration((moment.next_boundary or moment.time) - moment.time)
    if moment.phase.kind is SpanKind.PREFILL:
        prefilled = request_name(moment, int(moment.prefilled[-1]))
        return f"{prefilled} is being prefilled ({remaining} left)"
    return f"requests are admitted between iterations ({remaining} left)"


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


def _tokens(count: int) -> str:
    return "1 token" if count == 1 else f"{count} tokens"
