"""Sweeps against the oracle, their usual values, and that no executor changes their outcome."""

from __future__ import annotations

import os
import pickle
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import active_children
from typing import Any

import numpy as np
import pytest
from oracle import oracle
from workloads_for_laws import workload_of

from tui_batching import executors
from tui_batching.analysis.metrics import metrics
from tui_batching.analysis.sweeps import Point, plan_sweep, sweep
from tui_batching.analysis.sweeps.plan import Task, loads_between
from tui_batching.clock import MILLISECOND
from tui_batching.errors import InputError
from tui_batching.executors import Workers, process_executor, run_all
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import (
    Continuous,
    Dynamic,
    Orca,
    SgLang,
    Static,
    Strategy,
    Tgi,
    Vllm,
)
from tui_batching.workload import ListedRequests, Workload, load_workload

MS = MILLISECOND
GAPS = (800, 500, 300, 200, 150, 100, 80)


def of_oracle(name: str) -> dict[str, Any]:
    """The expected results of a part, by strategy."""
    results: dict[str, Any] = oracle()[name]["results"]
    return results


def assert_is(task: Task, strategy: Strategy, point: Point, expected: dict[str, Any]) -> None:
    """The Run of a task is exactly, and its metrics are to 1e-9 s, what the oracle says."""
    requests = ListedRequests(task.served.make_requests())
    run = simulate(Workload("", requests, cost=task.cost), strategy)
    assert run.start_time.tolist() == [int(ms * MS) for ms in expected["start_ms"]]
    assert run.end_time.tolist() == [int(ms * MS) for ms in expected["end_ms"]]
    assert point.strategy == strategy
    assert point.strategy.batch_size == expected["batch_size"]
    assert point.metrics == metrics(run, task.slo)
    for key, value in expected["metrics"].items():
        assert point.metrics[key] == pytest.approx(value, rel=0, abs=1e-9), key


def test_the_usual_loads_of_notebook_load_have_the_seven_of_the_oracle() -> None:
    workload = load_workload("notebook-load")
    plan, found = plan_sweep(workload, "load"), sweep(workload, "load")
    loads = [task.value for task in plan.tasks[:-1]]
    assert loads == pytest.approx([1000 / gap for gap in GAPS], rel=1e-15)
    for gap, value, task in zip(GAPS, loads, plan.tasks, strict=False):
        expected = of_oracle(f"part_10_load_gap_{gap}ms")
        for strategy, point in zip(workload.strategies, found.row(value).values(), strict=True):
            assert_is(task, strategy, point, expected[strategy.name])


def test_the_usual_batch_sizes_of_notebook_batch_size_are_those_of_the_oracle() -> None:
    workload = load_workload("notebook-batch-size")
    plan, found = plan_sweep(workload, "batch-size"), sweep(workload, "batch-size")
    assert found.values == (1, 2, 4, 8, 16)
    expected = of_oracle("part_13_batch_size")
    for task, point in zip(plan.tasks, found.curve("continuous"), strict=True):
        size = int(point.value)
        assert_is(task, Continuous(size), point, expected[f"continuous_{size}"])


def test_notebook_large_is_that_of_the_oracle() -> None:
    workload = load_workload("notebook-large")
    found = sweep(workload, "batch-size", [4])
    [task] = plan_sweep(workload, "batch-size", [4]).tasks
    for strategy, point in zip(workload.strategies, found.points, strict=True):
        assert_is(task, strategy, point, of_oracle("part_14_large")[strategy.name])


def listed(count: int = 40, gap: int = 50, **others: Any) -> Workload:
    """A list of requests, `gap` ms apart."""
    rows = [(number * gap * MS, number % 50, 1 + number * 7 % 40) for number in range(count)]
    return replace(workload_of(rows, name="listed"), **others)


@pytest.mark.parametrize("workload", [load_workload("chat"), load_workload("bursty"), listed()])
def test_loads_of_any_workload_scale_its_own_arrivals(workload: Workload) -> None:
    rate = workload.source.rate
    assert rate is not None
    plan = plan_sweep(workload, "load")
    factors = [task.value / rate for task in plan.tasks[:-1]]
    assert factors == pytest.approx([0.375, 0.6, 1, 1.5, 2, 3, 3.75])
    arrivals = [task.served.make_requests().arrival_time for task in plan.tasks]
    own = workload.requests.arrival_time
    assert arrivals[2].tolist() == own.tolist()
    half = (own - own[0]) / 2
    assert np.abs(arrivals[4] - arrivals[4][0] - half).max() <= 2_000_000  # to a microsecond or two
    assert not arrivals[-1].any()


@pytest.mark.parametrize(
    ("saturation", "loads"),
    [
        ((3.06,), (3.125, 3.25, 3.5)),
        ((3.9,), (3.5, 3.75, 3.875)),
        ((2.1, 4.0), (2.5, 3.0, 5.0)),  # the gap that is widest as a factor comes first
        ((2.2, 2.4), (2.25, 2.5, 3.0)),
        ((0.5, 6.0, 9.0), ()),  # there are no loads around these
    ],
)
def test_loads_close_in_on_saturation_points(
    saturation: tuple[float, ...], loads: tuple[float, ...]
) -> None:
    given = (1.0, 2.0, 3.0, 4.0, 6.0) if saturation[0] > 3 else (1.0, 2.0, 4.0, 6.0)
    assert loads_between(given, saturation, 3) == loads


def test_usual_loads_are_denser_where_a_strategy_becomes_saturated_and_given_ones_are_kept() -> (
    None
):
    workload = replace(load_workload("chat"), strategies=(Continuous(4),))
    found = sweep(workload, "load")
    [saturation] = found.saturation.values()
    between = [value for value in found.values if 1.25 < value < 1.875]
    assert 1.25 < saturation < 1.875
    assert (len(found.values), len(between)) == (10, 3)
    assert list(found.values) == sorted(found.values)
    again = sweep(workload, "load", between)
    assert again.values == tuple(between)
    assert again.points == tuple(point for point in found.points if point.value in between)


def test_the_load_that_is_the_workload_s_own_is_its_comparison() -> None:
    workload = load_workload("chat")
    found = sweep(workload, "load", [workload.source.rate or 0])
    for strategy, point in zip(workload.strategies, found.points, strict=True):
        assert point.metrics == metrics(simulate(workload, strategy), workload.slo)


def test_the_saturation_point_is_what_is_served_of_a_queue_that_never_runs_empty() -> None:
    # Batches of 2 take 10 + 3 x 22 ms, one request alone takes 10 + 3 x 20.
    workload = workload_of([(number * 1000 * MS, 10, 3) for number in range(10)])
    chosen = (Static(2), Continuous(1))
    found = sweep(replace(workload, strategies=chosen), "load")
    expected = {"static": 10 / (5 * 0.076), "continuous": 10 / (10 * 0.070)}
    assert found.saturation == pytest.approx(expected, rel=1e-15)
    assert found.strategies == ("static", "continuous")


def test_below_its_saturation_a_strategy_keeps_up_and_above_it_falls_behind() -> None:
    workload = load_workload("chat")
    saturation = sweep(workload, "load").saturation["continuous"]
    below, above = (
        sweep(workload, "load", [saturation * factor]).curve("continuous")[0].metric("p99_wait")
        for factor in (0.7, 1.3)
    )
    assert above > 4 * below


def test_only_loads_have_saturation_points() -> None:
    assert sweep(listed(), "batch-size").saturation == {}


def test_usual_batch_sizes_end_for_each_strategy_where_slots_stay_free() -> None:
    found = sweep(load_workload("chat"), "batch-size")
    for name in found.strategies:
        *full, last = found.curve(name)
        assert all(point.all_taken for point in full)
        assert last.value == 64 or not last.all_taken  # 80 requests, so not 128
    assert [len(found.curve(name)) for name in found.strategies] == [7, 6, 5]


def test_usual_batch_sizes_go_on_to_256_but_not_beyond_the_requests() -> None:
    assert plan_sweep(listed(1000), "batch-size").tasks[-1].value == 256
    assert plan_sweep(listed(63), "batch-size").tasks[-1].value == 32
    assert plan_sweep(listed(2), "batch-size").tasks[-1].value == 16


def test_given_batch_sizes_are_all_kept_in_order_and_once() -> None:
    found = sweep(listed(5), "batch-size", [100, 3, 50, 3])
    assert [point.value for point in found.curve("continuous")] == [3, 50, 100]


def test_timeouts_are_those_of_dynamic_alone() -> None:
    found = sweep(load_workload("notebook"), "timeout")
    assert found.strategies == ("dynamic",)
    assert found.values == tuple(
        time * MS for time in (0, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
    )
    for point in found.points:
        assert point.strategy == Dynamic(4, int(point.value))


@pytest.mark.parametrize(
    ("workload", "kind", "values", "sentence"),
    [
        (load_workload("summarize-burst"), "load", None, "all requests of summarize-burst arrive"),
        (listed(1), "load", [2.0], "all requests of listed arrive at once"),
        (listed(strategies=(Static(),)), "timeout", None, "no strategy of listed has a timeout"),
        (listed(), "load", [], "found no values, expected at least one"),
        (listed(), "load", [0.0], "values: found 0.0, expected requests per second such"),
        (listed(), "load", [1e-9], "the last arrival lies beyond 106 days"),
        (listed(), "batch-size", [0], "values: found 0, expected a whole number >= 1"),
        (listed(), "batch-size", [2.5], "values: found 2.5, expected a whole number >= 1"),
        (listed(), "timeout", [-1], "values: found -1, expected a duration that is not"),
        (listed(), "speed", None, "found no sweep 'speed', expected one of load, batch-size"),
    ],
)
def test_what_cannot_be_swept_is_refused_in_a_sentence(
    workload: Workload, kind: Any, values: list[float] | None, sentence: str
) -> None:
    with pytest.raises(InputError, match=f"^{sentence}"):
        sweep(workload, kind, values)


# Executors.


@pytest.fixture(scope="module")
def workers() -> Any:
    """Two real processes."""
    with Workers(2) as workers:
        yield workers


@pytest.mark.parametrize("kind", ["load", "batch-size", "timeout"])
@pytest.mark.parametrize("name", ["notebook-load", "chat", "illustrative"])
def test_processes_change_not_a_byte(workers: Workers, name: str, kind: Any) -> None:
    workload = load_workload(name)
    here, there = sweep(workload, kind), sweep(workload, kind, executor=workers.processes())
    assert repr(there) == repr(here)
    assert there == here


def test_any_executor_will_do() -> None:
    workload = listed()
    with ThreadPoolExecutor(4) as threads:
        assert sweep(workload, "load", executor=threads) == sweep(workload, "load")


def test_errors_come_back_from_the_processes(workers: Workers) -> None:
    with pytest.raises(InputError, match="beyond 106 days"):
        sweep(listed(), "load", [1e-9, 1.0], executor=workers.processes())


def test_a_recipe_is_sent_without_what_was_drawn_from_it() -> None:
    workload = load_workload("chat")
    _ = workload.requests
    assert max(len(pickle.dumps(task)) for task in plan_sweep(workload, "load").tasks) < 2000


class Held(Executor):
    """Does its tasks one at a time, each when asked to."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[Any], Any]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.waiting.append((future, partial(fn, *args, **kwargs)))
        if len(self.waiting) == 1:
            self.do_one()
        return future

    def do_one(self) -> None:
        future, work = self.waiting[0]
        future.set_running_or_notify_cancel()
        future.set_result(work())


def test_progress_that_raises_cancels_what_has_not_begun() -> None:
    executor = Held()

    def interrupt(done: int, total: int) -> None:
        assert (done, total) in {(0, 11), (1, 11)}
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(listed(), "load", executor=executor, progress=interrupt)
    assert [future.cancelled() for future, _ in executor.waiting] == [False] + [True] * 7


def test_progress_is_told_of_every_task() -> None:
    told: list[tuple[int, int]] = []
    sweep(listed(), "timeout", [1, 2, 3], progress=lambda *progress: told.append(progress))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]
    told.clear()
    sweep(load_workload("chat"), "load", progress=lambda *progress: told.append(progress))
    assert sorted(set(told)) == told[:9] + told[10:] == [(done, 11) for done in range(12)]


def _die(_: Any) -> None:
    os._exit(1)


def test_processes_that_were_ended_are_told_in_a_sentence() -> None:
    with (
        pytest.raises(InputError, match="a process was ended from outside"),
        process_executor(2, executors.SMALL) as processes,
    ):
        run_all(_die, range(3), processes)


def test_small_sweeps_start_no_process() -> None:
    workers = Workers(2)
    plan = plan_sweep(load_workload("notebook-load"), "load")
    assert plan.requests_served == 30 * 3 * 11
    assert workers.executor_for(plan.requests_served) is None
    workers.stop()


def test_processes_leave_at_once_whatever_is_waiting_or_cancelled(
    capfd: pytest.CaptureFixture[str],
) -> None:
    before = set(active_children())
    workers = Workers(1)
    futures = [workers.processes().submit(time.sleep, 60) for _ in range(6)]
    cancelled = [future.cancel() for future in futures]
    assert cancelled == [False, False, True, True, True, True]  # the first two are passed on
    workers.stop()
    assert set(active_children()) <= before
    assert all(future.done() for future in futures)
    assert capfd.readouterr().err == ""


# Any parameter of what is on stage.


ENGINES = (
    Vllm(max_num_seqs=8, max_num_batched_tokens=64),
    SgLang(chunked_prefill_size=256),
    Tgi(),
    Static(2),
)


def with_engines(*strategies: Strategy) -> Workload:
    rows = [(number * 50 * MS, 1 + number % 50, 1 + number * 7 % 40) for number in range(40)]
    return replace(workload_of(rows, name="listed"), strategies=strategies or ENGINES)


def test_a_parameter_is_varied_in_those_that_have_it_and_the_others_are_left_out() -> None:
    found = sweep(with_engines(), "max_num_batched_tokens", [128, 32])
    assert found.values == (32, 128)
    assert [point.strategy for point in found.points] == [Vllm(8, 32), Vllm(8, 128)]
    assert found.notes == ("left out: sglang, tgi, static (no max_num_batched_tokens)",)
    for point in found.points:
        expected = metrics(simulate(found.workload, point.strategy))
        assert point.metrics == expected


def test_an_alias_varies_it_in_all_that_know_it_under_their_own_names() -> None:
    found = sweep(with_engines(), "token_budget", [96])
    assert [point.strategy for point in found.points] == [
        Vllm(8, 96),
        SgLang(chunked_prefill_size=96),
        Tgi(max_batch_prefill_tokens=96),
    ]
    assert found.notes == ("left out: static (no token_budget)",)


def test_memory_is_varied_in_every_engine_whatever_the_cost_says() -> None:
    workload = with_engines()
    workload = replace(workload, cost=replace(workload.cost, kv_cache_tokens=200))
    found = sweep(workload, "kv_cache_tokens", [100, 400])
    assert found.strategies == ("vllm", "sglang", "tgi")
    pools = [
        run.kv.blocks for point in found.points if (run := simulate(workload, point.strategy)).kv
    ]
    assert pools == [5, 100, 5, 24, 400, 24]  # in blocks of 16, 1 and 16; one is never lent


def test_usual_values_are_halves_and_doubles_of_what_there_is() -> None:
    def usual(kind: str, *strategies: Strategy) -> list[float]:
        return [task.value for task in plan_sweep(with_engines(*strategies), kind).tasks]

    assert usual("max_num_batched_tokens") == [8, 16, 32, 64, 128, 256, 512]
    assert usual("token_budget", Vllm(8, 64), SgLang(chunked_prefill_size=256)) == [
        16, 32, 64, 128, 256, 512,
    ]  # fmt: skip
    assert usual("max_num_seqs") == usual("batch-size") == [1, 2, 4, 8, 16, 32]
    assert usual("watermark") == [0, 0.01, 0.02, 0.05, 0.1, 0.2]
    assert usual("waiting_served_ratio") == [0.0375, 0.075, 0.15, 0.3, 0.6, 1.2, 2.4]
    assert usual("max_model_len") == [8, 16, 32, 64, 128, 256, 512]
    assert usual("timeout", Dynamic(2))[-1] == 5000 * MS


def test_usual_memories_hold_the_longest_request_and_end_where_all_fit() -> None:
    requests = with_engines().requests
    tokens = requests.input_tokens + requests.max_tokens
    for strategies in (ENGINES, (Orca(kv_cache_tokens=100), Vllm(8))):
        values = [
            task.value for task in plan_sweep(with_engines(*strategies), "kv_cache_tokens").tasks
        ]
        assert len(values) >= 4
        assert values[0] >= tokens.max()
        assert values[-1] >= 2 * tokens.sum() or len(values) >= 4
        assert [value for value in values if value >= 2 * tokens.sum()] in ([], [values[-1]])


def test_who_cannot_serve_at_a_usual_value_is_told_of_and_the_others_go_on() -> None:
    found = sweep(with_engines(), "max_num_batched_tokens")
    assert found.values == (8, 16, 32, 64, 128, 256, 512)
    chosen = (Vllm(max_num_seqs=64, max_num_batched_tokens=64), SgLang(chunked_prefill_size=64))
    found = sweep(with_engines(*chosen), "token_budget")
    assert {each.value for each in found.refused} == {8, 16, 32}
    assert found.curve("vllm")[0].value == 64
    assert found.curve("sglang")[0].value == 8
    assert "vllm" not in found.row(32)
    [note] = found.notes
    assert note.startswith("vllm cannot serve this at 8, 16, 32: ")
    given = sweep(with_engines(*chosen), "token_budget", [32, 64])
    assert [(each.value, each.strategy) for each in given.refused] == [(32, "vllm")]
    assert [point.value for point in given.curve("vllm")] == [64]


def test_where_nobody_can_serve_the_values_are_named() -> None:
    vllm = Vllm(max_num_seqs=64, max_num_batched_tokens=64)
    told = r"^vllm cannot serve this at 16, 32: found a max_num_batched_tokens of 32.*of 64"
    with pytest.raises(InputError, match=told):
        sweep(with_engines(vllm), "token_budget", [16, 32])


def test_slots_by_their_own_name_end_where_they_stay_free() -> None:
    own, common = (sweep(with_engines(Vllm()), kind) for kind in ("max_num_seqs", "batch-size"))
    assert own.points == common.points
    assert own.kind == "max_num_seqs"
