"""A trace as the source of a workload: count and rate, read once, copied, with progress."""

from __future__ import annotations

import gzip
import pickle
from pathlib import Path

import pytest
from traces import EIGHT, PLAIN_HEAD, rows, written

from tui_batching.clock import SECOND
from tui_batching.errors import InputError
from tui_batching.workload import load_workload


def test_count_and_rate_apply_to_what_was_read(tmp_path: Path):
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


def test_a_file_is_read_once(tmp_path: Path):
    path = written(tmp_path, EIGHT)
    source = load_workload(path).source
    requests = source.make_requests()
    path.unlink()
    assert source.make_requests() is requests
    assert source.with_rate(3).rate == pytest.approx(3)
    assert source.notices


def test_it_travels_to_other_processes(tmp_path: Path):
    workload = load_workload(written(tmp_path, EIGHT))
    for copied in (pickle.loads(pickle.dumps(workload)) for _ in range(2)):
        assert copied == workload
        assert rows(copied) == rows(workload)


def test_progress_is_told(tmp_path: Path):
    text = PLAIN_HEAD + "1,2,3\n" * 100_000
    for content in (text.encode(), gzip.compress(text.encode())):
        shares: list[float] = []
        load_workload(written(tmp_path, content)).source.make_requests(shares.append)
        assert len(shares) >= 4
        assert shares == sorted(shares)
        assert 0 < shares[0] <= shares[-1] <= 1
