"""The Gantt chart: time from left to right, one panel a strategy, a row a request or a slot.

Rows are requests where all of them are seen at once, and else slots: the same history told in as
many rows as the server has places, so that each panel has the whole width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from tui_batching.analysis.breakdown import lost_part
from tui_batching.analysis.distribution import latencies
from tui_batching.analysis.metrics import METRICS_BY_NAME, format_value
from tui_batching.analysis.slot_steps import slots_worth_a_row
from tui_batching.analysis.utilization import tells_shares
from tui_batching.charts.bands import WAITS, TimeWindow
from tui_batching.charts.chart import ChartRequest, GanttRows, Viewport, way_back, window_start
from tui_batching.charts.gantt_layout import (
    GanttLayout,
    Size,
    paired_layout,
    request_layout,
    slot_layout,
)
from tui_batching.charts.kv_band import KvBand
from tui_batching.charts.palette import Palette
from tui_batching.charts.panels import (
    LegendEntry,
    Scale,
    focus_entry,
    headings,
    joined,
    legend_row,
    on_screen,
    rows_seen,
    rows_seen_briefly,
    scale_row,
    state_entry,
    strategy_titles,
    tick_step,
    with_focus,
)
from tui_batching.charts.pen import SHORT_PARTS
from tui_batching.charts.request_bars import ARRIVAL, RequestBars
from tui_batching.charts.rows import (
    AGAIN,
    EVICTED,
    FULL,
    HATCH,
    PLAYHEAD,
    RESERVED,
    SHADE,
    SLOWED,
    STALLED,
    TRACK,
    Cells,
    Row,
    first_that_fits,
    style,
)
from tui_batching.charts.slot_bands import QueueBand, SlotBands
from tui_batching.clock import MILLISECOND, SECOND, Picoseconds, format_duration
from tui_batching.columns import IntArray, exact_sum
from tui_batching.numbers import percent
from tui_batching.sim.life import State
from tui_batching.sim.measured import MeasuredRun
from tui_batching.sim.moment import Moment
from tui_batching.sim.run import Run
from tui_batching.strategies import mark_of

HINT = "each slot or request as a row: when it works, and when it is held (the bubble)"
HINTS: dict[GanttRows, str] = {
    "requests": "row = request: when it waits, runs and is held (the bubble)",
    "slots": "row = slot: who is in it, and when it works or is held (the bubble)",
}
OTHER: dict[GanttRows, GanttRows] = {"requests": "slots", "slots": "requests"}
AFTER = 5
"""Cells kept free after the end, for the label of the last bar."""
FINEST = 16
"""The most cells for one decode step of a single request."""
COARSEST = 100 * MILLISECOND
STAY_BESIDE = 8
"""The most time of a cell in panels side by side, and the least cells of a stay in the mean; where
it would be otherwise, panels are stacked."""
_LATENCIES_SEEN = 2
"""How many mean latencies a window shows where two bars of a request are compared."""
STAY = 6
"""Cells of a stay in the mean where rows are slots, if that makes no cell shorter than need be."""
LEAST_KV = 1 / 8
"""The share of a KV cache that some lane has to take at once, so that it is worth rows."""
_QUEUE, _KV = "queue", "KV"


def legend(palette: Palette, rows: GanttRows, shade: str = "prefill") -> list[LegendEntry]:
    """What the bars are made of, what matters most first.

    Args:
        palette: the colours.
        rows: what a row is.
        shade: what is shaded.
    """
    waits = [LegendEntry(ARRIVAL + WAITS, palette.muted, "waits")]
    stall = palette.ground(State.STALLED, palette.background)
    signs = [
        state_entry(SHADE, State.PREFILL, palette, shade),
        LegendEntry(FULL, palette.work, "makes tokens", "tokens"),
        state_entry(HATCH, State.HELD, palette, "held"),
        state_entry(STALLED, State.STALLED, palette, "stalled"),
        LegendEntry(SLOWED, palette.state(State.PREFILL), "slowed", ground=stall),
        LegendEntry(PLAYHEAD, palette.playhead, "now"),
        LegendEntry(EVICTED, palette.text, "evicted", SHORT_PARTS["evicted"], reverse=True),
        state_entry(AGAIN, State.RECOMPUTE, palette, "recompute", SHORT_PARTS["recompute"]),
    ]
    if rows == "slots":
        return [*signs, LegendEntry(TRACK, palette.muted, "free")]
    return [*waits, *signs, LegendEntry("number", palette.muted, "= tokens made", extra=True)]


@dataclass(frozen=True, eq=False)
class Gantt:
    """The part of the chart that is seen."""

    request: ChartRequest
    viewport: Viewport

    @property
    def _beside(self) -> MeasuredRun | None:
        """What was measured beside what is simulated."""
        scene = self.request.scene
        return scene.comparison.measured_run if scene.simulated else None

    @cached_property
    def _measured(self) -> MeasuredRun | None:
        """What was measured, if a row is a request: each has that bar above its simulated one."""
        return self._beside if self.rows == "requests" else None

    @cached_property
    def _lanes(self) -> Sequence[int]:
        """The lanes that have a panel."""
        scene = self.request.scene
        return scene.simulated if self._measured else range(len(scene.runs))

    @cached_property
    def _runs(self) -> tuple[Run, ...]:
        return tuple(self.request.scene.runs[lane] for lane in self._lanes)

    @cached_property
    def _moments(self) -> list[Moment]:
        return [run.at(self.request.time) for run in self._runs]

    @property
    def _count(self) -> int:
        return len(self.request.scene.workload.requests)

    @cached_property
    def rows(self) -> GanttRows:
        """What a row is: what was asked for, or requests if all are seen at once, else slots.

        Beside what was measured rows are requests, as their bars are compared.
        """
        if self.viewport.rows is not None:
            return self.viewport.rows
        if self._beside:
            return "requests"
        whole = min(self._request_layout(self.request.scene.runs).shown) == self._count
        return "requests" if whole else "slots"

    @cached_property
    def _layout(self) -> GanttLayout:
        if self._measured:
            return paired_layout(self._count, len(self._lanes), self._room)
        if self.rows == "requests":
            return self._request_layout(self._runs)
        return slot_layout(self._slots, self._has_kv, self._room)

    def _request_layout(self, runs: Sequence[Run]) -> GanttLayout:
        scene, slots = self.request.scene, [slots_worth_a_row(run) for run in runs]
        coarsest = max(1, min(COARSEST, min(scene.mean_stays) // STAY_BESIDE))

        def least(page: int) -> int:
            return self._margin_of_names + AFTER + scene.end * page // self._count // coarsest

        return request_layout(self._count, slots, self._room, least)

    @property
    def _room(self) -> Size:
        """The legend above the panels and the axis below them take a row each."""
        return Size(self.request.width, max(1, self.request.height - 2))

    @cached_property
    def _slots(self) -> list[int]:
        """How many slots of each lane are worth a row."""
        return [slots_worth_a_row(run) for run in self._runs]

    @cached_property
    def _has_kv(self) -> list[bool]:
        """Whether each lane heeds memory, and any of them fills what can be seen of it."""
        uses = [self.request.scene.kv_uses[lane] for lane in self._lanes]
        seen = any(use is not None and use.peak >= LEAST_KV for use in uses)
        return [seen and use is not None for use in uses]

    @property
    def _capacities(self) -> list[int]:
        """How many rows there are in each panel."""
        return self._slots if self.rows == "slots" else [self._count] * len(self._runs)

    @property
    def page(self) -> int:
        """How many requests or slots the fullest panel shows."""
        return max(self._layout.shown)

    @cached_property
    def _margin_of_names(self) -> int:
        return 1 + self.request.scene.longest_name

    @cached_property
    def _margin(self) -> int:
        """Cells for the names of requests, or the numbers of slots."""
        if self.rows == "requests":
            return self._margin_of_names + (2 if self._measured else 0)
        pools = [len(told) for told in self._fill_kv] if self._layout.kv > 1 else []
        return 1 + max(len(_QUEUE), len(str(max(self._slots) - 1)), *pools)

    @cached_property
    def window(self) -> TimeWindow:
        """The time that is seen."""
        time, end = self.request.time, self.request.scene.end
        cells = max(1, min(self._layout.arrangement.widths) - self._margin)
        cell = self._time_of_a_cell(cells)
        step = self._ticks(cell * cells, cells)
        cell = max(cell, step // max(1, step // cell))  # whole cells from tick to tick
        around = time if self.viewport.since is None else self.viewport.since
        total = end // cell + 1 + self._after
        first = window_start(around // cell, cells, total, self.viewport.shift)
        cursor = time // cell - first
        if time >= end:
            return TimeWindow(cell, first, cells, None, cells)
        seen = cursor if 0 <= cursor < cells else None
        return TimeWindow(cell, first, cells, seen, max(0, min(cells, cursor + 1)))

    @property
    def _after(self) -> int:
        return AFTER if self.rows == "requests" else 0

    def _ticks(self, shown: Picoseconds, cells: int) -> Picoseconds:
        """The time from tick to tick while so much is shown: the same from the begin to the end."""
        last = max(self.request.scene.end, shown)
        scale = Scale((last - shown) / SECOND, last / SECOND, cells, ("s",), None)
        return round(tick_step(scale) * SECOND)

    def _time_of_a_cell(self, cells: int) -> Picoseconds:
        """Without zoom, the time of as many requests as there are rows, or as stays have room."""
        end = self.request.scene.end
        whole = -(-end // max(1, cells - self._after))
        steps = (run.cost.step_time(1) for run in self._runs if run.tells_iterations)
        finest = max(1, min(steps, default=1) // FINEST)
        if self.rows == "requests":
            usual = whole * self.page // self._count
        else:
            usual = min(self.request.scene.mean_stays) // STAY
        if self._measured:
            mean = exact_sum(latencies(self._measured)) // self._count
            usual = max(usual, mean * _LATENCIES_SEEN // cells)
        zoom = self.viewport.zoom
        usual = min(max(usual, finest), whole)
        wanted = usual >> zoom if zoom >= 0 else usual << min(-zoom, 64)
        return min(max(wanted, finest), whole)

    @cached_property
    def tops(self) -> tuple[int, ...]:
        """The first row in each panel; of requests the same one if those running are seen so."""
        top = self.viewport.top
        if self.rows == "slots" or top is not None:
            pairs = zip(self._capacities, self._layout.shown, strict=True)
            return tuple(max(0, min(top or 0, most - shown)) for most, shown in pairs)
        running = [_running(moment) for moment in self._moments]
        common, seen_in_all = self._top_over(np.unique(np.concatenate(running)))
        if seen_in_all:
            return (common,) * len(self._runs)
        return tuple(self._top_over(rows)[0] for rows in running)

    def _top_over(self, rows: IntArray) -> tuple[int, bool]:
        """Where most of these ascending requests are seen, and whether all of them are.

        Most of the other rows come after them. The place moves by up to a quarter of a page, so
        that the rows stand still most of the time.
        """
        last = self._count - self.page
        if not len(rows):
            return last, True
        quarter = max(1, self.page // 4)
        others = self.page - (int(rows[-1]) - int(rows[0]) + 1)
        if others >= 0:
            before = others // 3
            grain = min(quarter, others - before + 1)
            top = max(0, int(rows[0]) - before) // grain * grain
            return min(top, last), True
        seen = np.searchsorted(rows, rows + self.page - quarter + 1) - np.arange(len(rows))
        top = int(rows[np.argmax(seen)]) // quarter * quarter
        return min(top, last), False

    @property
    def part_seen(self) -> tuple[object, ...]:
        """Which part is seen."""
        return self.rows, self.window.cell, self.window.first, self.tops

    def revealing(self, row: int) -> Viewport:
        """The viewport in which the request's row is seen, and something of its life in it."""
        viewport, edges = self.viewport, self.window.edges
        pairs = list(zip(self.tops, self._layout.shown, strict=True))
        places = self._places_of(row)
        if any(
            not top <= place < top + shown
            for place, (top, shown) in zip(places, pairs, strict=True)
        ):
            viewport = replace(viewport, top=max(0, max(places) - self.page // 2))
        arrival = int(self._runs[0].requests.arrival_time[row])
        answered = max(int(run.end_time[row]) for run in self.request.scene.runs)
        if arrival >= edges[-1] or answered <= edges[0]:
            viewport = replace(viewport, since=arrival, shift=0)
        return viewport

    def _places_of(self, row: int) -> list[int]:
        """The request's row in each panel."""
        if self.rows == "requests":
            return [row] * len(self._runs)
        return [int(run.stays.slot[run.stay_at(row, self.request.time)]) for run in self._runs]

    def draw(self) -> list[Cells]:
        """Legend, panels, axes."""
        width, height = self.request.width, self.request.height
        ground = style(self.request.palette.text, self.request.palette.background)
        drawn = [self._panel(number) for number in range(len(self._runs))]
        strategies = [run.strategy for run in self._runs]
        panels = with_focus(drawn, strategies, self.request)
        arrangement = self._layout.arrangement
        rows = [
            self._legend(panels),
            *joined(panels, arrangement, ground),
            *joined(self._axes(), arrangement, ground),
        ]
        return (rows + [Row(width, ground).cells()] * height)[:height]

    def _legend(self, panels: Sequence[Sequence[Cells]]) -> Cells:
        """The signs that the panels show, what else they tell, and how to see other rows."""
        palette, keys = self.request.palette, self.request.keys
        entries = on_screen(legend(palette, self.rows, self._shade), panels)
        if self._measured:
            entries[-1] = LegendEntry("%", palette.muted, "= error")
            name = self._measured.strategy.name
            entries.insert(0, LegendEntry(mark_of(name), palette.strategy(name), name))
        if self._layout.kv:
            entries.append(LegendEntry("▅", palette.work, "KV used", "used"))
            entries.append(LegendEntry(RESERVED, palette.reserved, "taken, empty", "empty"))
        if self.window.cursor is not None:
            entries.append(LegendEntry("behind it", palette.muted, "to come", extra=True))
        entries += on_screen([focus_entry(palette)], panels)
        if "quantity" in keys:
            turned = LegendEntry(keys["quantity"], palette.accent, OTHER[self.rows], extra=True)
            entries.append(turned)
        if self._layout.queue and self._longest:
            queue = f"queue, up to {self._longest:,}"
            entries.append(LegendEntry("▂▅█", palette.muted, queue, extra=True))
        cell = format_duration(self.window.cell, 2)
        entries.append(LegendEntry("one cell", palette.muted, cell, extra=True))
        hint = HINTS[self.rows]
        back = way_back(keys) if self.viewport.moved else ""
        return legend_row(hint, entries, self.request.width, palette, back=back)

    @property
    def _shade(self) -> str:
        """What is shaded: where no start was measured all that comes before the first token."""
        runs = (*self._runs, *([self._measured] if self._measured else []))
        return "prefill" if all(run.tells_start for run in runs) else "no token yet"

    @property
    def _fills_queue(self) -> str:
        """What stands beside the highest row of a queue, where there is room for it."""
        return first_that_fits((f"≤ {self._longest:,}", ""), len(_QUEUE))

    @cached_property
    def _fill_kv(self) -> list[str]:
        """What stands beside the highest row of each lane's KV cache: its tokens."""
        caches = [run.kv for run in self._runs]
        return [f"{kv.blocks * kv.block_size:,}" if kv else "" for kv in caches]

    @property
    def _longest(self) -> int:
        """The most that ever wait in any lane."""
        return max(queue.longest for queue in self.request.scene.queues)

    def _axes(self) -> list[list[Cells]]:
        """An axis below each panel, or one below them all."""
        window, arrangement = self.window, self._layout.arrangement
        lower, upper = (float(edge) / SECOND for edge in window.edges[[0, -1]])
        step = self._ticks(window.cell * window.cells, window.cells) / SECOND
        scale = Scale(lower, upper, window.cells, ("s",), window.cursor, step=step)
        widths = arrangement.widths[: 1 if arrangement.stacked else None]
        palette, margin = self.request.palette, " " * self._margin
        return [[scale_row(scale, margin, width, palette)] for width in widths]

    @cached_property
    def _headings(self) -> list[Cells]:
        strategies = [run.strategy for run in self._runs]
        widths = self._layout.arrangement.widths
        facts = [self._facts(number) for number in range(len(self._runs))]
        # Rather fewer facts than a title in fewer words, but for those that are asked for.
        asked = any(moment.over for moment in self._moments) and self.request.metrics
        titles = [strategy_titles(strategy, self.request.focus) for strategy in strategies]
        rooms = [
            width - len(each[-1 if asked else 0]) - 5
            for width, each in zip(widths, titles, strict=True)
        ]
        fitting = (
            number
            for number, wording in enumerate(zip(*facts, strict=True))
            if all(len(text) <= room for text, room in zip(wording, rooms, strict=True))
        )
        fewer = next(fitting, 0)
        facts = [[*told[fewer:], self._hidden(number)[1]] for number, told in enumerate(facts)]
        without = self.request.scene.comparison.without_cache
        return headings(strategies, facts, widths, self.request, without)

    def _facts(self, number: int) -> list[str]:
        """What a lane has come to, the fullest wording first, each with what is not seen of it."""
        hidden, _ = self._hidden(number)
        return [" · ".join(filter(None, (text, hidden))) for text in self._come_to(number)]

    def _come_to(self, number: int) -> list[str]:
        """What a lane has come to so far, the fullest of six wordings first, and nothing last."""
        moment = self._moments[number]
        if not moment.run.tells_iterations:
            return [f"{moment.done:,} answered", *[""] * 5]
        if moment.over and self.request.metrics:
            return [*self._metrics(number), "", ""]
        full, brief = _answered(moment)
        if not tells_shares(moment.run):
            return [full, full, brief, brief, brief, ""]
        both, main = self._shares(number)
        whole = f"{full} · {both}"
        return [f"{whole} of slot-time", whole, f"{brief} · {both}", both, main, ""]

    def _shares(self, number: int) -> tuple[str, str]:
        """What was lost of the slot-time so far, and the part of it that tells lanes apart."""
        so_far = self.request.scene.so_far[self._lanes[number]]
        parts = so_far.shares(self.request.time)
        held = f"held {percent(parts.held)}"
        lost = f"{lost_part(so_far.run)} {percent(parts.stalled)}"
        batches = not all(run.strategy.about.iteration_level for run in self._runs)
        return f"{held} · {lost}", held if batches else lost

    def _metrics(self, number: int) -> list[str]:
        """The metrics that are asked for, the fullest wording first."""
        metrics = self.request.scene.comparison.results[self._lanes[number]].metrics
        asked = [METRICS_BY_NAME[name] for name in self.request.metrics]
        told = [f"{each.title} {format_value(each, metrics[each.name])}" for each in asked]
        return [" · ".join(told[: max(0, len(told) - fewer)]) for fewer in range(4)]

    def _hidden(self, number: int) -> tuple[str, str]:
        """Which rows there are that are not seen, in full and in brief."""
        most, top, shown = self._capacities[number], self.tops[number], self._layout.shown[number]
        if self.rows == "requests":
            told = f"↑{top:,} ↓{most - top - shown:,}" if shown < most else ""
            return told, told
        run, seen = self._runs[number], range(top, top + shown)
        word = "slot" if run.tells_iterations else "row"
        full = rows_seen(word, seen, most, run.slots).removeprefix(" · ")
        return full, rows_seen_briefly(word, seen, most, run.slots)

    def _panel(self, number: int) -> list[Cells]:
        width = self._layout.arrangement.widths[number]
        ground = style(self.request.palette.text, self.request.palette.surface)
        draw = self._requests if self.rows == "requests" else self._slots_and_levels
        rest = Row(width - self._margin - self.window.cells, ground).cells()
        rows = [self._headings[number], *([*line, *rest] for line in draw(number))]
        return rows[: self._layout.arrangement.heights[number]]

    def _requests(self, number: int) -> list[Cells]:
        top = self.tops[number]
        bars = RequestBars(
            self._runs[number],
            np.arange(top, top + self._layout.shown[number]),
            self.window,
            self._margin,
            self._layout.thickness,
            self.request.palette,
            self.viewport.selected,
        )
        if self._measured is None:
            return [line for band in bars.draw() for line in band]
        true = replace(bars, run=self._measured, tag=mark_of(self._measured.strategy.name))
        ours = replace(bars, tag=mark_of(bars.run.strategy.name), true=self._measured)
        pairs = zip(true.draw(), ours.draw(), strict=True)
        return [line for pair in pairs for band in pair for line in band]

    def _slots_and_levels(self, number: int) -> list[Cells]:
        top, scene, palette = self.tops[number], self.request.scene, self.request.palette
        selected, window, layout = self.viewport.selected, self.window, self._layout
        slots = range(top, top + layout.shown[number])
        bands = SlotBands(
            self._runs[number], slots, window, layout.thickness, palette, selected
        ).draw()
        muted = style(palette.muted, palette.surface)

        def line(label: str, row: Cells) -> Cells:
            margin = Row(self._margin, muted).add(label.rjust(self._margin - 1), muted)
            return [*margin.cells(), *row]

        rows = [
            line("" if below else str(slot), row)
            for slot, band in zip(slots, bands, strict=True)
            for below, row in enumerate(band)
        ]
        if layout.queue:
            queue = scene.queues[self._lanes[number]]
            levels = QueueBand(queue, self._longest, window, layout.queue, palette, selected).draw()
            rows += map(line, _told_of(_QUEUE, self._fills_queue, layout.queue), levels)
        run = self._runs[number]
        if layout.kv and run.kv is not None:
            rows += [line("", Row(window.cells, muted).cells())] * layout.apart
            levels = KvBand(run, run.kv, window, layout.kv, palette).draw()
            rows += map(line, _told_of(_KV, self._fill_kv[number], layout.kv), levels)
        return rows


def _told_of(name: str, most: str, height: int) -> list[str]:
    """What stands beside the rows of a band of levels: its name, and below it what fills it."""
    return [name, most, *[""] * height][:height]


def gantt_chart(request: ChartRequest, rows: GanttRows | None = None) -> list[Cells]:
    """The chart as it is without anybody to scroll it.

    The rows and the time around the playhead are drawn; those at the start, and no playhead, if it
    is at the end.

    Args:
        request: what is drawn.
        rows: what a row is; by default requests if all fit, else slots.
    """
    if request.time < request.scene.end:
        return Gantt(request, Viewport(rows=rows, printed=True)).draw()
    return Gantt(request, Viewport(since=0, top=0, rows=rows, printed=True)).draw()


def _answered(moment: Moment) -> tuple[str, str]:
    """How many are answered so far, or when all were, in full and in fewer words."""
    if moment.over:
        finished = format_duration(moment.run.finished)
        return f"all answered at {finished}", f"all at {finished}"
    return f"so far: {moment.done:,} answered", f"{moment.done:,} answered"


def _running(moment: Moment) -> IntArray:
    """The requests in slots, or else the one that is next; none once all is over."""
    if moment.over:
        return np.zeros(0, np.int64)
    rows = np.sort(moment.running)
    return rows if len(rows) else np.flatnonzero(moment.run.start_time > moment.time)[:1]
