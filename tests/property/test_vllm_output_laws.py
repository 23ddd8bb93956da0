"""What is written as a result of `vllm bench serve` is what that would have measured."""

from __future__ import annotations

import io
import json
from itertools import accumulate, chain, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import Served
from reference import serve as serve_slowly
from workloads_for_laws import cases, workload_of

from tui_batching.analysis.comparison import Comparison, serve
from tui_batching.analysis.peaks import peak_in_flight_by_second
from tui_batching.analysis.tokens import token_times
from tui_batching.clock import MILLISECOND, SECOND
from tui_batching.cost import LinearCost
from tui_batching.export import vllm_output
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Strategy
from tui_batching.workload import load_workload
from tui_batching.workload.model import Workload


def written(workload: Workload, strategy: Strategy) -> str:
    out = io.StringIO()
    vllm_output.write(Comparison(workload, (serve(workload, strategy),)), out)
    return out.getvalue()


@settings(deadline=None)
@given(cases(), st.integers(1, 40))
def test_every_token_is_made_when_the_slow_simulator_makes_it(
    case: tuple[Workload, Strategy], tokens_at_once: int
):
    workload, strategy = case
    run = simulate(workload, strategy)
    served, _ = serve_slowly(workload.requests, workload.cost, strategy)
    blocks = list(token_times(run, tokens_at_once))
    found = [times.tolist() for block in blocks for times in block]
    assert found == [one.token_times for one in served]
    for block in blocks:
        assert sum(map(len, block[:-1])) < tokens_at_once  # one more request may go beyond


@settings(deadline=None)
@given(cases())
def test_the_figures_are_those_that_vllm_would_compute(case: tuple[Workload, Strategy]):
    workload, strategy = case
    served, _ = serve_slowly(workload.requests, workload.cost, strategy)
    result = json.loads(written(workload, strategy))
    latencies = [one.end - one.arrival for one in served]
    gaps = [[b - a for a, b in pairwise(one.token_times)] for one in served]
    measured = {
        "ttft": [one.first_token - one.arrival for one in served],
        "tpot": [sum(each) / len(each) for each in gaps if each],
        "itl": list(chain.from_iterable(gaps)),
        "e2el": latencies,
    }
    for quantity, times in measured.items():
        expected = {
            "mean": np.mean(times or 0),
            "median": np.median(times or 0),
            "std": np.std(times or 0),
            "p99": np.percentile(times or 0, 99),
        }
        for statistic, value in expected.items():
            assert result[f"{statistic}_{quantity}_ms"] == pytest.approx(
                value / MILLISECOND, rel=1e-9, abs=1e-12
            )
    assert result["itls"] == [[gap / SECOND for gap in each] for each in gaps]
    assert result["ttfts"] == [time / SECOND for time in measured["ttft"]]
    assert result["duration"] == (max(one.end for one in served) - served[0].arrival) / SECOND
    assert result["completed"] == len(served)
    assert result["output_throughput"] * result["duration"] == pytest.approx(
        sum(result["output_lens"])
    )
    assert result["total_token_throughput"] * result["duration"] == pytest.approx(
        sum(result["output_lens"]) + sum(result["input_lens"])
    )
    assert result["max_concurrent_requests"] == concurrent_by_second(served)


def concurrent_by_second(served: list[Served]) -> int:
    """One bucket a second, counted one request after the other."""
    begin = served[0].arrival
    buckets = [0] * (1 + max((one.end - begin) // SECOND for one in served))
    for one in served:
        for second in range((one.arrival - begin) // SECOND, (one.end - begin) // SECOND + 1):
            buckets[second] += 1
    return max(buckets)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 900), st.integers(1, 90)), min_size=1, max_size=12))
def test_requests_in_flight_are_counted_by_the_second(rows: list[tuple[int, int]]):
    tenth = SECOND // 10
    arrivals = list(accumulate(gap * tenth // 10 for gap, _ in rows))
    workload = workload_of(
        [(arrival, 1, tokens) for arrival, (_, tokens) in zip(arrivals, rows, strict=True)],
        LinearCost(decode_step=tenth),
    )
    for strategy in workload.strategies:
        served, _ = serve_slowly(workload.requests, workload.cost, strategy)
        found = peak_in_flight_by_second(simulate(workload, strategy))
        assert found == concurrent_by_second(served)


@settings(deadline=None)
@given(cases())
def test_reading_it_back_gives_the_same_requests(case: tuple[Workload, Strategy]):
    workload, strategy = case
    with TemporaryDirectory() as folder:
        file = Path(folder) / "result.json"
        file.write_text(written(workload, strategy))
        read = load_workload(file).requests
    requests = workload.requests
    begin = requests.arrival_time[0]
    assert read.arrival_time.tolist() == (requests.arrival_time - begin).tolist()
    assert read.input_tokens.tolist() == requests.input_tokens.tolist()
    assert read.output_tokens.tolist() == requests.output_tokens.tolist()
