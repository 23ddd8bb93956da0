"""What real engines do with one workload, side by side, and what they refuse."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from engine_steps import iterations

from tui_batching.analysis.breakdown import breakdown
from tui_batching.analysis.tokens import token_times
from tui_batching.clock import MICROSECOND, MILLISECOND
from tui_batching.cost import IterationCost, LinearCost
from tui_batching.errors import InputError
from tui_batching.requests import Requests
from tui_batching.sim.run import Run
from tui_batching.strategies import (
    STRATEGIES,
    Continuous,
    FastGen,
    Orca,
    SgLang,
    Strategy,
    TensorRtLlm,
    Tgi,
    Vllm,
    VllmV0,
)
from tui_batching.strategies.engine import EngineStrategy

COST = IterationCost(8 * MILLISECOND, 50 * MICROSECOND, MICROSECOND // 10, first_token="prefill")
MICRO = Requests.from_columns(
    np.array([0, 0, 0, 0, 100, 110]) * MILLISECOND,
    [50, 50, 50, 50, 2000, 60],
    [40, 40, 40, 40, 10, 10],
)
"""Four decode; a long prompt comes, and a short one behind it."""
CHUNKED = TensorRtLlm(max_num_tokens=512, enable_chunked_prefill=True)
ENGINES = [kind for kind in STRATEGIES.values() if issubclass(kind, EngineStrategy)]


def worst_gap(run: Run) -> int:
    """The longest time between two tokens of one of the four."""
    times = [column.tolist() for block in token_times(run, 4) for column in block][:4]
    return max(after - before for row in times for before, after in pairwise(row))


def first_token_after(run: Run, row: int) -> int:
    return int(run.first_token_time[row] - run.requests.arrival_time[row])


def milliseconds(time: int) -> float:
    """To a tenth, halves up."""
    return int(Fraction(time * 10, MILLISECOND) + Fraction(1, 2)) / 10


@pytest.mark.parametrize(
    ("strategy", "worst", "long", "short"),
    [
        (Continuous(256), 127.5, 115.8, 116.8),
        (TensorRtLlm(8, capacity_scheduler_policy="static_batch"), 8.2, 349.9, 339.9),
        (Orca(), 108.2, 108.4, 109.9),
        (TensorRtLlm(), 108.2, 108.4, 109.9),
        (Tgi(), 116.5, 108.2, 117.7),
        (CHUNKED, 32.4, 144.8, 134.8),
        (FastGen(), 46.5, 128.1, 118.1),
        (
            Vllm(max_num_batched_tokens=512, async_scheduling=False),
            33.8,
            135.0,
            134.9,
        ),
        (SgLang(chunked_prefill_size=512), 151.8, 134.9, 133.5),
        (VllmV0(), 127.5, 108.2, 109.2),
    ],
    ids=lambda value: value.name if isinstance(value, Strategy) else "",
)
def test_the_micro_workload(strategy: Strategy, worst: float, long: float, short: float) -> None:
    run = strategy.serve(MICRO, COST)
    found = worst_gap(run), first_token_after(run, 4), first_token_after(run, 5)
    assert tuple(map(milliseconds, found)) == (worst, long, short)


def test_chunks_protect_those_who_decode_but_not_in_sglang() -> None:
    order = (CHUNKED, Orca(), Tgi(), SgLang(chunked_prefill_size=512))
    gaps = [worst_gap(strategy.serve(MICRO, COST)) for strategy in order]
    assert gaps == sorted(set(gaps))


@pytest.mark.parametrize(
    ("strategy", "parts"),
    [
        (Orca(), [(2000, 4), (60, 5)]),
        (Tgi(), [(2000, 0), (60, 0)]),
        (CHUNKED, [(480, 4)] * 4 + [(140, 4)]),
        (FastGen(), [(764, 4), (764, 4), (532, 4)]),
        (SgLang(chunked_prefill_size=512), [(512, 0)] * 4 + [(12, 0)]),
        (VllmV0(), [(2000, 0), (60, 0)]),
    ],
    ids=lambda value: value.name if isinstance(value, Strategy) else "",
)
def test_the_long_prompt_is_cut_as_each_engine_cuts(
    strategy: Strategy, parts: list[tuple[int, int]]
) -> None:
    """Tokens of the two prompts in an iteration, and how many decode beside them."""
    found = []
    for one in iterations(strategy.serve(MICRO, COST)):
        tokens = sum(tokens for who, tokens, decodes in one.work if who >= 4 and not decodes)
        if tokens:
            found.append((tokens, sum(decodes for *_, decodes in one.work)))
    assert found == parts


def drawn(count: int, *, asked: int | None = None) -> Requests:
    """A chat load that comes faster than it is served; clients may ask for more than they get."""
    random = np.random.default_rng(3)
    arrival = np.cumsum(random.integers(0, 60, count)) * MILLISECOND
    prompt, answer = random.integers(20, 200, count), random.integers(10, 80, count)
    limit = None if asked is None else np.maximum(answer, asked)
    return Requests.from_columns(arrival, prompt, answer, max_tokens=limit)


@pytest.mark.parametrize("kind", ENGINES, ids=lambda kind: kind.about.name)
def test_who_reserves_pays_for_what_clients_ask_for(kind: type[EngineStrategy]) -> None:
    engine = with_pool(kind(), 1_600)
    exact, more = drawn(60), drawn(60, asked=250)
    slower = engine.serve(more, COST).total_time - engine.serve(exact, COST).total_time
    reserves = {"orca", "tgi", "tensorrt-llm", "sglang"}
    assert (slower > 0) == (engine.name in reserves)


def test_prefill_first_makes_thrash_of_what_decodes_first_makes_flow_of() -> None:
    requests = drawn(60)
    v0, v1 = (with_pool(kind(), 800).serve(requests, COST) for kind in (VllmV0, Vllm))
    assert v0.evictions.sum() > 3 * v1.evictions.sum() > 0
    assert v0.total_time > v1.total_time


def test_full_memory_without_promises_serves_more() -> None:
    requests = drawn(60, asked=250)
    promised = with_pool(TensorRtLlm(), 1_600).serve(requests, COST)
    taken = TensorRtLlm(capacity_scheduler_policy="max_utilization", kv_cache_tokens=1_600).serve(
        requests, COST
    )
    assert taken.total_time < promised.total_time
    assert taken.evictions.any()
    assert not promised.evictions.any()


def test_the_ratio_makes_newcomers_wait_for_company() -> None:
    requests = drawn(60)
    waits = [
        int((run.start_time - requests.arrival_time).sum())
        for run in (
            Tgi(waiting_served_ratio=ratio, max_waiting_tokens=1000).serve(requests, COST)
            for ratio in (0.0, 0.3, 1.2)
        )
    ]
    assert waits == sorted(set(waits))


def with_pool(engine: Strategy, tokens: int) -> Strategy:
    name = next(
        parameter.name
        for parameter in engine.about.parameters
        if "kv_cache_tokens" in {parameter.name, *parameter.aliases}
    )
    return engine.with_parameter(name, tokens)


@pytest.mark.parametrize("kind", ENGINES, ids=lambda kind: kind.about.name)
def test_every_engine_takes_slots_and_memory_by_the_common_names(
    kind: type[EngineStrategy],
) -> None:
    names = {name for each in kind.about.parameters for name in (each.name, *each.aliases)}
    assert {"batch_size", "kv_cache_tokens"} <= names
    assert kind().with_slots(3).slots == 3


@pytest.mark.parametrize("kind", ENGINES, ids=lambda kind: kind.about.name)
def test_the_profiles_memory_is_that_of_every_engine(kind: type[EngineStrategy]) -> None:
    requests = drawn(40)
    known = IterationCost(COST.base, COST.per_token, COST.per_context_token, kv_cache_tokens=1_600)
    by_profile, by_hand = kind().serve(requests, known), with_pool(kind(), 1_600)
    assert by_profile.end_time.tolist() == by_hand.serve(requests, COST).end_time.tolist()
    assert by_profile.kv
    assert by_profile.kv.at_end.max() * by_profile.kv.block_size <= 1_600
    assert kind().serve(requests, COST).kv is None


@pytest.mark.parametrize("kind", ENGINES, ids=lambda kind: kind.about.name)
def test_a_prefill_makes_the_first_token_whatever_the_cost_says(
    kind: type[EngineStrategy],
) -> None:
    requests = drawn(20)
    textbook, real = LinearCost(), LinearCost(first_token="prefill")
    runs = [kind().serve(requests, cost) for cost in (textbook, real)]
    assert runs[0].first_token_time.tolist() == runs[1].first_token_time.tolist()
    assert (runs[0].first_token_time[:1] == runs[0].stays.ready_time[:1]).all()


@pytest.mark.parametrize(
    ("engine", "sentence"),
    [
        (
            Orca(kv_cache_tokens=100),
            (
                "request 8: found 130 tokens of prompt and max_tokens to keep in memory, "
                "expected at most 100, as there are 100 blocks of 1 tokens"
            ),
        ),
        (
            Tgi(max_batch_total_tokens=100),
            (
                "request 8: found 130 tokens of prompt and max_tokens to keep in memory, "
                "expected at most 81, as there are 5 blocks of 16 tokens"
            ),
        ),
        (
            SgLang(kv_cache_tokens=131),
            (
                "request 8: found 130 tokens of prompt and max_tokens to keep in memory, "
                "expected at most 129, as there are 131 blocks of 1 tokens, "
                "2 of which stay free"
            ),
        ),
        (
            Tgi(max_batch_prefill_tokens=110),
            (
                "request 8: found a prompt of 120 tokens, "
                "expected at most the 110 of an iteration, as prompts are not cut"
            ),
        ),
        (
            VllmV0(max_num_batched_tokens=125),
            (
                "request 8: found 130 tokens of prompt and max_tokens, "
                "expected at most the 125 of an iteration, as one who is evicted comes back whole"
            ),
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Strategy) else "",
)
def test_what_can_never_be_served_is_refused(engine: Strategy, sentence: str) -> None:
    requests = Requests.from_columns([0, 1], [20, 120], [10, 5], [7, 8], max_tokens=[10, 10])
    with pytest.raises(InputError) as told:
        engine.serve(requests, COST)
    assert str(told.value) == sentence


@pytest.mark.parametrize(
    ("engine", "sentence"),
    [
        (
            TensorRtLlm(capacity_scheduler_policy="static_batch", enable_chunked_prefill=True),
            "found a static_batch with chunked prefill",
        ),
        (
            TensorRtLlm(max_num_tokens=31, enable_chunked_prefill=True),
            "found a max_num_tokens of 31, expected at least the 32 tokens of a block",
        ),
        (
            SgLang(page_size=3, chunked_prefill_size=64),
            "found a chunked_prefill_size of 64, expected a multiple of the page_size of 3",
        ),
    ],
    ids=["static", "budget", "page"],
)
def test_settings_that_do_not_go_together_are_refused(engine: Strategy, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        engine.serve(MICRO, COST)


@pytest.mark.parametrize("kind", ENGINES, ids=lambda kind: kind.about.name)
def test_a_prompt_of_nothing_and_a_prefill_for_nothing_are_refused(
    kind: type[EngineStrategy],
) -> None:
    with pytest.raises(InputError, match="request 0: found a prompt of 0 tokens"):
        kind().serve(Requests.from_columns([0], [0], [1]), COST)
    with pytest.raises(InputError, match="found a cost whose prefill takes no time"):
        kind().serve(MICRO, LinearCost(0))


@pytest.mark.parametrize("kind", ENGINES, ids=lambda kind: kind.about.name)
def test_beyond_the_clock_is_refused(kind: type[EngineStrategy]) -> None:
    years = IterationCost(10**18)
    with pytest.raises(InputError, match="106 days"):
        kind().serve(Requests.from_columns([0], [1], [100]), years)


@pytest.mark.parametrize(
    ("engine", "there", "missing"),
    [
        (Orca(max_batch_size=4), {"slots"}, {"memory", "evicted", "recompute"}),
        (Orca(kv_cache_tokens=800), {"memory"}, {"slots", "evicted", "recompute"}),
        (Tgi(waiting_served_ratio=1.2), {"turn", "stalled"}, {"memory", "slots"}),
        (VllmV0(kv_cache_tokens=800), {"memory", "evicted", "recompute"}, {"slots"}),
        (FastGen(kv_cache_tokens=800), {"memory", "stalled"}, {"slots"}),
        (SgLang(kv_cache_tokens=800), {"memory", "stalled"}, {"slots"}),
    ],
    ids=["slots", "memory", "turn", "evicted", "skipped", "estimate"],
)
def test_a_latency_tells_what_was_missing(
    engine: Strategy, there: set[str], missing: set[str]
) -> None:
    totals = breakdown(engine.serve(drawn(60), COST)).totals
    assert {name for name, total in totals.items() if total} >= there
    assert not any(totals[name] for name in missing)
