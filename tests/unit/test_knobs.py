"""The knobs: what each turn of a parameter key makes of the workload."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stage import MS, hand_made

from tui_batching.clock import SECOND, Picoseconds
from tui_batching.errors import InputError
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Continuous, Dynamic, Orca, SgLang, Static, Tgi, Vllm
from tui_batching.tui.knobs import Knobs
from tui_batching.workload import apply_settings, load_profile, load_workload

LISTED = hand_made((0, 5, 3), (40, 5, 3), (80, 5, 3))
ALL = ["static", "dynamic", "continuous"]


def sizes(knobs: Knobs) -> list[int]:
    return [strategy.batch_size for strategy in knobs.workload.strategies]


def timeout(knobs: Knobs) -> Picoseconds:
    dynamic = knobs.workload.strategy("dynamic")
    assert isinstance(dynamic, Dynamic)
    return dynamic.timeout


def arrivals_in_ms(knobs: Knobs) -> list[float]:
    return (knobs.workload.requests.arrival_time / MS).tolist()


def with_batch(size: int) -> Knobs:
    return Knobs(hand_made((0, 1, 1), strategies=[Static(size)]))


def with_timeout(of: Picoseconds) -> Knobs:
    return Knobs(hand_made((0, 1, 1), strategies=[Dynamic(2, of)]))


def test_a_batch_size_turns_in_the_lanes_meant_alone() -> None:
    knobs = Knobs(LISTED)
    assert sizes(knobs.turn_batch_size(1, ALL)) == [3, 3, 3]
    assert sizes(knobs.turn_batch_size(1, ["dynamic"])) == [2, 3, 2]
    assert sizes(knobs.turn_batch_size(-1, ["static", "continuous"])) == [1, 2, 1]
    assert sizes(knobs) == [2, 2, 2]


@pytest.mark.parametrize(
    ("size", "larger", "smaller"),
    [(1, 2, 1), (7, 8, 6), (8, 10, 7), (9, 10, 8), (16, 20, 12), (64, 80, 48), (300, 320, 256)],
)
def test_batch_sizes_grow_one_by_one_and_then_by_a_quarter(
    size: int, larger: int, smaller: int
) -> None:
    assert sizes(with_batch(size).turn_batch_size(1, ALL)) == [larger]
    assert sizes(with_batch(size).turn_batch_size(-1, ALL)) == [smaller]


def test_a_batch_size_stops_at_the_ends() -> None:
    largest = sizes(with_batch(4).turn_batch_size(99, ALL))
    assert largest == sizes(with_batch(largest[0]).turn_batch_size(1, ALL))
    assert sizes(with_batch(4).turn_batch_size(-99, ALL)) == [1]
    assert sizes(with_batch(10**6).turn_batch_size(1, ALL)) == [10**6]


@pytest.mark.parametrize(
    ("before", "longer", "shorter"),
    [
        (0, 1 * MS, 0),
        (300 * MS, 500 * MS, 200 * MS),
        (500 * MS, 1 * SECOND, 200 * MS),
        (1, 1 * MS, 0),
        (2 * SECOND, 5 * SECOND, 1 * SECOND),
    ],
)
def test_a_timeout_goes_along_1_2_5_down_to_none(
    before: Picoseconds, longer: Picoseconds, shorter: Picoseconds
) -> None:
    assert timeout(with_timeout(before).turn_timeout(1, ALL)) == longer
    assert timeout(with_timeout(before).turn_timeout(-1, ALL)) == shorter


def test_only_dynamic_has_a_timeout() -> None:
    knobs = Knobs(LISTED)
    with pytest.raises(InputError, match="only dynamic batching has a timeout"):
        knobs.turn_timeout(1, ["static", "continuous"])
    with pytest.raises(InputError, match="only dynamic batching has a timeout"):
        Knobs(hand_made((0, 1, 1), strategies=[Continuous(2)])).turn_timeout(1, ALL)


ENGINES = (
    Vllm(max_num_seqs=8, max_num_batched_tokens=64),
    SgLang(max_running_requests=8, chunked_prefill_size=48, kv_cache_tokens=1000),
    Tgi(),
    Orca(max_batch_size=4),
)
NAMES = [engine.name for engine in ENGINES]


def with_engines() -> Knobs:
    return Knobs(hand_made((0, 20, 5), (40, 30, 4), (80, 10, 3), strategies=[*ENGINES, Static(2)]))


def values(knobs: Knobs, key: str) -> list[object]:
    found = knobs.workload.strategies
    return [each.value(each.parameter_called(key).name) for each in found[:-1]]


def test_slots_turn_under_every_engine_s_own_name() -> None:
    turned = with_engines().turn_batch_size(1, NAMES)
    assert [each.slots for each in turned.workload.strategies] == [10, 10, 1_000_000, 5, 2]
    back = turned.turn_batch_size(-1, ["vllm", "tgi"])
    assert [each.slots for each in back.workload.strategies] == [8, 10, 4096, 5, 2]


def test_slots_turn_where_they_count_only_for_an_idle_server() -> None:
    knobs = Knobs(hand_made((0, 5, 3), strategies=[Tgi(max_batch_size=8, prefill_chunking=True)]))
    sizes = []
    for _ in range(3):
        knobs = knobs.turn_batch_size(-1, ["tgi"])
        sizes.append(knobs.workload.strategies[0].value("max_batch_size"))
    assert sizes == [7, 6, 5]


def test_the_budget_turns_in_those_that_have_one() -> None:
    knobs = with_engines().turn_budget(1, [*NAMES, "static"])
    assert [each.value(each.parameter_called("token_budget").name)
            for each in knobs.workload.strategies[:3]] == [96, 64, 6144]  # fmt: skip
    assert set(knobs.settings) == {f"{name}.token_budget" for name in NAMES[:3]}
    assert knobs.told("token_budget", NAMES) == "token budget: vLLM 96, SGLang 64, TGI 6,144"
    back = knobs.turn_budget(-1, NAMES[:3]).workload
    assert back.strategies == with_engines().workload.strategies
    with pytest.raises(InputError, match=r"^orca and static have no token budget$"):
        with_engines().turn_budget(1, ["orca", "static"])
    with pytest.raises(InputError, match=r"^orca has no token budget$"):
        with_engines().turn_budget(1, ["orca"])


def test_memory_is_halved_and_doubled_and_comes_back() -> None:
    knobs = with_engines()
    assert values(knobs.double_memory(NAMES), "kv_cache_tokens") == [None, 2000, None, None]
    # Two blocks of 16 and three of 16, one more for each, and two that are lent to nobody.
    halved = knobs.halve_memory(NAMES)
    assert values(halved, "kv_cache_tokens")[1] == 500
    assert all(tokens is not None for tokens in values(halved, "kv_cache_tokens"))
    again = halved.halve_memory(["sglang"]).double_memory(["sglang"])
    assert values(again, "kv_cache_tokens") == values(halved, "kv_cache_tokens")
    assert halved.restore_memory(NAMES) == knobs
    assert values(knobs.free_memory(NAMES), "kv_cache_tokens") == [None] * 4
    for turn in (Knobs.halve_memory, Knobs.double_memory, Knobs.free_memory, Knobs.restore_memory):
        with pytest.raises(InputError, match=r"^static has no KV memory to heed$"):
            turn(knobs, ["static"])


def test_memory_that_the_cost_tells_is_turned_as_well_and_is_freed() -> None:
    knobs = replace(with_engines(), settings={"cost.kv_cache_tokens": "128"})
    assert values(knobs.halve_memory(NAMES), "kv_cache_tokens") == [64, 500, 64, 64]
    assert knobs.halve_memory(["vllm"]).told("kv_cache_tokens", NAMES) == (
        "KV cache tokens: vLLM 64, SGLang 1,000, TGI 128, Orca 128"
    )
    free = knobs.free_memory(NAMES).workload
    for strategy in free.strategies[:-1]:
        run, ample = simulate(free, strategy), simulate(with_engines().workload, strategy)
        assert run.kv is not None
        assert not run.kv.short.any()
        assert run.end_time.tolist() == ample.end_time.tolist()


def test_load_scales_the_gaps_and_comes_back_exactly() -> None:
    knobs = Knobs(LISTED)
    higher = knobs.turn_load(1)
    assert arrivals_in_ms(higher) == [0, 32, 64]
    assert arrivals_in_ms(knobs.turn_load(-1)) == [0, 50, 100]
    back = higher.turn_load(1).turn_load(-1).turn_load(-1)
    assert back == knobs
    assert arrivals_in_ms(back) == [0, 40, 80]


def test_load_counts_from_the_rate_as_loaded() -> None:
    step_by_step = Knobs(LISTED)
    for _ in range(6):
        step_by_step = step_by_step.turn_load(-1)
    assert step_by_step == Knobs(LISTED).turn_load(-6)
    assert step_by_step.workload.source.rate == pytest.approx(25 * 0.8**6, rel=1e-5)


def test_load_counts_from_the_rate_that_was_set() -> None:
    knobs = Knobs(LISTED, {"workload.rate": "0.05"})
    higher = knobs.turn_load(2)
    assert higher.workload.source.rate == pytest.approx(0.05 * 1.25**2)
    assert higher.at_own_load.source.rate == 0.05
    assert higher.turn_load(-2) == knobs


def test_at_its_own_load_a_workload_keeps_all_other_settings() -> None:
    knobs = Knobs(LISTED).turn_batch_size(1, ALL)
    higher = knobs.turn_load(3)
    assert higher.at_own_load == knobs.workload
    assert higher.at_own_load.source is LISTED.source


def test_requests_that_arrive_at_once_have_no_rate() -> None:
    with pytest.raises(InputError, match="all requests of this workload arrive at once"):
        Knobs(hand_made((5, 1, 1), (5, 1, 1))).turn_load(1)


@pytest.mark.parametrize(("key", "end", "factor"), [(1, "highest", 1000), (-1, "lowest", 0.001)])
def test_a_load_stops_at_a_thousand_times_and_a_thousandth(
    key: int, end: str, factor: float
) -> None:
    knobs = Knobs(LISTED)
    last = knobs.turn_load(30 * key).turn_load(5000 * key)
    assert last.workload.source.rate == pytest.approx(25 * factor, rel=0.02)
    with pytest.raises(InputError, match=f"the load is at its {end}"):
        last.turn_load(key)
    assert last.turn_load(-31 * key) == knobs


def test_after_the_last_seed_comes_the_first() -> None:
    knobs = Knobs(apply_settings(load_workload("chat"), ["workload.seed=4294967295"]))
    assert knobs.next_seed().workload.source.seed == 0


def test_the_next_seed_draws_other_requests_and_a_list_has_none() -> None:
    knobs = Knobs(load_workload("notebook"))
    turned = knobs.next_seed().next_seed()
    assert turned.workload.source.seed == 44
    before, after = knobs.workload.requests, turned.workload.requests
    assert len(before) == len(after)
    assert before.output_tokens.tolist() != after.output_tokens.tolist()
    with pytest.raises(InputError, match="is a list of requests: it has no seed"):
        Knobs(LISTED).next_seed()


def test_a_cost_is_chosen_by_its_profile_and_given_back() -> None:
    base = load_workload("notebook")
    turned = Knobs(base).choose_cost("a100-opt-13b").choose_cost("h100-llama-3-8b")
    assert dict(turned.settings) == {"cost": "h100-llama-3-8b"}
    assert turned.workload.cost == load_profile("h100-llama-3-8b")
    assert turned.choose_cost(None) == Knobs(base)


def test_all_turns_together_are_the_settings_that_reproduce_them() -> None:
    base = load_workload("notebook")
    knobs = (
        Knobs(base).turn_load(2).next_seed().turn_batch_size(-1, ["static"]).turn_timeout(1, ALL)
    )
    assert knobs.base is base
    assert dict(knobs.settings) == {
        "workload.rate": "5.20833",
        "workload.seed": "43",
        "static.batch_size": "3",
        "dynamic.timeout": "1s",
    }
    settings = [f"{key}={value}" for key, value in knobs.settings.items()]
    assert apply_settings(base, settings) == knobs.workload
