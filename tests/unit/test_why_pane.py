"""The breakdown of the selected request is whole, whatever the width."""

from __future__ import annotations

import pytest

from tui_batching.charts.palette import DEFAULT_THEME, load_palettes
from tui_batching.charts.rows import text_of
from tui_batching.clock import parse_duration
from tui_batching.sim.simulate import simulate
from tui_batching.tui.why_pane import breakdown_rows
from tui_batching.workload import load_workload

PALETTE = load_palettes()[DEFAULT_THEME]


@pytest.mark.parametrize("width", [80, 120, 160])
def test_every_part_is_told(width: int) -> None:
    workload = load_workload("notebook")
    moments = [simulate(workload, s).at(parse_duration("20s")) for s in workload.strategies]
    rows = breakdown_rows(moments, 9, 2, width, PALETTE)
    assert [len(text_of(row)) for row in rows] == [width] * 6
    for lane in (0, 1):  # static and dynamic have it queue, share and be held
        text = text_of(rows[2 * lane]) + text_of(rows[2 * lane + 1])
        for part in ("slots", "prefill", "stalled", "decode", "sharing", "held"):
            assert part in text
        assert "…" not in text
