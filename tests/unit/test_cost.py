"""What one iteration costs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tui_batching.clock import HORIZON, MILLISECOND
from tui_batching.cost import AffineCost, ChunkLoad, Cost, IterationCost, LinearCost
from tui_batching.errors import InputError


def test_the_default_costs() -> None:
    cost = LinearCost()
    assert cost.prefill_times(np.array([0, 1, 177])).tolist() == [
        0,
        MILLISECOND,
        177 * MILLISECOND,
    ]
    assert cost.step_time(1) == 20 * MILLISECOND
    assert cost.step_time(4) == 26 * MILLISECOND


def test_every_part_may_be_changed() -> None:
    cost = LinearCost(prefill_per_token=0, decode_step=7, per_extra_request=5)
    assert cost.prefill_times(np.array([10**9])).tolist() == [0]
    assert [cost.step_time(billed) for billed in (1, 2, 3)] == [7, 12, 17]


@pytest.mark.parametrize(
    ("cost", "sentence"),
    [
        ((-1, 1, 0), "not negative"),
        ((0, 1, -1), "not negative"),
        ((0, 0, 0), "longer than zero"),
        ((0, -5, 0), "longer than zero"),
    ],
)
def test_impossible_costs_are_refused(cost: tuple[int, int, int], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        LinearCost(*cost)


def test_a_prefill_beyond_the_clock_is_refused() -> None:
    longest = 2**31 - 1
    fits = LinearCost(prefill_per_token=HORIZON // longest)
    assert int(fits.prefill_times(np.array([longest]))[0]) <= HORIZON
    beyond = LinearCost(prefill_per_token=HORIZON // longest + 1)
    with pytest.raises(InputError, match="106 days"):
        beyond.prefill_times(np.array([1, longest]))


def test_a_cost_beyond_the_clock_is_refused() -> None:
    with pytest.raises(InputError, match="at most 106 days"):
        LinearCost(prefill_per_token=2**63)


AFFINE = AffineCost(
    decode_base=100,
    decode_per_request=10,
    decode_per_context_token=1,
    prefill_base=1000,
    prefill_per_token=20,
    prefill_per_token_squared=3,
    first_token="prefill",
)


ITERATION = IterationCost(1000, 20, 1, 3, ((4, 5),))


def test_affine_costs_grow_with_requests_contexts_and_prompts() -> None:
    assert AFFINE.step_time(1) == 110
    assert AFFINE.step_time(3, context=500) == 630
    alone = AFFINE.prefill_times(np.array([0, 1, 10]))
    assert alone.tolist() == [1000, 1023, 1500]


def test_prompts_together_pay_one_base_or_wait_for_the_longest() -> None:
    """Two batches, of two prompts and of one."""
    prompts, first = np.array([1, 10, 2]), np.array([0, 2])
    assert AFFINE.joint_prefills(AFFINE.prefill_times(prompts), first).tolist() == [1523, 1052]
    assert AFFINE.joint_prefill([1023, 1500]) == 1523
    linear = LinearCost(prefill_per_token=7)
    assert linear.joint_prefills(linear.prefill_times(prompts), first).tolist() == [70, 14]
    assert linear.joint_prefill([7, 70]) == 70


@pytest.mark.parametrize("cost", [AFFINE, ITERATION, replace(AFFINE, per_iteration=7)])
def test_prompts_whose_times_add_up_are_done_together(cost: Cost) -> None:
    alone, first = cost.prefill_times(np.array([1, 10, 2, 0])), np.array([0, 3])
    joint = cost.joint_prefill(alone[:3].tolist())
    assert cost.prefill_ends(alone, first).tolist() == [joint] * 3 + [alone[3]]


def test_prompts_beside_each_other_end_as_if_each_were_alone() -> None:
    linear = LinearCost(prefill_per_token=7)
    alone = linear.prefill_times(np.array([1, 10, 2]))
    assert linear.prefill_ends(alone, np.array([0, 2])).tolist() == [7, 70, 14]


@pytest.mark.parametrize("kind", ["linear", "affine", "iteration"])
def test_time_beside_kernels_is_in_every_iteration_once(kind: str) -> None:
    plain: Cost = {"linear": LinearCost(), "affine": AFFINE, "iteration": ITERATION}[kind]
    host = replace(plain, per_iteration=7)
    prompts, first = np.array([1, 10, 2]), np.array([0, 2])
    alone = [cost.prefill_times(prompts) for cost in (plain, host)]
    assert (alone[1] - alone[0]).tolist() == [7, 7, 7]
    together = [
        cost.joint_prefills(each, first) for cost, each in zip((plain, host), alone, strict=True)
    ]
    assert (together[1] - together[0]).tolist() == [7, 7]
    pairs = [
        cost.joint_prefill(each[:2].tolist())
        for cost, each in zip((plain, host), alone, strict=True)
    ]
    assert pairs[1] - pairs[0] == 7
    assert host.step_time(3, 100) - plain.step_time(3, 100) == 7
    for decoding, chunks in ((2, [(0, 4), (4, 2)]), (0, [(0, 4)]), (2, [])):
        load = ChunkLoad.of(chunks)
        times = [cost.mixed_time(decoding, 50, load) for cost in (plain, host)]
        assert times[1] - times[0] == 7


def test_a_first_token_by_the_prefill_saves_a_step_and_is_in_the_context() -> None:
    tokens = np.array([1, 5])
    assert (AFFINE.decode_steps(tokens).tolist(), AFFINE.first_contexts(tokens).tolist()) == (
        [0, 4],
        [2, 6],
    )
    linear = LinearCost()
    assert linear.decode_steps(tokens).tolist() == linear.first_contexts(tokens).tolist() == [1, 5]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"decode_base": 0, "decode_per_request": 0}, "longer than zero"),
        ({"decode_base": -1}, "not negative"),
        ({"prefill_base": HORIZON + 1}, "at most 106 days"),
        ({"first_token": "last"}, "first_token: found 'last', expected one of decode, prefill"),
        ({"kv_cache_tokens": 0}, "kv_cache_tokens: found 0, expected a whole number >= 1"),
    ],
)
def test_impossible_affine_costs_are_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        replace(AFFINE, **changes)


def test_an_affine_prefill_beyond_the_clock_is_refused() -> None:
    square = AffineCost(decode_base=1, prefill_per_token_squared=2)
    assert square.prefill_times(np.array([2**31 - 1])).tolist() == [2 * (2**31 - 1) ** 2]
    with pytest.raises(InputError, match="106 days"):
        replace(square, prefill_base=2**34).prefill_times(np.array([1, 2**31 - 1]))
