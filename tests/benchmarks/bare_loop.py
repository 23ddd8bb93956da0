"""The least that a loop in Python can do: an event-skipping heap that notes starts and ends only.

It keeps no slots, no first tokens and no timeline. It is the unit that tells how fast a machine
and its Python are.
"""

from __future__ import annotations

from heapq import heappop, heappush

from tui_batching.cost import LinearCost
from tui_batching.requests import Requests


def serve_bare(
    requests: Requests, cost: LinearCost, batch_size: int
) -> tuple[list[int], list[int]]:
    """Continuous batching; the start and end of every request, in picoseconds."""
    arrivals: list[int] = [*requests.arrival_time.tolist(), 1 << 100]
    prefills: list[int] = (requests.input_tokens * cost.prefill_per_token).tolist()
    outputs: list[int] = requests.output_tokens.tolist()
    costs = [0] + [cost.step_time(billed) for billed in range(1, batch_size + 1)]
    count = len(outputs)
    starts, ends = [0] * count, [0] * count
    running: list[tuple[int, int]] = []
    now = step = row = 0
    while row < count or running:
        while len(running) < batch_size and arrivals[row] <= now:
            starts[row] = now
            now += prefills[row]
            heappush(running, (step + outputs[row], row))
            row += 1
        if not running:
            now = arrivals[row]
            continue
        step_time = costs[len(running)]
        steps = running[0][0] - step
        if len(running) < batch_size and now + steps * step_time > arrivals[row]:
            steps = -((now - arrivals[row]) // step_time)
        now += steps * step_time
        step += steps
        while running and running[0][0] == step:
            ends[heappop(running)[1]] = now
    return starts, ends
