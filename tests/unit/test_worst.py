"""The worst requests: in which order, and where each is looked at."""

from __future__ import annotations

import numpy as np
import pytest
from stage import MS, boundaries, hand_made, scene_of

from tui_batching.analysis.breakdown import PARTS
from tui_batching.analysis.worst import MEASURES, Measure, Ranking, instant_of_why, parts_within
from tui_batching.sim.life import State, states_at
from tui_batching.sim.run import Run
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Continuous, Static
from tui_batching.workload import load_workload

BY = {measure.name: measure for measure in MEASURES}
EACH_MEASURE = pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)


def runs_of(*names: str) -> list[Run]:
    workloads = [load_workload(name) for name in names]
    return [simulate(each, strategy) for each in workloads for strategy in each.strategies]


RUNS = runs_of("notebook", "engines", "tight-memory")


@EACH_MEASURE
def test_the_parts_of_what_is_measured_sum_to_it(measure: Measure) -> None:
    for run in RUNS:
        rows = np.arange(len(run))
        parts = parts_within(measure, run, rows)
        assert all((column >= 0).all() for column in parts.values())
        assert (sum(parts.values()) == measure.until(run) - measure.since(run)).all()


def test_before_the_first_token_nothing_is_held_and_after_it_nobody_waits_for_a_slot() -> None:
    for run in RUNS:
        rows = np.arange(len(run))
        first, after = (parts_within(BY[name], run, rows) for name in ("ttft", "tpot"))
        assert not first["held"].any()
        assert not any(after[name].any() for name in ("forming", "slots", "memory", "turn"))


@EACH_MEASURE
def test_the_worst_come_first_each_where_it_is_worst(measure: Measure) -> None:
    runs = RUNS[:3]
    ranking = Ranking.of(measure, runs)
    values = [measure.values(run) for run in runs]
    told = [max(each[row] for each in values) for row in ranking.order]
    assert told == sorted(told, reverse=True)
    assert sorted(ranking.order) == list(range(len(runs[0])))
    for row in ranking.order:
        assert values[ranking.lane[row]][row] == ranking.values[row]


def test_an_answer_of_one_token_has_no_tpot() -> None:
    workload = hand_made((0, 5, 1), (0, 5, 3), strategies=[Continuous(1)])
    assert Ranking.of(BY["tpot"], [simulate(workload, Continuous(1))]).order.tolist() == [1]


@EACH_MEASURE
def test_one_looks_where_the_most_was_lost_at_a_boundary_before_that_ends(
    measure: Measure,
) -> None:
    for run in RUNS:
        stops = set(boundaries(run)) | set(run.requests.arrival_time.tolist())
        for row in range(0, len(run), 3):
            time = instant_of_why(measure, run, row)
            since, until = int(measure.since(run)[row]), int(measure.until(run)[row])
            assert since <= time < max(until, since + 1)
            assert time in stops
            parts = parts_within(measure, run, np.array([row]))
            lost = {name: int(parts[name][0]) for name in PARTS if name != "decode"}
            largest = max(lost, key=lost.__getitem__)
            if largest in {"slots", "memory", "turn", "evicted", "held"}:
                state = states_at(run, np.array([row]), np.array([time]))[0, 0]
                assert State(state).word == largest


def test_who_waits_for_a_batch_is_looked_at_in_its_last_step() -> None:
    # The first batch is prefilled for 5 ms and takes three steps of 12 ms, until 41.
    workload = hand_made((0, 5, 3), (0, 5, 2), (6, 5, 1), (7, 5, 1), strategies=[Static(2)])
    run = scene_of(workload).runs[0]
    assert instant_of_why(BY["ttft"], run, 2) == (5 + 2 * 12) * MS
