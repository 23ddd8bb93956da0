"""vLLM V1 against a plain loop on random workloads, and what must hold of whatever it serves."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import assert_parts_sum_to_latency
from plain_vllm import Batch, Endless, PlainVllm

from tui_batching.analysis.pool_contents import PoolContents
from tui_batching.analysis.tokens import token_times
from tui_batching.cost import AffineCost, Cost, IterationCost, LinearCost
from tui_batching.errors import InputError
from tui_batching.requests import Requests
from tui_batching.sim.run import Run
from tui_batching.sim.vllm.caching import CachingPriorityScheduler, CachingScheduler
from tui_batching.sim.vllm.scheduler import PriorityScheduler, Scheduler
from tui_batching.sim.vllm.serving import run_vllm
from tui_batching.sim.vllm.waiting import ByPriority, FirstCome
from tui_batching.strategies import Vllm
from tui_batching.streams import Streams

COSTS: list[Cost] = [
    IterationCost(10, 1, 0),
    IterationCost(10, 1, 1),
    IterationCost(5, 0, 0, 1, ((3, 2),)),
    AffineCost(9, 2, 1, 3, 3, 1, first_token="prefill"),
    LinearCost(2, 7, 3),
]


class Case(NamedTuple):
    """A workload with settings under which memory is tight.

    Attributes:
        begins: of each request its stream, and how many tokens it has of that.
    """

    rows: list[tuple[int, int, int, int]]
    begins: list[tuple[int, int]]
    streams: Streams
    engine: Vllm
    cost: Cost
    blocks: int

    @property
    def requests(self) -> Requests:
        arrival, prompt, output, priority = np.array(self.rows).T
        stream, tokens = np.array(self.begins).T
        return Requests.from_columns(
            arrival,
            prompt,
            output,
            priority=priority,
            stream=stream,
            stream_tokens=tokens,
            streams=self.streams,
        )

    def token(self, number: int, position: int) -> tuple[str, int, int]:
        """Which token a request has at a position."""
        stream, tokens = self.begins[number]
        if position >= tokens or stream < 0:
            return "own", number, position
        while position < self.streams.start[stream]:
            stream = int(self.streams.parent[stream])
        return "stream", stream, position

    def run(self, *, jumps: bool = True) -> Run:
        return run_vllm(self.requests, self.cost, self.engine, jumps=jumps)

    def plain(self, most: int = 3_000) -> PlainVllm:
        """What the plain loop did, in no more than so many iterations.

        Raises:
            Endless: if it never ends.
        """
        cost = replace(self.cost, first_token="prefill")
        plain = PlainVllm(self.rows, cost, self.engine, self.blocks, self.token)
        plain.run(most)
        return plain


@st.composite
def cases(draw: st.DrawFn) -> Case:
    most = draw(st.sampled_from([3, 12, 40]))
    row = st.tuples(
        st.sampled_from([0, 0, 1, 7, 20, 60, 200]),
        st.integers(1, most),
        st.integers(1, draw(st.sampled_from([3, 20]))),
        st.integers(0, draw(st.sampled_from([0, 2]))),
    )
    drawn = draw(st.lists(row, min_size=1, max_size=9))
    arrivals = np.cumsum([gap for gap, *_ in drawn]).tolist()
    rows = [(at, *rest) for at, (_, *rest) in zip(arrivals, drawn, strict=True)]
    longest = max(prompt for _, prompt, *_ in rows) + draw(st.sampled_from([1, 2, 5, 99]))
    block = draw(st.sampled_from([1, 2, 4, 8]))
    totals = [min(prompt + output, longest) for _, prompt, output, _ in rows]
    blocks = max(-(-(total - 1) // block) for total in totals)
    blocks += draw(st.sampled_from([0, 0, 1, 3, 10]))
    chunked = draw(st.booleans())
    slots, budget = draw(st.integers(1, 6)), draw(st.sampled_from([1, 5, 10, 30]))
    engine = Vllm(
        max_num_seqs=slots,
        max_num_batched_tokens=max(slots, budget, 0 if chunked else longest),
        block_size=block,
        enable_chunked_prefill=chunked,
        long_prefill_token_threshold=min(draw(st.sampled_from([0, 0, 3, 8])), longest),
        max_model_len=longest,
        policy=draw(st.sampled_from(["fcfs", "priority"])),
        scheduler_reserve_full_isl=draw(st.booleans()),
        watermark=draw(st.sampled_from([0.0, 0.0, 0.1, 0.3])),
        async_scheduling=draw(st.booleans()),
        enable_prefix_caching=draw(st.sampled_from([True, True, False])),
        kv_cache_tokens=(blocks + 1) * block,
    )
    streams = draw(trees(most))
    stream = st.integers(-1, len(streams) - 1)
    tokens = st.integers(0, draw(st.sampled_from([most, most + 20])))
    begins = draw(st.lists(st.tuples(stream, tokens), min_size=len(rows), max_size=len(rows)))
    return Case(rows, begins, streams, engine, draw(st.sampled_from(COSTS)), blocks)


@st.composite
def trees(draw: st.DrawFn, most: int) -> Streams:
    """A few streams, each on its own or beginning with another one."""
    count = draw(st.integers(0, 4))
    parent = [draw(st.integers(-1, row - 1)) for row in range(count)]
    start = [0 if above < 0 else draw(st.integers(0, most)) for above in parent]
    return Streams.from_columns(parent, start)


def endless(case: Case) -> bool:
    """Whether equals preempt each other for ever; then that is refused."""
    try:
        case.plain()
    except Endless:
        with pytest.raises(InputError, match="preempt each other for ever"):
            case.run()
        return True
    return False


@given(cases())
def test_a_plain_loop_decides_the_same_with_and_without_jumps(case: Case) -> None:
    if endless(case):
        return
    plain = case.plain()
    for jumps in (True, False):
        run = case.run(jumps=jumps)
        times = [column.tolist() for block in token_times(run, 5) for column in block]
        assert times == [guest.times for guest in plain.guests]
        assert run.start_time.tolist() == [guest.start for guest in plain.guests]
        assert run.evictions.tolist() == [guest.preemptions for guest in plain.guests]
        stays = [run.by_request.members(row) for row in range(len(run))]
        assert [run.stays.cached[rows].tolist() for rows in stays] == [
            guest.found for guest in plain.guests
        ]
        assert run.kv
        if run.kv.lost is not None:
            assert run.kv.lost[-1] == plain.lost
        assert ((run.kv.at_start <= run.kv.blocks) & (run.kv.at_end <= run.kv.blocks)).all()
        for batch in plain.batches:
            compare(run, batch, plain)


def compare(run: Run, batch: Batch, plain: PlainVllm) -> None:
    """Who takes part in an iteration, with how many tokens, and who waits in which order."""
    moment = run.at(batch.begin)
    phase, chunks, spans = moment.phase, run.chunks, run.spans
    assert (phase.step_start, phase.step_start + phase.step_time) == (batch.begin, batch.end)
    here = np.flatnonzero(chunks.span == moment.span)
    parts = zip(run.stays.request[chunks.stay[here]], chunks.tokens[here], strict=True)
    decoding = [guest for guest in batch.plan if guest in batch.decoding]
    assert dict(parts) == {
        guest.number: tokens for guest, tokens in batch.plan.items() if guest not in decoding
    }
    assert spans.billed[moment.span] == len(batch.plan)
    waiting = [guest for guest in batch.waiting if guest.times[-1] > batch.begin]
    seen = {guest.number for guest in (*batch.waiting, *batch.running)}
    waiting += [
        guest
        for guest in plain.guests
        if guest.arrival <= batch.begin < guest.start and guest.number not in seen
    ]
    if run.place is not None:
        waiting.sort(key=lambda guest: (*guest.urgency, guest.number))
    assert list(moment.waiting) == [guest.number for guest in waiting]
    if phase.step in {0, phase.steps - 1}:
        assert run.kv
        column = run.kv.at_end if phase.step else run.kv.at_start
        assert column[moment.span] == len(batch.in_use)
        if run.kv.cached is not None:
            assert run.kv.free_to_take(moment.span, len(batch.in_use)) == len(batch.known)
        else:
            assert not run.stays.cached.any()


@given(cases())
def test_a_plain_loop_keeps_the_same_content_in_memory(case: Case) -> None:
    """Of each stream, in use or free to take, while every iteration runs; and the sum is the pool.

    Blocks of what one request alone begins with are counted with those that are its own.
    """
    case = case._replace(engine=replace(case.engine, enable_prefix_caching=True))
    if endless(case):
        return
    run, plain = case.run(), case.plain()
    contents = PoolContents.of(run)
    if contents is None:
        assert not run.cache_matters
    else:
        assert_same_content(contents, plain, plain.batches)


def assert_same_content(contents: PoolContents, plain: PlainVllm, batches: list[Batch]) -> None:
    alone = {stream for stream, count in enumerate(contents.requests.tolist()) if count < 2}
    for batch in batches:
        at = contents.at(batch.begin)
        used, cached = (
            Counter(plain.owner(batch.names[block]) for block in blocks)
            for blocks in (batch.in_use & set(batch.names), batch.known)
        )
        theirs = {stream for kind, stream in used | cached if kind == "stream"} - alone
        assert {each.stream: (each.used, each.cached) for each in at.prefixes} == {
            stream: (used["stream", stream], cached["stream", stream]) for stream in theirs
        }
        blocks = [*at.prefixes, at.own]
        assert sum(each.used for each in blocks) == len(batch.in_use)
        assert sum(each.cached for each in blocks) == len(batch.known)
        assert sum(each.blocks for each in blocks) + at.free == contents.kv.blocks


@given(cases(), st.data())
def test_the_parts_sum_to_the_latency_at_every_instant(case: Case, data: st.DataObject) -> None:
    if endless(case):
        return
    run = case.run()
    times = st.lists(st.integers(0, run.finished + 5), max_size=5)
    assert_parts_sum_to_latency(run, data.draw(times))


@given(cases())
def test_tokens_processed_are_prompts_recomputed_ones_and_decodes(case: Case) -> None:
    if endless(case):
        return
    run = case.run()
    stays = run.stays
    processed = np.zeros_like(stays.known)
    np.add.at(processed, run.chunks.stay, run.chunks.tokens)
    complete = stays.ready_time <= stays.end_time
    owed = stays.known - stays.cached
    assert (processed[complete] == owed[complete]).all()
    assert (processed[~complete] < owed[~complete]).all()
    first = run.by_request.stays[run.by_request.first[:-1]]
    recomputed = processed.sum() - processed[first].sum()
    decoding = run.spans.billed - np.bincount(run.chunks.span, minlength=len(run.spans))
    made = int((decoding * run.spans.steps).sum()) + int(complete.sum())
    assert made == run.requests.output_tokens.sum()
    assert recomputed == 0 or run.evictions.any()


@given(cases())
def test_a_slot_holds_one_request_at_a_time(case: Case) -> None:
    if endless(case):
        return
    run = case.run()
    assert len(run.by_slot) <= case.engine.max_num_seqs
    for slot in range(len(run.by_slot)):
        stays = run.by_slot.members(slot)
        assert (run.stays.end_time[stays[:-1]] <= run.stays.start_time[stays[1:]]).all()


@given(cases())
def test_in_endless_memory_the_same_is_found_as_in_a_plain_loop(case: Case) -> None:
    engine = replace(case.engine, enable_prefix_caching=True, kv_cache_tokens=None)
    case = case._replace(engine=engine, blocks=10**6)
    run, plain = case.run(), case.plain()
    assert run.stays.cached.tolist() == [
        plain.guests[row].found[0] for row in run.stays.request.tolist()
    ]
    assert run.finish_time.tolist() == [guest.times[-1] for guest in plain.guests]


@given(cases())
def test_where_nothing_is_shared_and_nobody_evicted_the_cache_changes_nothing(case: Case) -> None:
    """Both loops write the same log, so the lean one serves as long as that is so."""
    case = case._replace(begins=[(-1, 0)] * len(case.rows))
    case = case._replace(engine=replace(case.engine, enable_prefix_caching=False))
    if endless(case) or case.run().evictions.any():
        return
    requests = case.run().requests  # with answers as they are cut
    by_priority = case.engine.policy == "priority"
    if by_priority:
        keys = (requests.id, requests.arrival_time, requests.priority)
        requests = requests.part(np.lexsort(keys))
    cost = replace(case.cost, first_token="prefill")
    lean, caching = (
        kind(
            ByPriority(requests) if by_priority else FirstCome(requests),
            requests,
            cost,
            case.engine,
            case.blocks,
            jumps=True,
        ).serve()
        for kind in (
            (PriorityScheduler, CachingPriorityScheduler)
            if by_priority
            else (Scheduler, CachingScheduler)
        )
    )
    for name in ("stays", "ends", "chunks"):
        assert getattr(lean, name) == getattr(caching, name)
    # Of a head that lacks blocks both tell how many it needs.
    assert lean.spans == caching.spans


@pytest.mark.parametrize("seed", range(6))
def test_a_crowd_that_begins_alike_is_served_as_by_a_plain_loop(seed: int) -> None:
    """Longer than what hypothesis draws: contents come and go many times, and have copies."""
    draw = random.Random(seed)
    parent = [draw.randint(-1, row - 1) for row in range(draw.choice([3, 12]))]
    start = [0 if above < 0 else draw.randint(0, 120) for above in parent]
    rows, begins, at = [], [], 0
    for _ in range(120):
        at += draw.choice([0, 0, 5, 30, 90])
        rows.append((at, draw.randint(1, 160), draw.randint(1, 60), draw.randint(0, 2)))
        begins.append((draw.randint(-1, len(parent) - 1), draw.randint(0, 260)))
    blocks = 14 * draw.choice([1, 2, 3]) + draw.randint(0, 20)
    engine = Vllm(
        max_num_seqs=draw.choice([16, 32]),
        max_num_batched_tokens=draw.choice([64, 300]),
        long_prefill_token_threshold=draw.choice([0, 24]),
        policy="priority" if seed % 3 == 2 else "fcfs",
        scheduler_reserve_full_isl=draw.random() < 0.6,
        async_scheduling=seed % 2 == 0,
        kv_cache_tokens=(blocks + 1) * 16,
    )
    streams = Streams.from_columns(parent, start)
    case = Case(rows, begins, streams, engine, IterationCost(10, 1, 1), blocks)
    plain, run = case.plain(6_000), case.run()
    assert run.evictions.any()
    assert run.stays.cached.any()
    assert run.finish_time.tolist() == [guest.times[-1] for guest in plain.guests]
    stays = [run.by_request.members(row) for row in range(len(run))]
    assert [run.stays.cached[rows].tolist() for rows in stays] == [
        guest.found for guest in plain.guests
    ]
    contents = PoolContents.of(run)
    assert contents
    assert_same_content(contents, plain, plain.batches[::5])
