"""Why the first in an engine's queue waits: each sentence, on schedules small enough to follow.

A prompt token takes 1 ms; a decode step of one takes 10 ms, of two 12 ms, and both add up. An
answer's first token comes with the prompt's last.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from made_up_engine import MadeUp
from stage import MS, hand_made, scene_of

from tui_batching.analysis.why import evicted_facts, why, why_briefly
from tui_batching.requests import Requests
from tui_batching.sim.moment import Moment
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import (
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
from tui_batching.workload import load_workload


def moment(strategy: Strategy, ms: float, *rows: tuple[int, int, int]) -> Moment:
    """The instant `ms` of a Run over `(arrival in ms, input_tokens, output_tokens)`."""
    workload = hand_made(*rows, strategies=[strategy])
    return simulate(workload, strategy).at(round(ms * MS))


def vllm(**settings: Any) -> Vllm:
    """One that plans an iteration when the one before is over."""
    return Vllm(async_scheduling=False, **settings)


def test_no_slot() -> None:
    rows = ((0, 20, 5), (5, 20, 5))
    taken = "R1 has waited 20.0 ms because the one slot is taken; R0 ends in 4 steps"
    assert why(moment(vllm(max_num_seqs=1), 25, *rows)) == taken
    assert why(moment(vllm(max_num_seqs=1), 55, *rows)).endswith("R0 ends after this step")
    two = moment(Orca(2), 45, (0, 20, 5), (0, 20, 9), (5, 20, 5))
    assert why(two).endswith("all 2 slots are taken; R0 ends in 4 steps")


def test_one_who_is_left_out_keeps_the_slot() -> None:
    at = moment(FastGen(64, 2, 16, 64), 118, (45, 14, 4), (45, 30, 4), (100, 5, 9))
    assert (len(at.running), len(at.skipped)) == (1, 1)
    wanted = "R2 has waited 18.0 ms because all 2 slots are taken; R0 ends after this step"
    assert why(at) == wanted


def test_no_memory() -> None:
    rows = ((0, 40, 5), (5, 40, 5))
    at = moment(vllm(kv_cache_tokens=80), 45, *rows)
    wanted = "R1 has waited 40.0 ms because it needs 3 blocks, 1 of 4 is free; R0 ends in 4 steps"
    assert why(at) == wanted


@pytest.mark.parametrize(
    ("strategy", "needs"),
    [
        (Orca(kv_cache_tokens=40), "it needs 29 tokens, 11 of 40 are free"),
        (Tgi(max_batch_total_tokens=64), "it needs 2 blocks, 1 of 3 is free"),
        (VllmV0(kv_cache_tokens=64, watermark=0.5), "it needs 2 blocks and 2 to spare, "),
        (
            vllm(kv_cache_tokens=48, scheduler_reserve_full_isl=False),
            "too few blocks are free for it (0 of 2 are free)",
        ),
        (
            SgLang(kv_cache_tokens=40),
            "by the engine's estimate too few tokens will be left (19 of 40 are free now)",
        ),
    ],
    ids=["orca", "tgi", "vllm-v0", "vllm", "sglang"],
)
def test_no_memory_by_the_rule_of_the_engine(strategy: Strategy, needs: str) -> None:
    told = why(moment(strategy, 25, (0, 20, 9), (1, 20, 9)))
    assert f" because {needs}" in told
    assert told.endswith("; R0 ends in 8 steps")


def test_no_memory_where_the_textbook_heeds_it() -> None:
    rows = ((0, 20, 9), (1, 20, 9))
    told = why(moment(Continuous(4, kv_cache_tokens=40), 25, *rows))
    wanted = "it needs 29 tokens, 11 of 40 are free; R0 leaves next, in 9 tokens"
    assert told == f"R1 has waited 24.0 ms because {wanted}"
    assert why(moment(Continuous(1, kv_cache_tokens=40), 25, *rows)).endswith(
        "the one slot is taken; R0 leaves next, in 9 tokens"
    )


def test_who_is_evicted_next_is_told_as_such() -> None:
    at = moment(FastGen(768, 512, 16, 64), 70, (0, 14, 30), (0, 14, 30), (50, 20, 2))
    assert why(at).endswith("it needs 2 blocks, 0 of 4 are free; R1 is evicted in 15 steps")
    end = at.run.stays.end_time[1]
    assert at.run.evictions.tolist() == [0, 1, 0]
    assert at.run.at(int(end)).iterations - at.iterations == 15


def test_who_joins_before_anybody_leaves_waits_for_nobody() -> None:
    """What came free counts when the next step is planned; who leaves later has no part in it."""
    run = simulate(load_workload("tight-memory"), "vllm")
    at = run.at("247.5235ms")
    wanted = "it needs 13 blocks, and fewer were to be had when this step was planned"
    assert why(at) == f"R7 has waited 34.5 ms because {wanted}; it joins after this step"
    joins = int(run.start_time[at.waiting[0]])
    assert run.at(joins).iterations - at.iterations == 1


def test_blocks_that_are_promised_are_not_to_be_had() -> None:
    # R1 has been admitted, but has no token yet, so that its blocks count as free.
    chunked = TensorRtLlm(
        max_num_tokens=32, enable_chunked_prefill=True, tokens_per_block=16, kv_cache_tokens=96
    )
    at = moment(chunked, 70, (60, 20, 4), (60, 30, 4), (60, 30, 4))
    assert at.run.kv
    assert at.run.kv.blocks - at.blocks >= 3
    wanted = "it needs 3 blocks, and fewer were to be had when this step was planned"
    assert why(at) == f"R2 has waited 10.0 ms because {wanted}; R0 ends in 4 steps"


def test_memory_that_does_for_one_of_those_who_join_together() -> None:
    strategy = Tgi(max_batch_total_tokens=96, max_batch_prefill_tokens=64, waiting_served_ratio=1.2)
    at = moment(strategy, 16, (0, 5, 2), (0, 5, 2), (5, 20, 2), (5, 30, 1))
    wanted = "2 have to join together, and they do not all fit (3 of 5 are free)"
    assert why(at) == f"R2 has waited 11.0 ms because {wanted}; R0 ends after this step"


def test_arrived_during_this_step() -> None:
    at = moment(vllm(), 10, (0, 20, 5), (5, 40, 5))
    assert why(at) == "R1 has waited 5.00 ms because it arrived during this step (10.0 ms left)"


def test_a_step_that_was_planned_ahead() -> None:
    at = moment(Vllm(), 22, (0, 20, 5), (5, 4, 5))
    assert (
        why(at)
        == "R1 has waited 17.0 ms because this step was planned a step ahead, before it arrived"
    )
    assert int(at.run.start_time[1]) == at.next_boundary


def test_the_tokens_of_a_step_are_spent() -> None:
    rows = ((0, 40, 5), (5, 40, 5), (6, 9, 2))
    at = moment(vllm(max_num_seqs=4, max_num_batched_tokens=16), 20, *rows)
    filled = "R1 has waited 15.0 ms because R0's prompt fills the 16 tokens of this step"
    assert why(at) == filled
    later = moment(vllm(max_num_seqs=4, max_num_batched_tokens=16), 74, *rows)
    assert why(later).endswith("because 1 decode and R1's prompt fill the 16 tokens of this step")


def test_several_decodes_and_prompts_spend_them() -> None:
    three = ((0, 4, 5), (0, 4, 5), (0, 5, 5))
    batch = "R2 has waited 4.00 ms because a batch of 2 prompts fills the 8 tokens of this step"
    assert why(moment(FastGen(max_ragged_batch_size=8), 4, *three)) == batch
    rows = ((0, 5, 9), (0, 5, 9), (12, 10, 5), (12, 10, 5))
    both = "R3 has waited 18.0 ms because 2 decodes and R2's prompt fill the 4 tokens of this step"
    assert why(moment(FastGen(max_ragged_batch_size=4), 30, *rows)) == both
    alone = "R2 has waited 48.0 ms because 2 decodes fill the 2 tokens of this step"
    assert why(moment(FastGen(max_ragged_batch_size=2), 60, *rows)) == alone


def test_a_prompt_that_is_not_cut_does_not_fit() -> None:
    at = moment(TensorRtLlm(max_num_tokens=64), 5, (0, 50, 9), (0, 30, 9))
    wanted = "its 30 tokens do not fit into the 14 left of this step's 64"
    assert why(at) == f"R1 has waited 5.00 ms because {wanted}"


def test_a_prompt_that_is_not_cut_does_not_fit_beside_those_who_decode() -> None:
    rows = ((0, 5, 9), (5, 10, 9), (12, 5, 9), (100, 14, 30))
    told = why(moment(TensorRtLlm(max_num_tokens=16), 119, *rows))
    wanted = "its 14 tokens do not fit into the 13 left of this step's 16"
    assert told == f"R3 has waited 19.0 ms because {wanted}"


def test_a_prompt_that_lacks_memory_keeps_the_next_one_waiting() -> None:
    strategy = FastGen(max_ragged_batch_size=16, block_size=16, kv_cache_tokens=48)
    told = why(moment(strategy, 57, (0, 20, 5), (0, 14, 2), (45, 4, 5)))
    wanted = "R1's prompt comes first and lacks memory; R0 ends in 2 steps"
    assert told == f"R2 has waited 12.0 ms because {wanted}"


def test_a_step_is_for_the_prompts_of_others() -> None:
    strategy = SgLang(chunked_prefill_size=32, max_prefill_tokens=16)
    one = why(moment(strategy, 7, (0, 14, 5), (0, 4, 5)))
    wanted = "its turn has not come: this step is for R0's prompt (7.00 ms left)"
    assert one == f"R1 has waited 7.00 ms because {wanted}"
    two = why(moment(strategy, 7, (0, 4, 5), (0, 10, 5), (0, 20, 5)))
    wanted = "its turn has not come: this step is for a batch of 2 prompts (7.00 ms left)"
    assert two == f"R2 has waited 7.00 ms because {wanted}"


def test_a_server_that_plans_nothing_until_somebody_arrives() -> None:
    """A prompt that is not cut while its request is alone is longer than the tokens of a step."""
    strategy = vllm(
        max_num_seqs=2,
        max_num_batched_tokens=16,
        enable_chunked_prefill=False,
        long_prefill_token_threshold=8,
    )
    at = moment(strategy, 30, (20, 20, 9), (45, 5, 1))
    wanted = "R0 has waited 10.0 ms because the server is idle until its next plan"
    assert why(at) == wanted
    assert at.run.start_time[0] == at.next_boundary == 45 * MS


def test_an_engine_that_does_not_tell_its_rule() -> None:
    told = why(moment(MadeUp(budget=1), 10, (0, 2, 5), (1, 5, 5)))
    wanted = "it could not join when this step was planned (2.00 ms left)"
    assert told == f"R1 has waited 9.00 ms because {wanted}"


def test_evicted() -> None:
    # Each fills a block of 16 with its third token; the third block is for R0.
    rows = ((0, 14, 20), (0, 14, 20))
    at = moment(vllm(kv_cache_tokens=64), 60, *rows)
    lost = "R1 (evicted 8.00 ms ago at token 3 of 20, 16 to redo) waits because "
    assert why(at) == f"{lost}memory ran out for this step"
    assert evicted_facts(at, 1) == (8 * MS, 3, 16, 0)
    later = why(moment(vllm(kv_cache_tokens=64), 80, *rows))
    assert later.endswith("waits because it needs 2 blocks, 1 of 3 is free; R0 ends in 15 steps")
    # Served in between, it has not waited since it came.
    assert why_briefly(at) == "R1 evicted 8.00 ms ago: memory ran out for this step"


def test_nobody_joins_a_step_that_evicted() -> None:
    # R1 makes its one token while it is evicted, so that R2 is the first in the queue.
    at = moment(Vllm(4, kv_cache_tokens=64), 105, (45, 30, 4), (60, 5, 1), (100, 20, 20))
    assert why(at).endswith("because R1 had to go, and in such a step nobody joins")


@pytest.mark.parametrize(
    ("count", "gone"), [(4, "R0 and R1"), (6, "3 requests")], ids=["two", "three"]
)
def test_nobody_joins_a_step_that_evicted_several(count: int, gone: str) -> None:
    # All fill their first block of 16 in the first step after the prompts; for the second step
    # half of them take the blocks of the others. The one that comes meanwhile goes before these.
    second = count * 15 + 8 + 2 * count
    arrival, prompt, answer = np.array([(0, 15, 30)] * count + [(second - 5, 5, 5)]).T
    requests = Requests.from_columns(arrival * MS, prompt, answer, priority=[1] * count + [0])
    strategy = vllm(kv_cache_tokens=16 * (count + 1), policy="priority")
    run = strategy.serve(requests, hand_made((0, 1, 1)).cost)
    told = why(run.at((second + 5) * MS))
    wanted = f"{gone} had to go, and in such a step nobody joins"
    assert told == f"R{count} has waited 10.0 ms because {wanted}"
    assert run.evictions[:count].sum() >= count // 2


def test_a_slot_that_was_not_free_when_the_step_was_planned() -> None:
    at = moment(Vllm(2, kv_cache_tokens=80), 95, (5, 20, 9), (60, 5, 1), (60, 5, 2))
    wanted = "a slot has just become free, but this step was planned before"
    assert why(at) == f"R2 has waited 35.0 ms because {wanted}"
    assert int(at.run.start_time[2]) == at.next_boundary


def test_newcomers_gather() -> None:
    rows = ((0, 5, 9), (0, 5, 9), (12, 5, 3), (100, 5, 3))
    told = why(moment(Tgi(waiting_served_ratio=1.2), 25, *rows))
    reason = "newcomers gather: 1 waited when this step was planned, 2 stop those who run"
    assert told == f"R2 has waited 13.0 ms because {reason}"


def test_a_step_goes_by_after_others_joined() -> None:
    at = moment(Tgi(), 30, (0, 10, 9), (12, 5, 3), (21, 5, 3))
    wanted = "others have just joined, and one step goes by before more are let in"
    assert why(at) == f"R2 has waited 9.00 ms because {wanted}"
    assert int(at.run.start_time[2]) == at.next_boundary


def test_those_who_join_an_idle_server_are_no_reason_to_wait() -> None:
    rows = ((0, 10, 9), (0, 10, 9), (3, 20, 3), (5, 20, 3))
    strategy = Tgi(max_batch_prefill_tokens=24, waiting_served_ratio=1.2)
    assert "2 have to join together" in why(moment(strategy, 25, *rows))


def test_who_must_join_together_but_does_not_fit() -> None:
    rows = ((0, 10, 9), (0, 10, 9), (3, 20, 3), (5, 20, 3))
    strategy = Tgi(max_batch_prefill_tokens=24, waiting_served_ratio=1.2)
    reason = "2 have to join together, and their 40 tokens do not fit into the 24 of a step"
    assert why(moment(strategy, 45, *rows)) == f"R2 has waited 42.0 ms because {reason}"


def test_who_must_join_together_but_finds_too_few_slots() -> None:
    rows = ((0, 10, 9), (0, 10, 9), (3, 20, 3), (5, 20, 3))
    strategy = Tgi(max_batch_size=3, waiting_served_ratio=1.2)
    wanted = "R2 has waited 22.0 ms because 2 have to join together, and 1 slot is free"
    assert why(moment(strategy, 25, *rows)) == wanted
    rows = ((0, 5, 9),) * 4 + ((3, 20, 3),) * 4
    strategy = Tgi(max_batch_size=6, waiting_served_ratio=1.2)
    wanted = "R4 has waited 22.0 ms because 4 have to join together, and 2 slots are free"
    assert why(moment(strategy, 25, *rows)) == wanted


def test_nobody_joins_a_static_batch() -> None:
    strategy = TensorRtLlm(capacity_scheduler_policy="static_batch")
    told = why(moment(strategy, 25, (0, 20, 9), (1, 20, 9)))
    assert told == "R1 has waited 24.0 ms because nobody joins those who run; R0 ends in 8 steps"


def test_a_full_batch_admits_nobody_before_one_leaves() -> None:
    told = why(moment(SgLang(2, kv_cache_tokens=40), 110, (100, 5, 4), (100, 20, 9)))
    wanted = "the batch counts as full, and nobody joins before one leaves; R0 ends in 3 steps"
    assert told == f"R1 has waited 10.0 ms because {wanted}"


def test_nobody_waits() -> None:
    assert why(moment(vllm(), 10, (0, 20, 5))) == "nobody waits"
    assert why(moment(vllm(), 1, (5, 20, 5))) == "nobody waits, the server is idle"


@pytest.mark.parametrize("name", ["notebook", "long-prompt", "tight-memory", "engines"])
def test_the_brief_sentence_fits_into_a_row_of_80_cells(name: str) -> None:
    for run in scene_of(load_workload(name)).runs:
        for time in np.linspace(0, run.finished, 300).astype(np.int64).tolist():
            told = why_briefly(run.at(time))
            assert len(told) <= 73, told
            assert told.partition(":")[0].split()[0] == why(run.at(time)).split()[0]
