"""Queues of which more is known than a simulation tells: the share of waits in an endless run."""

from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path

import numpy as np

from tui_batching.clock import SECOND, exact_seconds
from tui_batching.strategies import Continuous, Strategy
from tui_batching.workload import ListedRequests, Requests, ServiceLevel, Workload

SERVICE = 0.45
"""Seconds that one request takes: a prefill of 50 ms and 20 steps of 20 ms."""


def queue(
    count: int, seed: int, slo: ServiceLevel | None, strategy: Strategy | None = None
) -> Workload:
    """Poisson arrivals of equal requests, by default at a single slot: the queue M/D/1."""
    gaps = np.random.default_rng(seed).exponential(SECOND, count)
    columns = (np.cumsum(gaps).astype(np.int64), np.full(count, 50), np.full(count, 20))
    source = ListedRequests(Requests.from_columns(*columns))
    return Workload("queue", source, strategies=(strategy or Continuous(1),), slo=slo)


def fitful_queue(count: int, seed: int, slo: ServiceLevel, strategy: Strategy) -> Workload:
    """Arrivals by turns at 0.4 and 1.6 a second, each for 60 s on average (MMPP), as a list."""
    random, times, start, rate = np.random.default_rng(seed), np.empty(0), 0.0, 0.4
    while len(times) < count:
        end = start + random.exponential(60)
        arrived = random.uniform(start, end, random.poisson(rate * (end - start)))
        times = np.concatenate([times, np.sort(arrived)])
        start, rate = end, 2.0 - rate
    arrivals = (times[:count] * SECOND).astype(np.int64)
    columns = (arrivals, np.full(count, 50), np.full(count, 20))
    source = ListedRequests(Requests.from_columns(*columns))
    return Workload("fitful", source, strategies=(strategy,), slo=slo)


def queue_file(folder: Path, count: int) -> str:
    """The path of such a queue as a trace."""
    requests = queue(count, 1, None).requests
    rows = (f"{exact_seconds(at)},50,20\n" for at in requests.arrival_time.tolist())
    path = folder / "queue.csv"
    path.write_text("arrival_time,input_tokens,output_tokens\n" + "".join(rows))
    return str(path)


def endless_rate(latency: float, share: float) -> float:
    """The rate at which just this share of latencies of M/D/1 is so short in an endless run."""
    low, high = 0.01, 1 / SERVICE
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if within(middle, latency - SERVICE) >= share else (low, middle)
    return low


def within(rate: float, seconds: float) -> float:
    """The share of waits of M/D/1 up to so many seconds (Erlang's formula, summed exactly)."""
    rho, total = Decimal(rate) * Decimal(SERVICE), Decimal(0)
    for k in range(int(seconds / SERVICE) + 1):
        y = Decimal(rate) * (Decimal(seconds) - k * Decimal(SERVICE))
        total += (-y) ** k / math.factorial(k) * y.exp()
    return float((1 - rho) * total)
