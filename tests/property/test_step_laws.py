"""The closed form of growing steps, against adding them up one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tui_batching.clock import HORIZON
from tui_batching.sim.steps import steps_within, time_of, times_of, whole_steps

times = st.integers(1, 10**13)
growths = st.one_of(st.just(0), st.integers(1, 5), st.integers(1, 10**9))


@given(st.integers(0, 60), times, growths)
def test_k_steps_last_their_sum(steps: int, first: int, growth: int):
    total = sum(first + growth * k for k in range(steps))
    assert time_of(steps, first, growth) == total
    columns = (np.array([number]) for number in (steps, first, growth))
    assert times_of(*columns).tolist() == [total]


@given(st.integers(0, HORIZON), times, growths)
def test_as_many_steps_fit_as_fit(time: int, first: int, growth: int):
    """Exactly, up to the clock's last instant: one step more would be too long."""
    steps = steps_within(time, first, growth)
    assert time_of(steps, first, growth) <= time < time_of(steps + 1, first, growth)


@given(st.lists(st.tuples(st.integers(0, 10**7), times, growths, st.integers(1, 10**4))))
def test_columns_tell_the_same_and_stop_at_the_end(rows: list[tuple[int, int, int, int]]):
    expected = []
    columns = []
    for part, first, growth, steps in rows:
        time = time_of(steps, first, growth) * part // 10**6
        columns.append((time, steps, first, growth))
        expected.append(min(steps, steps_within(time, first, growth)))
    arrays = np.array(columns, np.int64).reshape(-1, 4).T
    assert whole_steps(*arrays).tolist() == expected
