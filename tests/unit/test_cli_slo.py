"""`--slo`: limits from the command line."""

from __future__ import annotations

from typing import Any

import pytest
from command_line import printed_json

from tui_batching.__main__ import main


def metrics(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    runs = printed_json(capsys, "compare", *arguments, "--json")["runs"]
    return [run["metrics"] for run in runs]


def test_limits_are_measured_against(capsys: pytest.CaptureFixture[str]):
    once = metrics(capsys, "illustrative", "--slo", "ttft=200ms, e2el=2s")
    settings = ("--set", "slo.ttft=200ms", "--set", "slo.e2el=2s")
    assert once == metrics(capsys, "illustrative", *settings)
    assert [round(run["slo_attainment"] * 6) for run in once] == [3, 3, 5]


@pytest.mark.parametrize(
    ("limits", "word"),
    [
        ("ttft", "'ttft'"),
        ("ttft=1s,speed=2", "'speed=2'"),
        ("", "''"),
        ("tpot=fast", "found 'fast'"),
    ],
)
def test_what_is_no_limit_is_refused(capsys: pytest.CaptureFixture[str], limits: str, word: str):
    assert main(["compare", "--slo", limits]) == 2
    told = capsys.readouterr().err
    assert word in told
    assert told.count("\n") == 1
