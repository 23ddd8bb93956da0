"""The command line, mostly in this process; what a shell sees, in a process of its own."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from command_line import CHECKOUT, complaint, shell
from oracle import oracle

from tui_batching import __version__, compare, load_workload
from tui_batching.__main__ import main
from tui_batching.analysis.breakdown import PARTS
from tui_batching.analysis.metric_table import METRIC_TABLE
from tui_batching.cli import terminal
from tui_batching.cli.commands import compare as compare_command
from tui_batching.clock import SECOND
from tui_batching.export.records import REQUEST_FIELDS
from tui_batching.workload import Workload, bundled_workloads


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["compare", "--json", *arguments]) == 0
    loaded: dict[str, Any] = json.loads(capsys.readouterr().out)
    return loaded


# The table.


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


def test_the_table_does_without_unicode():
    done = shell("$P compare", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert "101 *" in done.stdout


def test_a_narrow_pipe_cuts_nothing():
    done = shell("$P compare; $P workloads", COLUMNS="40")
    assert "…" not in done.stdout
    assert any(line.split()[-2:] == ["2.35", "★"] for line in done.stdout.splitlines())


def test_colour_is_for_terminals_that_want_it():
    plain, coloured = shell("$P compare"), shell("$P compare", FORCE_COLOR="1")
    silenced = shell("$P compare", FORCE_COLOR="1", NO_COLOR="1")
    assert "\x1b" not in plain.stdout
    assert "32m" in coloured.stdout
    assert "32m" not in silenced.stdout


def test_names_are_not_taken_for_markup(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "own.yaml"
    file.write_text(
        "name: '[bold]mine[/bold] :star:'\n"
        "requests: [{arrival_time: 0, input_tokens: 1, output_tokens: 1}]\n",
        encoding="utf-8",
    )
    assert main(["compare", str(file)]) == 0
    assert capsys.readouterr().out.startswith("[bold]mine[/bold] :star: · 1 request\n")


# JSON.


def test_json_holds_the_oracle(capsys: pytest.CaptureFixture[str]):
    found = as_json(capsys, "notebook")
    assert found["schema"] == 1
    assert found["workload"] == {"name": "notebook", "requests": 20}
    assert [run["strategy"] for run in found["runs"]] == ["static", "dynamic", "continuous"]
    for run in found["runs"]:
        expected = oracle()["part_1_main"]["results"][run["strategy"]]["metrics"]
        assert "requests" not in run
        for name, value in expected.items():
            assert run["metrics"][name] == pytest.approx(value, rel=0, abs=1e-9)


def test_json_has_every_metric_and_the_parameters(capsys: pytest.CaptureFixture[str]):
    static, dynamic, continuous = as_json(capsys)["runs"]
    assert static["parameters"] == {"batch_size": 4, "pad_to": "batch"}
    assert continuous["parameters"] == {"batch_size": 4}
    assert dynamic["parameters"] == {
        "batch_size": 4,
        "timeout": 0.5,
        "timeout_from": "server_free",
    }
    assert set(static["metrics"]) == {metric.name for metric in METRIC_TABLE}


def test_json_has_every_request(capsys: pytest.CaptureFixture[str]):
    found = as_json(capsys, "--requests")
    comparison = compare(load_workload("notebook"))
    for run, result in zip(found["runs"], comparison, strict=True):
        assert len(run["requests"]) == 20
        for row, request in enumerate(run["requests"]):
            assert tuple(request) == (*REQUEST_FIELDS, "breakdown")
            assert tuple(request["breakdown"]) == PARTS
            assert request["start_time"] == result.run.start[row] / SECOND
            assert request["slot"] == result.run.slot[row]
            total = sum(request["breakdown"].values())
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
    found = as_json(capsys, str(file))
    assert found["workload"]["name"] == "short"
    assert found["runs"][0]["metrics"]["mean_itl"] is None
    assert found["runs"][0]["metrics"]["goodput"] is None
    assert main(["compare", str(file)]) == 0
    table = capsys.readouterr().out
    assert "–" in table
    assert "Service level" not in table
    assert main(["compare", str(file), "--csv", "-"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["goodput"] for row in rows] == ["", "", ""]
    assert main(["compare", str(file), "--set", "slo.ttft=40ms"]) == 0
    table = capsys.readouterr().out
    assert re.search("SLO attainment +100.0 % ★", table)
    assert "service level: TTFT ≤ 40ms" in table


# CSV.


def test_csv_has_a_row_a_strategy(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "metrics.csv"
    assert main(["compare", "--csv", str(file)]) == 0
    assert "continuous" in capsys.readouterr().out
    rows = list(csv.DictReader(file.open(newline="")))
    assert [row["strategy"] for row in rows] == ["static", "dynamic", "continuous"]
    assert [row["timeout"] for row in rows] == ["", "0.5", ""]
    assert rows[0]["avg_wait"] == "2.4297"
    assert [entry.name for entry in tmp_path.iterdir()] == ["metrics.csv"]


def test_csv_has_a_row_a_request_and_strategy(capsys: pytest.CaptureFixture[str]):
    assert main(["compare", "--requests", "--csv", "-"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert len(rows) == 60
    assert tuple(rows[0]) == ("strategy", *REQUEST_FIELDS, *PARTS)
    for row in rows:
        latency = Decimal(row["end_time"]) - Decimal(row["arrival_time"])
        assert sum(Decimal(row[part]) for part in PARTS) == latency


def test_csv_replaces_a_file_only_by_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "metrics.csv"
    file.write_text("precious")
    assert "--force" in complaint(capsys, "compare", "--csv", str(file))
    assert file.read_text() == "precious"
    assert main(["compare", "--csv", str(file), "--force"]) == 0
    assert file.read_text().startswith("strategy,")


def test_csv_follows_a_link(tmp_path: Path):
    file, link = tmp_path / "metrics.csv", tmp_path / "link.csv"
    file.write_text("old")
    link.symlink_to(file)
    assert main(["compare", "--csv", str(link), "--force"]) == 0
    assert link.is_symlink()
    assert file.read_text().startswith("strategy,")


def test_csv_never_replaces_a_device_or_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for target in (os.devnull, str(tmp_path)):
        sentence = complaint(capsys, "compare", "--csv", target, "--force")
        assert "found a folder or a device" in sentence


def test_csv_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    sentence = complaint(capsys, "compare", "--csv", str(tmp_path / "nowhere" / "metrics.csv"))
    assert "cannot be written (No such file or directory)" in sentence


def test_csv_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tui_batching.export.csv_output.write", fail)
    sentence = complaint(capsys, "compare", "--csv", str(tmp_path / "metrics.csv"))
    assert "No space left on device" in sentence
    assert list(tmp_path.iterdir()) == []


# Settings and usage.


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
    static, dynamic, _ = as_json(capsys, *arguments)["runs"]
    assert static["parameters"] == {"batch_size": 2, "pad_to": "batch"}
    assert dynamic["parameters"]["timeout"] == 0.3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("dance",), "dance"),
        (("compare", "a\x1b[31m\n\x9bb.yaml"), r"a\x1b[31m\n\x9bb.yaml"),
        (("\x1b[31m",), r"\x1b[31m"),
        (("compare", "no-such-workload"), "no-such-workload"),
        (("compare", "no-such-file.yaml"), "no-such-file.yaml"),
        (("compare", "--set", "colour=blue"), "colour"),
        (("compare", "--set", "batch_size"), "found no '='"),
        (("compare", "--set", "batch_size=0"), "batch_size"),
        (("compare", "--set"), "--set"),
        (("compare", "chat", "rag"), "rag"),
        (("compare", "chat", "--set", "batch_size=2", "rag"), "rag"),
        (("compare", "--js"), "--js"),
        (("compare", "--json", "--csv", "-"), "--json and --csv"),
        (("compare", "--requests"), "--requests"),
        (("compare", "--force"), "--force"),
        (("validate",), "FILE"),
        (("validate", "no-such-file.yaml"), "no-such-file.yaml"),
        (("play", "no-such-workload"), "no-such-workload"),
    ],
)
def test_bad_usage_is_told_in_one_sentence(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    words: str,
):
    monkeypatch.setattr(terminal, "_is_terminal", lambda stream: True)
    assert words in complaint(capsys, *arguments)


def test_a_broken_file_is_told_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "broken.yaml"
    file.write_text("requests:\n- {arrival_time: 0, input_tokens: 1, output_tokens: 0}\n")
    sentence = complaint(capsys, "validate", str(file))
    assert f"{file}:2" in sentence
    assert "output_tokens" in sentence


def test_a_workload_that_outlasts_the_clock_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "long.yaml"
    file.write_text(
        "requests: [{arrival_time: 0, input_tokens: 1, output_tokens: 2000000000}]\n"
        "cost: {linear: {decode_step: 1h}}\n"
    )
    assert "106 days" in complaint(capsys, "compare", str(file))


def test_a_profile_and_padding_are_named_and_doubts_come_on_stderr_once(
    capsys: pytest.CaptureFixture[str],
):
    settings = ["cost=h100-llama-3-8b", "static.pad_to=workload", "cost.kv_cache_tokens=600"]
    assert main(["compare", "illustrative", "--set", *settings]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == "illustrative · 6 requests · h100-llama-3-8b"
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


def test_workloads_lists_the_bundled_ones(capsys: pytest.CaptureFixture[str]):
    assert main(["workloads"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["workload", "requests"]
    assert lines[1].split()[:3] == ["notebook", "20", "Twenty"]
    assert len(lines) == 1 + len(bundled_workloads())


def test_validate_approves(capsys: pytest.CaptureFixture[str]):
    file = CHECKOUT / "workloads" / "chat.yaml"
    assert main(["validate", str(file)]) == 0
    out = capsys.readouterr().out
    assert out == f"{file}: valid, 80 requests, static, dynamic, continuous\n"


@pytest.mark.parametrize(
    "command", [(), ("play",), ("compare",), ("trace",), ("workloads",), ("validate",)]
)
def test_help_is_there_with_examples(capsys: pytest.CaptureFixture[str], command: tuple[str, ...]):
    assert main([*command, "--help"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("usage: tui-batching")
    assert "examples:" in out
    assert err == ""


def test_version(capsys: pytest.CaptureFixture[str]):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"tui-batching {__version__}\n"


# The app.


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Workload, str | None, int | None]]:
    """What the app was opened with, in place of the app."""
    calls: list[tuple[Workload, str | None, int | None]] = []
    app = ModuleType("tui_batching.tui.app")
    app.run_app = lambda *arguments: calls.append(arguments)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tui_batching.tui.app", app)
    monkeypatch.setattr(terminal, "_is_terminal", lambda stream: True)
    return calls


def test_without_a_command_the_app_opens_on_the_notebook(opened: list[Any]):
    assert main([]) == 0
    [(workload, theme, *_)] = opened
    assert (workload.name, theme) == ("notebook", None)


def test_play_opens_a_changed_workload_in_a_theme(opened: list[Any]):
    assert main(["play", "chat", "--set", "batch_size=8", "--theme", "light"]) == 0
    [(workload, theme, *_)] = opened
    assert (workload.name, theme) == ("chat", "light")
    assert {strategy.batch_size for strategy in workload.strategies} == {8}


def test_the_app_needs_a_terminal():
    done = shell("$P play < /dev/null")
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr


# What a shell sees.


def test_a_reader_that_leaves_is_no_error():
    done = shell("$P compare overload --json --requests --set workload.count=5000 | head -n 1")
    assert done.returncode == 141
    assert done.stderr == ""
    assert done.stdout.startswith('{"schema": 1')


@pytest.mark.parametrize("command", ["--help", "workloads", "compare"])
def test_a_reader_that_never_was_is_no_error(command: str):
    done = shell(f"$P {command} | sleep 0")
    assert done.stderr == ""
    assert done.returncode in (0, 141)


def test_closed_streams_are_no_error(tmp_path: Path):
    file = tmp_path / "metrics.csv"
    done = shell(f"$P compare --csv {file} >&-; echo $?; $P compare nothing 2>&-; echo $?")
    assert done.stdout.split() == ["0", "2"]
    assert done.stderr == ""
    assert file.read_text().startswith("strategy,")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("command", ["compare", "compare --json", "workloads"])
def test_a_full_disk_is_told(command: str):
    done = shell(f"$P {command} > /dev/full")
    assert done.returncode == 1
    assert done.stderr == "tui-batching: cannot write the output (No space left on device)\n"


def test_ctrl_c_ends_quietly(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(compare_command, "compare", interrupt)
    assert main(["compare"]) == 130
    assert capsys.readouterr() == ("", "")


def test_the_process_ends_with_the_exit_code():
    assert shell("$P compare nothing-of-this-name").returncode == 2
    assert shell("$P --version").returncode == 0


def test_play_takes_the_length_of_a_tick(opened: list[Any]):
    assert main(["play", "--tick", "0.5ms"]) == 0
    [(_, _, tick, _)] = opened
    assert tick == 500_000_000


@pytest.mark.parametrize("tick", ["0ms", "soon", "-1s"])
def test_a_tick_that_is_none_is_refused(
    opened: list[Any], tick: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["play", f"--tick={tick}"]) == 2
    [sentence] = capsys.readouterr().err.splitlines()
    assert sentence.startswith("tui-batching: --tick: found ")
    assert not opened


@pytest.mark.parametrize(
    ("arguments", "connection", "frames", "charts", "few_colours"),
    [
        ([], None, 10, 1, False),
        ([], "10.0.0.1 1 10.0.0.2 22", 5, 1, True),
        (["play", "--low-bandwidth"], None, 5, 1, True),
        (["play", "--fps", "1"], None, 1, 1, False),
        (["play", "--low-bandwidth", "--fps", "60"], None, 60, 1, True),
    ],
)
def test_it_is_drawn_less_often_over_a_network(
    opened: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    connection: str | None,
    frames: int,
    charts: float,
    few_colours: bool,
):
    if connection:
        monkeypatch.setenv("SSH_CONNECTION", connection)
    assert main(arguments) == 0
    [(*_, pace)] = opened
    assert (pace.frames, pace.charts, pace.few_colours) == (frames, charts, few_colours)
    assert pace.words <= frames


@pytest.mark.parametrize("frames", ["0", "61", "2.5", "-1", "many", "", "1e1", "٣"])
def test_a_number_of_frames_that_nobody_can_draw_is_refused(
    opened: list[Any], frames: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["play", f"--fps={frames}"]) == 2
    [sentence] = capsys.readouterr().err.splitlines()
    assert "expected a whole number" in sentence
    assert not opened
