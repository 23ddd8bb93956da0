"""Runs of a made-up engine that does all that engines do, each with a diary of the same history."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st
from made_up_engine import Guest, MadeUp, Page, serve_with_diary

from tui_batching.cost import AffineCost, Cost, LinearCost
from tui_batching.requests import Requests
from tui_batching.sim.run import Run


class Case(NamedTuple):
    """A Run, and the same history as a diary."""

    run: Run
    diary: list[Page]
    guests: list[Guest]

    def page_at(self, time: int) -> Page | None:
        return next((page for page in self.diary if page.start <= time < page.end), None)

    @property
    def instants(self) -> list[int]:
        arrivals = {guest.arrival for guest in self.guests}
        nearby = {0, *(page.end for page in self.diary), *arrivals}
        return sorted({t + d for t in nearby for d in (-1, 0, 1) if t + d >= 0})


COSTS: list[Cost] = [
    LinearCost(2, 7, 3, first_token="prefill"),
    AffineCost(9, 2, 1, prefill_per_token=3, first_token="prefill"),
]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    tokens = st.tuples(st.integers(0, 25), st.integers(1, 9), st.integers(1, 7))
    rows = draw(st.lists(tokens, min_size=1, max_size=8))
    gaps, prompts, answers = np.array(rows).T
    requests = Requests.from_columns(np.cumsum(gaps), prompts, answers)
    largest = int((prompts + answers).max())
    strategy = MadeUp(
        seats=draw(st.integers(1, 4)),
        budget=draw(st.integers(4, 12)),
        pool=largest + draw(st.integers(0, 12)),
        skips=draw(st.integers(0, 1)),
    )
    return Case(*serve_with_diary(requests, draw(st.sampled_from(COSTS)), strategy))
