"""Simulations that would last beyond the clock are refused, never wrapped around."""

from __future__ import annotations

import numpy as np

from tui_batching.clock import HORIZON, Picoseconds
from tui_batching.columns import IntArray
from tui_batching.cost import Cost
from tui_batching.errors import InputError


def refuse_beyond_horizon(last_end: Picoseconds) -> None:
    """Refuse a simulation that ends after the clock's horizon.

    Raises:
        InputError: if it does.
    """
    if last_end > HORIZON:
        raise InputError("the simulation would last beyond the clock's horizon of 106 days")


def step_times_up_to(most: int, cost: Cost) -> IntArray:
    """The time of one decode step by the number billed, without contexts; from 0 (none) to `most`.

    Raises:
        InputError: if even one step would last beyond the clock.
    """
    refuse_beyond_horizon(cost.step_time(most))
    return np.array([0, *map(cost.step_time, range(1, most + 1))], np.int64)
