"""Iteration-level scheduling: requests are admitted and released between decode steps.

The schedule is found in two moves. `_admit_all` walks the requests once and notes only at which
decode step, counted from the start of the simulation, each one is admitted and to which slot: with
no preemption a request finishes `output_tokens` steps later. The times of everything follow from
that by arithmetic on whole columns.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from heapq import heappop, heappush, heapreplace

import numpy as np

from tui_batching.clock import HORIZON
from tui_batching.columns import IntArray, freeze
from tui_batching.cost import LinearCost
from tui_batching.errors import InputError
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind, Spans
from tui_batching.strategy import Continuous
from tui_batching.workload.model import Requests


def run_continuous(requests: Requests, cost: LinearCost, strategy: Continuous) -> Run:
    """Admit whoever has arrived while a slot is free, decode one step, release; and again."""
    slots = min(strategy.batch_size, len(requests))
    step_times = np.array([0] + [cost.step_time(billed) for billed in range(1, slots + 1)])
    prefill = cost.prefill_times(requests.input_tokens)
    admitted_step, slot = _admit_all(requests, prefill, step_times)
    steps = _count_steps(admitted_step, admitted_step + requests.output_tokens, step_times)
    work = np.cumsum(prefill) - prefill + steps.decoded_at_admission
    idle = _idle_times(requests.arrival_time, work)
    start = work + idle
    last = steps.last_admitted
    decode_start = start[last] + prefill[last] + steps.decoded - steps.decoded_at_admission[last]
    decode_end = decode_start + steps.count * steps.step_time
    return Run(
        strategy=strategy,
        cost=cost,
        requests=requests,
        start=freeze(start),
        first_token=freeze((decode_start + steps.step_time)[steps.first_span]),
        finish=(finish := freeze(decode_end[steps.last_span])),
        end=finish,
        slot=freeze(slot),
        spans=_spans(start, prefill, idle, decode_start, steps),
    )


def _admit_all(  # noqa: C901, PLR0915 - one loop: calls inside it would halve its speed
    requests: Requests, prefill: IntArray, step_times: IntArray
) -> tuple[IntArray, IntArray]:
    """The decode step before which each request is admitted, and the slot it gets.

    A running request is one number, `finish step << bits | slot`, so that the smallest is the next
    one to finish and, among equals, the lowest slot. While every slot is taken and requests wait,
    time does not matter: each newcomer takes the place of the next one to finish.
    """
    slots = len(step_times) - 1
    bits = max(1, (slots - 1).bit_length())
    slot_mask = (1 << bits) - 1
    arrivals: list[int] = [*requests.arrival_time.tolist(), 2 * HORIZON]
    prefills: list[int] = prefill.tolist()
    outputs: list[int] = (requests.output_tokens << bits).tolist()
    costs: list[int] = step_times.tolist()
    count, full_cost = len(prefills), costs[slots]
    free = list(range(slots))
    running: list[int] = []
    admitted: list[int] = []
    now = step = waiting = 0  # `step` is shifted like the numbers of the running
    arrival = arrivals[0]
    while True:
        if not free:
            queued = bisect_right(arrivals, now, waiting, count)
            if queued > waiting:
                admitted += [
                    heapreplace(running, running[0] + output) for output in outputs[waiting:queued]
                ]
                reached = admitted[-1] & ~slot_mask
                now += (reached - step >> bits) * full_cost + sum(prefills[waiting:queued])
                step, waiting = reached, queued
                arrival = arrivals[waiting]
                continue
            reached = running[0] & ~slot_mask
            now += (reached - step >> bits) * full_cost
            step = reached
            if arrival <= now:
                continue
        elif running:
            cost = costs[len(running)]
            steps = running[0] - step >> bits
            if now + steps * cost > arrival:  # somebody can join at an earlier boundary
                steps = -((now - arrival) // cost)
            now += steps * cost
            step += steps << bits
        elif waiting < count:
            now = max(now, arrival)
        else:
            break
        while running and running[0] - step <= slot_mask:
            heappush(free, heappop(running) & slot_mask)
        while arrival <= now and free:
            key = step | heappop(free)
            admitted.append(key)
            heappush(running, key + outputs[waiting])
            now += prefills[waiting]
            waiting += 1
            arrival = arrivals[waiting]
    if max(now, admitted[-1]) > HORIZON:
        raise InputError("the simulation would last beyond the clock's horizon of 106 days")
    keys = np.array(admitted, np.int64)
    return keys >> bits, keys & slot_mask


@dataclass(frozen=True)
class _StepCount:
    """The schedule counted in decode steps: one row a span in which the batch stays the same.

    Attributes:
        count: decode steps of the span.
        step_time: time of each, in picoseconds.
        billed: requests running.
        decoded: decode time before the span, in picoseconds.
        last_admitted: row of the last request admitted before the span.
        first_span: for each request the span in which it starts to decode.
        last_span: for each request the span at whose end it finishes.
        decoded_at_admission: for each request the decode time before its admission.
    """

    count: IntArray
    step_time: IntArray
    billed: IntArray
    decoded: IntArray
    last_admitted: IntArray
    first_span: IntArray
    last_span: IntArray
    decoded_at_admission: IntArray


def _count_steps(admitted: IntArray, finished: IntArray, step_times: IntArray) -> _StepCount:
    """Cut the count of decode steps wherever somebody joins or leaves."""
    finishes = np.sort(finished)
    cuts = np.concatenate((admitted, finishes))
    cuts.sort(kind="stable")  # two sorted runs: one merge
    cuts = cuts[np.concatenate(([True], cuts[1:] != cuts[:-1]))]
    joined = np.searchsorted(admitted, cuts[:-1], side="right")
    left = np.searchsorted(finishes, cuts[:-1], side="right")
    count, billed = np.diff(cuts), joined - left
    step_time = step_times[billed]
    decode_time = count * step_time
    decoded = np.cumsum(decode_time) - decode_time
    first_span = np.searchsorted(cuts, admitted)
    return _StepCount(
        count=count,
        step_time=step_time,
        billed=billed,
        decoded=decoded,
        last_admitted=joined - 1,
        first_span=first_span,
        last_span=np.searchsorted(cuts, finished) - 1,
        decoded_at_admission=decoded[first_span],
    )


def _idle_times(arrival: IntArray, work: IntArray) -> IntArray:
    """All idle time before each request starts.

    Nobody starts before arriving, and after an idle time somebody starts on arriving; so it is the
    largest lead that any arrival up to now has over the work before it.
    """
    return np.maximum.accumulate(arrival - work)


def _spans(
    start: IntArray, prefill: IntArray, idle: IntArray, decode_start: IntArray, steps: _StepCount
) -> Spans:
    """Prefills one by one, decode steps, and the idle times that end where a request starts."""
    idled = np.diff(idle, prepend=0)
    awake = np.flatnonzero(idled)
    once = np.ones_like(start)
    return Spans.from_pieces(
        Spans.intervals(SpanKind.IDLE, (start - idled)[awake], start[awake]),
        Spans.repeated(SpanKind.PREFILL, start, once, prefill, once),
        Spans.repeated(SpanKind.DECODE, decode_start, steps.count, steps.step_time, steps.billed),
    )
