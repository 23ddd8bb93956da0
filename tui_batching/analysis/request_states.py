"""What many requests do at many instants at once, as a Gantt chart shows it."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from tui_batching.columns import IntArray
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind

StateMatrix = npt.NDArray[np.int8]
"""A `RequestState` for each request and instant. Shape: (requests, instants)."""


class RequestState(IntEnum):
    """What a request does at an instant, in the order in which it goes through its life.

    `STALLED` alone is out of order: it comes and goes while a request runs.
    """

    COMING = 0
    """Has not arrived yet."""
    WAITING = 1
    PREFILL = 2
    DECODE = 3
    HELD = 4
    """Finished, but not released before the batch is done."""
    ANSWERED = 5
    STALLED = 6
    """Running, but stopped by somebody else's prefill."""


def request_states(
    run: Run, rows: IntArray, instants: IntArray, prefilling: npt.NDArray[np.bool_] | None = None
) -> StateMatrix:
    """The state of each of these requests at each of these instants, half-open as in `Moment`.

    Args:
        run: whose requests.
        rows: of the requests.
        instants: in picoseconds.
        prefilling: whether the server counts as busy with a prefill at each instant, which stalls
            those who would decode; by default whether it is.
    """
    requests = run.requests
    prefilled = run.start[rows] + run.cost.prefill_times(requests.input_tokens[rows])
    turns = (requests.arrival_time[rows], run.start[rows], prefilled, run.finish[rows])
    states = np.zeros((len(rows), len(instants)), np.int8)
    for turn in (*turns, run.end[rows]):
        states += instants >= turn[:, np.newaxis]
    if prefilling is None:
        prefilling = _prefills_at(run, instants)
    stalled = (states == RequestState.DECODE) & prefilling
    states[stalled] = RequestState.STALLED
    return states


def _prefills_at(run: Run, instants: IntArray) -> npt.NDArray[np.bool_]:
    spans = run.spans
    index = np.searchsorted(spans.start, instants, side="right") - 1
    return np.asarray((index >= 0) & (spans.kind[index] == SpanKind.PREFILL))


def prefill_fills_most(run: Run, edges: IntArray) -> npt.NDArray[np.bool_]:
    """Whether the server prefills at least half the time between neighbouring edges."""
    time = np.diff(run.spans.time_in(SpanKind.PREFILL, edges))
    return (2 * time >= np.diff(edges)) & (time > 0)
