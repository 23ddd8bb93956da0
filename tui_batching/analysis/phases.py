"""The times of a request that a server's log tells, too: its queue, its first token, its decode.

They are what vLLM's own metrics tell of a request, and the same for every Run, measured or
simulated, so that they can be compared; `breakdown` tells more, of simulated Runs alone.
"""

from __future__ import annotations

import numpy as np

from tui_batching.clock import Picoseconds, format_duration
from tui_batching.columns import IntArray
from tui_batching.sim.measured import MeasuredRun
from tui_batching.sim.run import Run

QUEUE, FIRST_TOKEN, DECODE = "queue", "first token", "decode"
_NAMES = (QUEUE, FIRST_TOKEN, DECODE)


def phases(run: Run, row: int, until: Picoseconds, true: MeasuredRun) -> dict[str, Picoseconds]:
    """How long a request waited, came to its first token and from there to its end, by an instant.

    The parts sum to its latency, or to its age. Those it has not come to are left out, and so is
    the queue where `true`, what was measured, does not tell it: then it is in the second part.

    Args:
        run: whose request.
        row: of the request.
        until: what comes after this instant does not count.
        true: what was measured of the same requests.
    """
    edges = [int(column[row]) for column in _edges(run, true)]
    passed = [min(edge, max(edges[0], until)) for edge in edges]
    parts = zip(_NAMES, passed, passed[1:], strict=False)
    return {name: end - begin for name, begin, end in parts if end > begin}


def farthest_off(run: Run, true: MeasuredRun) -> tuple[IntArray, IntArray]:
    """When the part of each request begins and ends that is the farthest off what was measured."""
    edges = np.stack(_edges(run, true))
    off = np.abs(np.diff(edges, axis=0) - np.diff(np.stack(_edges(true, true)), axis=0))
    part, rows = np.argmax(off, axis=0), np.arange(len(run))
    return edges[part, rows], edges[part + 1, rows]


def told_farthest_off(run: Run, row: int, true: MeasuredRun) -> str:
    """`decode 26.2 s instead of 18.0 s`: the part of a request that is the farthest off."""
    ours, measured = (phases(each, row, int(each.end_time[row]), true) for each in (run, true))
    pairs = {name: (ours.get(name, 0), measured.get(name, 0)) for name in _NAMES}
    name = max(pairs, key=lambda name: abs(pairs[name][0] - pairs[name][1]))
    return f"{name} {' instead of '.join(map(format_duration, pairs[name]))}"


def _edges(run: Run, true: MeasuredRun) -> tuple[IntArray, ...]:
    """Where the parts of each request begin and end."""
    arrival = run.requests.arrival_time
    start = run.start_time if true.tells_start else arrival
    return arrival, start, run.first_token_time, run.end_time
