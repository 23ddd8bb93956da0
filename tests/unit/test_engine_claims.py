"""What is said of the engines: each sentence where it holds, where it does not, and where it is
not said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from stage import MS, palette, texts

from tui_batching.analysis.claims import CHECKS, CLEARLY, Claim, claims
from tui_batching.analysis.comparison import Comparison, compare
from tui_batching.analysis.tokens import token_gaps
from tui_batching.charts.learn import learn_rows
from tui_batching.charts.pen import Pen
from tui_batching.clock import MICROSECOND
from tui_batching.cost import IterationCost
from tui_batching.sim.run import Run
from tui_batching.sim.stays import Ended
from tui_batching.strategies import (
    STRATEGIES,
    Continuous,
    FastGen,
    Orca,
    SgLang,
    Static,
    Strategy,
    TensorRtLlm,
    Tgi,
    Vllm,
    VllmV0,
    spelled,
)
from tui_batching.workload import ListedRequests, Requests, Workload, apply_settings, load_workload

COST = IterationCost(base=8 * MS, per_token=50 * MICROSECOND, per_context_token=MICROSECOND // 10)
SEVEN = (Vllm(), VllmV0(), SgLang(), Tgi(), TensorRtLlm(), FastGen(), Orca())


def long_prompt(*strategies: Strategy, prompt: int = 2000, memory: int | None = None) -> Comparison:
    """Four make tokens, a long prompt comes, and a short one behind it."""
    arrival = np.array([0, 0, 0, 0, 100, 110]) * MS
    requests = Requests.from_columns(arrival, [50] * 4 + [prompt, 60], [40] * 4 + [10, 10])
    cost = replace(COST, kv_cache_tokens=memory)
    return compare(
        Workload("long prompt", ListedRequests(requests), cost=cost, strategies=strategies)
    )


def tight(
    *strategies: Strategy, memory: int = 800, rate: float = 27, seed: int = 42, settings: str = ""
) -> Comparison:
    """The notebook's requests, driven until memory is short."""
    workload = replace(load_workload("notebook"), cost=COST, strategies=strategies, slo=None)
    keys = (f"workload.rate={rate}", f"workload.seed={seed}", f"cost.kv_cache_tokens={memory}")
    return compare(apply_settings(workload, [*keys, *settings.split()]))


def said(check: str, comparison: Comparison, name: str) -> Claim | None:
    return CHECKS[check](comparison, comparison[name])


def checked(check: str, comparison: Comparison, name: str) -> Claim:
    claim = said(check, comparison, name)
    assert claim is not None
    return claim


# Gaps between tokens. The numbers are those of the micro workload in the engines' oracle.


def test_chunks_keep_the_gaps_short():
    claim = checked(
        "short_gaps", long_prompt(Vllm(8, 512), SgLang(chunked_prefill_size=512)), "vllm"
    )
    assert claim.holds
    assert claim.text.startswith("vllm cuts prompts into chunks")
    assert claim.detail.startswith("the longest gap is 33.8 ms against 152 ms with sglang")


def test_chunks_of_nothing_keep_nothing_short():
    claim = checked("short_gaps", long_prompt(Vllm(), Tgi(), prompt=300), "vllm")
    assert not claim.holds
    assert claim.detail.endswith("no prompt was longer than what an iteration has room for")


def test_chunks_as_long_as_the_prompts_change_nothing():
    claim = checked("short_gaps", long_prompt(Vllm(8, 2003), Orca()), "vllm")
    assert not claim.holds
    assert "the longest iteration with prompts takes 108 ms against 108 ms" in claim.detail


def test_chunks_are_compared_only_with_whole_prompts_or_prompts_alone():
    assert said("short_gaps", long_prompt(Vllm(8, 512), FastGen()), "vllm") is None
    assert said("short_gaps", long_prompt(Vllm(8, 512), Static(2)), "vllm") is None
    assert said("short_gaps", long_prompt(TensorRtLlm(), Tgi()), "tensorrt-llm") is None
    chunked = TensorRtLlm(max_num_tokens=512, enable_chunked_prefill=True)
    assert checked("short_gaps", long_prompt(chunked, Tgi()), "tensorrt-llm").holds


@pytest.mark.parametrize(
    ("engine", "gap"), [(VllmV0(), "128 ms"), (Tgi(), "116 ms"), (SgLang(), "152 ms")]
)
def test_prompts_alone_make_the_longest_gap_longer(engine: Strategy, gap: str):
    engine = SgLang(chunked_prefill_size=512) if isinstance(engine, SgLang) else engine
    claim = checked("freezes", long_prompt(engine, Vllm(8, 512)), engine.name)
    assert claim.holds
    assert (
        claim.text
        == f"{engine.name} stops everybody for prompts, which makes the longest gap longer."
    )
    assert claim.detail.startswith(f"the longest gap is {gap} against 33.8 ms with vllm")
    assert re.search(
        r"; stalled for [\d.]+ ms on average, where vllm is slowed for [\d.]+ ms$", claim.detail
    )


def test_stops_that_are_no_longer_than_steps_with_prompts_cost_nothing():
    chat = replace(load_workload("chat"), strategies=(Tgi(), Vllm()))
    claim = checked("freezes", compare(chat), "tgi")
    assert not claim.holds
    assert claim.detail.startswith("the longest gap is 228 ms against 226 ms with vllm")
    assert claim.detail.endswith(": its prompts take at most 206 ms an iteration")


def test_a_stop_is_compared_only_with_who_does_not_stop():
    assert said("freezes", long_prompt(Tgi(), VllmV0()), "tgi") is None
    assert said("freezes", long_prompt(Tgi(prefill_chunking=True), Vllm()), "tgi") is None
    assert said("freezes", long_prompt(Tgi(), Static(2)), "tgi") is None


@pytest.mark.parametrize("engine", [Orca(), TensorRtLlm()])
def test_a_long_prompt_lengthens_one_iteration(engine: Strategy):
    claim = checked("lengthened", long_prompt(engine), engine.name)
    assert claim.holds
    assert claim.detail == (
        "the longest one takes 108 ms for 2,000 prompt tokens beside the decodes, one without "
        "prompts 8.30 ms on average"
    )
    short = checked("lengthened", long_prompt(engine, prompt=5), engine.name)
    assert not short.holds
    assert short.detail.endswith(": that is hardly longer")


def test_where_all_come_at_once_nothing_is_lengthened():
    requests = Requests.from_columns([0, 0], [50, 50], [5, 5])
    together = compare(Workload("", ListedRequests(requests), cost=COST, strategies=(Orca(),)))
    claim = checked("lengthened", together, "orca")
    assert not claim.holds
    assert claim.detail == "no prompt was processed while others made tokens"


def test_steps_of_equal_length_are_steadiest_and_cost_first_tokens():
    claim = checked("steadiest", long_prompt(FastGen(), Orca(), Tgi()), "fastgen")
    assert claim.holds
    assert claim.detail.startswith("the longest gap is 46.5 ms against 116 ms with tgi")
    assert "mean time to first token 53.0 ms" in claim.detail
    beaten = checked("steadiest", long_prompt(FastGen(), Vllm(8, 512), Tgi()), "fastgen")
    assert not beaten.holds
    assert "46.5 ms against 33.8 ms with vllm" in beaten.detail
    assert beaten.detail.endswith(
        "the longest iteration with prompts takes 46.5 ms against 33.8 ms"
    )
    alike = checked("steadiest", long_prompt(FastGen(), Orca(), prompt=5), "fastgen")
    assert alike.detail.endswith(": all are about as steady")
    assert said("steadiest", long_prompt(FastGen()), "fastgen") is None


def test_a_gap_of_an_evicted_request_is_not_laid_on_prompts():
    comparison = tight(*SEVEN, settings="token_budget=512 max_num_seqs=256")
    evicted, left_out = "that was evicted waits", "without a block of memory is left out for"
    for check, name, why in (
        ("short_gaps", "vllm", evicted),
        ("freezes", "vllm-v0", evicted),
        ("steadiest", "fastgen", left_out),
    ):
        claim = checked(check, comparison, name)
        assert not claim.holds
        assert f"with {name} a request {why} " in claim.detail


# First tokens and joining


def test_first_tokens_come_soonest_where_prompts_go_first():
    rag = replace(
        load_workload("rag"), cost=COST, strategies=(SgLang(), Tgi(), FastGen()), slo=None
    )
    comparison = compare(apply_settings(rag, ["workload.rate=9.6"]))
    claim = checked("first_tokens", comparison, "sglang")
    assert claim.holds
    assert claim.detail.endswith("with fastgen")
    later = checked("first_tokens", long_prompt(SgLang(chunked_prefill_size=512), Orca()), "sglang")
    assert not later.holds
    assert later.detail.endswith(": requests wait 15.2 ms for their turn on average")
    same = checked("first_tokens", long_prompt(SgLang(), VllmV0(), prompt=50), "sglang")
    assert same.detail.endswith(": that is about the same")
    assert said("first_tokens", long_prompt(SgLang(), Static(2)), "sglang") is None


def test_newcomers_gather_where_many_come():
    rag = replace(load_workload("rag"), cost=COST, strategies=(Tgi(), Vllm()), slo=None)
    many = checked("gathers", compare(apply_settings(rag, ["workload.rate=9.6"])), "tgi")
    assert many.holds
    assert "those who make tokens are stopped" in many.detail
    few = checked("gathers", long_prompt(Tgi(), FastGen()), "tgi")
    assert not few.holds
    assert few.detail.startswith("those who make tokens are stopped 2 times, for 2 prompts; ")
    assert few.detail.endswith(": most come alone")
    assert said("gathers", long_prompt(Tgi(prefill_chunking=True), Vllm()), "tgi") is None
    assert said("gathers", long_prompt(Tgi()), "tgi") is None


# Memory


@pytest.mark.parametrize("engine", [Orca(), Tgi(), TensorRtLlm()])
def test_who_reserves_never_evicts_and_admits_fewer(engine: Strategy):
    comparison = tight(engine, Vllm())
    claim = checked("reserves", comparison, engine.name)
    assert claim.holds
    assert not comparison[engine.name].run.evictions.any()
    times = int(comparison["vllm"].run.evictions.sum())
    assert claim.detail.endswith(f"with vllm, which evicts {times} times")
    assert said("evicts", comparison, engine.name) is None


def test_where_memory_or_slots_are_no_matter_reserving_costs_nothing():
    ample = checked("reserves", tight(Orca(), Vllm(), memory=100_000), "orca")
    assert not ample.holds
    assert ample.detail.endswith(": nobody waits for memory")
    few = checked("reserves", tight(Orca(2), Vllm(2), memory=800), "orca")
    assert not few.holds
    assert "nobody waits for memory" in few.detail or "for slots longer" in few.detail
    assert said("reserves", long_prompt(Orca(), Vllm()), "orca") is None
    assert said("reserves", tight(Orca(), Tgi()), "orca") is None
    unfair = TensorRtLlm(capacity_scheduler_policy="max_utilization")
    assert said("reserves", tight(unfair, Vllm()), "tensorrt-llm") is None


@pytest.mark.parametrize(
    "engine", [Vllm(), VllmV0(), TensorRtLlm(capacity_scheduler_policy="max_utilization")]
)
def test_the_last_admitted_is_evicted_and_done_again(engine: Strategy):
    for seed in range(42, 50):
        comparison = tight(engine, memory=700, rate=40, seed=seed)
        claim = checked("evicts", comparison, engine.name)
        run = comparison[engine.name].run
        assert claim.holds is bool(run.evictions.any()), claim
        assert last_ones_go(run)
        if claim.holds:
            assert f"{again(run):,} tokens are processed for those who come back" in claim.detail


def last_ones_go(run: Run) -> bool:
    stays = run.stays
    for stay in np.flatnonzero(stays.ended == Ended.EVICTED):
        there = (stays.start_time < stays.end_time[stay]) & (stays.end_time > stays.end_time[stay])
        if (stays.start_time[there] > stays.start_time[stay]).any():
            return False
    return True


def again(run: Run) -> int:
    """Prompt tokens of all stays that are not the first one of their request."""
    seen: set[int] = set()
    tokens = 0
    for stay, request in enumerate(run.stays.request.tolist()):
        if request in seen:
            tokens += int(run.chunks.tokens[run.chunks.stay == stay].sum())
        seen.add(request)
    return tokens


def test_by_priority_it_is_not_the_last_who_goes():
    requests = Requests.from_columns(
        [0, 1 * MS, 2 * MS], [100, 100, 100], [100, 100, 100], priority=[9, 0, 0]
    )
    workload = Workload("", ListedRequests(requests), cost=replace(COST, kv_cache_tokens=480))
    chosen = (Vllm(policy="priority"), Vllm())
    by_priority, by_arrival = (
        checked("evicts", compare(replace(workload, strategies=(each,))), "vllm") for each in chosen
    )
    assert by_arrival.holds
    assert not by_priority.holds
    assert "were not the last ones admitted" in by_priority.detail


def test_where_memory_is_ample_nobody_is_evicted_and_it_is_told_how_much_was_taken():
    comparison = tight(Vllm(), memory=100_000)
    claim = checked("evicts", comparison, "vllm")
    run = comparison["vllm"].run
    assert run.kv is not None
    most = max(run.kv.at_start.max(), run.kv.at_end.max())
    assert claim == Claim(
        claim.text,
        holds=False,
        detail=f"nobody was evicted: at most {most:,} of 6,249 blocks of memory are taken",
    )
    assert said("evicts", long_prompt(Vllm()), "vllm") is None


def test_a_bet_on_short_answers_evicts_less():
    comparison = tight(SgLang(), VllmV0(), Vllm())
    claim = checked("bets", comparison, "sglang")
    assert claim.holds
    assert claim.detail.startswith("it evicts nobody, vllm-v0 ")
    ample = checked("bets", tight(SgLang(), Vllm(), memory=100_000), "sglang")
    assert not ample.holds
    assert ample.detail.startswith("nobody is evicted, with vllm neither: at most ")
    assert said("bets", tight(SgLang(), Orca()), "sglang") is None


def test_prefill_first_thrashes_where_memory_is_short():
    comparison = tight(VllmV0(), Vllm())
    claim = checked("thrashes", comparison, "vllm-v0")
    ours, theirs = (comparison[name].run.evictions for name in ("vllm-v0", "vllm"))
    assert claim.holds
    assert ours.sum() > theirs.sum()
    assert claim.detail.endswith(f"one request is evicted {ours.max()} times")
    ample = checked("thrashes", tight(VllmV0(), Vllm(), memory=100_000), "vllm-v0")
    assert not ample.holds
    assert said("thrashes", tight(VllmV0()), "vllm-v0") is None


def test_a_lane_that_ignores_memory_is_compared_only_where_memory_is_no_matter():
    short, ample = (tight(SgLang(), Continuous(32), memory=memory) for memory in (800, 100_000))
    assert said("first_tokens", short, "sglang") is None
    assert said("tail", short, "continuous") is None
    assert said("first_tokens", ample, "sglang") is not None
    assert said("tail", ample, "continuous") is not None


# All of them


@pytest.mark.parametrize("seed", range(6))
def test_every_claim_tells_numbers_or_a_reason_on_any_load_and_memory(seed: int):
    draw = np.random.default_rng(seed)
    rate, memory = float(draw.uniform(3, 60)), int(draw.integers(600, 3000))
    comparison = tight(*SEVEN, Static(4), Continuous(8), rate=rate, memory=memory, seed=seed)
    found = claims(comparison)
    assert len(found) > 10
    for claim in found:
        assert claim.text.endswith(".")
        assert any(letter.isdigit() for letter in claim.detail), claim
        assert "nan" not in claim.detail
        assert claim.holds or ": " in claim.detail, claim
        assert not claim.detail.endswith((": ", " "))
    for name in ("orca", "tgi", "tensorrt-llm"):
        assert not comparison[name].run.evictions.any()
    for name in ("vllm-v0", "sglang", "tgi"):
        claim = said("freezes", comparison, name)
        rivals = [token_gaps(comparison[each].run).largest for each in ("orca", "tensorrt-llm")]
        if claim and claim.holds:
            assert token_gaps(comparison[name].run).largest * (1 - CLEARLY) > min(rivals)


def test_every_check_is_named_by_a_lesson():
    named = {name for kind in STRATEGIES.values() for name in kind.about.lesson.claims}
    assert named == set(CHECKS)


@pytest.mark.parametrize("width", [60, 80, 120, 160])
@pytest.mark.parametrize("count", [1, 3, 4, 7])
def test_the_lesson_of_engines_is_whole_at_every_width(width: int, count: int):
    comparison = tight(*SEVEN[:count])
    rows = texts(learn_rows(comparison, Pen(width, palette())))
    assert {len(row) for row in rows} == {width}
    half = width // 2 - 1 if width >= 150 else width
    words = squeezed(row[:half] for row in rows)
    for strategy in SEVEN[:count]:
        lesson = strategy.about.lesson
        assert spelled(strategy.name) in words
        for text in (lesson.idea, lesson.used_in, lesson.complexity, lesson.price):
            for word in text.split():
                assert word in words
    claimed = squeezed(row[half:] if width >= 150 else row for row in rows)
    for claim in claims(comparison):
        assert claim.text in claimed
        assert claim.detail in claimed


def squeezed(rows: Sequence[str]) -> str:
    return " ".join(" ".join(rows).split())


def test_columns_are_wide_enough_to_read_and_blocks_about_equal():
    def names_by_row(width: int) -> list[int]:
        rows = texts(learn_rows(tight(*SEVEN), Pen(width, palette())))
        heads = [row[: width // 2 - 1] if width >= 150 else row for row in rows]
        titles = {f"{strategy.about.mark} {spelled(strategy.name)} " for strategy in SEVEN}
        return [count for row in heads if (count := sum(title in row for title in titles))]

    assert names_by_row(80) == [2, 2, 3]
    assert names_by_row(120) == [3, 4]
    assert names_by_row(160) == [2, 2, 3]
