"""What rows of traces share, by the hashes of their blocks and by their groups."""

from __future__ import annotations

import json
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import pytest
from contents import shared_tokens
from oracle import SHARED
from traces import BLIS_GROUPS, LLMSERVINGSIM, PLAIN, refusal, written

from tui_batching.requests import Requests
from tui_batching.workload import Workload, apply_settings, load_workload, parse_workload
from tui_batching.workload.serving import choose_strategies
from tui_batching.workload.traces import write_trace

HASHED: list[tuple[int, Sequence[object]]] = [
    (1200, [1, 2, 3]),
    (1100, [1, 2, 4]),  # leaves the first after two blocks
    (2000, [1, 2, 3, 5]),  # goes on where the first ends
    (1536, [1, 2, 3]),  # the first one's last block, and all of it
    (700, [9, 2]),  # a hash stands for nothing without those before it
    (300, [1]),
    (50, []),
]


def mooncake(rows: Sequence[tuple[int, Sequence[object]]], at: int = 1000) -> str:
    return "".join(
        json.dumps(
            {"timestamp": at * k, "input_length": n, "output_length": 5, "hash_ids": list(ids)}
        )
        + "\n"
        for k, (n, ids) in enumerate(rows)
    )


def loaded(folder: Path, text: str, *settings: str) -> Workload:
    changed = [f"workload.{setting}" for setting in settings]
    return apply_settings(load_workload(written(folder, text)), changed)


def table(requests: Requests) -> list[list[int]]:
    """Of each request what it shares with each one before."""
    return [[shared_tokens(requests, row, k) for k in range(row)] for row in range(len(requests))]


EXPECTED = [
    [],
    [1024],
    [1200, 1024],
    [1200, 1024, 1536],
    [0, 0, 0, 0],
    [300, 300, 300, 300, 0],
    [0, 0, 0, 0, 0, 0],
]


def test_rows_share_the_blocks_that_begin_with_the_same_hashes(tmp_path: Path) -> None:
    workload = loaded(tmp_path, mooncake(HASHED))
    assert table(workload.requests) == EXPECTED
    assert len(workload.source.notices) == 1
    lines = mooncake(HASHED).splitlines()
    (tmp_path / "list.json").write_text(f"[{','.join(lines)}]")
    assert table(load_workload(tmp_path / "list.json").requests) == EXPECTED


@pytest.mark.parametrize(
    "name",
    [str, lambda number: f"{number:064x}", lambda number: 2**64 - number, lambda number: -number],
    ids=["digits", "texts", "large", "negative"],
)
def test_hashes_may_be_texts_and_any_number_of_64_bits(tmp_path: Path, name) -> None:
    rows = [(tokens, [name(each) for each in ids]) for tokens, ids in HASHED]
    assert table(loaded(tmp_path, mooncake(rows)).requests) == EXPECTED


def test_a_table_may_have_hashes_too(tmp_path: Path) -> None:
    rows = [f'{k},{n},5,"{json.dumps(ids)}"' for k, (n, ids) in enumerate(HASHED)]
    text = "\n".join(["timestamp,input_length,output_length,hash_ids", *rows])
    assert table(loaded(tmp_path, text).requests) == EXPECTED


def test_what_is_left_of_a_trace_shares_what_it_shared(tmp_path: Path) -> None:
    text = mooncake(HASHED)
    cut = loaded(tmp_path, text, "start=1s", "max_input=1100", "limit=3", "rate=5").requests
    assert table(cut) == [[], [1024], [1024, 1100]]
    lengths = f"requests: {{lengths: {tmp_path / 't.csv'}, arrivals: {{poisson: {{rate: 2}}}}}}"
    assert table(parse_workload(lengths, "w.yaml").requests) == EXPECTED


def test_without_hashes_nothing_is_shared(tmp_path: Path) -> None:
    requests = loaded(tmp_path, PLAIN).requests
    assert (len(requests.streams), set(requests.stream.tolist())) == (0, {-1})


def test_blocks_of_another_length_are_doubted_and_can_be_told(tmp_path: Path) -> None:
    rows = [(100, [1, 2, 3, 4]), (70, [1, 2, 5])]
    workload = loaded(tmp_path, mooncake(rows, 10**6))
    assert workload.source.notices[1] == (
        "t.csv: the hashes of 2 prompts do not fit blocks of 512 tokens, so that what is shared "
        "may be wrong; workload.hash_block takes another length"
    )
    told = loaded(tmp_path, mooncake(rows, 10**6), "hash_block=32")
    assert len(told.source.notices) == 1
    assert table(told.requests) == [[], [64]]


def test_bailian_has_blocks_of_16(tmp_path: Path) -> None:
    row = '{{"chat_id": {}, "parent_chat_id": -1, "timestamp": {}, "input_length": {}, '
    row += '"output_length": 3, "type": "text", "turn": 1, "hash_ids": {}}}\n'
    text = row.format(1, 0, 40, [1, 2, 3]) + row.format(2, 1, 60, [1, 2, 3, 4])
    workload = loaded(tmp_path, text)
    assert table(workload.requests) == [[], [40]]
    assert len(workload.source.notices) == 1


def test_tokens_themselves_tell_that_an_answer_comes_again(tmp_path: Path) -> None:
    more = LLMSERVINGSIM.replace("9, 9, 5, 6, 1, 2", "9, 1, 5, 6, 1, 2").splitlines()[1]
    workload = loaded(tmp_path, LLMSERVINGSIM + more)
    assert table(workload.requests) == [[], [6], [3, 3]]
    assert len(workload.source.notices) == 1
    notices = choose_strategies(workload, ["vllm"]).notices
    assert not any("blocks of" in each for each in notices)
    part = LLMSERVINGSIM.replace('"input_toks": 4', '"input_toks": 5')
    assert table(loaded(tmp_path, part).requests) == [[], [4]]
    wrong = LLMSERVINGSIM.replace("[5, 6]", "5")
    assert "output_tok_ids: found 5, expected a list" in refusal(written(tmp_path, wrong))


def test_the_groups_of_blis_begin_alike(tmp_path: Path) -> None:
    more = "3,,sys,80,10,5,0,4500,ok\n4,,other,80,10,5,0,5500,ok\n"
    requests = loaded(tmp_path, BLIS_GROUPS + more).requests
    assert table(requests) == [[], [0], [0, 0], [80, 0, 0], [0, 0, 0, 0]]
    assert requests.input_tokens.tolist() == [110, 14, 11, 90, 90]


def test_every_table_may_have_groups(tmp_path: Path) -> None:
    text = "TIMESTAMP,ContextTokens,GeneratedTokens,prefix_group,prefix_tokens\n"
    at = "2023-11-16 00:00:0"
    rows = f"{at}0,50,10,a,60\n{at}1,90,10,a,80\n{at}2,50,10,,\n{at}3,50,9,b,0\n{at}4,70,9,a,70\n"
    requests = loaded(tmp_path, text + rows).requests
    assert table(requests) == [[], [60], [0, 0], [0, 0, 0], [60, 70, 0, 0]]
    cut = loaded(tmp_path, text + rows, "max_input=40", "max_output=8").requests
    assert cut.stream_tokens.tolist() == [40, 40, 0, 0, 40]
    assert loaded(tmp_path, text + rows, "max_output=8").requests.stream_tokens[0] == 58
    path = written(tmp_path, text + rows.replace(",60", ",61"))
    assert refusal(path) == (
        f"{path}:2: prefix_tokens: found 61, expected at most 60, the tokens of its prompt and its "
        "answer"
    )


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ([], 0),
        (["vllm.block_size=512"], 0),
        (["vllm.block_size=48"], 1),
        (["vllm.block_size=1024"], 1),
        (["workload.hash_block=48"], 0),
        (["vllm.block_size=48", "vllm.enable_prefix_caching=false"], 0),
    ],
)
def test_blocks_that_do_not_divide_those_of_the_trace_are_told(
    tmp_path: Path, settings: list[str], told: int
) -> None:
    path = written(tmp_path, mooncake(HASHED))
    workload = choose_strategies(load_workload(path), ["vllm", "vllm-v0"])
    notices = apply_settings(workload, settings).notices
    assert [("vllm: blocks of" in each) for each in notices].count(True) == told
    plain = choose_strategies(load_workload(written(tmp_path, PLAIN)), ["vllm"])
    assert not any("blocks of" in each for each in plain.notices)


@pytest.mark.parametrize(
    ("hashes", "found"),
    [
        ("5", "5"),
        ("[null]", "a list"),
        ("[[1]]", "a list"),
        ('{"a": 1}', "an object"),
        ("[2e3]", ""),
    ],
)
def test_what_is_no_list_of_hashes_is_refused(tmp_path: Path, hashes: str, found: str) -> None:
    line = '{"timestamp": 0, "input_length": 3, "output_length": 4, "hash_ids": %s}\n'
    path = written(tmp_path, line % "[]" + line % hashes)
    if not found:  # a number is a hash however it is written
        assert len(load_workload(path).requests) == 2
        return
    assert refusal(path) == (
        f"{path}:2: hash_ids: found {found}, expected a list of whole numbers or texts, a hash for "
        "each block of the prompt"
    )


def test_mooncake_itself() -> None:
    path = SHARED / "traces/mooncake_conversation_trace.jsonl"
    if not path.exists():
        pytest.skip("the trace is not there")
    workload = load_workload(path)
    rows = [json.loads(line)["hash_ids"] for line in path.open(encoding="utf-8")]
    seen: set[int] = set()
    hits = 0
    for ids in rows:
        hits += sum(each in seen for each in ids)
        seen.update(ids)
    requests = workload.requests
    # A block is found where a row's stream had it before: in its parents, or in itself so far.
    reached: dict[int, int] = {}
    found = 0
    for stream, tokens in zip(
        requests.stream.tolist(), requests.stream_tokens.tolist(), strict=True
    ):
        blocks = -(-tokens // 512)
        start = int(requests.streams.start[stream]) // 512
        before = reached.get(stream, start)
        found += min(blocks, before)
        reached[stream] = max(before, blocks)
    assert found == hits
    assert round(hits / sum(map(len, rows)), 3) == 0.366
    assert len(workload.source.notices) == 2  # read, and that its clock is coarse


def test_mooncake_is_written_as_it_was_read() -> None:
    path = SHARED / "traces/mooncake_conversation_trace.jsonl"
    if not path.exists():
        pytest.skip("the trace is not there")
    out = StringIO()
    write_trace(load_workload(path).requests, out, "mooncake")
    assert out.getvalue() == path.read_text(encoding="utf-8")
