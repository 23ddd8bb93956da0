"""The limits that the README states, each at its edge and one beyond."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command_line import complaint

from tui_batching.__main__ import main
from tui_batching.errors import InputError
from tui_batching.strategies import Continuous, Dynamic, Static
from tui_batching.strategies.parameters import MAX_SLOTS

TOO_MANY_VALUES = [str(value) for value in range(1, 1002)]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("compare", "--set", "batch_size=1000001"), "expected a whole number <= 1000000"),
        (("compare", "--set", "dynamic.batch_size=9999999999999999999999"), "<= 1000000"),
        (("sweep", "batch-size", "--values", "1000001"), "expected a whole number <= 1000000"),
        (("sweep", "timeout", "--values", *TOO_MANY_VALUES), "found 1,001 values, expected at"),
        (("compare", "--set", "workload.count=10000001"), "from 1 to 10000000"),
        (("compare", "--set", "dynamic.timeout=107d"), "at most 106 days"),
        (("compare", "--set", "dynamic.timeout=9999h"), "106 days"),
        (("compare", "--set", "cost.decode_step=1000h"), "horizon of 106 days"),
        (("chart", "gantt", "--width", "1001"), "expected a whole number <= 1000"),
        (("capacity", "chat", "--variants", "1001"), "expected a whole number <= 1000"),
        (
            ("capacity", "chat", "--jobs", "257"),
            "--jobs: found 257, expected a whole number <= 256",
        ),
        (("sweep", "load", "--jobs", "1000000000"), "expected a whole number <= 256"),
        (("sweep", "load", "--jobs", ""), "--jobs: found '', expected a whole number"),
    ],
)
def test_beyond_a_limit_there_is_a_sentence(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], expected: str
) -> None:
    assert expected in complaint(capsys, *arguments)


def test_a_yaml_file_is_read_up_to_its_most_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "large.yaml"
    start = b"requests: [{arrival_time: 0, input_tokens: 1, output_tokens: 1}]\n#"
    file.write_bytes(start.ljust(16 * 2**20, b"."))
    assert main(["validate", str(file)]) == 0
    capsys.readouterr()
    file.write_bytes(start.ljust(16 * 2**20 + 1, b"."))
    assert "found more than 16,777,216 bytes" in complaint(capsys, "validate", str(file))


def test_an_answer_is_listed_token_by_token_up_to_a_length(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "long.csv"
    file.write_text("arrival_time,input_tokens,output_tokens\n0,3,10000001\n")
    told = ("compare", str(file), "--format", "vllm")
    assert main(told) == 2
    assert "found an answer of 10,000,001 tokens" in capsys.readouterr().err


@pytest.mark.parametrize("command", [("compare",), ("sweep", "load"), ("report", "-o", "-")])
def test_where_memory_ends_there_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    def fill(*_: object) -> None:
        np.empty(2**50, np.int64)

    monkeypatch.setattr("tui_batching.workload.generate.GeneratedRequests._draw_as_notebook", fill)
    first, *others = command
    assert "too little memory" in complaint(capsys, first, *others)


@pytest.mark.parametrize("kind", [Static, Dynamic, Continuous])
def test_every_strategy_has_a_most_of_slots(kind: type[Static | Dynamic | Continuous]) -> None:
    assert kind(batch_size=MAX_SLOTS).batch_size == MAX_SLOTS
    with pytest.raises(InputError, match="batch_size: found 1000001"):
        kind(batch_size=MAX_SLOTS + 1)


@pytest.mark.parametrize("command", [("compare",), ("chart", "slots"), ("chart", "gantt")])
def test_the_most_slots_are_served_and_drawn(
    capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    assert main([*command, "notebook", "--set", f"batch_size={MAX_SLOTS}"]) == 0
    assert capsys.readouterr().out
