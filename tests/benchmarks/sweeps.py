"""Measure sweeps over loads and batch sizes, here and on one and two processes.

    python -m tests.benchmarks.sweeps [--requests 19366]

The requests are as many as the Azure conversation trace of 2023 has: once drawn from a recipe, and
once as a list, whose columns have to be sent to the processes. `first` includes their start.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from time import perf_counter

from tests.benchmarks.workloads import loaded
from tui_batching.analysis.sweeps import Kind, Sweep, sweep
from tui_batching.executors import Workers
from tui_batching.strategies import DEFAULT_STRATEGIES, Continuous
from tui_batching.workload import ListedRequests, Workload

KINDS: tuple[Kind, ...] = ("load", "batch-size")


def timed(workload: Workload, kind: Kind, workers: Workers | None) -> tuple[float, Sweep]:
    """The seconds that a sweep takes, and the sweep."""
    begin = perf_counter()
    made = sweep(workload, kind, executor=workers.processes() if workers else None)
    return perf_counter() - begin, made


def measure(name: str, workload: Workload, kind: Kind) -> None:
    """Print the times of one sweep, and whether all of them have the same outcome."""
    here, made = timed(workload, kind, None)
    print(f"  {name:8} {kind:11} {len(made.points):6} {here:8.2f} s", end="", flush=True)
    for jobs in (1, 2):
        with Workers(jobs) as workers:
            first, one = timed(workload, kind, workers)
            again, other = timed(workload, kind, workers)
        assert repr(one.points) == repr(other.points) == repr(made.points)
        print(f"  {first:8.2f} s {again:8.2f} s", end="", flush=True)
    print()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--requests", type=int, default=19_366)
    count: int = parser.parse_args().requests
    drawn = replace(loaded(count, Continuous(4), 0.9), strategies=DEFAULT_STRATEGIES)
    listed = replace(drawn, source=ListedRequests(drawn.requests))
    print(f"SWEEPS of {count:,} requests, all three strategies, the outcome the same everywhere")
    print("                                           1 process              2 processes")
    print("  requests sweep       points     here      first     again       first     again")
    for name, workload in (("drawn", drawn), ("listed", listed)):
        for kind in KINDS:
            measure(name, workload, kind)


if __name__ == "__main__":
    main()
