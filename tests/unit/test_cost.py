"""What one iteration costs."""

from __future__ import annotations

import numpy as np
import pytest

from tui_batching.clock import HORIZON, MILLISECOND
from tui_batching.cost import LinearCost
from tui_batching.errors import InputError


def test_the_default_costs() -> None:
    cost = LinearCost()
    assert cost.prefill_times(np.array([0, 1, 177])).tolist() == [
        0,
        MILLISECOND,
        177 * MILLISECOND,
    ]
    assert cost.step_time(1) == 20 * MILLISECOND
    assert cost.step_time(4) == 26 * MILLISECOND


def test_every_part_may_be_changed() -> None:
    cost = LinearCost(prefill_per_token=0, decode_step=7, per_extra_request=5)
    assert cost.prefill_times(np.array([10**9])).tolist() == [0]
    assert [cost.step_time(billed) for billed in (1, 2, 3)] == [7, 12, 17]


@pytest.mark.parametrize(
    ("cost", "sentence"),
    [
        ((-1, 1, 0), "not negative"),
        ((0, 1, -1), "not negative"),
        ((0, 0, 0), "longer than zero"),
        ((0, -5, 0), "longer than zero"),
    ],
)
def test_impossible_costs_are_refused(cost: tuple[int, int, int], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        LinearCost(*cost)


def test_a_prefill_beyond_the_clock_is_refused() -> None:
    longest = 2**31 - 1
    fits = LinearCost(prefill_per_token=HORIZON // longest)
    assert int(fits.prefill_times(np.array([longest]))[0]) <= HORIZON
    beyond = LinearCost(prefill_per_token=HORIZON // longest + 1)
    with pytest.raises(InputError, match="106 days"):
        beyond.prefill_times(np.array([1, longest]))


def test_a_cost_beyond_the_clock_is_refused() -> None:
    with pytest.raises(InputError, match="at most 106 days"):
        LinearCost(prefill_per_token=2**63)
