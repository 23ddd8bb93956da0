"""The breakdown of the selected request is whole, whatever the width."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tui_batching.analysis.breakdown import breakdown
from tui_batching.charts.breakdown_rows import breakdown_rows
from tui_batching.charts.palette import DEFAULT_THEME, load_palettes
from tui_batching.charts.pen import PART_SIGNS, SHORT_PARTS
from tui_batching.charts.rows import text_of
from tui_batching.clock import parse_duration
from tui_batching.sim.simulate import simulate
from tui_batching.workload import load_workload

PALETTE = load_palettes()[DEFAULT_THEME]


@pytest.mark.parametrize("width", [80, 120, 160])
def test_every_part_is_told(width: int) -> None:
    workload = load_workload("notebook")
    moments = [simulate(workload, s).at(parse_duration("20s")) for s in workload.strategies]
    rows = breakdown_rows(moments, 9, 2, width, PALETTE)
    assert [len(text_of(row)) for row in rows] == [width] * 6
    for lane in (0, 1):  # static and dynamic have it queue, share and be held
        words = text_of(rows[2 * lane + 1])
        text = text_of(rows[2 * lane]) + words
        parts = breakdown(moments[lane].run, np.array([9])).columns()
        there = {name for name, column in parts.items() if column[0]}
        assert there == {"slots", "prefill", "stalled", "decode", "sharing", "held"}
        for name in there:
            assert name in words or SHORT_PARTS[name] in words
            assert PART_SIGNS[name][0] in text
        *numbers, total = (int(each.replace(",", "")) for each in re.findall(r" ([\d,]+)", words))
        assert sum(numbers) == total
        assert "…" not in text
