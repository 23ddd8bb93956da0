"""Measure how long the capacity of each strategy on a trace takes, in this process.

    python -m tests.benchmarks.capacity TRACE [--set KEY=VALUE ...] [--variants N]

Without a trace as many requests are drawn as the Azure conversation trace of 2023 has, and played
as a list. Each strategy should take less than 10 s, by the
processor's time, which others on the machine do not change.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from time import process_time

from tests.benchmarks.workloads import loaded
from tui_batching.analysis.capacity import Capacity, capacity
from tui_batching.errors import InputError
from tui_batching.strategies import STRATEGIES, Continuous
from tui_batching.workload import (
    ListedRequests,
    Workload,
    apply_settings,
    choose_strategies,
    load_workload,
)

BUDGET = 10
"""Seconds of a processor for each strategy."""
WHOLE_PROMPTS = ("vllm-v0", "tgi", "tensorrt-llm")
"""Who does not cut prompts, so that the longest has to fit into an iteration."""
SETTINGS = (
    *("cost=h100-llama-3-8b", "batch_size=256", "slo=ttft=500ms,tpot=50ms"),
    *(f"{name}.token_budget=16384" for name in WHOLE_PROMPTS),
)


def drawn(count: int) -> Workload:
    """As many requests, as a list."""
    recipe = loaded(count, Continuous(256), 0.7)
    return replace(recipe, source=ListedRequests(recipe.requests))


def row(found: Capacity) -> str:
    """What was found, in a line."""
    rates = (found.rate, found.lowest, found.highest, found.saturation)
    told = "".join("         –" if rate is None else f"{rate:10.3g}" for rate in rates)
    return f"{found.answer:8}{told}{found.runs:6} x{found.requests:7,}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("trace", nargs="?")
    parser.add_argument("--set", dest="settings", nargs="+", default=[])
    parser.add_argument("--variants", type=int, default=1)
    arguments = parser.parse_args()
    workload = load_workload(arguments.trace) if arguments.trace else drawn(19_366)
    workload = choose_strategies(workload, list(STRATEGIES))
    workload = apply_settings(workload, [*SETTINGS, *arguments.settings])
    count = len(workload.requests)
    print(f"CAPACITY of {workload.name}, {count:,} requests, 95 % within the limits")
    heads = "".join(f"{head:>10}" for head in ("rate", "at least", "at most", "saturated"))
    print(f"{'':14}{'answer':8}{heads}  played")
    for strategy in workload.strategies:
        begin = process_time()
        try:
            found = capacity(
                replace(workload, strategies=(strategy,)),
                attainment=0.95,
                variants=arguments.variants,
            )
        except InputError as error:
            told = str(error)
        else:
            told = row(found.capacities[0])
        seconds = process_time() - begin
        late = "" if seconds < BUDGET else " (over the budget)"
        print(f"{strategy.name:14}{told}  {seconds:.1f} s{late}", flush=True)


if __name__ == "__main__":
    main()
