"""The charts beside the lanes: how it went so far, on axes that are the whole run's from the start.

They stand in pairs; the first tells utilization and latency, the second who was answered and what
was held, and the third how full the memory is and what was stalled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from tui_batching.analysis.breakdown import lost_part
from tui_batching.analysis.scene import Scene
from tui_batching.analysis.utilization import tells_shares
from tui_batching.charts.chart import ChartRequest, LineChart
from tui_batching.charts.plot import ChartSpec, Line, Vertical
from tui_batching.clock import SECOND, Picoseconds
from tui_batching.columns import FloatArray, IntArray
from tui_batching.sim.run import Run
from tui_batching.strategies import mark_of, spelled

Curves: TypeAlias = list[tuple[FloatArray, FloatArray]]
"""For each lane the x and the y of its line."""
_NOTHING = np.zeros(0), np.zeros(0)
"""The line of a lane of which this is not known."""
_POINTS = 120
"""Instants at which a running figure is drawn."""


def _grid(scene: Scene, time: Picoseconds) -> IntArray:
    """Instants of the whole run up to the playhead, which is the last of them."""
    every = np.linspace(0, scene.end, _POINTS + 1).astype(np.int64)
    return np.append(every[every < time], time)


def _since_begin(run: Run, grid: IntArray) -> IntArray:
    """The instants while it lasts, and the very first, so that there is a line at once."""
    there = grid[(grid > run.begin + 1) & (grid <= run.finished)]
    return np.concatenate(([run.begin + 1], there)).astype(np.int64)


def _over_time(
    request: ChartRequest,
    wordings: Sequence[tuple[str, str]],
    curves: Curves,
    top: float,
) -> ChartSpec:
    """A chart over the whole run's time; the playhead stands in it.

    Args:
        request: what is drawn.
        wordings: its title and its unit, the fullest first.
        curves: for each lane its line.
        top: of the y axis.
    """
    (title, unit), *briefer = wordings
    scene, palette = request.scene, request.palette
    return ChartSpec(
        width=request.width,
        height=request.height,
        lines=_lines(request, curves),
        text=palette.text,
        muted=palette.muted,
        title=title,
        y_label=unit,
        briefer=tuple(briefer),
        x_label="time (s)",
        x_range=(0.0, scene.end / SECOND),
        y_range=(0.0, top),
        verticals=(Vertical(request.time / SECOND, palette.playhead),),
        background=palette.background,
        empty="nothing has run yet",
    )


def _utilization(request: ChartRequest) -> ChartSpec:
    """The useful share of the slot-time since the first arrival: smooth, as it is a mean."""
    grid, curves = _grid(request.scene, request.time), []
    for run, so_far in zip(request.scene.runs, request.scene.so_far, strict=True):
        if not run.tells_iterations:
            curves.append(_NOTHING)
            continue
        there = _since_begin(run, grid)
        edges = np.concatenate(([run.begin], there)).astype(np.int64)
        series = so_far.slots.series(edges)
        useful = np.cumsum(series.useful * np.diff(edges)) / np.maximum(1, there - run.begin)
        curves.append((there / SECOND, useful * 100))
    wordings = ("useful slots so far", "%"), ("useful so far", "%")
    return _over_time(request, wordings, curves, 100.0)


def _busy(request: ChartRequest) -> ChartSpec:
    """By useful slots how busy the servers were; by tokens where slots are no more than a limit."""
    if all(tells_shares(run) for run in request.scene.runs if run.tells_iterations):
        return _utilization(request)
    scene, curves = request.scene, []
    whole, grid = _grid(scene, scene.end), _grid(scene, request.time)
    top = 1.0
    for lane, run in enumerate(scene.runs):
        if not run.tells_iterations:
            curves.append(_NOTHING)
            continue
        steps = scene.steps_of(lane)
        there = _since_begin(run, grid)
        curves.append((there / SECOND, steps.tokens_per_iteration(there)))
        top = max(top, float(steps.tokens_per_iteration(whole).max()))
    wordings = ("tokens an iteration so far", ""), ("tokens an iteration", "")
    return _over_time(request, wordings, curves, top)


def _answered_within(request: ChartRequest) -> ChartSpec:
    """How large a share of all requests has been answered within each latency."""
    scene, curves = request.scene, []
    log = scene.latencies_far_apart
    for run, so_far in zip(scene.runs, scene.so_far, strict=True):
        answered = np.sort(so_far.latencies[: run.at(request.time).done]) / SECOND
        share = np.arange(len(answered) + 1) * 100 / len(run)
        curves.append((np.concatenate((answered[:1], answered)), share[-len(answered) - 1 :]))
    return ChartSpec(
        width=request.width,
        height=request.height,
        lines=_lines(request, curves, steps=True),
        text=request.palette.text,
        muted=request.palette.muted,
        title="answered within a latency",
        y_label="% of all requests",
        briefer=(
            ("answered within a latency", "% of all"),
            ("answered within a latency", "%"),
            ("answered within", "%"),
        ),
        x_label="latency (s, log)" if log else "latency (s)",
        x_range=(scene.shortest_latency / SECOND if log else 0.0, scene.longest_latency / SECOND),
        x_log=log,
        y_range=(0.0, 100.0),
        background=request.palette.background,
        empty="no answers yet",
    )


def _answered(request: ChartRequest) -> ChartSpec:
    """How many requests were answered: curves that only rise, so that they never tangle."""
    scene, curves = request.scene, []
    for run in scene.runs:
        ends = run.ends[: run.at(request.time).done]
        x = np.concatenate(([0], ends, [request.time])) / SECOND
        y = np.concatenate((np.arange(len(ends) + 1), [len(ends)])).astype(np.float64)
        curves.append((x, y))
    wordings = ("answered so far", "requests"), ("answered", "requests")
    return _over_time(request, wordings, curves, float(len(scene.runs[0])))


def _slot_seconds(share: str, more: str = "") -> Callable[[ChartRequest], ChartSpec]:
    """A chart of one kind of slot-time so far; `more` is said of it where there is room."""

    def spec(request: ChartRequest) -> ChartSpec:
        scene, curves = request.scene, []
        names = {lost_part(run) for run in scene.runs} if share == "stalled" else {share}
        word = " or ".join(sorted(names, reverse=True))
        titles = (f"{word} so far{more}", f"{word} so far", word if len(names) == 1 else "lost")
        results = scene.comparison.simulated
        totals = [getattr(result.utilization, f"{share}_time") for result in results]
        for run, so_far in zip(scene.runs, scene.so_far, strict=True):
            if not run.tells_iterations:
                curves.append(_NOTHING)
                continue
            grid = np.minimum(_grid(scene, request.time), run.finished)
            edges = np.unique(np.concatenate(([0], grid)))
            part = getattr(so_far.slots.series(edges), share) * np.diff(edges) * run.slots
            spent = np.concatenate(([0.0], np.cumsum(part))) / SECOND
            curves.append((edges / SECOND, spent))
        wordings = [(title, "slot-seconds") for title in titles]
        return _over_time(request, wordings, curves, max(totals) / SECOND or 1.0)

    return spec


def _memory(request: ChartRequest) -> ChartSpec:
    """How large a share of the KV cache is taken; lanes without a limit have no line."""
    scene, grid, curves = request.scene, _grid(request.scene, request.time), []
    for run, use in zip(scene.runs, scene.kv_uses, strict=True):
        edges = np.minimum(grid, run.finished)
        edges = np.unique(np.concatenate(([0], edges)))
        shares = use.shares(edges) if use else np.zeros(0)
        middles = (edges[:-1] + edges[1:]) / (2 * SECOND)
        curves.append((middles[: len(shares)], shares * 100))
    wordings = ("KV memory taken", "% of the pool"), ("KV memory taken", "%"), ("KV taken", "%")
    return _over_time(request, wordings, curves, 100.0)


def _lines(request: ChartRequest, curves: Curves, *, steps: bool = False) -> tuple[Line, ...]:
    return tuple(
        Line(
            name=spelled(run.strategy.name),
            x=x if len(x) > 1 else np.zeros(0),
            y=y if len(x) > 1 else np.zeros(0),
            colour=request.palette.strategy(run.strategy.name),
            mark=mark_of(run.strategy.name),
            steps=steps,
        )
        for run, (x, y) in zip(request.scene.runs, curves, strict=True)
    )


def _playhead_cell(scene: Scene, time: Picoseconds) -> int:
    """Where the playhead is, as finely as any terminal can show it."""
    return time * 1000 // scene.end


def _done(scene: Scene, time: Picoseconds) -> tuple[int, ...]:
    return tuple(run.at(time).done for run in scene.runs)


def _has_begun(scene: Scene, time: Picoseconds) -> bool:
    return any(time > run.begin + 1 for run in scene.runs)


def _has_answers(scene: Scene, time: Picoseconds) -> bool:
    return any(_done(scene, time))


def has_memory(runs: tuple[Run, ...]) -> bool:
    """Whether the memory of any lane has an end."""
    return any(run.kv is not None for run in runs)


LATENCY = LineChart(_answered_within, _done, _has_answers)
UTILIZATION = LineChart(_busy, _playhead_cell, _has_begun)
ANSWERED = LineChart(_answered, _playhead_cell, _has_begun)
_HELD = LineChart(_slot_seconds("held", ", the bubble"), _playhead_cell, _has_begun)
_MEMORY = LineChart(_memory, _playhead_cell, _has_begun)
_STALLED = LineChart(_slot_seconds("stalled"), _playhead_cell, _has_begun)


def pairs_of(scene: Scene) -> tuple[tuple[LineChart, LineChart], ...]:
    """The charts side by side, in the order in which they are turned to.

    The pair about memory is there where memory has an end. Beside what was measured, the first pair
    is about what a log tells, too.
    """
    pairs = [(UTILIZATION, LATENCY), (ANSWERED, _HELD)]
    if scene.comparison.measured:
        pairs = [(ANSWERED, LATENCY), (UTILIZATION, _HELD)]
    return (*pairs, *([(_MEMORY, _STALLED)] if has_memory(scene.runs) else []))
