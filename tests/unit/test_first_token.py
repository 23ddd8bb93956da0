"""First tokens made by the prefill, worked out by hand; all times in milliseconds."""

from __future__ import annotations

import numpy as np
import pytest
from workloads_for_laws import workload_of

from tui_batching.analysis.breakdown import breakdown
from tui_batching.analysis.metrics import metrics
from tui_batching.analysis.tokens import token_gaps
from tui_batching.clock import MILLISECOND
from tui_batching.columns import IntArray
from tui_batching.cost import LinearCost
from tui_batching.errors import InputError
from tui_batching.sim.run import Run
from tui_batching.sim.simulate import simulate
from tui_batching.sim.spans import SpanKind
from tui_batching.strategies import Continuous, Dynamic, Static, Strategy

COST = LinearCost(first_token="prefill")


def ms(column: IntArray) -> list[int]:
    assert not (column % MILLISECOND).any()
    return (column // MILLISECOND).tolist()


def serve(strategy: Strategy, *rows: tuple[int, int, int]) -> Run:
    """Serve `(arrival in ms, input tokens, output tokens)`: 1 ms a token, 20 ms + 2 ms a step."""
    return simulate(workload_of([(at * MILLISECOND, i, o) for at, i, o in rows], COST), strategy)


def test_a_request_alone_takes_one_step_less() -> None:
    run = serve(Continuous(4), (10, 30, 3))
    assert (ms(run.start_time), ms(run.first_token_time), ms(run.finish_time)) == ([10], [40], [80])
    assert run.spans.steps.tolist() == [1, 1, 2]
    made = [int(run.at(time * MILLISECOND).tokens_made(np.array([0]))[0]) for time in (39, 40, 60)]
    assert made == [0, 1, 2]


def test_an_answer_of_one_token_leaves_after_its_prefill_and_frees_its_slot_there() -> None:
    """With one slot: the next request is admitted in the same instant, to the same slot."""
    run = serve(Continuous(1), (0, 10, 1), (0, 5, 1), (0, 7, 2))
    assert ms(run.start_time) == [0, 10, 15]
    assert ms(run.first_token_time) == [10, 15, 22]
    assert ms(run.finish_time) == ms(run.end_time) == [10, 15, 42]
    assert run.stays.slot.tolist() == [0, 0, 0]
    assert run.spans.kind.tolist() == [SpanKind.PREFILL] * 3 + [SpanKind.DECODE]


def test_it_stalls_those_who_run_and_is_in_no_step_of_theirs() -> None:
    run = serve(Continuous(2), (0, 10, 4), (15, 5, 1))
    # Steps of R0 end at 30, then R1 is prefilled until 35, then at 55 and 75.
    assert ms(run.finish_time) == [75, 35]
    assert run.spans.billed.tolist() == [1, 1, 1, 1]
    assert sorted(np.repeat(*token_gaps(run).written_out()).tolist()) == [
        20 * MILLISECOND,
        20 * MILLISECOND,
        25 * MILLISECOND,
    ]


def test_newcomers_wait_for_each_others_prefills_between_their_first_tokens_and_the_step() -> None:
    run = serve(Continuous(2), (0, 10, 2), (0, 5, 2))
    assert ms(run.first_token_time) == [10, 15]
    assert ms(run.finish_time) == [37, 37]
    assert sorted(np.repeat(*token_gaps(run).written_out()).tolist()) == [
        22 * MILLISECOND,
        27 * MILLISECOND,
    ]
    assert ms(breakdown(run).stalled) == [5, 0]


@pytest.mark.parametrize("strategy", [Static(2), Dynamic(2)])
def test_a_batch_has_its_first_tokens_when_all_prompts_are_read(strategy: Strategy) -> None:
    run = serve(strategy, (0, 10, 1), (0, 30, 3))
    assert ms(run.first_token_time) == [30, 30]
    assert (ms(run.finish_time), ms(run.end_time)) == ([30, 74], [74, 74])
    assert run.spans.steps.tolist() == [1, 2]
    assert ms(breakdown(run).held) == [44, 0]


@pytest.mark.parametrize("strategy", [Static(2), Dynamic(2, 0), Continuous(2)])
def test_answers_of_one_token_need_no_decode_step_at_all(strategy: Strategy) -> None:
    run = serve(strategy, (0, 10, 1), (0, 10, 1), (0, 10, 1))
    assert set(run.spans.kind.tolist()) == {SpanKind.PREFILL}
    assert run.end_time.tolist() == run.first_token_time.tolist()
    found = metrics(run)
    assert found["mean_itl"] is found["mean_tpot"] is None
    assert found["mean_decode"] == 0
    assert run.at(run.finished).iteration == 0


@pytest.mark.parametrize("strategy", [Static(2), Dynamic(2), Continuous(2)])
def test_a_token_out_of_nothing_is_refused(strategy: Strategy) -> None:
    with pytest.raises(InputError, match="request 1: the prefill of its 0 tokens takes no time"):
        serve(strategy, (0, 10, 1), (0, 0, 1))
