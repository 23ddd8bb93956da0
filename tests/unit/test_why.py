"""Why somebody waits: each sentence, on schedules small enough to follow by hand.

A prompt token takes 1 ms; a decode step of one takes 10 ms, of two 12 ms, of three 14 ms.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from stage import MS, hand_made, on_stage, scene_of

from tui_batching.analysis.why import fires_in, request_name, why, why_briefly, why_wordings
from tui_batching.clock import format_duration
from tui_batching.sim.moment import Moment
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Continuous, Dynamic, Static, Strategy
from tui_batching.workload import load_workload


def moment(strategy: Strategy, ms: float, *rows: tuple[int, int, int]) -> Moment:
    """The instant `ms` of a Run over `(arrival in ms, input_tokens, output_tokens)`."""
    workload = hand_made(*rows, strategies=[strategy])
    return simulate(workload, strategy).at(round(ms * MS))


def test_before_the_first_arrival_the_server_is_idle() -> None:
    for strategy in (Static(2), Dynamic(2, 20 * MS), Continuous(2)):
        assert why(moment(strategy, 10, (50, 5, 1))) == "nobody waits, the server is idle"


def test_after_the_last_answer_all_are_answered() -> None:
    for strategy in (Static(2), Dynamic(2, 20 * MS), Continuous(2)):
        assert why(moment(strategy, 99_999, (50, 5, 1))) == "all requests are answered"


def test_static_waits_for_the_batch_to_fill_and_no_timeout_helps() -> None:
    at = moment(Static(3), 40, (0, 5, 2), (25, 5, 2), (100, 5, 2))
    assert why(at) == "R0 has waited 40.0 ms for 1 more to fill the batch"
    assert fires_in(at) is None


def test_dynamic_waits_for_the_batch_to_fill_or_for_the_timeout() -> None:
    at = moment(Dynamic(4, 100 * MS), 40, (10, 5, 2), (25, 5, 2), (300, 5, 2))
    wanted = "R0 has waited 30.0 ms for 2 more to fill the batch, or the timeout in 70.0 ms"
    assert why(at) == wanted
    assert at.run.start_time[0] - at.time == fires_in(at) == 70 * MS


@pytest.mark.parametrize(("timeout_from", "left"), [("arrival", 80), ("server_free", 95)])
def test_dynamic_counts_the_timeout_from_what_it_is_set_to(timeout_from: str, left: int) -> None:
    # Both start at 10; the batch ends at 10 + 5 + 12 = 27, when R2 has waited since 12.
    rows = ((10, 5, 1), (10, 5, 1), (12, 5, 1), (900, 5, 1))
    at = moment(Dynamic(2, 100 * MS, timeout_from), 32, *rows)  # type: ignore[arg-type]
    assert why(at).endswith(f"for 1 more to fill the batch, or the timeout in {left}.0 ms")
    assert at.run.start_time[2] == at.time + left * MS


def test_request_level_waits_for_the_longest_while_the_done_hold_their_slots() -> None:
    # Prefill until 5, then steps of 14 ms: R1 and R2 are done at 19 and 33, R0 at 75.
    rows = ((0, 5, 5), (0, 5, 1), (0, 5, 2), (20, 5, 1))
    early = moment(Static(3), 21, *rows)
    wanted = "R3 has waited 1.00 ms because batch R0–R2 runs to its longest, R0 (4 tokens left)"
    assert why(early) == f"{wanted}; R1 is done and holds slot 1"
    late = moment(Static(3), 61, *rows)
    wanted = "R3 has waited 41.0 ms because batch R0–R2 runs to its longest, R0 (1 token left)"
    assert why(late) == f"{wanted}; R1, R2 are done and hold slots 1, 2"
    assert late.run.end_time[1] == late.run.finish_time[0] == 75 * MS


def test_naive_static_runs_to_the_longest_answer_of_all() -> None:
    at = moment(Static(1, "workload"), 20, (0, 5, 1), (2, 5, 7))
    wanted = "R1 has waited 18.0 ms because batch R0 runs to the longest answer of all requests"
    assert why(at) == f"{wanted} (7 tokens); R0 is done and holds slot 0"
    # Its prompt is read until 5, then a step takes 10 ms: the second of the seven is under way.
    assert why_briefly(at) == "R1 waits 18.0 ms: R0 ends in 6 tokens; R0 held"


def test_request_level_says_so_when_nobody_is_held() -> None:
    at = moment(Static(1), 7, (0, 5, 3), (4, 5, 1))
    wanted = "R1 has waited 3.00 ms because batch R0 runs to its longest, R0 (3 tokens left)"
    assert why(at) == wanted


def test_held_slots_are_told_even_where_nobody_waits() -> None:
    at = moment(Static(2), 20, (0, 5, 1), (0, 5, 5))
    assert why(at) == "nobody waits, but R0 is done and holds slot 0"


def test_many_held_slots_are_counted() -> None:
    at = moment(Static(5), 30, (0, 5, 9), *[(0, 5, 1)] * 4)
    assert why(at) == "nobody waits, but 4 done requests hold their slots"


def test_nobody_waits_while_all_slots_make_tokens() -> None:
    assert why(moment(Continuous(2), 10, (0, 5, 3))) == "nobody waits"


def test_continuous_waits_for_the_first_to_leave() -> None:
    # R0 and R1 are prefilled until 10, then share steps of 12 ms.
    rows = ((0, 5, 9), (0, 5, 3), (11, 5, 1))
    at = moment(Continuous(2), 23, *rows)
    wanted = "R2 has waited 12.0 ms because all 2 slots are taken; R1 leaves next, in 2 tokens"
    assert why(at) == wanted
    assert at.run.start_time[2] == at.run.end_time[1]
    last = moment(Continuous(2), 35, *rows)
    assert why(last).endswith("R1 leaves next, in 1 token")


def test_continuous_with_one_slot_says_the_one_slot() -> None:
    at = moment(Continuous(1), 7, (0, 5, 3), (4, 5, 1))
    wanted = "R1 has waited 3.00 ms because the one slot is taken; R0 leaves next, in 3 tokens"
    assert why(at) == wanted


def test_continuous_waits_for_the_prefill_of_somebody_else() -> None:
    at = moment(Continuous(2), 4, (0, 9, 3), (1, 5, 1))
    assert why(at) == "R1 has waited 3.00 ms because R0 is being prefilled (5.00 ms left)"
    assert at.run.start_time[1] - at.time == 5 * MS


def test_continuous_admits_between_iterations() -> None:
    # R0 is prefilled until 5, then decodes alone in steps of 10 ms.
    at = moment(Continuous(2), 19, (0, 5, 9), (17, 5, 1))
    wanted = "R1 has waited 2.00 ms because requests are admitted between iterations (6.00 ms left)"
    assert why(at) == wanted
    left = int(at.run.start_time[1]) - at.time
    assert format_duration(left) == "6.00 ms"


def test_the_oldest_is_the_one_that_is_told_about() -> None:
    at = moment(Continuous(1), 9, (0, 5, 30), (8, 5, 1), (6, 5, 1), (7, 5, 1))
    assert why(at).startswith("R2 has waited 3.00 ms ")


def test_a_request_is_called_by_its_id_and_not_by_its_row() -> None:
    at = moment(Continuous(1), 0, (8, 5, 1), (6, 5, 1))
    assert [request_name(at, row) for row in (0, 1)] == ["R1", "R0"]


@pytest.mark.parametrize(
    "name", ["notebook", "rag", "rule-by-rule", "tight-memory", "asks-too-much", "engines"]
)
def test_there_is_a_wording_that_fits_a_row_of_the_smallest_screen(name: str) -> None:
    """60 columns without the four letters of the strategy; each wording is as long or shorter."""
    scene = scene_of(load_workload(name))
    for run in scene.runs:
        for time in np.linspace(0, scene.end - 1, 60).astype(np.int64).tolist():
            full, *others = why_wordings(run.at(time))
            assert full == why(run.at(time))
            assert len([full, *others][-1]) <= 54, [full, *others]
            assert all(after <= before for before, after in pairwise(map(len, others)))


@pytest.mark.parametrize(
    ("size", "told"),
    [
        ((160, 45), "it needs 402 blocks and 19 to spare, 175 of 1,915 are free"),
        ((80, 24), "it needs 402 blocks and 19 to spare, 175 are free"),
        ((60, 20), "needs 402 + 19 blocks, 175 free"),
    ],
    ids=str,
)
async def test_the_reason_is_whole_at_every_size(size: tuple[int, int], told: str) -> None:
    async with on_stage("rule-by-rule", size) as stage:
        await stage.seek(8030 * MS)
        rows = stage.shown("#why")
        assert any(told in row for row in rows)
        assert not any("…" in row for row in rows)
