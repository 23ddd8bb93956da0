"""Every trace format, read exactly, with its traps; and real traces."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from oracle import SHARED
from traces import BURSTGPT_6, BURSTGPT_8, PLAIN, READ, refusal, rows, written

from tui_batching.clock import HORIZON, SECOND
from tui_batching.errors import InputError
from tui_batching.workload import load_workload, parse_workload
from tui_batching.workload.traces import FORMATS
from tui_batching.workload.traces.formats import TraceFormat
from tui_batching.workload.traces.layouts import Column, read_json_lines
from tui_batching.workload.traces.values import milliseconds, some_tokens, tokens

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
    assert load_workload(written(tmp_path, BURSTGPT_6)).notices == (
        "t.csv: read 2 requests (BurstGPT CSV); 1 failed row skipped (0 response tokens)",
    )
    assert load_workload("notebook").notices == ()


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
    columns = Column("sent", milliseconds), Column("prompt", tokens), Column("made", some_tokens)
    another = TraceFormat("another", "another log", read_json_lines, *columns)
    monkeypatch.setitem(FORMATS, another.name, another)
    path = written(tmp_path, '{"sent": 2.5, "prompt": 4, "made": 5}\n')
    workload = load_workload(path)
    assert rows(workload) == [(0, 4, 5)]
    assert workload.notices == (f"{path.name}: read 1 request (another log)",)
    text = f"requests: {{trace: '{path}', format: another}}"
    assert rows(parse_workload(text, "w.yaml")) == [(0, 4, 5)]
    with pytest.raises(InputError, match=r"expected the columns or keys of one of .*, another "):
        load_workload(written(tmp_path, "a,b\n"))
