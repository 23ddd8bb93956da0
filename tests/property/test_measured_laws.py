"""Laws of what a server's log tells, whatever times it tells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import palette, scene_of
from workloads_for_laws import workload_of

from tui_batching.analysis.phases import phases
from tui_batching.analysis.worst import Ranking, instant_of_why
from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.gallery import SCENE_CHARTS
from tui_batching.cost import IterationCost
from tui_batching.requests import Requests
from tui_batching.sim.measured import MeasuredRun, TokenTimes
from tui_batching.strategies import MeasuredServer, Static, Vllm
from tui_batching.workload import Workload

times = st.integers(0, 5)
rows = st.lists(st.tuples(times, times, times, times, st.integers(1, 4)), min_size=1, max_size=9)


@st.composite
def logs(draw: st.DrawFn) -> Workload:
    """A few requests that a server took up, began and finished at instants that often coincide."""
    told = sorted(draw(rows))
    unit = draw(st.sampled_from([1, 10**9]))
    arrival, queue, first, rest, tokens = np.array(told).T
    arrival = (arrival - arrival[0]) * unit
    start = arrival + queue * unit
    first = start + first * unit + 1
    finish = first + np.where(tokens > 1, rest * unit, 0)
    requests = Requests.from_columns(arrival, tokens, tokens)
    tells_start = draw(st.booleans())
    each = [np.linspace(*told, dtype=np.int64) for told in zip(first, finish, tokens, strict=True)]
    server = MeasuredServer(
        requests,
        start if tells_start else arrival,
        first,
        finish,
        tells_start,
        TokenTimes.of(each) if draw(st.booleans()) else None,
    )
    workload = workload_of(
        list(zip(arrival.tolist(), tokens.tolist(), tokens.tolist(), strict=True)),
        IterationCost(unit, 1),
    )
    strategies = (Vllm(draw(st.sampled_from([1, 2, 64]))), Static(2))
    return replace(workload, strategies=strategies, measured=server)


def run_of(workload: Workload) -> MeasuredRun:
    run = workload.lanes[0].serve(workload.requests, workload.cost)
    assert isinstance(run, MeasuredRun)
    return run


@given(logs())
def test_at_every_instant_each_request_is_in_one_place(workload: Workload) -> None:
    run = run_of(workload)
    everybody = np.arange(len(run))
    before, time = np.zeros(len(run), np.int64), 0
    while True:
        moment = run.at(time)
        made = moment.tokens_made(everybody)
        assert (made >= before).all()
        assert len(moment.waiting) + len(moment.running) + moment.done == moment.arrived
        assert (made[run.first_token_time > time] == 0).all()
        assert (
            made[run.finish_time <= time] == run.requests.output_tokens[run.finish_time <= time]
        ).all()
        before, following = made, moment.next_boundary
        if following is None:
            break
        assert following > time
        assert run.at(following).previous_boundary == time
        time = following
    assert time == run.finished


@settings(max_examples=30)  # all charts are drawn for each
@given(logs(), st.floats(0, 1))
def test_phases_sum_and_every_chart_is_drawn(workload: Workload, share: float) -> None:
    scene = scene_of(workload)
    true = scene.comparison.measured_run
    assert true is not None
    time = round(scene.end * share)
    for run in scene.runs:
        arrival = run.requests.arrival_time
        for row in range(len(run)):
            age = max(0, min(time, int(run.end_time[row])) - int(arrival[row]))
            assert sum(phases(run, row, time, true).values()) == age
    for measure in scene.measures:
        ranking = Ranking.of(measure, scene.runs)
        for row in ranking.order:
            run = scene.runs[ranking.lane[row]]
            assert 0 <= instant_of_why(measure, run, int(row)) <= run.finished
    for chart in SCENE_CHARTS.values():
        drawn = chart.draw(ChartRequest(scene, time, 100, 30, palette()))
        assert len(drawn) == 30
