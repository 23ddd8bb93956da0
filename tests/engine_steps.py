"""A Run written out, iteration by iteration, as the recorded decisions of engines are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind
from tui_batching.sim.stays import Ended
from tui_batching.sim.steps import time_of


class Iteration(NamedTuple):
    """One iteration.

    Attributes:
        begin: in picoseconds.
        end: in picoseconds.
        work: request, tokens, and 1 for a decode step, of all who take part.
        stalled: who decodes, but not now.
        evicted: who was, after the last one and before this one.
        blocks: taken while it runs; None within a run of equal ones.
    """

    begin: int
    end: int
    work: list[tuple[int, int, int]]
    stalled: list[int]
    evicted: list[int]
    blocks: int | None


def iterations(run: Run) -> list[Iteration]:
    """All of them, with requests by id and lists in order of ids."""
    spans, stays, ids = run.spans, run.stays, run.requests.id
    told = []
    request = ids[stays.request]
    evicted_at = stays.end_time[stays.ended == Ended.EVICTED]
    evicted = request[stays.ended == Ended.EVICTED]
    left_out = stays.ended == Ended.SKIPPED
    before = -1
    for span in np.flatnonzero(spans.kind != SpanKind.IDLE).tolist():
        begin = int(spans.start[span])
        here = (
            (stays.start_time <= begin) & (stays.ready_time <= begin) & (begin < run.decoded_until)
        )
        stalled = left_out & (stays.end_time <= begin) & (begin < run.back)
        chunks = run.chunks.span == span
        parts = zip(request[run.chunks.stay[chunks]], run.chunks.tokens[chunks], strict=True)
        work = [(int(who), int(tokens), 0) for who, tokens in parts]
        if spans.decoding[span]:
            work += [(int(who), 1, 1) for who in request[here]]
        else:
            stalled = stalled | here
        gone = evicted[(before < evicted_at) & (evicted_at <= begin)]
        steps = int(spans.steps[span])
        first, growth = int(spans.step_time[span]), int(spans.step_growth[span])
        for step in range(steps):
            since, until = (begin + time_of(k, first, growth) for k in (step, step + 1))
            blocks = None
            if run.kv:
                known = {steps - 1: run.kv.at_end, 0: run.kv.at_start}
                blocks = int(known[step][span]) if step in known else None
            out = sorted(request[stalled].tolist())
            told.append(Iteration(since, until, sorted(work), out, sorted(gone.tolist()), blocks))
            gone = gone[:0]
        before = begin
    return told
