"""The load that a strategy sustains in the long run, and how sure that is."""

from __future__ import annotations

import itertools
import math
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
import pytest
from queues import SERVICE, endless_rate, fitful_queue, queue

from tui_batching import InputError, simulate
from tui_batching.analysis.batch_means import BatchMeans, student
from tui_batching.analysis.capacity import Capacity, capacity
from tui_batching.analysis.capacity_table import capacity_table
from tui_batching.analysis.loads import Asked, LoadLadder, Played
from tui_batching.analysis.service_level import limits_kept
from tui_batching.clock import MILLISECOND, SECOND
from tui_batching.strategies import Continuous, Orca, Static
from tui_batching.workload import (
    ListedRequests,
    Requests,
    ServiceLevel,
    Workload,
    apply_settings,
    parse_workload,
)

MS = MILLISECOND


def of_one(workload: Workload, attainment: float = 0.95, variants: int = 1) -> Capacity:
    """The capacity of the only strategy."""
    return capacity(workload, None, attainment, variants).capacities[0]


def test_the_interval_covers_what_an_endless_run_sustains():
    """Of 30 intervals of 95 %, fewer than 25 do in one case of 300; requests alone do far less."""
    endless, limit = endless_rate(9.0, 0.95), ServiceLevel(e2el=9 * SECOND)
    several = [queue(2000, seed, limit) for seed in range(30)]
    found = [of_one(workload) for workload in several]
    assert sum(covers(each, endless) for each in found) >= 25
    assert np.median([each.rate or 0 for each in found]) == pytest.approx(endless, rel=0.05)
    # As if each request were by itself, the error of a share p is the root of p (1 - p) / n.
    alone = 1.96 * math.sqrt(0.05 * 0.95 / 2000)
    assert sum(abs(missed(each, endless) - 0.05) <= alone for each in several) < 20


def test_the_interval_covers_what_fitful_arrivals_sustain():
    """A list with more quiet than others is played too fast in its busy times, all of it alike.

    How far its parts lie apart does not tell that: alone, it covers in 22 of 30, not in 25 or more.
    """
    endless = 1.955  # of a million requests from two other seeds
    limit = ServiceLevel(ttft=2 * SECOND)
    found = [of_one(fitful_queue(3000, seed, limit, Continuous(2))) for seed in range(30)]
    assert sum(covers(each, endless) for each in found) >= 25
    assert np.median([each.rate or 0 for each in found]) == pytest.approx(endless, rel=0.1)
    assert all((each.highest or 0) <= (each.saturation or 0) for each in found)


def test_the_interval_covers_the_answer_of_a_run_ten_times_as_long():
    limit = ServiceLevel(ttft=3 * SECOND)
    covered = 0
    for seed in range(10):
        long = queue(10_000, seed, limit, Continuous(2))
        short = replace(long, source=ListedRequests(long.source.make_requests().part(slice(1000))))
        found, answer = of_one(short), of_one(long).rate
        covered += (found.lowest or 0) <= (answer or 0) <= (found.highest or 0)
    assert covered >= 9


def test_the_answer_does_not_grow_with_the_pieces_of_a_list():
    workload = queue(4000, 1, ServiceLevel(ttft=SECOND), Continuous(4))
    whole = of_one(workload)
    for variants in (5, 50, 200):
        pieces = of_one(workload, variants=variants)
        assert pieces.rate == pytest.approx(whole.rate, rel=0.02), variants
        assert (pieces.highest or 0) < (whole.saturation or 0), variants


def test_pieces_that_are_too_short_are_made_longer_and_that_is_told():
    found = capacity(
        queue(4000, 1, ServiceLevel(ttft=20 * SECOND), Continuous(4)), attainment=0.95, variants=200
    )
    (one,), note = found.capacities, found.notes[0]
    assert 1 < one.runs < 200
    assert (one.requests, one.lasts >= 20) == (4000 // one.runs, True)
    told = f"200 pieces are not steady, each has to last 20 mean latencies: {one.runs} instead"
    assert note == told


def covers(found: Capacity, rate: float) -> bool:
    return (found.lowest or 0) <= rate <= (found.highest or 0)


def missed(workload: Workload, rate: float) -> float:
    """The share of requests that miss the limits at a rate."""
    faster = replace(workload, source=workload.source.with_rate(rate))
    assert workload.slo is not None
    return 1 - limits_kept(simulate(faster, workload.strategies[0]), workload.slo).attainment


def test_a_recipe_answers_alike_however_many_requests_it_asks_for():
    """Of 50 requests latency levels off, however high the load; so more are drawn."""
    few, many = (of_one(short(f"workload.count={count}")) for count in (50, 500))
    assert few == many
    assert few.requests > 500
    other = of_one(short("workload.seed=99"))
    assert other.rate == pytest.approx(few.rate, rel=0.1)
    assert covers(few, endless_rate(1.8, 0.95))


def short(*settings: str) -> Workload:
    """A recipe of equal requests, a queue M/D/1."""
    text = """
requests:
  generate:
    count: 100
    arrivals: {poisson: {rate: 1}}
    input_tokens: {fixed: 50}
    output_tokens: {fixed: 20}
slo: {e2el.p95: 1800ms}
strategies: {continuous: {batch_size: 1}}
"""
    return apply_settings(parse_workload(text, "short.yaml"), settings)


def test_more_draws_need_not_be_as_long():
    one, four = of_one(short()), of_one(short(), variants=4)
    assert (one.runs, four.runs) == (1, 4)
    assert four.requests < one.requests
    assert width(four) <= 0.1 * (four.rate or 0)
    assert four.rate == pytest.approx(one.rate, rel=0.05)


def width(found: Capacity) -> float:
    return (found.highest or 0) - (found.lowest or 0)


@pytest.mark.parametrize(
    ("limits", "binding", "word"),
    [
        ({"ttft": 2 * SECOND, "e2el": 40 * SECOND}, "ttft", "TTFT"),
        ({"ttft": 20 * SECOND, "e2el.p99": 6 * SECOND}, "e2el.p99", "p99 latency"),
        ({"ttft.mean": 3 * SECOND, "e2el.p95": 60 * SECOND}, "ttft.mean", "mean TTFT"),
    ],
)
def test_the_limit_that_binds_is_the_one_that_matters(
    limits: dict[str, int], binding: str, word: str
):
    workload = queue(4000, 1, ServiceLevel.of(limits))
    found = capacity(workload, attainment=0.95)
    assert found.capacities[0].limit == binding
    rows = {row.label: row for row in capacity_table(found).groups[0].rows}
    assert rows["limited by"].cells[0].text == word
    for key, factor in itertools.product(limits, (0.7, 1.5)):
        changed = {**limits, key: round(factor * limits[key])}
        rate = of_one(replace(workload, slo=ServiceLevel.of(changed))).rate
        assert (rate == found.capacities[0].rate) == (key != binding)


def test_of_one_limit_no_row_tells_that_it_binds():
    found = capacity(queue(4000, 1, ServiceLevel(ttft=20 * SECOND)), attainment=0.95)
    assert found.capacities[0].limit == "ttft"
    assert "limited by" not in [row.label for row in capacity_table(found).groups[0].rows]


def test_no_load_beyond_saturation_is_sustained_however_generous_the_limits():
    found = of_one(queue(2000, 3, ServiceLevel(e2el=1000 * SECOND)))
    assert found.answer == "any"
    assert found.rate == found.saturation == pytest.approx(1 / SERVICE)
    assert found.reason.startswith("every load up to the saturation keeps latency ≤ 1,000 s")
    assert found.limit is None
    assert (found.lowest or 0) < found.saturation


def test_limits_nobody_can_keep_are_told_with_the_nearest_miss():
    found = of_one(queue(2000, 3, ServiceLevel(tpot=10 * SECOND, e2el=400 * MS)))
    assert (found.answer, found.rate, found.lowest) == ("none", 0, None)
    assert found.reason.startswith("no load down to 0.00223/s keeps the limits; at best, at ")
    assert found.reason.endswith("latency ≤ 400 ms for 0 % of the requests instead of 95 %")


def test_too_few_requests_are_refused_not_answered():
    with pytest.raises(InputError, match=r"^60 requests are too few to be steady: they keep the"):
        capacity(queue(60, 1, ServiceLevel(e2el=9 * SECOND)), attainment=0.95)
    with pytest.raises(InputError, match=r"^15 requests are too few to tell whether any load"):
        capacity(queue(15, 1, ServiceLevel(e2el=449 * MS)), attainment=0.99)


def test_the_rate_is_kept_and_a_little_more_is_not():
    workload = queue(4000, 5, ServiceLevel(ttft=2 * SECOND))
    ladder = LoadLadder(
        Played.of(workload, 1), Continuous(1), Asked(ServiceLevel(ttft=2 * SECOND), 0.95)
    )
    rate = of_one(workload).rate or 0
    steps = [step for step in range(ladder.last) if ladder.rate(step) == rate]
    assert ladder.at(steps[0]).kept()
    assert not ladder.at(steps[0] - 1).kept()


def test_static_needs_load_to_fill_its_batches():
    # A batch waits for its last member: far below this rate the limit is missed again.
    workload = queue(4000, 1, ServiceLevel(ttft=4 * SECOND), Static(4))
    rate = of_one(workload, 0.9).rate or 0
    assert missed(workload, rate) <= 0.1
    assert missed(workload, rate / 10) > 0.2


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"e2el.p95": 1800 * MS}, endless_rate(1.8, 0.95)),
        ({"ttft.p99": 3 * SECOND, "e2el.mean": 50 * SECOND}, endless_rate(3.38, 0.99)),
        # The mean wait of M/D/1 is rho times the service, by 2 (1 - rho): at 4/5 twice the service.
        ({"e2el.mean": round(3 * SERVICE * SECOND), "tpot.p50": SECOND}, 0.8 / SERVICE),
    ],
)
def test_targets_are_kept_each_by_itself(limits: dict[str, int], expected: float):
    found = of_one(queue(20_000, 11, ServiceLevel.of(limits)), attainment=0.5)
    assert found.rate == pytest.approx(expected, rel=0.04)
    assert (found.lowest or 0) <= expected <= (found.highest or 0)


def test_without_limits_or_a_rate_there_is_nothing_to_find():
    workload = queue(500, 1, ServiceLevel(ttft=SECOND))
    with pytest.raises(InputError, match="no service level"):
        capacity(replace(workload, slo=None))
    at_once = Requests.from_columns(np.zeros(5, np.int64), np.full(5, 5), np.full(5, 5))
    with pytest.raises(InputError, match="arrive at once"):
        capacity(replace(workload, source=ListedRequests(at_once)))
    with pytest.raises(InputError, match="attainment: found 1, expected a share above 0 and"):
        capacity(workload, attainment=1.0)


def test_a_piece_keeps_what_clients_ask_for_and_their_priority():
    columns = np.arange(1, 41)
    requests = Requests.from_columns(
        columns * SECOND, columns, columns, max_tokens=columns + 9, priority=columns
    )
    _, second = Played.of(Workload("asks", ListedRequests(requests)), 2).at(5.0)
    assert second.max_tokens.tolist() == list(range(30, 50))
    assert second.priority.tolist() == list(range(21, 41))


def test_pieces_are_faster_where_the_list_is():
    """Each at its own mean rate would hide the busiest part of the list."""
    arrivals = np.concatenate([np.arange(100) * 10, 1000 + np.arange(100)]) * SECOND
    requests = Requests.from_columns(arrivals, np.ones(200, int), np.ones(200, int))
    slow, fast = Played.of(Workload("drifts", ListedRequests(requests)), 2).at(3.0)
    lengths = [int(each.arrival_time[-1] - each.arrival_time[0]) for each in (slow, fast)]
    assert lengths[0] == pytest.approx(10 * lengths[1], rel=1e-6)


def test_who_ignores_memory_is_not_compared_with_who_heeds_it():
    workload = queue(1000, 1, ServiceLevel(e2el=9 * SECOND))
    strategies = (Continuous(4), Orca(4), Orca(2))
    cost = replace(workload.cost, kv_cache_tokens=80)
    found = capacity(replace(workload, cost=cost, strategies=strategies), attainment=0.9)
    assert found.ignoring == ("continuous",)
    table = capacity_table(found)
    assert table.note.startswith(
        "continuous ignores memory: it runs as if the KV cache of 80 tokens"
    )
    assert not any(row.cells[0].best for row in table.groups[0].rows)
    assert any(cell.best for row in table.groups[0].rows for cell in row.cells)


def test_who_cannot_serve_the_requests_is_told_and_the_others_are_answered():
    workload = queue(1000, 1, ServiceLevel(e2el=2 * SECOND))
    cost = replace(workload.cost, kv_cache_tokens=60)
    found = capacity(
        replace(workload, cost=cost, strategies=(Continuous(4), Orca(4))), attainment=0.9
    )
    answered, refused = found.capacities
    assert (answered.answer, refused.answer) == ("rate", "refused")
    assert "expected at most" in refused.reason
    with pytest.raises(InputError, match="expected at most"):
        capacity(replace(workload, cost=cost, strategies=(Orca(4),)), attainment=0.9)


def test_the_capacities_are_the_same_on_processes():
    workload = queue(1000, 1, ServiceLevel(e2el=5 * SECOND))
    workload = replace(workload, strategies=(Continuous(1), Continuous(2), Static(2)))
    told: list[tuple[int, int]] = []
    with ProcessPoolExecutor(2, get_context("spawn")) as processes:
        there = capacity(
            workload, attainment=0.9, executor=processes, progress=lambda *of: told.append(of)
        ).capacities
    assert there == capacity(workload, attainment=0.9).capacities
    assert told == [(number, 3) for number in range(4)]


def test_what_the_means_of_parts_tell():
    rising = np.arange(2000, dtype=np.float64)
    drift = BatchMeans.of([rising])
    assert drift is not None
    assert drift.mean == np.mean(rising[200:])
    assert not drift.alike
    noise = BatchMeans.of([np.random.default_rng(1).normal(size=20_000)])
    assert noise is not None
    assert noise.alike
    # Of independent values: Student's t of 17 times their standard deviation by the root of n.
    assert abs(noise.mean) * noise.error(0.0) == pytest.approx(2.2 / 18_000**0.5, rel=0.5)
    assert BatchMeans.of([rising, rising[:99]]) is None
    assert [round(student(n), 3) for n in (10, 17, 100)] == [2.228, 2.11, 1.984]
