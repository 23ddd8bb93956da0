"""The live page: a lane a strategy, the race, two charts of how it went so far, and why.

Of a selected request it is told instead where its time went so far, and why it is where it is.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from textwrap import wrap
from types import MappingProxyType

from tui_batching.analysis.scene import Scene
from tui_batching.analysis.why import why_wordings
from tui_batching.charts.breakdown_rows import (
    READ_PARTS,
    THICK_PARTS,
    breakdown_rows,
    lane_label,
    readers_rows,
)
from tui_batching.charts.chart import ChartRequest, KeySigns
from tui_batching.charts.lane_heading import lane_heading
from tui_batching.charts.lane_pen import BarScale, bar_scale
from tui_batching.charts.lane_rows import LaneLayout, lane_layouts, lane_rows, rows_wanted
from tui_batching.charts.lane_view import LaneView, lane_view
from tui_batching.charts.live_legend import legend_row
from tui_batching.charts.palette import Palette
from tui_batching.charts.plot import draw
from tui_batching.charts.race import RaceRequest, race_rows
from tui_batching.charts.result_card import card_rows, ending_rows
from tui_batching.charts.rows import (
    Cells,
    Row,
    style,
)
from tui_batching.charts.running_charts import pairs_of
from tui_batching.sim.moment import Moment
from tui_batching.sim.run import Run

FEWEST_LANES, MOST_LANES = 3, 6
"""Lanes side by side, if there are so many: as few where it is narrow, as many where it is wide."""
LANE_CELLS = 40
"""Cells of a lane from which on there is room for a further one."""
GUTTER = 1
"""Cells between lanes."""
_LOW, _CHARTS, _HIGH = 24, 30, 40
"""Rows of the page from which on charts may be there, always are, and are higher."""
_LOWEST_CHARTS = 7
"""Rows in which charts are readable."""
_FEWEST = 7
"""Rows that lanes need before the race is left out: head, phase, slots and queue."""
_ENDING = 2
"""Rows for what came of it, and for what to try next, however few lanes there are."""


LIVE_PARTS = ("lanes", "memory", "shares", "race", "charts", "reasons", "reader")
"""What the page is made of, from top to bottom; memory and shares stand in the lanes.

Where there are no reasons, the reader of a selected request stands in their place.
"""


@dataclass(frozen=True, slots=True)
class LiveLayout:
    """How many rows each part of the page gets; one that there is no room for gets none.

    Attributes:
        lanes: of the lanes, with their heads.
        race: of the race.
        charts: of the two charts.
        told: of the sentences, or of the parts of a latency.
        legend: of what the signs mean.
        racing: how many lanes take part in the race.
    """

    lanes: int
    race: int
    charts: int
    told: int
    legend: int
    racing: int

    @classmethod
    def of(  # noqa: PLR0913 - what is shared, and among whom
        cls,
        height: int,
        runs: Sequence[Run],
        lanes: int,
        *,
        parts: bool,
        over: bool = False,
        show: Collection[str] = LIVE_PARTS,
    ) -> LiveLayout:
        """Share the rows of a page.

        Args:
            height: rows of the page.
            runs: of the lanes that are seen side by side.
            lanes: all lanes.
            parts: whether the parts of a latency are told, which takes two rows a lane or more.
            over: whether it is told what came of it and what to try next, if no parts are.
            show: what is shown; the lanes and their legend always are.
        """
        legend, seen = int(height >= 16), len(runs)
        told = seen * (1 + parts)
        spare = height - legend - seen * READ_PARTS
        if parts and (height >= _HIGH or ("charts" not in show and spare >= _rows_of_slots(runs))):
            told = seen * READ_PARTS
        if over:
            told = max(told, _ENDING)
        if parts and "charts" not in show and height >= _LOW:
            told = seen * (THICK_PARTS if height >= _HIGH else THICK_PARTS - 1)
        if "reasons" not in show:
            told = 2 * seen * (parts and "reader" in show)
        told = min(max(1, height - 5), told)
        racing = lanes if height >= _LOW else seen
        race = racing + 1 if "race" in show else 0
        left = height - legend - told - race
        charts = _chart_rows(height, left, runs, show) if "charts" in show else 0
        if charts and parts and _CHARTS <= height < _HIGH:
            charts -= 2
        if left - charts < _FEWEST:
            charts = 0
        if height - legend - told - race < _FEWEST:
            race = 0
        left = height - legend - told - charts - race
        return cls(left, race, charts, told, legend, racing)


def _rows_of_slots(runs: Sequence[Run]) -> int:
    """The rows of lanes in which each slot has one: beside them are head, phase and queue."""
    return max(run.slots for run in runs) + 3


def _chart_rows(height: int, left: int, runs: Sequence[Run], show: Collection[str]) -> int:
    """The rows of the charts, if all else but the lanes leaves so many.

    On a low page they come before thicker slots, but not before what lanes tell.
    """
    if height >= _CHARTS:
        return 12 if height >= _HIGH else 9
    memory, shares = ("memory" in show, "shares" in show)
    spare = left - rows_wanted(runs, left, tells_memory=memory, tells_shares=shares)
    return min(9, spare) if height >= _LOW and spare >= _LOWEST_CHARTS else 0


@dataclass(frozen=True, slots=True)
class LaneLook:
    """How lanes are drawn.

    Attributes:
        palette: the colours.
        scale: of bars, in all of them.
        more: what the head tells of lanes that are not seen, the fullest wording first.
        focused: whether this lane is in focus.
    """

    palette: Palette
    scale: BarScale
    more: tuple[str, ...] = ()
    focused: bool = False


def live_chart(request: ChartRequest) -> list[Cells]:
    """The whole page at exactly the size asked for.

    Lanes for which there is no room side by side stand below the others.
    """
    scene, palette, width = request.scene, request.palette, request.width
    runs = scene.runs
    numbers, fitting = range(len(runs)), lanes_that_fit(width)
    bands = [numbers[first : first + fitting] for first in numbers[::fitting]]
    over = request.time >= scene.end
    layout = LiveLayout.of(request.height, runs, len(runs), parts=False, over=over)
    views = [lane_view(scene, number, request.time, None) for number in numbers]
    narrowest = max(1, width // min(fitting, len(runs)) - GUTTER)
    look = LaneLook(palette, bar_scale(views, narrowest))
    rows: list[Cells] = []
    sizes: list[tuple[int, int]] = []
    for band, height in zip(bands, _shares(layout.lanes, len(bands)), strict=True):
        rows += _band([views[number] for number in band], width, height, look)
        sizes += [(narrowest, height)] * len(band)
    race = RaceRequest(scene, request.time, numbers, width, palette)
    rows += race_rows(race)[: layout.race]
    if layout.charts:
        rows += _charts(request, layout.charts)
    moments = [run.at(request.time) for run in runs]
    rows += told_rows(scene, moments, None, layout.told, width, palette)
    if layout.legend:
        rows.append(legend_row(views, sizes, width, palette))
    return rows[: request.height]


def lanes_that_fit(width: int) -> int:
    """How many lanes stand side by side."""
    return max(FEWEST_LANES, min(MOST_LANES, width // LANE_CELLS))


def lane_block(
    view: LaneView, width: int, height: int, look: LaneLook, layout: LaneLayout
) -> list[Cells]:
    """A lane with its head: its rows, or at the end of all lanes how it came out."""
    scene, palette = view.scene, look.palette
    strategy = view.moment.run.strategy
    head = lane_heading(
        strategy,
        width,
        palette,
        look.more,
        focused=look.focused,
        by_default=strategy.name in scene.workload.assumed,
    )
    if view.moment.time >= scene.end:
        return [head, *card_rows(scene, view.lane, width, height - 1, palette)][:height]
    return [head, *lane_rows(view, width, height - 1, palette, look.scale, layout)][:height]


def _band(views: Sequence[LaneView], width: int, height: int, look: LaneLook) -> list[Cells]:
    """Some lanes side by side."""
    gutter = _gutter(look.palette)
    blocks = []
    layouts = lane_layouts(views, height - 1)
    for view, cells, layout in zip(views, _shares(width, len(views)), layouts, strict=True):
        block = lane_block(view, cells - GUTTER, height, look, layout)
        blocks.append([[*row, *gutter] for row in block])
    return _side_by_side(blocks)


def _charts(request: ChartRequest, height: int) -> list[Cells]:
    """The first pair of charts, side by side."""
    palette, drawn = request.palette, []
    for chart, width in zip(pairs_of(request.scene)[0], _shares(request.width, 2), strict=True):
        inside = ChartRequest(request.scene, request.time, width - 2 * GUTTER, height, palette)
        gutter = _gutter(palette)
        drawn.append([[*gutter, *row, *gutter] for row in draw(chart.spec(inside))])
    return _side_by_side(drawn)


def _gutter(palette: Palette) -> Cells:
    return Row(GUTTER, style(palette.text, palette.background)).cells()


def _shares(total: int, count: int) -> list[int]:
    """So many cells or rows in whole parts that differ by one at most."""
    return [total * (number + 1) // count - total * number // count for number in range(count)]


def _side_by_side(blocks: Sequence[Sequence[Cells]]) -> list[Cells]:
    return [[cell for cells in row for cell in cells] for row in zip(*blocks, strict=True)]


def told_rows(  # noqa: PLR0913, PLR0917 - what is told, and how much room there is
    scene: Scene,
    moments: list[Moment],
    selected: int | None,
    count: int,
    width: int,
    palette: Palette,
    keys: KeySigns = MappingProxyType({}),
    *,
    reasons: bool = True,
) -> list[Cells]:
    """Why somebody waits; or where a request's time went; or at the end, how it came out.

    Without reasons it is what the reader of the selected request sees.
    """
    each = max(1, count // max(1, len(moments)))
    if selected is not None and not reasons:
        rows = readers_rows(moments, selected, each, width, palette)
    elif selected is not None:
        rows = breakdown_rows(
            moments, selected, each, width, palette, scene.comparison.measured_run
        )
    elif moments and moments[0].time >= scene.end:
        rows = ending_rows(scene, count, width, palette, keys)
    else:
        rows = why_rows(moments, each, width, palette)
    blank = Row(width, style(palette.text, palette.background)).cells()
    return (rows + [blank] * count)[:count]


def why_rows(moments: list[Moment], rows_each: int, width: int, palette: Palette) -> list[Cells]:
    """For each lane why its oldest waiting request waits, over at most `rows_each` rows."""
    rows: list[Cells] = []
    text = style(palette.text, palette.background)
    for moment in moments:
        label = lane_label(moment, moments, width, palette)
        room = max(10, width - len(label[0]) - 1)
        lines = _why_lines(moment, room, rows_each)
        for number in range(rows_each):
            row = Row(width, text)
            row.add(*label) if number == 0 else row.gap(len(label[0]))
            rows.append(row.add(lines[number] if number < len(lines) else "", text).cells())
    return rows


def _why_lines(moment: Moment, room: int, most: int) -> list[str]:
    """Why its oldest waiting request waits, in the fullest words that fit."""
    lines: list[str] = []
    for text in why_wordings(moment):
        lines = wrap(text, room)
        if len(lines) <= most:
            return lines
    return wrap(" ".join(lines), room, max_lines=most, placeholder="…")
