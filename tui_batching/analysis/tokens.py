"""When requests make their tokens, and the gaps between them: inter-token latency."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tui_batching.analysis.pooled_values import PooledValues
from tui_batching.columns import BoolArray, IntArray, members_of_groups
from tui_batching.sim.measured import MeasuredRun
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind
from tui_batching.sim.steps import times_of

_TOKENS_AT_ONCE = 2**18


def token_times(run: Run, tokens_at_once: int = _TOKENS_AT_ONCE) -> Iterator[list[IntArray]]:
    """The instants at which each request makes its tokens, in picoseconds, in order of rows.

    They come for a few requests at a time, as all of a long Run would fill gigabytes; of a log
    that does not tell them, none.

    Args:
        run: what has happened.
        tokens_at_once: about how many tokens each list has, all of its requests together.
    """
    if isinstance(run, MeasuredRun):
        yield from _measured_times(run)
        return
    spans = _DecodeSpans.of(run)
    tokens = run.requests.output_tokens
    blocks = (np.cumsum(tokens) - tokens) // tokens_at_once
    cuts = np.flatnonzero(np.diff(blocks, prepend=-1, append=-1)).tolist()
    for first, end in pairwise(cuts):
        grouped = run.by_request.first
        stays = run.by_request.stays[grouped[first] : grouped[end]]
        made = _MadeInStays.of(run, spans, stays)
        yield np.split(made.times(), np.cumsum(tokens[first:end])[:-1])


def token_gaps_by_request(run: Run) -> Iterator[list[IntArray]]:
    """The gaps between consecutive tokens of each request, in picoseconds, as `token_times`."""
    for block in token_times(run):
        yield [np.diff(times) for times in block]


def token_gaps(run: Run) -> PooledValues:
    """Every gap between consecutive tokens of a request, over all requests, in picoseconds.

    Within a decode span gaps last one step. Before the first step of a span, those who were already
    decoding have also sat through whatever lies between it and the previous decode span; newcomers
    have a gap there only if they had made a token before.

    Worked example: a step takes 20 ms, and 2 ms more for each further request. R0 and R1 decode
    from 0 on, and make their last tokens in the steps that end at 22 and 75 ms; R2 is prefilled
    from 22 to 29 ms and makes 1 token, R3 from 51 to 53 ms and makes 2.

        decode spans            0-22   29-51   53-75   75-95
        pause before it           -       7       2       0
        who decodes             R0 R1   R1 R2   R1 R3   R3
        newcomers               R0 R1   R2      R3      -

    R1 has a gap of 7 + 22 ms before the second span, and of 2 + 22 ms before the third; R3 one of
    20 ms before the fourth. R0 and R2 have made only one token, and have none.

    A log that does not tell the times of tokens has no gaps.
    """
    if isinstance(run, MeasuredRun):
        gaps = [np.diff(times) for block in _measured_times(run) for times in block]
        pooled = np.concatenate(gaps) if gaps else np.zeros(0, np.int64)
        return PooledValues.joined([PooledValues.single(pooled, np.ones_like(pooled))])
    spans = _DecodeSpans.of(run)
    made = _MadeInStays.of(run, spans, run.by_request.stays)
    decodes = np.flatnonzero(made.steps)
    entry, entered = made.entry[decodes], spans.steps_before[made.entry[decodes]]
    newcomers = np.bincount(entry, minlength=len(spans))
    pieces = _Pieces.of(spans, entered, entered + made.steps[decodes])
    pause = spans.start - np.concatenate((spans.start[:1], spans.end[:-1]))
    apart = (pause > 0) | (newcomers > 0)
    across = pieces.active[pieces.offset == 0] - newcomers
    parts = [
        *pieces.gaps(spans, skip_first_step=apart),
        PooledValues.single((pause + spans.step_time)[apart], across[apart]),
    ]
    before = made.gaps_before_steps()
    parts += [PooledValues.single(column, np.ones_like(column)) for column in before]
    return PooledValues.joined(parts)


def _measured_times(run: MeasuredRun) -> Iterator[list[IntArray]]:
    """The instants that a log tells, all at once; none where it does not."""
    if run.tokens is not None:
        yield [run.tokens.members(row) for row in range(len(run))]


@dataclass(frozen=True, eq=False)
class _DecodeSpans:
    """The spans of a Run in which decode steps make tokens, one row each, as in `Spans`.

    Attributes:
        decoding: requests that each step is billed for, without those whose prompts it processes.
        uniform: whether a step's time follows from that number alone.
    """

    start: IntArray
    end: IntArray
    steps: IntArray
    step_time: IntArray
    step_growth: IntArray
    steps_before: IntArray
    decoding: IntArray
    uniform: BoolArray

    @classmethod
    def of(cls, run: Run) -> _DecodeSpans:
        """Those of a Run."""
        spans = run.spans
        rows = np.flatnonzero(spans.decoding)
        pure = spans.kind[rows] == SpanKind.DECODE
        decoding = spans.billed[rows]
        if not pure.all():
            decoding -= np.bincount(run.chunks.span, minlength=len(spans))[rows]
        return cls(
            start=spans.start[rows],
            end=spans.end[rows],
            steps=spans.steps[rows],
            step_time=spans.step_time[rows],
            step_growth=spans.step_growth[rows],
            steps_before=spans.steps_before[rows],
            decoding=decoding,
            uniform=pure & (run.cost.decode_per_context_token == 0),
        )

    def __len__(self) -> int:
        return len(self.start)

    def step_ends(self, step: IntArray) -> IntArray:
        """When these decode steps end, which are counted from 0."""
        span = np.searchsorted(self.steps_before, step, side="right") - 1
        done = step - self.steps_before[span] + 1
        return self.start[span] + times_of(done, self.step_time[span], self.step_growth[span])


@dataclass(frozen=True, eq=False)
class _MadeInStays:
    """The tokens that are made in some stays, one row a stay; those of a request follow each other.

    Attributes:
        run: whose stays.
        spans: where decode steps make tokens.
        stay: which stays.
        by_prefill: how many tokens the stay's prefill makes: 0 or 1.
        steps: how many decode steps make.
        entry: the decode span of the first of them.
    """

    run: Run
    spans: _DecodeSpans
    stay: IntArray
    by_prefill: IntArray
    steps: IntArray
    entry: IntArray

    @classmethod
    def of(cls, run: Run, spans: _DecodeSpans, stay: IntArray) -> _MadeInStays:
        """Count the steps from ready on; a stay is in every decode step from there to its last."""
        until = run.decoded_until[stay]
        ready = np.minimum(run.stays.ready_time[stay], until)
        by_prefill = np.zeros_like(stay)
        if run.cost.made_by_prefill:
            by_prefill += run.known_made[stay] <= until
        steps = (run.steps_by_until - run.steps_by_ready)[stay]
        return cls(run, spans, stay, by_prefill, steps, np.searchsorted(spans.start, ready))

    def times(self) -> IntArray:
        """When each token is made, stay by stay."""
        tokens = self.by_prefill + self.steps
        position, begins = members_of_groups(np.zeros_like(tokens), tokens)
        row = np.repeat(np.arange(len(tokens)), np.diff(begins))
        times = self.run.known_made[self.stay][row]
        decoded = position >= self.by_prefill[row]
        row, position = row[decoded], position[decoded]
        step = self.spans.steps_before[self.entry[row]] + position - self.by_prefill[row]
        times[decoded] = self.spans.step_ends(step)
        return times

    def gaps_before_steps(self) -> Iterator[IntArray]:
        """The gaps up to the first decode step of each stay, and from stay to stay."""
        made = self.run.known_made[self.stay]
        rows = np.flatnonzero((self.steps > 0) & (self.by_prefill > 0))
        yield self._first_steps(rows) - made[rows]
        if len(self.stay) == len(self.run):
            return
        rows = np.flatnonzero(self.by_prefill + self.steps)
        request = self.run.stays.request[self.stay[rows]]
        again = np.flatnonzero(np.diff(request) == 0) + 1
        before, after = rows[again - 1], rows[again]
        steps = self.steps[before]
        last = np.where(steps > 0, -1, made[before])
        stepped = before[steps > 0]
        first_step = self.spans.steps_before[self.entry[stepped]]
        last[steps > 0] = self.spans.step_ends(first_step + self.steps[stepped] - 1)
        following = np.where(self.by_prefill[after] > 0, made[after], -1)
        at_once = np.flatnonzero(self.by_prefill[after] == 0)
        following[at_once] = self._first_steps(after[at_once])
        yield following - last

    def _first_steps(self, rows: IntArray) -> IntArray:
        """When the first decode step of these rows ends."""
        return self.spans.start[self.entry[rows]] + self.spans.step_time[self.entry[rows]]


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
    def of(cls, spans: _DecodeSpans, entered: IntArray, left: IntArray) -> _Pieces:
        """Cut at the steps after which requests have `left`, having `entered` at others."""
        if (left - entered).sum() == (spans.steps * spans.decoding).sum():
            # Whoever is billed makes a token: who finishes leaves, and that ends the span.
            offset = np.zeros_like(spans.steps)
            return cls(np.arange(len(spans)), offset, spans.steps, spans.decoding)
        left, total = np.sort(left), int(spans.steps.sum())
        cut = np.sort(np.concatenate((spans.steps_before, left)), kind="stable")
        cut = cut[(np.diff(cut, prepend=-1) > 0) & (cut < total)]
        span = np.searchsorted(spans.steps_before, cut, side="right") - 1
        return cls(
            span=span,
            offset=cut - spans.steps_before[span],
            length=np.diff(cut, append=total),
            active=np.searchsorted(np.sort(entered), cut, "right")
            - np.searchsorted(left, cut, "right"),
        )

    def gaps(self, spans: _DecodeSpans, skip_first_step: BoolArray) -> Iterator[PooledValues]:
        """The gaps of one step each, without the first step of these spans."""
        skipped = (self.offset == 0) & skip_first_step[self.span]
        length, growth = self.length - skipped, spans.step_growth[self.span]
        if growth.any():
            first = spans.step_time[self.span] + growth * (self.offset + skipped)
            yield PooledValues(first, growth, length, self.active)
            return
        alike = spans.uniform[self.span]
        yield _added_up(spans, self.span[alike], (length * self.active)[alike])
        rest = np.flatnonzero(~alike & (length > 0))
        yield PooledValues.single(spans.step_time[self.span[rest]], self.active[rest])


def _added_up(spans: _DecodeSpans, span: IntArray, counts: IntArray) -> PooledValues:
    """One row for all gaps of one step with the same number of requests billed."""
    billed = spans.decoding[span]
    # bincount adds floats up, which is exact below 2**53: nobody counts that many tokens.
    by_billed = np.bincount(billed, weights=counts).astype(np.int64)
    step_times = np.zeros_like(by_billed)
    step_times[billed] = spans.step_time[span]
    return PooledValues.single(step_times, by_billed)
