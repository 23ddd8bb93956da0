"""Strategies side by side."""

from __future__ import annotations

import numpy as np
import pytest

from tui_batching.analysis.comparison import Comparison, Result, compare
from tui_batching.analysis.metrics import METRIC_TABLE, Metrics
from tui_batching.errors import InputError
from tui_batching.strategies import Continuous, Static
from tui_batching.workload import ListedRequests, Requests, Workload, load_workload

TABLE = {metric.name: metric for metric in METRIC_TABLE}


def test_results_come_in_the_workloads_order():
    notebook = load_workload("notebook")
    backwards = Workload("backwards", notebook.source, strategies=notebook.strategies[::-1])
    assert [r.strategy.name for r in compare(backwards)] == ["continuous", "dynamic", "static"]


def test_a_result_is_found_by_its_strategy():
    comparison = compare(load_workload("notebook"))
    assert comparison["dynamic"].run.strategy.name == "dynamic"
    with pytest.raises(InputError, match=r"'fastest'.*static, dynamic, continuous"):
        comparison["fastest"]


def test_best_follows_the_better_direction():
    comparison = compare(load_workload("notebook"))
    assert comparison.best(TABLE["avg_latency"]) == (False, False, True)
    assert comparison.best(TABLE["throughput"]) == (False, False, True)
    assert comparison.best(TABLE["held"]) == (False, False, True)
    assert comparison.best(TABLE["stalled"]) == (True, False, False)


def test_what_has_no_better_direction_has_no_best():
    comparison = compare(load_workload("notebook"))
    for name in ("total_tokens", "occupied", "mean_decode"):
        assert not any(comparison.best(TABLE[name]))


def test_equal_values_share_the_honour():
    comparison = compare(load_workload("notebook"))
    assert comparison.values(TABLE["mean_stalled"])[0] > 0
    assert comparison.best(TABLE["mean_held"]) == (False, False, True)
    requests = Requests.from_columns(np.zeros(2, np.int64), [5, 5], [1, 1])
    both = (Static(2), Continuous(2))
    same = compare(Workload("same", ListedRequests(requests), strategies=both))
    assert same.best(TABLE["max_wait"]) == (True, False)
    assert same.best(TABLE["mean_held"]) == (True, True)


def test_values_that_look_the_same_share_the_honour():
    comparison = compare(load_workload("notebook"))
    first, second, _ = comparison.results
    almost = {**first.metrics, "throughput": 100.5001}
    nearly = {**second.metrics, "throughput": 100.5002}
    results = (Result(first.run, Metrics(almost)), Result(second.run, Metrics(nearly)))
    assert Comparison(comparison.workload, results).best(TABLE["throughput"]) == (True, True)


def test_undefined_values_are_never_best():
    requests = Requests.from_columns(np.zeros(2, np.int64), [5, 5], [1, 1])
    comparison = compare(Workload("one token", ListedRequests(requests)))
    assert comparison.values(TABLE["mean_tpot"]) == (None, None, None)
    assert not any(comparison.best(TABLE["mean_tpot"]))


def test_a_single_strategy_has_nobody_to_beat():
    workload = load_workload("notebook")
    alone = compare(Workload("alone", workload.source, strategies=(Static(),)))
    assert alone.best(TABLE["avg_wait"]) == (False,)


def test_progress_hears_of_each_strategy():
    heard: list[str] = []
    compare(load_workload("notebook"), progress=heard.append)
    assert heard == ["static", "dynamic", "continuous"]
