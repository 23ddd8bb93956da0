"""`trace --strategy NAME --from 20s --to 21s`: a part of the time of one strategy."""

from __future__ import annotations

import json
from typing import Any

import pytest
from command_line import complaint

from tui_batching import load_workload, parse_duration, simulate
from tui_batching.__main__ import main
from tui_batching.clock import MICROSECOND
from tui_batching.sim.run import Run

BEGIN, END = 20_000_000, 21_000_000
PART = ("--strategy", "vllm", "--from", "20s", "--to", "21s")


def traced(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert main(["trace", "engines", "-o", "-", *arguments]) == 0
    events: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["traceEvents"]
    return events


@pytest.fixture(scope="module")
def run() -> Run:
    return simulate(load_workload("engines"), "vllm")


def test_it_has_every_request_that_is_there_then_and_no_other(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    begin, end = parse_duration("20s"), parse_duration("21s")
    stays = run.stays
    there = (stays.end_time >= begin) & (stays.start_time <= end)
    events = traced(capsys, *PART)
    slices = [
        event for event in events if event["ph"] == "B" and "input_tokens" in event.get("args", ())
    ]
    names = sorted(event["name"] for event in slices)
    assert names == sorted(f"R{run.requests.id[row]}" for row in stays.request[there])
    assert 5 < len(names) < len(run) / 2
    whole = {event["name"]: event["ts"] for event in slices}
    for row in stays.request[there]:  # a slice that begins before is not cut
        assert whole[f"R{run.requests.id[row]}"] == run.start_time[row] / MICROSECOND


def test_all_of_it_is_in_the_whole_trace_but_for_the_first_counts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    part, whole = (traced(capsys, *options) for options in (PART, PART[:2]))
    for event in part:
        assert event in whole or (event["ph"], event["ts"]) == ("C", BEGIN)
    assert len(part) < len(whole) / 5
    assert {event["pid"] for event in part} == {1}


def test_counters_begin_with_what_they_are_then(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    counts = [event for event in traced(capsys, *PART) if event["ph"] == "C"]
    assert all(BEGIN <= event["ts"] <= END for event in counts)
    first = next(event for event in counts if event["name"] == "running")
    assert first["ts"] == BEGIN
    assert first["args"]["requests"] == len(run.at(parse_duration("20s")).running)


def test_tracks_are_those_of_slots_that_are_used_then(capsys: pytest.CaptureFixture[str]) -> None:
    events = traced(capsys, *PART)
    named = {event["tid"] for event in events if event.get("name") == "thread_name"}
    assert named == {event["tid"] for event in events if event["ph"] == "B"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--from", "9s", "--to", "8s"), "--to: found 8s, expected an instant after --from 9s"),
        (("--from", "90s"), "--from: found 90.0 s, expected at most 44.6 s, the end"),
        (("--from", "soon"), "--from: found 'soon', expected a duration such as 20ms"),
    ],
)
def test_a_part_that_is_not_there_is_refused(
    options: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("trace", "engines", "--strategy", "vllm", "-o", "-")
    assert complaint(capsys, *command, *options).startswith(sentence)
