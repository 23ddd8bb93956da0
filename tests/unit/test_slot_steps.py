"""Who is in which slot at which decode step: against the oracle, by hand, and as laws."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from oracle import oracle
from reference import serve
from stage import hand_made, scene_of
from workloads_for_laws import cases

from tui_batching.analysis.slot_steps import SlotSteps
from tui_batching.clock import MILLISECOND
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Continuous, Static, Strategy
from tui_batching.workload import load_workload
from tui_batching.workload.model import Workload


def all_steps(lane: SlotSteps) -> tuple[np.ndarray, np.ndarray]:
    """The occupants of all slots at all steps, and where they are held."""
    steps = np.arange(lane.count)
    occupants = lane.occupants(range(lane.run.slots), steps)
    return occupants, lane.held(occupants, steps)


def test_every_step_of_the_oracle_has_the_same_requests_and_ends_then() -> None:
    expected = oracle()["part_11_slots"]
    run = simulate(load_workload("illustrative"), Continuous(4))
    lane = SlotSteps.of(run)
    occupants, held = all_steps(lane)
    assert lane.count == expected["steps"]
    in_step = [sorted(column[column >= 0].tolist()) for column in occupants.T]
    assert in_step == [sorted(ids) for ids in expected["active_ids_per_step"]]
    assert [len(rows) for rows in in_step] == expected["batch_size_per_step"]
    assert lane.making(np.arange(lane.count + 1)).tolist() == expected["batch_size_per_step"]
    assert not held.any()
    ends = np.array([round(end * MILLISECOND) for end in expected["step_end_ms"]])
    assert run.spans.decode_steps_at(ends).tolist() == list(range(1, lane.count + 1))
    assert run.spans.decode_steps_at(ends - 1).tolist() == list(range(lane.count))


def test_slots_are_kept_and_their_gaps_are_left_open() -> None:
    # The oracle's notebook moves R1 to R3 up when R0 leaves; here each keeps its slot.
    occupants, _ = all_steps(scene_of(load_workload("illustrative")).slot_steps[2])
    assert occupants[0].tolist() == [0] * 10 + [-1] * 2 + [4] * 10 + [-1] * 48
    assert [set(row.tolist()) - {-1} for row in occupants[1:]] == [{1}, {2, 5}, {3}]


def test_a_short_answer_is_held_until_the_longest_of_its_batch_is_done() -> None:
    lane = scene_of(hand_made((0, 5, 2), (0, 5, 5), (0, 5, 1), strategies=[Static(2)])).slot_steps
    occupants, held = all_steps(lane[0])
    assert occupants.tolist() == [[0, 0, 0, 0, 0, 2], [1, 1, 1, 1, 1, -1]]
    assert held.astype(int).tolist() == [[0, 0, 1, 1, 1, 0], [0] * 6]


@given(cases())
def test_every_cell_is_what_the_slow_simulator_did(case: tuple[Workload, Strategy]) -> None:
    workload, strategy = case
    lane = SlotSteps.of(simulate(workload, strategy))
    served, iterations = serve(workload.requests, workload.cost, strategy)
    steps = [one for one in iterations if one.kind == "decode"]
    occupants, held = all_steps(lane)
    assert lane.count == len(steps)
    for number, step in enumerate(steps):
        inside = {
            one.slot: one for one in served if one.start <= step.start and one.end > step.start
        }
        expected = [inside[slot].row if slot in inside else -1 for slot in range(len(occupants))]
        assert occupants[:, number].tolist() == expected
        for slot, one in inside.items():
            assert held[slot, number] == (step.end not in one.token_times)
    making = lane.making(np.arange(lane.count + 1))
    assert making.tolist() == ((occupants >= 0) & ~held).sum(axis=0).tolist()


@given(cases(), st.data())
def test_any_part_and_any_mean_is_that_of_the_whole(
    case: tuple[Workload, Strategy], data: st.DataObject
) -> None:
    lane = SlotSteps.of(simulate(*case))
    assume(lane.count)
    occupants, held = all_steps(lane)
    low, high = sorted(data.draw(st.tuples(*[st.integers(0, lane.run.slots)] * 2)))
    steps = np.array([step for step in range(lane.count) if data.draw(st.booleans())], np.int64)
    assert (lane.occupants(range(low, high), steps) == occupants[low:high, steps]).all()
    made = ((occupants >= 0) & ~held).sum(axis=0)
    expected = [made[a:b].mean() for a, b in pairwise(steps)]
    np.testing.assert_allclose(lane.making(steps), expected)
