"""The gaps between the tokens of every request, pooled: inter-token latency."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tui_batching.columns import IntArray
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind


@dataclass(frozen=True, eq=False)
class TokenGaps:
    """Pooled gaps, each counted instead of written out.

    Attributes:
        values: gaps in picoseconds, in no order; a value may be there more than once.
        counts: how often each occurs, >= 1. They sum to all output tokens but the first ones.
    """

    values: IntArray
    counts: IntArray


@dataclass(frozen=True, eq=False)
class _DecodeSpans:
    """The decode spans of a Run, one row each; times in picoseconds."""

    start: IntArray
    end: IntArray
    steps: IntArray
    step_time: IntArray
    billed: IntArray

    @classmethod
    def of(cls, run: Run) -> _DecodeSpans:
        spans = run.spans
        rows = np.flatnonzero(spans.kind == SpanKind.DECODE)
        return cls(
            spans.start[rows],
            spans.end[rows],
            spans.steps[rows],
            spans.step_time[rows],
            spans.billed[rows],
        )

    def __len__(self) -> int:
        return len(self.start)

    def containing(self, token_time: IntArray) -> IntArray:
        """The span at whose start or during which the step of each token began."""
        return np.searchsorted(self.start, token_time) - 1


def token_gaps(run: Run) -> TokenGaps:
    """Every gap between consecutive tokens of a request, over all requests.

    Within a decode span gaps last one step. Before the first step of a span, those who were already
    decoding have also sat through whatever lies between it and the previous decode span.
    """
    spans = _DecodeSpans.of(run)
    newcomers = np.bincount(spans.containing(run.first_token), minlength=len(spans))
    across = spans.billed - newcomers
    pause = np.concatenate(([0], spans.start[1:] - spans.end[:-1]))
    within = spans.billed * (spans.steps - 1) - _steps_after_finish(run, spans)
    within += np.where(pause, 0, across)
    paused = np.flatnonzero((pause > 0) & (across > 0))
    values, counts = _add_up_by_billed(run, spans.billed, within)
    return TokenGaps(
        np.concatenate((values, (pause + spans.step_time)[paused])),
        np.concatenate((counts, across[paused])),
    )


def _steps_after_finish(run: Run, spans: _DecodeSpans) -> IntArray:
    """For each span the steps billed for members that had finished within it."""
    finish = run.finish[np.flatnonzero(run.finish < run.end)]
    last = spans.containing(finish)
    left = (spans.end[last] - finish) // spans.step_time[last]
    # bincount adds floats up, which is exact below 2**53: nobody counts that many tokens.
    return np.bincount(last, weights=left, minlength=len(spans)).astype(np.int64)


def _add_up_by_billed(run: Run, billed: IntArray, counts: IntArray) -> tuple[IntArray, IntArray]:
    """One row for all gaps of one step with the same number of requests billed."""
    by_billed = np.bincount(billed, weights=counts).astype(np.int64)
    present = np.flatnonzero(by_billed)
    step_times = [run.cost.step_time(int(number)) for number in present]
    return np.array(step_times, np.int64), by_billed[present]
