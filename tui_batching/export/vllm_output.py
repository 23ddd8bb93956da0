"""Runs as results of `vllm bench serve`, one JSON object a line, as its `--append-result` writes.

Keys and definitions are those of `vllm bench serve --save-result --save-detailed`; what a strategy
is called is the `label`. Times are seconds, those with `_ms` in their key milliseconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from tui_batching.analysis.comparison import Comparison, Result
from tui_batching.analysis.distribution import times_to_first_token
from tui_batching.analysis.metrics import Value
from tui_batching.analysis.peaks import peak_in_flight_by_second
from tui_batching.analysis.tokens import token_gaps_by_request
from tui_batching.clock import SECOND, exact_seconds, to_seconds
from tui_batching.columns import IntArray, exact_sum
from tui_batching.errors import InputError
from tui_batching.sim.run import Run
from tui_batching.workload.model import Workload

_STATISTICS = ("mean", "median", "std", "p99")
_QUANTITIES = ("ttft", "tpot", "itl", "e2el")
_ROWS_AT_ONCE = 4096
MOST_TOKENS = 10_000_000
"""Of an answer: each of them is written, and the answer as a whole made before."""


def write(comparison: Comparison, out: TextIO) -> None:
    """Write one JSON object a strategy and line, piece by piece so that its size does not matter.

    Its keys are those that `vllm bench serve` writes, null where a simulation has nothing of the
    kind; `model_id` is the name of the cost's profile. `request_goodput` is null without limits,
    and a statistic of nothing (ITL and TPOT where every answer has one token) is 0, as there. A
    static or dynamic answer ends when its batch does: `e2el` and `latencies` count that, `itls` end
    with the last token.

    Raises:
        InputError: if an answer has more than `MOST_TOKENS`.
    """
    longest = int(comparison.workload.requests.output_tokens.max())
    if longest > MOST_TOKENS:
        raise InputError(
            f"found an answer of {longest:,} tokens, expected at most {MOST_TOKENS:,} "
            "in the format vllm, which lists each of them"
        )
    for result in comparison.simulated:
        out.writelines(_line(result, comparison.workload))


def _line(result: Result, workload: Workload) -> Iterator[str]:
    yield json.dumps(_summary(result, workload), allow_nan=False).removesuffix("}")
    run = result.run
    yield from _list("input_lens", _texts(str, run.requests.input_tokens))
    yield from _list("output_lens", _texts(str, run.requests.output_tokens))
    yield from _list("ttfts", _texts(exact_seconds, times_to_first_token(run)))
    yield from _list("itls", _gaps(run))
    yield from _list("start_times", _texts(exact_seconds, run.requests.arrival_time))
    yield from _list("latencies", _texts(exact_seconds, run.end_time - run.requests.arrival_time))
    for name, value in (("queue_times", "0.0"), ("errors", '""'), ("generated_texts", '""')):
        yield from _list(name, _repeated(value, len(run)))
    yield "}\n"


def _summary(result: Result, workload: Workload) -> dict[str, Any]:
    run, metrics = result.run, result.metrics
    inputs, outputs = exact_sum(run.requests.input_tokens), exact_sum(run.requests.output_tokens)
    profile, rate = workload.cost.profile, workload.source.rate
    return {
        "date": None,  # the same run is the same file, whenever it is written
        "endpoint_type": "tui-batching",
        "backend": "tui-batching",
        "label": result.strategy.name,
        "model_id": profile.name if profile else None,
        "tokenizer_id": None,
        "num_prompts": len(run),
        "request_rate": "inf" if rate is None else rate,
        "burstiness": None,
        "max_concurrency": None,
        "duration": to_seconds(run.total_time),
        "completed": len(run),
        "failed": 0,
        "total_input_tokens": inputs,
        "total_output_tokens": outputs,
        "request_throughput": metrics["request_throughput"],
        "request_goodput": metrics["goodput"],
        "output_throughput": metrics["throughput"],
        "total_token_throughput": (inputs + outputs) * SECOND / run.total_time,
        "max_output_tokens_per_s": None,
        "max_concurrent_requests": peak_in_flight_by_second(run),
        "rtfx": None,
        **{
            f"{statistic}_{quantity}_ms": _milliseconds(metrics[f"{statistic}_{quantity}"])
            for quantity in _QUANTITIES
            for statistic in _STATISTICS
        },
    }


def _milliseconds(seconds: Value) -> float:
    return 1000 * (seconds or 0.0)


def _list(name: str, blocks: Iterator[str]) -> Iterator[str]:
    """A key and its list, whose values come as text, several at a time."""
    separator = f', "{name}": ['
    for block in blocks:
        yield separator + block
        separator = ", "
    yield "]"


def _texts(spell: Callable[[int], str], column: IntArray) -> Iterator[str]:
    for first in range(0, len(column), _ROWS_AT_ONCE):
        yield ", ".join(map(spell, column[first : first + _ROWS_AT_ONCE].tolist()))


def _repeated(value: str, count: int) -> Iterator[str]:
    for first in range(0, count, _ROWS_AT_ONCE):
        yield ", ".join([value] * min(_ROWS_AT_ONCE, count - first))


def _gaps(run: Run) -> Iterator[str]:
    """A list a request. Millions of times are quickest written as floats, a block at once."""
    for block in token_gaps_by_request(run):
        yield json.dumps([(gaps / SECOND).tolist() for gaps in block])[1:-1]
