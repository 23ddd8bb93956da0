"""Logs of real servers are read as facts; what is broken is refused or counted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from measured_logs import some_requests, write_bench, write_csv, write_vllm_log

from tui_batching.clock import MILLISECOND, SECOND
from tui_batching.cost import IterationCost
from tui_batching.errors import InputError
from tui_batching.measured.limits import limits_of
from tui_batching.measured.reading import read_log
from tui_batching.measured.server import META, server_of
from tui_batching.sim.run import Run
from tui_batching.strategies import Vllm

COST = IterationCost(8 * MILLISECOND, MILLISECOND // 20, 10**5)


@pytest.fixture(scope="module")
def run() -> Run:
    return Vllm().serve(some_requests(40, 20), COST)


@pytest.mark.parametrize("write", [write_vllm_log, write_csv])
def test_a_log_gives_back_what_was_measured(
    tmp_path: Path, run: Run, write: Callable[[Path, Run], Path]
) -> None:
    log = read_log(write(tmp_path / f"log{'.csv' if write is write_csv else '.jsonl'}", run))
    first = run.requests.arrival_time[0]
    assert np.array_equal(log.requests.arrival_time, run.requests.arrival_time - first)
    assert np.array_equal(log.requests.input_tokens, run.requests.input_tokens)
    assert np.array_equal(log.first_token_time, run.first_token_time - first)
    assert np.array_equal(log.finish_time, run.finish_time - first)
    assert (log.scheduled is None) is (write is write_csv)


def test_a_benchmark_tells_the_same_to_the_nanosecond(tmp_path: Path, run: Run) -> None:
    log = read_log(write_bench(tmp_path / "result.json", run))
    first = run.requests.arrival_time[0]
    assert np.abs(log.first_token_time - (run.first_token_time - first)).max() < 1000
    assert np.abs(log.finish_time - (run.finish_time - first)).max() < 1000


def lines(path: Path, run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in write_vllm_log(path, run).read_text().splitlines()]


def rewritten(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def test_failed_requests_and_missing_times_are_counted(tmp_path: Path, run: Run) -> None:
    rows = lines(tmp_path / "log.jsonl", run)
    rows[3]["output_toks"] = 0
    rows[5]["first_token_ts"] = None
    del rows[7]["last_token_ts"]
    log = read_log(rewritten(tmp_path / "log.jsonl", rows))
    assert len(log) == 39
    assert np.flatnonzero(~log.measured).tolist() == [4, 6]
    (notice,) = log.notices
    assert notice == (
        "log.jsonl: read 39 requests (vLLM request log); 1 that failed is left out, as if it had "
        "taken no time; 2 without all times are served, but not compared"
    )


@pytest.mark.parametrize(
    ("key", "by", "sentence"),
    [
        ("first_token_ts", -9999, r"log.jsonl:4: found a first_token_ts .* before scheduled_ts"),
        ("last_token_ts", -9999, r"log.jsonl:4: found a last_token_ts .* before first_token_ts"),
        ("queued_ts", 400, r"log.jsonl:4: found a request queued 400 s later after its arrival"),
        ("arrival_time", 3600, r"log.jsonl:\d+: found a request queued 3,600 s later"),
        ("first_token_ts", 10**9, r"over 106 days|before first_token_ts"),
    ],
)
def test_times_that_cannot_be_are_refused(
    tmp_path: Path, run: Run, key: str, by: float, sentence: str
) -> None:
    rows = lines(tmp_path / "log.jsonl", run)
    rows[3][key] = max(0.001, rows[3][key] + by)
    with pytest.raises(InputError, match=sentence):
        read_log(rewritten(tmp_path / "log.jsonl", rows))


def test_times_beyond_any_clock_are_refused_in_one_sentence(tmp_path: Path) -> None:
    head = "arrival_time,input_tokens,output_tokens,first_token_time,end_time\n"
    path = tmp_path / "log.csv"
    for row in ("0,5,5,1e400,2", "0,5,5,1,1e400", "1e400,5,5,1,2"):
        path.write_text(f"{head}{row}\n")
        with pytest.raises(InputError, match=r"days|d before"):
            read_log(path)


def test_two_servers_in_one_log_are_refused(tmp_path: Path, run: Run) -> None:
    """Each counts from its own start."""
    one, other = (lines(tmp_path / "log.jsonl", run) for _ in range(2))
    for row in other:
        row |= {key: row[key] + 5000 for key in row if key.endswith("_ts")}
    path = rewritten(tmp_path / "log.jsonl", [*one, *other])
    with pytest.raises(InputError, match="expected the log of one server whose clock never jumps"):
        read_log(path)


def test_a_trace_without_times_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    path.write_text("arrived_at,num_prefill_tokens,num_decode_tokens\n0,5,5\n")
    with pytest.raises(InputError, match="without measured times"):
        read_log(path)


def test_a_csv_without_the_measured_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    path.write_text("arrival_time,input_tokens,output_tokens\n0,5,5\n")
    with pytest.raises(InputError, match="found no request with all its times"):
        read_log(path)


def meta(folder: Path, **told: Any) -> None:
    (folder / "meta.json").write_text(json.dumps(told))


def test_settings_come_from_beside_the_log_and_set_goes_before_them(
    tmp_path: Path, run: Run
) -> None:
    path = write_vllm_log(tmp_path / "log.jsonl", run)
    meta(
        tmp_path,
        engine_kwargs={"max_num_seqs": 99, "max_model_len": None, "data_parallel_size": 1},
        kv_cache={"num_kv_tokens": 41408, "enable_prefix_caching": True},
        resolved_config={"scheduler_config": {"async_scheduling": False}},
    )
    server = server_of(
        read_log(path), path.with_name(META), "vllm", ["vllm.max_num_batched_tokens=4096"]
    )
    assert server.engine == Vllm(
        max_num_seqs=99,
        kv_cache_tokens=41408,
        async_scheduling=False,
        max_num_batched_tokens=4096,
    )
    assert any("prefix caching was on" in sentence for sentence in server.unlike)


def test_replicas_are_refused(tmp_path: Path, run: Run) -> None:
    path = write_vllm_log(tmp_path / "log.jsonl", run)
    meta(tmp_path, engine_kwargs={"data_parallel_size": 2})
    with pytest.raises(InputError, match="data_parallel_size: found 2, expected 1: the log does"):
        server_of(read_log(path), path.with_name(META), "vllm", [])


def test_a_setting_of_something_else_is_refused(tmp_path: Path, run: Run) -> None:
    path = write_vllm_log(tmp_path / "log.jsonl", run)
    for setting in ("workload.rate=5", "cost=textbook"):
        with pytest.raises(InputError, match=re.escape("expected a parameter of vllm")):
            server_of(read_log(path), path.with_name(META), "vllm", [setting])


def test_more_requests_at_once_than_slots_are_refused(tmp_path: Path, run: Run) -> None:
    path = write_vllm_log(tmp_path / "log.jsonl", run)
    with pytest.raises(InputError, match="is this the log of several servers"):
        server_of(read_log(path), path.with_name(META), "vllm", ["max_num_seqs=2"])


def test_slots_are_inferred_where_they_were_full(tmp_path: Path) -> None:
    served = Vllm(max_num_seqs=12).serve(some_requests(100, 5), COST)
    path = write_vllm_log(tmp_path / "log.jsonl", served)
    server = server_of(read_log(path), path.with_name(META), "vllm", [])
    assert server.engine == Vllm(max_num_seqs=12)
    assert "max_num_seqs 12: inferred" in server.notes[0]


def test_nothing_is_inferred_from_times_that_may_not_be_used(tmp_path: Path) -> None:
    """Where the limit shows in the second half alone, the first half does not know it."""
    served = Vllm(max_num_seqs=12).serve(some_requests(100, 5), COST)
    log = read_log(write_vllm_log(tmp_path / "log.jsonl", served))
    assert limits_of(log, log.first_rows(1)).slots == 12
    assert limits_of(log, log.first_rows(0.1)).slots is None


def test_memory_is_inferred_where_it_was_full(tmp_path: Path) -> None:
    served = Vllm(kv_cache_tokens=20_000).serve(some_requests(100, 5), COST)
    limits = limits_of(read_log(write_vllm_log(tmp_path / "log.jsonl", served)))
    assert limits.slots is None
    assert limits.kv_cache_tokens is not None
    assert 0.9 < limits.kv_cache_tokens / 20_000 < 1.1


def test_nothing_is_inferred_where_nobody_waits(tmp_path: Path) -> None:
    served = Vllm().serve(some_requests(30, 300), COST)
    limits = limits_of(read_log(write_vllm_log(tmp_path / "log.jsonl", served)))
    assert (limits.slots, limits.kv_cache_tokens) == (None, None)
    assert served.total_time > 100 * SECOND
