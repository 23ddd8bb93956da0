"""Laws that hold for the Run of any strategy, asserted in one place."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tui_batching.analysis.breakdown import breakdown
from tui_batching.sim.run import Run


def assert_parts_sum_to_latency(run: Run, times: Iterable[int]) -> None:
    """At each time, no part of a latency is negative, and all add up to its age until then."""
    arrival = run.requests.arrival_time
    for time in times:
        columns = breakdown(run, until=time).columns()
        age = np.minimum(run.end_time, time) - np.minimum(arrival, time)
        assert np.array_equal(sum(columns.values()), age), f"at {time}"
        assert all((column >= 0).all() for column in columns.values()), f"at {time}"


def most_at_once(run: Run) -> int:
    """The most requests that ever run at once."""
    stays = run.stays
    return max(
        int(((stays.start_time <= t) & (stays.end_time > t)).sum()) for t in stays.start_time
    )
