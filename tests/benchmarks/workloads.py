"""The requests that are measured: lengths like those of real conversations."""

from __future__ import annotations

from tui_batching.cost import Cost, LinearCost
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Strategy
from tui_batching.workload.arrivals import Burst, Poisson
from tui_batching.workload.generate import GeneratedRequests, RequestClass
from tui_batching.workload.lengths import Lognormal, Uniform
from tui_batching.workload.model import Workload

LENGTHS = RequestClass(
    input_tokens=Uniform(20, 199), output_tokens=Lognormal(mean=211, sigma=0.86, max=1000)
)
"""Answers with the mean, the spread and the longest of the Azure conversation trace of 2023."""

TEXTBOOK = LinearCost()

SATURATED: None = None
"""The load when all requests arrive at once."""


def saturated(count: int, cost: Cost, seed: int = 1) -> Workload:
    """`count` requests that arrive all at once."""
    source = GeneratedRequests(count, Burst(), (LENGTHS,), seed)
    return Workload("saturated", source, cost=cost)


def loaded(
    count: int, strategy: Strategy, load: float | None, cost: Cost = TEXTBOOK, seed: int = 1
) -> Workload:
    """Poisson arrivals at `load` times the most requests per second that the strategy can serve."""
    if load is SATURATED:
        return saturated(count, cost, seed)
    sample = simulate(saturated(20_000, cost, seed), strategy)
    gap = sample.total_time / len(sample) / load
    source = GeneratedRequests(count, Poisson(gap), (LENGTHS,), seed)
    return Workload(f"load {load:.0%}", source, cost=cost)
