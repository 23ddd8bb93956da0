"""Traces: every format with its traps, and the exact sentence that refuses a wrong one."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import time
from pathlib import Path

import pytest
from oracle import SHARED
from traces import BURSTGPT_6, BURSTGPT_8, MOONCAKE, PLAIN, READ, VLLM_BENCH, rows, written

from tui_batching.clock import HORIZON, SECOND
from tui_batching.errors import InputError
from tui_batching.workload import Workload, apply_settings, load_workload, parse_workload


def refusal(path: Path | str, *settings: str) -> str:
    with pytest.raises(InputError) as error:
        _ = apply_settings(load_workload(path), settings).requests
    return str(error.value)


class TestFormats:
    @pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ)
    def test_every_format_is_recognised_and_read_exactly(
        self, tmp_path: Path, text: str, expected: list[tuple[int, ...]]
    ):
        assert rows(load_workload(written(tmp_path, text))) == expected

    @pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ)
    def test_and_compressed_with_a_byte_order_mark(
        self, tmp_path: Path, text: str, expected: list[tuple[int, ...]]
    ):
        content = gzip.compress(b"\xef\xbb\xbf" + text.encode())
        path = written(tmp_path, content, "t.jsonl.gz")
        workload = load_workload(str(path))
        assert rows(workload) == expected
        assert workload.name == "t"

    def test_ids_are_the_rows_of_the_file(self, tmp_path: Path):
        assert load_workload(written(tmp_path, PLAIN)).requests.id.tolist() == [1, 0, 2]
        assert load_workload(written(tmp_path, BURSTGPT_8)).requests.id.tolist() == [1, 3]

    def test_many_rows_are_read_in_their_order(self, tmp_path: Path):
        lines = (f"{k // 7}.{k % 7},{k},{k + 1}\n" for k in range(5000))
        path = written(tmp_path, "arrival_time,input_tokens,output_tokens\n" + "".join(lines))
        requests = load_workload(path).requests
        assert requests.input_tokens.tolist() == list(range(5000))
        assert requests.arrival_time[-1] == 4999 // 7 * SECOND + SECOND // 10

    def test_digits_beyond_the_picosecond_are_rounded(self, tmp_path: Path):
        text = "arrival_time,input_tokens,output_tokens\n0,1,1\n0.1234567890124,1,1\n"
        text += "0.1234567890125,1,1\n"
        assert [row[0] for row in rows(load_workload(written(tmp_path, text)))] == [
            0,
            123_456_789_012,
            123_456_789_013,
        ]

    def test_a_clock_beyond_the_horizon_is_counted_from_the_first_arrival(self, tmp_path: Path):
        assert 19_440_161 * SECOND > HORIZON
        assert rows(load_workload(written(tmp_path, BURSTGPT_8)))[0][0] == 0

    def test_what_was_read_is_told(self, tmp_path: Path):
        assert load_workload(written(tmp_path, BURSTGPT_6)).notices == (
            "t.csv: read 2 requests (BurstGPT CSV); 1 failed row skipped (0 response tokens)",
        )
        assert load_workload("notebook").notices == ()


HEAD = "arrival_time,input_tokens,output_tokens\n"
AZURE_HEAD = "TIMESTAMP,ContextTokens,GeneratedTokens\n"
WRONG = {
    "": "found an empty file, expected a trace",
    "\r\n \n": "found an empty file, expected a trace",
    HEAD: "found no request to replay (no rows), expected at least one",
    "time,in,out\n1,2,3\n": "1: found 'time,in,out', expected the columns or keys of one of csv, "
    "azure, mooncake, burstgpt, vidur, vllm-bench, vllm-log "
    "(such as arrival_time,input_tokens,output_tokens)",
    '{"a": 1}': "1: found '{\"a\": 1}', expected the columns or keys of one of csv, azure, "
    "mooncake, burstgpt, vidur, vllm-bench, vllm-log "
    "(such as arrival_time,input_tokens,output_tokens)",
    "\x1b[2J": "1: found '\\x1b[2J', expected the columns or keys of one of csv, azure, "
    "mooncake, burstgpt, vidur, vllm-bench, vllm-log "
    "(such as arrival_time,input_tokens,output_tokens)",
    HEAD + "1,2,3\n1,2": "3: found 2 fields, expected 3 as in the head",
    HEAD + "1,2,3,4": "2: found 4 fields, expected 3 as in the head",
    "arrival_time,input_tokens,output_tokens,input_tokens\n": "1: found the column 'input_tokens' "
    "twice in 'arrival_time,input_tokens,output_tokens,input_tokens', expected it once",
    HEAD + "\n1,2,3\n-1,2,3": "4: arrival_time: found -1, expected a time that is not negative",
    HEAD + "nan,2,3": "2: arrival_time: found 'nan', expected a number of seconds",
    HEAD + "inf,2,3": "2: arrival_time: found 'inf', expected a number of seconds",
    HEAD + "1_0,2,3": "2: arrival_time: found '1_0', expected a number of seconds",
    HEAD + "1.,2,3\n.,2,3": "3: arrival_time: found ., expected a number of seconds",
    HEAD + ",2,3": "2: arrival_time: found nothing, expected a number of seconds",
    HEAD + "1e999999999,2,3": "2: arrival_time: found 1e999999999, expected a number of seconds",
    HEAD + f"{'1' * 61},2,3": f"2: arrival_time: found '{'1' * 57}...', "
    "expected a number of seconds",
    HEAD + "٣,2,3": "2: arrival_time: found '٣', expected a number of seconds",
    HEAD + "1,2.0,3": "2: input_tokens: found 2.0, expected a whole number >= 0",
    HEAD + "1,x,3": "2: input_tokens: found 'x', expected a whole number >= 0",
    HEAD + "1,-2,3": "2: input_tokens: found -2, expected a whole number >= 0",
    HEAD + "1,٣,3": "2: input_tokens: found '٣', expected a whole number >= 0",
    HEAD + "1,2147483648,3": "2: input_tokens: found 2147483648, "
    "expected a whole number <= 2147483647",
    HEAD + f"1,{'9' * 5000},3": f"2: input_tokens: found '{'9' * 57}...', "
    "expected at most 60 digits",
    HEAD + "1,2,3\n1,2,": "3: output_tokens: found nothing, expected a whole number >= 1",
    HEAD + "1,2,0": "2: output_tokens: found 0, expected a whole number >= 1",
    HEAD + '1,2,"3': "2: found broken CSV (unexpected end of data), expected valid CSV",
    HEAD + f'1,2,"{"3" * 200_000}"': "2: found broken CSV (field larger than field limit "
    "(131072)), expected valid CSV",
    HEAD + "0,1,1\n9300000,1,1": "3: found an arrival over 106 days from the first one, "
    "where the clock ends",
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
    AZURE_HEAD + "2023-11-16 18:17:03.98,1,0": "2: GeneratedTokens: found 0, "
    "expected a whole number >= 1",
    MOONCAKE + '{"timestamp": 1': "5: found broken JSON (Expecting ',' delimiter), "
    "expected a JSON object",
    MOONCAKE + "[1]": "5: found a list, expected a JSON object",
    MOONCAKE + "[" * 100_000: "5: found broken JSON (maximum recursion depth exceeded while "
    "decoding a JSON array from a unicode string), expected a JSON object",
    MOONCAKE + '{"timestamp": 1, "input_length": 2}': "5: output_length: found nothing, "
    "expected a number",
    MOONCAKE + '{"timestamp": "1", "input_length": 2, "output_length": 3}': "5: timestamp: found "
    "'1', expected a number",
    MOONCAKE + '{"timestamp": true, "input_length": 2, "output_length": 3}': "5: timestamp: found "
    "true, expected a number",
    MOONCAKE + '{"timestamp": -1, "input_length": 2, "output_length": 3}': "5: timestamp: found "
    "-1, expected a time that is not negative",
    MOONCAKE + '{"timestamp": NaN, "input_length": 2, "output_length": 3}': "5: timestamp: found "
    "'NaN', expected a number of milliseconds",
    MOONCAKE + '{"timestamp": 1, "input_length": 2.0, "output_length": 3}': "5: input_length: "
    "found 2.0, expected a whole number >= 0",
    MOONCAKE + '{"timestamp": 1, "input_length": 2, "output_length": 0}': "5: output_length: "
    "found 0, expected a whole number >= 1",
    json.dumps(VLLM_BENCH | {"start_times": None}): "found no list start_times, expected a result "
    "saved with --save-detailed",
    json.dumps(VLLM_BENCH | {"input_lens": [1]}): "found 3 start_times, 1 input_lens, "
    "3 output_lens, expected as many of each",
    json.dumps(VLLM_BENCH | {"output_lens": [1, -2, 3]}): "request 1: output_lens: found -2, "
    "expected a whole number >= 0",
    json.dumps(VLLM_BENCH | {"output_lens": [0, 0, 0]}): "found no request to replay (3 failed "
    "rows skipped (no output tokens)), expected at least one",
    json.dumps(VLLM_BENCH) + "{}": "found broken JSON (Extra data), expected a JSON object",
}


class TestWrongFiles:
    @pytest.mark.parametrize(("text", "sentence"), WRONG.items(), ids=range(len(WRONG)))
    def test_a_wrong_file_is_refused_with_this_sentence(
        self, tmp_path: Path, text: str, sentence: str
    ):
        path = written(tmp_path, text)
        between = ":" if sentence[0].isdigit() else ": "
        assert refusal(path) == f"{path}{between}{sentence}"

    def test_a_wrong_value_far_down_is_told_with_its_line(self, tmp_path: Path):
        text = HEAD + "1,2,3\n" * 2500 + "\n1,2,x\n" + "1,2,3\n" * 2500
        assert refusal(written(tmp_path, text)) == (
            f"{tmp_path}/t.csv:2503: output_tokens: found 'x', expected a whole number >= 1"
        )

    def test_bytes_that_are_not_utf8(self, tmp_path: Path):
        path = written(tmp_path, HEAD.encode() + b"1,2,3\n1,2,\xff\n")
        assert refusal(path) == f"{path}:3: found bytes that are not UTF-8, expected UTF-8 text"

    @pytest.mark.parametrize("name", ["t.csv.gz", "t.csv"])
    def test_damaged_gzip(self, tmp_path: Path, name: str):
        content = gzip.compress((HEAD + "".join(f"{k},{k},1\n" for k in range(50_000))).encode())
        for damaged in (content[:-20], content[:1000] + b"\0" * 1000 + content[2000:]):
            path = written(tmp_path, damaged, name)
            assert refusal(path).startswith(f"{path}: found damaged gzip data (")

    def test_an_ending_does_not_make_gzip(self, tmp_path: Path):
        assert rows(load_workload(written(tmp_path, PLAIN, "t.csv.gz")))[0] == (0, 1, 2)

    @pytest.mark.parametrize("head", ["", HEAD, AZURE_HEAD, MOONCAKE, '{"timestamp": ', "[", '"'])
    def test_a_huge_line_gives_one_short_sentence(self, tmp_path: Path, head: str):
        started = time.perf_counter()
        assert len(refusal(written(tmp_path, head + "1" * 10_000_000))) < 400 + len(str(tmp_path))
        assert time.perf_counter() - started < 5

    def test_a_line_without_end_is_not_read_to_its_end(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr("tui_batching.workload.traces.text.LONGEST_LINE", 100)
        path = written(tmp_path, HEAD + "1,2," + "3" * 100)
        assert refusal(path) == (
            f"{path}:2: found a line of more than 100 bytes, expected shorter lines"
        )

    def test_what_cannot_be_read(self, tmp_path: Path):
        os.mkfifo(tmp_path / "pipe.csv")
        assert refusal(tmp_path / "no.csv").endswith("no.csv: found no such file, expected a trace")
        assert refusal(tmp_path / "pipe.csv").endswith("found a device or a pipe, expected a trace")
        (tmp_path / "folder.csv").mkdir()
        assert refusal(tmp_path / "folder.csv").endswith("found a folder, expected a trace")
        assert "embedded null" in refusal("a/\0.csv")

    def test_nothing_of_a_name_reaches_the_terminal(self, tmp_path: Path):
        workload = load_workload(written(tmp_path, PLAIN, "\x1b[2J.csv"))
        assert workload.name == r"\x1b[2J"
        assert all(notice.isprintable() for notice in workload.notices)


class TestInWorkloadFiles:
    def yaml(self, folder: Path, requests: str) -> Workload:
        return load_workload(written(folder, f"requests: {requests}\n", "w.yaml"))

    def test_a_relative_path_is_in_the_folder_of_the_workload(self, tmp_path: Path):
        (tmp_path / "traces").mkdir()
        written(tmp_path / "traces", BURSTGPT_6)
        workload = self.yaml(tmp_path, "{trace: traces/t.csv}")
        assert (workload.name, len(workload.requests)) == ("w", 2)
        assert workload == self.yaml(tmp_path, "{trace: traces/t.csv, format: burstgpt}")

    def test_it_may_not_leave_the_folder_unless_it_is_absolute(self, tmp_path: Path):
        inner = tmp_path / "inner"
        inner.mkdir()
        path = written(tmp_path, PLAIN)
        (inner / "link.csv").symlink_to(path)
        for trace in ("../t.csv", "link.csv", "a/../../t.csv"):
            with pytest.raises(InputError) as error:
                self.yaml(inner, f"{{trace: {trace}}}")
            assert str(error.value) == (
                f"{inner}/w.yaml:1: requests.trace: found '{trace}', "
                "expected a path that stays in the file's folder, or an absolute one"
            )
        assert len(self.yaml(inner, f"{{trace: {path}}}").requests) == 3

    def test_options_are_read(self, tmp_path: Path):
        written(tmp_path, PLAIN)
        workload = self.yaml(
            tmp_path,
            "{trace: t.csv, limit: 2, start: 0s, duration: 2s, speed: 0.5, max_input: 2, "
            "max_output: 5, over: clip}",
        )
        assert rows(workload) == [(0, 2, 4), (0, 2, 5)]

    @pytest.mark.parametrize(
        ("requests", "sentence"),
        {
            "{trace: t.csv, generate: {}}": "requests.generate: found generate beside trace, "
            "expected either generate or trace",
            "{limit: 5}": "requests: found the unknown key 'limit', expected generate",
            "{trace: t.csv, speed: 0}": "requests.speed: found 0, expected a number > 0",
            "{trace: t.csv, over: cut}": "requests.over: found 'cut', expected one of clip, drop",
            "{trace: t.csv, max_output: 0}": "requests.max_output: found 0, "
            "expected a whole number >= 1",
            "{trace: t.csv, duration: 0}": "requests.duration: found 0, "
            "expected a duration longer than zero",
            "{trace: t.csv, format: xml}": "requests.format: found 'xml', expected one of csv, "
            "azure, mooncake, burstgpt, vidur, vllm-bench, vllm-log",
            "{trace: t.csv, lmit: 5}": "requests: found the unknown key 'lmit', expected one of "
            "generate, trace, format, limit, start, duration, speed, max_input, max_output, over "
            "(did you mean 'limit'?)",
            "{trace: [t.csv]}": "requests.trace: found a list, expected text",
        }.items(),
    )
    def test_a_wrong_key_is_refused_with_this_sentence(
        self, tmp_path: Path, requests: str, sentence: str
    ):
        with pytest.raises(InputError) as error:
            self.yaml(tmp_path, requests)
        assert str(error.value) == f"{tmp_path}/w.yaml:1: {sentence}"

    def test_a_missing_trace_is_told_with_the_workloads_line(self, tmp_path: Path):
        with pytest.raises(InputError) as error:
            self.yaml(tmp_path, "{trace: t.csv}")
        assert str(error.value) == (
            f"{tmp_path}/w.yaml:1: requests.trace: {tmp_path}/t.csv: found no such file, "
            "expected a trace"
        )

    def test_a_format_that_the_file_has_not(self, tmp_path: Path):
        written(tmp_path, PLAIN)
        workload = self.yaml(tmp_path, "{trace: t.csv, format: azure}")
        with pytest.raises(InputError, match=r"t.csv:1: found the column 'TIMESTAMP' nowhere in"):
            _ = workload.requests

    def test_text_alone_looks_in_the_working_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        written(tmp_path, PLAIN)
        monkeypatch.chdir(tmp_path)
        assert len(parse_workload("requests: {trace: t.csv}", "w.yaml").requests) == 3


EIGHT = HEAD + "".join(f"{10 + k},{k},{10 * k + 1}\n" for k in range(8))


class TestOptions:
    def replayed(self, folder: Path, *settings: str, text: str = EIGHT) -> Workload:
        path = written(folder, text)
        return apply_settings(load_workload(path), [f"workload.{each}" for each in settings])

    @pytest.mark.parametrize(
        ("settings", "ids", "told"),
        [
            (["limit=3"], [0, 1, 2], "read 3 requests (plain CSV); stopped at the limit of 3"),
            (["limit=9"], list(range(8)), "read 8 requests (plain CSV)"),
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
                "stopped at the limit of 1; 1 row outside of the window from 1s on skipped",
            ),
            (["speed=2.5"], list(range(8)), "replayed at 2.5 times the speed"),
        ],
    )
    def test_options_take_a_part_and_say_so(
        self, tmp_path: Path, settings: list[str], ids: list[int], told: str
    ):
        workload = self.replayed(tmp_path, *settings)
        assert workload.requests.id.tolist() == ids
        assert workload.requests.arrival_time[0] == 0
        assert told in workload.notices[0]

    def test_clipped_lengths(self, tmp_path: Path):
        workload = self.replayed(tmp_path, "max_output=51", "max_input=6")
        assert workload.requests.input_tokens.tolist() == [0, 1, 2, 3, 4, 5, 6, 6]
        assert workload.requests.output_tokens.tolist() == [1, 11, 21, 31, 41, 51, 51, 51]

    def test_speed_is_exact(self, tmp_path: Path):
        text = HEAD + "0,1,1\n0.000000000001,1,1\n0.000000000003,1,1\n1,1,1\n"
        times = [0, 1, 2, SECOND // 2]  # halves up
        workload = self.replayed(tmp_path, "speed=2", text=text)
        assert workload.requests.arrival_time.tolist() == times
        workload = self.replayed(tmp_path, "speed=0.1", text=text)
        assert workload.requests.arrival_time.tolist() == [0, 10, 30, 10 * SECOND]

    def test_speed_can_bring_a_long_trace_within_the_clock(self, tmp_path: Path):
        text = HEAD + "0,1,1\n93000000,1,1\n"
        assert "over 106 days" in refusal(written(tmp_path, text))
        workload = self.replayed(tmp_path, "speed=100", text=text)
        assert workload.requests.arrival_time[-1] == 930_000 * SECOND
        assert "t.csv:3: found an arrival" in refusal(
            written(tmp_path, EIGHT), "workload.speed=1e-12"
        )

    def test_rows_in_disorder_lose_none(self, tmp_path: Path):
        text = HEAD + "5,1,1\n3,2,2\n4,3,3\n"
        workload = self.replayed(tmp_path, text=text)
        assert rows(workload) == [(0, 2, 2), (SECOND, 3, 3), (2 * SECOND, 1, 1)]
        assert "t.csv: found an arrival" in refusal(
            written(tmp_path, HEAD + "9000000,1,1\n18000000,1,1\n0,1,1\n")
        )

    def test_reading_ends_at_the_limit(self, tmp_path: Path):
        text = EIGHT + "20,1,1\n" * 10_000 + "broken"
        assert "t.csv:10010: found 1 fields" in refusal(written(tmp_path, text))
        assert len(self.replayed(tmp_path, "limit=9", text=text).requests) == 9

    def test_nothing_left_is_told_with_the_reasons(self, tmp_path: Path):
        path = written(tmp_path, EIGHT)
        assert refusal(path, "workload.start=1h") == (
            f"{path}: found no request to replay (8 rows outside of the window from 3600s on "
            "skipped), expected at least one"
        )

    def test_more_requests_than_fit(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("tui_batching.workload.traces.selection.MAX_COUNT", 7)
        path = written(tmp_path, EIGHT)
        assert "found more than 7 requests" in refusal(path)
        assert len(self.replayed(tmp_path, "limit=7").requests) == 7

    def test_only_a_trace_has_them(self):
        with pytest.raises(InputError) as error:
            apply_settings(load_workload("notebook"), ["workload.limit=5"])
        assert str(error.value) == (
            "--set workload.limit=5: found a workload without a trace, "
            "expected another key: only a trace has this one"
        )


class TestAsASource:
    def test_count_and_rate_apply_to_what_was_read(self, tmp_path: Path):
        source = load_workload(written(tmp_path, EIGHT)).source
        assert source.rate == 1
        assert source.seed is None
        changed = source.with_rate(2).with_count(3)
        assert changed.make_requests().arrival_time.tolist() == [0, SECOND // 2, SECOND]
        assert changed == source.with_count(3).with_rate(2) != source
        assert changed.rate == 2
        assert source.at_load(1, 0) is source
        assert source.at_load(2, 5) == source.with_rate(2)
        with pytest.raises(InputError, match="a trace has no seed"):
            source.with_seed(1)
        with pytest.raises(InputError, match=r"found 9, expected a whole number from 1 to 8"):
            source.with_count(9).make_requests()
        with pytest.raises(InputError, match=r"^rate: found nan"):
            source.with_rate(float("nan"))

    def test_a_file_is_read_once(self, tmp_path: Path):
        path = written(tmp_path, EIGHT)
        source = load_workload(path).source
        requests = source.make_requests()
        path.unlink()
        assert source.make_requests() is requests
        assert source.with_rate(3).rate == pytest.approx(3)
        assert source.notices

    def test_it_travels_to_other_processes(self, tmp_path: Path):
        workload = load_workload(written(tmp_path, EIGHT))
        for copied in (pickle.loads(pickle.dumps(workload)) for _ in range(2)):
            assert copied == workload
            assert rows(copied) == rows(workload)

    def test_progress_is_told(self, tmp_path: Path):
        text = HEAD + "1,2,3\n" * 100_000
        for content in (text.encode(), gzip.compress(text.encode())):
            shares: list[float] = []
            load_workload(written(tmp_path, content)).source.make_requests(shares.append)
            assert len(shares) >= 4
            assert shares == sorted(shares)
            assert 0 < shares[0] <= shares[-1] <= 1


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
