"""Runs of so few requests that a load which cannot be sustained has no time to show it.

A queue builds in them, too, but it ends with the requests: however high the load, none waits for
more than all others. So latency levels off where in a longer run it goes on to climb.
"""

from __future__ import annotations

from tui_batching.numbers import counted

ENOUGH = 20
"""Requests for each slot taken from which on a run is long enough.

At twice the load that can be served the last request waits for half of the requests, and the
server takes in as many of them at a time as it has slots: with 20 a slot that wait is ten services
long, and the mean latency five times what it is without a queue.
"""


def short_run(count: int, taken: int, *, drawn: bool) -> tuple[str, ...]:
    """What is to be told of a short run, and of a recipe how long is enough; nothing of others.

    The first clause is of the run, the second of the recipe.

    Args:
        count: how many requests there are.
        taken: how many slots are taken at once.
        drawn: whether more requests can be drawn.
    """
    enough = ENOUGH * taken
    if count >= enough:
        return ()
    requests = counted(count, "request")
    told = f"a finite run of {requests}: in a longer one latency climbs on"
    return (f"{told}; workload.count={enough} is long enough" if drawn else told,)
