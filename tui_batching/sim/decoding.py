"""The time that decode steps take of a Run, without what prompts beside them add."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tui_batching.columns import IntArray
from tui_batching.sim.spans import SpanClock, SpanKind

if TYPE_CHECKING:
    from tui_batching.sim.run import Run


def decode_clock(run: Run) -> SpanClock:
    """A clock that runs while decode steps do; in a mixed iteration, as long as they alone would.

    The rest of a mixed iteration is what the prompts in it add.
    """
    spans = run.spans
    if not (spans.kind == SpanKind.MIXED).any():
        return spans.clock_of(SpanKind.DECODE)
    rows = np.flatnonzero(spans.decoding)
    length = (spans.end - spans.start)[rows]
    mixed = np.flatnonzero(spans.kind[rows] == SpanKind.MIXED)
    length[mixed] = _decode_times(run, rows[mixed])
    return SpanClock.of(spans.start[rows], length)


def _decode_times(run: Run, mixed: IntArray) -> IntArray:
    """How long mixed iterations would last without the prompts in them."""
    start = run.spans.start[mixed]
    decoding, context = decoding_at(run, start, run.spans.steps_before[mixed])
    times = run.cost.step_time
    pairs = zip(decoding.tolist(), context.tolist(), strict=True)
    return np.array([times(billed, tokens) for billed, tokens in pairs], np.int64)


def decoding_at(run: Run, times: IntArray, steps: IntArray) -> tuple[IntArray, IntArray]:
    """How many requests decode at these instants, and the sum of their contexts in tokens.

    A stay that is ready after s steps with a context of c tokens has one of c - s and as many as
    there have been steps by now. The sums of s may overflow, which does no harm: they wrap around
    and so back.

    Args:
        run: whose requests.
        times: the instants, in picoseconds.
        steps: the decode steps done by then.
    """
    stays = run.stays
    decodes = np.flatnonzero(stays.ready_time < run.decoded_until)
    ready, until = stays.ready_time[decodes], run.decoded_until[decodes]
    own = (run.first_context - run.steps_by_ready)[decodes]
    by_ready, by_end = (np.argsort(column, kind="stable") for column in (ready, until))
    begun = np.searchsorted(ready[by_ready], times, side="right")
    ended = np.searchsorted(until[by_end], times, side="right")
    context = _sums(own[by_ready])[begun] - _sums(own[by_end])[ended] + steps * (begun - ended)
    return begun - ended, context


def _sums(column: IntArray) -> IntArray:
    """The sums of the first k values, for every k from 0."""
    return np.concatenate(([0], np.cumsum(column)))
