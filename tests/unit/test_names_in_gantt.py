"""The names in rows of slots: each of their letters on the ground of what is done there."""

from __future__ import annotations

import pytest
from rich.color import Color
from stage import palette, scene_of

from tui_batching.charts.bands import TimeWindow
from tui_batching.charts.rows import AGAIN, FULL, HATCH, SHADE, SLOWED, STALLED, Cells
from tui_batching.charts.slot_bands import SlotBands
from tui_batching.sim.life import State
from tui_batching.workload import load_workload

ENGINES = scene_of(load_workload("engines"))
SIGNS = {FULL, SHADE, HATCH, STALLED, SLOWED, AGAIN}


def bands(theme: str, lane: int) -> SlotBands:
    """Two rows a slot, of which the first one has the names."""
    window = TimeWindow(ENGINES.end // 100, 0, 101, None, 101)
    return SlotBands(ENGINES.runs[lane], range(8), window, 2, palette(theme), None)


def grounds(row: Cells) -> list[tuple[str, Color | None]]:
    """Each sign of a row, and what it is seen to stand on: a solid one is its own ground."""
    found: list[tuple[str, Color | None]] = []
    for text, look, _ in row:
        assert look is not None
        solid = look.reverse or set(text) <= {FULL}
        found += [(sign, look.color if solid else look.bgcolor) for sign in text]
    return found


@pytest.mark.parametrize("theme", ["dark", "light", "ansi-16"])
@pytest.mark.parametrize("lane", range(len(ENGINES.runs)))
def test_a_name_stands_on_the_ground_of_what_is_done_beneath_it(theme: str, lane: int) -> None:
    drawn = bands(theme, lane)
    written = set()
    for states, (named, below) in zip(drawn.states, drawn.draw(), strict=True):
        cells = zip(states.tolist(), grounds(named), grounds(below), strict=True)
        for state, (sign, ground), (other, beneath) in cells:
            if sign.isalnum() and other in SIGNS:
                assert ground == beneath, (State(state), sign, other)
                written.add(State(state))
    assert State.DECODE in written
    assert written - {State.DECODE}, "of some name a letter stands on something else"
