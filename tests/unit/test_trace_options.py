"""The part of a trace that is replayed: window, speed, longest lengths and limit."""

from __future__ import annotations

from pathlib import Path

import pytest
from traces import EIGHT, PLAIN_HEAD, refusal, rows, written

from tui_batching.clock import SECOND
from tui_batching.errors import InputError
from tui_batching.workload import Workload, apply_settings, load_workload


def replayed(folder: Path, *settings: str, text: str = EIGHT) -> Workload:
    path = written(folder, text)
    return apply_settings(load_workload(path), [f"workload.{each}" for each in settings])


@pytest.mark.parametrize(
    ("settings", "ids", "told"),
    [
        (
            ["limit=3"],
            [0, 1, 2],
            "read 3 requests (plain CSV, times in s); 5 rows beyond the limit of 3 skipped",
        ),
        (["limit=9"], list(range(8)), "read 8 requests (plain CSV, times in s)"),
        (["start=6s"], [6, 7], "6 rows outside of the window from 6s on skipped"),
        (["start=2s", "duration=3s"], [2, 3, 4], "5 rows outside of the window of 3s from 2s"),
        (["duration=1s"], [0], "7 rows outside of the window of 1s from 0s on skipped"),
        (["max_input=5", "over=drop"], list(range(6)), "2 prompts dropped, over 5 tokens"),
        (["max_output=51"], list(range(8)), "2 answers clipped to 51 tokens"),
        (
            ["max_output=41", "max_input=5", "over=drop"],
            list(range(5)),
            "2 prompts dropped, over 5 tokens; 1 answer dropped, over 41 tokens",
        ),
        (
            ["max_input=1", "over=drop", "start=1s", "limit=1"],
            [1],
            "1 row outside of the window from 1s on skipped; 6 prompts dropped, over 1 tokens",
        ),
        (["speed=2.5"], list(range(8)), "replayed at 2.5 times the speed"),
    ],
)
def test_options_take_a_part_and_say_so(
    tmp_path: Path, settings: list[str], ids: list[int], told: str
):
    workload = replayed(tmp_path, *settings)
    assert workload.requests.id.tolist() == ids
    assert workload.requests.arrival_time[0] == 0
    assert told in workload.source.notices[0]


def test_clipped_lengths(tmp_path: Path):
    workload = replayed(tmp_path, "max_output=51", "max_input=6")
    assert workload.requests.input_tokens.tolist() == [0, 1, 2, 3, 4, 5, 6, 6]
    assert workload.requests.output_tokens.tolist() == [1, 11, 21, 31, 41, 51, 51, 51]


def test_speed_is_exact(tmp_path: Path):
    text = PLAIN_HEAD + "0,1,1\n0.000000000001,1,1\n0.000000000003,1,1\n1,1,1\n"
    times = [0, 1, 2, SECOND // 2]  # halves up
    workload = replayed(tmp_path, "speed=2", text=text)
    assert workload.requests.arrival_time.tolist() == times
    workload = replayed(tmp_path, "speed=0.1", text=text)
    assert workload.requests.arrival_time.tolist() == [0, 10, 30, 10 * SECOND]


def test_speed_can_bring_a_long_trace_within_the_clock(tmp_path: Path):
    text = PLAIN_HEAD + "0,1,1\n93000000,1,1\n"
    assert "over 1,076 days" in refusal(written(tmp_path, text))
    workload = replayed(tmp_path, "speed=100", text=text)
    assert workload.requests.arrival_time[-1] == 930_000 * SECOND
    assert "t.csv: found arrivals over" in refusal(written(tmp_path, EIGHT), "workload.speed=1e-12")


def test_rows_in_disorder_lose_none(tmp_path: Path):
    text = PLAIN_HEAD + "5,1,1\n3,2,2\n4,3,3\n"
    workload = replayed(tmp_path, text=text)
    assert rows(workload) == [(0, 2, 2), (SECOND, 3, 3), (2 * SECOND, 1, 1)]
    assert (
        workload.source.notices[1] == "t.csv: 2 rows not in order of arrival: all are sorted first"
    )
    far = PLAIN_HEAD + "9000000,1,1\n18000000,2,1\n0,3,1\n"
    assert "t.csv: found arrivals over 208 days" in refusal(written(tmp_path, far))
    workload = replayed(tmp_path, "start=9000000", text=far)
    assert rows(workload) == [(0, 1, 1), (9_000_000 * SECOND, 2, 1)]
    assert rows(replayed(tmp_path, "speed=3", text=far))[-1] == (6_000_000 * SECOND, 2, 1)


def test_a_trace_longer_than_the_clock_has_ticks_and_a_busiest_window(tmp_path: Path):
    days = [at * 86_400 for at in (0, 0, 60, 120, 120, 120, 180, 180)]
    text = PLAIN_HEAD + "".join(f"{at},{row},1\n" for row, at in enumerate(days))
    workload = replayed(tmp_path, "busiest=1h", text=text)
    assert rows(workload) == [(0, 3, 1), (0, 4, 1), (0, 5, 1)]
    assert "ticks every 5,184,000 s" in workload.source.notices[1]
    third = 20 * 86_400 * SECOND
    workload = replayed(tmp_path, "start=2880h", "duration=1440h", "spread=true", text=text)
    assert rows(workload) == [(0, 3, 1), (third, 4, 1), (2 * third, 5, 1)]


def test_windows_and_limits_count_from_the_earliest_arrival(tmp_path: Path):
    text = PLAIN_HEAD + "".join(f"{10 - k},{k},1\n" for k in range(11))
    for setting, inputs in {
        "limit=3": [10, 9, 8],
        "duration=2s": [10, 9],
        "start=8": [2, 1, 0],
    }.items():
        workload = replayed(tmp_path, setting, text=text)
        assert workload.requests.input_tokens.tolist() == inputs


def test_the_busiest_window(tmp_path: Path):
    text = PLAIN_HEAD + "".join(f"{at},{at},1\n" for at in (0, 1, 50, 51, 53, 90, 91, 93))
    workload = replayed(tmp_path, "busiest=4s", text=text)
    assert workload.requests.input_tokens.tolist() == [50, 51, 53]  # the first of two
    assert (
        "5 rows outside of the busiest window of 4s, from 50.0 s on, skipped"
        in workload.source.notices[0]
    )
    assert len(replayed(tmp_path, "busiest=3s", text=text).requests) == 2  # its end is outside
    assert len(replayed(tmp_path, "busiest=2000h", text=text).requests) == 8
    with pytest.raises(InputError, match="busiest: found start beside it, expected one window"):
        replayed(tmp_path, "busiest=4s", "start=1s")


def test_nothing_left_is_told_with_the_reasons(tmp_path: Path):
    path = written(tmp_path, EIGHT)
    assert refusal(path, "workload.start=1h") == (
        f"{path}: found no request to replay (8 rows outside of the window from 3600s on "
        "skipped), expected at least one"
    )


def test_more_requests_than_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tui_batching.workload.traces.selection.MAX_COUNT", 7)
    path = written(tmp_path, EIGHT)
    assert "found more than 7 requests" in refusal(path)
    assert len(replayed(tmp_path, "limit=7").requests) == 7


def test_only_a_trace_has_them():
    with pytest.raises(InputError) as error:
        apply_settings(load_workload("notebook"), ["workload.limit=5"])
    assert str(error.value) == (
        "--set workload.limit=5: found a workload without a trace, "
        "expected another key: only a trace has this one"
    )
