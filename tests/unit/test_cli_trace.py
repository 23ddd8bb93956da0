"""`trace` on the command line; what is in a trace is told by the property tests."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from command_line import complaint, shell

from tui_batching.__main__ import main


def test_the_trace_is_written_to_a_new_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "trace.json"
    assert main(["trace", "illustrative", "-o", str(file), "--set", "batch_size=2"]) == 0
    assert capsys.readouterr() == ("", "")
    events = json.loads(file.read_text())["traceEvents"]
    names = [event["args"]["name"] for event in events if event.get("name") == "process_name"]
    assert names == ["static, batch 2", "dynamic, batch 2, 300 ms", "continuous, batch 2"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["trace.json"]


def test_the_trace_is_printed(capsys: pytest.CaptureFixture[str]):
    assert main(["trace", "-o", "-"]) == 0
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith('{"displayTimeUnit": "ms", "otherData": {"workload": "notebook"')
    assert last == "]}"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "-o"),
        (("-o",), "-o"),
        (("no-such-workload", "-o", "-"), "no-such-workload"),
        (("-o", "-", "--force"), "--force"),
        (("-o", os.devnull, "--force"), "found a folder or a device"),
        (("-o", "."), "found a folder or a device"),
        (("-o", ""), "found a folder or a device"),
        (("-o", "/proc/nowhere/trace.json"), "cannot be written (No such file or directory)"),
    ],
)
def test_bad_usage_is_told_in_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
):
    assert words in complaint(capsys, "trace", *arguments)


def test_a_file_is_replaced_only_by_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "trace.json"
    file.write_text("precious")
    assert "--force" in complaint(capsys, "trace", "-o", str(file))
    assert file.read_text() == "precious"
    assert main(["trace", "-o", str(file), "--force"]) == 0
    assert file.read_text().startswith("{")


def test_it_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tui_batching.export.trace_output._counter", fail)
    sentence = complaint(capsys, "trace", "-o", str(tmp_path / "trace.json"))
    assert "cannot be written (No space left on device)" in sentence
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_leaves_is_no_error():
    done = shell("$P trace overload --set workload.count=3000 -o - | head -n 1")
    assert done.returncode == 141
    assert done.stderr == ""
    assert done.stdout.startswith("{")
