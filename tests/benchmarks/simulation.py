"""Measure the simulation: ratios first, then speeds, scaling with the batch, time and memory.

    python -m tests.benchmarks.simulation [--quick]

Every speed is of recording the full Run, from requests that are already drawn. The load is a share
of what the strategy itself can serve; `saturated` means that all requests arrive at once.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from time import perf_counter

import numpy as np

from tests.benchmarks.bare_loop import serve_bare
from tests.benchmarks.memory import peak_memory
from tests.benchmarks.workloads import SATURATED, loaded
from tests.reference import as_objects, serve_objects
from tui_batching.analysis.metrics import metrics
from tui_batching.cost import Cost
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Continuous, Dynamic, Static, Strategy
from tui_batching.workload import load_profile
from tui_batching.workload.model import Workload

KINDS: dict[str, Callable[[int], Strategy]] = {
    "static": Static,
    "dynamic": Dynamic,
    "continuous": Continuous,
}
LOADS = {"90 %": 0.9, "saturated": SATURATED}
BATCH_SIZES = (4, 64)
PROFILES = ("textbook", "h100-llama-3-8b")
"""Steps of equal length, and steps that grow with the contexts."""


def best_time(action: Callable[[], object], repeats: int) -> float:
    """The shortest of several times, in seconds: whatever else runs only makes it longer."""
    times = []
    for _ in range(repeats):
        begin = perf_counter()
        action()
        times.append(perf_counter() - begin)
    return min(times)


def one_token_loop_time(workload: Workload, strategy: Strategy) -> float:
    """The time of the plain loop over request objects, which is checked by the way."""
    served = as_objects(workload.requests)
    time = best_time(lambda: serve_objects(served, workload.cost, strategy, log=False), 1)
    run = simulate(workload, strategy)
    for column in ("start", "first_token", "finish", "end"):
        assert [getattr(one, column) for one in served] == getattr(run, f"{column}_time").tolist()
    assert [one.slot for one in served] == run.stays.slot.tolist()
    return time


def measure_against_loops(counts: list[int], batch_sizes: tuple[int, ...]) -> None:
    """Continuous batching, the one-token loop and the bare loop on the same requests."""
    print("\nCONTINUOUS BATCHING against loops in Python, same requests, same process")
    print("  requests  batch  load       / one-token loop   / bare loop     1,000 requests/s:")
    print("                                                                 ours   bare  one-token")
    for count in counts:
        for batch_size in batch_sizes:
            for name, load in LOADS.items():
                strategy = Continuous(batch_size)
                workload = loaded(count, strategy, load)
                requests, cost = workload.requests, workload.cost
                ours = best_time(lambda: simulate(workload, strategy), 5)  # noqa: B023
                bare = best_time(lambda: serve_bare(requests, cost, batch_size), 3)  # noqa: B023
                slow = one_token_loop_time(workload, strategy)
                print(
                    f"{count:10,} {batch_size:6}  {name:10} {slow / ours:12.0f} x "
                    f"{bare / ours:13.2f} x {count / ours / 1e3:14,.0f} "
                    f"{count / bare / 1e3:6,.0f} {count / slow / 1e3:10,.1f}",
                    flush=True,
                )


def measure_strategies(counts: list[int]) -> None:
    """Requests per second of each strategy, with each profile's cost."""
    print("\nSPEED in 1,000 requests/s, the full Run recorded")
    print("  cost             requests  batch  load           static    dynamic continuous")
    for profile in PROFILES:
        for count in counts:
            for batch_size in BATCH_SIZES:
                for name, load in LOADS.items():
                    speeds = _speeds(load_profile(profile), count, batch_size, load)
                    case = f"{profile:15} {count:10,} {batch_size:6}  {name:10}"
                    print(f"  {case} {' '.join(f'{speed:10,.0f}' for speed in speeds)}", flush=True)


def _speeds(cost: Cost, count: int, batch_size: int, load: float | None) -> list[float]:
    speeds = []
    for make in KINDS.values():
        strategy = make(batch_size)
        workload = loaded(count, strategy, load, cost)
        workload.requests  # noqa: B018 - drawn before the clock runs
        time = best_time(lambda: simulate(workload, strategy), 5)  # noqa: B023
        speeds.append(count / time / 1e3)
    return speeds


def measure_batch_sizes(count: int) -> None:
    """Time per request by the batch size: a heap's log(batch), not the batch."""
    print(f"\nSCALING of continuous batching with the batch size, {count:,} requests: us/request")
    sizes = [4**k for k in range(5)]
    print("  load      " + "".join(f"{f'batch {size}':>11}" for size in sizes))
    for name, load in LOADS.items():
        times = []
        for size in sizes:
            strategy = Continuous(size)
            workload = loaded(count, strategy, load)
            workload.requests  # noqa: B018 - drawn before the clock runs
            times.append(best_time(lambda: simulate(workload, strategy), 5))  # noqa: B023
        print(f"  {name:10}" + "".join(f"{time / count * 1e6:11.2f}" for time in times), flush=True)


def measure_whole_way(count: int) -> None:
    """From generation to metrics, each in a process of its own."""
    print(f"\nTHE WHOLE WAY of {count:,} requests, each in a fresh process")
    print(
        "  cost             strategy    batch  load        "
        "generate  simulate  metrics    total     peak memory"
    )
    cases = product(PROFILES, KINDS, BATCH_SIZES, LOADS)
    for profile, kind, batch_size, name in cases:
        command = [sys.executable, "-m", __spec__.name, "--whole-way", kind]
        command += [str(batch_size), name, str(count), profile]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        drawn, simulated, measured, peak = json.loads(output)
        print(
            f"  {profile:15}  {kind:10} {batch_size:6}  {name:10} {drawn:8.2f} s "
            f"{simulated:7.2f} s {measured:6.2f} s {drawn + simulated + measured:8.2f} s "
            f"{peak:8.0f} MB",
            flush=True,
        )


def go_the_whole_way(kind: str, batch_size: str, load: str, count: str, profile: str) -> None:
    """Print the seconds of each part and the peak memory in MB, as JSON."""
    strategy = KINDS[kind](int(batch_size))
    workload = loaded(int(count), strategy, LOADS[load], load_profile(profile))
    times = [perf_counter()]
    workload.requests  # noqa: B018 - draws them
    times.append(perf_counter())
    run = simulate(workload, strategy)
    times.append(perf_counter())
    metrics(run)
    times.append(perf_counter())
    print(json.dumps([*np.diff(times).tolist(), peak_memory() / 1e6]))


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="a tenth of the requests")
    parser.add_argument("--whole-way", nargs=5, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.whole_way:
        go_the_whole_way(*arguments.whole_way)
        return
    most = 100_000 if arguments.quick else 1_000_000
    python = f"{platform.python_implementation()} {platform.python_version()}"
    print(f"{python}, numpy {np.__version__}, {platform.machine()}")
    measure_against_loops([most // 10, most], BATCH_SIZES)
    measure_strategies([most // 10, most])
    measure_batch_sizes(most // 10)
    measure_whole_way(most)


if __name__ == "__main__":
    main()
