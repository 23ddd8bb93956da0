"""What is told of each request: the same columns in CSV, JSON and Python."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import Any

import pytest

from tui_batching import Comparison, compare, load_workload
from tui_batching.analysis.request_columns import REQUEST_COLUMNS, request_columns
from tui_batching.analysis.sweeps import sweep
from tui_batching.clock import SECOND
from tui_batching.export.json_and_csv import (
    write_comparison_csv,
    write_comparison_json,
    write_sweep_csv,
    write_sweep_json,
)
from tui_batching.workload import parse_workload

SOME_OF_ONE_TOKEN = """
requests:
  generate:
    count: 40
    arrivals: {poisson: {rate: 10}}
    input_tokens: {uniform: [1, 900]}
    output_tokens: {uniform: [1, 4]}
"""


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return compare(parse_workload(SOME_OF_ONE_TOKEN, "some"), ["continuous", "vllm"])


def json_of(comparison: Comparison, *, each_request: bool) -> list[dict[str, Any]]:
    out = io.StringIO()
    write_comparison_json(comparison, out, each_request=each_request)
    runs: list[dict[str, Any]] = json.loads(out.getvalue())["runs"]
    return runs


def csv_of(comparison: Comparison, *, each_request: bool) -> list[dict[str, str]]:
    out = io.StringIO()
    write_comparison_csv(comparison, out, each_request=each_request)
    return list(csv.DictReader(io.StringIO(out.getvalue())))


def test_csv_and_json_tell_the_same_of_each_request(comparison: Comparison) -> None:
    told = [
        {"strategy": run["strategy"]} | request
        for run in json_of(comparison, each_request=True)
        for request in run["requests"]
    ]
    rows = csv_of(comparison, each_request=True)
    for request, row in zip(told, rows, strict=True):
        del request["stays"]
        assert list(request) == list(row)
        for name, value in request.items():
            assert ("" if value is None else str(value)) == row[name], name


def test_csv_and_json_tell_the_same_of_each_strategy(comparison: Comparison) -> None:
    pairs = zip(
        json_of(comparison, each_request=False), csv_of(comparison, each_request=False), strict=True
    )
    for run, row in pairs:
        flat = {
            key: value
            for name, told in run.items()
            for key, value in (told.items() if isinstance(told, dict) else [(name, told)])
        }
        assert {name: "" if told is None else str(told) for name, told in flat.items()} == {
            name: row[name] for name in flat
        }
        assert not any(row[name] for name in row.keys() - flat.keys())  # others' parameters


def test_csv_and_json_tell_the_same_of_each_point() -> None:
    found = sweep(load_workload("notebook"), "load", [1, 4])
    lines, text = io.StringIO(), io.StringIO()
    write_sweep_csv(found, lines)
    write_sweep_json(found, text)
    told = json.loads(text.getvalue())
    rows = list(csv.DictReader(io.StringIO(lines.getvalue())))
    for row, point in zip(rows, told["points"], strict=True):
        assert row["kind"] == told["sweep"]["kind"]
        parameters, metrics = point.pop("parameters"), point.pop("metrics")
        flat = point | parameters | metrics
        for name, value in flat.items():
            assert row[name] == ("" if value is None else str(value)), name


def test_each_request_has_what_service_levels_limit(comparison: Comparison) -> None:
    for run, result in zip(json_of(comparison, each_request=True), comparison, strict=True):
        for request in run["requests"]:
            gaps = request["output_tokens"] - 1
            made = request["finish_time"] - request["first_token_time"]
            arrival = request["arrival_time"]
            assert request["ttft"] == pytest.approx(request["first_token_time"] - arrival, abs=1e-9)
            assert request["e2el"] == pytest.approx(request["end_time"] - arrival, abs=1e-9)
            expected = pytest.approx(made / gaps, abs=1e-9) if gaps else None
            assert request["tpot"] == expected
        mean = sum(request["ttft"] for request in run["requests"]) / len(run["requests"])
        assert mean == pytest.approx(result.metrics["mean_ttft"])


def test_an_answer_of_one_token_has_no_time_per_output_token(comparison: Comparison) -> None:
    rows = csv_of(comparison, each_request=True)
    alone = [row["tpot"] for row in rows if row["output_tokens"] == "1"]
    assert alone
    assert set(alone) == {""}
    for result in comparison:
        columns = request_columns(result.run)
        assert tuple(columns) == REQUEST_COLUMNS
        assert [math.isnan(value) for value in columns["tpot"]] == [
            tokens == 1 for tokens in result.run.requests.output_tokens
        ]
        assert columns["start_time"][0] / SECOND == result.run.start_time[0] / SECOND
