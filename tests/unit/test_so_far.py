"""Running figures: at every instant they are exact, and at the end they are the final ones."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import MS, boundaries, hand_made, on_stage
from workloads_for_laws import cases

from tui_batching.analysis.breakdown import breakdown
from tui_batching.analysis.so_far import SoFar
from tui_batching.analysis.utilization import Shares, utilization
from tui_batching.numbers import percent
from tui_batching.sim.run import Run
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Continuous
from tui_batching.workload import load_workload


@st.composite
def runs_and_instants(draw: st.DrawFn) -> tuple[Run, list[int]]:
    """A Run with all its boundaries, and random instants before, between and after them."""
    run = simulate(*draw(cases(most=8)))
    anywhere = draw(st.lists(st.integers(0, run.finished + 10), max_size=20))
    return run, sorted({*boundaries(run), *anywhere, run.finished + 1})


def parts_at(run: Run, row: int, time: int) -> list[int]:
    parts = breakdown(run, np.array([row]), time)
    return [int(column[0]) for column in parts.columns().values()]


def age(run: Run, row: int, time: int) -> int:
    """How long a request has been on its way: up to its end."""
    arrival, end = int(run.requests.arrival_time[row]), int(run.end_time[row])
    return max(0, min(time, end) - arrival)


@settings(max_examples=40, deadline=None)
@given(runs_and_instants())
def test_the_parts_sum_to_the_age_at_every_instant(case: tuple[Run, list[int]]) -> None:
    run, instants = case
    for row in range(len(run)):
        for time in instants:
            assert sum(parts_at(run, row, time)) == age(run, row, time)


@settings(max_examples=40, deadline=None)
@given(runs_and_instants())
def test_no_part_is_ever_negative_or_shrinks(case: tuple[Run, list[int]]) -> None:
    run, instants = case
    for row in range(len(run)):
        series = [parts_at(run, row, time) for time in instants]
        assert min(series[0]) >= 0
        for before, after in pairwise(series):
            assert all(new >= old for old, new in zip(before, after, strict=True))


@given(cases(most=10))
def test_at_the_end_the_parts_are_those_of_the_breakdown(case: tuple) -> None:
    run = simulate(*case)
    final = breakdown(run).columns().values()
    for row in range(len(run)):
        wanted = [int(column[row]) for column in final]
        assert parts_at(run, row, int(run.end_time[row])) == wanted
        assert parts_at(run, row, run.finished) == wanted


@settings(max_examples=40, deadline=None)
@given(runs_and_instants())
def test_the_latency_is_that_of_the_requests_answered_so_far(case: tuple[Run, list[int]]) -> None:
    run, instants = case
    so_far = SoFar(run)
    latencies = run.end_time - run.requests.arrival_time
    for time in instants:
        done = latencies[run.end_time <= time]
        shown = so_far.latency(run.at(time).done)
        if not len(done):
            assert shown is None
            continue
        assert shown is not None
        assert shown.mean == pytest.approx(np.mean(done), rel=1e-12)
        assert shown.p99 == pytest.approx(np.percentile(done, 99), rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(runs_and_instants())
def test_the_shares_of_slot_time_are_parts_of_a_whole(
    case: tuple[Run, list[int]],
) -> None:
    run, instants = case
    so_far = SoFar(run)
    for time in instants:
        shares = so_far.shares(time)
        parts = (shares.useful, shares.held, shares.stalled, shares.free)
        assert min(parts) >= -1e-12
        assert sum(parts) == pytest.approx(1, rel=1e-12)


@given(cases())
def test_at_the_end_the_shares_are_the_final_ones(case: tuple) -> None:
    run = simulate(*case)
    final = utilization(run)
    shares = SoFar(run).shares(run.finished)
    told = (1 - shares.free, shares.useful, shares.held)
    assert told == pytest.approx((final.occupied, final.useful, final.held), abs=1e-12)


def test_before_the_first_arrival_all_is_free() -> None:
    workload = hand_made((50, 5, 2), strategies=[Continuous(2)])
    run = simulate(workload, workload.strategies[0])
    assert SoFar(run).shares(0) == Shares(0.0, 0.0, 0.0, 1.0)
    assert SoFar(run).shares(run.begin) == Shares(0.0, 0.0, 0.0, 1.0)


@given(st.lists(st.integers(0, 10_000), min_size=4, max_size=4).filter(any))
def test_a_sum_of_shares_adds_up_and_rounds_each_as_where_it_stands_alone(
    amounts: list[int],
) -> None:
    useful, held, stalled, free = (amount / sum(amounts) for amount in amounts)
    told = Shares(useful, held, stalled, free).as_sum()
    assert sum(map(Decimal, told.values())) == 100
    if free > 0.01:
        assert f"{told['useful']} %" == percent(useful, 1)
        assert f"{told['held']} %" == percent(held, 1)
        assert f"{told['stalled']} %" == percent(stalled, 1)
    assert float(told["free"]) == pytest.approx(100 * free, abs=0.21)


def test_a_sum_of_shares_in_which_nothing_is_free() -> None:
    full = Shares(0.66666, 0.16667, 0.16667, 0.0)
    assert full.as_sum() == {"useful": "66.6", "held": "16.7", "stalled": "16.7", "free": "0.0"}


@pytest.mark.parametrize(
    ("strategies", "times"), [((), (3200, 4640, 8030)), (("vllm", "sglang"), (8500,))]
)
async def test_all_views_tell_the_same_shares_of_an_instant(
    strategies: tuple[str, ...], times: tuple[int, ...]
) -> None:
    workload = load_workload("engines" if strategies else "notebook")
    chosen = tuple(each for each in workload.strategies if each.name in strategies)
    workload = replace(workload, strategies=chosen or workload.strategies)
    async with on_stage(workload, (120, 36)) as stage:
        for time in times:
            await stage.press("1")
            await stage.seek(time * MS)
            in_live = told_shares(stage.seen())
            await stage.press("2")
            assert told_shares(stage.seen()) == in_live, time
        await stage.press("1", "end", "2")
        at_the_end = told_shares(stage.seen())
        await stage.press("4")
        assert told_shares(stage.seen()) == at_the_end


def told_shares(seen: str) -> dict[str, list[str]]:
    """What is held and stalled in each lane, in whole percent; a sum tells it more exactly."""
    sums = re.findall(r"held ([\d.]+) % \+ . (?:stalled|slowed) ([\d.]+) %", seen)
    pairs = sums or re.findall(r"held (\d+) ?% (?:· )?(?:stalled|slowed) (\d+) ?%", seen)
    return {
        name: [f"{float(pair[place]):.0f}" for pair in pairs]
        for place, name in enumerate(("held", "stalled"))
    }
