"""SLO attainment and goodput, followed by hand and against vLLM's definition."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tui_batching.analysis.comparison import compare
from tui_batching.analysis.metrics import METRIC_TABLE, SERVICE_LEVEL, metrics
from tui_batching.analysis.service_level import (
    criteria,
    limits_kept,
    limits_text,
    within_limits,
)
from tui_batching.clock import MILLISECOND
from tui_batching.cost import LinearCost
from tui_batching.errors import InputError
from tui_batching.sim.run import Run
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Continuous
from tui_batching.workload import (
    ListedRequests,
    Requests,
    Workload,
    apply_settings,
    load_workload,
    parse_workload,
)
from tui_batching.workload.service_level import ServiceLevel

MS = MILLISECOND
COST = LinearCost(1 * MS, 10 * MS, 2 * MS)


def hand_made() -> Run:
    # R0 prefills 0-5, steps end at 15, (R1 prefills 15-35) 47, 57. R1 arrives at 10, ends at 47.
    requests = Requests.from_columns(np.array([0, 10]) * MS, [5, 20], [3, 1])
    return simulate(Workload("hand", ListedRequests(requests), cost=COST), Continuous(2))


@pytest.mark.parametrize(
    ("limits", "kept"),
    [
        (ServiceLevel(), [True, True]),
        (ServiceLevel(ttft=15 * MS), [True, False]),
        (ServiceLevel(ttft=15 * MS - 1), [False, False]),
        (ServiceLevel(ttft=37 * MS), [True, True]),
        (ServiceLevel(e2el=57 * MS - 1), [False, True]),
        (ServiceLevel(e2el=57 * MS), [True, True]),
        # 42 ms for two gaps; R1 has a single token and so no gap.
        (ServiceLevel(tpot=21 * MS), [True, True]),
        (ServiceLevel(tpot=21 * MS - 1), [False, True]),
        (ServiceLevel(ttft=20 * MS, tpot=20 * MS), [False, False]),
    ],
)
def test_a_request_keeps_all_limits_or_does_not_count(limits: ServiceLevel, kept: list[bool]):
    assert within_limits(hand_made(), limits).tolist() == kept


def test_goodput_is_per_second_of_the_total_time():
    served = limits_kept(hand_made(), ServiceLevel(ttft=15 * MS))
    assert served.attainment == 0.5
    assert served.goodput == pytest.approx(1 / 0.057)


def test_goodput_is_the_request_throughput_where_all_keep_the_limits():
    found = metrics(hand_made(), ServiceLevel(e2el=1000 * MS))
    assert found["slo_attainment"] == 1
    assert found["goodput"] == found["request_throughput"]


def test_without_limits_nothing_is_claimed():
    chat = load_workload("chat")
    free = compare(replace(chat, slo=None))
    assert all(r.metrics["goodput"] is r.metrics["slo_attainment"] is None for r in free)
    assert SERVICE_LEVEL not in {metric.group for metric in free.headlines}
    limited = compare(chat)
    assert [m for m in limited.headlines if m.group == SERVICE_LEVEL] == [
        metric for metric in METRIC_TABLE if metric.group == SERVICE_LEVEL
    ]
    assert limited["continuous"].metrics["slo_attainment"] == 0.75


def test_the_limits_are_told_as_all_durations_are():
    assert (
        limits_text(ServiceLevel(ttft=2000 * MS, tpot=40 * MS)) == "TTFT ≤ 2.00 s, TPOT ≤ 40.0 ms"
    )
    limits = {"e2el": 1500 * MS, "tpot.p99": 40 * MS, "ttft.mean": 2000 * MS}
    told = "latency ≤ 1.50 s, mean TTFT ≤ 2.00 s, p99 TPOT ≤ 40.0 ms"
    assert limits_text(ServiceLevel.of(limits)) == told


def test_targets_are_the_same_in_any_order_and_only_those_there_are():
    limits = {"tpot.p99": 40 * MS, "ttft.mean": 2000 * MS}
    assert ServiceLevel.of(limits) == ServiceLevel.of(dict(reversed(limits.items())))
    assert ServiceLevel.of(limits).of_each is None
    with pytest.raises(InputError, match=r"'ttft.p42', expected a target such as"):
        ServiceLevel.of({"ttft.p42": MS})
    with pytest.raises(InputError, match=r"ttft.p95: found -1"):
        ServiceLevel.of({"ttft.p95": -1})


def test_a_target_is_a_condition_on_the_mean_of_what_each_request_has():
    limits = ServiceLevel.of({"ttft": 15 * MS, "tpot.p90": 20 * MS, "e2el.mean": 60 * MS})
    joint, tpot, mean = criteria(limits, 0.75)
    run = hand_made()
    assert (joint.most, joint.values(run).tolist()) == (0.25, [0, 1])
    # R1 has a single token and so no time per output token.
    assert (tpot.most, tpot.values(run).tolist()) == (0.1, [1])
    assert (mean.most, mean.values(run).tolist()) == (0.06, [0.057, 0.037])


def test_files_and_settings_name_limits_and_targets_alike():
    text = "requests:\n  - {arrival_time: 0, input_tokens: 1, output_tokens: 1}\nslo: "
    wanted = ServiceLevel.of({"ttft": 2000 * MS, "tpot.p99": 50 * MS})
    for written in ("{ttft: 2s, tpot.p99: 50ms}", "'tpot.p99=50ms, ttft=2s'"):
        workload = parse_workload(text + written, "w.yaml")
        assert workload.slo == wanted
        assert apply_settings(workload, ["slo=tpot.p99=50ms,ttft=2s"]).slo == wanted
        changed = apply_settings(workload, ["slo.ttft=1s"]).slo
        assert changed == ServiceLevel.of({"ttft": 1000 * MS, "tpot.p99": 50 * MS})
    with pytest.raises(InputError, match=r"w.yaml:3: slo: found the unknown key .tpot.p42"):
        parse_workload(text + "{tpot.p42: 50ms}", "w.yaml")
