"""Iteration-level scheduling: requests are admitted and released between decode steps.

The schedule is found in two moves. A walk over the requests notes only at which decode step,
counted from the start of the simulation, each one is admitted and to which slot: with no
preemption a request finishes as many steps later as its answer takes. The times of everything
follow from that by arithmetic on whole columns.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass
from heapq import heappop, heappush, heapreplace
from typing import TYPE_CHECKING

import numpy as np

from tui_batching.clock import refuse_beyond_horizon
from tui_batching.columns import IntArray, freeze
from tui_batching.cost import Cost
from tui_batching.errors import InputError
from tui_batching.requests import Requests
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind, Spans, SpansBuilder
from tui_batching.sim.stays import NEVER, Chunks, Grant, KvBlocks, Stays
from tui_batching.sim.steps import steps_within, time_of, times_of
from tui_batching.sim.work import Work

if TYPE_CHECKING:
    from tui_batching.strategies.strategy import Strategy


def run_continuous(
    requests: Requests, cost: Cost, strategy: Strategy, pool: int | None = None
) -> Run:
    """Admit whoever has arrived while a slot is free, decode one step, release; and again.

    Args:
        requests: what is served.
        cost: what an iteration costs.
        strategy: whose rule this is.
        pool: tokens of KV memory; each reserves its prompt and what it asked for, and the first
            that does not fit waits until it does. None to ignore memory.

    Raises:
        InputError: if the last one ends beyond the clock, there are too many steps to count, or
            one does not fit into the pool even alone; see also `Work.of`.
    """
    work = Work.of(requests, cost, strategy.slots)
    claims = requests.input_tokens + requests.max_tokens
    if pool:
        _refuse_larger_than(pool, requests, claims)
    admitted, slot = _admit_all(requests.arrival_time, work, claims, pool)
    events = _Events.of(admitted, work)
    prefill = work.prefill
    start, idle = _starts(requests.arrival_time, prefill, events)
    start = freeze(start)
    # The time without decoding up to the end of each request's prefill.
    other = np.cumsum(prefill) + idle
    finish = np.empty_like(start)
    finish[events.finisher] = events.decoded[events.finish] + other[events.latest(events.finish)]
    finish = freeze(finish)
    ready = freeze(start + prefill)
    spans, chunks = _spans(requests, start, prefill, idle, other, events)
    kv = None
    if pool:
        kv = _reserved(requests, start, finish, spans, claims, pool, strategy.slots)
    return Run(
        strategy=strategy,
        cost=cost,
        requests=requests,
        start_time=start,
        first_token_time=ready
        if cost.made_by_prefill
        else freeze(_first_steps(admitted, other, events)),
        finish_time=finish,
        end_time=finish,
        stays=Stays.one_each(slot, start, ready, finish, known=requests.input_tokens),
        spans=spans,
        chunks=chunks,
        kv=kv,
    )


def _refuse_larger_than(pool: int, requests: Requests, claims: IntArray) -> None:
    if (claims > pool).any():
        row = int((claims > pool).argmax())
        raise InputError(
            f"request {requests.id[row]}: found {claims[row]} tokens of prompt and max_tokens "
            f"to keep in memory, expected at most {pool}"
        )


def _reserved(  # noqa: PLR0913, PLR0917 - all that memory follows from
    requests: Requests,
    start: IntArray,
    finish: IntArray,
    spans: Spans,
    claims: IntArray,
    pool: int,
    slots: int,
) -> KvBlocks:
    """What is reserved in each span, and whether the first in the queue lacks memory alone."""
    by_finish = np.argsort(finish, kind="stable")
    admitted = np.searchsorted(start, spans.start, side="right")
    gone = np.searchsorted(finish[by_finish], spans.start, side="right")
    sums, sums_gone = (
        np.concatenate(([0], np.cumsum(column))) for column in (claims, claims[by_finish])
    )
    used = freeze(sums[admitted] - sums_gone[gone])
    arrival = np.append(requests.arrival_time, NEVER)
    waits = arrival[admitted] < spans.end
    fits = np.append(claims, 0)[admitted] <= pool - used
    short = waits & ~fits & (admitted - gone < slots)
    return KvBlocks(1, pool, used, used, short, grant=Grant.ASKED)


_NEVER = 1 << 200
"""An arrival after everything."""


def _admit_all(
    arrival: IntArray, work: Work, claims: IntArray | None = None, pool: int | None = None
) -> tuple[IntArray, IntArray]:
    """The decode step before which each request is admitted, and the slot it gets."""
    bits = max(1, (work.most - 1).bit_length())
    claimed = [] if claims is None else [*claims.tolist(), 0]
    try:
        walked = _walk([*arrival.tolist(), _NEVER], work, bits, claimed, pool)
        keys = np.frombuffer(walked, np.int64)
    except OverflowError:
        raise InputError(
            f"{len(arrival)} requests make more decode steps than can be counted "
            f"with a batch_size of {work.most}"
        ) from None
    return keys >> bits, keys & ((1 << bits) - 1)


def _walk(  # noqa: C901, PLR0915 - one walk
    arrivals: list[int], work: Work, bits: int, claims: list[int], pool: int | None
) -> array[int]:
    """Go from event to event; for each request, `step << bits | slot` of its admission.

    Where there is a `pool`, its tokens are claimed by those who run.

    A running request is one such number, of the step after which it is finished: the smallest is
    the next one to finish and, among equals, the one in the lowest slot.

    The contexts of those who run cost time in every step. A context of c tokens before step s is
    always c - s longer than the number of steps done; so they sum to `own`, the sum of their c - s,
    plus that number for each.

    Worked example, two slots, steps of 20 ms, and 2 ms more for a second request. R0 (arrives at 0,
    no prompt, 3 tokens) is admitted before step 0 to slot 0 and will be finished before step 3.
    R1 (arrives at 5 ms, 7 ms of prompt, 1 token) comes while step 0 is under way: the first
    boundary after it is 20 ms, before step 1. It gets slot 1, is prefilled until 27 ms, and is
    finished before step 2, at 49 ms. R0 makes its last token alone, from 49 to 69 ms.
    """
    slots, per_token = work.most, work.cost.decode_per_context_token
    slot_mask = (1 << bits) - 1
    prefills: list[int] = work.prefill.tolist()
    contexts: list[int] = work.context.tolist()
    outputs: list[int] = (work.steps << bits).tolist()
    costs: list[int] = work.step_times.tolist()
    count = len(prefills)
    free, own_of_slot, claim_of_slot = list(range(slots)), [0] * slots, [0] * slots
    running: list[int] = []
    room = pool or 0
    admitted = array("q")
    now = step = own = row = growth = 0
    while row <= count:
        arrival = arrivals[row]
        if not (free or per_token or pool) and arrival <= now:
            # With no slot free, each of those who wait takes the place of the next one to finish.
            queued = bisect_right(arrivals, now, row)
            admitted.extend([heapreplace(running, running[0] + o) for o in outputs[row:queued]])
            reached = admitted[-1] >> bits
            now += (reached - step) * costs[slots] + sum(prefills[row:queued])
            step, row = reached, queued
            continue
        while running:
            billed, finish = len(running), running[0] >> bits
            first = costs[billed]
            if per_token:
                first += per_token * (own + billed * step)
                growth = per_token * billed
                reached = now + time_of(finish - step, first, growth)
            else:
                reached = now + (finish - step) * first
            if reached <= arrival or not free or (pool and claims[row] > room):
                now, step = reached, finish
            else:  # the first boundary after the arrival comes before the finish or is the finish
                if now < arrival:
                    waited = arrival - now - 1
                    steps = (steps_within(waited, first, growth) if growth else waited // first) + 1
                    now += time_of(steps, first, growth)
                    step += steps
                if step < finish:
                    break
            slot = heappop(running) & slot_mask
            own -= own_of_slot[slot]
            if pool:
                room += claim_of_slot[slot]
            heappush(free, slot)
        if row == count:
            break
        slot = heappop(free)
        admitted.append(step << bits | slot)
        heappush(running, admitted[-1] + outputs[row])
        own_of_slot[slot] = contexts[row] - step
        own += own_of_slot[slot]
        if pool:
            claim_of_slot[slot] = claims[row]
            room -= claims[row]
        now = max(now, arrival) + prefills[row]
        row += 1
    refuse_beyond_horizon(now)
    return admitted


@dataclass(frozen=True, eq=False)
class _Events:
    """Admissions and finishes in order of decode steps.

    At an equal step finishes come first, except that an answer without decode steps finishes right
    after its own admission. The columns up to `finishes` have one row an event; the first four of
    them tell what follows it until the next event.

    Worked example: R0 and R1 are admitted before step 0 and take 1 and 3 steps, R2 before step 1
    takes 2, R3 before step 3 takes 1. With two slots and 20 ms a step, 2 ms more for the second:

        event       0    1    2    3    4    5    6    7
        what       +R0  +R1  -R0  +R2  -R1  -R2  +R3  -R3
        at step     0    0    1    1    3    3    3    4
        steps       0    1    0    2    0    0    1    0
        running     1    2    1    2    1    0    1    0
        step_time  20   22   20   22   20    0   20    0
        decoded     0    0   22   22   66   66   66   86
        finishes    0    0    1    1    2    3    3    4

    so `admission` is 0 1 3 6, `finish` 2 4 5 7, and `finisher` 0 1 2 3.

    Attributes:
        steps: decode steps until the next event, 0 for none.
        running: requests that make them.
        step_time: time of the first of them, in picoseconds.
        step_growth: how much longer each further one lasts.
        decoded: decode time before the event, in picoseconds.
        finishes: how many of the events up to and including this one are finishes.
        admission: the event of each request's admission.
        finish: the events that are finishes.
        finisher: the request that finishes in each of them.
    """

    steps: IntArray
    running: IntArray
    step_time: IntArray
    step_growth: IntArray
    decoded: IntArray
    finishes: IntArray
    admission: IntArray
    finish: IntArray
    finisher: IntArray

    @classmethod
    def of(cls, admitted: IntArray, work: Work) -> _Events:
        """Merge the steps of the admissions, which are in order, with those of the finishes."""
        count, per_token = len(admitted), work.cost.decode_per_context_token
        finished = admitted + work.steps
        finisher, admission = _merge(admitted, finished, work.steps)
        is_finish = np.ones(2 * count, bool)
        is_finish[admission] = False
        at_step = np.empty(2 * count, np.int64)
        at_step[admission] = admitted
        at_step[is_finish] = finished[finisher]
        finishes = np.cumsum(is_finish)
        finish = np.flatnonzero(is_finish)
        running = np.arange(1, 2 * count + 1) - 2 * finishes
        steps = np.diff(at_step, append=at_step[-1])
        step_time, step_growth = work.step_times[running], per_token * running
        if per_token:
            # A context of c tokens before step s is always c - s longer than the steps done. The
            # partial sums may overflow without harm: they wrap around, and so back again.
            change = np.empty(2 * count, np.int64)
            change[admission] = work.context - admitted
            change[finish] = (admitted - work.context)[finisher]
            step_time += per_token * (np.cumsum(change) + running * at_step)
        decode_time = times_of(steps, step_time, step_growth)
        return cls(
            steps=steps,
            running=running,
            step_time=step_time,
            step_growth=step_growth,
            decoded=np.cumsum(decode_time) - decode_time,
            finishes=finishes,
            admission=admission,
            finish=finish,
            finisher=finisher,
        )

    def latest(self, events: IntArray) -> IntArray:
        """The request that was admitted last up to each of these events."""
        return events - self.finishes[events]


def _merge(admitted: IntArray, finished: IntArray, steps: IntArray) -> tuple[IntArray, IntArray]:
    """Who finishes, in order of the events, and the event of each admission."""
    at_once = steps == 0
    finisher = np.argsort(2 * finished + at_once, kind="stable")
    later = finished[finisher][~at_once[finisher]]
    # Before an admission come those who finish up to its step, and those done at once before it.
    before = np.searchsorted(later, admitted, side="right") + np.cumsum(at_once) - at_once
    return finisher, np.arange(len(admitted)) + before


def _starts(arrival: IntArray, prefill: IntArray, events: _Events) -> tuple[IntArray, IntArray]:
    """When each request starts, and all idle time before that.

    Nobody starts before arriving, and after an idle time somebody starts on arriving; so it is the
    largest lead that any arrival up to now has over the work before it.
    """
    work = np.cumsum(prefill) - prefill + events.decoded[events.admission]
    idle = np.maximum.accumulate(arrival - work)
    return work + idle, idle


def _first_steps(admitted: IntArray, other: IntArray, events: _Events) -> IntArray:
    """When first decode steps end: they wait for all prefills at the same boundary."""
    last = np.flatnonzero(np.diff(admitted, append=-1))
    event = events.admission[last]
    first_token = events.decoded[event] + events.step_time[event] + other[last]
    return np.repeat(first_token, np.diff(last, prepend=-1))


def _spans(  # noqa: PLR0913, PLR0917 - all that the times follow from
    requests: Requests,
    start: IntArray,
    prefill: IntArray,
    idle: IntArray,
    other: IntArray,
    events: _Events,
) -> tuple[Spans, Chunks]:
    """An idle time may come before a request's prefill, decode steps may follow an event."""
    idled = np.diff(idle, prepend=0)
    awake, prefilled = np.flatnonzero(idled), np.flatnonzero(prefill)
    decoding = np.flatnonzero(events.steps)
    count = (events.steps > 0).astype(np.int8)
    count[events.admission[prefilled]] += 1
    count[events.admission[awake]] += 1
    after = np.cumsum(count, dtype=np.int64)
    spans = SpansBuilder(int(after[-1]))
    spans.place(
        SpanKind.DECODE,
        after[decoding] - 1,
        events.decoded[decoding] + other[events.latest(decoding)],
        events.step_time[decoding],
        steps=events.steps[decoding],
        step_growth=events.step_growth[decoding],
        billed=events.running[decoding],
    )
    # The row after a request's prefill, if it has one.
    after = after[events.admission] - (events.steps[events.admission] > 0)
    prefills = after[prefilled] - 1
    spans.place(SpanKind.PREFILL, prefills, start[prefilled], prefill[prefilled], billed=1)
    row = after[awake] - (prefill[awake] > 0) - 1
    spans.place(SpanKind.IDLE, row, (start - idled)[awake], idled[awake])
    return spans.finished(), Chunks.whole(prefills, prefilled, requests.input_tokens)
