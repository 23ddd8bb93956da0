"""The table of step times that a chapter of the tour can show."""

from __future__ import annotations

from dataclasses import replace

from tui_batching.clock import MICROSECOND, MILLISECOND
from tui_batching.cost import AffineCost
from tui_batching.tour.deck import step_times
from tui_batching.workload import load_workload


def test_a_step_costs_by_the_context_of_an_average_request_where_its_cost_does() -> None:
    workload = load_workload("notebook")
    requests = workload.requests
    tokens = requests.input_tokens + requests.output_tokens / 2
    plain = AffineCost(decode_base=20 * MILLISECOND)
    growing = replace(plain, decode_per_context_token=MICROSECOND)
    with_contexts, without = (step_times(replace(workload, cost=cost)) for cost in (growing, plain))
    for step, bare in zip(with_contexts, without, strict=True):
        contexts = step.batch_size * round(float(tokens.mean()))
        assert step.step_time - bare.step_time == contexts * MICROSECOND
