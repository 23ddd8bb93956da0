"""Where the time went, on schedules small enough to follow by hand."""

from __future__ import annotations

import numpy as np
import pytest
from oracle import oracle

from tui_batching.analysis.breakdown import PARTS, Breakdown, breakdown
from tui_batching.clock import MILLISECOND
from tui_batching.cost import LinearCost
from tui_batching.requests import Requests
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Continuous, Dynamic, Static, Strategy
from tui_batching.workload.listed import ListedRequests
from tui_batching.workload.model import Workload

MS = MILLISECOND
COST = LinearCost(1 * MS, 10 * MS, 2 * MS)


def parts_of(strategy: Strategy, *rows: tuple[int, int, int]) -> Breakdown:
    """Rows are arrival in ms, prompt and answer in tokens."""
    arrival, prompt, answer = np.array(rows).T
    requests = Requests.from_columns(arrival * MS, prompt, answer)
    return breakdown(simulate(Workload("hand", ListedRequests(requests), cost=COST), strategy))


def ms(**parts: int) -> dict[str, int]:
    return parts


def in_ms(parts: Breakdown, row: int) -> dict[str, int]:
    told = {name: int(column[row]) // MS for name, column in parts.columns().items()}
    assert not any(told.pop(name) for name in ("memory", "evicted", "recompute"))
    return told


def test_static_forms_then_stalls_the_short_prompt_and_holds_the_short_answer():
    # The batch starts at 30, prefills 20, then decodes 5 steps of 12 ms.
    parts = parts_of(Static(2), (0, 5, 2), (30, 20, 5))
    assert in_ms(parts, 0) == ms(
        forming=30, slots=0, turn=0, prefill=5, stalled=15, decode=20, sharing=4, held=36
    )
    assert in_ms(parts, 1) == ms(
        forming=0, slots=0, turn=0, prefill=20, stalled=0, decode=50, sharing=10, held=0
    )


def test_static_queues_behind_a_batch_and_then_forms():
    # The first batch ends at 5 + 5 + 2 * 12 = 34; the third request then waits for the fourth.
    parts = parts_of(Static(2), (0, 5, 2), (5, 5, 2), (10, 5, 1), (50, 5, 1))
    assert in_ms(parts, 2) == ms(
        forming=16, slots=24, turn=0, prefill=5, stalled=0, decode=10, sharing=2, held=0
    )


def test_dynamic_forms_no_longer_than_the_timeout():
    parts = parts_of(Dynamic(2, 8 * MS), (0, 5, 1), (30, 5, 1))
    assert parts.forming.tolist() == [8 * MS, 0]


def test_continuous_stalls_for_the_prefill_of_a_newcomer():
    # R0 decodes from 5 on; R1 arrives at 10, is admitted at 15 and prefills 20; then both share.
    parts = parts_of(Continuous(2), (0, 5, 3), (10, 20, 1))
    assert in_ms(parts, 0) == ms(
        forming=0, slots=0, turn=0, prefill=5, stalled=20, decode=30, sharing=2, held=0
    )
    assert in_ms(parts, 1) == ms(
        forming=0, slots=0, turn=5, prefill=20, stalled=0, decode=10, sharing=2, held=0
    )


def test_columns_are_named_in_order_and_read_only():
    parts = parts_of(Static(2), (0, 5, 2), (30, 20, 5))
    assert tuple(parts.columns()) == PARTS
    with pytest.raises(ValueError, match="read-only"):
        parts.forming[0] = 1


def test_totals_are_the_sums_of_the_columns():
    parts = parts_of(Continuous(2), (0, 5, 3), (10, 20, 1))
    assert parts.totals == {name: sum(c.tolist()) for name, c in parts.columns().items()}


@pytest.mark.parametrize("strategy", [Static(), Dynamic(), Continuous()])
def test_the_parts_of_the_notebook_sum_to_the_latencies_of_the_oracle(strategy: Strategy):
    part = oracle()["part_1_main"]
    rows = [(r["arrival_ms"], r["input_tokens"], r["output_tokens"]) for r in part["requests"]]
    arrival, prompt, answer = np.array(rows).T
    workload = Workload(
        "oracle", ListedRequests(Requests.from_columns(arrival * MS, prompt, answer))
    )
    parts = breakdown(simulate(workload, strategy))
    ends = np.array(part["results"][strategy.name]["end_ms"]).astype(np.int64)
    assert (sum(parts.columns().values()) == (ends - arrival) * MS).all()
