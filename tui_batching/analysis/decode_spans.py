"""The decode spans of a Run, where all tokens are made that no prefill makes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tui_batching.columns import IntArray
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind


@dataclass(frozen=True, eq=False)
class DecodeSpans:
    """The decode spans of a Run, one row each, with the columns of `Spans`."""

    start: IntArray
    end: IntArray
    steps: IntArray
    step_time: IntArray
    step_growth: IntArray
    billed: IntArray
    steps_before: IntArray

    @classmethod
    def of(cls, run: Run) -> DecodeSpans:
        """Those of a Run."""
        spans = run.spans
        rows = np.flatnonzero(spans.kind == SpanKind.DECODE)
        return cls(
            spans.start[rows],
            spans.end[rows],
            spans.steps[rows],
            spans.step_time[rows],
            spans.step_growth[rows],
            spans.billed[rows],
            spans.steps_before[rows],
        )

    def __len__(self) -> int:
        return len(self.start)
