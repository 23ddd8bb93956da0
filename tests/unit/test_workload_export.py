"""`workloads export`, and what the command line tells of a trace."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command_line import printed_json
from stage import on_stage
from traces import BURSTGPT_6, PLAIN, rows, written
from workload_texts import generated

from tui_batching.__main__ import main
from tui_batching.workload import load_workload

NO_COST = "nothing says what an iteration costs: it is the textbook's"
NO_SLOTS = "nothing says how many slots there are: they are the 4 that the textbook has"
BY_DEFAULT = (
    f"{NO_COST} (cost=h100-llama-3-8b takes a profile)",
    f"{NO_SLOTS} (batch_size=32 takes others)",
)
TOLD = "t.csv: read 2 requests (BurstGPT CSV, times in s); 1 failed row skipped (0 response tokens)"


def test_csv_is_written_with_exact_seconds(capsys: pytest.CaptureFixture[str]):
    assert main(["workloads", "export", "illustrative", "-o", "-"]) == 0
    assert capsys.readouterr().out == (
        "arrival_time,input_tokens,output_tokens\n"
        "0.0,50,10\n0.05,50,60\n0.1,50,15\n0.15,50,70\n0.5,50,10\n0.55,50,20\n"
    )


def test_mooncake_is_written_with_blocks_that_nobody_shares(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    text = "arrival_time,input_tokens,output_tokens\n7,512,1\n7.0005,513,2\n8,0,3\n"
    path = written(tmp_path, text)
    assert main(["workloads", "export", str(path), "--format", "mooncake", "-o", "-"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        '{"timestamp": 0, "input_length": 512, "output_length": 1, "hash_ids": [0]}',
        '{"timestamp": 0.5, "input_length": 513, "output_length": 2, "hash_ids": [1, 2]}',
        '{"timestamp": 1000, "input_length": 0, "output_length": 3, "hash_ids": []}',
    ]
    assert err == "t.csv: read 3 requests (plain CSV, times in s)\n"


BAILIAN_LINES = """\
{"chat_id": 0, "parent_chat_id": -1, "timestamp": 0.0, "input_length": 17, "output_length": 1, \
"hash_ids": [0, 1], "type": "text", "turn": 1}
{"chat_id": 1, "parent_chat_id": -1, "timestamp": 0.0005, "input_length": 16, "output_length": 2, \
"hash_ids": [2], "type": "text", "turn": 1}
"""
AIPERF_LINES = """\
{"session_id": "0", "timestamp": 0, "input_length": 17, "output_length": 1}
{"session_id": "1", "timestamp": 0.5, "input_length": 16, "output_length": 2}
"""


@pytest.mark.parametrize(
    ("form", "lines"), [("bailian", BAILIAN_LINES), ("aiperf-mooncake", AIPERF_LINES)]
)
def test_other_forms_of_mooncake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str, lines: str
):
    text = "arrival_time,input_tokens,output_tokens\n7,17,1\n7.0005,16,2\n"
    path = written(tmp_path, text)
    assert main(["workloads", "export", str(path), "--format", form, "-o", "-"]) == 0
    out, _ = capsys.readouterr()
    assert out == lines
    again = load_workload(written(tmp_path, out, "again.jsonl"))
    assert rows(again) == [(0, 17, 1), (500_000_000, 16, 2)]


def test_what_prompts_share_is_written_or_its_loss_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    entry = "{arrival_time: 0, input_tokens: 40, output_tokens: 1, prefix: {group: a, tokens: 35}}"
    path = written(tmp_path, f"requests: [{entry}, {entry}]", "w.yaml")
    export = ["workloads", "export", str(path), "-o", "-", "--format"]
    for form, hashes in (("mooncake", ["[0]", "[1]"]), ("bailian", ["[0, 1, 2]", "[0, 1, 3]"])):
        assert main([*export, form]) == 0
        out, err = capsys.readouterr()
        assert re.findall(r'"hash_ids": (\[.*?\])', out) == hashes
        assert err == ""
    assert main([*export, "csv"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "arrival_time,input_tokens,output_tokens,prefix_group,prefix_tokens",
        *["0.0,40,1,0,35"] * 2,
    ]
    assert err == ""
    assert main([*export, "aiperf-mooncake"]) == 0
    told = "does not tell what prompts share: mooncake and bailian do"
    assert capsys.readouterr().err == f"aiperf-mooncake {told}\n"
    talks = generated(prefixes="[{tokens: 9}]", turns="{mean: 2, think_time: 1s}")
    assert main(["workloads", "export", str(written(tmp_path, talks, "w.yaml")), "-o", "-"]) == 0
    assert capsys.readouterr().err == f"csv {told}\n"


@pytest.mark.parametrize("name", ["notebook.csv", "notebook.jsonl"])
def test_an_exported_workload_behaves_as_the_workload(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
):
    exported = str(tmp_path / name)
    metrics = []
    assert main(["workloads", "export", "-o", exported]) == 0
    for workload in ("notebook", exported):
        found = printed_json(capsys, "compare", "--json", workload)
        metrics.append([run["metrics"] for run in found["runs"]])
        for run in metrics[-1]:
            del run["slo_attainment"], run["goodput"]  # a trace has no limits
    assert metrics[0] == metrics[1]


def test_settings_are_applied_before_it_is_written(tmp_path: Path):
    path = written(tmp_path, PLAIN)
    target = tmp_path / "part.csv"
    setting = ["--set", "workload.limit=1", "workload.max_output=2"]
    assert main(["workloads", "export", str(path), *setting, "-o", str(target)]) == 0
    assert rows(load_workload(target)) == [(0, 1, 2)]


def test_a_file_is_replaced_only_by_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    target = written(tmp_path, "precious")
    assert main(["workloads", "export", "-o", str(target)]) == 2
    assert "--force" in capsys.readouterr().err
    assert target.read_text() == "precious"
    assert main(["workloads", "export", "-o", str(target), "--force"]) == 0
    assert len(load_workload(target).requests) == 20


def test_a_full_disk_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tui_batching.cli.commands.export.write_trace", fail)
    assert main(["workloads", "export", "-o", str(tmp_path / "t.csv")]) == 1
    assert "cannot be written (No space left on device)" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_what_was_read_is_told_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = str(written(tmp_path, BURSTGPT_6))
    for arguments in (["compare", "--json", path], ["validate", path]):
        assert main(arguments) == 0
        out, err = capsys.readouterr()
        assert err.splitlines() == [TOLD, *BY_DEFAULT]
        assert TOLD not in out


def test_a_broken_trace_is_refused_before_the_app_opens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    path = written(tmp_path, PLAIN + "1,2\n")
    monkeypatch.setattr("tui_batching.cli.commands.play.refuse_without_terminal", lambda: None)
    assert main(["play", str(path)]) == 2
    assert capsys.readouterr().err == (
        f"tui-batching: {path}:5: found 2 fields, expected 3 as in the head\n"
    )


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 45)])
async def test_the_app_tells_once_what_was_read(tmp_path: Path, size: tuple[int, int]):
    workload = load_workload(written(tmp_path, BURSTGPT_6, "[t].csv"))
    async with on_stage(workload, size) as stage:
        assert stage.notices == [TOLD.replace("t.csv", "[t].csv", 1), *BY_DEFAULT]
        await stage.press(">")
        assert len(stage.notices) == 3
        assert "[t]" in stage.rows()[0]
        await stage.press("end")
        assert re.search(r"of 2 [\s\S]* 2 .*│ +0 ", stage.seen())
