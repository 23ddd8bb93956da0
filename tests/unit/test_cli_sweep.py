"""The command `sweep`: table, JSON, CSV, values, jobs, and what is refused."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import complaint, printed_json, printed_rows
from oracle import oracle
from waiting import PATIENCE_SECONDS

from tui_batching import executors
from tui_batching.__main__ import main
from tui_batching.analysis.metrics import METRIC_TABLE


def values(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[float]:
    points = printed_json(capsys, "sweep", "--json", *arguments)["points"]
    return sorted({point["value"] for point in points})


def test_without_a_workload_loads_are_those_of_the_oracle(capsys: pytest.CaptureFixture[str]):
    record = printed_json(capsys, "sweep", "--json", "load")
    assert record["workload"] == {"name": "notebook-load", "requests": 30}
    assert record["sweep"] == {"kind": "load", "unit": "requests/s"}
    assert list(record["saturation"]) == ["static", "dynamic", "continuous"]
    assert len(record["points"]) == (7 + 3) * 3
    for gap in (800, 500, 300, 200, 150, 100, 80):
        points = [each for each in record["points"] if round(1000 / each["value"]) == gap]
        assert len(points) == 3
        for point in points:
            expected = oracle()[f"part_10_load_gap_{gap}ms"]["results"][point["strategy"]]
            for name, value in expected["metrics"].items():
                assert point["metrics"][name] == pytest.approx(value, rel=0, abs=1e-9)


def test_without_a_workload_batch_sizes_are_those_of_the_oracle(
    capsys: pytest.CaptureFixture[str],
):
    record = printed_json(capsys, "sweep", "--json", "batch-size")
    assert record["workload"]["name"] == "notebook-batch-size"
    assert "saturation" not in record
    results = oracle()["part_13_batch_size"]["results"]
    points = [each for each in record["points"] if each["strategy"] == "continuous"]
    assert [point["parameters"]["batch_size"] for point in points] == [1, 2, 4, 8, 16]
    for point in points:
        expected = results[f"continuous_{point['value']}"]["metrics"]["p99_latency"]
        assert point["metrics"]["p99_latency"] == pytest.approx(expected, rel=0, abs=1e-9)


def test_the_table_marks_the_best_and_ends_with_the_saturation(
    capsys: pytest.CaptureFixture[str],
):
    assert main(["sweep", "load"]) == 0
    out, err = capsys.readouterr()
    lines = [line.rstrip() for line in out.splitlines()]
    assert err == ""
    assert lines[0] == "notebook-load · 30 requests · offered load, requests per second"
    assert lines[1].split() == ["static", "dynamic", "continuous"]
    [_, _, _, throughput] = [line.split() for line in lines if line.startswith("  1.25/s")]
    assert throughput == ["1.25/s", "(gap", "800", "ms)", "44.6", "46.1", "47.5", "★"]
    assert lines[-3].split() == ["requests", "per", "second", "2.16", "2.16", "2.56", "★"]
    assert lines[-2] == (
        "a finite run of 30 requests: in a longer one latency climbs on; "
        "workload.count=80 is long enough"
    )
    assert {line.split("(gap ")[1][:7] for line in lines if "gap" in line} >= {"800 ms)", "80.0 ms"}


def test_the_table_and_json_tell_what_does_not_vary_and_a_run_that_is_long_enough_no_note(
    capsys: pytest.CaptureFixture[str],
):
    given = ("notebook", "--values", "4", "8", "--set", "workload.count=80")
    assert main(["sweep", "batch-size", *given]) == 0
    head = capsys.readouterr().out.split("Service level")[0]
    assert ["timeout", "500", "ms"] in [line.split() for line in head.splitlines()]
    assert "batch size  " not in head
    short = printed_json(capsys, "sweep", "load", "notebook", "--values", "9", "--json")
    assert short["notes"] == [
        (
            "a finite run of 20 requests: in a longer one latency climbs on; "
            "workload.count=80 is long enough"
        )
    ]
    for unsaid in (given, ("notebook", "--values", "1")):  # long enough, and easily served
        assert "notes" not in printed_json(capsys, "sweep", "load", *unsaid, "--json")


def test_a_strategy_whose_slots_stay_free_keeps_its_figures(capsys: pytest.CaptureFixture[str]):
    assert main(["sweep", "batch-size", "chat", "--metrics", "latency.mean,latency.p99"]) == 0
    mean = capsys.readouterr().out.split("Latency: p99")[0].splitlines()
    assert [line.split()[-3:] for line in mean[-3:]] == [["2.81", "s", "★"]] * 3


def test_csv_has_a_row_for_every_point(capsys: pytest.CaptureFixture[str]):
    given = ("timeout", "--values", "0", "300ms", "0.5")
    rows = printed_rows(capsys, "sweep", *given, "--csv", "-")
    assert [(row["kind"], row["value"], row["timeout"]) for row in rows] == [
        ("timeout", "0.0", "0.0"),
        ("timeout", "0.3", "0.3"),
        ("timeout", "0.5", "0.5"),
    ]
    assert {row["strategy"] for row in rows} == {"dynamic"}
    assert set(rows[0]) >= {metric.name for metric in METRIC_TABLE} | {"peak_batch"}


def test_csv_goes_to_a_new_file_beside_the_table(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    file = tmp_path / "sweep.csv"
    command = ["sweep", "load", "--values", "2", "--csv", str(file)]
    assert main(command) == 0
    assert "Saturation" in capsys.readouterr().out
    assert len(file.read_text().splitlines()) == 4
    assert main(command) == 2
    assert "--force replaces it" in capsys.readouterr().err
    assert main([*command, "--force"]) == 0


def test_loads_are_rates_or_with_a_unit_gaps(capsys: pytest.CaptureFixture[str]):
    given = ("load", "chat", "--values", "2s", "4", "250ms", "1e1", "0.5")
    assert values(capsys, *given) == [0.5, 4, 10]


def test_settings_apply_to_every_point(capsys: pytest.CaptureFixture[str]):
    given = ("load", "chat", "--set", "static.batch_size=2", "dynamic.timeout=1s", "--values", "1")
    static, dynamic, _ = printed_json(capsys, "sweep", "--json", *given)["points"]
    assert static["parameters"] == {"batch_size": 2, "pad_to": "batch"}
    assert dynamic["parameters"]["timeout"] == 1.0


NEITHER = "expected requests per second such as 2.5, or a mean gap such as 400ms"
REFUSED: dict[tuple[str, ...], str] = {
    ("load", "--values", "0"): f"--values: found 0, {NEITHER}",
    ("load", "--values", "-1"): f"--values: found -1, {NEITHER}",
    ("load", "--values", "abc"): f"--values: found 'abc', {NEITHER}",
    ("load", "--values", "nan"): f"--values: found 'nan', {NEITHER}",
    ("load", "--values", "0s"): "--values: found '0s', expected a duration longer than zero",
    ("load", "--values", "1e-9"): "the last arrival lies beyond 106 days, where the clock ends",
    ("load", "--values"): "argument --values: expected at least one argument (see tui-batching "
    "sweep --help)",
    ("batch-size", "--values", "0"): "--values: found 0, expected a whole number >= 1",
    ("batch-size", "--values", "2.5"): "--values: found 2.5, expected a whole number >= 1",
    ("timeout", "--values", "soon"): "--values: found 'soon', expected a duration such as 20ms, "
    "0.3us or 0.5 (seconds)",
    ("load", "--jobs", "0"): "--jobs: found 0, expected a whole number >= 1",
    ("load", "--jobs", "two"): "--jobs: found 'two', expected a whole number >= 1",
    ("load", "summarize-burst"): "all requests of summarize-burst arrive at once, so there is no "
    "load to vary",
    ("load", "--json", "--csv", "-"): "found --json and --csv -, expected only one of them on "
    "stdout",
    ("load", "--force"): "found --force alone, expected --csv FILE with it",
}


@pytest.mark.parametrize("arguments", REFUSED, ids=" ".join)
def test_what_is_refused_is_told_in_one_sentence(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
):
    assert main(["sweep", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"tui-batching: {REFUSED[arguments]}\n"


def test_a_kind_has_to_be_named(capsys: pytest.CaptureFixture[str]):
    assert main(["sweep"]) == 2
    [sentence] = capsys.readouterr().err.splitlines()
    assert "load|batch-size|timeout|PARAMETER" in sentence


UNKNOWN: dict[tuple[str, ...], str] = {
    ("speed",): "found no sweep 'speed', expected one of load, batch-size, "
    "max_num_seqs, max_num_batched_tokens, token_budget, block_size, ",
    (
        "time-out",
        "notebook",
        "--values",
        "1",
    ): "found no sweep 'time_out', expected one of load, batch-size, "
    "timeout, kv_cache_tokens (did you mean 'timeout'?)",
    (
        "max_num_seqs",
        "notebook",
    ): "no strategy of notebook has a max_num_seqs, expected a workload with vllm or vllm-v0",
    ("policy", "--strategies", "orca"): "found no sweep 'policy', expected one of load, "
    "batch-size, max_batch_size, kv_cache_tokens",
    ("kv_cache_tokens", "--strategies", "vllm", "--values", "none"): "--values: found 'none', "
    "expected a whole number >= 1",
    ("watermark", "--strategies", "vllm", "--values", "2"): "--values: found 2, expected a number "
    ">= 0 and < 1",
    ("kv_cache_tokens", "--strategies", "tgi", "--values", "64"): "",
}


@pytest.mark.parametrize("arguments", UNKNOWN, ids=" ".join)
def test_what_cannot_be_swept_is_told_with_what_can(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
):
    assert main(["sweep", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"tui-batching: {UNKNOWN[arguments]}")
    assert err.count("\n") == 1


@pytest.mark.parametrize("kind", ["load", "batch-size", "timeout"])
def test_processes_print_the_same_bytes(
    kind: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    command = ["sweep", kind, "chat", "--json"]
    assert main([*command, "--jobs", "1"]) == 0
    here = capsys.readouterr().out
    monkeypatch.setattr(executors, "SMALL", 0)
    assert main([*command, "--jobs", "2"]) == 0
    assert capsys.readouterr().out == here


def test_no_process_is_left_behind():
    program = (
        "import sys; from tui_batching.__main__ import main\n"
        "from tui_batching import executors; executors.SMALL = 0\n"
        "import multiprocessing as m\n"
        "if __name__ == '__main__':\n"
        "    main(['sweep', 'load', '--jobs', '2', '--csv', '-'])\n"
        "    print(len(m.active_children()), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=True,
    )
    assert done.stderr == "0\n"
    assert done.stdout.startswith("kind,value,strategy")


def test_the_table_has_the_metrics_asked_for_and_what_they_may_be(
    capsys: pytest.CaptureFixture[str],
):
    given = ("load", "chat", "--values", "1", "--slo", "ttft=2s,tpot.p95=40ms")
    assert main(["sweep", *given, "--metrics", "ttft.p99, tpot.p95,wait.max,p50_wait"]) == 0
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    groups = [line for line in lines[3:-2] if line[:1].strip()]
    assert groups == [
        "Parameters",
        "Time to first token: p99 (≤ 2.00 s)",
        "Time per output token: p95 (≤ 40.0 ms)",
        "Wait: max",
        "Wait: median",
        "Saturation: the most that is served",
    ]
    assert main(["sweep", *given]) == 0
    usual = capsys.readouterr().out
    assert "Service level: SLO attainment" in usual
    assert "Time per output token: p95 (≤ 40.0 ms)" in usual
    told = complaint(capsys, "sweep", "load", "notebook", "--metrics", "ttft.p98")
    assert told.startswith("--metrics: found no metric 'ttft.p98', expected one of wait.mean, ")
    assert "prefix_hit_rate" in told, "none is left out"
    assert " others" not in told


def test_any_parameter_of_the_stage_can_be_swept(capsys: pytest.CaptureFixture[str]):
    given = ("chat", "--strategies", "static,vllm,sglang")
    assert main(["sweep", "token-budget", *given, "--values", "512", "2048"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "chat · 80 requests · token budget, tokens"
    assert lines[1].split() == ["vllm", "sglang"]
    figures = lines[lines.index("Time to first token: p99 (≤ 2.00 s)".ljust(len(lines[3]))) + 1 :]
    assert [figures[number].split()[0] for number in (0, 1)] == ["512", "2,048"]
    assert lines[-2] == "left out: static (no token_budget)"
    record = printed_json(capsys, "sweep", "kv_cache_tokens", *given, "--json", "--values", "9999")
    assert record["sweep"] == {"kind": "kv_cache_tokens", "unit": "tokens"}
    assert record["left_out"] == ["static"]
    assert [point["parameters"]["kv_cache_tokens"] for point in record["points"]] == [9999, 9999]
    rows = printed_rows(capsys, "sweep", "max_num_seqs", *given, "--values", "4", "--csv", "-")
    assert [(row["kind"], row["value"], row["max_num_seqs"]) for row in rows] == [
        ("max_num_seqs", "4", "4")
    ]


def test_refusals_at_usual_values_are_in_the_table_and_in_json(
    capsys: pytest.CaptureFixture[str],
):
    given = ("token_budget", "chat", "--strategies", "vllm", "--set", "vllm.token_budget=512")
    assert main(["sweep", *given]) == 0
    out = capsys.readouterr().out
    assert "vllm cannot serve this at 64, 128: found a max_num_batched_tokens of 128" in out
    record = printed_json(capsys, "sweep", *given, "--json")
    assert [each["value"] for each in record["refused"]] == [64, 128]
    assert {each["strategy"] for each in record["refused"]} == {"vllm"}


def test_a_given_value_that_is_too_small_is_left_out_and_named(
    capsys: pytest.CaptureFixture[str],
):
    given = ["sweep", "kv_cache_tokens", "chat", "--strategies", "vllm", "--values", "160", "64000"]
    assert main(given) == 0
    told = "vllm cannot serve this at 160: request "
    out = capsys.readouterr().out
    assert told in out
    assert "64,000" in out
    assert main([*given, "--csv", "-"]) == 0
    out, err = capsys.readouterr()
    assert [row["value"] for row in csv.DictReader(io.StringIO(out))] == ["64000"]
    assert err.startswith(f"tui-batching: warning: {told}")
    assert main(given[:-1]) == 2
    assert capsys.readouterr().err.startswith(f"tui-batching: {told}")


def test_a_parameter_has_its_chart(capsys: pytest.CaptureFixture[str]):
    given = ["--strategies", "static,vllm,sglang", "--width", "120", "--height", "30"]
    assert main(["chart", "kv_cache_tokens", "notebook", *given]) == 0
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 30
    assert "by KV cache tokens" in out[0]
    assert out[1].startswith(" left out: static (no kv_cache_tokens)")
    assert main(["chart", "timeout", "--width", "120"]) == 0
    assert "by timeout, s" in capsys.readouterr().out


def test_a_chart_tells_who_cannot_serve_where(capsys: pytest.CaptureFixture[str]):
    given = ["--strategies", "vllm,tgi,static", "--set", "token_budget=512", "--width", "120"]
    assert main(["chart", "token_budget", "chat", *given, "--height", "24"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 24
    assert out[1].strip() == (
        "left out: static (no token_budget) · vllm cannot serve this at 64, 128 · tgi cannot serve "
        "this at 64, 128, 256"
    )
