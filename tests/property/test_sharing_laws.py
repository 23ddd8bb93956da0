"""Laws of what requests share: the tree of streams says what the hashes of a trace say."""

from __future__ import annotations

import json
from itertools import combinations, takewhile
from pathlib import Path

import pytest
from contents import shared_tokens
from hypothesis import given
from hypothesis import strategies as st
from traces import written

from tui_batching.workload import apply_settings, load_workload

BLOCK = 4

hashes = st.lists(st.integers(0, 2), max_size=30)
"""So few different ones that rows part and meet again everywhere."""
rows = st.lists(st.tuples(hashes, st.integers(0, BLOCK - 1)), min_size=1, max_size=10)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("traces")


@given(rows=rows)
def test_two_rows_share_the_blocks_up_to_the_first_hash_that_differs(
    folder: Path, rows: list[tuple[list[int], int]]
):
    lengths = [max(0, BLOCK * len(ids) - short) for ids, short in rows]
    lines = [
        {"timestamp": k, "input_length": length, "output_length": 1, "hash_ids": ids}
        for k, ((ids, _), length) in enumerate(zip(rows, lengths, strict=True))
    ]
    path = written(folder, "\n".join(map(json.dumps, lines)))
    workload = apply_settings(load_workload(path), [f"workload.hash_block={BLOCK}"])
    for one, other in combinations(range(len(rows)), 2):
        pairs = zip(rows[one][0], rows[other][0], strict=False)
        alike = len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
        expected = min(BLOCK * alike, lengths[one], lengths[other])
        assert shared_tokens(workload.requests, one, other) == expected
    streams = workload.requests.streams
    assert len(streams) <= len(rows)
    assert not (streams.start % BLOCK).any()
