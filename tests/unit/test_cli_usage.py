"""Help, version and the short commands, and how wrong usage and wrong files are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import CHECKOUT, complaint

from tui_batching import __version__
from tui_batching.__main__ import main
from tui_batching.cli import terminal
from tui_batching.workload import bundled_workloads


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


SERVING = (
    ("play",),
    ("compare",),
    ("slowest",),
    ("sweep", "load"),
    ("capacity",),
    ("chart", "gantt"),
    ("report", "-o", "-"),
    ("trace", "-o", "-"),
    ("record", "-o", "-"),
    ("workloads", "export", "-o", "-"),
    ("calibrate",),
    ("replay",),
)
"""Every command that takes a workload or a log, and what else it needs."""


@pytest.mark.parametrize("command", SERVING)
@pytest.mark.parametrize(
    "behind",
    [
        ("--set", "batch_size=8", "none-such"),
        ("--set", "batch_size=8", "timeout=1s", "none-such"),
        ("--set", "batch_size=8", "none-such", "timeout=1s"),
        ("--set=batch_size=8", "none-such"),
        ("--set", "batch_size=8", "--", "none-such"),
    ],
)
def test_a_workload_may_come_behind_settings(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    behind: tuple[str, ...],
):
    """It is this one that is looked for, and no other."""
    monkeypatch.setattr(terminal, "_is_terminal", lambda stream: True)
    assert "none-such" in complaint(capsys, *command, *behind)


@pytest.mark.parametrize("command", SERVING)
@pytest.mark.parametrize(
    "words",
    [
        ("chat", "--set", "batch_size=8", "rag"),
        ("--set", "batch_size=8", "chat", "rag"),
        ("--set", "batch_size=8", "chat", "timeout=1s", "rag"),
    ],
)
def test_a_second_workload_is_refused(
    capsys: pytest.CaptureFixture[str], command: tuple[str, ...], words: tuple[str, ...]
):
    assert complaint(capsys, *command, *words).startswith("unrecognized arguments: rag")


def test_a_workload_behind_settings_is_served(capsys: pytest.CaptureFixture[str]):
    for words in (["chat"], ["batch_size=4", "chat"], ["chat", "batch_size=4"]):
        assert main(["compare", "--set", "timeout=1s", *words]) == 0
        assert capsys.readouterr().out.startswith("chat ")
    for words in (["--set", "batch_size=2", "load", "chat"], ["load", "--json", "chat"]):
        assert main(["sweep", *words, "--values", "1"]) == 0
        assert "chat" in capsys.readouterr().out.partition("strateg")[0]


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


def test_workloads_lists_the_bundled_ones(capsys: pytest.CaptureFixture[str]):
    assert main(["workloads"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["workload", "requests"]
    assert lines[1].split()[:3] == ["notebook", "20", "Twenty"]
    assert lines.index("") == 1 + len(bundled_workloads())


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
