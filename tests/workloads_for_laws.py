"""Small workloads for hypothesis, made so that ties and arrivals on boundaries are common."""

from __future__ import annotations

from hypothesis import strategies as st

from tui_batching.clock import MILLISECOND, SECOND
from tui_batching.cost import AffineCost, Cost, LinearCost
from tui_batching.requests import Requests
from tui_batching.strategies import Continuous, Dynamic, Static, Strategy
from tui_batching.workload.listed import ListedRequests
from tui_batching.workload.model import Workload

BATCH_SIZES = st.one_of(st.integers(1, 8), st.just(50))


def workload_of(
    rows: list[tuple[int, int, int]], cost: Cost | None = None, name: str = "test"
) -> Workload:
    """A workload of `(arrival_time, input_tokens, output_tokens)`, times in picoseconds."""
    requests = Requests.from_columns(*map(list, zip(*rows, strict=True)))
    return Workload(name, ListedRequests(requests), cost=cost or LinearCost())


@st.composite
def costs(draw: st.DrawFn, unit: int = 1) -> Cost:
    """Either model, in a few whole units; a prefill that makes a token takes some time."""
    first_token = draw(st.sampled_from(["decode", "prefill"]))
    least = int(first_token == "prefill")
    per_iteration = unit * draw(st.integers(0, 1))
    if draw(st.booleans()):
        return LinearCost(
            prefill_per_token=unit * draw(st.integers(least, 3)),
            decode_step=unit * draw(st.integers(1, 5)),
            per_extra_request=unit * draw(st.integers(0, 2)),
            first_token=first_token,
            per_iteration=per_iteration,
        )
    return AffineCost(
        decode_base=unit * draw(st.integers(1, 5)),
        decode_per_request=unit * draw(st.integers(0, 2)),
        decode_per_context_token=unit * draw(st.integers(0, 3)),
        prefill_base=unit * draw(st.integers(0, 3)),
        prefill_per_token=unit * draw(st.integers(least, 3)),
        prefill_per_token_squared=unit * draw(st.integers(0, 2)),
        first_token=first_token,
        per_iteration=per_iteration,
    )


@st.composite
def workloads(draw: st.DrawFn, most: int = 14) -> Workload:
    """Times are a few whole units, so that many of them coincide."""
    unit = draw(st.sampled_from([1, 7, MILLISECOND]))
    cost = draw(costs(unit))
    count = draw(st.integers(1, most))
    widest_gap = draw(st.sampled_from([0, 3, 30]))
    gaps = draw(st.lists(st.integers(0, widest_gap), min_size=count, max_size=count))
    tokens = st.tuples(st.integers(cost.made_by_prefill, 4), st.integers(1, 9))
    lengths = draw(st.lists(tokens, min_size=count, max_size=count))
    rows, arrival = [], 0
    for gap, (inputs, outputs) in zip(gaps, lengths, strict=True):
        arrival += gap * unit
        rows.append((arrival, inputs, outputs))
    return workload_of(rows, cost)


@st.composite
def strategies_for(draw: st.DrawFn, workload: Workload) -> Strategy:
    """Any strategy, with timeouts from none at all to longer than the whole workload."""
    batch_size = draw(BATCH_SIZES)
    unit = workload.cost.step_time(1)
    timeout = draw(st.one_of(st.just(0), st.integers(0, 12 * unit), st.just(3600 * SECOND)))
    return draw(
        st.sampled_from(
            [
                Static(batch_size),
                Static(batch_size, "workload"),
                Dynamic(batch_size, timeout, "server_free"),
                Dynamic(batch_size, timeout, "arrival"),
                Continuous(batch_size),
            ]
        )
    )


@st.composite
def cases(draw: st.DrawFn, most: int = 14) -> tuple[Workload, Strategy]:
    """A workload and a strategy to serve it."""
    workload = draw(workloads(most))
    return workload, draw(strategies_for(workload))
