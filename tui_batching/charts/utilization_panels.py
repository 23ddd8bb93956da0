"""Occupied and useful slots, or KV memory, over the time of a whole Run, a panel a strategy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from rich.color import Color, blend_rgb
from rich.style import Style

from tui_batching.analysis.claims import claim_called
from tui_batching.analysis.comparison import Result
from tui_batching.analysis.kv_use import KvUse, evicted_times, ignores_memory
from tui_batching.analysis.utilization import Utilization, UtilizationSeries
from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.palette import Palette
from tui_batching.charts.panels import Scale, headings, scale_row
from tui_batching.charts.pen import Pen
from tui_batching.charts.rows import (
    FULL,
    HATCH,
    Cells,
    filled_cells,
    first_that_fits,
    painted,
    style,
    wrapped,
)
from tui_batching.clock import SECOND
from tui_batching.columns import IntArray
from tui_batching.sim.run import Run

_MARGIN = 5
"""Cells for the axis of slots."""
_LABELS = 17
"""Cells for what the average lines say."""
_NARROWEST = 40
"""Cells below which nothing is drawn."""
_DASH = "╌"
_POOL_EDGE, _EVICTED = "┄", "↩"
_MEMORY_WORDS = (
    "Blocks of the KV cache that are taken, reserved ones too, up to the pool's edge "
    f"{_POOL_EDGE}; {_EVICTED} an eviction."
)
_GROUND, _USEFUL, _EDGE, _BUBBLE, _LINE, _LINE_USEFUL, _LINE_BUBBLE, _PLAYHEAD = range(8)
"""What a cell shows; an edge has useful slots below and bubble above, a line something behind."""


def utilization_chart(request: ChartRequest) -> list[Cells]:
    """The panels below each other, the axis of time, and why the two utilizations differ."""
    pen = Pen(request.width, request.palette)
    results = request.scene.comparison.results
    if request.width < _NARROWEST or request.height < 2 * len(results) + 4:
        return [pen.blank()] * request.height
    words = _words(request, pen)
    columns = max(1, request.width - _MARGIN - _LABELS)
    room = request.height - 1 - len(words)
    lanes = zip(results, request.scene.utilization(columns), strict=True)
    areas = [_panel(request, *lane, room // len(results) - 1, pen) for lane in lanes]
    strategies = [result.strategy for result in results]
    facts = [_facts(result.utilization) for result in results]
    titles = headings(strategies, facts, [request.width] * len(results), request.palette)
    panels = [[title, *area] for title, area in zip(titles, areas, strict=True)]
    end, playhead = request.scene.end / SECOND, _playhead(request, columns)
    scale = Scale(0, end, columns, "s", playhead)
    axis = scale_row(scale, " " * _MARGIN, request.width, request.palette)
    return [*pen.spread(panels, room), axis, *words]


def memory_chart(request: ChartRequest) -> list[Cells]:
    """The blocks of the KV cache that are taken, in panels that are as high as the pool.

    Where there is no room for panels, their headings tell the figures.
    """
    pen = Pen(request.width, request.palette)
    runs, uses = request.scene.runs, request.scene.kv_uses
    if request.width < _NARROWEST or request.height < len(runs):
        return [pen.blank()] * request.height
    facts = [_memory_facts(run, use) for run, use in zip(runs, uses, strict=True)]
    strategies = [run.strategy for run in runs]
    titles = headings(strategies, facts, [request.width] * len(runs), request.palette)
    if request.height < 3 * len(runs) + 4:
        return pen.spread([[title] for title in titles], request.height)
    lines = wrapped(_MEMORY_WORDS, request.width - 2, 2 if request.height < 30 else 3)
    words = [pen.row().gap().add(line, pen.text).cells() for line in lines]
    columns = max(1, request.width - _MARGIN - _LABELS)
    room = request.height - 1 - len(words)
    height = room // len(runs) - 1
    areas = [
        _pool(request, use, columns, height, pen) if use else _no_pool(run, height, pen)
        for run, use in zip(runs, uses, strict=True)
    ]
    panels = [[title, *area] for title, area in zip(titles, areas, strict=True)]
    end, playhead = request.scene.end / SECOND, _playhead(request, columns)
    scale = Scale(0, end, columns, "s", playhead)
    axis = scale_row(scale, " " * _MARGIN, request.width, request.palette)
    return [*pen.spread(panels, room), axis, *words]


def _pool(request: ChartRequest, use: KvUse, columns: int, rows: int, pen: Pen) -> list[Cells]:
    """The edge of the pool with the evictions on it, and below it the blocks over time."""
    end, playhead = request.scene.end, _playhead(request, columns)
    edges = np.linspace(0, end, columns + 1).astype(np.int64)
    text = np.full((rows, columns), _POOL_EDGE)
    text[1:] = filled_cells(use.shares(edges) * (rows - 1), rows - 1)
    inks = np.where(text == " ", _GROUND, _USEFUL).astype(np.int64)
    inks[0] = _LINE
    evicted = np.minimum(evicted_times(use.run) * columns // end, columns - 1)
    text[0, evicted] = _EVICTED
    text[1:, playhead], inks[1:, playhead] = "│", _PLAYHEAD
    looks = _looks(request.palette)
    wordings = (
        f" {_POOL_EDGE} {told} blocks" for told in (f"{use.kv.pool:,}", _count(use.kv.pool))
    )
    labels = {0: first_that_fits(tuple(wordings), _LABELS)}
    if rows > 3:
        labels[2] = f" peak {_percent(use.peak)}"
        labels[3] = f" mean {_percent(use.mean)}"
    drawn = []
    for row in range(rows):
        cells = painted("".join(text[row]), inks[row], looks.__getitem__)
        tick = f"{_count(use.kv.pool):>4}┤" if row == 0 else "   0┤" if row == rows - 1 else "    │"
        left = Pen(_MARGIN, request.palette).row().add(tick, pen.muted).cells()
        right = Pen(_LABELS, request.palette).row().add(labels.get(row, ""), pen.text).cells()
        drawn.append([*left, *cells, *right])
    return drawn


def _no_pool(run: Run, rows: int, pen: Pen) -> list[Cells]:
    """Why there is nothing to draw."""
    told = "no KV cache is set, so memory has no end here"
    if ignores_memory(run):
        room = f"{run.cost.kv_cache_tokens:,} tokens"
        told = f"runs as if the KV cache of {room} had no end"
    lines = wrapped(told, pen.width - 4)[:rows]
    written = [pen.row().gap(2).add(line, pen.muted).cells() for line in lines]
    return written + [pen.blank()] * (rows - len(written))


def _memory_facts(run: Run, use: KvUse | None) -> list[str]:
    """How full the KV cache was, the fullest wording first."""
    if use is None:
        return ["ignores memory" if ignores_memory(run) else "memory has no end"] * 3
    evictions = len(run.evicted_stays)
    counted = "1 eviction" if evictions == 1 else f"{evictions:,} evictions"
    told = f"peak {_percent(use.peak, 1)}, mean {_percent(use.mean, 1)}"
    return [f"KV cache taken: {told} · {counted}", f"{told} · {counted}", told]


def _count(number: int) -> str:
    """A number in at most four cells: `2047`, `12k`, `1M`."""
    for unit, size in (("M", 1_000_000), ("k", 1000)):
        if number >= max(size, 10_000):
            return f"{number // size}{unit}"
    return str(number)


def _words(request: ChartRequest, pen: Pen) -> list[Cells]:
    """Which strategy looks best by which of the two, over as many rows as there is room for."""
    comparison = request.scene.comparison
    text = "A held slot counts as occupied, though its request is finished."
    claim = claim_called("occupied", comparison)
    if claim:
        detail = f"{claim.detail[0].upper()}{claim.detail[1:]}."
        text = f"A held slot counts as occupied, so {claim.detail}." if claim.holds else detail
    lines = wrapped(text, request.width - 2, 2 if request.height < 30 else 3)
    return [pen.row().gap().add(line, pen.text).cells() for line in lines]


def _panel(
    request: ChartRequest, result: Result, series: UtilizationSeries, rows: int, pen: Pen
) -> list[Cells]:
    """The slots over time."""
    columns = len(series.useful)
    share = result.utilization
    text, inks = _area(series, rows)
    at = {"occupied": _row_of(share.occupied, rows), "useful": _row_of(share.useful, rows)}
    run, end = result.run, request.scene.end
    ran = np.arange(run.begin * columns // end, -(-run.finished * columns // end))
    for row in at.values():
        _dash(text[row], inks[row], ran)
    playhead = _playhead(request, columns)
    text[:, playhead], inks[:, playhead] = "│", _PLAYHEAD
    looks = _looks(request.palette)
    labels = _labels(share, at, rows)
    drawn = []
    for row in range(rows):
        cells = painted("".join(text[row]), inks[row], looks.__getitem__)
        tick = _tick(row, rows, run.capacity)
        left = Pen(_MARGIN, request.palette).row().add(tick, pen.muted).cells()
        right = Pen(_LABELS, request.palette).row().add(labels.get(row, ""), pen.text).cells()
        drawn.append([*left, *cells, *right])
    return drawn


def _area(series: UtilizationSeries, rows: int) -> tuple[npt.NDArray[np.str_], IntArray]:
    """The cells of a panel and what they show, the top row first. Shape of both: (rows, columns).

    Useful slots are drawn by eighths, the bubble on them by whole cells.
    """
    text = filled_cells(series.useful * rows, rows)
    above = np.arange(rows, 0, -1)[:, np.newaxis] <= np.round(series.occupied * rows)
    inks = np.where(text == " ", _GROUND, np.where(above & (text != FULL), _EDGE, _USEFUL))
    bubble = above & (text == " ")
    return np.where(bubble, HATCH, text), np.where(bubble, _BUBBLE, inks).astype(np.int64)


def _dash(text: npt.NDArray[np.str_], inks: IntArray, ran: IntArray) -> None:
    """Draw an average as dashes, between which the area stays to be seen."""
    behind = {_GROUND: _LINE, _USEFUL: _LINE_USEFUL, _BUBBLE: _LINE_BUBBLE, _EDGE: _EDGE}
    for column in ran[ran % 4 < 2]:
        if text[column] in (" ", FULL, HATCH):
            text[column], inks[column] = _DASH, behind.get(int(inks[column]), inks[column])


def _row_of(share: float, rows: int) -> int:
    """The row from the top in which an average lies."""
    return rows - 1 - min(rows - 1, int(share * rows))


def _labels(share: Utilization, at: dict[str, int], rows: int) -> dict[int, str]:
    """What stands at the right of which row: the averages, and of what the bubble consists.

    Two averages in one row are told in two.
    """
    above, below = at["occupied"], at["useful"]
    if above == below and rows > 1:
        above, below = (above - 1, below) if above else (above, below + 1)
    labels = {
        below: f" {_DASH} useful {_percent(share.useful)}",
        above: f" {_DASH} occupied {_percent(share.occupied)}",
    }
    free = [row for row in range(rows - 1, -1, -1) if row not in labels]
    parts = (("stalled", share.stalled), ("held", share.held))
    return labels | {
        row: f" {HATCH} {name} {_percent(part)}"
        for row, (name, part) in zip(free, parts, strict=False)
    }


def _tick(row: int, rows: int, capacity: int) -> str:
    """The axis of slots: how many at the top, at half height where that is whole, and at zero."""
    if row == 0:
        return f"{_count(capacity):>4}┤"
    if capacity % 2 == 0 and rows % 2 == 0 and row == rows // 2 and rows >= 6:
        return f"{_count(capacity // 2):>4}┤"
    return "   0┤" if row == rows - 1 else "    │"


def _facts(share: Utilization) -> list[str]:
    """How the two utilizations differ, the fullest wording first."""
    shares = (_percent(share.occupied, 1), _percent(share.useful, 1), _percent(share.bubble, 1))
    told = f"occupied {shares[0]} = {FULL} useful {shares[1]} + {HATCH} bubble {shares[2]}"
    return [
        told,
        f"useful {shares[1]}, bubble {shares[2]}",
        f"useful {shares[1]}",
    ]


def _playhead(request: ChartRequest, columns: int) -> int:
    return min(columns - 1, request.time * columns // request.scene.end)


def _looks(palette: Palette) -> tuple[Style, ...]:
    """The look of each ink. Edges and lines have the bubble, or the useful slots, as ground."""
    surface, useful, held = palette.surface, palette.work, palette.held
    # What the terminal's own colours are is not known, so they cannot be mixed.
    half = held if palette.ansi else _mixed(held, surface)
    looks = {
        _GROUND: style(palette.muted, surface),
        _USEFUL: style(useful, surface),
        _EDGE: style(useful, half),
        _BUBBLE: style(held, surface),
        _LINE: style(palette.text, surface),
        _LINE_USEFUL: style(useful, surface, reverse=True),  # the ground may be no ink
        _LINE_BUBBLE: style(palette.text, half),
        _PLAYHEAD: style(palette.playhead, surface),
    }
    return tuple(looks[ink] for ink in range(len(looks)))


def _mixed(one: Color, other: Color) -> Color:
    """The colour that a hatch of one on the other looks like."""
    return Color.from_triplet(blend_rgb(one.get_truecolor(), other.get_truecolor()))


def _percent(share: float, decimals: int = 0) -> str:
    return f"{100 * share:.{decimals}f} %"
