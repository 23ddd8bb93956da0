"""A workload file that names a trace: its path and its keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from traces import BURSTGPT_6, PLAIN, rows, written

from tui_batching.errors import InputError
from tui_batching.workload import Workload, load_workload, parse_workload
from tui_batching.workload.traces import FORMATS, TraceOptions


def workload_naming(folder: Path, requests: str) -> Workload:
    return load_workload(written(folder, f"requests: {requests}\n", "w.yaml"))


def test_a_relative_path_is_in_the_folder_of_the_workload(tmp_path: Path):
    (tmp_path / "traces").mkdir()
    written(tmp_path / "traces", BURSTGPT_6)
    workload = workload_naming(tmp_path, "{trace: traces/t.csv}")
    assert (workload.name, len(workload.requests)) == ("w", 2)
    named = workload_naming(tmp_path, "{trace: traces/t.csv, format: burstgpt}")
    assert rows(named) == rows(workload)


def test_it_may_not_leave_the_folder_unless_it_is_absolute(tmp_path: Path):
    inner = tmp_path / "inner"
    inner.mkdir()
    path = written(tmp_path, PLAIN)
    (inner / "link.csv").symlink_to(path)
    for trace in ("../t.csv", "link.csv", "a/../../t.csv"):
        with pytest.raises(InputError) as error:
            workload_naming(inner, f"{{trace: {trace}}}")
        assert str(error.value) == (
            f"{inner}/w.yaml:1: requests.trace: found '{trace}', "
            "expected a path that stays in the file's folder, or an absolute one"
        )
    assert len(workload_naming(inner, f"{{trace: {path}}}").requests) == 3


def test_options_are_read(tmp_path: Path):
    written(tmp_path, PLAIN)
    workload = workload_naming(
        tmp_path,
        "{trace: t.csv, limit: 2, start: 0s, duration: 2s, speed: 0.5, max_input: 2, "
        "max_output: 5, over: clip}",
    )
    assert rows(workload) == [(0, 1, 2), (2_500_000_000_000, 2, 4)]


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
        "{trace: t.csv, format: xml}": "requests.format: found 'xml', expected one of "
        + ", ".join(FORMATS),
        "{trace: t.csv, unit: min}": "requests.unit: found 'min', expected one of s, ms, us, ns",
        "{trace: t.csv, columns: {start: a}}": "requests.columns: found the unknown key 'start', "
        "expected one of arrival, input, output, max_tokens, priority",
        "{trace: t.csv, where: {}}": "requests.where: found an empty mapping, "
        "expected at least one key",
        "{trace: t.csv, where: {model: [a]}}": "requests.where.model: found a list, "
        "expected a single value",
        "{trace: t.csv, where: model}": "requests.where: found 'model', "
        "expected a mapping, or KEY=VALUE,KEY=VALUE",
        "{trace: t.csv, busiest: 1s, start: 1s}": "requests.busiest: found start beside it, "
        "expected one window",
        "{trace: t.csv, lmit: 5}": "requests: found the unknown key 'lmit', expected one of "
        "trace, lengths, list, generate, arrivals, seed, max_tokens, "
        + ", ".join(TraceOptions.constraints)
        + " "
        "(did you mean 'limit'?)",
        "{trace: [t.csv]}": "requests.trace: found a list, expected text",
    }.items(),
)
def test_a_wrong_key_is_refused_with_this_sentence(tmp_path: Path, requests: str, sentence: str):
    with pytest.raises(InputError) as error:
        workload_naming(tmp_path, requests)
    assert str(error.value) == f"{tmp_path}/w.yaml:1: {sentence}"


def test_a_missing_trace_is_told_with_the_workloads_line(tmp_path: Path):
    with pytest.raises(InputError) as error:
        workload_naming(tmp_path, "{trace: t.csv}")
    assert str(error.value) == (
        f"{tmp_path}/w.yaml:1: requests.trace: {tmp_path}/t.csv: found no such file, "
        "expected a trace"
    )


def test_a_format_that_the_file_has_not(tmp_path: Path):
    written(tmp_path, PLAIN)
    workload = workload_naming(tmp_path, "{trace: t.csv, format: azure}")
    with pytest.raises(InputError, match=r"t.csv:1: found the column 'TIMESTAMP' nowhere in"):
        _ = workload.requests


def test_text_alone_looks_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    written(tmp_path, PLAIN)
    monkeypatch.chdir(tmp_path)
    assert len(parse_workload("requests: {trace: t.csv}", "w.yaml").requests) == 3
