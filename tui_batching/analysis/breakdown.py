"""Where the time went: each request's latency split into seven parts that sum exactly."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from tui_batching.clock import Picoseconds
from tui_batching.columns import IntArray, exact_sum, freeze
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind
from tui_batching.sim.steps import times_of


@dataclass(frozen=True, eq=False)
class Breakdown:
    """The parts of every request's latency as int64 columns in picoseconds; none is negative.

    Each column has one row a request, in arrival order; the columns sum to `end - arrival`.

    Attributes:
        forming: waiting while the server was idle because the batch was not closed yet.
        queued: waiting while the server was busy with others.
        prefill: the own prompt's prefill, as long as it would last alone.
        stalled: running, but stopped by the prefill of others; in a joint prefill that is the time
            a short prompt waits for the longest one.
        decode: the decode steps as they would last alone in the batch, with the own context.
        sharing: what the same steps lasted longer because others shared them.
        held: finished, but not released before the batch was done.
    """

    forming: IntArray
    queued: IntArray
    prefill: IntArray
    stalled: IntArray
    decode: IntArray
    sharing: IntArray
    held: IntArray

    def columns(self) -> dict[str, IntArray]:
        """The columns by name, in the order in which a request goes through them."""
        return {name: getattr(self, name) for name in PARTS}

    @cached_property
    def totals(self) -> dict[str, Picoseconds]:
        """Each part summed over all requests, exactly."""
        return {name: exact_sum(column) for name, column in self.columns().items()}


PARTS: tuple[str, ...] = tuple(field.name for field in fields(Breakdown))
"""The names of the parts, in order."""


def breakdown(run: Run) -> Breakdown:
    """Split each request's latency into its parts."""
    requests = run.requests
    forming = _time_between(run, SpanKind.FORMING, requests.arrival_time, run.start)
    prefill = run.cost.prefill_times(requests.input_tokens)
    decoding = _time_between(run, SpanKind.DECODE, run.start, run.finish)
    decode = decode_times_alone(run)
    return Breakdown(
        forming=freeze(forming),
        queued=freeze(run.start - requests.arrival_time - forming),
        prefill=freeze(prefill),
        stalled=freeze(run.finish - run.start - prefill - decoding),
        decode=freeze(decode),
        sharing=freeze(decoding - decode),
        held=freeze(run.end - run.finish),
    )


def decode_times_alone(run: Run) -> IntArray:
    """How long each request's decode steps would last with nobody else in the batch."""
    cost, requests = run.cost, run.requests
    context = cost.first_contexts(requests.input_tokens)
    first = cost.step_time(1) + cost.decode_per_context_token * context
    growth = np.full_like(first, cost.decode_per_context_token)
    return times_of(cost.decode_steps(requests.output_tokens), first, growth)


def _time_between(run: Run, kind: SpanKind, start: IntArray, end: IntArray) -> IntArray:
    """How long the server is in spans of this kind between two instants of each request."""
    before = run.spans.time_in(kind, np.concatenate((start, end)))
    return before[len(start) :] - before[: len(start)]
