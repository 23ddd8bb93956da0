"""Drawing a lane: from its view, a size and a palette to rows of cells, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from tui_batching.analysis.breakdown import lost_part
from tui_batching.analysis.kv_use import ignores_memory
from tui_batching.analysis.metrics import value_text
from tui_batching.analysis.utilization import tells_shares as shares_tell
from tui_batching.charts.lane_pen import BarScale, LanePen, bar_scale
from tui_batching.charts.lane_queue import queue_rows
from tui_batching.charts.lane_slots import SlotsLayout, slot_rows
from tui_batching.charts.lane_view import (
    LaneView,
    kv_view,
)
from tui_batching.charts.lane_words import PHASE_STATES, happening_texts, phase_texts
from tui_batching.charts.palette import Palette
from tui_batching.charts.pen import fill, sign_of
from tui_batching.charts.rows import (
    CACHED,
    FULL,
    HATCH,
    RESERVED,
    TRACK,
    Cells,
    Row,
    first_that_fits,
)
from tui_batching.charts.token_bars import used_cells
from tui_batching.clock import instant_text
from tui_batching.columns import rounded
from tui_batching.numbers import counted
from tui_batching.sim.life import State
from tui_batching.sim.run import Run
from tui_batching.strategies.parameters import MAX_SLOTS, PREFIX_CACHING

_NAMED = 2
"""Rows of a queue that names some who wait."""


_BARS_ARE_MEMORY = "bars = memory "
_SHORTEST_GAUGE = 3
"""Cells of a gauge in which what is free is seen."""


@dataclass(frozen=True, slots=True)
class LaneLayout:
    """How many rows each part of a lane gets.

    Attributes:
        kv: of the KV cache.
        slots: of all slots together.
        queue: of the queue, its head included.
        happening: of what happened last.
        figures: of the shares of slot-time and the counts of an engine.
    """

    kv: int
    slots: int
    queue: int
    happening: int
    figures: int

    @classmethod
    def of(cls, view: LaneView, height: int, memory: int) -> LaneLayout:
        """Share the rows; what gives way first is told in the order in which it is asked for.

        Args:
            view: what is seen.
            height: rows below the head.
            memory: rows for the KV cache, if all parts have the room that they want.
        """
        run = view.moment.run
        left = height - 1
        left -= min(left, _slot_rows_wanted(run, left))
        given = dict.fromkeys(("kv", "figures", "queue", "happening"), 0)
        for name, rows in _parts_wanted(run, memory, tells_shares=view.tells_shares):
            taken = min(rows, left)
            given[name] += taken
            left -= taken
        slots = max(1, height - 1 - sum(given.values()))
        most = run.slots * view.thickest
        given["queue"] += max(0, slots - most)
        return cls(slots=min(slots, most), **given)

    def level(self, kv: int, slots: int) -> LaneLayout:
        """The same with so many rows of memory and of slots, if it has as many for both of them."""
        both = self.kv + self.slots
        return replace(self, kv=kv, slots=both - kv).without_empty_slots(slots, engine=False)

    def without_empty_slots(self, slots: int, engine: bool) -> LaneLayout:
        """The same where slots need fewer rows: what happened last gets one, then the queue.

        Of an engine more slots are taken at other instants, so its queue gets a row of names alone.
        """
        spare = self.slots - slots
        happening = min(1, self.happening + spare)
        spare -= happening - self.happening
        queue = min(spare, max(0, _NAMED - self.queue)) if engine else spare
        return replace(
            self, slots=slots + spare - queue, queue=self.queue + queue, happening=happening
        )


def lane_layouts(views: Sequence[LaneView], height: int) -> list[LaneLayout]:
    """The layouts of lanes side by side: a slot stands level in all that have as many slots.

    That is what gives way first: where not all of them have a row for each slot, every lane takes
    the rows that it needs itself.
    """
    alike: dict[int, list[LaneView]] = {}
    for view in views:
        alike.setdefault(view.moment.run.slots, []).append(view)
    layouts = {
        view.lane: layout
        for group in alike.values()
        for view, layout in zip(group, _level_layouts(group, height), strict=True)
    }
    return [layouts[view.lane] for view in views]


def _level_layouts(views: Sequence[LaneView], height: int) -> list[LaneLayout]:
    """The layouts of lanes with equally many slots."""
    slots, wanted = views[0].moment.run.slots, [_memory_rows_in(view) for view in views]
    layouts = [LaneLayout.of(view, height, max(wanted)) for view in views]
    kv = max(layout.kv for layout in layouts)
    room = min(layout.kv + layout.slots for layout in layouts) - kv
    if len(views) < 2 or room < slots:
        pairs = zip(views, wanted, strict=True)
        return [LaneLayout.of(view, height, memory) for view, memory in pairs]
    thick = min(room // slots, *(view.thickest for view in views))
    return [layout.level(kv, thick * slots) for layout in layouts]


def rows_wanted(
    runs: Sequence[Run], height: int, *, tells_memory: bool = True, tells_shares: bool = True
) -> int:
    """The rows in which lanes show all that they have to tell, with their heads and a row a slot.

    Args:
        runs: of the lanes.
        height: the rows that there are at most.
        tells_memory: whether KV memory is told.
        tells_shares: whether their feet tell the shares of slot-time, and counts.
    """
    memory: dict[int, int] = {}
    for run in runs:
        rows = _memory_rows(run) if tells_memory else 0
        memory[run.slots] = max(memory.get(run.slots, 0), rows)
    wanted = []
    for run in runs:
        parts = _parts_wanted(run, memory[run.slots], tells_shares=tells_shares)
        wanted.append(2 + _slot_rows_wanted(run, height - 2) + sum(rows for _, rows in parts))
    return max(wanted)


def _memory_rows(run: Run) -> int:
    """The rows that a lane has to tell of memory: a gauge and its numbers, or words alone."""
    has_words = ignores_memory(run) or (run.strategy.is_engine and run.tells_iterations)
    return 2 if run.kv is not None else int(has_words)


def _memory_rows_in(view: LaneView) -> int:
    return _memory_rows(view.moment.run) if view.tells_memory else 0


def _parts_wanted(run: Run, memory: int, *, tells_shares: bool) -> tuple[tuple[str, int], ...]:
    """The rows of what is beside the slots; what comes last gives way first."""
    engine = run.strategy.is_engine
    has_shares = tells_shares and shares_tell(run)
    shares, own = int(engine and has_shares), 2 if has_shares and not engine else 1
    own = own if tells_shares else 0
    return (
        ("queue", 1), ("kv", min(1, memory)), ("figures", own),
        ("happening", 1), ("queue", 1),
        ("figures", shares), ("kv", max(0, memory - 1)), ("figures", shares),
    )  # fmt: skip


def slots_layout(view: LaneView, width: int, height: int) -> SlotsLayout:
    """How the slots stand in a lane of which the inside has this size, if it stands alone.

    Beside others only their thickness may differ.
    """
    layout = LaneLayout.of(view, height, _memory_rows_in(view))
    return SlotsLayout.of(view, width, layout.slots)


def _slot_rows_wanted(run: Run, left: int) -> int:
    """Rows of slots before anything else gets one.

    With request-level scheduling a row a slot, if the queue and the shares still fit: the bubble is
    an area. Of an engine those that were ever taken, if memory, queue and counts keep a row each.
    """
    if run.strategy.is_engine:
        used = len(run.by_slot)
        return min(used + (used < run.slots), 7, max(1, left - 3))
    return run.slots if run.slots <= left - 2 else 4


def lane_rows(  # noqa: PLR0913, PLR0917 - what is seen, its size, and what lanes have in common
    view: LaneView,
    width: int,
    height: int,
    palette: Palette,
    scale: BarScale | None = None,
    layout: LaneLayout | None = None,
) -> list[Cells]:
    """The inside of a lane: phase, memory, slots, queue, what happened last, and shares.

    Args:
        view: what is seen.
        width: cells.
        height: rows.
        palette: the colours.
        scale: tokens a cell, as `bar_scale` finds it for all lanes together.
        layout: the rows of its parts, as `lane_layouts` finds them for all lanes together.
    """
    if width < 1 or height < 1:
        return []
    layout = layout or lane_layouts([view], height)[0]
    pen = LanePen(width, palette, view, scale or bar_scale([view], width))
    slots = slot_rows(pen, layout.slots)
    layout = layout.without_empty_slots(len(slots), view.moment.run.strategy.is_engine)
    rows = [
        _phase_row(pen),
        *_padded(pen, _kv_rows(pen, layout.kv), layout.kv),
        *_padded(pen, slots, layout.slots),
        *_padded(pen, queue_rows(pen, layout.queue), layout.queue),
        *_happening_rows(pen, layout.happening),
        *_figure_rows(pen, layout.figures),
    ]
    return _padded(pen, rows, height)[:height]


def _padded(pen: LanePen, rows: list[Cells], height: int) -> list[Cells]:
    return rows + [pen.blank()] * (height - len(rows))


def _phase_row(pen: LanePen) -> Cells:
    state = PHASE_STATES.get(pen.view.moment.phase.kind)
    colour = pen.palette.muted if state is None else pen.palette.state(state)
    text = first_that_fits(phase_texts(pen.view.moment), pen.width - 1)
    word, _, rest = text.partition(" ")
    row = pen.line().add(word, pen.look(colour, bold=True)).add(f" {rest}", pen.text)
    if pen.view.bars_are_memory and row.left > len(_BARS_ARE_MEMORY) + 1:
        row.add_right(_BARS_ARE_MEMORY, pen.strong)
    return row.cells()


def _kv_rows(pen: LanePen, most: int) -> list[Cells]:
    """KV memory of an engine as a gauge, and its numbers below it or, if need be, beside it.

    A lane that ignores the memory there is says so, and so does one beside those that heed it.
    """
    run, kv = pen.view.moment.run, kv_view(pen.view.moment)
    if not most:
        return []
    if kv is None:
        there = f"KV ignored · {run.cost.kv_cache_tokens or 0:,} tokens there"
        briefly = "KV ignored" if run.tells_iterations else "KV: not told"
        words = [*([there] if ignores_memory(run) else []), briefly]
        return [pen.line().add(first_that_fits(words, pen.width - 2), pen.muted).cells()]
    texts = kv.texts()
    if kv.taken is None:
        return [pen.line().add(first_that_fits(texts, pen.width - 2), pen.muted).cells()]
    row = pen.line().add("KV ", pen.strong).add("[", pen.muted)
    beside = "" if most > 1 else f" {texts[-1]}"
    width = row.left - 2 - len(beside)
    if width < _SHORTEST_GAUGE:
        return [pen.line().add(f"KV {texts[-1]}", pen.muted).cells()]
    ends = (kv.taken, kv.taken + (kv.cached or 0), kv.pool)
    taken, *others = (max(tokens > 0, round(width * tokens / kv.pool)) for tokens in ends)
    solid = used_cells(kv.used, kv.taken, taken, kv.pool / width)
    floor, cached, free = (b - a for a, b in pairwise((solid, taken, *others)))
    if pen.view.bars_are_memory:
        _add_taken(row, pen, taken, kv.pool / width)
    else:
        row.add(FULL * solid, pen.look(pen.palette.work)).add(RESERVED * floor, pen.reserved)
    row.add(CACHED * cached, pen.muted)
    row.add(TRACK * free, pen.look(pen.palette.bar_track))
    gauge = row.add("]", pen.muted).add(beside, pen.text).cells()
    if most == 1:
        return [gauge]
    text = first_that_fits(texts, pen.width - 2)
    indent = max(0, min(4, pen.width - 2 - len(text)))  # as far as the gauge, if there is room
    return [gauge, pen.line().gap(indent).add(text, pen.text).cells()]


def _add_taken(row: Row, pen: LanePen, cells: int, scale: float) -> None:
    """Append what is taken of the KV cache, request by request as their bars are, slot by slot."""
    view, tokens, drawn = pen.view, 0, 0
    slots = view.taken if view.moment.run.strategy.is_engine else view.slots
    for slot in slots:
        if slot.memory is None:
            continue
        tokens += slot.memory.taken
        end = min(cells, round(tokens / scale))
        bars = replace(pen.bars(slot.row, slot.slot), scale=scale)
        bars.add_memory(row, replace(slot.memory, name=slot.name), end - drawn)
        drawn = end


def _happening_rows(pen: LanePen, most: int) -> list[Cells]:
    """The instant and the words of what happened last; white while it is fresh."""
    happening = pen.view.happening
    if not most:
        return []
    if happening is None:
        return [pen.blank()]
    row = pen.line().add(f"{instant_text(happening.instant, pen.view.scene.end)} ", pen.muted)
    fresh = pen.view.is_fresh(happening.instant)
    text = first_that_fits(happening_texts(pen.view.moment, happening), row.left - 1)
    return [row.add(text, pen.strong if fresh else pen.muted).cells()]


def _figure_rows(pen: LanePen, most: int) -> list[Cells]:
    """What became of the slot-time so far, and of an engine its counts.

    Where slots are no more than a limit, no share is taken of them: there are counts instead.
    """
    run = pen.view.moment.run
    shares = _share_rows(pen) if shares_tell(run) else []
    counted = run.tells_iterations and (run.strategy.is_engine or not shares)
    counts = [_counts(pen)] if counted else []
    if len(shares) + len(counts) > most:
        return [*counts, *reversed(shares)][:most]
    return [*shares, *counts]


def _share_rows(pen: LanePen) -> list[Cells]:
    """A bar, which shows all four parts, and as many of them in words as there is room for."""
    view, palette = pen.view, pen.palette
    lost = lost_part(view.moment.run)
    lost_sign, lost_state = sign_of(lost)
    bar = pen.line()
    looks = (
        (FULL, fill(State.DECODE, None, palette)),
        (HATCH, fill(State.HELD, None, palette)),
        (lost_sign, fill(lost_state, None, palette)),
        (TRACK, pen.look(palette.bar_track)),
    )
    shares = (view.shares.useful, view.shares.held, view.shares.stalled, view.shares.free)
    sizes = rounded(shares, pen.width - 2)
    for cells, (sign, look) in zip(sizes, looks, strict=True):
        bar.add(sign * cells, look)
    useful, held, stalled = (f"{100 * share:.0f}" for share in shares[:3])
    words = pen.line()
    if pen.width >= len(f" useful {useful}% held {held}% {lost} {stalled}% "):
        words.add("useful ", pen.muted).add(f"{useful}%", pen.look(palette.work, bold=True))
        words.add(" held ", pen.muted).add(f"{held}%", pen.held)
        words.add(f" {lost} ", pen.muted).add(f"{stalled}%", pen.strong)
    elif pen.width >= len(f" held {held}% · {lost} {stalled}%"):
        words.add("held ", pen.muted).add(f"{held}%", pen.held)
        words.add(f" · {lost} ", pen.muted).add(f"{stalled}%", pen.strong)
    else:
        words.add(f"{HATCH} ", pen.muted).add(f"{held}%", pen.held)
        words.add(f" {lost_sign} ", pen.muted).add(f"{stalled}%", pen.strong)
    return [bar.cells(), words.cells()]


def _counts(pen: LanePen) -> Cells:
    """How many run, how often somebody was evicted, and what is to be computed again.

    Where slots are no more than a limit, how many tokens were computed in an iteration so far tells
    how busy the server is.
    """
    moment = pen.view.moment
    run, running = moment.run, f"{len(moment.running) + len(moment.skipped):,}"
    told = running if run.slots >= MAX_SLOTS else f"{running} of {run.slots:,}"
    told, briefly = f"{told} run", f"{running} run"
    if not shares_tell(run):
        steps = pen.view.scene.steps_of(pen.view.lane)
        each = value_text(float(steps.tokens_per_iteration(np.array([moment.time]))[0]), "number")
        told, briefly = f"{told} · {each} tokens an iteration", f"{each} tokens/iteration"
    if not run.strategy.is_engine:
        return pen.line().add(first_that_fits([told, briefly], pen.width - 2), pen.muted).cells()
    lost = sum(facts.lost for facts in pen.view.evicted.values())
    evictions = counted(moment.evictions, "eviction")
    texts = [
        f"{told} · {evictions} · {counted(lost, 'token')} to redo",
        f"{told} · {evictions}",
        f"{briefly} · {evictions}",
        briefly,
    ]
    if run.cache_matters and run.requests.share:
        share = f"{100 * moment.found_so_far:.0f}%"
        fullest = f"{texts[1]} · {share} of prompt tokens found"
        texts = [fullest, *(f"{text} · {share} found" for text in texts[1:3]), *texts[1:]]
    off = run.strategy.has(PREFIX_CACHING) and not run.strategy.caches_prefixes
    if run.strategy.name in pen.view.scene.comparison.without_cache or (off and run.requests.share):
        texts = [*(f"{text} · without prefix cache" for text in texts), texts[-1]]
    return pen.line().add(first_that_fits(texts, pen.width - 2), pen.muted).cells()
