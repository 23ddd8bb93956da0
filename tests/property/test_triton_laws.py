"""Triton's batches are those of its own function, asked at every instant at which it may change."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tui_batching.clock import MICROSECOND
from tui_batching.cost import LinearCost
from tui_batching.requests import Requests
from tui_batching.strategies import Static, Triton

COST = LinearCost(3 * MICROSECOND, 7 * MICROSECOND, 2 * MICROSECOND)


def dynamic_batch(pending: int, waited: int, most: int, preferred: set[int], delay: int) -> int:
    """`GetDynamicBatch` for requests of one: how many run now; 0 for none yet."""
    size = best = 0
    send_now = False
    for _ in range(pending):
        if size and size + 1 > max(preferred) and not best:
            best = size
        if size + 1 > most:
            send_now = True
            break
        size += 1
        if size in preferred:
            best = size
    exceeded = delay != 0 and waited >= delay
    if best and not exceeded:
        return best
    if send_now or size >= max(preferred) or exceeded or delay == 0:
        return size
    return 0


def batches_of(requests: Requests, engine: Triton) -> list[tuple[int, int]]:
    """Start and size of each batch, found arrival by arrival."""
    arrivals = requests.arrival_time.tolist()
    preferred = set(engine.preferred_batch_size) or {engine.max_batch_size}
    found, first, now = [], 0, 0
    while first < len(arrivals):
        now = max(now, arrivals[first])
        pending = sum(first <= row and at <= now for row, at in enumerate(arrivals))
        waited = now - arrivals[first]
        size = dynamic_batch(pending, waited, engine.max_batch_size, preferred, engine.delay)
        if not size:
            later = [at for at in arrivals if at > now]
            now = min([arrivals[first] + engine.delay, *later])
            continue
        rows = slice(first, first + size)
        alone = Requests.from_columns(
            np.zeros(size, np.int64), requests.input_tokens[rows], requests.output_tokens[rows]
        )
        found.append((now, size))
        now += Static(size).serve(alone, COST).total_time
        first += size
    return found


@st.composite
def cases(draw: st.DrawFn) -> tuple[Requests, Triton]:
    most = draw(st.integers(1, 6))
    row = st.tuples(st.sampled_from([0, 0, 1, 5, 20, 100]), st.integers(0, 9), st.integers(1, 5))
    gaps, prompts, answers = np.array(draw(st.lists(row, min_size=1, max_size=15))).T
    requests = Requests.from_columns(np.cumsum(gaps) * MICROSECOND, prompts, answers)
    engine = Triton(
        max_batch_size=most,
        preferred_batch_size=tuple(sorted(draw(st.sets(st.integers(1, most))))),
        max_queue_delay_microseconds=draw(st.sampled_from([0, 1, 5, 20, 25, 200])),
    )
    return requests, engine


@given(cases())
def test_batches_are_those_of_its_own_function(case: tuple[Requests, Triton]) -> None:
    requests, engine = case
    run = engine.serve(requests, COST)
    starts, sizes = np.unique(run.start_time, return_counts=True)
    assert list(zip(starts.tolist(), sizes.tolist(), strict=True)) == batches_of(requests, engine)
