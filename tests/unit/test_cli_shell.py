"""What a shell sees: readers that leave, closed streams, full disks, exit codes, colours."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import shell

from tui_batching.__main__ import main
from tui_batching.cli.commands import compare as compare_command


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


def test_a_reader_that_leaves_is_no_error():
    done = shell("$P compare overload --json --requests --set workload.count=5000 | head -n 1")
    assert done.returncode == 141
    assert done.stderr == ""
    assert done.stdout.startswith('{"schema": 2')


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
@pytest.mark.parametrize(
    ("command", "unbuffered"),
    [
        *(("compare", each) for each in ("", "1")),
        *(("--help", each) for each in ("", "1")),
        ("compare --json", ""),
        ("workloads", "1"),
        ("--version", "1"),
        ("compare --help", ""),
    ],
)
def test_a_full_disk_is_told(command: str, unbuffered: str):
    done = shell(f"$P {command} > /dev/full", PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == 1
    assert done.stderr == "tui-batching: cannot write the output (No space left on device)\n"


def test_ctrl_c_ends_quietly(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(compare_command, "compare", interrupt)
    assert main(["compare"]) == 130
    assert capsys.readouterr() == ("", "")


def test_the_process_ends_with_the_exit_code():
    assert shell("$P compare nothing-of-this-name").returncode == 2
    assert shell("$P --version").returncode == 0
