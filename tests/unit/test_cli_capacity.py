"""`capacity`: the load that each strategy sustains, as table and as JSON."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import psutil
import pytest
from command_line import CHECKOUT, PROGRAM, complaint, printed_json, printed_rows
from queues import queue_file
from waiting import PATIENCE_SECONDS

from tui_batching.__main__ import main
from tui_batching.analysis.capacity import capacity
from tui_batching.workload import apply_settings, load_workload


def test_json_and_csv_tell_what_the_library_finds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = queue_file(tmp_path, 1000)
    arguments = [path, "--slo", "e2el=5s", "--attainment", "90%"]
    told = printed_json(capsys, "capacity", *arguments, "--json")
    workload = apply_settings(load_workload(path), ["slo=e2el=5s"])
    found = capacity(workload, attainment=0.9).capacities
    names = (
        "answer",
        "rate",
        "lowest",
        "highest",
        "saturation",
        "limit",
        "requests",
        "runs",
        "reason",
    )
    for record, each in zip(told["capacities"], found, strict=True):
        assert [record[name] for name in names] == [getattr(each, name) for name in names]
    assert told["slo"] == {"e2el": 5.0}
    assert (told["attainment"], told["confidence"]) == (0.9, 0.95)
    assert told["workload"] == {"name": "queue", "requests": 1000}
    rows = printed_rows(capsys, "capacity", *arguments, "--csv", "-")
    assert [row["strategy"] for row in rows] == ["static", "dynamic", "continuous"]
    assert [float(row["rate"]) for row in rows] == [each.rate for each in found]


def test_who_ignores_memory_is_marked_in_table_and_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    memory = ["--set", "cost.kv_cache_tokens=200"]
    arguments = [
        "capacity",
        queue_file(tmp_path, 1000),
        *memory,
        "--strategies",
        "static,orca,fastgen",
    ]
    limits = ["--slo", "e2el=5s", "--attainment", "0.9"]
    told = printed_json(capsys, *arguments, *limits, "--json")["capacities"]
    marked = {each["strategy"]: each["ignores_memory"] for each in told}
    assert marked == {"static": True, "orca": False, "fastgen": False}
    assert main([*arguments, *limits]) == 0
    assert "\nstatic ignores memory: it runs as if the KV cache of 200" in capsys.readouterr().out


def test_a_list_that_is_too_short_is_refused(capsys: pytest.CaptureFixture[str]):
    assert main(["capacity", "illustrative"]) == 2
    told = "6 requests are too few to tell whether any load keeps the limits"
    assert capsys.readouterr().err == f"tui-batching: {told}\n"


def test_without_limits_there_is_nothing_to_keep(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    text = "requests:\n  - {arrival_time: 0, input_tokens: 1, output_tokens: 1}\n"
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    sentence = complaint(capsys, "capacity", str(file))
    assert "no service level, expected limits such as ttft=500ms" in sentence


def test_the_table_tells_why_an_answer_is_no_rate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Static's first tokens wait for its batches, and no limit on tokens ever does."""
    arguments = ["capacity", queue_file(tmp_path, 2000), "--strategies", "static,continuous"]
    limits = ["--slo", "ttft=200ms,tpot.p99=80ms", "--attainment", "0.9"]
    assert main([*arguments, *limits]) == 0
    out = capsys.readouterr().out
    heading, *rows = out.splitlines()
    assert heading.endswith("TTFT ≤ 200 ms for 0.9 of the requests, p99 TPOT ≤ 80.0 ms")
    (sustained,) = (row.split() for row in rows if "sustained" in row)
    assert sustained[1] == "none"
    assert 0.5 < float(sustained[2]) < 10
    (why,) = (row for row in rows if row.startswith("static: no load down to "))
    assert re.search(r"at best, at .*/s, TTFT ≤ 200 ms for .* of the requests instead of 90 %", why)
    assert main([*arguments, "--slo", "tpot=1h", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    answers = [(each["answer"], each["rate"] == each["saturation"]) for each in told["capacities"]]
    assert answers == [("any", True)] * 2
    assert told["notes"][1].startswith("continuous: every load up to the saturation keeps TPOT ≤")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["code-completion", "--attainment", "0"], "--attainment: found 0, expected a number > 0"),
        (
            ["code-completion", "--attainment", "1.5"],
            "--attainment: found 1.5, expected a number <= 1",
        ),
        (
            ["code-completion", "--variants", "0"],
            "--variants: found 0, expected a whole number >= 1",
        ),
        (["code-completion", "--jobs", "0"], "--jobs: found 0"),
        (["code-completion", "--attainment", "1"], "attainment: found 1, expected a share above 0"),
        (["summarize-burst"], "arrive at once"),
        (["code-completion", "--json", "--csv", "-"], "only one of them on stdout"),
    ],
)
def test_what_cannot_be_found_is_told(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
):
    assert words in complaint(capsys, "capacity", *arguments)


def test_ctrl_c_while_processes_start_is_silent() -> None:
    searches = ("capacity", "engines", "--jobs", "9")
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
