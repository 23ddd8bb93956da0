"""Where the time went: each request's latency split into parts that sum exactly, at any instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from tui_batching import notebook
from tui_batching.clock import HORIZON, SECOND, Picoseconds
from tui_batching.columns import (
    IntArray,
    exact_sum,
    freeze,
    members_of_groups,
    sums_of_groups,
)
from tui_batching.errors import InputError
from tui_batching.sim.life import State
from tui_batching.sim.run import Run
from tui_batching.sim.stays import Ended
from tui_batching.sim.steps import times_of


@dataclass(frozen=True, eq=False, repr=False)
class Breakdown:
    """The parts of requests' latencies as int64 columns in picoseconds; none is negative.

    Each column has one row a request; the columns sum to `end - arrival`, or to the age of a
    request that is not answered yet. All but `sharing` are called after what a request does then,
    see `life.State`.

    Attributes:
        forming: waiting while the server was idle because the batch was not closed yet.
        slots: waiting while all slots were taken.
        memory: waiting for KV blocks, though a slot was free.
        turn: waiting though there was a slot and memory: for an iteration to end, for the prefills
            of others, or for the rule by which the engine lets requests join.
        prefill: the iterations that processed a part of the own prompt; in a joint prefill that
            takes as long as its longest prompt, as long as the own one would last alone.
        stalled: running, but stopped or slowed down by the prefill of others; in such a joint
            prefill the time a short prompt waits for the longest one.
        decode: the decode steps as they would last alone in the batch, with the own context.
        sharing: what the same steps lasted longer because others shared them.
        evicted: waiting to come back after the memory was taken.
        recompute: the prefill after that, of the prompt and the tokens made before.
        held: finished, but not released before the batch was done.
    """

    forming: IntArray
    slots: IntArray
    memory: IntArray
    turn: IntArray
    prefill: IntArray
    stalled: IntArray
    decode: IntArray
    sharing: IntArray
    evicted: IntArray
    recompute: IntArray
    held: IntArray

    def __repr__(self) -> str:
        return notebook.parts_text(self, len(self.held), self.means, sum(self.means.values()))

    def _repr_html_(self) -> str:
        return notebook.parts_figures(len(self.held), self.means, sum(self.means.values()))

    def columns(self) -> dict[str, IntArray]:
        """The columns by name, in the order in which a request goes through them."""
        return {name: getattr(self, name) for name in PARTS}

    @cached_property
    def totals(self) -> dict[str, Picoseconds]:
        """Each part summed over all requests, exactly."""
        return {name: exact_sum(column) for name, column in self.columns().items()}

    @property
    def means(self) -> dict[str, float]:
        """Each part in the mean of the requests, in seconds."""
        whole = max(len(self.held), 1) * SECOND
        return {name: total / whole for name, total in self.totals.items()}


PARTS: tuple[str, ...] = tuple(field.name for field in fields(Breakdown))
"""The names of the parts, in order."""

MEANINGS: Mapping[str, str] = {
    "forming": "waits for its batch to fill",
    "slots": "waits, as all slots are taken",
    "memory": "waits for KV blocks",
    "turn": "waits its turn, behind prefills",
    "prefill": "its prompt is processed",
    "stalled": "stopped or slowed by prompts",
    "decode": "its steps, as if alone",
    "sharing": "longer steps, as others decode",
    "evicted": "waits to come back",
    "recompute": "its prompt is processed again",
    "held": "done, but in its slot",
}
"""What happens to a request meanwhile, in a few words for a table."""


def lost_part(run: Run) -> str:
    """What the time is called that requests lose in their slots to the prompts of others.

    Where prompts are processed beside decodes, nearly all of them make a token in such a step.
    """
    return "slowed" if run.mixes else "stalled"


def refuse_no_run(found: object) -> None:
    """Refuse what is no Run where one is expected.

    Raises:
        InputError: if it is none.
    """
    if not isinstance(found, Run):
        name = type(found).__name__
        raise InputError(
            f"found a value of type {name}, expected a run such as simulate(workload, 'vllm')"
        )


def refuse_log(run: Run) -> None:
    """Refuse the Run of a log where a latency is to be split.

    Raises:
        InputError: if it is one.
    """
    if not run.tells_iterations:
        raise InputError("a log does not tell where the time of its requests went")


def breakdown(
    run: Run, rows: IntArray | None = None, until: Picoseconds | IntArray | None = None
) -> Breakdown:
    """Split the latencies of these requests into their parts.

    Args:
        run: whose requests.
        rows: of the requests; all of them by default.
        until: an instant, or one for each request. What comes after it does not count: before a
            request's arrival its parts are zero, from its end on they are the final ones.
    """
    rows = np.arange(len(run)) if rows is None else rows
    now = np.broadcast_to(np.int64(HORIZON if until is None else until), rows.shape)
    columns = _waits(run, rows, now) | _StaysSoFar.of(run, rows, now).parts()
    # Between its stays a request is away because it was evicted.
    age = np.minimum(run.end_time[rows], now) - np.minimum(run.requests.arrival_time[rows], now)
    columns["evicted"] = _rest(age, columns)
    return Breakdown(**{name: freeze(columns[name]) for name in PARTS})


def _waits(run: Run, rows: IntArray, now: IntArray) -> dict[str, IntArray]:
    """The time up to the first admission, by what was missing."""
    arrival = np.minimum(run.requests.arrival_time[rows], now)
    start = np.minimum(run.start_time[rows], now)
    found = {
        state.word: run.waiting_clock(state).between(arrival, start)
        for state in (State.FORMING, State.SLOTS, State.MEMORY)
    }
    return found | {"turn": _rest(start - arrival, found)}


def _rest(whole: IntArray, parts: dict[str, IntArray]) -> IntArray:
    """What the parts leave of the whole."""
    for part in parts.values():
        whole = whole - part
    return whole


@dataclass(frozen=True, eq=False)
class _StaysSoFar:
    """The stays of some requests up to an instant, request by request.

    Attributes:
        run: whose stays.
        stay: which ones.
        begins: where those of each request begin. Shape: (requests + 1,).
        now: the instant of each stay.
    """

    run: Run
    stay: IntArray
    begins: IntArray
    now: IntArray

    @classmethod
    def of(cls, run: Run, rows: IntArray, now: IntArray) -> _StaysSoFar:
        """Those of these requests."""
        grouped = run.by_request
        place, begins = members_of_groups(grouped.first[rows], grouped.first[rows + 1])
        return cls(run, grouped.stays[place], begins, np.repeat(now, np.diff(begins)))

    def parts(self) -> dict[str, IntArray]:
        """What each request did in its slots, and while it was left out of them."""
        run, stays, now = self.run, self.run.stays, self.now
        start, ready, until, end = (
            np.minimum(column[self.stay], now)
            for column in (stays.start_time, stays.ready_time, run.decoded_until, stays.end_time)
        )
        ready = np.minimum(ready, until)
        processing = self._processing(until)
        decoding = run.decode_clock.between(ready, until)
        decode = np.minimum(self._alone(ready, until), decoding)
        again = np.ones(len(self.stay), bool)
        again[self.begins[:-1]] = False
        skipped = stays.ended[self.stay] == Ended.SKIPPED
        left_out = np.where(skipped, np.minimum(run.back[self.stay], now) - end, 0)
        parts = {
            "prefill": np.where(again, 0, processing),
            "recompute": np.where(again, processing, 0),
            "decode": decode,
            "sharing": decoding - decode,
            "stalled": until - start - processing - decoding + left_out,
            "held": end - until,
        }
        return {name: sums_of_groups(column, self.begins) for name, column in parts.items()}

    def _processing(self, until: IntArray) -> IntArray:
        """How long iterations processed a part of each stay's prompt."""
        prefills = self.run.prefills
        first, after = prefills.first[self.stay], prefills.first[self.stay + 1]
        chunk, begins = members_of_groups(first, after)
        passed = np.repeat(until, after - first) - prefills.start[chunk]
        return sums_of_groups(np.clip(passed, 0, prefills.length[chunk]), begins)

    def _alone(self, ready: IntArray, until: IntArray) -> IntArray:
        """How long each stay's decode steps would last with nobody else in the batch."""
        run, cost, per_token = self.run, self.run.cost, self.run.cost.decode_per_context_token
        first = cost.step_time(1) + per_token * run.first_context[self.stay]
        if not (self.now < run.finished).any():
            steps = (run.steps_by_until - run.steps_by_ready)[self.stay]
            return times_of(steps, first, np.full_like(first, per_token))
        steps = run.spans.decode_steps_at(until) - run.spans.decode_steps_at(ready)
        over = times_of(steps, first, np.full_like(first, per_token))
        # Of the step under way as much as has passed, for those who are in it.
        under_way = (ready < self.now) & (until == self.now)
        passed = np.minimum(run.spans.decoding_since(self.now), first + per_token * steps)
        return np.where(under_way, over + passed, over)
