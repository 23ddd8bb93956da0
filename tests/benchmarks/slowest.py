"""Measure what `slowest` costs beside the simulation: ranking, instants, parts and sentences.

    python -m tests.benchmarks.slowest [TRACE] [--requests 19366] [--count 20]

The requests are those of a trace, such as the Azure conversations of 2023, or made up, as many.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from time import perf_counter

from tests.benchmarks.workloads import loaded
from tui_batching.analysis.slices import SLICES, slice_parts
from tui_batching.analysis.slowest import slowest
from tui_batching.analysis.worst import MEASURES
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Continuous, Static, Vllm
from tui_batching.workload import Workload, load_workload

STRATEGIES = (Static(64), Continuous(64), Vllm())
BUDGET_SECONDS = 1.0
"""Of own work, for each strategy and measure."""


def read(trace: str | None, count: int) -> Workload:
    """The requests: of a file, or made up at 90 % of what continuous batching can serve."""
    workload = loaded(count, Continuous(64), 0.9) if trace is None else load_workload(trace)
    return replace(workload, strategies=STRATEGIES)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("trace", nargs="?")
    parser.add_argument("--requests", type=int, default=19_366)
    parser.add_argument("--count", type=int, default=20)
    arguments = parser.parse_args()
    workload = read(arguments.trace, arguments.requests)
    print(
        f"SLOWEST {arguments.count} of {len(workload.requests):,}; budget {BUDGET_SECONDS} s each"
    )
    names = "".join(f"{measure.name:>9}" for measure in MEASURES)
    print(f"  {'':12}{'simulated':>10}{names}{'slices':>9}")
    for strategy in workload.strategies:
        begin = perf_counter()
        run = simulate(workload, strategy)
        print(f"  {strategy.name:12}{perf_counter() - begin:8.2f} s", end="")
        for measure in MEASURES:
            begin = perf_counter()
            slowest(run, measure, arguments.count)
            print(f"{perf_counter() - begin:7.3f} s", end="", flush=True)
        begin = perf_counter()
        for wanted in SLICES.values():
            slice_parts(run, wanted)
        print(f"{perf_counter() - begin:7.3f} s")


if __name__ == "__main__":
    main()
