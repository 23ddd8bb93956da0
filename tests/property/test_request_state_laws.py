"""The matrix of states, against what a Run answers for one instant after the other."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from workloads_for_laws import cases

from tui_batching.analysis.request_states import (
    RequestState,
    prefill_fills_most,
    request_states,
)
from tui_batching.sim.moment import Moment, SlotState
from tui_batching.sim.simulate import simulate
from tui_batching.sim.spans import SpanKind
from tui_batching.strategy import Strategy
from tui_batching.workload.model import Workload


def states_one_by_one(moment: Moment) -> list[RequestState]:
    """The state of every request, as the lanes show it."""
    states = [RequestState.ANSWERED] * moment.started
    states += [RequestState.WAITING] * len(moment.waiting)
    states += [RequestState.COMING] * (len(moment.run) - moment.arrived)
    rows = moment.occupants[moment.occupants >= 0]
    for row, state in zip(rows.tolist(), moment.states(rows).tolist(), strict=True):
        states[row] = RequestState[SlotState(state).name]
    return states


@given(cases(), st.data())
def test_every_cell_is_what_the_moment_says(
    case: tuple[Workload, Strategy], data: st.DataObject
) -> None:
    run = simulate(*case)
    turns = np.concatenate((run.requests.arrival_time, run.start, run.finish, run.end))
    near = st.sampled_from(turns.tolist()).flatmap(lambda t: st.integers(max(0, t - 1), t + 1))
    anywhere = st.integers(0, run.finished + 3)
    instants = data.draw(st.lists(st.one_of(near, anywhere), min_size=1, max_size=12))
    states = request_states(run, np.arange(len(run)), np.array(instants))
    expected = [states_one_by_one(run.at(instant)) for instant in instants]
    assert states.T.tolist() == expected


@given(cases(), st.integers(1, 40))
def test_a_cell_counts_as_prefill_if_that_fills_half_of_it(
    case: tuple[Workload, Strategy], cells: int
) -> None:
    run = simulate(*case)
    edges = np.unique(np.linspace(0, run.finished, cells + 1).astype(np.int64))
    spans = run.spans
    prefills = [
        (int(spans.start[i]), int(spans.end[i]))
        for i in range(len(spans))
        if spans.kind[i] == SpanKind.PREFILL
    ]
    pairs = zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    expected = []
    for low, high in pairs:
        busy = sum(max(0, min(end, high) - max(start, low)) for start, end in prefills)
        expected.append(busy > 0 and 2 * busy >= high - low)
    assert prefill_fills_most(run, edges).tolist() == expected
