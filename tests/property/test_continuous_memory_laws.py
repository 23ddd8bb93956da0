"""The textbook's continuous batching within memory, against a loop that is as plain as its rule."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_batching.analysis.breakdown import breakdown
from tui_batching.cost import AffineCost, Cost, LinearCost
from tui_batching.errors import InputError
from tui_batching.requests import Requests
from tui_batching.sim.kv_levels import kv_of_stays
from tui_batching.strategies import Continuous

COSTS: list[Cost] = [
    LinearCost(2, 7, 3),
    LinearCost(2, 7, 3, first_token="prefill"),
    AffineCost(9, 2, 1, 3, 3, 1),
    AffineCost(9, 2, 1, 3, 3, 1, first_token="prefill"),
]


@st.composite
def cases(draw: st.DrawFn) -> tuple[Requests, Continuous, Cost]:
    row = st.tuples(
        st.sampled_from([0, 0, 3, 20, 90]),
        st.integers(1, 12),
        st.integers(1, 8),
        st.sampled_from([0, 0, 5]),
    )
    gap, prompt, answer, more = np.array(draw(st.lists(row, min_size=1, max_size=12))).T
    requests = Requests.from_columns(np.cumsum(gap), prompt, answer, max_tokens=answer + more)
    pool = int((prompt + answer + more).max()) + draw(st.sampled_from([0, 1, 5, 20]))
    slots = draw(st.integers(1, 4))
    return requests, Continuous(slots, pool), draw(st.sampled_from(COSTS))


def served_plainly(
    requests: Requests, strategy: Continuous, cost: Cost
) -> tuple[list[int], list[int]]:
    """The start and the finish of every request."""
    arrival, prompt, answer, limit = (
        column.tolist()
        for column in (
            requests.arrival_time,
            requests.input_tokens,
            requests.output_tokens,
            requests.max_tokens,
        )
    )
    start, finish = [0] * len(arrival), [0] * len(arrival)
    running: dict[int, int] = {}
    now = row = 0
    assert strategy.kv_cache_tokens
    while row < len(arrival) or running:
        if not running:
            now = max(now, arrival[row])
        while row < len(arrival) and arrival[row] <= now and len(running) < strategy.slots:
            held = sum(prompt[one] + limit[one] for one in running)
            if prompt[row] + limit[row] > strategy.kv_cache_tokens - held:
                break
            start[row] = now
            now += int(cost.prefill_times(requests.input_tokens[row : row + 1])[0])
            finish[row] = now
            if answer[row] > cost.made_by_prefill:
                running[row] = cost.made_by_prefill
            row += 1
        if running:
            now += cost.step_time(len(running), sum(prompt[r] + n for r, n in running.items()))
            for one in list(running):
                running[one] += 1
                if running[one] == answer[one]:
                    finish[one] = now
                    del running[one]
    return start, finish


@given(cases())
def test_who_does_not_fit_waits_until_somebody_leaves(
    case: tuple[Requests, Continuous, Cost],
) -> None:
    requests, strategy, cost = case
    run = strategy.serve(requests, cost)
    assert (run.start_time.tolist(), run.finish_time.tolist()) == served_plainly(*case)
    assert run.kv
    assert run.kv.at_start.max() <= strategy.kv_cache_tokens
    claims = requests.input_tokens + requests.max_tokens
    for span, begin in enumerate(run.spans.start):
        inside = (run.start_time <= begin) & (begin < run.finish_time)
        assert run.kv.at_start[span] == claims[inside].sum()
        there = np.flatnonzero(inside)  # each request stays once
        assert kv_of_stays(run, there, int(begin)).blocks.tolist() == claims[there].tolist()
    total = sum(breakdown(run).columns().values())
    assert np.array_equal(total, run.end_time - requests.arrival_time)


def test_what_waits_for_memory_is_told_from_what_waits_for_a_slot() -> None:
    requests = Requests.from_columns([0, 1, 2], [10, 10, 10], [5, 5, 5])
    cost = LinearCost(1, 1, 1)
    tight, narrow = Continuous(4, 15).serve(requests, cost), Continuous(1).serve(requests, cost)
    assert tight.end_time.tolist() == narrow.end_time.tolist()
    assert breakdown(tight).totals["memory"] == breakdown(narrow).totals["slots"] > 0
    assert not breakdown(tight).totals["slots"]


def test_what_can_never_fit_is_refused() -> None:
    requests = Requests.from_columns([0, 1], [10, 10], [5, 5], [3, 4], max_tokens=[5, 7])
    sentence = "request 4: found 17 tokens of prompt and max_tokens .*, expected at most 16"
    with pytest.raises(InputError, match=sentence):
        Continuous(4, 16).serve(requests, LinearCost())
