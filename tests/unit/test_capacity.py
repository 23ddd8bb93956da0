"""The load that a strategy sustains."""

from __future__ import annotations

import math
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
import pytest

from tui_batching import InputError, load_workload, simulate
from tui_batching.analysis.capacity import Capacity, find_capacities, sustained_rate, variants
from tui_batching.analysis.service_level import limits_kept
from tui_batching.analysis.tables import capacity_table
from tui_batching.clock import MILLISECOND, SECOND
from tui_batching.strategies import Continuous, Orca, Static
from tui_batching.workload import ListedRequests, Requests, ServiceLevel, Workload

MS = MILLISECOND


def evenly(count: int, gap: int, slo: ServiceLevel | None) -> Workload:
    """Requests of 20 tokens each, `gap` apart: one alone takes 50 + 20 x 20 ms = 450 ms."""
    arrivals = np.arange(count) * gap
    columns = (arrivals, np.full(count, 50), np.full(count, 20))
    return Workload("evenly", ListedRequests(Requests.from_columns(*columns)), slo=slo)


def test_one_slot_sustains_one_request_per_service_time():
    workload = evenly(50, SECOND, ServiceLevel(e2el=460 * MS))
    rate = sustained_rate(workload, Continuous(1), 1.0)
    # 49 requests may fall behind by 10 ms in all: gaps of at least 450 - 10/49 ms.
    assert rate == pytest.approx(1 / (0.450 - 0.010 / 49), rel=0.011)
    assert rate <= 1 / (0.450 - 0.010 / 49)


@pytest.mark.parametrize("gap", [10 * MS, 10 * SECOND])
def test_the_border_is_found_from_either_side(gap: int):
    slo = ServiceLevel(e2el=460 * MS)
    assert sustained_rate(evenly(50, gap, slo), Continuous(1), 1.0) == pytest.approx(
        2.222, rel=0.012
    )


@pytest.mark.parametrize("attainment", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("name", ["static", "dynamic", "continuous"])
def test_the_rate_is_kept_and_a_little_more_is_not(name: str, attainment: float):
    workload = replace(load_workload("chat"), slo=ServiceLevel(ttft=15 * SECOND, e2el=40 * SECOND))
    strategy = workload.strategy(name)

    def attained(rate: float) -> float:
        faster = replace(workload, source=workload.source.with_rate(rate))
        return limits_kept(simulate(faster, strategy), workload.slo).attainment  # type: ignore[arg-type]

    rate = sustained_rate(workload, strategy, attainment)
    assert 0 < rate < math.inf
    assert attained(rate) >= attainment
    assert min(attained(rate * (1 + step / 1000)) for step in range(1, 12)) < attainment


def test_limits_nobody_can_keep_and_limits_nobody_can_miss():
    impossible = evenly(30, SECOND, ServiceLevel(e2el=MS))
    assert sustained_rate(impossible, Continuous(4), 0.9) == 0
    generous = evenly(30, SECOND, ServiceLevel(e2el=1000 * SECOND))
    assert sustained_rate(generous, Continuous(4), 0.9) == math.inf


def test_static_needs_load_to_fill_its_batches():
    # A batch waits for its last member: far below this rate the limit is missed again.
    workload = evenly(40, SECOND, ServiceLevel(ttft=SECOND))
    rate = sustained_rate(workload, Static(4), 1.0)
    assert rate > 3
    slow = replace(workload, source=workload.source.with_rate(rate / 10))
    assert limits_kept(simulate(slow, Static(4)), ServiceLevel(ttft=SECOND)).attainment < 1


def test_without_limits_or_a_rate_there_is_nothing_to_find():
    with pytest.raises(InputError, match="no service level"):
        sustained_rate(evenly(5, SECOND, None), Continuous(4), 0.9)
    with pytest.raises(InputError, match="arrive at once"):
        sustained_rate(evenly(5, 0, ServiceLevel(ttft=SECOND)), Continuous(4), 0.9)


def test_variants_are_other_seeds_or_other_stretches():
    drawn = variants(load_workload("chat"))
    assert [workload.source.seed for workload in drawn] == [7, 8, 9, 10, 11]
    listed = variants(evenly(104, SECOND, None), 5)
    assert [workload.requests.id.tolist()[0] for workload in listed] == [0, 20, 40, 60, 80]
    assert {len(workload.requests) for workload in listed} == {20}
    assert len(variants(evenly(99, SECOND, None), 5)) == 1


def test_a_stretch_keeps_what_clients_ask_for_and_their_priority():
    columns = np.arange(1, 41)
    requests = Requests.from_columns(
        columns * SECOND, columns, columns, max_tokens=columns + 9, priority=columns
    )
    second = variants(Workload("asks", ListedRequests(requests)), 2)[1].requests
    assert second.max_tokens.tolist() == list(range(30, 50))
    assert second.priority.tolist() == list(range(21, 41))


def test_who_ignores_memory_is_not_compared_with_who_heeds_it():
    workload = replace(
        evenly(20, SECOND, ServiceLevel(e2el=9 * SECOND)),
        strategies=(Continuous(4), Orca(4), Orca(2)),
    )
    cost = replace(workload.cost, kv_cache_tokens=80)
    found = find_capacities(replace(workload, cost=cost), 0.9)
    assert found.ignoring == ("continuous",)
    table = capacity_table(found)
    assert table.note.startswith(
        "continuous ignores memory: it runs as if the KV cache of 80 tokens"
    )
    assert not any(row.cells[0].best for row in table.groups[0].rows)
    assert any(cell.best for row in table.groups[0].rows for cell in row.cells)


def test_a_capacity_tells_its_middle_and_its_ends():
    capacity = Capacity(Continuous(4), (3.0, 1.0, 2.5))
    assert (capacity.lowest, capacity.median, capacity.highest) == (1.0, 2.5, 3.0)


def test_the_capacities_are_the_same_on_processes():
    workload = replace(load_workload("illustrative"), slo=ServiceLevel(e2el=3 * SECOND))
    told: list[tuple[int, int]] = []
    with ProcessPoolExecutor(2, get_context("spawn")) as processes:
        there = find_capacities(
            workload, 0.9, executor=processes, progress=lambda *of: told.append(of)
        ).capacities
    here = find_capacities(workload, 0.9).capacities
    assert here == there
    assert [capacity.strategy.name for capacity in here] == ["static", "dynamic", "continuous"]
    assert told == [(number, 3) for number in range(4)]
    assert here[2].rates == (sustained_rate(workload, workload.strategies[2], 0.9),)
