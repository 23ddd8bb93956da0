"""The bundled accelerator profiles, and reading them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from oracle import SHARED

from tui_batching.clock import MILLISECOND
from tui_batching.cost import AffineCost, IterationCost, LinearCost
from tui_batching.errors import InputError
from tui_batching.measured.accuracy import simulated_times
from tui_batching.measured.calibration import calibrate_log
from tui_batching.measured.reading import read_log
from tui_batching.measured.server import META, server_of
from tui_batching.workload import (
    bundled_profiles,
    bundled_workloads,
    load_profile,
    load_workload,
    parse_workload,
)
from tui_batching.workload.profiles import parse_profile

KERNELS = ("a100-llama-3-8b", "h100-llama-3-8b", "h200-llama-3-8b")
STEPS = ("a100-opt-13b",)
SERVERS = ("rtx4090-llama-3.1-8b", "rtxpro6000-llama-3.1-8b")
ACCELERATORS = sorted(KERNELS + STEPS + SERVERS)
ONE = "{arrival_time: 0, input_tokens: 1, output_tokens: 1}"


def test_the_default_comes_first_and_costs_what_workloads_cost_without_any():
    assert tuple(bundled_profiles()) == ("textbook", *ACCELERATORS, "toy")
    assert load_profile("textbook") == LinearCost() == load_workload("notebook").cost


def test_the_toy_has_the_textbooks_steps_but_reads_prompts_one_after_the_other():
    toy, textbook = load_profile("toy"), load_profile("textbook")
    assert [toy.step_time(size) for size in range(1, 65)] == [
        textbook.step_time(size) for size in range(1, 65)
    ]
    alone = toy.prefill_times(np.array([100, 50, 1]))
    assert alone.tolist() == textbook.prefill_times(np.array([100, 50, 1])).tolist()
    assert toy.joint_prefill(alone.tolist()) == alone.sum() > textbook.joint_prefill(alone.tolist())


def test_profiles_are_no_workloads():
    assert not set(bundled_profiles()) & set(bundled_workloads())


@pytest.mark.parametrize("name", ACCELERATORS)
def test_an_accelerator_says_where_it_comes_from_and_holds(name: str):
    cost = load_profile(name)
    assert isinstance(cost, IterationCost if name in SERVERS else AffineCost)
    assert cost.first_token == "prefill"
    profile = cost.profile
    assert profile is not None
    assert profile.name == name
    assert profile.description
    assert ("MIT" if name in SERVERS else "Apache-2.0") in profile.source
    assert profile.kernels_only is (name in KERNELS)
    assert profile.batch is not None
    assert profile.context is not None
    assert cost.kv_cache_tokens is not None


@pytest.mark.parametrize("name", KERNELS + STEPS)
def test_coefficients_are_the_measured_ones_to_half_a_picosecond(name: str):
    path = SHARED / "hardware.json"
    if not path.is_file():
        pytest.skip("../shared/hardware.json is not beside this checkout")
    measured: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["profiles"][name]
    cost = load_profile(name)
    for phase in ("decode", "prefill"):
        for key, milliseconds in measured[phase].items():
            found = getattr(cost, f"{phase}_{key}")
            assert found == pytest.approx(milliseconds * MILLISECOND, abs=0.5), key
    assert cost.profile is not None
    errors = (cost.profile.mean_error, cost.profile.max_error)
    assert errors == (measured["mean_error"], measured["max_error"])


@pytest.mark.parametrize(
    ("name", "memory", "weights", "layers", "width"),
    [
        ("a100-llama-3-8b", 80e9, 8.03e9, 32, 8 * 128),
        ("h100-llama-3-8b", 80e9, 8.03e9, 32, 8 * 128),
        ("h200-llama-3-8b", 141e9, 8.03e9, 32, 8 * 128),
        ("a100-opt-13b", 80e9, 12.85e9, 40, 5120),
        ("rtxpro6000-llama-3.1-8b", 96e9, 8.03e9, 32, 8 * 128),
    ],
)
def test_the_kv_cache_is_what_the_weights_leave(
    name: str, memory: float, weights: float, layers: int, width: int
):
    """Nine tenths of the memory without the weights, for keys and values of two bytes."""
    tokens = (0.9 * memory - 2 * weights) / (2 * layers * width * 2)
    assert load_profile(name).kv_cache_tokens == tokens // 1000 * 1000


@pytest.mark.parametrize("text", ["h200-llama-3-8b", "{h200-llama-3-8b: {kv_cache_tokens: 5}}"])
def test_a_workload_names_a_profile_and_may_change_it(text: str):
    cost = parse_workload(f"requests: [{ONE}]\ncost: {text}", "w.yaml").cost
    assert isinstance(cost, AffineCost)
    assert cost.decode_base == 4_625_000_000
    assert cost.kv_cache_tokens == (5 if "kv" in text else 845_000)
    assert cost.profile is not None
    assert cost.profile.name == "h200-llama-3-8b"


def test_the_time_beside_kernels_is_told_with_the_name():
    cost = load_profile("h100-llama-3-8b")
    assert cost.title == "h100-llama-3-8b (kernels only)"
    assert (
        replace(cost, per_iteration=MILLISECOND).title == "h100-llama-3-8b + 1.00 ms an iteration"
    )
    assert load_profile("textbook").title == "textbook"
    assert LinearCost().title == ""


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_is_fitted_again(name: str):
    """From its log come where prices hold, how far they are off, and the same times."""
    log_file = SHARED / "serving-logs" / f"vllm-{name}" / "requests.jsonl"
    if not log_file.is_file():
        pytest.skip("the logs (../shared/serving-logs) are not beside this checkout")
    log = read_log(log_file)
    server = server_of(log, log_file.with_name(META), "vllm", [])
    fitted = parse_profile(calibrate_log(log, server, 1).profile, "fitted", name)
    bundled = load_profile(name)
    assert isinstance(bundled, IterationCost)
    assert isinstance(fitted, IterationCost)
    assert fitted.kv_cache_tokens in (bundled.kv_cache_tokens, None)
    told = (bundled.profile, fitted.profile)
    # Prices make up for each other: what is told with them is the same.
    ours, theirs = (
        np.nanmean(simulated_times(server.engine.serve(log.requests, cost)), axis=1)
        for cost in (fitted, bundled)
    )
    assert ours == pytest.approx(theirs, rel=0.002)
    for limit in ("batch", "context", "tokens"):
        ours, theirs = (getattr(profile, limit) for profile in told)
        assert ours == theirs
    for error in ("mean_error", "max_error"):
        ours, theirs = (getattr(profile, error) for profile in told)
        assert ours == pytest.approx(theirs, abs=0.001)


def test_an_unknown_profile_is_refused():
    with pytest.raises(InputError, match=r"profile called 'h100-lama'.*did you mean 'h100-"):
        load_profile("h100-lama")


SOUND = "description: a\nsource: b\ncost: {affine: {decode_base: 1ms}}\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (SOUND.replace("description: a\n", ""), "p.yaml:1: description: found nothing"),
        (SOUND + "batch: 5", "p.yaml:4: batch: found 5, expected a list"),
        (SOUND + "batch: [1]", r"p.yaml:4: batch: found a list of 1, expected \[fewest, most\]"),
        (SOUND + "batch: [9, 8]", r"p.yaml:4: batch\[1\]: found 8, expected a whole number >= 9"),
        (SOUND + "gpu: x", "p.yaml:4: found the unknown key 'gpu'"),
        (SOUND.replace("affine", "h100-llama-3-8b"), "p.yaml:3: cost: found the unknown key"),
    ],
)
def test_a_wrong_profile_is_refused(text: str, sentence: str):
    with pytest.raises(InputError, match=sentence):
        parse_profile(text, "p.yaml", "p")
