"""Laws of what the lanes of engines tell, at every iteration of random workloads."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import boundaries, hand_made, scene_of

from tui_batching.analysis.why import why
from tui_batching.charts.lane_view import KvView, kv_view, lane_view, slot_views, taken_slots
from tui_batching.charts.lane_words import phase_texts
from tui_batching.charts.rows import RESERVED
from tui_batching.charts.token_bars import TOKEN_SIGNS, PromptBar, token_sign, tokens_per_cell
from tui_batching.sim.kv_levels import kv_of_stays, most_kv_of_one
from tui_batching.sim.life import State
from tui_batching.sim.moment import Moment
from tui_batching.sim.run import Run
from tui_batching.sim.simulate import simulate
from tui_batching.sim.spans import SpanKind
from tui_batching.strategies import FastGen, Orca, SgLang, Strategy, TensorRtLlm, Tgi, Vllm, VllmV0

SLOTS, KV = st.sampled_from((1, 2, 4, 64)), st.sampled_from((None, 128, 192, 400))
MOST = 40
"""Tokens of a prompt, and of an answer: both together fit into every memory here."""


def engines() -> st.SearchStrategy[Strategy]:
    """Every engine, with memory ample and tight."""
    budget = st.sampled_from((64, 96))
    return st.one_of(
        st.builds(
            Vllm,
            max_num_seqs=SLOTS,
            max_num_batched_tokens=budget,
            kv_cache_tokens=KV,
            async_scheduling=st.booleans(),
            scheduler_reserve_full_isl=st.booleans(),
        ),
        st.builds(VllmV0, max_num_seqs=SLOTS, kv_cache_tokens=KV),
        st.builds(
            SgLang, max_running_requests=SLOTS, chunked_prefill_size=budget, kv_cache_tokens=KV
        ),
        st.builds(
            Tgi,
            max_batch_total_tokens=KV,
            max_batch_size=SLOTS,
            waiting_served_ratio=st.sampled_from((0.3, 1.2)),
            prefill_chunking=st.booleans(),
        ),
        st.builds(
            TensorRtLlm,
            max_batch_size=SLOTS,
            max_num_tokens=st.just(96),
            kv_cache_tokens=KV,
            enable_chunked_prefill=st.booleans(),
            capacity_scheduler_policy=st.sampled_from(("guaranteed_no_evict", "max_utilization")),
        ),
        st.builds(
            FastGen,
            max_ragged_batch_size=budget,
            max_ragged_sequence_count=SLOTS,
            block_size=st.just(16),
            kv_cache_tokens=KV,
        ),
        st.builds(Orca, max_batch_size=SLOTS, kv_cache_tokens=KV),
    )


ROWS = st.lists(
    st.tuples(st.integers(0, 300), st.integers(1, MOST), st.integers(1, MOST)),
    min_size=1,
    max_size=9,
)


@st.composite
def iterations(draw: st.DrawFn) -> list[Moment]:
    """The beginnings of all iterations of a Run."""
    strategy = draw(engines())
    run: Run = simulate(hand_made(*sorted(draw(ROWS)), strategies=[strategy]), strategy)
    moments = map(run.at, boundaries(run)[:-1])
    return [at for at in moments if at.phase.kind is not SpanKind.IDLE]


@settings(max_examples=60)
@given(iterations())
def test_iterations_are_counted_one_by_one(moments: list[Moment]) -> None:
    assert [at.iterations for at in moments] == list(range(len(moments)))
    for number, at in enumerate(moments, 1):
        assert phase_texts(at)[-1] == f"STEP {number}"


@settings(max_examples=60)
@given(iterations())
def test_memory_adds_up_and_is_that_of_the_record(moments: list[Moment]) -> None:
    for at in moments:
        view, kv = kv_view(at), at.run.kv
        assert view
        if kv is None:
            assert view == KvView(view.used)
            continue
        assert view.taken is not None
        assert 0 <= view.used <= view.taken <= view.pool
        if at.phase.step == 0:
            assert at.blocks == kv.at_start[at.span]
        if at.phase.step == at.phase.steps - 1:
            assert at.blocks == kv.at_end[at.span]


@settings(max_examples=60)
@given(iterations())
def test_what_each_has_in_memory_adds_up_to_what_is_taken(moments: list[Moment]) -> None:
    for begin in moments:
        if begin.run.kv is None:
            continue
        for time in (begin.time, begin.time + begin.phase.step_time // 2):
            at = begin.run.at(time)
            there = np.concatenate((at.stays[at.stays >= 0], at.skipped))
            each = kv_of_stays(at.run, there, time)
            assert each.used.sum() == at.tokens_held
            assert each.blocks.sum() == at.blocks
            assert (each.blocks * begin.run.kv.block_size <= most_kv_of_one(at.run)).all()


@settings(max_examples=60)
@given(engines(), ROWS)
def test_who_decodes_is_processed_or_goes_without_is_everybody(
    strategy: Strategy, rows: list[tuple[int, int, int]]
) -> None:
    scene = scene_of(hand_made(*sorted(rows), strategies=[strategy]))
    for time in boundaries(scene.runs[0])[:-1]:
        seen = lane_view(scene, 0, time, None)
        at = seen.moment
        if at.phase.kind is SpanKind.IDLE:
            continue
        assert len(at.decoding) + len(at.chunks) == at.phase.billed
        slots = taken_slots(at)
        assert len(slots) == len(set(slots.tolist())) == len(at.running) + len(at.skipped)
        views = [view for view in slot_views(seen, min(at.run.slots, 64)) if view.state]
        states = [view.state for view in views]
        computing = {State.PREFILL, State.RECOMPUTE}
        assert sum(state in computing for state in states) == len(at.chunks)
        assert sum(state is State.DECODE for state in states) == len(at.decoding)
        for view in views:
            bar = view.prompt or PromptBar(view.made, 0, view.asked)
            assert 0 <= bar.cached <= bar.through <= bar.through + bar.under_way <= bar.whole


@settings(max_examples=60)
@given(iterations())
def test_prompts_and_memory_of_a_request_grow_as_told(moments: list[Moment]) -> None:
    for before, after in pairwise(moments):
        both = np.intersect1d(before.stays, after.stays)
        for stay in both[both >= 0].tolist():
            grown = int(
                np.diff([int(at.computed(np.array([stay]))[0]) for at in (before, after)])[0]
            )
            assert grown == before.chunks.get(stay, int(stay in before.decoding))


@settings(max_examples=60)
@given(iterations())
def test_why_somebody_waits_holds_at_that_instant(moments: list[Moment]) -> None:
    for at in moments:
        told = why(at)
        if not at.waiting:
            assert told.startswith("nobody waits")
            continue
        first = at.run.requests.id[at.waiting[0]]
        assert told.startswith(f"R{first} ")
        assert ("slots are taken" in told or "slot is taken" in told) == (
            len(taken_slots(at)) == at.run.slots
        )
        if "it needs" in told and " are free; " in told and "to spare" not in told:
            words = told.replace(",", "").split()
            need = int(words[words.index("needs") + 1])
            assert at.run.kv
            assert need > at.run.kv.blocks - at.blocks
        if " ends in " in told or "ends after this step" in told:
            tail = told.rsplit("; ", 1)[1].split()
            steps = 1 if "after" in tail else int(tail[3].replace(",", ""))
            leaver = int(np.flatnonzero(at.run.requests.id == int(tail[0][1:]))[0])
            end = int(at.run.end_time[leaver])
            assert at.run.at(end).iterations == at.iterations + steps


@given(st.integers(1, 10**7), st.data())
def test_the_sign_of_a_request_grows_evenly_with_its_tokens(longest: int, data: st.DataObject):
    """Each sign stands for as many tokens as any other, up to a full one."""
    each = tokens_per_cell(longest, len(TOKEN_SIGNS))
    full = each * len(TOKEN_SIGNS)
    assert longest <= full
    made = data.draw(st.integers(1, longest))
    height = TOKEN_SIGNS.index(token_sign(made, each)) + 1
    assert 0 <= height / len(TOKEN_SIGNS) - made / full < 1 / len(TOKEN_SIGNS)
    assert token_sign(0, each) == token_sign(1, each)
    assert RESERVED not in TOKEN_SIGNS, "which tells of memory"
