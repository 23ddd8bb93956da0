"""What the iterations of a Run compute, added up from its begin to any instant.

The time of an iteration is, by `cost.IterationCost`, a sum of prices, each times what the iteration
computes of something. So the time between two instants at which the server is never idle is the
same sum over the iterations between them: one row of a least squares problem.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tui_batching.columns import FloatArray, IntArray
from tui_batching.sim.run import Run
from tui_batching.sim.stays import NEVER
from tui_batching.sim.steps import whole_steps

KNOTS = (8, 16, 32, 64)
"""Up to how many tokens an iteration may have prices of its own; see `per_token_up_to`."""

FEATURES = (
    "base",
    "per_token",
    "per_context_token",
    "per_token_squared",
    *(f"per_token_up_to.{knot}" for knot in KNOTS),
)
"""What is paid for in an iteration, in the order of all columns here."""

CONTEXT = FEATURES.index("per_context_token")


@dataclass(frozen=True, eq=False)
class Composition:
    """What the spans of a Run compute, of an engine whose prefills make tokens.

    Attributes:
        run: whose.
        decoding: requests that decode in each iteration. Shape: (spans,).
        tokens: that each iteration computes, those of prompts included.
        context: tokens in the cache before the first iteration, of all who take part.
        squares: see `cost.ChunkLoad`.
    """

    run: Run
    decoding: IntArray
    tokens: IntArray
    context: IntArray
    squares: IntArray

    @classmethod
    def of(cls, run: Run) -> Composition:
        """Take a Run apart."""
        parts, before, squares = _prompts(run)
        decoding, context = _decodes(run)
        return cls(run, decoding, decoding + parts, context + before, squares)

    @property
    def iterations(self) -> IntArray:
        """How many iterations each span has. Shape: (spans,)."""
        return np.where(self.run.spans.computing, self.run.spans.steps, 0)

    def between(self, begin: IntArray, end: IntArray) -> FloatArray:
        """What is computed between two instants each; of an iteration that is cut, its share.

        Shape: (instants, FEATURES).
        """
        return self._by(end) - self._by(begin)

    def _by(self, instants: IntArray) -> FloatArray:
        """What is computed from the begin of the Run to each instant."""
        spans = self.run.spans
        span = np.maximum(np.searchsorted(spans.start, instants, side="right") - 1, 0)
        elapsed = np.clip(instants - spans.start[span], 0, (spans.end - spans.start)[span])
        steps, time, growth = spans.steps[span], spans.step_time[span], spans.step_growth[span]
        whole = whole_steps(elapsed, steps, time, growth)
        last = time + growth * whole
        rest = elapsed - (whole * time + growth * (whole * (whole - 1) // 2))
        share = np.where(whole < steps, rest / np.maximum(last, 1), 0)
        return self._totals[span] + self._in_spans(span, whole, share)

    def _in_spans(self, span: IntArray, whole: IntArray, share: FloatArray) -> FloatArray:
        """What some iterations of each span compute: so many whole ones, and a share of one."""
        done = whole + share
        done = np.where(self.run.spans.computing[span], done, 0)
        growing = self.decoding[span] * whole * ((whole - 1) / 2 + share)
        tokens = self.tokens[span]
        ones = np.ones_like(tokens)
        columns = [ones, tokens, self.context[span], self.squares[span]]
        columns += [np.minimum(tokens, knot) for knot in KNOTS]
        features = done[:, None] * np.stack(columns, axis=1)
        features[:, CONTEXT] += growing
        return features

    @property
    def _totals(self) -> FloatArray:
        """What is computed before each span. Shape: (spans, FEATURES)."""
        everything = np.arange(len(self.run.spans))
        in_each = self._in_spans(everything, self.run.spans.steps, np.zeros(len(everything)))
        return np.cumsum(in_each, axis=0) - in_each


def _prompts(run: Run) -> tuple[IntArray, IntArray, IntArray]:
    """Of the parts of prompts in each span: tokens, tokens in the cache before them, squares."""
    chunks = run.chunks
    order = np.lexsort((chunks.span, chunks.stay))
    stay, span, tokens = chunks.stay[order], chunks.span[order], chunks.tokens[order]
    done = np.cumsum(tokens) - tokens
    begins = np.flatnonzero(np.diff(stay, prepend=-1))
    before = done - np.repeat(done[begins], np.diff(begins, append=len(stay)))
    before += run.stays.cached[stay]
    added = np.zeros((3, len(run.spans)), np.int64)
    for total, column in zip(added, (tokens, before, tokens * (2 * before + tokens)), strict=True):
        np.add.at(total, span, column)
    return added[0], added[1], added[2]


def _decodes(run: Run) -> tuple[IntArray, IntArray]:
    """Requests that decode in each span, and their tokens in the cache before its first step.

    In each step a stay has one token more in the cache. So what it has, less the steps that the
    server has done, is a number that stays as long as it decodes.
    """
    spans, stays = run.spans, run.stays
    decodes = np.flatnonzero((stays.ready_time < NEVER) & (stays.ready_time < run.decoded_until))
    first = np.searchsorted(spans.start, stays.ready_time[decodes])
    after = np.searchsorted(spans.start, run.decoded_until[decodes])
    in_cache = run.first_context - run.cost.made_by_prefill
    own = (in_cache - run.steps_by_ready)[decodes]
    counts, owns = np.zeros((2, len(spans) + 1), np.int64)
    for edges, sign in ((first, 1), (after, -1)):
        np.add.at(counts, edges, sign)
        np.add.at(owns, edges, sign * own)
    counting = np.where(spans.decoding, np.cumsum(counts)[:-1], 0)
    context = np.cumsum(owns)[:-1] + counting * spans.steps_before
    return counting, np.where(spans.decoding, context, 0)
