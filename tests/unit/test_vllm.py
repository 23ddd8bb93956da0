"""vLLM as a strategy: its settings in files and on the command line, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tui_batching.analysis.breakdown import breakdown
from tui_batching.clock import HORIZON
from tui_batching.cost import Cost, IterationCost, LinearCost
from tui_batching.errors import InputError
from tui_batching.requests import Requests
from tui_batching.sim.run import Run
from tui_batching.sim.simulate import simulate
from tui_batching.sim.spans import SpanKind
from tui_batching.strategies import Continuous, Vllm
from tui_batching.workload import apply_settings, load_workload, parse_workload

COST = IterationCost(10, 1)
FILE = """
requests: [{arrival_time: 0, input_tokens: 5, output_tokens: 3}]
strategies:
  vllm: {%s}
"""


def serve(
    rows: list[tuple[int, int, int]], cost: Cost = COST, priority: Any = None, **settings: Any
) -> Run:
    columns = zip(*rows, strict=True)
    requests = Requests.from_columns(*map(list, columns), priority=priority)
    return Vllm(**settings).serve(requests, cost)


def read(text: str) -> Vllm:
    (engine,) = parse_workload(FILE % text, "w.yaml").strategies
    assert isinstance(engine, Vllm)
    return engine


def test_files_and_settings_know_its_own_names_and_those_of_others() -> None:
    assert read("") == Vllm()
    assert read(
        "batch_size: 8, enable_chunked_prefill: false, policy: priority, watermark: 0.25, "
        "max_model_len: 100, kv_cache_tokens: none"
    ) == Vllm(8, enable_chunked_prefill=False, policy="priority", watermark=0.25, max_model_len=100)
    workload = replace(load_workload("notebook"), strategies=(Continuous(), Vllm()))
    continuous, engine = apply_settings(
        workload, ["batch_size=8", "vllm.kv_cache_tokens=4096", "vllm.async_scheduling=false"]
    ).strategies
    assert continuous == Continuous(8)
    assert engine == Vllm(8, kv_cache_tokens=4096, async_scheduling=False)
    (_, engine) = apply_settings(workload, ["vllm.batch_size=9", "max_model_len=none"]).strategies
    assert engine == Vllm(9)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("watermark: 1", "watermark: found 1, expected a number >= 0 and < 1"),
        ("async_scheduling: yes", "async_scheduling: found yes, expected one of true, false"),
        ("max_model_len: 1", "max_model_len: found 1, expected a whole number >= 2"),
        ("batch_size: 0", "batch_size: found 0, expected a whole number >= 1"),
        (
            "max_num_seqs: 1, batch_size: 2",
            "batch_size: found the key a second time (first in line 4), expected it once",
        ),
        (
            "max_num_seq: 1",
            (
                "found the unknown key 'max_num_seq', expected one of max_num_seqs, "
                "max_num_batched_tokens, block_size, enable_chunked_prefill, "
                "long_prefill_token_threshold, policy, scheduler_reserve_full_isl, watermark, "
                "async_scheduling, enable_prefix_caching, max_model_len, kv_cache_tokens "
                "(did you mean 'max_num_seqs'?)"
            ),
        ),
    ],
)
def test_a_wrong_setting_is_refused_with_this_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        read(text)
    where = "w.yaml:4: strategies.vllm" + (": " if "unknown" in sentence else ".")
    assert str(refused.value) == where + sentence


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"max_num_batched_tokens": 255},
            "found a max_num_batched_tokens of 255, expected at least the max_num_seqs of 256",
        ),
        (
            {"enable_chunked_prefill": False, "max_model_len": 4096},
            (
                "found a max_num_batched_tokens of 2048, "
                "expected at least the max_model_len of 4096 without chunked prefill"
            ),
        ),
        (
            {"long_prefill_token_threshold": 101, "max_model_len": 100},
            (
                "found a long_prefill_token_threshold of 101, "
                "expected at most the max_model_len of 100"
            ),
        ),
        (
            {"max_model_len": 90},
            "request 1: found a prompt of 90 tokens, expected fewer than the max_model_len of 90",
        ),
        (
            {"max_num_batched_tokens": 80, "max_num_seqs": 2, "enable_chunked_prefill": False},
            (
                "request 1: found a prompt of 90 tokens, "
                "expected at most the max_num_batched_tokens of 80 without chunked prefill"
            ),
        ),
        (
            {"kv_cache_tokens": 112},
            (
                "request 1: found 99 tokens of prompt and answer to keep in memory, "
                "expected at most 96, in 6 blocks of 16"
            ),
        ),
        (
            {"kv_cache_tokens": 31},
            (
                "request 0: found 5 tokens of prompt and answer to keep in memory, "
                "expected at most 0, in 0 blocks of 16"
            ),
        ),
    ],
)
def test_what_can_never_be_served_is_refused(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        serve([(0, 3, 3), (0, 90, 10)], **settings)
    assert str(refused.value) == sentence


def test_a_request_that_just_fits_is_served() -> None:
    """The last token is never computed, so it takes no memory."""
    run = serve([(0, 90, 7)], kv_cache_tokens=112)
    assert run.kv
    assert (run.kv.blocks, run.kv.at_end.max()) == (6, 6)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"watermark": 1.0}, "watermark: found 1.0, expected a number >= 0 and < 1"),
        ({"async_scheduling": 2}, "async_scheduling: found 2, expected one of true, false"),
        ({"max_model_len": 1}, "max_model_len: found 1, expected a whole number >= 2"),
    ],
)
def test_python_is_refused_the_same(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        Vllm(**settings)
    assert str(refused.value) == sentence


def test_further_refusals() -> None:
    with pytest.raises(InputError, match="request 0: found a prompt of 0 tokens, expected at"):
        serve([(0, 0, 1)])
    with pytest.raises(InputError, match="found a cost whose prefill takes no time"):
        serve([(0, 1, 1)], LinearCost(prefill_per_token=0))
    with pytest.raises(InputError, match="the simulation would last beyond the clock's horizon"):
        serve([(0, 1, 9)], IterationCost(HORIZON // 4))
    with pytest.raises(InputError, match="the simulation would last beyond the clock's horizon"):
        serve([(0, 9, 2)], IterationCost(0, HORIZON))
    with pytest.raises(InputError, match=r"request 0: found 9 tokens to compute at once, expect"):
        serve(
            [(0, 9, 1)],
            enable_chunked_prefill=False,
            max_num_batched_tokens=8,
            max_num_seqs=8,
            long_prefill_token_threshold=4,
        )


def test_a_pool_comes_from_the_strategy_or_else_from_the_cost() -> None:
    rows = [(0, 5, 3)]
    assert serve(rows).kv is None
    by_cost = serve(rows, replace(COST, kv_cache_tokens=160)).kv
    own = serve(rows, replace(COST, kv_cache_tokens=160), kv_cache_tokens=80, block_size=8).kv
    assert by_cost
    assert own
    assert (by_cost.blocks, by_cost.block_size, own.blocks, own.block_size) == (9, 16, 9, 8)


def test_the_prefill_makes_the_first_token_whatever_the_cost_says() -> None:
    run = serve([(0, 4, 3)], LinearCost(5, 7, 2))
    assert (run.first_token_time.tolist(), run.finish_time.tolist()) == ([20], [34])
    assert run.cost.made_by_prefill
    assert run.spans.kind.tolist() == [SpanKind.PREFILL, SpanKind.DECODE]


def test_an_answer_is_cut_at_the_longest_sequence() -> None:
    run = serve([(0, 4, 30)], max_model_len=10)
    assert run.requests.output_tokens.tolist() == [6]
    assert run.finish_time.tolist() == [14 + 5 * 11]


def test_a_long_prompt_stalls_nobody_but_takes_turns_in_chunks() -> None:
    """Budget 8: one token for the one that decodes, seven of the prompt in each iteration."""
    run = serve(
        [(0, 4, 9), (10, 20, 2)], max_num_batched_tokens=8, max_num_seqs=8, async_scheduling=False
    )
    assert run.spans.kind.tolist()[:4] == [SpanKind.PREFILL] + [SpanKind.MIXED] * 3
    assert run.chunks.tokens.tolist() == [4, 7, 7, 6]
    parts = breakdown(run)
    assert parts.stalled.tolist() == [20, 0]
    assert parts.prefill.tolist() == [14, 18 + 18 + 17]
    assert parts.turn.tolist() == [0, 4]


def test_the_urgent_are_admitted_first_and_wait_in_front() -> None:
    """One slot; the third request is the most urgent and overtakes the second."""
    rows, urgency = [(0, 4, 3), (1, 4, 3), (2, 4, 3)], [1, 1, 0]
    one: dict[str, Any] = {"max_num_seqs": 1, "async_scheduling": False}
    run = serve(rows, priority=urgency, policy="priority", **one)
    assert run.start_time.tolist() == [0, 72, 36]
    assert list(run.at(20).waiting) == [2, 1]
    assert list(run.at(50).waiting) == [1]
    assert serve(rows, priority=urgency, **one).start_time.tolist() == [0, 36, 72]


def test_it_serves_a_bundled_workload() -> None:
    workload = replace(load_workload("chat"), strategies=(Vllm(max_num_seqs=8),))
    run = simulate(workload, workload.strategies[0])
    assert (run.finish_time > run.requests.arrival_time).all()
    assert (run.stays.slot < 8).all()
