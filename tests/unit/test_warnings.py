"""What is said about Runs that go beyond their costs or the accelerator's memory."""

from __future__ import annotations

from dataclasses import replace

from workloads_for_laws import workload_of

from tui_batching.analysis.warnings import warnings
from tui_batching.cost import AffineCost, Profile
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Continuous, Dynamic, Orca, SgLang, Static, Strategy, Vllm
from tui_batching.workload import apply_settings, load_workload

PROFILE = Profile("gpu-1", "one", "measured", batch=(1, 2), context=(5, 20))
COST = AffineCost(decode_base=10**9, prefill_base=1, kv_cache_tokens=43, profile=PROFILE)


def said(
    rows: list[tuple[int, int, int]], *strategies: Strategy, cost: AffineCost = COST
) -> tuple[str, ...]:
    workload = workload_of(rows, cost)
    found = warnings(simulate(workload, strategy) for strategy in strategies)
    return tuple(warned.sentence for warned in found)


def test_nothing_is_said_within_all_ranges_ends_included():
    """In the 15th step the two prompts and 14 tokens for each are held: padding grows, too."""
    assert said([(0, 5, 15), (0, 10, 10)], Static(2), Dynamic(2), Continuous(2)) == ()


def test_contexts_beyond_the_range_are_told_once_for_all_strategies():
    found = said([(0, 4, 1), (0, 5, 16), (0, 5, 1)], Static(1), Continuous(1))
    assert " | ".join(found) == (
        "gpu-1 holds for contexts of 5 to 20 tokens; those of 2 of 3 requests lie beyond, "
        "at 4 to 21"
    )


def test_a_larger_batch_is_told_for_the_strategy_that_runs_it():
    cost = replace(COST, kv_cache_tokens=None)
    assert said([(0, 5, 2)] * 3, Static(2), Continuous(5), cost=cost) == (
        "continuous: gpu-1 holds for batches of 1 to 2; here they reach 3",
    )


def test_more_tokens_than_fit_are_told_with_the_peak():
    """Two prompts of 14 and the five tokens that each has made before its sixth step."""
    cost = replace(COST, kv_cache_tokens=37)
    assert said([(0, 14, 6)] * 2, Static(2), Continuous(1), cost=cost) == (
        "static: at 5.00 ms the running requests hold 38 tokens; the KV cache has room for 37",
    )


def test_costs_of_no_profile_have_no_range():
    assert said([(0, 500, 2)] * 9, Static(9), cost=AffineCost(decode_base=1)) == ()


def test_who_heeds_memory_is_not_told_that_it_holds_too_much():
    """Continuous batching holds 19 x 2 tokens at once; engines wait or evict, or have their own."""
    rows = [(0, 14, 6)] * 2
    cost = replace(COST, kv_cache_tokens=37, profile=None)
    engines = (Vllm(max_num_seqs=2, block_size=1), SgLang(), Orca(2, kv_cache_tokens=100))
    assert len(said(rows, Continuous(2), cost=cost)) == 1
    assert said(rows, *engines, cost=cost) == ()


def test_first_tokens_that_are_made_in_two_ways_are_told():
    """The textbook's cost makes them by decode steps; engines always by the prefill."""
    workload = replace(load_workload("notebook"), strategies=(Static(), Continuous(), Vllm()))
    runs = [simulate(workload, strategy) for strategy in workload.strategies]
    told = [warned.sentence for warned in warnings(runs) if warned.about == "first tokens"]
    (sentence,) = told
    assert sentence == (
        "the prefill makes the first token of vllm, as in real engines, and the first decode step "
        "that of static, continuous: cost.first_token=prefill compares like with like"
    )
    assert not [w for w in warnings(runs[:2]) if w.about == "first tokens"]
    alike = apply_settings(workload, ["cost.first_token=prefill"])
    runs = [simulate(alike, strategy) for strategy in alike.strategies]
    assert not [w for w in warnings(runs) if w.about == "first tokens"]
