"""Laws of the worst requests: of every engine and the textbook, memory ample and tight."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stage import boundaries, hand_made, scene_of
from test_lane_laws import ROWS, engines

from tui_batching.analysis.breakdown import breakdown
from tui_batching.analysis.slices import SLICES, slice_parts
from tui_batching.analysis.slowest import slowest
from tui_batching.analysis.why_request import why_request
from tui_batching.analysis.worst import MEASURES, instant_of_why, parts_within
from tui_batching.clock import SECOND
from tui_batching.sim.run import Run
from tui_batching.strategies import Continuous, Dynamic, Static


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """A Run of a few requests."""
    textbook = st.sampled_from((Static(3), Dynamic(3, 50 * SECOND // 1000), Continuous(3)))
    strategy = draw(st.one_of(engines(), textbook))
    return scene_of(hand_made(*sorted(draw(ROWS)), strategies=[strategy])).runs[0]


@settings(max_examples=80)
@given(runs())
def test_the_parts_of_each_measure_are_parts_of_the_latency_and_sum_to_it(run: Run) -> None:
    rows = np.arange(len(run))
    whole = breakdown(run).columns()
    for measure in MEASURES:
        parts = parts_within(measure, run, rows)
        assert (sum(parts.values()) == measure.until(run) - measure.since(run)).all()
        for name, column in parts.items():
            assert ((column >= 0) & (column <= whole[name])).all(), name


STALLED_BY_A_NEIGHBOUR = scene_of(hand_made((0, 1, 1), (0, 3, 1), strategies=[Static(3)])).runs[0]
"""A prompt is read after 1 of 3 ms; then its request is stalled, within the same iteration."""


@settings(max_examples=80)
@given(runs())
@example(STALLED_BY_A_NEIGHBOUR)
def test_one_looks_at_a_boundary_within_what_is_measured_and_is_told_of_that_request(
    run: Run,
) -> None:
    stops = {*boundaries(run), *run.requests.arrival_time.tolist()}
    for measure in MEASURES:
        for row in range(len(run)):
            time = instant_of_why(measure, run, row)
            since, until = int(measure.since(run)[row]), int(measure.until(run)[row])
            assert since <= time <= until
            assert time in stops
            for briefly in (False, True):
                told = why_request(run.at(time), row, briefly=briefly)
                assert told.startswith(f"R{run.requests.id[row]} ")


@settings(max_examples=80)
@given(runs(), st.integers(1, 12))
def test_the_slowest_and_the_slices_agree(run: Run, count: int) -> None:
    for measure in MEASURES:
        told = slowest(run, measure, count)
        values = [each.value for each in told]
        assert values == sorted(values, reverse=True)
        found = slice_parts(run, SLICES[f"p99-{measure.name}"])
        assert found.requests == min(1, len(told))
        if told:
            assert np.isclose(found.whole, told[0].value, rtol=1e-12)
            for name, part in told[0].parts.items():
                assert np.isclose(part, found.parts[name], rtol=1e-12, atol=1e-15)
