"""Triton's dynamic batcher: preferred sizes and the delay."""

from __future__ import annotations

import pytest

from tui_batching.clock import MICROSECOND, MILLISECOND
from tui_batching.cost import LinearCost
from tui_batching.errors import InputError
from tui_batching.requests import Requests
from tui_batching.strategies import Triton
from tui_batching.workload import apply_settings, load_workload

COST = LinearCost()


def starts(engine: Triton, *arrivals: int) -> list[int]:
    """When each request starts, in microseconds; each takes 20 ms and more."""
    at = [arrival * MICROSECOND for arrival in arrivals]
    run = engine.serve(Requests.from_columns(at, [0] * len(at), [1] * len(at)), COST)
    return [start // MICROSECOND for start in run.start_time.tolist()]


def test_without_a_delay_whatever_is_there_runs_at_once() -> None:
    assert starts(Triton(4), 0, 1, 2, 3) == [0, 20_000, 20_000, 20_000]


def test_a_preferred_size_runs_at_once_and_a_smaller_one_waits() -> None:
    engine = Triton(4, (2,), 1_000)
    assert starts(engine, 0, 300, 400) == [300, 300, 300 + 22_000]
    assert starts(engine, 0) == [1_000], "though nobody else will ever come"


def test_the_largest_preferred_size_that_is_reached_runs_unless_the_delay_has_passed() -> None:
    assert starts(Triton(8, (2, 4), 30_000), 0, 0, 0, 0, 0) == [0, 0, 0, 0, 30_000]
    assert starts(Triton(8, (2, 4), 100), *[0] * 4, *[1] * 5) == [0] * 4 + [26_000] * 5


def test_what_it_prefers_can_be_set(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("triton") / "mine.yaml"
    path.write_text(
        "requests: [{arrival_time: 0, input_tokens: 1, output_tokens: 1}]\n"
        "strategies: {triton: {batch_size: 8, preferred_batch_size: [4, 2]}}\n"
    )
    mine = load_workload(str(path))
    assert mine.strategies == (Triton(8, (2, 4)),)
    changed = apply_settings(mine, ["preferred_batch_size=6,3"])
    assert changed.strategies == (Triton(8, (3, 6)),)
    assert changed.strategies[0].closes_at(0, MILLISECOND) == MILLISECOND
    with pytest.raises(InputError, match="preferred_batch_size of 9, expected at most"):
        Triton(8, (9,)).serve(mine.requests, COST)
    with pytest.raises(InputError, match="preferred_batch_size=6,x: found 'x', expected a whole"):
        apply_settings(mine, ["preferred_batch_size=6,x"])
    with pytest.raises(InputError, match=r"found \(4, 2\), expected ascending whole"):
        Triton(8, (4, 2))
