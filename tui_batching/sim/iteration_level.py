"""Iteration-level scheduling: requests are admitted and released between decode steps.

The schedule is found in two moves. `_admit_all` walks the requests once and notes only at which
decode step, counted from the start of the simulation, each one is admitted and to which slot: with
no preemption a request finishes `output_tokens` steps later. The times of everything follow from
that by arithmetic on whole columns.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass
from heapq import heappop, heappush, heapreplace

import numpy as np

from tui_batching.columns import IntArray, freeze
from tui_batching.cost import LinearCost
from tui_batching.errors import InputError
from tui_batching.sim.horizon import refuse_beyond_horizon, step_times_up_to
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind, Spans, Timeline
from tui_batching.strategy import Continuous
from tui_batching.workload.model import Requests


def run_continuous(requests: Requests, cost: LinearCost, strategy: Continuous) -> Run:
    """Admit whoever has arrived while a slot is free, decode one step, release; and again."""
    step_times = step_times_up_to(min(strategy.batch_size, len(requests)), cost)
    prefill = cost.prefill_times(requests.input_tokens)
    try:
        admitted, slot = _admit_all(requests, prefill, step_times)
    except OverflowError:
        raise InputError(
            f"{len(requests)} requests make more decode steps than can be counted "
            f"with a batch_size of {len(step_times) - 1}"
        ) from None
    events = _Events.of(admitted, requests.output_tokens, step_times)
    start, idle = _starts(requests.arrival_time, prefill, events)
    # The time without decoding up to the end of each request's prefill.
    other = np.cumsum(prefill) + idle
    finish = np.empty_like(start)
    finish[events.finisher] = events.decoded[events.finish] + other[events.latest(events.finish)]
    finish = freeze(finish)
    return Run(
        strategy=strategy,
        cost=cost,
        requests=requests,
        start=freeze(start),
        first_token=freeze(_first_tokens(admitted, other, events)),
        finish=finish,
        end=finish,
        slot=freeze(slot),
        spans=_spans(start, prefill, idle, other, events),
    )


def _admit_all(
    requests: Requests, prefill: IntArray, step_times: IntArray
) -> tuple[IntArray, IntArray]:
    """The decode step before which each request is admitted, and the slot it gets.

    A running request is one number, `finish step << bits | slot`, so that the smallest is the next
    one to finish and, among equals, the lowest slot.
    """
    slots = len(step_times) - 1
    bits = max(1, (slots - 1).bit_length())
    slot_mask = (1 << bits) - 1
    arrivals: list[int] = requests.arrival_time.tolist()
    prefills: list[int] = prefill.tolist()
    outputs: list[int] = (requests.output_tokens << bits).tolist()
    costs: list[int] = step_times.tolist()
    count = len(arrivals)
    free = list(range(slots))
    running: list[int] = []
    admitted = array("q")
    now = step = row = 0
    while row < count:
        arrival = arrivals[row]
        if arrival <= now and not free:
            # All who wait: with no slot free, each takes the place of the next one to finish.
            queued = bisect_right(arrivals, now, row)
            admitted.extend([heapreplace(running, running[0] + o) for o in outputs[row:queued]])
            reached = admitted[-1] >> bits
            now += (reached - step) * costs[slots] + sum(prefills[row:queued])
            step, row = reached, queued
            continue
        while running:
            cost = costs[len(running)]
            finish = running[0] >> bits
            reached = now + (finish - step) * cost
            if reached <= arrival or not free:
                now, step = reached, finish
            else:  # the first boundary after the arrival comes before the finish or is the finish
                if now < arrival:
                    steps = -((now - arrival) // cost)
                    now += steps * cost
                    step += steps
                if step < finish:
                    break
            heappush(free, heappop(running) & slot_mask)
        else:
            now = max(now, arrival)
        key = step << bits | heappop(free)
        admitted.append(key)
        heappush(running, key + outputs[row])
        now += prefills[row]
        row += 1
    while running:
        finish = running[0] >> bits
        now += (finish - step) * costs[len(running)]
        step = finish
        heappop(running)
    refuse_beyond_horizon(now)
    keys = np.frombuffer(admitted, np.int64)
    return keys >> bits, keys & slot_mask


@dataclass(frozen=True, eq=False)
class _Events:
    """Admissions and finishes in order of decode steps; at an equal step finishes come first.

    The first four columns have one row an event, and tell what follows it until the next event.

    Attributes:
        steps: decode steps until the next event, 0 for none.
        running: requests that make them.
        step_time: time of each, in picoseconds.
        decoded: decode time before the event, in picoseconds.
        finishes: how many of the events up to and including this one are finishes.
        admission: the event of each request's admission.
        finish: the events that are finishes.
        finisher: the request that finishes in each of them.
    """

    steps: IntArray
    running: IntArray
    step_time: IntArray
    decoded: IntArray
    finishes: IntArray
    admission: IntArray
    finish: IntArray
    finisher: IntArray

    @classmethod
    def of(cls, admitted: IntArray, output_tokens: IntArray, step_times: IntArray) -> _Events:
        """Merge the steps of the admissions, which are in order, with those of the finishes."""
        count = len(admitted)
        finished = admitted + output_tokens
        finisher = np.argsort(finished, kind="stable")
        finished = finished[finisher]
        rows = np.arange(count)
        admission = rows + np.searchsorted(finished, admitted, side="right")
        is_finish = np.ones(2 * count, bool)
        is_finish[admission] = False
        at_step = np.empty(2 * count, np.int64)
        at_step[admission] = admitted
        at_step[is_finish] = finished
        finishes = np.cumsum(is_finish)
        running = np.arange(1, 2 * count + 1) - 2 * finishes
        steps = np.diff(at_step, append=at_step[-1])
        step_time = step_times[running]
        decode_time = steps * step_time
        return cls(
            steps=steps,
            running=running,
            step_time=step_time,
            decoded=np.cumsum(decode_time) - decode_time,
            finishes=finishes,
            admission=admission,
            finish=np.flatnonzero(is_finish),
            finisher=finisher,
        )

    def latest(self, events: IntArray) -> IntArray:
        """The request that was admitted last up to each of these events."""
        return events - self.finishes[events]


def _starts(arrival: IntArray, prefill: IntArray, events: _Events) -> tuple[IntArray, IntArray]:
    """When each request starts, and all idle time before that.

    Nobody starts before arriving, and after an idle time somebody starts on arriving; so it is the
    largest lead that any arrival up to now has over the work before it.
    """
    work = np.cumsum(prefill) - prefill + events.decoded[events.admission]
    idle = np.maximum.accumulate(arrival - work)
    return work + idle, idle


def _first_tokens(admitted: IntArray, other: IntArray, events: _Events) -> IntArray:
    """The end of the first decode step, which waits for all prefills at the same boundary."""
    last = np.flatnonzero(np.diff(admitted, append=-1))
    event = events.admission[last]
    first_token = events.decoded[event] + events.step_time[event] + other[last]
    return np.repeat(first_token, np.diff(last, prepend=-1))


def _spans(
    start: IntArray, prefill: IntArray, idle: IntArray, other: IntArray, events: _Events
) -> Spans:
    """An idle time may come before a request's prefill, decode steps may follow an event."""
    idled = np.diff(idle, prepend=0)
    awake, prefilled = np.flatnonzero(idled), np.flatnonzero(prefill)
    decoding = np.flatnonzero(events.steps)
    spans = (events.steps > 0).astype(np.int8)
    spans[events.admission[prefilled]] += 1
    spans[events.admission[awake]] += 1
    after = np.cumsum(spans, dtype=np.int64)
    timeline = Timeline(int(after[-1]))
    timeline.place(
        SpanKind.DECODE,
        after[decoding] - 1,
        events.decoded[decoding] + other[events.latest(decoding)],
        events.step_time[decoding],
        steps=events.steps[decoding],
        billed=events.running[decoding],
    )
    # The row after a request's prefill, if it has one.
    after = after[events.admission] - (events.steps[events.admission] > 0)
    timeline.place(
        SpanKind.PREFILL, after[prefilled] - 1, start[prefilled], prefill[prefilled], billed=1
    )
    row = after[awake] - (prefill[awake] > 0) - 1
    timeline.place(SpanKind.IDLE, row, (start - idled)[awake], idled[awake])
    return timeline.finished()
