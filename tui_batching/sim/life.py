"""The life of a request: what it does at an instant, in the one set of words that all share.

The parts of a latency are called after these states (`breakdown`), the lanes, the Gantt chart and
the trace show them, and the themes have colours for them.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from tui_batching.columns import BoolArray, IntArray

if TYPE_CHECKING:
    from tui_batching.sim.run import Run

StateMatrix: TypeAlias = npt.NDArray[np.int8]
"""A `State` for each request and instant. Shape: (requests, instants)."""


class State(IntEnum):
    """What a request does at an instant."""

    COMING = 0
    """Has not arrived yet."""
    FORMING = 1
    """Waits for the batch to close, while the server is idle."""
    SLOTS = 2
    """Waits while all slots are taken."""
    MEMORY = 3
    """Waits for KV blocks, though a slot is free."""
    TURN = 4
    """Waits though a slot and memory are there: for an iteration to end, for the prefills of
    others, or for the rule by which the engine lets requests join."""
    PREFILL = 5
    """Has its prompt, or a chunk of it, processed."""
    STALLED = 6
    """Is in a slot, but an iteration goes by without it, for the prompts of others."""
    DECODE = 7
    """Makes tokens."""
    EVICTED = 8
    """Waits to come back: its memory was taken from it."""
    RECOMPUTE = 9
    """Is back, and has its prompt and the tokens that it had made processed again."""
    HELD = 10
    """Is finished, but still in its slot."""
    DONE = 11
    """Has left."""
    QUEUED = 12
    """Waits, and nobody wrote down what for; see `sim.measured`."""

    @property
    def word(self) -> str:
        """What it is called on screen and in files: `held`."""
        return self.name.lower()


WAITS = (State.FORMING, State.SLOTS, State.MEMORY, State.TURN, State.QUEUED)
"""What a request does from its arrival to its first admission, by what is missing."""


def states_at(
    run: Run, rows: IntArray, instants: IntArray, decoding: BoolArray | None = None
) -> StateMatrix:
    """The state of each of these requests at each of these instants, half-open as in `Moment`.

    Args:
        run: whose requests.
        rows: of the requests.
        instants: in picoseconds, not negative.
        decoding: whether the server counts as busy with decode steps at each instant; where it is
            not, those who would decode are stalled. By default whether it is.
    """
    span = np.maximum(np.searchsorted(run.spans.start, instants, side="right") - 1, 0)
    if decoding is None:
        decoding = run.spans.decoding[span]
    arrival, start, end = (
        column[rows][:, np.newaxis]
        for column in (run.requests.arrival_time, run.start_time, run.end_time)
    )
    turns = [instants < arrival, instants < start, instants < end]
    states = np.select(turns, [np.int8(State.COMING), run.missing[span], np.int8(State.EVICTED)])
    states = np.where(instants < end, states, np.int8(State.DONE))
    stays = run.by_request
    first = stays.first[rows]
    count = stays.first[rows + 1] - first
    for number in range(int(count.max(initial=0))):
        again = np.flatnonzero(count > number)
        stay = stays.stays[first[again] + number][:, np.newaxis]
        here = (run.stays.start_time[stay] <= instants) & (instants < run.left[stay])
        within = states_in_slots(run, stay, instants, decoding)
        states[again] = np.where(here, within, states[again])
    return states


def states_in_slots(
    run: Run, stays: IntArray, instants: IntArray, decoding: BoolArray | None = None
) -> StateMatrix:
    """What the requests of stays do at instants from their start to before they leave the slot.

    Args:
        run: whose stays.
        stays: one or more for each instant.
        instants: in picoseconds. Shape: one to which that of `stays` can be broadcast.
        decoding: as in `states_at`.
    """
    span = np.maximum(np.searchsorted(run.spans.start, instants, side="right") - 1, 0)
    if decoding is None:
        decoding = run.spans.decoding[span]
    ready, until = run.stays.ready_time[stays], run.decoded_until[stays]
    at_work = (instants < ready) & run.has_chunk(stays, span)
    computing = np.where(run.again[stays], np.int8(State.RECOMPUTE), np.int8(State.PREFILL))
    # Who is left out keeps the slot beyond the end of the stay.
    left_out = run.stays.end_time[stays] <= instants
    states = np.where(until <= instants, np.int8(State.HELD), np.int8(State.STALLED))
    makes_tokens = (ready <= instants) & (instants < until) & decoding
    states = np.where(makes_tokens, np.int8(State.DECODE), states)
    states = np.where(at_work, computing, states)
    return np.where(left_out, np.int8(State.STALLED), states)
