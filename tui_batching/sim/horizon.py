"""Simulations that would last beyond the clock are refused, never wrapped around."""

from __future__ import annotations

import numpy as np

from tui_batching.clock import HORIZON
from tui_batching.columns import IntArray
from tui_batching.cost import LinearCost
from tui_batching.errors import InputError


def beyond_horizon() -> InputError:
    """The error of a simulation that would end after the clock's horizon."""
    return InputError("the simulation would last beyond the clock's horizon of 106 days")


def refuse_beyond_horizon(last_end: float) -> None:
    """Refuse a simulation that ends after the clock's horizon.

    Args:
        last_end: exact as an int; as a float it may be a little coarse.

    Raises:
        InputError: if it does.
    """
    if last_end > (HORIZON if isinstance(last_end, int) else 0.999 * HORIZON):
        raise beyond_horizon()


def step_times_up_to(most: int, cost: LinearCost) -> IntArray:
    """The time of one decode step by the number billed, from 0 (no time) to `most`.

    Raises:
        InputError: if even one step would last beyond the clock.
    """
    refuse_beyond_horizon(cost.step_time(most))
    return np.array([0, *map(cost.step_time, range(1, most + 1))], np.int64)
