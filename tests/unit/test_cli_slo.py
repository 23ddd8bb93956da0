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


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ("ttft=500", "--slo ttft=500 is 500 seconds; 500ms would be milliseconds"),
        ("ttft=1s, e2el=2.5", "--slo e2el=2.5 is 2.5 seconds; 2.5ms would be milliseconds"),
        ("ttft=500ms,e2el=2s", ""),
    ],
)
def test_a_bare_number_is_seconds_with_a_warning(
    capsys: pytest.CaptureFixture[str], limits: str, told: str
):
    assert main(["compare", "illustrative", "--slo", limits]) == 0
    expected = f"tui-batching: warning: {told}\n" if told else ""
    assert capsys.readouterr().err == expected
