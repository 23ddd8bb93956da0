"""The gaps between the tokens of every request, pooled: inter-token latency."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tui_batching.analysis.decode_spans import DecodeSpans
from tui_batching.analysis.pooled_values import PooledValues
from tui_batching.columns import IntArray
from tui_batching.sim.run import Run
from tui_batching.strategy import Continuous


def token_gaps(run: Run) -> PooledValues:
    """Every gap between consecutive tokens of a request, over all requests, in picoseconds.

    Within a decode span gaps last one step. Before the first step of a span, those who were already
    decoding have also sat through whatever lies between it and the previous decode span; newcomers
    have a gap there only if their prefill made a token.
    """
    spans = DecodeSpans.of(run)
    steps = run.cost.decode_steps(run.requests.output_tokens)
    rows = np.flatnonzero(steps)
    entry = np.searchsorted(spans.start, run.start[rows])
    newcomers = np.bincount(entry, minlength=len(spans))
    entered = spans.steps_before[entry]
    pieces = _Pieces.of(run, spans, entered, entered + steps[rows])
    pause = spans.start - np.concatenate((spans.start[:1], spans.end[:-1]))
    apart = (pause > 0) | (newcomers > 0)
    across = pieces.active[pieces.offset == 0] - newcomers
    parts = [
        pieces.gaps(spans, skip_first_step=apart),
        PooledValues.single((pause + spans.step_time)[apart], across[apart]),
    ]
    if run.cost.made_by_prefill:
        stalled = spans.start[entry] - run.first_token[rows]
        parts.append(PooledValues.single(stalled + spans.step_time[entry], np.ones_like(entry)))
    return PooledValues.joined(parts)


@dataclass(frozen=True, eq=False)
class _Pieces:
    """Decode spans, cut where a member of a batch finishes; one row a piece.

    Attributes:
        span: which decode span it is a piece of.
        offset: steps of the span before it.
        length: steps in it.
        active: requests that make a token in each of them.
    """

    span: IntArray
    offset: IntArray
    length: IntArray
    active: IntArray

    @classmethod
    def of(cls, run: Run, spans: DecodeSpans, entered: IntArray, left: IntArray) -> _Pieces:
        """Cut at the steps after which requests have `left`, having `entered` at others."""
        if isinstance(run.strategy, Continuous):  # whoever finishes leaves, and that ends the span
            return cls(np.arange(len(spans)), np.zeros_like(spans.steps), spans.steps, spans.billed)
        left = np.sort(left)
        total = int(spans.steps.sum())
        cut = np.sort(np.concatenate((spans.steps_before, left)), kind="stable")
        cut = cut[(np.diff(cut, prepend=-1) > 0) & (cut < total)]
        span = np.searchsorted(spans.steps_before, cut, side="right") - 1
        return cls(
            span=span,
            offset=cut - spans.steps_before[span],
            length=np.diff(cut, append=total),
            active=np.searchsorted(entered, cut, "right") - np.searchsorted(left, cut, "right"),
        )

    def gaps(self, spans: DecodeSpans, skip_first_step: npt.NDArray[np.bool_]) -> PooledValues:
        """The gaps of one step each, without the first step of these spans."""
        skipped = (self.offset == 0) & skip_first_step[self.span]
        length, growth = self.length - skipped, spans.step_growth[self.span]
        if not growth.any():
            return _added_up_by_billed(spans, self.span, length * self.active)
        first = spans.step_time[self.span] + growth * (self.offset + skipped)
        return PooledValues(first, growth, length, self.active)


def _added_up_by_billed(spans: DecodeSpans, span: IntArray, counts: IntArray) -> PooledValues:
    """One row for all gaps of one step with the same number of requests billed."""
    billed = spans.billed[span]
    # bincount adds floats up, which is exact below 2**53: nobody counts that many tokens.
    by_billed = np.bincount(billed, weights=counts).astype(np.int64)
    step_times = np.zeros_like(by_billed)
    step_times[billed] = spans.step_time[span]
    return PooledValues.single(step_times, by_billed)
