"""What a prefix cache was good for over the time of a whole Run, a panel a strategy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.style import Style

from tui_batching.analysis.cache_use import Admitted, CacheUse, beginnings_found
from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.palette import Palette
from tui_batching.charts.panels import Scale, headings, scale_row, with_focus
from tui_batching.charts.pen import Pen, fill
from tui_batching.charts.rows import AGAIN, CACHED, PLAYHEAD, SHADE, Cells, first_wrapped, style
from tui_batching.charts.utilization_panels import (
    LABELS,
    MARGIN,
    NARROWEST,
    Area,
    count_text,
    framed,
    playhead_column,
)
from tui_batching.clock import SECOND
from tui_batching.columns import rounded
from tui_batching.sim.life import State
from tui_batching.sim.run import Run

_WORDS = (
    f"Tokens of who is admitted: {CACHED} found in the prefix cache, {AGAIN} overwritten and "
    f"computed again, {SHADE} computed."
)
_SIGNS = (" ", CACHED, AGAIN, SHADE)
_NOW = len(_SIGNS)
"""The ink of the playhead; those of the signs are their places."""


def cache_chart(request: ChartRequest) -> list[Cells]:
    """The tokens of those admitted, from below: found, lost, computed; on one scale in all lanes.

    Where there is no room for panels, their headings tell the figures.
    """
    pen = Pen(request.width, request.palette)
    runs = [request.scene.runs[lane] for lane in request.scene.simulated]
    if request.width < NARROWEST or request.height < len(runs):
        return [pen.blank()] * request.height
    facts = [_facts(run) for run in runs]
    strategies = [run.strategy for run in runs]
    titles = headings(strategies, facts, [request.width] * len(runs), request)
    if request.height < 3 * len(runs) + 4:
        heads = with_focus([[title] for title in titles], strategies, request)
        return pen.spread(heads, request.height)
    words = [
        pen.row().gap().add(line, pen.text).cells()
        for line in first_wrapped([_words(runs), _WORDS], request.width - 2, 2)
    ]
    columns = max(1, request.width - MARGIN - LABELS)
    room = request.height - 1 - len(words)
    edges = np.linspace(0, request.scene.end, columns + 1).astype(np.int64)
    admitted = [Admitted.of(run, edges) for run in runs]
    most = max(int((each.found + each.lost + each.computed).max()) for each in admitted)
    rows = room // len(runs) - 1
    panels = [
        [title, *_panel(request, each, most, rows, pen)]
        for title, each in zip(titles, admitted, strict=True)
    ]
    scale = Scale(0, request.scene.end / SECOND, columns, ("s",), playhead_column(request, columns))
    axis = scale_row(scale, " " * MARGIN, request.width, request.palette)
    seen = with_focus(panels, strategies, request)
    return [*pen.spread(seen, room), axis, *words]


def _words(runs: Sequence[Run]) -> str:
    """What the signs mean, and what was found most in the first lane that has such a cache."""
    found = next((beginnings_found(run) for run in runs if run.cache_matters), [])
    if not found:
        return _WORDS
    greatest, ids = found[0], runs[0].requests.id
    times = "once" if greatest.finders == 1 else f"{greatest.finders:,} times"
    most = f"what R{ids[greatest.request]} begins with, {greatest.tokens:,} tokens, {times}"
    return f"{_WORDS} Found most: {most}."


def _panel(
    request: ChartRequest, admitted: Admitted, most: int, rows: int, pen: Pen
) -> list[Cells]:
    """The parts of each column in whole cells; what there is of any has at least one."""
    parts = np.stack([admitted.found, admitted.lost, admitted.computed])
    ends = np.ceil(np.cumsum(parts, axis=0) * rows / max(1, most)).astype(np.int64)
    height = np.arange(rows, 0, -1)[:, np.newaxis]
    inks = np.zeros((rows, parts.shape[1]), np.int64)
    for ink in (3, 2, 1):
        inks[height <= ends[ink - 1]] = ink
    text = np.array(_SIGNS)[inks]
    playhead = playhead_column(request, parts.shape[1])
    text[:, playhead], inks[:, playhead] = PLAYHEAD, _NOW
    told = parts.sum(axis=1)
    percents = rounded((told / max(1, told.sum())).tolist(), 100 if told.any() else 0)
    names = zip(_SIGNS[1:], ("found", "lost", "computed"), percents, strict=True)
    shares = [f" {sign} {name} {part} %" for sign, name, part in names]
    ticks = [f"{count_text(most):>4}┤", *["    │"] * (rows - 2), "   0┤"]
    some = [share for share, part in zip(shares, told, strict=True) if part]
    labels = dict(enumerate(some[:rows]))
    return framed(Area(text, inks, playhead), ticks, labels, _looks(pen.palette), pen)


def _looks(palette: Palette) -> dict[int, Style]:
    surface = palette.surface
    return {
        0: style(palette.muted, surface),
        1: style(palette.text, surface),
        2: fill(State.RECOMPUTE, surface, palette),
        3: fill(State.PREFILL, surface, palette),
        _NOW: style(palette.playhead, surface, bold=True),
    }


def _facts(run: Run) -> list[str]:
    """How much was found, the fullest wording first."""
    use = CacheUse.of(run)
    if use is None:
        nothing = "requests have nothing in common"
        return [nothing if run.strategy.caches_prefixes else "without prefix cache"] * 2
    found = f"{use.found:,} of {use.wanted:,} tokens found"
    return [f"{found}, {use.lost:,} lost to overwriting", found]
