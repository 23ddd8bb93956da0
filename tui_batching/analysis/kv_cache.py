"""How many tokens the requests in the slots hold in the accelerator's memory, at most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tui_batching.clock import Picoseconds
from tui_batching.columns import IntArray
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind


@dataclass(frozen=True)
class Peak:
    """The most tokens held at once, and the first instant at which they are."""

    tokens: int
    time: Picoseconds


def peak_tokens_held(run: Run) -> Peak:
    """The most tokens of prompts and answers that requests in the slots hold at once.

    A request holds its prompt from its start on, and each token from when it is made, until its
    end. One that is finished but held, in a static or dynamic batch, is computed on as padding and
    holds one more token a step like the others.
    """
    spans = run.spans
    # Tokens come and go at boundaries, so a span is fullest in its last step: in its last instant.
    time = spans.end - 1
    decoding = spans.kind == SpanKind.DECODE
    steps = spans.steps_before + np.where(decoding, spans.steps - 1, 0)
    held = _held_at(run, time, steps)
    row = int(np.argmax(held))
    last_step = spans.step_time[row] + spans.step_growth[row] * (spans.steps[row] - 1)
    return Peak(int(held[row]), int(spans.end[row] - last_step))


def _held_at(run: Run, time: IntArray, steps: IntArray) -> IntArray:
    """The tokens held at these instants, by which so many decode steps are done.

    A request that has begun after s steps holds its prompt and as many tokens as there have been
    steps since then. The sums of s may overflow, which does no harm: they wrap around and back.
    """
    began = run.spans.decode_steps_at(run.start)
    own = run.requests.input_tokens - began
    by_end = np.argsort(run.end, kind="stable")
    started = np.searchsorted(run.start, time, side="right")
    ended = np.searchsorted(run.ends, time, side="right")
    held = _sums(own)[started] - _sums(own[by_end])[ended] + steps * (started - ended)
    if run.cost.made_by_prefill:
        held += np.searchsorted(np.sort(run.first_token), time, side="right") - ended
    return np.asarray(held)


def _sums(column: IntArray) -> IntArray:
    """The sums of the first k values, for every k from 0."""
    return np.concatenate(([0], np.cumsum(column)))
