"""The most that there is at once: tokens in the accelerator's memory, requests on their way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tui_batching.clock import SECOND, Picoseconds
from tui_batching.columns import IntArray
from tui_batching.sim.run import Run


@dataclass(frozen=True)
class Peak:
    """The most tokens held at once, and the first instant at which they are."""

    tokens: int
    time: Picoseconds


def peak_tokens_held(run: Run) -> Peak:
    """The most tokens of prompts and answers that requests in the slots hold at once.

    A request holds what is known at its admission from then on, and each token from when it is
    made, until it leaves its slot. One that is finished but held, in a static or dynamic batch, is
    computed on as padding and holds one more token a step like the others.
    """
    spans = run.spans
    # Tokens come and go at boundaries, so a span is fullest in its last step: in its last instant.
    time = spans.end - 1
    steps = spans.steps_before + np.where(spans.decoding, spans.steps - 1, 0)
    held = _held_at(run, time, steps)
    row = int(np.argmax(held))
    last_step = spans.step_time[row] + spans.step_growth[row] * (spans.steps[row] - 1)
    return Peak(int(held[row]), int(spans.end[row] - last_step))


def _held_at(run: Run, time: IntArray, steps: IntArray) -> IntArray:
    """The tokens held at these instants, by which so many decode steps are done.

    A stay that has begun after s steps holds what was known then and as many tokens as there have
    been steps since. The sums of s may overflow, which does no harm: they wrap around and back.
    """
    stays = run.stays
    own = stays.known - run.spans.decode_steps_at(stays.start_time)
    by_end = np.argsort(stays.end_time, kind="stable")
    started = np.searchsorted(stays.start_time, time, side="right")
    ended = np.searchsorted(stays.end_time[by_end], time, side="right")
    held = _sums(own)[started] - _sums(own[by_end])[ended] + steps * (started - ended)
    if run.cost.made_by_prefill:
        held += np.searchsorted(np.sort(run.known_made), time, side="right") - ended
    return np.asarray(held)


def _sums(column: IntArray) -> IntArray:
    """The sums of the first k values, for every k from 0."""
    return np.concatenate(([0], np.cumsum(column)))


def peak_in_flight_by_second(run: Run) -> int:
    """The most requests in flight during one second, as `vllm bench serve` counts them.

    Seconds count from the first arrival, and a request is in flight in every one that it touches:
    from the one it arrives in to the one its answer is released in, both included. So requests
    that only follow each other within a second count as concurrent.
    """
    arrived = (run.requests.arrival_time - run.begin) // SECOND
    answered = np.sort((run.end_time - run.begin) // SECOND)
    # The most are in flight in a second that somebody arrives in.
    begun = np.searchsorted(arrived, arrived, side="right")
    over = np.searchsorted(answered, arrived, side="left")
    return int((begun - over).max())
