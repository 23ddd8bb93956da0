"""`--slo`: limits from the command line."""

from __future__ import annotations

import json
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
    assert once == metrics(capsys, "illustrative", "--set", "slo=ttft=200ms,e2el=2s")
    assert [round(run["slo_attainment"] * 6) for run in once] == [3, 3, 5]


@pytest.mark.parametrize(
    ("limits", "word"),
    [
        ("ttft", "'ttft'"),
        ("ttft=1s,speed=2", "'speed=2'"),
        ("ttft=0s", "found '0s', expected a duration longer than zero"),
        ("e2el.p99=0s", "found '0s', expected a duration longer than zero"),
        ("ttft.p42=1s", "'ttft.p42=1s', expected limits such as ttft=500ms,tpot=50ms of each"),
        ("", "''"),
        ("tpot=fast", "found 'fast'"),
    ],
)
def test_what_is_no_limit_is_refused(capsys: pytest.CaptureFixture[str], limits: str, word: str):
    assert main(["compare", "anyscale-32", "--slo", limits]) == 2
    told = capsys.readouterr().err
    assert word in told
    assert told.count("\n") == 1


def test_limits_of_the_workload_give_way_and_that_is_told(capsys: pytest.CaptureFixture[str]):
    assert main(["compare", "illustrative", "--slo", "e2el.mean=1s", "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == "--slo goes instead of this workload's TTFT ≤ 500 ms, latency ≤ 2.00 s\n"
    assert [run["metrics"]["slo_attainment"] for run in json.loads(out)["runs"]] == [None] * 3


def test_who_misses_a_target_is_told(capsys: pytest.CaptureFixture[str]):
    """Else the attainment, which is of the limits of each request alone, would be all there is."""
    p95 = [run["p95_ttft"] for run in metrics(capsys, "notebook")]
    assert [time > 4 for time in p95] == [True, True, False]
    assert main(["compare", "notebook", "--slo", "ttft.p95=4s,e2el=100s"]) == 0
    assert "static, dynamic miss p95 TTFT ≤ 4.00 s\n" in capsys.readouterr().out
    assert main(["compare", "notebook", "--slo", "ttft.p95=200s"]) == 0
    assert "miss" not in capsys.readouterr().out


def test_a_target_is_a_row_of_the_table(capsys: pytest.CaptureFixture[str]):
    assert main(["compare", "notebook", "--slo", "ttft.p95=2s"]) == 0
    rows = capsys.readouterr().out.splitlines()
    (row,) = (row for row in rows if "(≤ 2.00 s)" in row)
    p95 = [run["p95_ttft"] for run in metrics(capsys, "notebook")]
    assert row.split()[0] == "p95"
    assert f"{p95[2]:.2f} s" in row


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ("ttft=500", "--slo ttft=500 is 500 seconds; 500ms would be milliseconds"),
        ("ttft=1s, e2el.p99=2.5", "--slo e2el.p99=2.5 is 2.5 seconds; 2.5ms would be milliseconds"),
        ("ttft=500ms,e2el=2s", ""),
    ],
)
def test_a_bare_number_is_seconds_with_a_warning(
    capsys: pytest.CaptureFixture[str], limits: str, told: str
):
    assert main(["compare", "anyscale-32", "--slo", limits]) == 0
    expected = f"tui-batching: warning: {told}\n" if told else ""
    assert capsys.readouterr().err == expected
