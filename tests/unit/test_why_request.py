"""Why one request is where it is: the sentence, on schedules small enough to follow by hand."""

from __future__ import annotations

import numpy as np
import pytest
from stage import MS, hand_made

from tui_batching.analysis.why_request import why_request
from tui_batching.sim.life import State
from tui_batching.sim.run import Run
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Continuous, Static, Strategy, Vllm
from tui_batching.workload import load_workload


def run_of(strategy: Strategy, *rows: tuple[int, int, int]) -> Run:
    return simulate(hand_made(*rows, strategies=[strategy]), strategy)


# The first two are prefilled until 5, and take three steps of 12 ms, until 41.
STATIC = run_of(Static(2), (0, 5, 3), (0, 5, 1), (6, 5, 1), (7, 5, 1), (90, 5, 1))


WAITS = (
    "R3 has waited 13.0 ms and 1 is before it: R2 has waited 14.0 ms because batch R0–R1 "
    "runs to its longest, R0 (2 tokens left); R1 is done and holds slot 1"
)
PREFILL = "R0 has all 5 tokens of its prompt in a step of 5.00 ms, beside 5 tokens of R1's prompt"


@pytest.mark.parametrize(
    ("row", "time", "told"),
    [
        (4, 0, "R4 has not arrived yet"),
        (0, 1, PREFILL),
        (0, 6, "R0 makes a token in a step of 12.0 ms, beside 1 other who decodes"),
        (0, 20, "R0 makes a token in a step of 12.0 ms"),
        (1, 20, "R1 is done, but held until its batch is; 21.0 ms are left"),
        (3, 20, WAITS),
        (0, 41, "R0 is answered"),
    ],
)
def test_in_a_batch(row: int, time: int, told: str) -> None:
    assert why_request(STATIC.at(time * MS), row) == told


def test_while_the_batch_forms_all_wait_for_the_same() -> None:
    run = run_of(Static(3), (0, 5, 1), (1, 5, 1), (9, 5, 1))
    told = "R1 has waited 1.00 ms for 1 more to fill the batch"
    assert why_request(run.at(2 * MS), 1) == told


def test_who_is_stopped_is_told_by_whose_prompts() -> None:
    run = run_of(Continuous(4), (0, 5, 9), (0, 5, 9), (20, 50, 9), (21, 60, 9))
    at = int(run.start_time[2])
    told = "R0 makes no token for 50.0 ms: 50 tokens of R2's prompt first"
    assert why_request(run.at(at), 0) == told


def test_briefly_it_is_shorter() -> None:
    for time in range(8, 41, 4):
        for row in (2, 3):
            moment = STATIC.at(time * MS)
            assert len(why_request(moment, row, briefly=True)) < len(why_request(moment, row))


@pytest.mark.parametrize("name", ["notebook", "engines", "tight-memory"])
def test_every_request_has_a_sentence_about_itself_at_every_instant(name: str) -> None:
    workload = load_workload(name)
    seen: set[State] = set()
    for strategy in workload.strategies:
        run = simulate(workload, strategy)
        for time in range(0, run.finished, max(1, run.finished // 40)):
            moment = run.at(time)
            for row in range(0, len(run), 7):
                told = why_request(moment, row)
                assert told.startswith(f"R{run.requests.id[row]} "), told
                seen.update(moment.states(np.array([row])))
    assert {State.COMING, State.SLOTS, State.DECODE, State.DONE} - seen <= {State.SLOTS}


def test_chunks_and_what_is_computed_again() -> None:
    workload = load_workload("tight-memory")
    run = simulate(workload, Vllm(max_num_seqs=8, max_num_batched_tokens=256, kv_cache_tokens=800))
    told = [
        why_request(run.at(time), row)
        for time in range(0, run.finished, 5 * MS)
        for row in range(len(run))
    ]
    assert any("tokens of its prompt in a step of" in each for each in told)
    assert any("tokens of what it has lost in a step of" in each for each in told)
