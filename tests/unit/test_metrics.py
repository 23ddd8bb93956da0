"""The metrics against the oracle, numpy, and schedules followed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracle import oracle

from tui_batching.analysis.metrics import (
    METRIC_TABLE,
    MetricInfo,
    Metrics,
    Value,
    format_value,
    metrics,
)
from tui_batching.analysis.pooled_values import PooledValues
from tui_batching.analysis.tokens import token_gaps
from tui_batching.clock import MILLISECOND
from tui_batching.cost import LinearCost
from tui_batching.sim.run import Run
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Continuous, Dynamic, Static, Strategy
from tui_batching.workload import ListedRequests, Requests, Workload, load_workload
from tui_batching.workload.service_level import ServiceLevel

MS = MILLISECOND
COST = LinearCost(1 * MS, 10 * MS, 2 * MS)
OF_MEMORY = {"evictions", "recomputed_tokens", "peak_kv", "mean_kv"}
"""Metrics that are not defined where memory is ignored."""
OF_CACHE = {
    "prefix_hit_rate",
    "found_prompt_tokens",
    "lost_prompt_tokens",
    "computed_prompt_tokens",
}
"""Those that are not defined of the textbook."""
PARTS_OF_THE_ORACLE = (
    "part_1_main",
    "part_9_illustrative",
    *(f"part_10_load_gap_{gap}ms" for gap in (800, 500, 300, 200, 150, 100, 80)),
    "part_13_batch_size",
    "part_14_large",
)


def run_of(strategy: Strategy, *rows: tuple[int, int, int]) -> Run:
    """Rows are arrival in ms, prompt and answer in tokens."""
    arrival, prompt, answer = np.array(rows).T
    requests = Requests.from_columns(arrival * MS, prompt, answer)
    return simulate(Workload("hand", ListedRequests(requests), cost=COST), strategy)


def strategy_of(name: str, result: dict[str, Any]) -> Strategy:
    batch_size = result["batch_size"]
    match name.partition("_")[0]:
        case "static":
            return Static(batch_size)
        case "dynamic":
            return Dynamic(batch_size, result["timeout_ms"] * MS)
        case _:
            return Continuous(batch_size)


@pytest.mark.parametrize("name", PARTS_OF_THE_ORACLE)
def test_the_oracle_holds(name: str):
    part = oracle()[name]
    requests = Requests.from_columns(
        [r["arrival_ms"] * MS for r in part["requests"]],
        [r["input_tokens"] for r in part["requests"]],
        [r["output_tokens"] for r in part["requests"]],
    )
    for label, result in part["results"].items():
        run = simulate(Workload(name, ListedRequests(requests)), strategy_of(label, result))
        assert run.start_time.tolist() == [int(ms * MS) for ms in result["start_ms"]]
        assert run.end_time.tolist() == [int(ms * MS) for ms in result["end_ms"]]
        found = metrics(run)
        for key, expected in result["metrics"].items():
            assert found[key] == pytest.approx(expected, rel=0, abs=1e-9), (label, key)


def test_the_oracle_has_no_other_workloads():
    parts = {name for name, part in oracle().items() if "results" in part}
    assert parts == set(PARTS_OF_THE_ORACLE)


def test_by_hand():
    # R0 prefills 0-5, steps end at 15, (R1 prefills 15-35) 47, 57. R1 arrives at 10, ends at 47.
    found = metrics(run_of(Continuous(2), (0, 5, 3), (10, 20, 1)))
    expected = {
        "avg_wait": 0.0025,
        "max_wait": 0.005,
        "avg_latency": 0.047,
        "mean_ttft": (0.015 + 0.037) / 2,
        "mean_tpot": 0.021,
        "std_tpot": 0,
        "mean_itl": 0.021,
        "median_itl": 0.021,
        "p90_itl": 0.010 + 0.9 * 0.022,
        "std_itl": 0.011,
        "total_time": 0.057,
        "total_tokens": 4,
        "throughput": 4 / 0.057,
        "request_throughput": 2 / 0.057,
        "mean_turn": 0.0025,
        "mean_slots": 0,
        "mean_memory": 0,
        "mean_stalled": 0.010,
    }
    assert {key: found[key] for key in expected} == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_useful_held_and_stalled_slots_are_those_that_are_occupied():
    for strategy in (Static(2), Continuous(2)):
        found = metrics(run_of(strategy, (0, 5, 1), (0, 15, 4)))
        parts = [found[name] for name in ("useful", "held", "stalled")]
        assert sum(parts) == pytest.approx(found["occupied"])
        assert (found["held"] > 0) is isinstance(strategy, Static)
    assert "bubble" not in found


def test_with_one_token_answers_only_gaps_are_undefined():
    found = metrics(run_of(Static(2), (0, 5, 1), (1, 5, 1)), ServiceLevel(e2el=10**15))
    undefined = {name for name, value in found.items() if value is None}
    statistics = ("mean", "median", "p90", "p95", "p99", "std")
    gaps = {f"{s}_{quantity}" for s in statistics for quantity in ("tpot", "itl")}
    assert undefined == gaps | OF_MEMORY | OF_CACHE


def test_means_do_not_overflow():
    # The latencies sum to 1e5 times 53 days, far beyond int64.
    count = 100_000
    requests = Requests.from_columns(
        np.zeros(count, np.int64), np.zeros(count, np.int64), np.full(count, 230_000_000)
    )
    run = simulate(
        Workload("long", ListedRequests(requests), cost=LinearCost(0, 20 * MS, 0)),
        Continuous(count),
    )
    found = metrics(run)
    assert found["avg_latency"] == found["mean_decode"] == 4_600_000.0
    assert found["total_tokens"] == count * 230_000_000
    assert found["mean_itl"] == found["p99_itl"] == 0.02


def test_percentiles_are_those_of_numpy():
    run = run_of(Static(3), *((i * 7 % 50, i, 1 + i % 4) for i in range(17)))
    waits = (run.start_time - run.requests.arrival_time) / 1e12
    found = metrics(run)
    for percent in (50, 90, 95, 99):
        assert found[f"p{percent}_wait"] == pytest.approx(np.percentile(waits, percent), rel=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_weighted_percentiles_are_numpys_of_the_expanded_values(seed: int):
    draw = np.random.RandomState(seed)
    values = draw.randint(0, 10**12, size=draw.randint(1, 30))
    counts = draw.randint(0, 9, size=len(values))
    counts[0] += 1
    q = [0, 1, 12.5, 50, 90, 95, 99, 99.9, 100]
    expanded = np.repeat(values, counts)
    assert (
        PooledValues.single(values, counts).percentiles(q).tolist()
        == np.percentile(expanded, q).tolist()
    )


def test_weighted_percentiles_of_nothing_are_refused():
    for values in (np.array([], np.int64), np.array([3])):
        with pytest.raises(ValueError, match="undefined"):
            PooledValues.single(values, np.zeros_like(values)).percentiles([50])


def test_gaps_are_counted_not_written_out():
    gaps = token_gaps(run_of(Static(2), (0, 5, 1_000_000), (1, 5, 10)))
    assert gaps.first.tolist() == [12 * MS]
    assert gaps.counts.tolist() == [999_999 + 9]


def test_a_gap_spans_the_prefills_of_newcomers():
    gaps = token_gaps(run_of(Continuous(2), (0, 5, 3), (10, 20, 1)))
    assert sorted(np.repeat(*gaps.written_out())) == [10 * MS, 32 * MS]


def test_metrics_are_a_mapping():
    found = metrics(run_of(Static(2), (0, 5, 1), (1, 5, 1)))
    assert isinstance(found, Metrics)
    assert len(found) == len(list(found)) == len(dict(found))


def test_the_table_names_every_metric_once():
    workload = load_workload("notebook")
    names = [metric.name for metric in METRIC_TABLE]
    assert len(names) == len(set(names))
    assert set(names) == set(metrics(simulate(workload, workload.strategies[0])))


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("s", 1.3284, "1.33 s"),
        ("s", 0.0, "0 s"),
        ("s", None, "–"),
        ("share", 0.8221, "82.2 %"),
        ("1/s", 100.89, "101"),
        ("1/s", 84.97, "85.0"),
        ("1/s", 2.3464, "2.35"),
        ("1/s", 12345.6, "12,346"),
        ("count", 4394, "4,394"),
    ],
)
def test_values_are_formatted_by_unit(unit: Any, value: Value, text: str):
    assert format_value(MetricInfo("name", "Group", "label", lambda _: value, unit), value) == text
