"""Laws of traces: what is written is read back, options take what they say, reading is total."""

from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from traces import READ, rows, written

from tui_batching.clock import HORIZON, MILLISECOND, SECOND, exact_seconds
from tui_batching.errors import InputError
from tui_batching.requests import MAX_TOKENS, Requests
from tui_batching.workload import apply_settings, load_workload
from tui_batching.workload.traces import (
    FORMATS,
    WRITTEN_FORMATS,
    TraceOptions,
    WrittenFormat,
    find_trace,
    write_trace,
)
from tui_batching.workload.traces.values import UNITS, Unit

Row = tuple[int, int, int]

times = st.one_of(
    st.integers(0, HORIZON), st.integers(0, 5), st.integers(0, 9000).map(lambda n: n * MILLISECOND)
)
EPOCH = 1_700_000_000 * SECOND
trace_rows = st.lists(
    st.tuples(times, st.integers(0, 2000), st.one_of(st.integers(1, 9), st.just(MAX_TOKENS))),
    min_size=1,
    max_size=12,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("traces")


def made(given_rows: list[Row]) -> Requests:
    return Requests.from_columns(*map(list, zip(*given_rows, strict=True)))


def from_zero(given_rows: list[Row]) -> list[Row]:
    """The rows in order of arrival, the first of which is time zero."""
    first = min(time for time, _, _ in given_rows)
    moved = [(time - first, inputs, outputs) for time, inputs, outputs in given_rows]
    return sorted(moved, key=lambda row: row[0])


@given(given_rows=trace_rows, name=st.sampled_from(WRITTEN_FORMATS), squeezed=st.booleans())
def test_what_is_written_is_read_back(
    folder: Path, given_rows: list[Row], name: WrittenFormat, squeezed: bool
):
    out = io.StringIO()
    write_trace(made(given_rows), out, name)
    content = out.getvalue().encode()
    path = written(folder, gzip.compress(content, 1) if squeezed else content)
    workload = load_workload(path)
    assert rows(workload) == from_zero(given_rows)
    title = FORMATS[name.removeprefix("aiperf-")].title
    assert title in workload.source.notices[0]


UNIT_PLACES = {"s": 12, "ms": 9, "us": 6, "ns": 3}
TABLES = [name for name, known in FORMATS.items() if known.arrival and known.results is None]


def in_format(name: str, unit: Unit, given_rows: list[Row], syntax: str) -> str:
    """The rows as somebody else writes them, in a unit or as instants."""
    known, places = FORMATS[name], UNIT_PLACES[unit]
    if known.instants:
        start = datetime(2023, 11, 16, tzinfo=UTC)
        stamps = [
            f"{start + timedelta(seconds=time // SECOND):%Y-%m-%d %H:%M:%S}.{time % SECOND:012d}"
            for time, _, _ in given_rows
        ]
    else:
        counts = [EPOCH + time for time, _, _ in given_rows]
        stamps = [f"{n // 10**places}.{n % 10**places:0{places}d}" for n in counts]
    columns = known.arrival, known.input, known.output
    keys = [each if isinstance(each, str) else each[0] for each in columns]
    keys += [key for key in known.told_by if not any(key in each for each in keys)]
    filled = [(stamp, i, o) for stamp, (_, i, o) in zip(stamps, given_rows, strict=True)]
    if syntax in ",\t":
        more = syntax + "0" if len(keys) > 3 else ""
        lines = [syntax.join(map(str, row)) + more * (len(keys) - 3) for row in filled]
        return "\r\n".join([syntax.join(keys), *lines])
    records = [as_object(dict(zip(keys, row, strict=False)), keys) for row in filled]
    return json.dumps(records) if syntax == "[" else "\n".join(map(json.dumps, records))


def as_object(flat: dict[str, object], keys: list[str]) -> dict[str, object]:
    """The object whose keys may be paths, with those that are missing filled up."""
    made: dict[str, object] = {key: "0" for key in keys if "." not in key}
    for path, value in flat.items():
        *outer, last = path.split(".")
        inner: dict[str, Any] = made
        for key in outer:
            found = inner.get(key)
            inner[key] = found if isinstance(found, dict) else {}
            inner = inner[key]
        inner[last] = value
    return made


@given(
    given_rows=trace_rows,
    name=st.sampled_from(TABLES),
    unit=st.sampled_from(UNITS),
    data=st.data(),
)
def test_every_format_is_read_in_every_unit_to_the_last_digit(
    folder: Path, given_rows: list[Row], name: str, unit: Unit, data: st.DataObject
):
    nested = any("." in each for each in (FORMATS[name].arrival, *FORMATS[name].lengths_signature))
    syntax = data.draw(st.sampled_from(["{", "["] if nested else [",", "\t", "{", "["]))
    path = written(folder, in_format(name, unit, given_rows, syntax))
    workload = apply_settings(load_workload(path), [f"workload.unit={unit}"])
    assert rows(workload) == from_zero(given_rows)
    assert FORMATS[name].title in workload.source.notices[0]


@pytest.mark.parametrize("name", TABLES)
def test_rows_without_an_answer_are_left_out_and_counted(folder: Path, name: str):
    told = [(0, 5, 0), (SECOND, 6, 2), (2 * SECOND, 7, 0), (3 * SECOND, 8, 4)]
    nested = any("." in each for each in (FORMATS[name].arrival, *FORMATS[name].lengths_signature))
    path = written(folder, in_format(name, "s", told, "{" if nested else ","))
    workload = apply_settings(load_workload(path), ["workload.unit=s"])
    assert rows(workload) == [(0, 6, 2), (2 * SECOND, 8, 4)]
    assert "; 2 failed rows skipped (" in workload.source.notices[0]


most = st.one_of(st.none(), st.integers(1, 6))
moments = st.one_of(st.none(), st.integers(1, 12))
options = st.builds(
    TraceOptions,
    limit=st.one_of(st.none(), st.integers(1, 9)),
    start=moments,
    duration=moments,
    speed=st.sampled_from([1.0, 3.0, 0.3]),
    max_input=most,
    max_output=most,
    over=st.sampled_from(["clip", "drop"]),
)
short_rows = st.lists(
    st.tuples(st.integers(0, 15), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=20
)


def slowly_selected(given_rows: list[Row], asked: TraceOptions) -> list[tuple[int, ...]]:
    """`(id, arrival, input, output)` of what is taken, one row after the other."""
    speed = Fraction(str(asked.speed))
    highest_input = MAX_TOKENS if asked.max_input is None else asked.max_input
    highest_output = MAX_TOKENS if asked.max_output is None else asked.max_output
    served = [(time, number) for number, (time, _, outputs) in enumerate(given_rows) if outputs]
    origin = min(served, default=(0, 0))[0]
    taken: list[tuple[int, ...]] = []
    for time, number in sorted(served):
        _, inputs, outputs = given_rows[number]
        offset, start = time - origin, asked.start or 0
        long = inputs > highest_input or outputs > highest_output
        if offset < start or (long and asked.over == "drop"):
            continue
        if asked.duration is not None and offset >= start + asked.duration:
            continue
        if asked.limit is not None and len(taken) == asked.limit:
            break
        taken.append((number, time, min(inputs, highest_input), min(outputs, highest_output)))
    first = min((row[1] for row in taken), default=0)
    return [
        (number, int(((time - first) / speed * 2 + 1) // 2), *tokens)
        for number, time, *tokens in taken
    ]


@given(given_rows=short_rows, asked=options)
def test_options_take_what_they_say(folder: Path, given_rows: list[Row], asked: TraceOptions):
    lines = [f"{exact_seconds(time)},{i},{o}" for time, i, o in given_rows]
    path = written(folder, "\n".join(["Timestamp,Request tokens,Response tokens", *lines]))
    source = find_trace(path, options=asked)
    expected = slowly_selected(given_rows, asked)
    with patch("tui_batching.workload.traces.layouts.ROWS_AT_ONCE", 3):
        if not expected:
            with pytest.raises(InputError, match="found no request to replay"):
                source.make_requests()
            return
        requests = source.make_requests()
    names = ("id", "arrival_time", "input_tokens", "output_tokens")
    columns = [getattr(requests, name) for name in names]
    assert requests.max_tokens.tolist() == requests.output_tokens.tolist()
    assert not requests.priority.any()
    assert list(zip(*(column.tolist() for column in columns), strict=True)) == expected
    _, report = source.trace.read()
    dropped = report.long_inputs + report.long_outputs if asked.over == "drop" else 0
    left_out = report.failed + report.outside + report.beyond + dropped
    assert report.failed == sum(not outputs for _, _, outputs in given_rows)
    assert report.requests + left_out == len(given_rows)


SAMPLES = [text.encode() for text, _ in READ.values()]
PIECES = [
    b"",
    b"\n",
    b"\r",
    b",",
    b'"',
    b"{",
    b"]",
    b"\0",
    b"\xff",
    b"-1",
    b"1e99",
    b"NaN",
    b"\x1b[",
]


@given(
    sample=st.sampled_from(SAMPLES),
    cuts=st.lists(
        st.tuples(st.integers(0, 600), st.integers(0, 9), st.sampled_from(PIECES)), max_size=4
    ),
    squeezed=st.booleans(),
    known=st.one_of(st.none(), st.sampled_from(list(FORMATS))),
)
def test_reading_is_total(
    folder: Path,
    sample: bytes,
    cuts: list[tuple[int, int, bytes]],
    squeezed: bool,
    known: str | None,
):
    content = gzip.compress(sample, 1) if squeezed else sample
    for position, length, piece in cuts:
        content = content[:position] + piece + content[position + length :]
    path = written(folder, content)
    requests: Requests | None = None
    sentence = ""
    try:
        requests = find_trace(path, known).make_requests()
    except InputError as error:
        sentence = str(error)
    if requests is None:
        assert sentence.startswith(str(path))
        assert len(sentence) < 500
    else:
        assert requests.arrival_time[0] == 0
        assert np.all(np.diff(requests.arrival_time) >= 0)
        assert requests.output_tokens.min() >= 1
