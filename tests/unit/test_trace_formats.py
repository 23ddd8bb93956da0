"""Every trace format, read exactly, with its traps; and real traces."""

from __future__ import annotations

import gzip
import json
from fractions import Fraction
from pathlib import Path

import pytest
from oracle import SHARED
from traces import (
    BLIS_GROUPS,
    BURSTGPT_6,
    BURSTGPT_8,
    FAILED,
    GUIDELLM,
    LITELLM_PAGES,
    MOONCAKE,
    PLAIN,
    PLAIN_HEAD,
    READ,
    VLLM_BENCH,
    litellm_answer,
    refusal,
    rows,
    written,
)

from tui_batching.clock import HORIZON, MICROSECOND, MILLISECOND, NANOSECOND, SECOND
from tui_batching.errors import InputError
from tui_batching.workload import apply_settings, load_workload, parse_workload
from tui_batching.workload.traces import FORMATS
from tui_batching.workload.traces.formats import TraceFormat

EACH_FORMAT = pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ)


@EACH_FORMAT
def test_every_format_is_recognised_and_read_exactly(
    tmp_path: Path, text: str, expected: list[tuple[int, ...]]
):
    assert rows(load_workload(written(tmp_path, text))) == expected


@EACH_FORMAT
def test_and_compressed_with_a_byte_order_mark(
    tmp_path: Path, text: str, expected: list[tuple[int, ...]]
):
    content = gzip.compress(b"\xef\xbb\xbf" + text.encode())
    path = written(tmp_path, content, "t.jsonl.gz")
    workload = load_workload(str(path))
    assert rows(workload) == expected
    assert workload.name == "t"


def test_ids_are_the_rows_of_the_file(tmp_path: Path):
    assert load_workload(written(tmp_path, PLAIN)).requests.id.tolist() == [1, 0, 2]
    assert load_workload(written(tmp_path, BURSTGPT_8)).requests.id.tolist() == [1, 3]


def test_many_rows_are_read_in_their_order(tmp_path: Path):
    lines = (f"{k // 7}.{k % 7},{k},{k + 1}\n" for k in range(5000))
    path = written(tmp_path, "arrival_time,input_tokens,output_tokens\n" + "".join(lines))
    requests = load_workload(path).requests
    assert requests.input_tokens.tolist() == list(range(5000))
    assert requests.arrival_time[-1] == 4999 // 7 * SECOND + SECOND // 10


def test_digits_beyond_the_picosecond_are_rounded(tmp_path: Path):
    text = "arrival_time,input_tokens,output_tokens\n0,1,1\n0.1234567890124,1,1\n"
    text += "0.1234567890125,1,1\n"
    assert [row[0] for row in rows(load_workload(written(tmp_path, text)))] == [
        0,
        123_456_789_012,
        123_456_789_013,
    ]


def test_a_clock_beyond_the_horizon_is_counted_from_the_first_arrival(tmp_path: Path):
    assert 19_440_161 * SECOND > HORIZON
    assert rows(load_workload(written(tmp_path, BURSTGPT_8)))[0][0] == 0


def test_what_was_read_is_told(tmp_path: Path):
    (told,) = load_workload(written(tmp_path, BURSTGPT_6)).source.notices
    head = "t.csv: read 2 requests (BurstGPT CSV, times in s); "
    assert told == head + "1 failed row skipped (0 response tokens)"
    assert load_workload("notebook").notices == ()


UNITS = {"s": SECOND, "ms": MILLISECOND, "us": MICROSECOND, "ns": NANOSECOND}


@pytest.mark.parametrize(("unit", "length"), UNITS.items())
def test_every_trace_takes_a_unit(tmp_path: Path, unit: str, length: int):
    for text in (PLAIN, MOONCAKE.replace(".0000005", "")):
        path = written(tmp_path, text)
        workload = apply_settings(load_workload(path), [f"workload.unit={unit}"])
        assert f"times in {unit})" in workload.source.notices[0]
        last = Fraction("1.25") if text is PLAIN else 27_482
        assert workload.requests.arrival_time[-1] == last * length


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (PLAIN_HEAD + "999999999,1,1\n1000000000,1,1\n", None),
        (PLAIN_HEAD + "1000000000,1,1\n1000000001,1,1\n", None),  # seconds since 1970
        (PLAIN_HEAD + "1000000000000,1,1\n1000000001000,1,1\n", "milliseconds since 1970"),
        (PLAIN_HEAD + "1.7e15,1,1\n1700000001000000,1,1\n", "microseconds since 1970"),
        (PLAIN_HEAD + "1700000000000000000,1,1\n1.700000001e18,1,1\n", "nanoseconds since"),
    ],
)
def test_a_number_that_looks_like_an_epoch_tells_its_unit(
    tmp_path: Path, text: str, told: str | None
):
    workload = load_workload(written(tmp_path, text))
    assert workload.requests.arrival_time.tolist() == [0, SECOND]
    assert [told in notice for notice in workload.source.notices[1:] if told] == (
        [True] if told else []
    )
    unit = {"mil": "ms", "mic": "us", "nan": "ns"}[told[:3]] if told else "s"
    asked = apply_settings(load_workload(written(tmp_path, text)), [f"workload.unit={unit}"])
    assert (len(asked.source.notices), rows(asked)) == (1, rows(workload))


@pytest.mark.parametrize(("last", "doubted"), [(2.9, True), (3, False), (0, False)])
def test_milliseconds_are_doubted_where_they_are_fewer_than_the_rows(
    tmp_path: Path, last: float, doubted: bool
):
    row = '{{"timestamp": {}, "input_length": 1, "output_length": 1}}\n'
    path = written(tmp_path, "".join(map(row.format, (0, 0 if not last else 1, last))))
    told = [
        notice for notice in load_workload(path).source.notices if "nothing in it tells" in notice
    ]
    assert bool(told) is doubted


def test_own_columns_and_rows_of_any_flat_file(tmp_path: Path):
    head = "model;started_at;prompt_tokens;completion_tokens;cap\n"
    rows_of_it = (
        "gpt-4;2024-05-01T12:00:00Z;10;5;8\nother;2024-05-01T12:00:01+0000;20;x;y\n"
        "gpt-4;2024-05-01 14:00:02.5 UTC;30;7;\ngpt-4;2024-05-01T14:00:03+02:00;40;9;9\n"
    )
    names = "arrival=started_at,input=prompt_tokens,output=completion_tokens,max_tokens=cap"
    settings = [f"workload.columns={names}", "workload.where=model=gpt-4"]
    expected = [(0, 10, 5), (3 * SECOND, 40, 9), (7202 * SECOND + SECOND // 2, 30, 7)]
    for mark in (",", "\t"):
        text = (head + rows_of_it).replace(";", mark)
        workload = apply_settings(load_workload(written(tmp_path, text)), settings)
        assert rows(workload) == expected
        assert workload.requests.max_tokens.tolist() == [8, 9, 7]
        assert "1 row skipped where model is not gpt-4" in workload.source.notices[0]
    keys = [line.split(";") for line in (head + rows_of_it).splitlines()]
    lines = [json.dumps(dict(zip(keys[0], line, strict=True))) for line in keys[1:]]
    path = written(tmp_path, "\n".join(lines), "w.jsonl")
    assert rows(apply_settings(load_workload(path), settings)) == expected
    text = (
        f"requests:\n  trace: {path}\n  columns: {{arrival: started_at, input: prompt_tokens, "
        "output: completion_tokens}\n  where: {model: gpt-4}\n"
    )
    assert rows(parse_workload(text, "w.yaml")) == expected


def test_nothing_of_an_option_reaches_the_terminal(tmp_path: Path):
    path = written(tmp_path, "at,\x1bin,out,m\n1700000000000,2,3,\x1b[2J\n1700000000001,4,5,x\n")
    settings = ["workload.columns=arrival=at,input=\x1bin,output=out", "workload.where=m=\x1b[2J"]
    workload = apply_settings(load_workload(path), settings)
    assert rows(workload) == [(0, 2, 3)]
    assert all(notice.isprintable() for notice in workload.notices)


def test_one_column_of_a_known_format_has_another_name(tmp_path: Path):
    path = written(tmp_path, PLAIN.replace("output_tokens", "made"))
    assert "without" not in refusal(path)
    workload = apply_settings(
        load_workload(path),
        ["workload.columns=output=made,input=input_tokens", "workload.format=csv"],
    )
    assert rows(workload) == READ["plain"][1]


def test_keys_are_found_wherever_they_stand(tmp_path: Path):
    result = {"generated_texts": ["x" * 100_000, '"start_times": [1]', ""], **VLLM_BENCH}
    for indent in (None, 2):
        path = written(tmp_path, json.dumps(result, indent=indent), "r.json")
        assert len(load_workload(path).requests) == 2
    row = {"note": "y" * 200_000, "timestamp": 1, "input_length": 2, "output_length": 3}
    assert rows(load_workload(written(tmp_path, json.dumps(row)))) == [(0, 2, 3)]


def test_failed_rows_are_left_out_in_every_format(tmp_path: Path):
    for name, (text, answered, failed) in FAILED.items():
        workload = load_workload(written(tmp_path, text))
        assert rows(workload) == answered, name
        number = "row" if failed == 1 else "rows"
        assert f"; {failed} failed {number} skipped (" in workload.source.notices[0], name


def test_a_closed_loop_is_told(tmp_path: Path):
    throttled = VLLM_BENCH | {"max_concurrency": 2}
    told = load_workload(written(tmp_path, json.dumps(throttled))).source.notices[1]
    assert "its client was throttled (--max-concurrency 2)" in told
    report = GUIDELLM.replace('"constant"', '"concurrent"')
    told = load_workload(written(tmp_path, report)).source.notices[1]
    assert "its client was throttled (the strategy concurrent)" in told
    assert len(load_workload(written(tmp_path, GUIDELLM)).source.notices) == 1


def test_pages_that_are_missing_are_told(tmp_path: Path):
    answer = json.dumps(litellm_answer((1, 3, 4), (2, 0, 0)))
    (_, told) = load_workload(written(tmp_path, answer)).source.notices
    assert told == "t.csv: it has 2 rows of 3: the other pages are missing"
    assert len(load_workload(written(tmp_path, READ["litellm, answers"][0])).source.notices) == 2
    path = written(tmp_path, json.dumps({"data": [*LITELLM_PAGES[0]["data"], 5]}))
    assert refusal(path) == f"{path}: entry 2: found 5, expected an object"


def test_a_header_stands_for_the_rows_beside_it(tmp_path: Path):
    rows_ = written(tmp_path, BLIS_GROUPS, "log.csv")
    header = written(tmp_path, "trace_version: 3\ntime_unit: us # so\nmode: real\n", "log.yaml")
    workload = load_workload(header)
    assert (workload.name, rows(workload)) == ("log", READ["blis, groups"][1])
    named = parse_workload("requests: {trace: log.yaml}", "w.yaml", tmp_path)
    assert rows(named) == rows(workload)
    rows_.rename(tmp_path / "other.csv")
    assert refusal(header) == (
        f"{header}: found the header of a trace without its rows, expected 'log.csv' beside it "
        "(or name the CSV itself)"
    )
    written(tmp_path, "trace_version: 3\ntime_unit: s\n", "log.yaml")
    assert refusal(header) == f"{header}: time_unit: found 's', expected us"
    written(tmp_path, "requests: 5", "log.yaml")
    with pytest.raises(InputError, match="found a workload file or other YAML, expected a trace"):
        parse_workload("requests: {trace: log.yaml}", "w.yaml", tmp_path)


@pytest.mark.parametrize(("sessions", "told"), [("aba", True), ("abc", False)])
def test_turns_are_told_where_a_session_has_several(tmp_path: Path, sessions: str, told: bool):
    row = '{{"session_id": "{}", "timestamp": {}, "input_length": 1, "output_length": 1}}\n'
    lines = [row.format(session, 10 * at) for at, session in enumerate(sessions)]
    notices = load_workload(written(tmp_path, "".join(lines))).source.notices
    assert any("share a session_id" in notice for notice in notices) is told


@pytest.mark.parametrize(
    ("times", "told"),
    [
        ([0, 0, 1, 1, 2, 2], "3 instants for 6 rows: the file's clock ticks every 1 s"),
        ([*range(18), 17, 17], "18 instants for 20 rows: the file's clock ticks every 1 s"),
        ([*range(19), 18], None),  # fewer than one in ten come together
        ([0, 0, 0, 5, 5, 5], None),  # one gap makes no clock
        ([0, 0, 1, 1, 4, 4], None),  # nor do gaps that differ
        ([0, 0, 0], None),
    ],
)
def test_the_ticks_of_a_coarse_clock_are_told(tmp_path: Path, times: list[int], told: str | None):
    text = PLAIN_HEAD + "".join(f"{time},1,1\n" for time in times)
    doubts = load_workload(written(tmp_path, text)).source.notices[1:]
    assert [told in doubt for doubt in doubts if told] == [True] * bool(told)


def test_ticks_are_spread_within_their_own_length(tmp_path: Path):
    text = PLAIN_HEAD + "".join(f"{time},1,1\n" for time in (0, 0, 3, 3, 6, 6, 8, 8))
    path = written(tmp_path, text)
    spread = apply_settings(load_workload(path), ["workload.spread=true"])
    times = [time / SECOND for time in spread.requests.arrival_time.tolist()]
    assert times == [0, 1.5, 3, 4.5, 6, 7, 8, 9.5]
    assert "the arrivals of a tick are spread evenly" in spread.source.notices[1]


REAL = {
    "traces/AzureLLMInferenceTrace_code.csv": (8_819, 3_435_948_056_000_000, (549, 173)),
    "traces/AzureLLMInferenceTrace_conv.csv": (19_366, 3_501_721_937_000_000, (197, 183)),
    "traces/mooncake_conversation_trace.jsonl": (12_031, 3_536_999_000_000_000, None),
    "serving-logs/vllm-rtx4090-llama-3.1-8b/requests.jsonl": (300, 29_100_521_300_000, None),
    "serving-logs/vllm-rtxpro6000-llama-3.1-8b/requests.jsonl": (300, 29_121_193_300_000, None),
}


@pytest.mark.parametrize(("name", "expected"), REAL.items(), ids=REAL)
def test_real_traces(name: str, expected: tuple[int, int, tuple[int, int] | None]):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{name} is not there")
    requests = load_workload(path).requests
    count, last, tokens = expected
    assert (len(requests), requests.arrival_time[0], requests.arrival_time[-1]) == (count, 0, last)
    if tokens:
        assert (requests.input_tokens[-1], requests.output_tokens[-1]) == tokens


def test_real_clumps_keep_their_order():
    path = SHARED / "traces/mooncake_conversation_trace.jsonl"
    if not path.exists():
        pytest.skip("the trace is not there")
    requests = load_workload(path).requests
    assert len(set(requests.arrival_time.tolist())) == 1_180
    assert requests.id.tolist() == list(range(12_031))


@pytest.mark.parametrize("gap", ["\n", "\n" * 200_000], ids=["one", "many"])
def test_empty_lines_are_no_rows(tmp_path: Path, gap: str) -> None:
    head, first, rest = PLAIN.split("\n", 2)
    spaced = f"{head}\n{gap}{first}\n{gap}{rest}{gap}"
    assert rows(load_workload(written(tmp_path, spaced))) == READ["plain"][1]
    assert "found no request" in refusal(written(tmp_path, f"{head}\n{gap}"))


def test_one_more_entry_of_the_table_is_known_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    another = TraceFormat("another", "another log", "sent", "prompt", "made", unit="ms")
    monkeypatch.setitem(FORMATS, another.name, another)
    path = written(tmp_path, '{"sent": 2.5, "prompt": 4, "made": 5}\n')
    workload = load_workload(path)
    assert rows(workload) == [(0, 4, 5)]
    assert workload.source.notices == (
        f"{path.name}: read 1 request (another log JSON lines, times in ms)",
    )
    text = f"requests: {{trace: '{path}', format: another}}"
    assert rows(parse_workload(text, "w.yaml")) == [(0, 4, 5)]
    assert "expected the columns or keys of one of csv, " in refusal(written(tmp_path, "a,b\n"))
    assert ", another (such as" in refusal(written(tmp_path, "a,b\n"))
