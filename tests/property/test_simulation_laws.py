"""What holds for every workload and every strategy; the trusted slow simulator is the judge."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import Iteration, serve
from workloads_for_laws import cases, workload_of

from tui_batching.clock import MILLISECOND, SECOND
from tui_batching.cost import Cost, LinearCost
from tui_batching.requests import Requests
from tui_batching.sim.run import Run
from tui_batching.sim.simulate import simulate
from tui_batching.sim.spans import SpanKind
from tui_batching.strategies import Continuous, Dynamic, Static, Strategy
from tui_batching.workload import load_profile
from tui_batching.workload.listed import ListedRequests
from tui_batching.workload.model import Workload

COLUMNS = ("start_time", "first_token_time", "finish_time", "end_time")


def assert_equals_reference(workload: Workload, strategy: Strategy) -> None:
    run = simulate(workload, strategy)
    served, iterations = serve(workload.requests, workload.cost, strategy)
    for name in COLUMNS:
        assert getattr(run, name).tolist() == [
            getattr(one, name.removesuffix("_time")) for one in served
        ], name
    assert run.stays.slot.tolist() == [one.slot for one in served]
    assert one_by_one(run) == iterations


def one_by_one(run: Run) -> list[Iteration]:
    """The Run's spans, cut into single iterations."""
    spans = run.spans
    columns = [spans.start, spans.kind, spans.steps]
    columns += [spans.step_time, spans.step_growth, spans.billed]
    found = []
    for start, kind, steps, step_time, growth, billed in zip(
        *(column.tolist() for column in columns), strict=True
    ):
        end = start
        for k in range(steps):
            begin, end = end, end + step_time + k * growth
            found.append(Iteration(SpanKind(kind).name.lower(), begin, end, billed))
    return found


@settings(max_examples=250)
@given(cases())
def test_every_column_and_span_equals_the_slow_simulators(case: tuple[Workload, Strategy]) -> None:
    assert_equals_reference(*case)


@pytest.mark.parametrize("load", ["light", "ragged", "heavy"])
@pytest.mark.parametrize("batch_size", [1, 2, 4, 7])
@pytest.mark.parametrize("kind", ["static", "server_free", "arrival", "continuous"])
def test_long_workloads_equal_the_slow_simulators(load: str, batch_size: int, kind: str) -> None:
    """Hundreds of batches, with quiet hours and rushes: what is found a stretch at a time."""
    draw = random.Random(f"{load} {batch_size} {kind}")
    rush = {"light": 0.0, "ragged": 0.5, "heavy": 1.0}[load]
    rows, now, hurried = [], 0, False
    for _ in range(1500):
        if draw.random() < 0.01:
            hurried = draw.random() < rush
        now += draw.choice([0, 1, 1, 2]) if hurried or rush == 1 else draw.choice([0, 5, 20, 60])
        rows.append((now, draw.randrange(5), draw.choice([1, 2, 2, 3, 20])))
    workload = workload_of(rows, LinearCost(1, 2, 1))
    timeout = draw.choice([0, 10, 30, 1000])
    strategy: Strategy
    if kind == "static":
        strategy = Static(batch_size)
    elif kind == "continuous":
        strategy = Continuous(batch_size)
    else:
        strategy = Dynamic(batch_size, timeout, "arrival" if kind == "arrival" else "server_free")
    assert_equals_reference(workload, strategy)


@pytest.mark.parametrize("batch_size", [1, 3, 8])
@pytest.mark.parametrize("first_token", ["decode", "prefill"])
@pytest.mark.parametrize("kind", [Static, Dynamic, Continuous])
def test_real_costs_equal_the_slow_simulators(
    kind: Callable[[int], Strategy], first_token: str, batch_size: int
) -> None:
    """Steps of milliseconds that grow by nanoseconds, over hundreds of tokens."""
    draw, now, rows = random.Random(f"{kind} {first_token} {batch_size}"), 0, []
    for _ in range(150):
        now += int(draw.expovariate(1 / (600 * MILLISECOND // batch_size)))
        rows.append((now, draw.randrange(1, 3000), draw.choice([1, 1, 2, 90, 300])))
    cost = replace(load_profile("h100-llama-3-8b"), first_token=first_token)
    assert_equals_reference(workload_of(rows, cost), kind(batch_size))


@given(cases())
def test_requests_run_after_they_arrive_and_make_every_token(
    case: tuple[Workload, Strategy],
) -> None:
    workload, strategy = case
    run = simulate(workload, strategy)
    requests = workload.requests
    assert (run.start_time >= requests.arrival_time).all()
    assert (run.first_token_time > run.start_time).all()
    assert (run.finish_time >= run.first_token_time).all()
    assert (run.end_time >= run.finish_time).all()
    assert (np.diff(run.start_time) >= 0).all()
    steps, asked = run.spans.decode_steps_at, run.cost.decode_steps(requests.output_tokens)
    assert (steps(run.finish_time) - steps(run.start_time)).tolist() == asked.tolist()
    assert (
        steps(run.first_token_time) - steps(run.start_time) == 1 - run.cost.made_by_prefill
    ).all()
    rows = np.arange(len(run))
    made = run.at(run.finished).tokens_made(rows)
    assert made.tolist() == requests.output_tokens.tolist()


@given(cases())
def test_a_slot_holds_one_request_and_is_the_lowest_free_one(
    case: tuple[Workload, Strategy],
) -> None:
    workload, strategy = case
    run = simulate(workload, strategy)
    taken_until: dict[int, int] = {}
    for start, end, slot in zip(
        run.start_time.tolist(), run.end_time.tolist(), run.stays.slot.tolist(), strict=True
    ):
        running = {other for other, until in taken_until.items() if until > start}
        assert slot == min(set(range(len(running) + 1)) - running)
        taken_until[slot] = end
        assert len(running) < strategy.batch_size


@given(cases())
def test_spans_are_gap_free_from_zero_and_never_empty(case: tuple[Workload, Strategy]) -> None:
    run = simulate(*case)
    spans = run.spans
    assert spans.start[0] == 0
    assert spans.start[1:].tolist() == spans.end[:-1].tolist()
    assert int(spans.end[-1]) == run.finished
    assert (spans.end > spans.start).all()
    assert (spans.steps >= 1).all()
    assert (spans.steps[spans.kind != SpanKind.DECODE] == 1).all()
    waiting = np.isin(spans.kind, [SpanKind.IDLE, SpanKind.FORMING])
    assert (spans.billed[waiting] == 0).all()
    assert (spans.billed[~waiting] >= 1).all()


def raw(run: Run) -> list[bytes]:
    spans = run.spans
    columns = [getattr(run, name) for name in COLUMNS]
    columns += [spans.start, spans.kind, spans.steps]
    columns += [spans.step_time, spans.step_growth, spans.billed]
    for part in (run.stays, run.chunks):
        columns += [getattr(part, field.name) for field in fields(part)]
    return [column.tobytes() for column in columns]


@given(cases())
def test_the_same_input_gives_the_same_bytes_and_is_left_alone(
    case: tuple[Workload, Strategy],
) -> None:
    workload, strategy = case
    requests = workload.requests
    names = ("id", "arrival_time", "input_tokens", "output_tokens")
    before = [getattr(requests, name).tobytes() for name in names]
    first, second = simulate(workload, strategy), simulate(workload, strategy)
    assert raw(first) == raw(second)
    assert [getattr(requests, name).tobytes() for name in names] == before


@given(cases(most=4))
def test_columns_are_read_only_int64(case: tuple[Workload, Strategy]) -> None:
    run = simulate(*case)
    spans = run.spans
    columns: list[Any] = [getattr(run, name) for name in COLUMNS]
    columns += [spans.start, spans.end, spans.steps]
    columns += [spans.step_time, spans.step_growth, spans.billed]
    columns += [run.ends, spans.steps_before]
    for part in (run.stays, run.chunks):
        columns += [getattr(part, f.name) for f in fields(part) if f.name != "ended"]
    for column in (*columns, spans.kind, run.stays.ended):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 0
        assert column.base is None or not column.base.flags.writeable
    assert all(column.dtype == np.int64 for column in columns)
    with pytest.raises(AttributeError):
        run.start_time = spans.start  # type: ignore[misc]


@given(cases(), st.integers(1, 10**18))
def test_later_arrivals_move_everything_by_as_much(
    case: tuple[Workload, Strategy], shift: int
) -> None:
    workload, strategy = case
    requests = workload.requests
    later = Requests.from_columns(
        requests.arrival_time + shift, requests.input_tokens, requests.output_tokens
    )
    here = simulate(workload, strategy)
    there = simulate(replace(workload, source=ListedRequests(later)), strategy)
    for name in COLUMNS:
        assert (getattr(there, name) - getattr(here, name) == shift).all()
    assert there.stays.slot.tolist() == here.stays.slot.tolist()
    # Only the idle time before the first arrival is longer, or there for the first time.
    was_idle = int(here.begin > 0)
    assert (there.spans.start[1:] - here.spans.start[was_idle:] == shift).all()
    assert there.spans.kind[1:].tolist() == here.spans.kind[was_idle:].tolist()


def slower_cost(cost: Cost, factor: int) -> Cost:
    shared = ("first_token", "kv_cache_tokens", "profile")
    own = [field.name for field in fields(cost) if field.name not in shared]
    times: Any = {name: getattr(cost, name) * factor for name in own}
    return replace(cost, **times)


@given(cases(), st.sampled_from([2, 1000]))
def test_a_slower_clock_changes_nothing_else(case: tuple[Workload, Strategy], factor: int) -> None:
    """All times are multiplied alike: no rounding anywhere."""
    workload, strategy = case
    cost, requests = workload.cost, workload.requests
    slower = replace(
        workload,
        source=ListedRequests(
            Requests.from_columns(
                requests.arrival_time * factor, requests.input_tokens, requests.output_tokens
            )
        ),
        cost=slower_cost(cost, factor),
    )
    stretched = (
        replace(strategy, timeout=strategy.timeout * factor)
        if isinstance(strategy, Dynamic)
        else strategy
    )
    here, there = simulate(workload, strategy), simulate(slower, stretched)
    for name in COLUMNS:
        assert (getattr(here, name) * factor).tolist() == getattr(there, name).tolist()


@given(cases())
def test_special_cases_agree_with_one_another(case: tuple[Workload, Strategy]) -> None:
    workload, strategy = case
    size = strategy.batch_size
    static = simulate(workload, Static(size))
    for timeout_from in ("server_free", "arrival"):
        patient = simulate(workload, Dynamic(size, 10**6 * SECOND, timeout_from))
        assert raw(patient) == raw(static)
    alone = raw(simulate(workload, Static(1)))
    assert raw(simulate(workload, Dynamic(1, MILLISECOND))) == alone
    assert raw(simulate(workload, Continuous(1)))[:4] == alone[:4]
