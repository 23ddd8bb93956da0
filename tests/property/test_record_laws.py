"""A Run tells of any engine, chunks, mixed iterations and second stays: against a diary."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from diaries import COSTS, Case, cases
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_engine import Guest, MadeUp

from tui_batching.analysis.breakdown import PARTS, breakdown
from tui_batching.analysis.state_intervals import state_intervals
from tui_batching.analysis.tokens import token_gaps, token_times
from tui_batching.analysis.utilization import SlotIntegrals, utilization
from tui_batching.requests import Requests
from tui_batching.sim.life import WAITS, State, states_at
from tui_batching.sim.spans import SpanKind
from tui_batching.sim.stays import Ended


def state_of(case: Case, guest: Guest, time: int) -> State:
    if time < guest.arrival:
        return State.COMING
    if time >= guest.times[-1]:
        return State.DONE
    page = case.page_at(time)
    assert page is not None
    return page.states[guest.row]


@given(cases())
def test_states_tokens_and_queue_are_those_of_the_diary_at_every_instant(case: Case) -> None:
    rows = np.arange(len(case.run))
    for time in case.instants:
        moment = case.run.at(time)
        assert moment.states(rows) == [state_of(case, guest, time) for guest in case.guests]
        made = [sum(t <= time for t in guest.times) for guest in case.guests]
        assert moment.tokens_made(rows).tolist() == made
        page = case.page_at(time)
        if page and page.states:
            arrived = [row for row in page.waiting if case.guests[row].arrival <= time]
            assert list(moment.waiting) == arrived


@given(cases())
def test_the_matrix_of_states_is_that_of_each_instant(case: Case) -> None:
    rows, instants = np.arange(len(case.run)), np.array(case.instants)
    expected = [[int(s) for s in case.run.at(t).states(rows)] for t in case.instants]
    assert states_at(case.run, rows, instants).T.tolist() == expected


def counted(case: Case, guest: Guest, until: int) -> dict[str, int]:
    """The parts of a latency, page by page."""
    parts = dict.fromkeys(PARTS, 0)
    for page in case.diary:
        since, to = max(page.start, guest.arrival), min(page.end, until)
        state = page.states.get(guest.row)
        if to <= since or state is None:
            continue
        if state is not State.DECODE:
            parts[state.word] += to - since
            continue
        decoding = min(to - since, page.decode_time)
        alone = min(decoding, page.alone[guest.row])
        parts["decode"] += alone
        parts["sharing"] += decoding - alone
        parts["stalled"] += to - since - decoding
    return parts


@given(cases(), st.data())
def test_the_parts_are_those_of_the_diary_at_any_instant(case: Case, data: st.DataObject) -> None:
    anywhere = data.draw(st.lists(st.integers(0, case.run.finished + 5), max_size=5))
    for time in [*anywhere, case.run.finished]:
        found = breakdown(case.run, until=time).columns()
        for guest in case.guests:
            told = {name: int(column[guest.row]) for name, column in found.items()}
            assert told == counted(case, guest, time)


@given(cases())
def test_the_parts_sum_to_the_latency_and_rows_can_be_asked_for_alone(case: Case) -> None:
    run = case.run
    whole = breakdown(run)
    assert (sum(whole.columns().values()) == run.end_time - run.requests.arrival_time).all()
    rows = np.arange(len(run))[::-2]
    for name, column in breakdown(run, rows).columns().items():
        assert column.tolist() == whole.columns()[name][rows].tolist()


@given(cases())
def test_tokens_and_gaps_are_those_of_the_diary(case: Case) -> None:
    times = [column.tolist() for block in token_times(case.run, 5) for column in block]
    assert times == [guest.times for guest in case.guests]
    expected = sorted(b - a for guest in case.guests for a, b in pairwise(guest.times))
    assert np.sort(np.repeat(*token_gaps(case.run).written_out())).tolist() == expected


@given(cases())
def test_evictions_and_intervals_in_slots_are_those_of_the_stays(case: Case) -> None:
    run = case.run
    evicted = [
        sum(1 for a, b in pairwise(states) if b is State.EVICTED and a is not State.EVICTED)
        for states in ([page.states.get(row) for page in case.diary] for row in range(len(run)))
    ]
    assert (run.evictions >= evicted).all()  # some are evicted twice between two pages
    for stay, told in enumerate(state_intervals(run, np.arange(len(run.stays)))):
        assert (told[0].start, told[-1].end) == (
            run.stays.start_time[stay],
            run.stays.end_time[stay],
        )
        assert all(a.end == b.start for a, b in pairwise(told))
        for interval in told:
            page = case.page_at(interval.start)
            assert page is not None
            assert page.states[int(run.stays.request[stay])] is interval.state


@settings(max_examples=60)
@given(cases(), st.integers(1, 20))
def test_the_series_of_utilization_integrates_to_the_parts(case: Case, windows: int) -> None:
    run = case.run
    edges = np.linspace(0, run.finished, windows + 1).astype(np.int64)
    series, share = SlotIntegrals.of(run).series(edges), utilization(run)
    lengths = np.diff(edges) * run.slots
    assert float((series.useful * lengths).sum()) == pytest.approx(share.useful_time)
    assert float((series.held * lengths).sum()) == pytest.approx(share.held_time)
    rounding = 1e-9 * share.available_time
    assert float((series.stalled * lengths).sum()) == pytest.approx(
        share.stalled_time, abs=rounding
    )
    assert float((series.occupied * lengths).sum()) == pytest.approx(share.occupied_time)
    assert share.occupied_time == sum((run.left - run.stays.start_time).tolist())


def test_the_made_up_engine_does_all_that_engines_do() -> None:
    """Otherwise the laws above would hold of little."""
    rows = [(0, 6, 7), (0, 6, 7), (3, 9, 5), (4, 2, 4), (900, 4, 2)]
    arrival, prompt, answer = np.array(rows).T
    requests = Requests.from_columns(arrival, prompt, answer)
    evicting = MadeUp(seats=2, budget=5, pool=17).serve(requests, COSTS[0])
    skipping = MadeUp(seats=3, budget=5, pool=17, skips=1).serve(requests, COSTS[0])
    assert set(evicting.spans.kind.tolist()) == {
        SpanKind.IDLE, SpanKind.PREFILL, SpanKind.DECODE, SpanKind.MIXED,
    }  # fmt: skip
    assert len(evicting.stays) > len(evicting)
    assert (evicting.prefills.first[1:] - evicting.prefills.first[:-1] > 1).any()
    assert Ended.SKIPPED in skipping.stays.ended
    parts = breakdown(evicting).totals
    assert all(parts[name] for name in PARTS if name not in {"forming", "held"})
    told = {state for state in WAITS if state is not State.QUEUED}  # logs alone tell no more
    assert {state.word for state in told} <= set(PARTS)


@given(cases())
def test_steps_visit_every_edge_and_go_back_to_the_same_ones(case: Case) -> None:
    run, visited = case.run, [0]
    while (following := run.at(visited[-1]).next_boundary) is not None:
        visited.append(following)
    assert visited == sorted({0, *(page.end for page in case.diary)})
    back = [visited[-1]]
    while (before := run.at(back[-1]).previous_boundary) is not None:
        back.append(before)
    assert back == visited[::-1]
