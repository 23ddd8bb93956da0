"""`--set KEY=VALUE` on a workload."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tui_batching.clock import MILLISECOND, SECOND
from tui_batching.cost import AffineCost, LinearCost
from tui_batching.errors import InputError
from tui_batching.strategies import STRATEGIES, Continuous, Dynamic, Orca, Static, Tgi
from tui_batching.workload import apply_settings, load_profile, load_workload
from tui_batching.workload.model import Workload
from tui_batching.workload.service_level import ServiceLevel

NOTEBOOK = load_workload("notebook")
LIST = load_workload("illustrative")


def test_each_strategy_has_its_parameters():
    changed = apply_settings(
        NOTEBOOK,
        [
            "static.batch_size=8",
            "dynamic.timeout=300ms",
            "dynamic.timeout_from=arrival",
            "continuous.batch_size=2",
        ],
    )
    assert changed.strategies == (
        Static(8),
        Dynamic(4, 300 * MILLISECOND, "arrival"),
        Continuous(2),
    )


def test_a_parameter_alone_goes_to_every_strategy_that_has_it():
    changed = apply_settings(NOTEBOOK, ["batch_size=8", "timeout=1s", "static.batch_size=3"])
    assert changed.strategies == (Static(3), Dynamic(8, SECOND), Continuous(8))


def test_an_alias_goes_to_every_strategy_by_its_own_name():
    engines = replace(NOTEBOOK, strategies=(Orca(), Tgi(), Static()))
    changed = apply_settings(engines, ["batch_size=8", "kv_cache_tokens=9000"])
    assert changed.strategies == (Orca(8, 9000), Tgi(9000, max_batch_size=8), Static(8))
    assert apply_settings(changed, ["tgi.max_batch_size=none"]).strategies[1] == Tgi(9000)


def test_cost_and_service_level():
    settings = ["cost.decode_step=10ms", "cost.prefill_per_token=0", "slo.tpot=40ms"]
    changed = apply_settings(LIST, [*settings, " cost.per_extra_request = 1us "])
    assert changed.cost == LinearCost(0, 10 * MILLISECOND, 10**6)
    assert changed.slo == ServiceLevel(ttft=SECOND // 2, tpot=40 * MILLISECOND, e2el=2 * SECOND)


def test_a_profile_and_a_change_of_it():
    profile = apply_settings(LIST, ["cost=h100-llama-3-8b"]).cost
    assert profile == load_profile("h100-llama-3-8b")
    changed = apply_settings(LIST, ["cost=h100-llama-3-8b", "cost.decode_base=7ms"]).cost
    assert isinstance(changed, AffineCost)
    assert changed.decode_base == 7 * MILLISECOND
    assert changed == replace(profile, decode_base=7 * MILLISECOND)
    assert changed.profile == profile.profile
    assert apply_settings(LIST, ["cost=h100-llama-3-8b", "cost=textbook"]).cost == LinearCost()


def test_requests():
    changed = apply_settings(NOTEBOOK, ["workload.seed=7", "workload.count=100", "workload.rate=5"])
    assert (changed.source.seed, len(changed.requests), changed.source.rate) == (7, 100, 5)


def test_a_list_takes_a_rate_and_a_count():
    changed = apply_settings(LIST, ["workload.rate=10", "workload.count=3"])
    # Six requests in 550 ms are 100/11 a second; at ten, the gaps are 10/11 of what they were.
    times = [round(time * SECOND / 11) for time in (0, 0.5, 1)]
    assert changed.requests.arrival_time.tolist() == times


def test_the_workload_itself_stays_as_it_is_and_shares_its_requests():
    before = NOTEBOOK.strategies
    changed = apply_settings(NOTEBOOK, ["batch_size=8"])
    assert NOTEBOOK.strategies == before
    assert changed.requests is NOTEBOOK.requests
    assert apply_settings(NOTEBOOK, []) is NOTEBOOK


ONLY_STATIC = Workload("s", LIST.source, strategies=(Static(),))
KEYS = (
    "batch_size, pad_to, timeout, timeout_from, kv_cache_tokens, static.batch_size, static.pad_to, "
    "dynamic.batch_size, dynamic.timeout, "
    "dynamic.timeout_from, continuous.batch_size, continuous.kv_cache_tokens, "
    "workload.count, workload.rate, workload.max_tokens, workload.seed, "
    "workload.prefixes, workload.turns, "
    "workload.format, workload.columns, workload.unit, workload.where, workload.result, "
    "workload.hash_block, workload.spread, workload.limit, workload.start, workload.duration, "
    "workload.busiest, workload.speed, workload.max_input, workload.max_output, workload.over, "
    "cost, cost.prefill_per_token, cost.decode_step, cost.per_extra_request, cost.first_token, "
    "cost.kv_cache_tokens, cost.per_iteration, slo, slo.ttft, slo.tpot, slo.e2el"
)


@pytest.mark.parametrize(
    ("workload", "setting", "sentence"),
    [
        (NOTEBOOK, "batch_size", "--set batch_size: found no '=', expected KEY=VALUE"),
        (
            NOTEBOOK,
            "batchsize=8",
            (
                "--set batchsize=8: found the unknown key 'batchsize', "
                f"expected one of {KEYS} (did you mean 'batch_size'?)"
            ),
        ),
        (
            NOTEBOOK,
            "static.batch_size=many",
            "--set static.batch_size=many: found 'many', expected a whole number >= 1",
        ),
        (
            NOTEBOOK,
            "static.batch_size=",
            "--set static.batch_size=: found '', expected a whole number >= 1",
        ),
        (
            NOTEBOOK,
            "dynamic.timeout=-1ms",
            "--set dynamic.timeout=-1ms: found -1ms, expected a duration that is not negative",
        ),
        (
            NOTEBOOK,
            "timeout_from=now",
            "--set timeout_from=now: found 'now', expected one of server_free, arrival",
        ),
        (
            NOTEBOOK,
            "workload.rate=0",
            "--set workload.rate=0: found 0, expected a number > 0",
        ),
        (
            NOTEBOOK,
            "workload.seed=4294967296",
            (
                "--set workload.seed=4294967296: found 4294967296, expected a whole number "
                "<= 4294967295"
            ),
        ),
        (
            NOTEBOOK,
            "cost.decode_step=0",
            "--set cost.decode_step=0: found 0, expected a duration longer than zero",
        ),
        (
            NOTEBOOK,
            "cost=h100",
            (
                "--set cost=h100: found 'h100', expected one of textbook, a100-llama-3-8b, "
                "a100-opt-13b, h100-llama-3-8b, h200-llama-3-8b, "
                "rtx4090-llama-3.1-8b, rtxpro6000-llama-3.1-8b, toy"
            ),
        ),
        (
            NOTEBOOK,
            "cost.decode_base=1ms",
            (
                "--set cost.decode_base=1ms: found a workload whose cost is linear, expected a "
                "parameter of that: prefill_per_token, decode_step, per_extra_request, "
                "first_token, kv_cache_tokens, per_iteration"
            ),
        ),
        (
            LIST,
            "workload.seed=7",
            (
                "--set workload.seed=7: a list of requests has no seed, "
                "only generated requests have one"
            ),
        ),
        (
            LIST,
            "workload.count=7",
            (
                "--set workload.count=7: found 7, expected a whole number from 1 to 6 "
                "(the length of the list)"
            ),
        ),
        (
            load_workload("summarize-burst"),
            "workload.rate=5",
            "--set workload.rate=5: all requests arrive at once, so there is no rate to change",
        ),
        (
            ONLY_STATIC,
            "timeout=1s",
            "--set timeout=1s: found a workload without dynamic, expected a parameter of static",
        ),
    ],
)
def test_a_wrong_setting_is_refused_with_this_sentence(
    workload: Workload, setting: str, sentence: str
):
    with pytest.raises(InputError) as error:
        apply_settings(workload, [setting])
    assert str(error.value) == sentence


def test_a_huge_or_dangerous_setting_is_not_echoed():
    for setting in ("x\x1b[2J=1", "x" * 10**6, "batch_size=" + "9" * 10**6):
        with pytest.raises(InputError) as error:
            apply_settings(NOTEBOOK, [setting])
        assert len(str(error.value)) < 900
        assert str(error.value).isprintable()


ENGINES = load_workload("engines")


@pytest.mark.parametrize(
    ("workload", "setting", "sentence"),
    [
        (
            NOTEBOOK,
            "continuous.max_num_seqs=8",
            (
                "found the unknown key 'continuous.max_num_seqs', expected one of "
                "continuous.batch_size, continuous.kv_cache_tokens (here it is called batch_size)"
            ),
        ),
        (
            NOTEBOOK,
            "max_num_seqs=8",
            (
                "found a workload without vllm or vllm-v0, expected a parameter of static, "
                "dynamic, continuous (here it is called batch_size)"
            ),
        ),
        (
            ENGINES,
            "fastgen.max_batch_size=8",
            (
                "found the unknown key 'fastgen.max_batch_size', expected one of "
                "fastgen.max_ragged_batch_size, fastgen.token_budget, "
                "fastgen.max_ragged_sequence_count, "
                "fastgen.batch_size, fastgen.block_size, fastgen.kv_cache_tokens "
                "(here it is called max_ragged_sequence_count)"
            ),
        ),
        (
            ENGINES,
            "orca.max_batchsize=8",
            (
                "found the unknown key 'orca.max_batchsize', expected one of orca.max_batch_size, "
                "orca.batch_size, orca.kv_cache_tokens (did you mean 'orca.max_batch_size'?)"
            ),
        ),
        (
            ENGINES,
            "timeout=8s",
            (
                "found a workload without dynamic, expected a parameter of vllm, sglang, tgi, "
                "tensorrt-llm, fastgen, vllm-v0, orca"
            ),
        ),
    ],
)
def test_a_key_of_another_strategy_is_told_what_it_is_called_here(
    workload: Workload, setting: str, sentence: str
):
    with pytest.raises(InputError) as error:
        apply_settings(workload, [setting])
    assert str(error.value) == f"--set {setting}: {sentence}"


def test_the_batch_size_is_the_number_of_slots_everywhere():
    changed = apply_settings(ENGINES, ["batch_size=7"])
    assert [strategy.slots for strategy in changed.strategies] == [7] * 7
    for name, kind in STRATEGIES.items():
        alone = replace(NOTEBOOK, strategies=(kind(),))
        (one,) = apply_settings(alone, [f"{name}.batch_size=3"]).strategies
        assert one.slots == 3
