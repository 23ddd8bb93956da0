"""Occupied and useful slots, or KV memory, over the time of a whole Run, a panel a strategy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt
from rich.style import Style

from tui_batching.analysis.breakdown import lost_part
from tui_batching.analysis.cache_use import CacheUse
from tui_batching.analysis.claims import claim_called
from tui_batching.analysis.comparison import Result
from tui_batching.analysis.kv_use import KvUse, evicted_times, ignores_memory
from tui_batching.analysis.metrics import value_text
from tui_batching.analysis.scene import Scene
from tui_batching.analysis.utilization import (
    Shares,
    UtilizationSeries,
    tells_shares,
)
from tui_batching.charts.ahead import dim_from
from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.palette import Palette
from tui_batching.charts.panels import Scale, headings, scale_row, with_focus
from tui_batching.charts.pen import Pen, add_with_signs, fill, sign_of
from tui_batching.charts.rows import (
    CACHED,
    EVICTED,
    FULL,
    HATCH,
    PLAYHEAD,
    Cells,
    filled_cells,
    first_that_fits,
    first_wrapped,
    painted,
    style,
    wrapped,
)
from tui_batching.clock import SECOND
from tui_batching.columns import IntArray
from tui_batching.numbers import counted, percent
from tui_batching.sim.life import State
from tui_batching.sim.run import Run
from tui_batching.workload.model import join_names

MARGIN = 5
"""Cells for the axis of slots."""
LABELS = 19
"""Cells for what stands at the right: each average at its height, and of what the rest consists."""
NARROWEST = 40
"""Cells below which nothing is drawn."""
_MEAN = "╌╌"
"""At the edge of a panel, as high as an average."""
_POOL_EDGE = _SLOTS_EDGE = "┄"
_MEMORY_WORDS = (
    "Blocks of the KV cache that are taken, reserved ones too, up to the pool's edge "
    f"{_POOL_EDGE}; {EVICTED} an eviction."
)
_CACHE_WORDS = f" {CACHED} are free to take, but can still be found."
_MEMORY_BRIEFLY = f"KV blocks taken, up to the pool's edge {_POOL_EDGE}; {EVICTED} an eviction."
_CACHE_BRIEFLY = f" {CACHED} free to take, but still found."
_GROUND, _USEFUL, _STALLED, _HELD = range(4)
"""What a cell shows."""
_EDGE, _LINE, _NOW = 4, 8, 12
"""With one of those useful slots below it; a line at the edge of all there is; the playhead."""


def slot_hints(scene: Scene) -> tuple[str, ...]:
    """What the slots of a scene are drawn in, the fullest wording first."""
    lanes = [scene.so_far[lane] for lane in scene.simulated]
    shares = [lane.shares(lane.run.finished) for lane in lanes]
    lost = {lost_part(lane.run) for lane, each in zip(lanes, shares, strict=True) if each.stalled}
    seen = [("held", HATCH)] if any(each.held for each in shares) else []
    seen += [(name, sign_of(name)[0]) for name in ("stalled", "slowed") if name in lost]
    others = "".join(f", {name} ({sign})" for name, sign in seen)
    full = f"slots at useful work ({FULL}){others}"
    return f"{full}; a column is an average", full, f"useful ({FULL}){others}"


def utilization_chart(request: ChartRequest) -> list[Cells]:
    """The panels below each other, the axis of time, and why the two utilizations differ.

    Where there is no room for panels, their headings tell the figures.
    """
    pen = Pen(request.width, request.palette)
    results = request.scene.comparison.simulated.results
    if request.width < NARROWEST or request.height < len(results):
        return [pen.blank()] * request.height
    lanes = [request.scene.so_far[lane] for lane in request.scene.simulated]
    shares = [lane.shares(lane.run.finished) for lane in lanes]
    facts = [_facts(*each) for each in zip(results, shares, strict=True)]
    strategies = [result.strategy for result in results]
    without = request.scene.comparison.without_cache
    titles = headings(strategies, facts, [request.width] * len(results), request, without)
    if request.height < 2 * len(results) + 4:
        heads = with_focus([[title] for title in titles], strategies, request)
        return pen.spread(heads, request.height)
    words = _words(request, pen)
    columns = max(1, request.width - MARGIN - LABELS)
    room = request.height - 1 - len(words)
    rows = room // len(results) - 1
    top = max(_slots_shown(result.run) for result in results)
    areas = [
        _panel(request, result, series, (rows, top), pen)
        for result, series in zip(results, request.scene.utilization(columns), strict=True)
    ]
    panels = [[title, *area] for title, area in zip(titles, areas, strict=True)]
    end, playhead = request.scene.end / SECOND, playhead_column(request, columns)
    scale = Scale(0, end, columns, ("s",), playhead)
    axis = scale_row(scale, " " * MARGIN, request.width, request.palette)
    seen = with_focus(panels, strategies, request)
    return [*pen.spread(seen, room), axis, *words]


def memory_chart(request: ChartRequest) -> list[Cells]:
    """The blocks of the KV cache that are taken, in panels that are as high as the pool.

    Where there is no room for panels, their headings tell the figures.
    """
    pen = Pen(request.width, request.palette)
    scene = request.scene
    runs = [scene.runs[lane] for lane in scene.simulated]
    uses = [scene.kv_uses[lane] for lane in scene.simulated]
    if request.width < NARROWEST or request.height < len(runs):
        return [pen.blank()] * request.height
    facts = [_memory_facts(run, use) for run, use in zip(runs, uses, strict=True)]
    strategies = [run.strategy for run in runs]
    without = scene.comparison.without_cache
    titles = headings(strategies, facts, [request.width] * len(runs), request, without)
    if request.height < 3 * len(runs) + 4:
        heads = with_focus([[title] for title in titles], strategies, request)
        return pen.spread(heads, request.height)
    caches = any(run.cache_matters for run in runs)
    full, brief = ((_MEMORY_WORDS, _CACHE_WORDS), (_MEMORY_BRIEFLY, _CACHE_BRIEFLY))
    texts = ["".join(each if caches else each[:1]) for each in (full, brief)]
    lines = first_wrapped(texts, request.width - 2, 2 if request.height < 30 else 3)
    words = [pen.row().gap().add(line, pen.text).cells() for line in lines]
    columns = max(1, request.width - MARGIN - LABELS)
    room = request.height - 1 - len(words)
    height = room // len(runs) - 1
    areas = [
        _pool(request, use, columns, height, pen) if use else _no_pool(run, height, pen)
        for run, use in zip(runs, uses, strict=True)
    ]
    panels = [[title, *area] for title, area in zip(titles, areas, strict=True)]
    end, playhead = request.scene.end / SECOND, playhead_column(request, columns)
    scale = Scale(0, end, columns, ("s",), playhead)
    axis = scale_row(scale, " " * MARGIN, request.width, request.palette)
    seen = with_focus(panels, strategies, request)
    return [*pen.spread(seen, room), axis, *words]


def _pool(request: ChartRequest, use: KvUse, columns: int, rows: int, pen: Pen) -> list[Cells]:
    """The edge of the pool with the evictions on it, and below it the blocks over time."""
    end, playhead = request.scene.end, playhead_column(request, columns)
    edges = np.linspace(0, end, columns + 1).astype(np.int64)
    text = np.full((rows, columns), _POOL_EDGE)
    text[1:] = filled_cells(use.shares(edges) * (rows - 1), rows - 1)
    inks = np.where(text == " ", _GROUND, _USEFUL).astype(np.int64)
    if use.run.cache_matters:
        filled = (use.shares(edges) + use.cached_shares(edges)) * (rows - 1)
        middles = np.arange(rows - 1, 0, -1)[:, np.newaxis] - 0.5
        text[1:][(text[1:] == " ") & (middles <= filled)] = CACHED
    inks[0] = _LINE
    evicted = np.minimum(evicted_times(use.run) * columns // end, columns - 1)
    text[0, evicted] = EVICTED
    text[1:, playhead], inks[1:, playhead] = PLAYHEAD, _NOW
    wordings = (
        f" {_POOL_EDGE} {told} blocks" for told in (f"{use.kv.blocks:,}", count_text(use.kv.blocks))
    )
    labels = {0: first_that_fits(tuple(wordings), LABELS)}
    if rows > 3:
        labels[2] = f" peak {percent(use.peak, 1)}"
        labels[3] = f" mean {percent(use.mean, 1)}"
    ticks = [f"{count_text(use.kv.blocks):>4}┤", *["    │"] * (rows - 2), "   0┤"]
    return framed(Area(text, inks, playhead), ticks, labels, _looks(pen.palette), pen)


@dataclass(frozen=True, eq=False)
class Area:
    """What a panel shows over time.

    Attributes:
        text: a sign a cell, the top row first. Shape: (rows, columns).
        inks: what each of them shows. Shape: that of `text`.
        playhead: the column of the playhead.
    """

    text: npt.NDArray[np.str_]
    inks: IntArray
    playhead: int


def framed(
    area: Area,
    ticks: Sequence[str],
    labels: Mapping[int, str],
    looks: Mapping[int, Style],
    pen: Pen,
) -> list[Cells]:
    """An area, dim where the playhead has not been, between its axis and its labels."""
    palette, playhead = pen.palette, area.playhead
    drawn = []
    for row, (line, marks, tick) in enumerate(zip(area.text, area.inks, ticks, strict=True)):
        cells = painted("".join(line), marks, looks.__getitem__)
        left = Pen(MARGIN, palette).row().add(tick, pen.muted).cells()
        right = Pen(LABELS, palette).row()
        add_with_signs(right, labels.get(row, ""), pen.text, palette, palette.surface)
        drawn.append([*left, *dim_from(cells, playhead + 1, palette), *right.cells()])
    return drawn


def _no_pool(run: Run, rows: int, pen: Pen) -> list[Cells]:
    """Why there is nothing to draw."""
    memory, told = run.cost.kv_cache_tokens, "no KV cache is set, so memory has no end here"
    if ignores_memory(run):
        told = f"runs as if the KV cache of {memory:,} tokens had no end"
    elif memory is not None:
        told = f"its slots cannot fill the KV cache of {memory:,} tokens"
    lines = wrapped(told, pen.width - 4)[:rows]
    written = [pen.row().gap(2).add(line, pen.muted).cells() for line in lines]
    return written + [pen.blank()] * (rows - len(written))


def _memory_facts(run: Run, use: KvUse | None) -> list[str]:
    """How full the KV cache was, the fullest wording first."""
    if use is None:
        if ignores_memory(run):
            return ["ignores memory"] * 3
        return ["never full" if run.cost.kv_cache_tokens else "memory has no end"] * 3
    evictions = len(run.evicted_stays)
    further = counted(evictions, "eviction")
    told = f"peak {percent(use.peak, 1)}, mean {percent(use.mean, 1)}"
    cache = CacheUse.of(run)
    if cache and cache.hit_rate is not None:
        further = f"{percent(cache.hit_rate, 1)} of prompt tokens found · {further}"
    return [f"KV cache taken: {told} · {further}", f"{told} · {further}", told]


def count_text(number: int) -> str:
    """A number in at most four cells: `2047`, `12k`, `1M`."""
    for unit, size in (("M", 1_000_000), ("k", 1000)):
        if number >= max(size, 10_000):
            return f"{number // size}{unit}"
    return str(number)


def _words(request: ChartRequest, pen: Pen) -> list[Cells]:
    """Which strategy looks best by which of the two, over as many rows as there is room for."""
    comparison = request.scene.comparison
    texts = ["A held slot counts as occupied, though its request is finished."]
    claim = claim_called("occupied", comparison)
    if comparison.limited:
        names = join_names(comparison.limited)
        averages = f"The averages of {names} count slots, and are no share of its limit."
        texts = [f"{averages} {texts[0]}", averages, *texts]
    elif claim:
        wordings = (claim.detail, *claim.briefer)
        first = [f"A held slot counts as occupied, so {claim.detail}."] if claim.holds else []
        texts = [*first, *(f"{each[0].upper()}{each[1:]}." for each in wordings), *texts]
    lines = first_wrapped(texts, request.width - 2, 2 if request.height < 30 else 3)
    return [pen.row().gap().add(line, pen.text).cells() for line in lines]


def _slots_shown(run: Run) -> int:
    """The slots for which a panel needs room: all, or of a mere limit those that are ever taken."""
    return run.slots if tells_shares(run) else len(run.by_slot)


def _panel(
    request: ChartRequest,
    result: Result,
    series: UtilizationSeries,
    size: tuple[int, int],
    pen: Pen,
) -> list[Cells]:
    """The slots over time, `size` being the rows of an axis and the slots that it goes to.

    Where a strategy has fewer slots than that, a line is drawn above them.
    """
    run, share = result.run, result.utilization
    rows, top = size
    lost_sign, lost_state = sign_of(lost_part(run))
    text, inks = _area(series.of(run.slots / top), rows, lost_sign)
    ticks, edge = _ticks(rows, top), rows - 1 - ceil(rows * _slots_shown(run) / top)
    if edge >= 0:
        text[edge], inks[edge] = _SLOTS_EDGE, _LINE
        ticks = {0: top, rows - 1: 0, edge: _slots_shown(run)}
    means = {"occupied": share.occupied, "useful": share.useful}
    at = {name: _row_of(mean * run.slots / top, rows) for name, mean in means.items()}
    playhead = playhead_column(request, len(series.useful))
    text[:, playhead], inks[:, playhead] = PLAYHEAD, _NOW
    labels = _labels(result, at, rows)
    looks = _looks(pen.palette, lost_state)
    told = [f"{count_text(ticks[row]):>4}┤" if row in ticks else "    │" for row in range(rows)]
    return framed(Area(text, inks, playhead), told, labels, looks, pen)


def _area(series: UtilizationSeries, rows: int, lost: str) -> tuple[npt.NDArray[np.str_], IntArray]:
    """The cells of a panel and what they show, the top row first. Shape of both: (rows, columns).

    Useful slots are drawn by eighths; on them those stalled, then those held, by whole cells: each
    shows what the middle of its part above the useful slots is. A hatch has no eighths: a cell that
    useful and held slots share is drawn as most of it is, the lowest one as useful.
    """
    useful = series.useful * rows
    text = filled_cells(useful, rows)
    top = np.arange(rows, 0, -1)[:, np.newaxis]
    middles = (np.maximum(top - 1, useful) + top) / 2
    above = middles <= series.occupied * rows
    stalled = middles <= (series.useful + series.stalled) * rows
    behind = np.where(above, np.where(stalled, _STALLED, _HELD), _GROUND)
    shared = (behind == _HELD) & (text != " ")
    text[shared] = np.where((top - 0.5 <= useful) | (top == 1), FULL, " ")[shared]
    blank = text == " "
    partly = ~blank & (text != FULL)
    inks = np.where(blank, behind, np.where(partly, _EDGE | behind, _USEFUL))
    signs = np.array([" ", FULL, lost, HATCH])
    return np.where(blank, signs[behind], text), inks.astype(np.int64)


def _row_of(share: float, rows: int) -> int:
    """The row from the top in which an average lies."""
    return rows - 1 - min(rows - 1, int(share * rows))


def _labels(result: Result, at: dict[str, int], rows: int) -> dict[int, str]:
    """What stands at the right of which row: the averages, and what is between them.

    That stands in a bracket from one to the other, or where they are too close below them, as a
    part of a sum. Two averages in one row are told in two.
    """
    told = _amounts(result)
    above, below = at["occupied"], at["useful"]
    if above == below and rows > 1:
        above, below = (above - 1, below) if above else (above, below + 1)
    averages = ((above, "┐", "occupied"), (below, "┘", "useful"))
    parts = _lost_signs(result)
    between = range(above + 1, below)
    if not 0 < len(parts) <= len(between):
        labels = {row: f"{_MEAN} {name} {told[name]}" for row, _, name in reversed(averages)}
        rest = zip(range(below + 1, rows), parts.items(), strict=False)
        return labels | {row: f" + {sign} {name} {told[name]}" for row, (name, sign) in rest}
    labels = dict.fromkeys(between, " │")
    labels |= {row: f"{_MEAN[0]}{corner} {name} {told[name]}" for row, corner, name in averages}
    if above:
        labels[above - 1] = " on average"
    first = (len(between) - len(parts)) // 2
    rest = zip(between[first:], parts.items(), strict=False)
    return labels | {row: f" │ {sign} {name} {told[name]}" for row, (name, sign) in rest}


def _lost_signs(result: Result) -> dict[str, str]:
    """What there is of occupied slots that are not useful, with its sign, as it is stacked."""
    share, lost = result.utilization, lost_part(result.run)
    signs = (("held", HATCH, share.held), (lost, sign_of(lost)[0], share.stalled))
    return {name: sign for name, sign, part in signs if part}


def _amounts(result: Result) -> dict[str, str]:
    """Shares of slot-time, or how many slots where they are no more than a limit."""
    share, run = result.utilization, result.run
    shares = {"occupied": share.occupied, "useful": share.useful, "held": share.held}
    shares[lost_part(run)] = share.stalled
    if tells_shares(run):
        return {name: percent(each, 1) for name, each in shares.items()}
    return {name: f"{each * run.slots:.1f}" for name, each in shares.items()}


def _ticks(rows: int, top: int) -> dict[int, int]:
    """The axis of slots: how many at the top, at half height where that is whole, and at zero."""
    halves = {rows // 2: top // 2} if top % 2 == rows % 2 == 0 and rows >= 6 else {}
    return {rows - 1: 0} | halves | {0: top}


def _limit_facts(result: Result) -> list[str]:
    """How busy a server was whose slots are no more than a limit, the fullest wording first."""
    run, each = result.run, result.metrics["tokens_per_iteration"]
    tokens = f"{value_text(each, 'number')} tokens an iteration"
    taken = f"at most {len(run.by_slot):,} of {counted(run.slots, 'slot')} taken"
    kv = result.metrics["mean_kv"]
    memory = "" if kv is None else f" · KV {value_text(kv, 'share')} in the mean"
    full = f"{taken} · {tokens}{memory}"
    return [full, full, f"{taken} · {tokens}", tokens, ""]


def _facts(result: Result, shares: Shares) -> list[str]:
    """What became of the slot-time, the fullest wording first: as a sum, where all of it fits."""
    if not tells_shares(result.run):
        return _limit_facts(result)
    lost = lost_part(result.run)
    signs = {"useful": FULL, "held": HATCH, "stalled": sign_of(lost)[0], "free": ""}
    names = {"stalled": lost}
    told = {
        name: f"{names.get(name, name)} {part} %"
        for name, part in shares.as_sum().items()
        if name != "stalled" or shares.stalled
    }
    whole = " + ".join(f"{signs[name]} {text}".strip() for name, text in told.items())
    brief = list(told.values())
    return [f"{whole} = 100 %", whole, *(" · ".join(brief[:count]) for count in (3, 2, 1))]


def playhead_column(request: ChartRequest, columns: int) -> int:
    """The column of the present instant."""
    return min(columns - 1, request.time * columns // request.scene.end)


def _looks(palette: Palette, lost: State = State.STALLED) -> dict[int, Style]:
    """The look of each ink. Edges have what is behind them as ground.

    Args:
        palette: the colours.
        lost: what is done by those whose time is lost to the prompts of others.
    """
    surface, useful = palette.surface, palette.work
    stopped = palette.stopped if lost is State.STALLED else surface
    return {
        _GROUND: style(palette.muted, surface),
        _USEFUL: style(useful, surface),
        _STALLED: fill(lost, surface, palette),
        _HELD: fill(State.HELD, surface, palette),
        _LINE: style(palette.text, surface),
        _NOW: style(palette.playhead, surface, bold=True),
        _EDGE | _GROUND: style(useful, surface),
        _EDGE | _STALLED: style(useful, stopped),
    }
