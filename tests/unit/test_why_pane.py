"""The breakdown of the selected request is whole, whatever the width."""

from __future__ import annotations

import pytest

from tui_batching.clock import parse_duration
from tui_batching.sim.simulate import simulate
from tui_batching.tui.themes import DEFAULT_THEME, Palette, load_themes
from tui_batching.tui.why_pane import breakdown_strips
from tui_batching.workload import load_workload

PALETTE = Palette.from_theme(load_themes()[DEFAULT_THEME])


@pytest.mark.parametrize("width", [80, 120, 160])
def test_every_part_is_told(width: int) -> None:
    workload = load_workload("notebook")
    moments = [simulate(workload, s).at(parse_duration("20s")) for s in workload.strategies]
    strips = breakdown_strips(moments, 9, 2, width, PALETTE)
    assert [strip.cell_length for strip in strips] == [width] * 6
    for lane in (0, 1):  # static and dynamic have it queue, share and be held
        text = strips[2 * lane].text + strips[2 * lane + 1].text
        for part in ("queued", "prefill", "stalled", "decode", "sharing", "held"):
            assert part in text
        assert "…" not in text
