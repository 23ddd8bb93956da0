"""Small inputs made after real files and reports, each with what is right of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from oracle import SHARED
from traces import refusal, rows

from tui_batching.analysis.metrics import metrics
from tui_batching.clock import SECOND
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Continuous
from tui_batching.workload import Workload, apply_settings, load_workload


def case(name: str) -> Path:
    path = SHARED / "cases" / name
    if not path.exists():
        pytest.skip("the cases (../shared/cases) are not beside this checkout")
    return path


def loaded(name: str, *settings: str) -> Workload:
    changed = [f"workload.{setting}" for setting in settings]
    return apply_settings(load_workload(case(name)), changed)


def arrivals(workload: Workload) -> list[float]:
    return [time / SECOND for time in workload.requests.arrival_time.tolist()]


def figures(workload: Workload, *names: str) -> list[float]:
    """Metrics of continuous batching with 4 slots, to six digits as the cases tell them."""
    found = metrics(simulate(workload, Continuous(4)))
    return [round(float(found[name] or 0), 6) for name in names]


TOLD = (
    *("mean_ttft", "p99_ttft", "mean_tpot", "avg_latency", "p99_latency"),
    *("total_time", "request_throughput", "throughput"),
)


def test_appended_results_are_counted_and_one_is_picked():
    assert "found 2 results (1: request_rate inf, 2: request_rate 4.0)" in refusal(
        case("append-result.json")
    )
    assert arrivals(loaded("append-result.json", "result=2")) == [0, 0.25]
    assert arrivals(loaded("append-result.json", "result=1")) == [0, 0.5]
    assert "from 1 to 2" in refusal(case("append-result.json"), "workload.result=3")


def test_a_row_without_output_is_a_failed_one():
    workload = loaded("azure-zero.csv")
    assert rows(workload) == [(0, 64, 8), (1_500_000_000_000, 30, 2)]
    assert "1 failed row skipped" in workload.source.notices[0]


@pytest.mark.parametrize("start", ["9000000", "10454000"])
def test_a_window_of_a_trace_that_is_longer_than_the_clock(start: str):
    workload = loaded("burstgpt-121-days.csv", f"start={start}")
    assert rows(workload) == [(0, 1360, 647), (5_500_000_000_000, 60, 7)]
    whole = refusal(case("burstgpt-121-days.csv"))
    for way_out in ("workload.start", "workload.duration", "workload.speed"):
        assert way_out in whole


def test_epoch_milliseconds_are_no_seconds():
    workload = loaded("epoch-ms.csv")
    assert arrivals(workload) == [0, 1.5]
    assert "looks like milliseconds since 1970" in workload.source.notices[1]


def test_whole_numbers_with_a_fraction_of_zero():
    assert [row[1:] for row in rows(loaded("float-tokens.csv"))] == [(128, 16), (64, 8)]


def test_seconds_under_the_keys_of_milliseconds_are_doubted():
    assert "nothing in it tells the unit" in loaded("guidellm-trace.jsonl").source.notices[1]
    workload = loaded("guidellm-trace.jsonl", "unit=s")
    assert arrivals(workload) == [0, 0.5]
    assert len(workload.source.notices) == 1
    assert figures(workload, *TOLD) == [
        *(0.413, 0.54726, 0.02352, 2.696, 3.4408, 3.456, 0.578704, 55.555556)
    ]


def test_lengths_alone_are_told_how_to_be_used():
    told = refusal(case("lengths-only.csv"))
    assert "found num_prefill_tokens and num_decode_tokens without arrivals" in told
    assert "requests: {lengths: FILE, arrivals: {poisson: {rate: 2}}}" in told


def test_a_coarse_clock_is_told_and_its_ticks_are_spread():
    workload = loaded("mooncake-grid.jsonl")
    assert "3 instants for 12 rows: the file's clock ticks every 3 s" in workload.source.notices[1]
    assert figures(workload, *TOLD) == [
        *(0.826, 0.826, 0.026, 1.32, 1.32, 7.32, 1.639344, 32.786885)
    ]
    spread = loaded("mooncake-grid.jsonl", "spread=true")
    assert arrivals(spread) == [0.75 * n for n in range(12)]
    assert figures(spread, *TOLD) == [*(0.22, 0.22, 0.02, 0.6, 0.6, 8.85, 1.355932, 27.118644)]


@pytest.mark.parametrize(
    ("setting", "inputs"),
    [
        ("duration=30", [10, 20, 30]),
        ("start=20", list(range(30, 120, 10))),
        ("limit=3", [10, 20, 30]),
    ],
)
def test_the_newest_row_first(setting: str, inputs: list[int]):
    workload = loaded("newest-first.csv", setting)
    assert workload.requests.input_tokens.tolist() == inputs
    assert "10 rows not in order of arrival" in workload.source.notices[1]


def test_plain_names_in_json_lines():
    workload = loaded("plain.jsonl")
    assert rows(workload) == [(0, 128, 16), (1_500_000_000_000, 64, 8)]
    assert "plain JSON lines" in workload.source.notices[0]


def test_bailian_counts_seconds():
    workload = loaded("qwen-bailian.jsonl")
    assert arrivals(workload) == [0, 1.25, 6.5, 9.875]
    assert workload.requests.input_tokens.tolist() == [310, 96, 420, 700]
    read, doubt = workload.source.notices
    assert "Qwen-Bailian" in read
    assert "the hashes of 4 prompts do not fit blocks of 16 tokens" in doubt
    assert figures(workload, *TOLD) == [
        *(0.4015, 0.7116, 0.02, 1.6265, 2.47212, 11.075, 0.361174, 22.48307)
    ]


def test_turns_of_a_session_are_told():
    (_, told) = loaded("sessions.jsonl").source.notices
    assert "rows that share a session_id are taken as requests of their own" in told


def test_a_throttled_client_is_replayed_as_it_was_to_send():
    workload = loaded("vllm-max-concurrency.json")
    assert arrivals(workload) == [0.25 * n for n in range(24)]
    assert len(workload.source.notices) == 1
    assert figures(workload, *TOLD) == [
        *(0.134667, 0.148, 0.038469, 0.865583, 0.91154, 6.312, 3.802281, 76.045627)
    ]
