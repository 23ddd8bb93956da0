"""Laws of what requests share: the tree of streams says what the hashes of a trace say."""

from __future__ import annotations

import json
from io import StringIO
from itertools import combinations, takewhile
from pathlib import Path

import pytest
from contents import shared_tokens
from hypothesis import given
from hypothesis import strategies as st
from traces import written

from tui_batching.requests import Requests
from tui_batching.streams import Streams
from tui_batching.workload import apply_settings, load_workload
from tui_batching.workload.traces import WrittenFormat, write_trace

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


trees = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 90)), max_size=6)
"""Of each stream how far up its parent stands in the table, 0 for none, and where it parts."""
told = st.lists(
    st.tuples(st.integers(0, 99), st.integers(-1, 5), st.integers(0, 120)), min_size=1, max_size=8
)
"""Of each request its prompt, its stream and how many of its first tokens are that one's."""


@given(trees=trees, told=told, name=st.sampled_from(["mooncake", "bailian"]))
def test_hashes_that_are_written_are_read_back_as_the_same_blocks(
    folder: Path,
    trees: list[tuple[int, int]],
    told: list[tuple[int, int, int]],
    name: WrittenFormat,
):
    parents = [row - up if 0 < up <= row else -1 for row, (up, _) in enumerate(trees)]
    starts = [0 if parent < 0 else at for parent, (_, at) in zip(parents, trees, strict=True)]
    scale = 32 if name == "mooncake" else 1  # so that there are whole blocks of 512
    prompts, streams, shared = zip(*told, strict=True)
    requests = Requests.from_columns(
        range(0, 10**9 * len(told), 10**9),
        [scale * tokens for tokens in prompts],
        [1] * len(told),
        stream=[min(stream, len(trees) - 1) for stream in streams],
        stream_tokens=[scale * tokens for tokens in shared],
        streams=Streams.from_columns(parents, [scale * at for at in starts]),
    )
    out = StringIO()
    write_trace(requests, out, name)
    again = load_workload(written(folder, out.getvalue(), "t.jsonl")).requests
    for one, other in combinations(range(len(told)), 2):
        lengths = requests.input_tokens[[one, other]].tolist()
        before = min(shared_tokens(requests, one, other), *lengths)
        whole = before if before == max(lengths) else before - before % (16 * scale)
        assert shared_tokens(again, one, other) == whole


@given(told=told)
def test_groups_that_begin_alike_are_written_as_csv_and_read_back(
    folder: Path, told: list[tuple[int, int, int]]
):
    columns = prompts, streams, _ = [list(column) for column in zip(*told, strict=True)]
    requests = Requests.from_columns(
        range(0, 10**9 * len(told), 10**9),
        prompts,
        [1] * len(told),
        stream=streams,
        stream_tokens=[min(n, most + 1) * (s >= 0) for most, s, n in zip(*columns, strict=True)],
        streams=Streams.roots(6),
    )
    out = StringIO()
    write_trace(requests, out, "csv")
    again = load_workload(written(folder, out.getvalue())).requests
    assert again.stream_tokens.tolist() == requests.stream_tokens.tolist()
    for one, other in combinations(range(len(told)), 2):
        assert shared_tokens(again, one, other) == shared_tokens(requests, one, other)


def test_what_nobody_shares_is_written_as_ever() -> None:
    requests = Requests.from_columns([0, 1], [513, 600], [1, 1])
    out = StringIO()
    write_trace(requests, out, "mooncake")
    rows = [json.loads(line)["hash_ids"] for line in out.getvalue().splitlines()]
    assert rows == [[0, 1], [2, 3]]
