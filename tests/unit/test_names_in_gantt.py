"""The names in rows of slots: all alike, and where a reader looks for them."""

from __future__ import annotations

import re

import pytest
from rich.style import Style
from stage import palette, scene_of, texts

from tui_batching.charts.bands import TimeWindow
from tui_batching.charts.chart import ChartRequest, GanttRows
from tui_batching.charts.gantt import gantt_chart
from tui_batching.charts.rows import Cells
from tui_batching.charts.shades import LEGIBLE, contrast
from tui_batching.charts.slot_bands import SlotBands
from tui_batching.sim.life import State
from tui_batching.workload import apply_settings, choose_strategies, load_workload

ENGINES = scene_of(load_workload("engines"))
TIGHT = scene_of(
    apply_settings(
        choose_strategies(load_workload("rule-by-rule"), ["vllm"]),
        ["vllm.max_num_batched_tokens=8192"],
    )
)
"""Somebody is evicted once."""


def bands(theme: str, lane: int) -> SlotBands:
    """Two rows a slot, of which the first one has the names."""
    window = TimeWindow(ENGINES.end // 100, 0, 101, None, 101)
    return SlotBands(ENGINES.runs[lane], range(8), window, 2, palette(theme), None)


def looks(row: Cells) -> list[tuple[str, Style]]:
    """Each sign of a row, and how it is drawn."""
    return [(sign, look) for text, look, _ in row if look is not None for sign in text]


@pytest.mark.parametrize("theme", ["dark", "light", "ansi-16"])
def test_a_name_looks_the_same_whatever_is_done_beneath_it(theme: str) -> None:
    beneath, found = set(), set()
    for lane in range(len(ENGINES.runs)):
        drawn = bands(theme, lane)
        for states, (named, _) in zip(drawn.states, drawn.draw(), strict=True):
            for state, (sign, look) in zip(states.tolist(), looks(named), strict=True):
                if sign.isalnum():
                    beneath.add(State(state))
                    found.add((look.color, look.bgcolor, look.bold, look.reverse))
    assert len(beneath) > 1
    assert len(found) == 1


@pytest.mark.parametrize("cells", [50, 67, 101, 140])
def test_no_name_seems_to_be_that_of_a_held_slot(cells: int) -> None:
    """Where bands have several rows it begins before what is held, though work be short."""
    run = scene_of(load_workload("notebook")).runs[0]
    window = TimeWindow(int(run.end_time.max()) // (cells - 1), 0, cells, None, cells)
    drawn = SlotBands(run, range(4), window, 3, palette(), None)
    for states, (named, *_) in zip(drawn.states, drawn.draw(), strict=True):
        line = "".join(sign for sign, _ in looks(named))
        for name in re.finditer(r"R\d+", line):
            assert states[name.start()] != State.HELD, (line, name[0])


@pytest.mark.parametrize(
    "theme", ["dark", "light", "high-contrast", "projector", "colour-blind-safe"]
)
def test_a_name_can_be_read(theme: str) -> None:
    named, _ = bands(theme, 0).draw()[0]
    look = next(look for sign, look in looks(named) if sign == "R")
    assert look.color is not None
    assert look.bgcolor is not None
    assert contrast(look.color, look.bgcolor) >= LEGIBLE


@pytest.mark.parametrize("width", range(60, 131, 5))
def test_who_was_evicted_soon_is_named_both_times(width: int) -> None:
    """Its first stay is hardly longer than its name, which stands in the tag of the eviction.

    A stay of one or two cells has no room for it.
    """
    rows = texts(gantt_chart(ChartRequest(TIGHT, TIGHT.end, width, 16, palette()), "slots"))
    assert re.search(r"(?:R12|[^░]░.?)↩·*▚+R12", "\n".join(rows))


@pytest.mark.parametrize("rows", ["slots", "requests"])
@pytest.mark.parametrize("theme", ["dark", "light", "ansi-16", "terminal"])
def test_an_eviction_stands_out_as_its_legend_does(theme: str, rows: GanttRows) -> None:
    """Ground and sign have each other's colour, so that it is seen without colours, too."""
    legend, *panel = gantt_chart(ChartRequest(TIGHT, TIGHT.end, 113, 30, palette(theme)), rows)
    drawn = [*looks(legend), *(each for row in panel for each in looks(row))]
    marks = [look for sign, look in drawn if sign == "↩"]
    assert len(marks) == 2
    assert all(look.reverse and look.color == palette(theme).text for look in marks)
