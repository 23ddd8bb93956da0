"""`compare`: the table, the JSON and the settings."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from command_line import printed_json, printed_rows
from oracle import oracle

from tui_batching import compare, load_workload
from tui_batching.__main__ import main
from tui_batching.analysis.breakdown import PARTS
from tui_batching.analysis.metrics import METRIC_TABLE
from tui_batching.analysis.request_columns import REQUEST_COLUMNS
from tui_batching.clock import SECOND


def test_the_table_shows_headline_metrics_and_marks_the_best(capsys: pytest.CaptureFixture[str]):
    assert main(["compare"]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert err == ""
    assert lines[0] == "notebook · 20 requests"
    assert lines[1].split() == ["static", "dynamic", "continuous"]
    throughput = next(line for line in lines if "tokens per second" in line)
    assert throughput.split()[3:] == ["84.6", "85.0", "101", "★"]
    assert any("500 ms" in line for line in lines)
    assert lines[-1].startswith("★ the best of its row")
    assert max(map(len, lines)) <= 80


def test_names_are_not_taken_for_markup(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "own.yaml"
    file.write_text(
        "name: '[bold]mine[/bold] :star:'\n"
        "requests: [{arrival_time: 0, input_tokens: 1, output_tokens: 1}]\n",
        encoding="utf-8",
    )
    assert main(["compare", str(file)]) == 0
    assert capsys.readouterr().out.startswith("[bold]mine[/bold] :star: · 1 request\n")


def test_json_holds_the_oracle(capsys: pytest.CaptureFixture[str]):
    found = printed_json(capsys, "compare", "--json", "notebook")
    assert found["schema"] == 2
    assert found["workload"] == {"name": "notebook", "requests": 20}
    assert [run["strategy"] for run in found["runs"]] == ["static", "dynamic", "continuous"]
    for run in found["runs"]:
        expected = oracle()["part_1_main"]["results"][run["strategy"]]["metrics"]
        assert "requests" not in run
        for name, value in expected.items():
            assert run["metrics"][name] == pytest.approx(value, rel=0, abs=1e-9)


def test_json_has_every_metric_and_the_parameters(capsys: pytest.CaptureFixture[str]):
    static, dynamic, continuous = printed_json(capsys, "compare", "--json")["runs"]
    assert static["parameters"] == {"batch_size": 4, "pad_to": "batch"}
    assert continuous["parameters"] == {"batch_size": 4, "kv_cache_tokens": None}
    assert dynamic["parameters"] == {
        "batch_size": 4,
        "timeout": 0.5,
        "timeout_from": "server_free",
    }
    assert set(static["metrics"]) == {metric.name for metric in METRIC_TABLE}


def test_json_has_every_request(capsys: pytest.CaptureFixture[str]):
    found = printed_json(capsys, "compare", "--json", "--requests")
    comparison = compare(load_workload("notebook"))
    for run, result in zip(found["runs"], comparison, strict=True):
        assert len(run["requests"]) == 20
        for row, request in enumerate(run["requests"]):
            assert tuple(request) == (*REQUEST_COLUMNS, "stays")
            assert request["start_time"] == result.run.start_time[row] / SECOND
            assert request["slot"] == result.run.stays.slot[row]
            total = sum(request[part] for part in PARTS)
            assert total == pytest.approx(request["end_time"] - request["arrival_time"])


def test_json_keeps_picoseconds_and_big_times(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "long.yaml"
    file.write_text(
        "requests: [{arrival_time: 9000000.000000000007, input_tokens: 0, output_tokens: 1}]\n"
        "cost: {linear: {decode_step: 1ps}}\nstrategies: {static: {batch_size: 1}}\n",
        encoding="utf-8",
    )
    assert main(["compare", str(file), "--json", "--requests"]) == 0
    loaded = json.loads(capsys.readouterr().out, parse_float=Decimal)
    assert loaded["runs"][0]["requests"][0]["end_time"] == Decimal("9000000.000000000008")


def test_json_has_null_where_a_metric_is_undefined(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "short.yaml"
    file.write_text("requests: [{arrival_time: 0, input_tokens: 1, output_tokens: 1}]\n")
    found = printed_json(capsys, "compare", "--json", str(file))
    assert found["workload"]["name"] == "short"
    assert found["runs"][0]["metrics"]["mean_itl"] is None
    assert found["runs"][0]["metrics"]["goodput"] is None
    assert main(["compare", str(file)]) == 0
    table = capsys.readouterr().out
    assert "–" in table
    assert "Service level" not in table
    rows = printed_rows(capsys, "compare", str(file), "--csv", "-")
    assert [row["goodput"] for row in rows] == ["", "", ""]
    assert main(["compare", str(file), "--set", "slo.ttft=40ms"]) == 0
    table = capsys.readouterr().out
    assert re.search("SLO attainment +100.0 % ★", table)
    assert "service level: TTFT ≤ 40.0 ms" in table


@pytest.mark.parametrize(
    "arguments",
    [
        ("notebook", "--set", "batch_size=2", "--set", "dynamic.timeout=300ms"),
        ("--set", "batch_size=2", "--set", "dynamic.timeout=300ms", "notebook"),
        ("notebook", "--set", "batch_size=2", "dynamic.timeout=300ms"),
        ("--set", "batch_size=2", "dynamic.timeout=300ms", "notebook"),
        ("--set", "batch_size=2", "dynamic.timeout=300ms"),
    ],
)
def test_settings_change_the_workload(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
):
    static, dynamic, _ = printed_json(capsys, "compare", "--json", *arguments)["runs"]
    assert static["parameters"] == {"batch_size": 2, "pad_to": "batch"}
    assert dynamic["parameters"]["timeout"] == 0.3


def test_a_profile_and_padding_are_named_and_doubts_come_on_stderr_once(
    capsys: pytest.CaptureFixture[str],
):
    settings = ["cost=h100-llama-3-8b", "static.pad_to=workload", "cost.kv_cache_tokens=600"]
    assert main(["compare", "illustrative", "--set", *settings]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == "illustrative · 6 requests · h100-llama-3-8b (kernels only)"
    assert re.search(r"^  pad to +workload", out, re.MULTILINE)
    assert err == (
        "tui-batching: warning: h100-llama-3-8b holds for contexts of 128 to 8,192 tokens; "
        "those of 6 of 6 requests lie beyond, at 50 to 120\n"
    )
    settings[-1] = "cost.kv_cache_tokens=200"
    assert main(["compare", "illustrative", "--json", "--set", *settings]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["runs"][0]["parameters"]["pad_to"] == "workload"
    assert len(err.splitlines()) == 4
    assert all(line.startswith("tui-batching: warning: ") for line in err.splitlines())
