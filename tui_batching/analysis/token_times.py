"""When each request makes each of its tokens, some requests at a time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from tui_batching.analysis.decode_spans import DecodeSpans
from tui_batching.columns import IntArray
from tui_batching.sim.run import Run
from tui_batching.sim.steps import times_of

_TOKENS_AT_ONCE = 2**18


def token_times(run: Run, tokens_at_once: int = _TOKENS_AT_ONCE) -> Iterator[list[IntArray]]:
    """The instants at which each request makes its tokens, in picoseconds, in order of rows.

    They come for a few requests at a time, as all of a long Run would fill gigabytes.

    Args:
        run: what has happened.
        tokens_at_once: about how many tokens each list has, all of its requests together.
    """
    spans = DecodeSpans.of(run)
    tokens = run.requests.output_tokens
    blocks = (np.cumsum(tokens) - tokens) // tokens_at_once
    cuts = np.flatnonzero(np.diff(blocks, prepend=-1, append=-1)).tolist()
    for first, end in pairwise(cuts):
        rows = slice(first, end)
        times = _times(run, spans, rows)
        yield np.split(times, np.cumsum(tokens[rows])[:-1])


def token_gaps_by_request(run: Run) -> Iterator[list[IntArray]]:
    """The gaps between consecutive tokens of each request, in picoseconds, as `token_times`."""
    for block in token_times(run):
        yield [np.diff(times) for times in block]


def _times(run: Run, spans: DecodeSpans, rows: slice) -> IntArray:
    """The times of all tokens of these rows, one request after the other.

    A request is in every decode step from the first one after its start until it is finished.
    """
    tokens = run.requests.output_tokens[rows]
    position = np.arange(int(tokens.sum())) - np.repeat(np.cumsum(tokens) - tokens, tokens)
    row = np.repeat(np.arange(len(tokens)), tokens)
    times = run.first_token[rows][row]
    decoded = position >= run.cost.made_by_prefill
    entry = np.searchsorted(spans.start, run.start[rows])[row[decoded]]
    step = spans.steps_before[entry] + position[decoded] - run.cost.made_by_prefill
    span = np.searchsorted(spans.steps_before, step, side="right") - 1
    done = step - spans.steps_before[span] + 1
    within = times_of(done, spans.step_time[span], spans.step_growth[span])
    times[decoded] = spans.start[span] + within
    return times
