"""`--strategies` chooses and orders who serves, in every command that serves a workload."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import complaint, printed_json, printed_rows

from tui_batching.__main__ import main
from tui_batching.strategies import STRATEGIES
from tui_batching.workload import Workload

TWO = ("--strategies", "continuous,static")


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


def names(runs: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(run["strategy"] for run in runs))


def test_figures_come_in_the_order_asked_for(capsys: pytest.CaptureFixture[str]):
    chosen = ["continuous", "static"]
    assert names(printed_json(capsys, "compare", *TWO, "--json")["runs"]) == chosen
    sweep = printed_rows(capsys, "sweep", "load", "--values", "1", *TWO, "--csv", "-")
    assert [row["strategy"] for row in sweep] == chosen
    limits = ("--slo", "e2el=5s")
    capacity = printed_json(capsys, "capacity", "chat", *limits, *TWO, "--json")
    assert names(capacity["capacities"]) == chosen
    trace = json.loads(printed(capsys, "trace", "-o", "-", *TWO))["traceEvents"]
    processes = [event["args"]["name"] for event in trace if event.get("name") == "process_name"]
    assert [name.partition(",")[0] for name in processes] == chosen


def test_charts_and_the_report_show_those_alone(capsys: pytest.CaptureFixture[str]):
    chart = printed(capsys, "chart", "latency", *TWO, "--width", "100")
    assert "dynamic" not in chart
    assert chart.index("continuous") < chart.index("static")
    report = printed(capsys, "report", *TWO, "-o", "-")
    assert report.startswith("# notebook: continuous, static\n")
    assert "\ntui-batching compare notebook --strategies continuous,static\n" in report


def test_the_lanes_of_the_app_are_those(monkeypatch: pytest.MonkeyPatch):
    played: list[Workload] = []
    monkeypatch.setattr("tui_batching.cli.commands.play.refuse_without_terminal", lambda: None)
    monkeypatch.setattr(
        "tui_batching.tui.app.run_app", lambda workload, *_, **__: played.append(workload)
    )
    assert main(["play", "chat", *TWO]) == 0
    assert [strategy.name for strategy in played[0].strategies] == ["continuous", "static"]


def test_one_that_the_workload_lacks_has_its_usual_parameters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "mine.yaml"
    file.write_text(
        "strategies: {static: {batch_size: 7}}\n"
        "requests:\n  - {arrival_time: 0, input_tokens: 1, output_tokens: 1}\n"
    )
    command = ("compare", str(file), "--strategies", "dynamic, static", "--json")
    told = printed_json(capsys, *command, "--set", "dynamic.timeout=1s")
    usual, own = (run["parameters"] for run in told["runs"])
    assert usual == {"batch_size": 4, "timeout": 1.0, "timeout_from": "server_free"}
    assert own["batch_size"] == 7


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        (
            "static,contnuous",
            (
                f"--strategies: found 'contnuous', expected one of {', '.join(STRATEGIES)} "
                "(did you mean 'continuous'?)"
            ),
        ),
        ("", f"--strategies: found '', expected one of {', '.join(STRATEGIES)}"),
        ("static,static", "--strategies: found 'static' twice, expected each strategy once"),
    ],
)
@pytest.mark.parametrize("command", [("compare",), ("sweep", "load"), ("chart", "load")])
def test_what_is_no_choice_is_refused(
    command: tuple[str, ...], chosen: str, sentence: str, capsys: pytest.CaptureFixture[str]
):
    assert complaint(capsys, *command, "--strategies", chosen) == sentence


def test_one_alone_and_several_exclude_each_other(capsys: pytest.CaptureFixture[str]):
    told = complaint(capsys, "compare", "--strategy", "static", *TWO)
    assert told.startswith("argument --strategies: not allowed with argument --strategy")


def test_a_trace_of_requests_has_no_strategies(capsys: pytest.CaptureFixture[str]):
    told = complaint(capsys, "workloads", "export", "chat", "-o", "-", *TWO)
    assert "--strategies" in told
