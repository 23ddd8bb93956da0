"""Results of benchmarks, which are no tables: what of them is a row for each request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from tui_batching.errors import InputError
from tui_batching.workload.traces.json_rows import described

_LENGTHS = ("input_lens", "output_lens")
_FURTHER = ("queue_times", "errors", "max_tokens", "priority")
_CLOSED_LOOPS = ("concurrent", "synchronous", "throughput")
"""Of GuideLLM's strategies, those that send a request when another one is answered."""


@dataclass(frozen=True)
class BenchmarkResult:
    """One result of a benchmark.

    Attributes:
        label: what tells it from the others in the file.
        requests: makes a row of each; is told whether arrivals are needed.
        throttle: what the client sent its requests by, where that was no load of users.
    """

    label: str
    requests: Callable[[bool], list[dict[str, Any]]]
    throttle: str = ""


def bench_results(values: Sequence[object], where: str) -> list[BenchmarkResult]:
    """Results of `vllm bench serve`, one after the other: objects with a list for each column.

    Raises:
        InputError: if a value is no object.
    """
    return [_bench_result(_object(value, where), where) for value in values]


def _bench_result(result: dict[str, Any], where: str) -> BenchmarkResult:
    clients = result.get("max_concurrency")
    throttled = clients is not None and not isinstance(result.get("queue_times"), list)
    return BenchmarkResult(
        f"request_rate {result.get('request_rate', 'unknown')}",
        partial(_bench_requests, result, where),
        f"--max-concurrency {clients}" if throttled else "",
    )


def _bench_requests(
    result: dict[str, Any], where: str, needs_arrivals: bool
) -> list[dict[str, Any]]:
    if needs_arrivals and "start_times" not in result and isinstance(result.get(_LENGTHS[0]), list):
        raise InputError(
            f"{where}: found lengths without arrivals (no start_times: sglang.bench_serving writes "
            "none, vllm bench serve does with --save-detailed), expected arrivals; requests: "
            "{lengths: FILE, arrivals: {poisson: {rate: 2}}} in a workload file makes some"
        )
    names = ("start_times", *_LENGTHS) if needs_arrivals else _LENGTHS
    lists = {name: detailed_list(result, name, where) for name in names}
    lists |= {name: result[name] for name in _FURTHER if isinstance(result.get(name), list)}
    if len(set(map(len, lists.values()))) != 1:
        told = ", ".join(f"{len(values)} {name}" for name, values in lists.items())
        raise InputError(f"{where}: found {told}, expected as many of each")
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


def detailed_list(result: Mapping[str, Any], name: str, where: str) -> list[Any]:
    """A list with an entry for each request, which only a detailed result has.

    Raises:
        InputError: if it is not there.
    """
    values = result.get(name)
    if not isinstance(values, list):
        raise InputError(
            f"{where}: found no list {name}, expected a result saved with --save-detailed"
        )
    return values


def guidellm_results(values: Sequence[object], where: str) -> list[BenchmarkResult]:
    """The benchmarks in a report of GuideLLM, each with its requests by how they ended.

    Raises:
        InputError: if there are none.
    """
    benchmarks = _object(values[0], where).get("benchmarks")
    if not isinstance(benchmarks, list) or not benchmarks:
        raise InputError(f"{where}: found no benchmarks, expected a report of guidellm benchmark")
    return [_guidellm_result(_object(value, where), where) for value in benchmarks]


def _guidellm_result(benchmark: dict[str, Any], where: str) -> BenchmarkResult:
    strategy = _inner(benchmark, "config", "strategy") or _inner(benchmark, "args", "strategy")
    kind = strategy.get("type_", "unknown")
    return BenchmarkResult(
        f"strategy {kind}",
        lambda _: _guidellm_requests(benchmark, where),
        f"the strategy {kind}" if kind in _CLOSED_LOOPS else "",
    )


def _guidellm_requests(benchmark: dict[str, Any], where: str) -> list[dict[str, Any]]:
    by_status = _inner(benchmark, "requests")
    if not by_status:
        raise InputError(f"{where}: found no requests in a benchmark, expected those of each one")
    return [
        {**_object(request, where), "status": status}
        for status, requests in by_status.items()
        for request in (requests if isinstance(requests, list) else ())
    ]


def _inner(value: dict[str, Any], *keys: str) -> dict[str, Any]:
    """The object under the keys; an empty one where there is none."""
    for key in keys:
        inner = value.get(key)
        value = inner if isinstance(inner, dict) else {}
    return value


def _object(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{where}: found {described(value)}, expected a JSON object")
    return value
