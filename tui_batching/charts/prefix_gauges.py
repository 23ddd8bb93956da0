"""The prefixes that hold most blocks of the KV cache at an instant, a gauge each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui_batching.analysis.pool_contents import Filling, Held, HeldPrefix, PoolContents
from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.panels import headings, with_focus
from tui_batching.charts.pen import Pen
from tui_batching.charts.rows import CACHED, FULL, TRACK, Cells, column, first_wrapped
from tui_batching.charts.utilization_panels import NARROWEST
from tui_batching.columns import rounded
from tui_batching.sim.run import Run

MOST = 10
"""Prefixes that are told one by one."""
_FEWEST = 3
"""Rows below which a panel is its heading alone."""
_THICKEST = 4
"""The most rows of a gauge, one of which is blank."""
_WORDS = (
    f"Blocks of the KV cache now: {FULL} used, {CACHED} cached: free to take, but still to be "
    "found. A prefix is what several requests begin with, named after the first."
)
_BRIEFLY = (
    f"Blocks now: {FULL} used, {CACHED} cached, free to take. A prefix is named after the first "
    "request that has it."
)


@dataclass(frozen=True, slots=True)
class _Gauge:
    """One gauge.

    Attributes:
        names: what holds the blocks, in four wordings, each with fewer words.
        held: how many are used and cached.
        blocks: how many there are; more than held only where they are free.
    """

    names: Sequence[str]
    held: Held
    blocks: int


def prefixes_chart(request: ChartRequest) -> list[Cells]:
    """A panel a strategy: what holds most of its pool, the rest, and what is free; the sum is all.

    To find it takes as long as to simulate the strategies once more, unless the scene knows it.
    """
    pen = Pen(request.width, request.palette)
    lanes = request.scene.simulated
    runs = [request.scene.runs[lane] for lane in lanes]
    if request.width < NARROWEST or request.height < len(runs):
        return [pen.blank()] * request.height
    pools = [request.scene.pool_contents[lane] for lane in lanes]
    seen = [None if pool is None else (pool, pool.at(request.time)) for pool in pools]
    facts = [
        [_nothing(run)] * 4 if each is None else _facts(*each)
        for run, each in zip(runs, seen, strict=True)
    ]
    strategies = [run.strategy for run in runs]
    titles = headings(strategies, facts, [request.width] * len(runs), request)
    words = [
        pen.row().gap().add(line, pen.text).cells()
        for line in first_wrapped([_WORDS, _BRIEFLY], request.width - 2, 2)
    ]
    telling = len(seen) - seen.count(None)
    each_has = (request.height - len(words) - len(runs)) // max(1, telling)
    if each_has < _FEWEST:
        heads = with_focus([[title] for title in titles], strategies, request)
        return pen.spread(heads, request.height)
    drawn = [
        [title, *([] if each is None else _panel(*each, each_has, pen))]
        for title, each in zip(titles, seen, strict=True)
    ]
    panels = with_focus(drawn, strategies, request)
    return [*pen.spread(panels, request.height - len(words)), *words]


def _nothing(run: Run) -> str:
    """Why there is nothing to tell of a strategy."""
    if not run.strategy.caches_prefixes:
        return "without prefix cache"
    if not run.cache_matters:
        return "requests have nothing in common"
    return "memory has no end"


def _facts(pool: PoolContents, contents: Filling) -> list[str]:
    """All blocks as a sum, the fullest wording first."""
    parts = [*contents.prefixes, contents.own]
    used, cached = sum(part.used for part in parts), sum(part.cached for part in parts)
    total = f"{pool.kv.blocks:,}"
    return [
        f"{used:,} used + {cached:,} cached + {contents.free:,} free = {total} blocks",
        f"{used:,} + {cached:,} + {contents.free:,} = {total} blocks",
        f"{total} blocks",
        "",
    ]


def _panel(pool: PoolContents, contents: Filling, rows: int, pen: Pen) -> list[Cells]:
    """The gauges, as high as there is room for as many as there ever are in this Run."""
    there = int((pool.requests > 1).sum())
    told = min(there, MOST, rows - 2)
    if there > told:
        told = min(MOST, rows - 3)
    lines = _lines(pool, contents, told)
    thick = min(_THICKEST, rows // (told + 2 + (there > told)))
    shares = rounded([line.blocks / pool.kv.blocks for line in lines], 1000)
    room = min(46, pen.width * 9 // 20)
    names = _wording([line.names for line in lines], room - 2)
    drawn: list[Cells] = []
    for name, line, share in zip(names, lines, shares, strict=True):
        drawn += _gauge(column(f" {name}", room), line, pool.kv.blocks, share, thick, pen)
    return drawn


def _wording(names: Sequence[Sequence[str]], room: int) -> Sequence[str]:
    """All of them in the first wording that fits, or else in the last one."""
    wordings = list(zip(*names, strict=True))
    return next((each for each in wordings if max(map(len, each)) <= room), wordings[-1])


def _lines(pool: PoolContents, contents: Filling, most: int) -> list[_Gauge]:
    """What holds blocks, the greatest prefixes first; the other ones are one line."""
    ids = pool.run.requests.id
    lines = [
        _Gauge(_names(f"R{ids[prefix.first]}", prefix), prefix, prefix.blocks)
        for prefix in contents.prefixes[:most]
    ]
    if others := contents.prefixes[most:]:
        held = Held(sum(each.used for each in others), sum(each.cached for each in others))
        lines.append(_Gauge([f"{len(others):,} other prefixes"] * 4, held, held.blocks))
    own = ["what one request alone has"] * 3 + ["of one alone"]
    lines.append(_Gauge(own, contents.own, contents.own.blocks))
    return [*lines, _Gauge(["free"] * 4, Held(0, 0), contents.free)]


def _names(first: str, prefix: HeldPrefix) -> Sequence[str]:
    """After the first request that has it; and how many do."""
    count = f"{prefix.requests:,} requests"
    if not prefix.start:
        whole = f"what {first} begins with · {count}"
        return whole, whole, f"as {first} · {count}", f"as {first}"
    short = f"{first} after {prefix.start:,}"
    long = f"{first} goes on after {prefix.start:,} tokens"
    return f"{long} · {count}", f"{short} tokens · {count}", f"{short} · {count}", short


def _gauge(  # noqa: PLR0913, PLR0917 - a row's columns
    name: str, line: _Gauge, pool: int, share: int, thick: int, pen: Pen
) -> list[Cells]:
    """Its name, its blocks on the scale of the pool, how many that are, and in thousandths."""
    digits = len(f"{pool:,}")
    told = f" {line.blocks:>{digits},} {share / 10:>5.1f} %"
    cells = max(1, pen.width - len(name) - len(told) - 3)
    used, whole = _ends(line.held, pool, cells)
    free = round(cells * (line.blocks - line.held.blocks) / pool)

    def row(name: str, told: str) -> Cells:
        row = pen.row().add(name, pen.text).add("[", pen.muted)
        row.add(FULL * used, pen.look(pen.palette.work))
        row.add(CACHED * (whole - used) + TRACK * free, pen.muted)
        row.add(" " * (cells - whole - free), pen.look(pen.palette.bar_track))
        return row.add("]", pen.muted).add(told, pen.text).cells()

    rows = [row(name, told)] + [row(" " * len(name), "")] * (thick - 2)
    return [*rows, pen.blank()] if thick > 1 else rows


def _ends(held: Held, pool: int, cells: int) -> tuple[int, int]:
    """Where what is used ends, and what is cached; what there is of any has a cell at least."""
    some_used, some_cached = held.used > 0, held.cached > 0
    whole = max(round(cells * held.blocks / pool), some_used + some_cached)
    used = min(max(round(cells * held.used / pool), int(some_used)), whole - some_cached)
    return used, whole
