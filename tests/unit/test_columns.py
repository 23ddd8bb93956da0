"""Columns: frozen int64, and sums that never overflow."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_batching.clock import HORIZON
from tui_batching.columns import exact_sum, float_sum, freeze

TIMES = st.integers(-HORIZON, HORIZON)


@pytest.mark.parametrize(
    "column", [[3, 1], np.array([3, 1], np.int32), np.array([3, 0, 1, 0])[::2]]
)
def test_a_frozen_column_is_contiguous_read_only_int64(column: object) -> None:
    frozen = freeze(column)  # type: ignore[arg-type]
    assert frozen.dtype == np.int64
    assert frozen.flags.c_contiguous
    assert frozen.tolist() == [3, 1]
    with pytest.raises(ValueError, match="read-only"):
        frozen[0] = 1


def test_freezing_takes_no_copy_where_none_is_needed() -> None:
    column = np.arange(3)
    assert freeze(column) is column


@given(st.lists(TIMES, max_size=20))
def test_sums_are_exact_beyond_int64(times: list[int]) -> None:
    assert exact_sum(np.array(times, np.int64)) == sum(times)


def test_a_million_long_times_are_summed_exactly() -> None:
    assert exact_sum(np.full(10**6, HORIZON)) == 10**6 * HORIZON


@pytest.mark.parametrize("spread", [1, 1e3, 1e12])
def test_floats_sum_to_the_same_in_any_order(spread: float):
    draw = np.random.RandomState(0)
    column = draw.exponential(size=100_000) * spread ** draw.uniform(size=100_000)
    total = float_sum(column)
    assert total == pytest.approx(math.fsum(column), rel=1e-15)
    for _ in range(5):
        draw.shuffle(column)
        assert float_sum(column) == total


def test_a_sum_of_equal_floats_is_rounded_once():
    assert float_sum(np.full(3, 0.1)) == math.fsum([0.1] * 3)
    assert float_sum(np.array([])) == float_sum(np.zeros(3)) == 0
