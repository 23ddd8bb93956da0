"""What the commands share that write a file: `trace`, `report` and `record`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from command_line import complaint, shell

from tui_batching.__main__ import main

SHORT = {"record": ("--seconds", "2")}
"""What makes a command soon done."""
EACH_COMMAND = pytest.mark.parametrize("command", ["trace", "report", "record"])


def test_the_trace_is_written_to_a_new_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "trace.json"
    assert main(["trace", "illustrative", "-o", str(file), "--set", "batch_size=2"]) == 0
    assert capsys.readouterr() == ("", "")
    events = json.loads(file.read_text())["traceEvents"]
    names = [event["args"]["name"] for event in events if event.get("name") == "process_name"]
    assert names == ["static, batch 2", "dynamic, batch 2, 300 ms", "continuous, batch 2"]


@EACH_COMMAND
def test_a_file_is_the_same_as_what_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
):
    file = tmp_path / "output"
    arguments = (command, "illustrative", *SHORT.get(command, ()))
    assert main([*arguments, "-o", str(file)]) == 0
    assert capsys.readouterr() == ("", "")
    assert main([*arguments, "-o", "-"]) == 0
    assert file.read_text(encoding="utf-8") == capsys.readouterr().out
    assert [entry.name for entry in tmp_path.iterdir()] == ["output"]


@EACH_COMMAND
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "-o"),
        (("-o",), "-o"),
        (("no-such-workload", "-o", "-"), "no-such-workload"),
        (("--set", "batch_size=0", "-o", "-"), "batch_size"),
        (("-o", "-", "--force"), "--force"),
        (("-o", os.devnull, "--force"), "found a folder or a device"),
        (("-o", "."), "found a folder or a device"),
        (("-o", ""), "found a folder or a device"),
        (("-o", "/proc/nowhere/file"), "cannot be written (No such file or directory)"),
    ],
)
def test_bad_usage_is_told_in_one_sentence(
    capsys: pytest.CaptureFixture[str], command: str, arguments: tuple[str, ...], words: str
):
    assert words in complaint(capsys, command, *arguments)


@EACH_COMMAND
def test_a_file_is_replaced_only_by_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
):
    file = tmp_path / "output"
    file.write_text("precious")
    arguments = (command, "illustrative", *SHORT.get(command, ()), "-o", str(file))
    assert "--force" in complaint(capsys, *arguments)
    assert file.read_text() == "precious"
    assert main([*arguments, "--force"]) == 0
    assert file.read_text(encoding="utf-8")[0] in "{#"


@pytest.mark.parametrize(
    ("command", "last"),
    [
        ("trace", "trace_output._counter"),
        ("report", "report._parameters"),
        ("record", "cast.Cast.write"),
    ],
)
def test_a_file_is_written_whole_or_not_at_all(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    last: str,
):
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"tui_batching.export.{last}", fail)
    sentence = complaint(capsys, command, "illustrative", "-o", str(tmp_path / "output"), code=1)
    assert "cannot be written (No space left on device)" in sentence
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_leaves_is_no_error():
    done = shell("$P trace overload --set workload.count=3000 -o - | head -n 1")
    assert done.returncode == 141
    assert done.stderr == ""
    assert done.stdout.startswith("{")


@EACH_COMMAND
def test_a_reader_that_never_was_is_no_error(command: str):
    done = shell(f"$P {command} illustrative -o - | sleep 0")
    assert done.stderr == ""
    assert done.returncode in (0, 141)


def test_where_only_ascii_goes_a_report_and_a_trace_are_written_with_that():
    done = shell("$P report illustrative -o -", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert shell("$P trace illustrative -o -", PYTHONIOENCODING="ascii").returncode == 0


@pytest.mark.parametrize("command", [("validate",), ("compare",), ("report", "-o", "-")])
def test_a_name_that_drives_terminals_is_told_in_quotes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
):
    file = tmp_path / "a\x1b[2J\x1b]0;owned\x07.csv"
    file.write_text("arrival_time,input_tokens,output_tokens\n0,3,4\n1,2,2\n")
    assert main([command[0], str(file), *command[1:]]) == 0
    captured = capsys.readouterr()
    assert (captured.out + captured.err).replace("\n", "").isprintable()
