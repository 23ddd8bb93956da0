"""What a Run looks like at one instant; nothing here is stored, so going back is exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tui_batching.clock import Picoseconds
from tui_batching.columns import IntArray
from tui_batching.sim.kv_levels import KvLevels, computed_at, kv_levels
from tui_batching.sim.life import State, states_at, states_in_slots
from tui_batching.sim.spans import SpanKind
from tui_batching.sim.steps import steps_within, time_of

if TYPE_CHECKING:
    from tui_batching.sim.run import Run


@dataclass(frozen=True, slots=True)
class Phase:
    """What the server does at an instant: the span it is in, and how far it is through it.

    Attributes:
        kind: idle, forming, prefill, decode or mixed.
        start: of the span.
        end: of the span.
        step: which of the span's steps is under way, from 0.
        steps: how many there are.
        step_start: when the step under way began.
        step_time: how long it lasts.
        billed: requests that it computes.
    """

    kind: SpanKind
    start: Picoseconds
    end: Picoseconds
    step: int
    steps: int
    step_start: Picoseconds
    step_time: Picoseconds
    billed: int


@dataclass(frozen=True, eq=False)
class Moment:
    """The answers of a Run for the instant `time`, each found in O(log n) when it is asked.

    Requests are given by row. Instants are half-open: at its end a request has left its slot, at
    its start it is in it, and a token counts from the end of its decode step.
    """

    run: Run
    time: Picoseconds

    @cached_property
    def over(self) -> bool:
        """Whether the last response has been released."""
        return self.time >= self.run.finished

    @cached_property
    def span(self) -> int:
        """The span that is under way; -1 before the first one and once all is over."""
        return -1 if self.over else self.run.spans.index_at(self.time)

    @cached_property
    def phase(self) -> Phase:
        """What the server does; idle before the first arrival and once all is over."""
        spans, index = self.run.spans, self.span
        if index < 0:
            return Phase(SpanKind.IDLE, self.time, self.time, 0, 1, self.time, 0, 0)
        start, first = int(spans.start[index]), int(spans.step_time[index])
        growth = int(spans.step_growth[index])
        step = steps_within(self.time - start, first, growth)
        return Phase(
            kind=SpanKind(int(spans.kind[index])),
            start=start,
            end=int(spans.end[index]),
            step=step,
            steps=int(spans.steps[index]),
            step_start=start + time_of(step, first, growth),
            step_time=first + step * growth,
            billed=int(spans.billed[index]),
        )

    @cached_property
    def iteration(self) -> int:
        """Decode steps finished so far."""
        return int(self.run.spans.decode_steps_at(np.array([self.time]))[0])

    @cached_property
    def iterations(self) -> int:
        """Iterations finished so far, those that process prompts alone included."""
        return int(self.run.spans.iterations_at(np.array([self.time]))[0])

    @cached_property
    def arrived(self) -> int:
        """How many requests have arrived; they are the rows below this number."""
        return int(np.searchsorted(self.run.requests.arrival_time, self.time, side="right"))

    @cached_property
    def waiting(self) -> Sequence[int]:
        """The rows of the waiting queue, in its order: who was evicted, and newcomers.

        The place of a newcomer is its row or in `Run.place`, that of an evicted one is in
        `Stays.place`; of two at one place the evicted one comes first.
        """
        newcomers, place = self._newcomers, self.run.place
        evicted = self._evicted
        if not len(evicted) and place is None:
            return newcomers
        stays = self.run.stays
        new = np.asarray(newcomers, np.int64)
        rows = np.concatenate((stays.request[evicted], new))
        places = np.concatenate((stays.place[evicted], new if place is None else place[new]))
        order: list[int] = rows[np.argsort(places, kind="stable")].tolist()
        return order

    @cached_property
    def _newcomers(self) -> Sequence[int]:
        """Who has arrived and was never admitted, in order of arrival."""
        run = self.run
        if run.admits_in_order:
            return range(
                int(np.searchsorted(run.start_time, self.time, side="right")), self.arrived
            )
        rows: list[int] = np.flatnonzero(run.start_time[: self.arrived] > self.time).tolist()
        return rows

    @cached_property
    def _evicted(self) -> IntArray:
        """The stays after which a request waits to come back, in order of their ends."""
        run = self.run
        stays = run.evicted_stays
        gone = stays[run.stays.end_time[stays] <= self.time]
        away = gone[run.back[gone] > self.time]
        return away[np.argsort(run.stays.end_time[away], kind="stable")]

    @property
    def joined(self) -> Sequence[int]:
        """While a batch forms, the rows that have joined it; else none."""
        forming = self.phase.kind is SpanKind.FORMING
        return self.waiting[: self.run.slots] if forming else ()

    @cached_property
    def done(self) -> int:
        """How many requests have been answered."""
        return int(np.searchsorted(self.run.ends, self.time, side="right"))

    @cached_property
    def stays(self) -> IntArray:
        """The stay in each slot that was ever used; -1 where it is free. Shape: (slots used,)."""
        latest = self.run.by_slot.latest(self.time)
        there = latest >= 0
        there[there] = self.run.stays.end_time[latest[there]] > self.time
        return np.where(there, latest, -1)

    @cached_property
    def occupants(self) -> IntArray:
        """The row in each slot that was ever used; -1 where it is free. Shape: (slots used,)."""
        return np.where(self.stays >= 0, self.run.stays.request[self.stays], -1)

    @cached_property
    def running(self) -> IntArray:
        """The rows in the slots, in order of slots."""
        return self.occupants[self.occupants >= 0]

    @cached_property
    def held(self) -> IntArray:
        """Those of the running rows that are finished."""
        return self.running[self.run.finish_time[self.running] <= self.time]

    @cached_property
    def prefilled(self) -> IntArray:
        """The rows whose prompts, or chunks of them, are processed in the span under way."""
        chunks = self.run.chunks
        first, after = np.searchsorted(chunks.span, (self.span, self.span + 1))
        return self.run.stays.request[chunks.stay[first:after]]

    @cached_property
    def chunks(self) -> dict[int, int]:
        """By stay, the tokens of its prompt that are processed in the span under way."""
        chunks = self.run.chunks
        first, after = np.searchsorted(chunks.span, (self.span, self.span + 1))
        pairs = (column[first:after].tolist() for column in (chunks.stay, chunks.tokens))
        return dict(zip(*pairs, strict=True))

    @cached_property
    def evictions(self) -> int:
        """How often requests have been evicted so far."""
        return int(np.searchsorted(self.run.eviction_times, self.time, side="right"))

    @cached_property
    def skipped(self) -> IntArray:
        """The stays that are left out now, and keep their slots and memory."""
        run = self.run
        gone = run.skipped_stays[run.stays.end_time[run.skipped_stays] <= self.time]
        return gone[run.back[gone] > self.time]

    def computed(self, stays: IntArray) -> IntArray:
        """Tokens of each of these stays that were in the KV cache by now, or when it ended."""
        span = len(self.run.spans) if self.over else max(0, self.span)
        columns = (np.full_like(stays, number) for number in (self.time, span, self.iteration))
        return computed_at(self.run, stays, *columns)

    @cached_property
    def decoding(self) -> IntArray:
        """The stays that make a token in the iteration under way."""
        run, stays = self.run, self.stays[self.stays >= 0]
        if self.over or not run.spans.decoding[self.span]:
            return stays[:0]
        return stays[
            (run.stays.ready_time[stays] <= self.time) & (run.decoded_until[stays] > self.time)
        ]

    @cached_property
    def _kv_levels(self) -> KvLevels:
        return kv_levels(self.run, np.array([self.time]))

    @property
    def tokens_held(self) -> int:
        """Tokens in the KV cache: those computed, and those of the iteration under way."""
        return int(self._kv_levels.used[0])

    @cached_property
    def blocks_cached(self) -> int:
        """Blocks that are free to take, but whose content a request may still find."""
        kv = self.run.kv
        return kv.free_to_take(self.span, self.blocks) if kv and self.span >= 0 else 0

    @property
    def found_so_far(self) -> float:
        """The share of the tokens of all who were admitted by now that the cache had; 0 of none.

        Those who came back after an eviction do not count: they find what is their own.
        """
        stays = int(np.searchsorted(self.run.stays.start_time, self.time, side="right"))
        found, known = self.run.found_before[:, stays].tolist()
        return found / known if known else 0.0

    def found(self, stay: int) -> tuple[int, int]:
        """Of the tokens known at the admission of a stay those found in the cache; and how many."""
        return int(self.run.stays.cached[stay]), int(self.run.stays.known[stay])

    @property
    def blocks(self) -> int:
        """Blocks of the KV cache that are taken in the iteration under way; 0 without one."""
        return int(self._kv_levels.blocks[0])

    def tokens_made(self, rows: IntArray) -> IntArray:
        """How many tokens each of these requests has made."""
        latest = self.run.by_request.latest(self.time, rows)
        return np.where(latest >= 0, self.tokens_made_in(latest), 0)

    def tokens_made_in(self, latest: IntArray) -> IntArray:
        """The same of the requests of these stays, none of which has begun another one since."""
        run, stays = self.run, self.run.stays
        rows = stays.request[latest]
        until = np.minimum(stays.end_time[latest], self.time)
        since = np.minimum(stays.ready_time[latest], until)
        made = stays.known[latest] - run.requests.input_tokens[rows]
        made += run.spans.decode_steps_at(until) - run.spans.decode_steps_at(since)
        if run.cost.made_by_prefill:
            made += run.known_made[latest] <= until
        return np.asarray(np.minimum(made, run.requests.output_tokens[rows]))

    def states(self, rows: IntArray) -> list[State]:
        """What each of these requests does."""
        found = states_at(self.run, rows, np.array([self.time]))
        return [State(state) for state in found[:, 0].tolist()]

    def states_in_slots(self, stays: IntArray) -> list[State]:
        """The same of the requests of these stays, which have slots now."""
        found = states_in_slots(self.run, stays, np.array([self.time]))
        return [State(state) for state in found.tolist()]

    @cached_property
    def next_boundary(self) -> Picoseconds | None:
        """The end of the iteration or interval under way; None once all is over."""
        if self.over:
            return None
        phase = self.phase
        return phase.step_start + phase.step_time

    @property
    def previous_start(self) -> Picoseconds:
        """When the iteration or interval before the one under way began; 0 before all."""
        boundary = self.phase.step_start
        return Moment(self.run, boundary).previous_boundary or 0

    @cached_property
    def previous_boundary(self) -> Picoseconds | None:
        """The last boundary before this instant; None at time zero."""
        if self.time <= 0:
            return None
        spans = self.run.spans
        index = spans.index_at(self.time - 1)
        start, first = int(spans.start[index]), int(spans.step_time[index])
        growth = int(spans.step_growth[index])
        passed = min(steps_within(self.time - 1 - start, first, growth), int(spans.steps[index]))
        return start + time_of(passed, first, growth)
