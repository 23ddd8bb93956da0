"""Real engines decide as their plain forms do, and their Runs obey the laws of records."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from engine_steps import iterations
from hypothesis import given
from hypothesis import strategies as st
from laws import assert_parts_sum_to_latency
from plain_engines import PLAIN

from tui_batching.analysis.tokens import token_times
from tui_batching.cost import AffineCost, Cost, IterationCost, LinearCost
from tui_batching.requests import Requests
from tui_batching.sim.engines.serving import run_engine
from tui_batching.sim.run import Run
from tui_batching.strategies import FastGen, Orca, SgLang, TensorRtLlm, Tgi, VllmV0
from tui_batching.strategies.engine import EngineStrategy

COSTS: list[Cost] = [
    IterationCost(10, 1, 1),
    IterationCost(5, 0, 0, 1, ((3, 2),)),
    AffineCost(9, 2, 1, 3, 3, 1),
    LinearCost(2, 7, 3),
]


class Case(NamedTuple):
    """A workload with an engine whose memory is tight."""

    rows: list[tuple[int, int, int, int]]
    engine: EngineStrategy
    cost: Cost

    @property
    def requests(self) -> Requests:
        arrival, prompt, output, limit = np.array(self.rows).T
        return Requests.from_columns(arrival, prompt, output, max_tokens=limit)

    def run(self, *, jumps: bool = True) -> Run:
        parts = self.engine.parts(self.cost)
        return run_engine(self.requests, self.cost, self.engine, parts, jumps=jumps)


@st.composite
def workloads(draw: st.DrawFn) -> list[tuple[int, int, int, int]]:
    longest, most = draw(st.sampled_from([3, 12, 40])), draw(st.sampled_from([3, 20]))
    row = st.tuples(
        st.sampled_from([0, 0, 1, 7, 20, 60, 200, 900]),
        st.integers(1, longest),
        st.integers(1, most),
        st.sampled_from([0, 0, 0, 1, 9, 300, 5000]),
    )
    drawn = draw(st.lists(row, min_size=1, max_size=10))
    arrivals = np.cumsum([gap for gap, *_ in drawn]).tolist()
    return [(at, p, o, o + more) for at, (_, p, o, more) in zip(arrivals, drawn, strict=True)]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    rows = draw(workloads())
    kinds = (orca, tensorrt, tgi, fastgen, sglang, vllm_v0)
    engine = draw(st.sampled_from(kinds))(draw, rows)
    return Case(rows, engine, draw(st.sampled_from(COSTS)))


def tokens(draw: st.DrawFn, rows: list[tuple[int, int, int, int]], block: int, spare: int) -> int:
    """A pool that is hardly enough for the largest."""
    blocks = max(-(-(prompt + limit) // block) for _, prompt, _, limit in rows)
    return (blocks + spare + draw(st.sampled_from([0, 0, 1, 3, 10, 40]))) * block


def slots(draw: st.DrawFn) -> int:
    return draw(st.sampled_from([1, 2, 3, 5, 16]))


def orca(draw: st.DrawFn, rows: list[tuple[int, int, int, int]]) -> Orca:
    return Orca(slots(draw), tokens(draw, rows, 1, 0))


def tensorrt(draw: st.DrawFn, rows: list[tuple[int, int, int, int]]) -> TensorRtLlm:
    block = draw(st.sampled_from([1, 2, 4, 8]))
    policy = draw(st.sampled_from(["guaranteed_no_evict", "max_utilization", "static_batch"]))
    chunked = policy != "static_batch" and draw(st.booleans())
    least = block if chunked else max(prompt + limit for _, prompt, _, limit in rows)
    return TensorRtLlm(
        max_batch_size=slots(draw),
        max_num_tokens=least + draw(st.sampled_from([0, 1, 5, 20])),
        tokens_per_block=block,
        capacity_scheduler_policy=policy,
        enable_chunked_prefill=chunked,
        context_chunking_policy=draw(
            st.sampled_from(["first_come_first_served", "equal_progress"])
        ),
        kv_cache_tokens=tokens(draw, rows, block, 0),
    )


def tgi(draw: st.DrawFn, rows: list[tuple[int, int, int, int]]) -> Tgi:
    block, chunks = draw(st.sampled_from([1, 2, 4])), draw(st.booleans())
    least = 1 if chunks else max(prompt for _, prompt, *_ in rows)
    return Tgi(
        max_batch_total_tokens=tokens(draw, rows, block, 1),
        max_batch_prefill_tokens=least + draw(st.sampled_from([0, 3, 10, 30])),
        waiting_served_ratio=draw(st.sampled_from([0.0, 0.3, 1.0, 1.2])),
        max_waiting_tokens=draw(st.sampled_from([1, 2, 4, 20])),
        max_batch_size=draw(st.sampled_from([None, 1, 2, 5])),
        prefill_chunking=chunks,
        block_size=block,
    )


def fastgen(draw: st.DrawFn, rows: list[tuple[int, int, int, int]]) -> FastGen:
    block = draw(st.sampled_from([1, 2, 4, 8]))
    return FastGen(draw(st.integers(1, 30)), slots(draw), block, tokens(draw, rows, block, 0))


def sglang(draw: st.DrawFn, rows: list[tuple[int, int, int, int]]) -> SgLang:
    page = draw(st.sampled_from([1, 1, 2, 4]))
    return SgLang(
        max_running_requests=slots(draw),
        chunked_prefill_size=page * draw(st.integers(1, 20)),
        max_prefill_tokens=draw(st.sampled_from([1, 10, 16384])),
        schedule_conservativeness=draw(st.sampled_from([0.1, 0.3, 1.0, 2.0])),
        page_size=page,
        kv_cache_tokens=tokens(draw, rows, page, 2),
    )


def vllm_v0(draw: st.DrawFn, rows: list[tuple[int, int, int, int]]) -> VllmV0:
    block = draw(st.sampled_from([1, 2, 4, 8]))
    spare = 6 + max(prompt + limit for _, prompt, _, limit in rows) // block // 8
    return VllmV0(
        max_num_seqs=slots(draw),
        max_num_batched_tokens=max(prompt + limit for _, prompt, _, limit in rows)
        + draw(st.sampled_from([0, 10])),
        block_size=block,
        watermark=draw(st.sampled_from([0.0, 0.01, 0.1])),
        kv_cache_tokens=tokens(draw, rows, block, spare),
    )


@pytest.mark.parametrize("jumps", [True, False])
@given(case=cases())
def test_a_plain_loop_decides_the_same(case: Case, jumps: bool) -> None:
    cost = replace(case.cost, first_token="prefill")
    plain = PLAIN[type(case.engine)](case.rows, cost, case.engine)
    plain.run()
    run = case.run(jumps=jumps)
    assert run.evictions.tolist() == [guest.evictions for guest in plain.guests]
    times = [column.tolist() for block in token_times(run, 5) for column in block]
    assert times == [guest.times for guest in plain.guests]
    found = iterations(run)
    assert len(found) == len(plain.steps)
    for one, step in zip(found, plain.steps, strict=True):
        assert (one.begin, one.end, one.work) == (step.begin, step.end, step.work)
        assert one.stalled == step.stalled
        assert one.blocks in {None, step.blocks}
        if not isinstance(case.engine, TensorRtLlm):  # its active list is no queue
            assert list(run.at(one.begin).waiting) == step.waiting


@given(cases(), st.data())
def test_the_parts_sum_to_the_latency_at_every_instant(case: Case, data: st.DataObject) -> None:
    run = case.run()
    times = st.lists(st.integers(0, run.finished + 5), max_size=5)
    assert_parts_sum_to_latency(run, data.draw(times))


@given(cases())
def test_blocks_are_never_over_the_pool(case: Case) -> None:
    kv = case.run().kv
    assert kv
    assert ((kv.at_start <= kv.blocks) & (kv.at_end <= kv.blocks)).all()
    assert ((kv.at_start >= 0) & (kv.at_end >= kv.at_start)).all()


@given(cases())
def test_tokens_processed_are_prompts_recomputed_ones_and_decodes(case: Case) -> None:
    run = case.run()
    steps = iterations(run)
    prefilled = sum(tokens for one in steps for _, tokens, decodes in one.work if not decodes)
    decoded = sum(decodes for one in steps for *_, decodes in one.work)
    completed = int(np.count_nonzero(run.known_made < np.iinfo(np.int64).max // 2))
    assert decoded + completed == run.requests.output_tokens.sum()
    recomputed = prefilled - int(run.requests.input_tokens.sum())
    assert recomputed >= 0
    assert recomputed == 0 or run.evictions.any()


@given(cases())
def test_a_slot_holds_one_request_at_a_time(case: Case) -> None:
    run = case.run()
    assert len(run.by_slot) <= case.engine.slots
    for slot in range(len(run.by_slot)):
        stays = run.by_slot.members(slot)
        assert (run.stays.end_time[stays[:-1]] <= run.stays.start_time[stays[1:]]).all()
        assert (run.stays.start_time[stays] < run.stays.end_time[stays]).all()
