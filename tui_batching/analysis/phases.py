"""The times of a request that a server's log tells, too: its queue, its first token, its decode.

They are what vLLM's own metrics tell of a request, and the same for every Run, measured or
simulated, so that they can be compared; `breakdown` tells more, of simulated Runs alone.
"""

from __future__ import annotations

from tui_batching.clock import Picoseconds
from tui_batching.sim.measured import MeasuredRun
from tui_batching.sim.run import Run

QUEUE, FIRST_TOKEN, DECODE = "queue", "first token", "decode"


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
    arrival = int(run.requests.arrival_time[row])
    start = int(run.start_time[row]) if true.tells_start else arrival
    edges = (arrival, start, int(run.first_token_time[row]), int(run.end_time[row]))
    passed = [min(edge, max(arrival, until)) for edge in edges]
    names = (QUEUE, FIRST_TOKEN, DECODE)
    parts = zip(names, passed, passed[1:], strict=False)
    return {name: end - begin for name, begin, end in parts if end > begin}
