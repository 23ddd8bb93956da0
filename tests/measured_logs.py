"""Logs of measured times, made by serving requests with our own engines."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tui_batching.analysis.tokens import token_gaps_by_request
from tui_batching.clock import MICROSECOND, MILLISECOND, NANOSECOND, SECOND, exact_seconds
from tui_batching.columns import IntArray
from tui_batching.cost import IterationCost
from tui_batching.measured.accuracy import simulated_times
from tui_batching.measured.equations import planned
from tui_batching.requests import Requests
from tui_batching.sim.run import Run
from tui_batching.strategies import STRATEGIES, Strategy

_BOOT = 1000 * SECOND
_WALL = 1_700_000_000 * SECOND


COST = IterationCost(
    8 * MILLISECOND,
    50 * MICROSECOND,
    100 * NANOSECOND,
    300,
    ((16, 40 * MICROSECOND),),
)
PRICES = {
    "base": COST.base,
    "per_token": COST.per_token,
    "per_context_token": COST.per_context_token,
    "per_token_squared": COST.per_token_squared,
    "per_token_up_to.16": 40 * MICROSECOND,
}
SLOTS, MEMORY = 32, 20_000


def engine_called(name: str, *, tight: bool) -> Strategy:
    engine = STRATEGIES[name]()
    if not tight:
        return engine
    memory = engine.parameter_called("kv_cache_tokens")
    if memory:
        engine = engine.with_parameter(memory.name, MEMORY)
    return engine.with_slots(SLOTS)


ENGINES = [
    (name, tight)
    for name, kind in STRATEGIES.items()
    if kind.about.iteration_level
    for tight in (False, True)
]


def dearer(share: float) -> IterationCost:
    """The cost with all prices higher by a share."""
    pieces = tuple((knot, round((1 + share) * price)) for knot, price in COST.per_token_up_to)
    plain = (COST.base, COST.per_token, COST.per_context_token, COST.per_token_squared)
    return IterationCost(*(round((1 + share) * price) for price in plain), pieces)


def off(found: Run, run: Run) -> np.ndarray:
    """How far the means of TTFT, TPOT and E2EL of a Run are off those of another one."""
    ours, true = (np.nanmean(simulated_times(each), axis=1) for each in (found, run))
    return np.abs(ours / true - 1)


def some_requests(count: int, over: int, seed: int = 0) -> Requests:
    """Requests that arrive over so many seconds."""
    draws = np.random.default_rng(seed)
    return Requests.from_columns(
        np.sort(draws.integers(0, over * SECOND, count)),
        draws.integers(10, 3000, count),
        draws.integers(2, 400, count),
    )


def noisy_times(run: Run, noise: float, seed: int = 1) -> tuple[IntArray, IntArray, IntArray]:
    """When each request was scheduled, and made its first and last token, with some noise."""
    scheduled = planned(run)
    off = 1 + noise * np.random.default_rng(seed).normal(size=(2, len(run))).clip(-3, 3)
    first = scheduled + np.rint((run.first_token_time - scheduled) * off[0]).astype(np.int64)
    last = first + np.rint((run.finish_time - run.first_token_time) * off[1]).astype(np.int64)
    return scheduled, first, last


def write_vllm_log(path: Path, run: Run, noise: float = 0, seed: int = 1) -> Path:
    """A request log as vLLM's, with every digit."""
    scheduled, first, last = noisy_times(run, noise, seed)
    requests = run.requests
    lines = []
    for row, arrival in enumerate(requests.arrival_time.tolist()):
        times = {
            "arrival_time": _WALL + arrival,
            "queued_ts": _BOOT + arrival,
            "scheduled_ts": _BOOT + int(scheduled[row]),
            "first_token_ts": _BOOT + int(first[row]),
            "last_token_ts": _BOOT + int(last[row]),
        }
        told = ", ".join(f'"{key}": {exact_seconds(time)}' for key, time in times.items())
        lines.append(
            f'{{"request_id": "r-{row}", "input_toks": {requests.input_tokens[row]}, '
            f'"output_toks": {requests.output_tokens[row]}, {told}}}'
        )
    path.write_text("\n".join(lines) + "\n")
    return path


def write_csv(path: Path, run: Run, noise: float = 0) -> Path:
    """Plain CSV, which does not tell when a request was scheduled."""
    _, first, last = noisy_times(run, noise)
    requests = run.requests
    rows = ["arrival_time,input_tokens,output_tokens,first_token_time,end_time,client"]
    rows += [
        ",".join(
            (
                exact_seconds(int(requests.arrival_time[row])),
                str(requests.input_tokens[row]),
                str(requests.output_tokens[row]),
                exact_seconds(int(first[row])),
                exact_seconds(int(last[row])),
                "somebody",
            )
        )
        for row in range(len(run))
    ]
    path.write_text("\n".join(rows) + "\n")
    return path


def write_bench(path: Path, run: Run, *, each_token: bool = False) -> Path:
    """A result of `vllm bench serve --save-detailed`; else all further tokens come at once."""
    requests = run.requests
    gaps = [
        [(int(last) - int(first)) / SECOND]
        for first, last in zip(run.first_token_time, run.finish_time, strict=True)
    ]
    if each_token:
        told = (times for block in token_gaps_by_request(run) for times in block)
        gaps = [(times / SECOND).tolist() for times in told]
    result = {
        "request_throughput": 1.0,
        "total_input_tokens": int(requests.input_tokens.sum()),
        "input_lens": requests.input_tokens.tolist(),
        "output_lens": requests.output_tokens.tolist(),
        "start_times": (requests.arrival_time / SECOND).tolist(),
        "ttfts": ((run.first_token_time - requests.arrival_time) / SECOND).tolist(),
        "itls": gaps,
        "errors": [""] * len(run),
    }
    path.write_text(json.dumps(result))
    return path
