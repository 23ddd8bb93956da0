"""What each request does in its slot, as stretches of time without a gap."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from tui_batching.clock import Picoseconds
from tui_batching.columns import IntArray
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind, Spans

Doing: TypeAlias = Literal["prefill", "stalled", "decode", "held"]


class Stretch(NamedTuple):
    """A stretch of one request's time in its slot; never empty."""

    doing: Doing
    start: Picoseconds
    end: Picoseconds


def stretches(run: Run, rows: IntArray) -> Iterator[list[Stretch]]:
    """For each of these requests its stretches, from `start` to `end` without a gap.

    Their lengths add up to the parts that `breakdown` tells: those of `decode` to decode and
    sharing together, the others each to its own. A request is stalled wherever the server does
    something else than decode between the end of its own prefill and its finish.
    """
    begins, ends = _decoding(run.spans)
    start, finish, end = run.start[rows], run.finish[rows], run.end[rows]
    ready = start + run.cost.prefill_times(run.requests.input_tokens[rows])
    first = np.searchsorted(ends, ready, side="right")
    after = np.searchsorted(begins, finish, side="left")
    columns = (start, ready, finish, end, first, after)
    for begun, own, done, released, one, other in zip(*(c.tolist() for c in columns), strict=True):
        steps = zip(begins[one:other].tolist(), ends[one:other].tolist(), strict=True)
        yield list(_of_one(begun, own, done, released, steps))


def _decoding(spans: Spans) -> tuple[IntArray, IntArray]:
    """When the server begins and ceases to decode; spans that follow at once count as one."""
    rows = np.flatnonzero(spans.kind == SpanKind.DECODE)
    begins, ends = spans.start[rows], spans.end[rows]
    apart = begins[1:] > ends[:-1]
    return begins[np.r_[True, apart][: len(rows)]], ends[np.r_[apart, True][: len(rows)]]


def _of_one(
    start: Picoseconds,
    ready: Picoseconds,
    finish: Picoseconds,
    end: Picoseconds,
    decoding: Iterator[tuple[Picoseconds, Picoseconds]],
) -> Iterator[Stretch]:
    """One request's stretches; `decoding` is when the server decodes between ready and finish."""
    if ready > start:
        yield Stretch("prefill", start, ready)
    now = ready
    for begins, ends in decoding:
        if begins > now:
            yield Stretch("stalled", now, begins)
            now = begins
        yield Stretch("decode", now, min(ends, finish))
        now = ends
    if finish > now:
        yield Stretch("stalled", now, finish)
    if end > finish:
        yield Stretch("held", finish, end)
