"""Request-level scheduling: a batch forms, runs until its longest member is done, then the next.

Static and dynamic batching differ only in when a batch forms, so each has a rule that says where
batches begin and when they start; everything else about them is shared.
"""

from __future__ import annotations

import numpy as np

from tui_batching.clock import HORIZON
from tui_batching.columns import IntArray, freeze
from tui_batching.cost import Cost
from tui_batching.sim.forming import dynamic_batches, starts_in_a_row
from tui_batching.sim.horizon import refuse_beyond_horizon
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind, Spans, Timeline
from tui_batching.sim.steps import times_of
from tui_batching.sim.work import Batches, Work
from tui_batching.strategy import Dynamic, Static
from tui_batching.workload.model import Requests


def run_static(requests: Requests, cost: Cost, strategy: Static) -> Run:
    """Serve the requests `batch_size` at a time, in arrival order."""
    work = Work.of(requests, cost, strategy.batch_size)
    if strategy.is_padded:
        work = work.padded()
    batches = work.batches(np.arange(0, len(requests), strategy.batch_size))
    ready = requests.arrival_time[batches.first + batches.size - 1]
    if not _surely_within_horizon(ready, work, batches):
        _refuse_beyond_horizon(ready, work, batches)
    # A batch starts once its last member is there and the server is free.
    return _serve(requests, cost, strategy, batches, starts_in_a_row(ready, batches.service, 0))


def run_dynamic(requests: Requests, cost: Cost, strategy: Dynamic) -> Run:
    """Serve the requests in batches that start when full or when the timeout passes."""
    work = Work.of(requests, cost, strategy.batch_size)
    first, start = dynamic_batches(requests, work, strategy)
    return _serve(requests, cost, strategy, work.batches(first), start)


def _surely_within_horizon(ready: IntArray, work: Work, batches: Batches) -> bool:
    """Whether even floats, which are a little coarse, tell that nothing lasts beyond the clock."""
    if not work.fits_columns():
        return False
    steps = batches.steps.astype(np.float64)
    decoding = steps * batches.step_time + batches.step_growth * (steps * (steps - 1) / 2)
    return float((decoding + batches.prefill).sum()) + float(ready[-1]) < 0.99 * HORIZON


def _refuse_beyond_horizon(ready: IntArray, work: Work, batches: Batches) -> None:
    """The same rule batch by batch, on Python's integers."""
    end, service = 0, work.service()
    columns = (ready, batches.first, batches.first + batches.size)
    for there, first, after in zip(*(c.tolist() for c in columns), strict=True):
        end = max(end, there) + service(first, after)
    refuse_beyond_horizon(end)


def _serve(
    requests: Requests,
    cost: Cost,
    strategy: Static | Dynamic,
    batches: Batches,
    batch_start: IntArray,
) -> Run:
    """Write the Run of batches whose members and starts are known."""

    def to_members(column: IntArray) -> IntArray:
        return np.repeat(column, batches.size)

    start = to_members(batch_start)
    decode_start, step_time = start + to_members(batches.prefill), to_members(batches.step_time)
    decoding = times_of(
        cost.decode_steps(requests.output_tokens), step_time, to_members(batches.step_growth)
    )
    return Run(
        strategy=strategy,
        cost=cost,
        requests=requests,
        start=freeze(start),
        first_token=freeze(decode_start if cost.made_by_prefill else decode_start + step_time),
        finish=freeze(decode_start + decoding),
        end=freeze(to_members(batch_start + batches.service)),
        slot=freeze(np.arange(len(requests)) - to_members(batches.first)),
        spans=_spans(requests, batches, batch_start),
    )


def _spans(requests: Requests, batches: Batches, start: IntArray) -> Spans:
    """Idle until somebody waits, forming until the batch starts, prefill, decode; and again."""
    server_free = np.concatenate(([0], (start + batches.service)[:-1]))
    opened = np.maximum(server_free, requests.arrival_time[batches.first])
    idle, forming = opened - server_free, start - opened
    there = np.stack((idle > 0, forming > 0, batches.prefill > 0, batches.steps > 0), axis=1)
    row = np.cumsum(there).reshape(there.shape) - 1
    idles, forms, prefills, decodes = (np.flatnonzero(column) for column in there.T)
    timeline = Timeline(int(row[-1, -1]) + 1)
    timeline.place(SpanKind.IDLE, row[idles, 0], server_free[idles], idle[idles])
    timeline.place(SpanKind.FORMING, row[forms, 1], opened[forms], forming[forms])
    timeline.place(
        SpanKind.PREFILL,
        row[prefills, 2],
        start[prefills],
        batches.prefill[prefills],
        billed=batches.size[prefills],
    )
    timeline.place(
        SpanKind.DECODE,
        row[decodes, 3],
        (start + batches.prefill)[decodes],
        batches.step_time[decodes],
        steps=batches.steps[decodes],
        step_growth=batches.step_growth[decodes],
        billed=batches.size[decodes],
    )
    return timeline.finished()
