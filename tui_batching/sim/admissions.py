"""Continuous batching's admissions: who is let in before which decode step, and to which slot.

The requests are walked once, from event to event. A running request is one number,
`finish step << bits | slot`, so that the smallest is the next one to finish and, among equals, the
lowest slot. Steps are counted from the start of the simulation.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from heapq import heappop, heappush, heapreplace

import numpy as np

from tui_batching.columns import IntArray
from tui_batching.errors import InputError
from tui_batching.sim.horizon import refuse_beyond_horizon
from tui_batching.sim.steps import steps_within, time_of
from tui_batching.sim.work import Work


def admit_all(arrival: IntArray, work: Work) -> tuple[IntArray, IntArray]:
    """The decode step before which each request is admitted, and the slot it gets.

    Raises:
        InputError: if the last one ends beyond the clock, or there are too many steps to count.
    """
    walk = (
        _admit_with_growing_steps
        if work.cost.decode_per_context_token
        else (_admit_with_equal_steps)
    )
    try:
        return walk(arrival.tolist(), work)
    except OverflowError:
        raise InputError(
            f"{len(arrival)} requests make more decode steps than can be counted "
            f"with a batch_size of {work.most}"
        ) from None


_NEVER = 1 << 200
"""An arrival after everything."""


def _bits_for(slots: int) -> int:
    return max(1, (slots - 1).bit_length())


def _admit_with_equal_steps(arrivals: list[int], work: Work) -> tuple[IntArray, IntArray]:
    """The walk where the time of a step depends on the number running alone."""
    slots = work.most
    bits = _bits_for(slots)
    slot_mask = (1 << bits) - 1
    prefills: list[int] = work.prefill.tolist()
    outputs: list[int] = (work.steps << bits).tolist()
    costs: list[int] = work.step_times.tolist()
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


def _admit_with_growing_steps(arrivals: list[int], work: Work) -> tuple[IntArray, IntArray]:
    """The walk where a step also takes time for each token of the contexts.

    A context of c tokens before step s is always c - s longer than the number of steps done. So
    the contexts of those who run sum to `own`, the sum of their c - s, plus that number for each.
    """
    slots, per_token, count = work.most, work.cost.decode_per_context_token, len(arrivals)
    bits = _bits_for(slots)
    slot_mask = (1 << bits) - 1
    prefills: list[int] = work.prefill.tolist()
    contexts: list[int] = work.context.tolist()
    outputs: list[int] = (work.steps << bits).tolist()
    costs: list[int] = work.step_times.tolist()
    free, own_of_slot = list(range(slots)), [0] * slots
    running: list[int] = []
    admitted = array("q")
    now = step = own = 0
    for row, arrival in enumerate((*arrivals, _NEVER)):
        while running:
            billed, finish = len(running), running[0] >> bits
            first, growth = costs[billed] + per_token * (own + billed * step), per_token * billed
            reached = now + time_of(finish - step, first, growth)
            if reached <= arrival or not free:
                now, step = reached, finish
            else:  # the first boundary after the arrival comes before the finish or is the finish
                if now < arrival:
                    steps = steps_within(arrival - now - 1, first, growth) + 1
                    now += time_of(steps, first, growth)
                    step += steps
                if step < finish:
                    break
            slot = heappop(running) & slot_mask
            own -= own_of_slot[slot]
            heappush(free, slot)
        if row == count:
            break
        slot = heappop(free)
        admitted.append(step << bits | slot)
        heappush(running, admitted[-1] + outputs[row])
        own_of_slot[slot] = contexts[row] - step
        own += own_of_slot[slot]
        now = max(now, arrival) + prefills[row]
    refuse_beyond_horizon(now)
    keys = np.frombuffer(admitted, np.int64)
    return keys >> bits, keys & slot_mask
