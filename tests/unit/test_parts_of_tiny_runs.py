"""The parts of a latency are told in the unit in which the latency itself is read, or in ms."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from stage import hand_made, palette, scene_of, texts

from tui_batching.charts.breakdown_rows import breakdown_rows
from tui_batching.clock import MICROSECOND, MILLISECOND, SECOND, Picoseconds
from tui_batching.workload import load_workload

SCENE = scene_of(load_workload("notebook"))
HOUR = 3600 * SECOND
LONG_WAITS = scene_of(hand_made((0, 5, 5), (24 * HOUR // MILLISECOND, 5, 5)))


@pytest.mark.parametrize(
    ("passed", "told"),
    [
        (4 * MILLISECOND, "4.00 ms"),
        (42 * MILLISECOND, "42.0 ms"),
        (420 * MILLISECOND, "420 ms"),
        (1 * MILLISECOND, "1.00 ms"),
        (250 * MICROSECOND, "250 µs"),
        (3 * MICROSECOND, "3.00 µs"),
    ],
)
@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("request_", [0, 9])
def test_the_sum_of_the_parts_is_the_latency_as_it_is_read_beside_them(
    request_: int, width: int, passed: Picoseconds, told: str
) -> None:
    time = int(SCENE.workload.requests.arrival_time[request_]) + passed
    rows = texts(
        breakdown_rows([run.at(time) for run in SCENE.runs], request_, 2, width, palette())
    )
    for bar, parts in zip(rows[::2], rows[1::2], strict=True):
        assert f"R{request_} {told} so far" in bar
        amount, unit = told.split()
        assert re.match(rf" (in )?{unit} ", parts), parts
        terms, _, whole = parts.partition("=")
        assert whole.split()[0] == amount
        assert sum(map(Decimal, re.findall(r"([\d.]+)(?= *(?:\+|$))", terms))) == Decimal(amount)


def test_parts_of_rounded_and_of_long_latencies_are_as_short_as_the_latency() -> None:
    arrival = int(LONG_WAITS.workload.requests.arrival_time[0])
    for passed, told in ((99_960 * MICROSECOND, "in ms .* = 100 "), (11 * HOUR, "in h .* = 11.0 ")):
        moment = LONG_WAITS.runs[0].at(arrival + passed)
        assert re.search(told, texts(breakdown_rows([moment], 0, 2, 120, palette()))[1])


def test_a_latency_of_seconds_is_told_in_whole_milliseconds() -> None:
    rows = texts(breakdown_rows([SCENE.runs[0].at(SCENE.end)], 9, 2, 120, palette()))
    assert re.search(r"in ms .* = \d,\d{3}\b", rows[1])
