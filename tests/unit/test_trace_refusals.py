"""The exact sentence that refuses a wrong trace."""

from __future__ import annotations

import gzip
import json
import os
import time
from pathlib import Path

import pytest
from traces import (
    AZURE_HEAD,
    LLMSERVINGSIM,
    MOONCAKE,
    PLAIN,
    PLAIN_HEAD,
    VLLM_BENCH,
    refusal,
    rows,
    written,
)

from tui_batching.workload import load_workload
from tui_batching.workload.traces import FORMATS

KNOWN = (
    f"expected the columns or keys of one of {', '.join(FORMATS)} "
    "(such as arrival_time,input_tokens,output_tokens; workload.columns names others)"
)
WRONG = {
    "": "found an empty file, expected a trace",
    "\r\n \n": "found an empty file, expected a trace",
    PLAIN_HEAD: "found no request to replay (no rows), expected at least one",
    "time,in,out\n1,2,3\n": f"1: found 'time,in,out', {KNOWN}",
    '{"a": 1}': f"1: found '{{\"a\": 1}}', {KNOWN}",
    "\x1b[2J": f"1: found '\\x1b[2J', {KNOWN}",
    PLAIN_HEAD.replace(",", ";") + "1;2;3": "1: found 'arrival_time;input_tokens;output_tokens', "
    "with ';' between its columns, expected ','",
    "input_tokens,output_tokens\n1,2": "found input_tokens and output_tokens without arrivals, "
    "expected arrival_time as well (workload.columns names another column; or requests: {lengths: "
    "FILE, arrivals: {poisson: {rate: 2}}} in a workload file, which makes arrivals for them)",
    PLAIN_HEAD + "1,2,3\n1,2": "3: found 2 fields, expected 3 as in the head",
    PLAIN_HEAD + "1,2,3,4": "2: found 4 fields, expected 3 as in the head",
    "arrival_time,input_tokens,output_tokens,input_tokens\n": "1: found the column 'input_tokens' "
    "twice in 'arrival_time,input_tokens,output_tokens,input_tokens', expected it once",
    PLAIN_HEAD
    + "\n1,2,3\n-1,2,3": "4: arrival_time: found -1, expected a time that is not negative",
    PLAIN_HEAD + "nan,2,3": "2: arrival_time: found 'nan', expected a number of seconds",
    PLAIN_HEAD + "inf,2,3": "2: arrival_time: found 'inf', expected a number of seconds",
    PLAIN_HEAD + "1_0,2,3": "2: arrival_time: found '1_0', expected a number of seconds",
    PLAIN_HEAD + "1.,2,3\n.,2,3": "3: arrival_time: found ., expected a number of seconds",
    PLAIN_HEAD + ",2,3": "2: arrival_time: found nothing, expected a number of seconds",
    PLAIN_HEAD
    + "1e999999999,2,3": "2: arrival_time: found 1e999999999, expected a number of seconds",
    PLAIN_HEAD + f"{'1' * 61},2,3": f"2: arrival_time: found '{'1' * 57}...', "
    "expected a number of seconds",
    PLAIN_HEAD + "٣,2,3": "2: arrival_time: found '٣', expected a number of seconds",
    PLAIN_HEAD + "1,2.5,3": "2: input_tokens: found 2.5, expected a whole number >= 0",
    PLAIN_HEAD + '1,"1,234",3': "2: input_tokens: found '1,234', "
    "expected a whole number >= 0 without separators",
    PLAIN_HEAD + '"1,234.5",2,3': "2: arrival_time: found '1,234.5', expected a number of seconds "
    "without separators",
    PLAIN_HEAD + '"0,5",2,3': "2: arrival_time: found '0,5', expected a number of seconds with a "
    "point and no comma",
    PLAIN_HEAD + "1,,3": "2: input_tokens: found nothing, expected a whole number >= 0",
    PLAIN_HEAD + "1,x,3": "2: input_tokens: found 'x', expected a whole number >= 0",
    PLAIN_HEAD + "1,-2,3": "2: input_tokens: found -2, expected a whole number >= 0",
    PLAIN_HEAD + "1,٣,3": "2: input_tokens: found '٣', expected a whole number >= 0",
    PLAIN_HEAD + "1,2147483648,3": "2: input_tokens: found 2147483648, "
    "expected a whole number <= 2147483647",
    PLAIN_HEAD + f"1,{'9' * 5000},3": f"2: input_tokens: found '{'9' * 57}...', "
    "expected at most 60 digits",
    PLAIN_HEAD + "1,2,x": "2: output_tokens: found 'x', expected a whole number >= 0",
    PLAIN_HEAD + "1,2,0\n1,2,": "found no request to replay (2 failed rows skipped (no output "
    "tokens)), expected at least one",
    PLAIN_HEAD + '1,2,"3': "2: found broken CSV (unexpected end of data), expected valid CSV",
    PLAIN_HEAD + f'1,2,"{"3" * 200_000}"': "2: found broken CSV (field larger than field limit "
    "(131072)), expected valid CSV",
    PLAIN_HEAD + "0,1,1\n9300000,1,1": "found arrivals over 107 days, expected at most the "
    "clock's 106 days (workload.start and workload.duration take a part, workload.speed replays it "
    "faster)",
    PLAIN_HEAD + "0,1,1\n1e99,1,1": "found arrivals over more than 1,000,000 days, expected at "
    "most the clock's 106 days (workload.start and workload.duration take a part, workload.speed "
    "replays it faster)",
    AZURE_HEAD + "2023-11-16,1,1": "2: TIMESTAMP: found 2023-11-16, "
    "expected an instant such as 2023-11-16 18:17:03.9799600",
    AZURE_HEAD + "2023-02-29 00:00:00,1,1": "2: TIMESTAMP: found '2023-02-29 00:00:00', "
    "expected an instant such as 2023-11-16 18:17:03.9799600",
    AZURE_HEAD + "2023-11-16 18:17:03.1234567890123,1,1": "2: TIMESTAMP: found "
    "'2023-11-16 18:17:03.1234567890123', expected an instant such as 2023-11-16 18:17:03.9799600",
    AZURE_HEAD + "2023-11-16 18:17:03.-5,1,1": "2: TIMESTAMP: found '2023-11-16 18:17:03.-5', "
    "expected an instant such as 2023-11-16 18:17:03.9799600",
    AZURE_HEAD + "2023-11-16 18:17:03.98+99:99,1,1": "2: TIMESTAMP: found "
    "'2023-11-16 18:17:03.98+99:99', expected an instant such as 2023-11-16 18:17:03.9799600",
    MOONCAKE + '{"timestamp": 1': "5: found broken JSON (Expecting ',' delimiter), "
    "expected a JSON object",
    MOONCAKE + "[1]": "5: found a list, expected a JSON object",
    MOONCAKE + "[" * 100_000: "5: found broken JSON (maximum recursion depth exceeded while "
    "decoding a JSON array from a unicode string), expected a JSON object",
    MOONCAKE + '{"timestamp": "one", "input_length": 2, "output_length": 3}': "5: timestamp: found "
    "'one', expected a number of milliseconds",
    MOONCAKE + '{"timestamp": true, "input_length": 2, "output_length": 3}': "5: timestamp: found "
    "'true', expected a number of milliseconds",
    MOONCAKE + '{"delay": 500, "input_length": 2, "output_length": 3}': "5: timestamp: found "
    "nothing but a delay of 500, expected a time: this arrival hangs on the answer before, which "
    "no trace tells",
    MOONCAKE + '{"timestamp": -1, "input_length": 2, "output_length": 3}': "5: timestamp: found "
    "-1, expected a time that is not negative",
    MOONCAKE + '{"timestamp": NaN, "input_length": 2, "output_length": 3}': "5: timestamp: found "
    "'NaN', expected a number of milliseconds",
    MOONCAKE + '{"timestamp": 1, "input_length": 2.5, "output_length": 3}': "5: input_length: "
    "found 2.5, expected a whole number >= 0",
    LLMSERVINGSIM + '{"session_id": "a", "arrival_time_ns": 5, "sub_requests": [{"input_toks": 1, '
    '"output_toks": 2, "tool_duration_ns": 3}]}': "3: sub_requests: found a list, expected a "
    "request alone: the arrivals of further ones hang on the answers before, which no trace tells",
    json.dumps(VLLM_BENCH | {"start_times": None}): "found no list start_times, expected a result "
    "saved with --save-detailed",
    json.dumps(VLLM_BENCH | {"input_lens": [1]}): "found 3 start_times, 1 input_lens, "
    "3 output_lens, expected as many of each",
    json.dumps(VLLM_BENCH | {"output_lens": [1, -2, 3]}): "request 1: output_lens: found -2, "
    "expected a whole number >= 0",
    json.dumps(VLLM_BENCH | {"output_lens": [0, 0, 0]}): "found no request to replay (3 failed "
    "rows skipped (no output tokens)), expected at least one",
    json.dumps(VLLM_BENCH) + "{}": "found 2 results (1: request_rate unknown, 2: request_rate "
    "unknown), expected result: a number from 1 to 2 (workload.result), to take one",
    json.dumps(VLLM_BENCH)
    + "{": "1: found broken JSON (Expecting property name enclosed in double "
    "quotes), expected a JSON object",
}


@pytest.mark.parametrize(("text", "sentence"), WRONG.items(), ids=range(len(WRONG)))
def test_a_wrong_file_is_refused_with_this_sentence(tmp_path: Path, text: str, sentence: str):
    path = written(tmp_path, text)
    between = ":" if sentence[0].isdigit() else ": "
    assert refusal(path) == f"{path}{between}{sentence}"


def test_a_wrong_value_far_down_is_told_with_its_line(tmp_path: Path):
    text = PLAIN_HEAD + "1,2,3\n" * 2500 + "\n1,2,x\n" + "1,2,3\n" * 2500
    assert refusal(written(tmp_path, text)) == (
        f"{tmp_path}/t.csv:2503: output_tokens: found 'x', expected a whole number >= 0"
    )


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_named(tmp_path: Path, encoding: str):
    path = written(tmp_path, PLAIN.encode(encoding))
    assert refusal(path) == f"{path}: found UTF-16 text, expected UTF-8 text"


def test_bytes_that_are_not_utf8(tmp_path: Path):
    path = written(tmp_path, PLAIN_HEAD.encode() + b"1,2,3\n1,2,\xff\n")
    assert refusal(path) == f"{path}:3: found bytes that are not UTF-8, expected UTF-8 text"


@pytest.mark.parametrize("name", ["t.csv.gz", "t.csv"])
def test_damaged_gzip(tmp_path: Path, name: str):
    content = gzip.compress((PLAIN_HEAD + "".join(f"{k},{k},1\n" for k in range(50_000))).encode())
    for damaged in (content[:-20], content[:1000] + b"\0" * 1000 + content[2000:]):
        path = written(tmp_path, damaged, name)
        assert refusal(path).startswith(f"{path}: found damaged gzip data (")


def test_an_ending_does_not_make_gzip(tmp_path: Path):
    assert rows(load_workload(written(tmp_path, PLAIN, "t.csv.gz")))[0] == (0, 1, 2)


@pytest.mark.parametrize("head", ["", PLAIN_HEAD, AZURE_HEAD, MOONCAKE, '{"timestamp": ', "[", '"'])
def test_a_huge_line_gives_one_short_sentence(tmp_path: Path, head: str):
    started = time.process_time()
    assert len(refusal(written(tmp_path, head + "1" * 10_000_000))) < 400 + len(str(tmp_path))
    assert time.process_time() - started < 5


def test_a_line_without_end_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tui_batching.workload.traces.text.LONGEST_LINE", 100)
    path = written(tmp_path, PLAIN_HEAD + "1,2," + "3" * 100)
    assert refusal(path) == (
        f"{path}:2: found a line of more than 100 bytes, expected shorter lines"
    )


def test_what_cannot_be_read(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.csv")
    assert refusal(tmp_path / "no.csv").endswith("no.csv: found no such file, expected a trace")
    assert refusal(tmp_path / "pipe.csv").endswith("found a device or a pipe, expected a trace")
    (tmp_path / "folder.csv").mkdir()
    assert refusal(tmp_path / "folder.csv").endswith("found a folder, expected a trace")
    assert "embedded null" in refusal("a/\0.csv")


def test_nothing_of_a_name_reaches_the_terminal(tmp_path: Path):
    workload = load_workload(written(tmp_path, PLAIN, "\x1b[2J.csv"))
    assert workload.name == r"\x1b[2J"
    assert all(notice.isprintable() for notice in workload.source.notices)
