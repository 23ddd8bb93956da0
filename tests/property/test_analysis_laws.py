"""Laws that the analysis of any Run obeys."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference import serve
from workloads_for_laws import costs

from tui_batching.analysis import pooled_values
from tui_batching.analysis.breakdown import breakdown
from tui_batching.analysis.metrics import metrics
from tui_batching.analysis.peaks import peak_tokens_held
from tui_batching.analysis.service_level import limits_kept, within_limits
from tui_batching.analysis.state_intervals import state_intervals
from tui_batching.analysis.tokens import token_gaps
from tui_batching.analysis.utilization import SlotIntegrals, utilization
from tui_batching.sim.run import Run
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Continuous, Dynamic, Static, Strategy
from tui_batching.workload import ListedRequests, Requests, Workload
from tui_batching.workload.service_level import ServiceLevel


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """Small Runs in small units of time, so that instants often coincide."""
    cost = draw(costs())
    rows = draw(
        st.lists(
            st.tuples(st.integers(0, 60), st.integers(cost.made_by_prefill, 9), st.integers(1, 8)),
            min_size=1,
            max_size=14,
        )
    )
    arrival, prompt, answer = np.array(rows).T
    batch_size = draw(st.integers(1, 5))
    timeout_from = draw(st.sampled_from(("server_free", "arrival")))
    choices: list[Strategy] = [
        Static(batch_size, draw(st.sampled_from(("batch", "workload")))),
        Dynamic(batch_size, draw(st.integers(0, 30)), timeout_from),
        Continuous(batch_size),
    ]
    requests = Requests.from_columns(arrival, prompt, answer)
    workload = Workload("any", ListedRequests(requests), cost=cost)
    return simulate(workload, draw(st.sampled_from(choices)))


def token_times(run: Run) -> list[list[int]]:
    """When each request makes each of its tokens, one token at a time."""
    served, _ = serve(run.requests, run.cost, run.strategy)
    return [one.token_times for one in served]


@given(runs())
def test_the_parts_sum_to_the_latency_and_none_is_negative(run: Run):
    columns = breakdown(run).columns().values()
    assert all((column >= 0).all() for column in columns)
    assert (sum(columns) == run.end_time - run.requests.arrival_time).all()


@given(runs())
def test_useful_is_at_most_occupied_and_both_are_shares(run: Run):
    share = utilization(run)
    assert 0 < share.useful_time <= share.occupied_time <= share.available_time
    assert share.held + share.stalled == pytest.approx(share.occupied - share.useful, abs=1e-15)


@given(runs(), st.integers(1, 40))
def test_the_series_integrates_to_the_total(run: Run, windows: int):
    edges = np.linspace(0, run.finished, windows + 1).astype(np.int64)
    series, share = SlotIntegrals.of(run).series(edges), utilization(run)
    lengths = np.diff(edges) * run.slots
    assert series.occupied @ lengths == pytest.approx(share.occupied_time)
    assert series.useful @ lengths == pytest.approx(share.useful_time)
    assert (series.useful >= -1e-12).all()
    assert (series.useful <= series.occupied + 1e-12).all()
    assert (series.occupied <= 1 + 1e-12).all()


@given(runs())
def test_every_gap_between_tokens_is_counted(run: Run):
    gaps = token_gaps(run)
    expected = [b - a for times in token_times(run) for a, b in pairwise(times)]
    assert (gaps.counts > 0).all()
    assert np.sort(np.repeat(*gaps.written_out())).tolist() == sorted(expected)
    assert gaps.total == (run.requests.output_tokens - 1).sum()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(run=runs())
def test_percentiles_are_numpys_however_few_values_are_written_out(
    run: Run, monkeypatch: pytest.MonkeyPatch
):
    gaps = token_gaps(run)
    if gaps:
        monkeypatch.setattr(pooled_values, "_FEW", 2)
        q = [0, 1, 50, 62.5, 90, 99, 100]
        assert (
            gaps.percentiles(q).tolist()
            == np.percentile(np.repeat(*gaps.written_out()), q).tolist()
        )


@given(runs())
def test_the_intervals_of_states_add_up_to_the_parts(run: Run):
    parts = breakdown(run)
    for row, told in enumerate(state_intervals(run, np.arange(len(run)))):
        lengths = dict.fromkeys(("prefill", "stalled", "decode", "held"), 0)
        assert [one.end for one in told[:-1]] == [one.start for one in told[1:]]
        assert (told[0].start, told[-1].end) == (run.start_time[row], run.end_time[row])
        for state, start, end in told:
            assert end > start
            lengths[state.word] += end - start
        assert list(lengths.values()) == [
            parts.prefill[row],
            parts.stalled[row],
            parts.decode[row] + parts.sharing[row],
            parts.held[row],
        ]


@given(runs())
def test_the_most_tokens_are_held_when_they_are(run: Run):
    """Counted in the last instant of every iteration; padding grows like everybody else."""
    served, iterations = serve(run.requests, run.cost, run.strategy)
    held = []
    for iteration in iterations:
        time, steps = iteration.end - 1, 0
        for one in served:
            if one.start <= time < one.end:
                done = sum(
                    other.kind == "decode" and one.start <= other.start and other.end <= time
                    for other in iterations
                )
                steps += one.input_tokens + done
                steps += run.cost.made_by_prefill and one.first_token <= time
        held.append(steps)
    peak = peak_tokens_held(run)
    assert peak.tokens == max(held)
    assert peak.time == iterations[held.index(max(held))].start


@given(runs())
def test_metrics_of_gaps_are_numpys_on_all_tokens(run: Run):
    expanded = [g for times in token_times(run) for g in np.diff(times).tolist()]
    found = metrics(run)
    if not expanded:
        assert found["mean_itl"] is None
        return
    seconds = np.array(expanded) / 1e12
    assert found["mean_itl"] == pytest.approx(seconds.mean())
    assert found["std_itl"] == pytest.approx(seconds.std(), abs=1e-20)
    for name, percent in (("median", 50), ("p90", 90), ("p95", 95), ("p99", 99)):
        assert found[f"{name}_itl"] == pytest.approx(np.percentile(seconds, percent))


@given(runs())
def test_token_times_begin_and_end_as_the_run_says(run: Run):
    times = token_times(run)
    assert [t[0] for t in times] == run.first_token_time.tolist()
    assert [t[-1] for t in times] == run.finish_time.tolist()
    assert [len(t) for t in times] == run.requests.output_tokens.tolist()


@given(runs())
def test_the_mean_parts_sum_to_the_mean_latency(run: Run):
    found = metrics(run)
    parts = [found[f"mean_{name}"] for name in breakdown(run).columns()]
    assert sum(p for p in parts if p is not None) == pytest.approx(found["avg_latency"])
    assert found["mean_e2el"] == found["avg_latency"]


LIMIT = st.one_of(st.none(), st.integers(1, 60))


@given(runs(), LIMIT, LIMIT, LIMIT)
def test_the_service_level_is_that_of_each_request_in_fractions(
    run: Run, ttft: int | None, tpot: int | None, e2el: int | None
):
    def keeps(row: int) -> bool:
        arrival, tokens = int(run.requests.arrival_time[row]), int(run.requests.output_tokens[row])
        first, finish, end = (
            int(run.first_token_time[row]),
            int(run.finish_time[row]),
            int(run.end_time[row]),
        )
        per_token = Fraction(finish - first, tokens - 1) if tokens > 1 else None
        return (
            (ttft is None or first - arrival <= ttft)
            and (tpot is None or per_token is None or per_token <= tpot)
            and (e2el is None or end - arrival <= e2el)
        )

    limits = ServiceLevel(ttft, tpot, e2el)
    expected = [keeps(row) for row in range(len(run))]
    assert within_limits(run, limits).tolist() == expected
    served = limits_kept(run, limits)
    assert served.attainment == sum(expected) / len(run)
    assert served.goodput == pytest.approx(sum(expected) * 1e12 / run.total_time)
