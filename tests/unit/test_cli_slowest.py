"""`slowest`: the worst requests on the command line."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from command_line import printed_json

from tui_batching import load_workload
from tui_batching.__main__ import main
from tui_batching.analysis.breakdown import PARTS
from tui_batching.analysis.worst import MEASURES
from tui_batching.clock import SECOND
from tui_batching.sim.simulate import simulate


def test_it_tells_who_how_slow_when_where_the_time_went_and_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["slowest", "-n", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "notebook · 20 requests · slowest by TTFT"
    assert lines[1] == "STATIC · batch 4"
    assert " ".join(lines[2].split()) == "R16 5.22 s at 8.638 s slots 96%, prefill 3%, decode 1%"
    assert lines[3].strip().startswith("R16 has waited 5.00 s because batch R12–R15 runs to its")
    titles = [line.split(" ")[0] for line in lines if line.isupper() or " · batch" in line]
    assert titles == ["STATIC", "DYNAMIC", "CONTINUOUS"]
    assert sum(bool(re.match(r"  R\d+ +[\d.]+ m?s +at ", line)) for line in lines) == 6


def test_what_prompts_beside_decodes_cost_is_called_slowed_as_on_stage(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = ["slowest", "tight-memory", "-n", "2", "--by", "e2el", "--strategies"]
    assert main([*asked, "vllm"]) == 0
    told = capsys.readouterr().out
    assert "slowed 2%" in told
    assert "stalled" not in told
    assert main([*asked, "continuous"]) == 0
    alone = capsys.readouterr().out
    assert re.search(r"stalled \d+%", alone)
    assert "slowed" not in alone
    found = printed_json(capsys, *asked, "vllm", "--json")
    assert found["runs"][0]["slowest"][1]["stalled"] > 0  # the name of a column stays


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_json_and_csv_tell_the_slowest_in_order(
    measure: object, capsys: pytest.CaptureFixture[str]
) -> None:
    by = measure.name
    asked = ["slowest", "chat", "--by", by, "-n", "5", "--strategies", "static,vllm"]
    found = printed_json(capsys, *asked, "--json")
    assert (found["measure"], found["workload"]["requests"]) == (by, 80)
    assert main([*asked, "--csv", "-"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    told = [
        {
            "strategy": run["strategy"],
            **each,
            "without_prefix_cache": run["without_prefix_cache"],
        }
        for run in found["runs"]
        for each in run["slowest"]
    ]
    assert [{name: str(value) for name, value in each.items()} for each in told] == rows
    for run in found["runs"]:
        workload = load_workload("chat")
        values = measure.values(simulate(workload, run["strategy"])) / SECOND
        assert [each[by] for each in run["slowest"]] == sorted(values, reverse=True)[:5]
        for each in run["slowest"]:
            assert sum(each[name] for name in PARTS) == pytest.approx(each[by], rel=1e-12)
            assert each["why"].startswith(f"R{each['id']} ")


def test_where_no_request_has_the_measure_it_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("requests: [{arrival_time: 0, input_tokens: 1, output_tokens: 1}]\n")
    assert main(["slowest", str(file), "--by", "tpot"]) == 0
    assert "no request has a TPOT" in capsys.readouterr().out


def test_csv_goes_to_a_new_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "slowest.csv"
    assert main(["slowest", "--csv", str(file), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["runs"]) == 3
    assert file.read_text(encoding="utf-8").count("\n") == 31
    assert main(["slowest", "--csv", str(file)]) == 2
    assert main(["slowest", "--csv", str(file), "--force"]) == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["-n", "0"], "-n: found 0, expected a whole number >= 1"),
        (["-n", "many"], "-n: found 'many', expected a whole number"),
        (["--by", "wait"], "argument --by: invalid choice: 'wait'"),
        (["--json", "--csv", "-"], "found --json and --csv -, expected only one of them on stdout"),
    ],
)
def test_what_is_not_as_expected(
    options: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["slowest", *options]) == 2
    assert told in capsys.readouterr().err
