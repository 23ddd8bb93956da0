"""Measure the engines: ratios to a plain loop in the same run, then speeds, scaling and memory.

    python -m tests.benchmarks.engines [--quick]

The requests are those of the plan: uniform 20 to 200 tokens in, 10 to 80 out, 64 slots, all there
at once, with memory that is ample or so tight that it forces evictions. Every speed is of recording
the full Run. Beside times there is the processor time, which others on the machine change less.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

from tests.benchmarks.memory import peak_memory
from tests.plain_engines import PLAIN
from tests.plain_vllm import PlainVllm
from tui_batching.clock import MICROSECOND, MILLISECOND
from tui_batching.cost import IterationCost
from tui_batching.requests import Requests
from tui_batching.sim.run import Run
from tui_batching.strategies import (
    FastGen,
    Orca,
    SgLang,
    Strategy,
    TensorRtLlm,
    Tgi,
    Vllm,
    VllmV0,
)
from tui_batching.strategies.engine import EngineStrategy
from tui_batching.streams import Streams
from tui_batching.workload import load_workload

SLOTS = 64
COST = IterationCost(8 * MILLISECOND, 50 * MICROSECOND, MICROSECOND // 10)
POOLS = {"ample": None, "tight": 8_016}
"""Tokens of KV memory; what 64 requests hold on average is 10,000."""

ENGINES: dict[str, Strategy] = {
    "vllm": Vllm(max_num_seqs=SLOTS),
    "vllm, synchronous": Vllm(max_num_seqs=SLOTS, async_scheduling=False),
    "vllm, no prefix cache": Vllm(max_num_seqs=SLOTS, enable_prefix_caching=False),
    "vllm, by priority": Vllm(max_num_seqs=SLOTS, policy="priority"),
    "vllm-v0": VllmV0(max_num_seqs=SLOTS),
    "sglang": SgLang(max_running_requests=SLOTS),
    "tgi": Tgi(max_batch_size=SLOTS),
    "tgi, chunks": Tgi(max_batch_total_tokens=10_000, prefill_chunking=True, block_size=1),
    "tensorrt-llm": TensorRtLlm(SLOTS),
    "tensorrt-llm, chunks": TensorRtLlm(SLOTS, 512, enable_chunked_prefill=True),
    "tensorrt-llm, max": TensorRtLlm(SLOTS, capacity_scheduler_policy="max_utilization"),
    "tensorrt-llm, static": TensorRtLlm(SLOTS, capacity_scheduler_policy="static_batch"),
    "fastgen": FastGen(max_ragged_sequence_count=SLOTS),
    "orca": Orca(SLOTS),
}
TRACE = Path(__file__).parents[3] / "shared" / "traces" / "AzureLLMInferenceTrace_conv.csv"


def drawn(count: int) -> Requests:
    """So many requests, all there at once, of four priorities."""
    draw = np.random.default_rng(42).integers
    prompts, answers, priorities = draw(20, 201, count), draw(10, 81, count), draw(0, 4, count)
    return Requests.from_columns(np.zeros(count, np.int64), prompts, answers, priority=priorities)


def sharing(count: int) -> dict[str, tuple[Requests, int]]:
    """Requests that begin alike, and a pool that is tight for them: system prompts, and turns."""
    drawn_ = drawn(count)
    prompts, answers = drawn_.input_tokens, drawn_.output_tokens
    systems = Requests.from_columns(
        drawn_.arrival_time,
        prompts + 512,
        answers,
        stream=np.arange(count) % 8,
        stream_tokens=np.full(count, 512),
        streams=Streams.roots(8),
    )
    turns = (prompts + answers).reshape(4, -1).cumsum(axis=0)
    history = np.concatenate((np.zeros_like(turns[:1]), turns[:-1])).ravel()
    conversations = Requests.from_columns(
        np.arange(count) * 40 * MILLISECOND,
        prompts + history,
        answers,
        stream=np.arange(count) % (count // 4),
        stream_tokens=turns.ravel(),
        streams=Streams.roots(count // 4),
    )
    return {"system prompts": (systems, 12_000), "conversations": (conversations, 40_000)}


def best_times(action: Callable[[], object], repeats: int) -> tuple[float, float]:
    """The shortest time and processor time, in seconds: whatever else runs makes it longer."""
    times, worked = [], []
    for _ in range(repeats):
        begin, before = perf_counter(), process_time()
        action()
        times.append(perf_counter() - begin)
        worked.append(process_time() - before)
    return min(times), min(worked)


def with_pool(engine: Strategy, tokens: int | None) -> Strategy:
    """The engine with so much KV memory, by whatever name it has for it."""
    if not tokens:
        return engine
    names = {alias: each.name for each in engine.about.parameters for alias in each.aliases}
    return engine.with_parameter(names.get("kv_cache_tokens", "kv_cache_tokens"), tokens)


def plain_loop(requests: Requests, engine: Vllm, blocks: int) -> PlainVllm:
    """What a loop over request objects does."""
    names = ("arrival_time", "input_tokens", "output_tokens", "priority")
    columns = (getattr(requests, name).tolist() for name in names)
    rows = list(zip(*columns, strict=True))
    # Nothing is shared, so that contents are only looked up where somebody is evicted.
    plain = PlainVllm(rows, COST, engine, blocks)
    plain.run(most=100 * len(requests))
    return plain


def measure_against_the_plain_loop(count: int) -> None:
    """vLLM and the plain loop of the tests on the same requests; they make the same of them."""
    requests = drawn(count)
    print(f"\nVLLM against a plain loop in Python, {count:,} requests, same process")
    print("  memory   engine             / plain loop   requests/s: ours      plain")
    for memory, pool in POOLS.items():
        for name in ("vllm", "vllm, synchronous", "vllm, by priority"):
            engine = with_pool(ENGINES[name], pool)
            assert isinstance(engine, Vllm)
            blocks = pool // engine.block_size - 1 if pool else 10**9
            begin = process_time()
            plain = plain_loop(requests, engine, blocks)
            slow = process_time() - begin
            _, ours = best_times(lambda: engine.serve(requests, COST), 5)  # noqa: B023
            run = engine.serve(requests, COST)
            assert run.finish_time.tolist() == [guest.times[-1] for guest in plain.guests]
            print(
                f"  {memory:8} {name:18} {slow / ours:10.0f} x {count / ours:18,.0f} "
                f"{count / slow:10,.0f}",
                flush=True,
            )


def measure_against_plain_engines(count: int) -> None:
    """The other engines and their plain forms, which make the same of the same requests."""
    requests = drawn(count)
    columns = (requests.arrival_time, requests.input_tokens, requests.output_tokens)
    rows = [(*row, row[-1]) for row in zip(*(c.tolist() for c in columns), strict=True)]
    print(f"\nTHE OTHERS against their plain forms, {count:,} requests, same process")
    print("  engine                memory     / plain form   requests/s: ours      plain")
    for name, engine in ENGINES.items():
        if not isinstance(engine, EngineStrategy):
            continue
        for memory, pool in POOLS.items():
            served = with_pool(engine, pool)
            plain = PLAIN[type(engine)](rows, COST, served)
            begin = process_time()
            plain.run()
            slow = process_time() - begin
            _, ours = best_times(lambda: served.serve(requests, COST), 5)  # noqa: B023
            run = served.serve(requests, COST)
            assert run.finish_time.tolist() == [guest.times[-1] for guest in plain.guests]
            print(
                f"  {name:21} {memory:8} {slow / ours:12.0f} x {count / ours:18,.0f} "
                f"{count / slow:10,.0f}",
                flush=True,
            )


def measure_speeds(counts: list[int]) -> None:
    """Requests per second of each engine."""
    print("\nSPEED in 1,000 requests/s (in processor time), the full Run recorded")
    print("  engine               memory  " + "".join(f"{count:>20,}" for count in counts))
    for name, engine in ENGINES.items():
        for memory, pool in POOLS.items():
            figures = []
            for count in counts:
                requests, served = drawn(count), with_pool(engine, pool)
                time, worked = best_times(lambda: served.serve(requests, COST), 3)  # noqa: B023
                figures.append(f"{count / time / 1e3:,.0f} ({count / worked / 1e3:,.0f})")
            columns = "".join(f"{figure:>20}" for figure in figures)
            print(f"  {name:20} {memory:8}{columns}", flush=True)


def measure_sharing(count: int) -> None:
    """vLLM on requests that begin alike, with and without its prefix cache."""
    print(f"\nSHARING in 1,000 requests/s (in processor time), {count:,} requests; tokens found")
    for name, (requests, tight) in sharing(count).items():
        for memory, pool in (("ample", None), ("tight", tight)):
            for engine in ("vllm", "vllm, no prefix cache"):
                served = with_pool(ENGINES[engine], pool)
                time, worked = best_times(lambda: served.serve(requests, COST), 3)  # noqa: B023
                stays = served.serve(requests, COST).stays
                print(
                    f"  {name:15} {memory:6} {engine:22} {count / time / 1e3:5,.0f} "
                    f"({count / worked / 1e3:3,.0f}) {stays.cached.sum() / stays.known.sum():6.1%}",
                    flush=True,
                )


def measure_trace() -> None:
    """The Azure conversation trace at batch 256."""
    if not TRACE.is_file():
        print("\nTHE AZURE TRACE is not at hand")
        return
    requests = load_workload(str(TRACE)).requests
    print(f"\nTHE AZURE TRACE, {len(requests):,} requests, batch 256: seconds (processor time)")
    costs = {"base 8 ms": COST, "base 3 ms": replace(COST, base=3 * MILLISECOND)}
    for name, cost in costs.items():
        for pool in (None, 100_000):
            engine = Vllm(kv_cache_tokens=pool)
            time, worked = best_times(lambda: engine.serve(requests, cost), 5)  # noqa: B023
            memory = f"{pool:,} tokens of memory" if pool else "memory without end"
            print(f"  {name}, {memory:24} {time:6.3f} ({worked:.3f})", flush=True)


def measure_memory(count: int) -> None:
    """The peak memory, in a fresh process."""
    print(f"\nMEMORY of {count:,} requests, each in a fresh process")
    for name, memory in product(ENGINES, POOLS):
        command = [sys.executable, "-m", __spec__.name, "--peak", name, memory, str(count)]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        seconds, peak = json.loads(output)
        print(f"  {name:21} memory {memory:8} {seconds:6.2f} s {peak:6.0f} MB", flush=True)


def print_peak(name: str, memory: str, count: str) -> None:
    """Print the seconds and the peak memory in MB, as JSON."""
    requests, engine = drawn(int(count)), with_pool(ENGINES[name], POOLS[memory])
    begin = perf_counter()
    run: Run = engine.serve(requests, COST)
    print(json.dumps([perf_counter() - begin, peak_memory() / 1e6]))
    assert len(run) == int(count)


def main() -> None:
    """Measure all, or a little of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer and smaller measurements")
    parser.add_argument("--peak", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peak:
        print_peak(*arguments.peak)
        return
    print(f"Python {platform.python_version()}, numpy {np.__version__}, {platform.machine()}")
    quick = arguments.quick
    measure_against_the_plain_loop(1_000 if quick else 5_000)
    measure_against_plain_engines(1_000 if quick else 2_000)
    measure_speeds([10_000] if quick else [10_000, 100_000])
    measure_sharing(10_000 if quick else 100_000)
    measure_trace()
    if not quick:
        measure_memory(1_000_000)


if __name__ == "__main__":
    main()
