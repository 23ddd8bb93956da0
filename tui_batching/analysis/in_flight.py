"""How many requests have arrived and are not yet answered."""

from __future__ import annotations

import numpy as np

from tui_batching.clock import SECOND
from tui_batching.sim.run import Run


def peak_in_flight_by_second(run: Run) -> int:
    """The most requests in flight during one second, as `vllm bench serve` counts them.

    Seconds count from the first arrival, and a request is in flight in every one that it touches:
    from the one it arrives in to the one its answer is released in, both included. So requests
    that only follow each other within a second count as concurrent.
    """
    arrived = (run.requests.arrival_time - run.begin) // SECOND
    answered = np.sort((run.end - run.begin) // SECOND)
    # The most are in flight in a second that somebody arrives in.
    begun = np.searchsorted(arrived, arrived, side="right")
    over = np.searchsorted(answered, arrived, side="left")
    return int((begun - over).max())
