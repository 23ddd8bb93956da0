"""`capacity`: the load that each strategy sustains, as table and as JSON."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest
from command_line import CHECKOUT, PROGRAM, complaint, printed_json
from waiting import PATIENCE_SECONDS

from tui_batching.__main__ import main
from tui_batching.analysis.capacity import find_capacities
from tui_batching.workload import apply_settings, load_workload


def test_json_tells_what_the_library_finds(capsys: pytest.CaptureFixture[str]):
    arguments = ["overload", "--slo", "e2el=10s", "--attainment", "0.9", "--variants", "2"]
    told = printed_json(capsys, "capacity", *arguments, "--json")
    workload = apply_settings(load_workload("overload"), ["slo.e2el=10s"])
    found = find_capacities(workload, 0.9, 2).capacities
    assert [each["rates"] for each in told["capacities"]] == [list(each.rates) for each in found]
    assert told["slo"] == {"e2el": 10.0}
    assert told["attainment"] == 0.9
    assert told["workload"] == {"name": "overload", "requests": 100}


def test_who_ignores_memory_is_marked_in_table_and_json(capsys: pytest.CaptureFixture[str]):
    memory = ["--set", "cost.kv_cache_tokens=4000"]
    arguments = ["capacity", "illustrative", *memory, "--strategies", "static,orca,fastgen"]
    limits = ["--slo", "e2el=5s", "--attainment", "0.9"]
    told = printed_json(capsys, *arguments, *limits, "--json")["capacities"]
    marked = {each["strategy"]: each["ignores_memory"] for each in told}
    assert marked == {"static": True, "orca": False, "fastgen": False}
    assert main([*arguments, *limits]) == 0
    assert "\nstatic ignores memory: it runs as if the KV cache of 4,000" in capsys.readouterr().out


def test_parameters_and_a_run_too_short_for_a_queue_are_told(capsys: pytest.CaptureFixture[str]):
    arguments = ["capacity", "illustrative", "--slo", "e2el=5s"]
    (note,) = printed_json(capsys, *arguments, "--json")["notes"]
    assert note == "a finite run: 6 requests end before a queue builds"
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert f"\n{note}\n" in out
    assert ["timeout", "300", "ms"] in [line.split() for line in out.splitlines()]
    long = ["overload", "--slo", "e2el=10s", "--variants", "1"]
    assert "notes" not in printed_json(capsys, "capacity", *long, "--json")


def test_without_limits_there_is_nothing_to_keep(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    text = "requests:\n  - {arrival_time: 0, input_tokens: 1, output_tokens: 1}\n"
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    sentence = complaint(capsys, "capacity", str(file))
    assert "no service level, expected limits such as ttft=500ms" in sentence


def test_the_table_marks_the_best_and_words_the_ends(capsys: pytest.CaptureFixture[str]):
    assert main(["capacity", "illustrative", "--slo", "ttft=100s,e2el=2s"]) == 0
    median = next(row for row in capsys.readouterr().out.splitlines() if "median" in row)
    assert median.split() == ["median", "none", "0.465", "any", "★"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["code-completion", "--attainment", "0"], "--attainment: found 0, expected a number > 0"),
        (
            ["code-completion", "--attainment", "1.5"],
            "--attainment: found 1.5, expected a number <=",
        ),
        (
            ["code-completion", "--variants", "0"],
            "--variants: found 0, expected a whole number >= 1",
        ),
        (["code-completion", "--jobs", "0"], "--jobs: found 0"),
        (["summarize-burst", "--slo", "ttft=1s"], "arrive at once"),
    ],
)
def test_what_cannot_be_found_is_told(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
):
    assert words in complaint(capsys, "capacity", *arguments)


def test_ctrl_c_while_processes_start_is_silent() -> None:
    searches = ("capacity", "overload", "--slo", "ttft=2s", "--variants", "1000", "--jobs", "9")
    process = subprocess.Popen(
        [*PROGRAM, *searches],
        cwd=CHECKOUT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )
    while len(psutil.Process(process.pid).children()) < 5:
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, told) == (130, "")
