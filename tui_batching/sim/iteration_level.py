"""Iteration-level scheduling: requests are admitted and released between decode steps.

The schedule is found in two moves. `admit_all` walks the requests once and notes only at which
decode step, counted from the start of the simulation, each one is admitted and to which slot: with
no preemption a request finishes as many steps later as its answer takes. The times of everything
follow from that by arithmetic on whole columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tui_batching.columns import IntArray, freeze
from tui_batching.cost import Cost
from tui_batching.sim.admissions import admit_all
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind, Spans, Timeline
from tui_batching.sim.steps import times_of
from tui_batching.sim.work import Work
from tui_batching.strategy import Continuous
from tui_batching.workload.model import Requests


def run_continuous(requests: Requests, cost: Cost, strategy: Continuous) -> Run:
    """Admit whoever has arrived while a slot is free, decode one step, release; and again."""
    work = Work.of(requests, cost, strategy.batch_size)
    admitted, slot = admit_all(requests.arrival_time, work)
    events = _Events.of(admitted, work)
    prefill = work.prefill
    start, idle = _starts(requests.arrival_time, prefill, events)
    # The time without decoding up to the end of each request's prefill.
    other = np.cumsum(prefill) + idle
    finish = np.empty_like(start)
    finish[events.finisher] = events.decoded[events.finish] + other[events.latest(events.finish)]
    finish = freeze(finish)
    by_prefill = cost.made_by_prefill
    return Run(
        strategy=strategy,
        cost=cost,
        requests=requests,
        start=freeze(start),
        first_token=freeze(
            start + prefill if by_prefill else _first_steps(admitted, other, events)
        ),
        finish=finish,
        end=finish,
        slot=freeze(slot),
        spans=_spans(start, prefill, idle, other, events),
    )


@dataclass(frozen=True, eq=False)
class _Events:
    """Admissions and finishes in order of decode steps.

    At an equal step finishes come first, except that an answer without decode steps finishes right
    after its own admission. The columns up to `finishes` have one row an event; the first four of
    them tell what follows it until the next event.

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
        step_growth=events.step_growth[decoding],
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
