"""The timeline: arrivals, the ends of the Runs, and the playhead, which the mouse can drag."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from itertools import groupby

import numpy as np
from textual import events
from textual.message import Message

from tui_batching.analysis.scene import Scene
from tui_batching.charts.palette import Palette
from tui_batching.charts.rows import LEVELS, Cells, Row, style
from tui_batching.clock import Picoseconds
from tui_batching.columns import IntArray
from tui_batching.sim.run import Run
from tui_batching.strategies import mark_of
from tui_batching.tui.frame import Frame
from tui_batching.tui.panes import StripView

SELECTED = "▸"
"""Where the selected request arrives."""


def cell_of(time: Picoseconds, end: Picoseconds, cells: int) -> int:
    """The cell of the track in which an instant lies."""
    return min(cells - 1, time * cells // max(1, end))


def time_of(cell: int, end: Picoseconds, cells: int) -> Picoseconds:
    """The instant for which a cell stands: its start, or the end for the last one."""
    return end if cell >= cells - 1 else _start_of(max(0, cell), end, cells)


def _start_of(cell: int, end: Picoseconds, cells: int) -> Picoseconds:
    """The first instant in a cell."""
    return -(-cell * end // cells)


def arrival_counts(scene: Scene, cells: int) -> IntArray:
    """How many requests arrive in each cell of the track."""
    edges = np.array([_start_of(cell, scene.end, cells) for cell in range(1, cells)])
    index = np.searchsorted(edges, scene.workload.requests.arrival_time, side="right")
    return np.bincount(index, minlength=cells)


def timeline_row(
    scene: Scene, time: Picoseconds, counts: IntArray, palette: Palette, selected: int | None
) -> Cells:
    """The row: `━━▾━▾━━━┃──▾──C───S─`; what was played is heavy, what is to come is light.

    Arrivals so dense that marks would touch become levels. Letters that touch are of one instant,
    as far as cells tell; those that touch the playhead, too, are of now: `━━━SC┃`.
    """
    cells = len(counts)
    most = int(counts.max(initial=1))
    ground = palette.background
    playhead = cell_of(time, scene.end, cells)
    marks = [
        _mark(count, most, played=cell < playhead) for cell, count in enumerate(counts.tolist())
    ]
    played, ahead = style(palette.text, ground), style(palette.muted, ground)
    looks = [played if cell < playhead else ahead for cell in range(cells)]
    for cell, run in _letters(scene, cells, playhead):
        marks[cell] = mark_of(run.strategy.name)
        looks[cell] = style(palette.strategy(run.strategy.name), ground, bold=True)
    if selected is not None:
        arrival = int(scene.workload.requests.arrival_time[selected])
        cell = cell_of(arrival, scene.end, cells)
        marks[cell] = SELECTED
        looks[cell] = style(palette.selection, ground, bold=True, row=selected)
    marks[playhead], looks[playhead] = "┃", style(palette.playhead, ground, bold=True)
    row = Row(cells + 2, ahead).gap()
    for look, stretch in groupby(range(cells), looks.__getitem__):
        row.add("".join(marks[cell] for cell in stretch), look)
    return row.gap().cells()


def _letters(scene: Scene, cells: int, playhead: int) -> Iterator[tuple[int, Run]]:
    """Who is through, and the cell of its letter; the letters of one cell are side by side.

    They end in that cell, or before it where the playhead or the letters of another cell, from
    which they are set apart, are in the way.
    """
    through: dict[int, list[Run]] = {}
    for run in scene.runs:
        through.setdefault(cell_of(run.finished, scene.end, cells), []).append(run)
    free = cells
    for cell, runs in sorted(through.items(), reverse=True):
        after = min(cell + (cell != playhead), free)
        first = max(0, after - len(runs))
        yield from zip(range(first, cells), runs, strict=False)
        free = first - 1


def _mark(count: int, most: int, *, played: bool) -> str:
    if not count:
        return "━" if played else "─"
    return "▾" if most <= 3 else LEVELS[max(1, count * 8 // most)]


class Timeline(StripView):
    """Shows the timeline; clicking and dragging asks for another instant."""

    DEFAULT_CSS = """
    Timeline { height: 1; background: $background; }
    """

    class Scrubbed(Message):
        """The playhead was dragged.

        Attributes:
            instant: where to.
        """

        def __init__(self, instant: Picoseconds) -> None:
            super().__init__()
            self.instant = instant

    def __init__(self, *, id: str) -> None:  # noqa: A002 - the widget's name
        super().__init__(id=id)
        self._scene: Scene | None = None
        self._counts = np.zeros(0, np.int64)
        self._shown: Hashable = None

    def show(self, frame: Frame) -> None:
        """Draw the row if it has changed."""
        cells = self.content_size.width - 2
        if cells < 1:
            return
        if frame.scene is not self._scene or len(self._counts) != cells:
            self._scene, self._counts = frame.scene, arrival_counts(frame.scene, cells)
        playhead = cell_of(frame.time, frame.scene.end, cells)
        shown = (frame.scene, cells, playhead, frame.palette, frame.selected)
        if shown == self._shown:
            return
        self._shown = shown
        row = timeline_row(frame.scene, frame.time, self._counts, frame.palette, frame.selected)
        self.present([row])

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Start to drag."""
        self.capture_mouse()
        self._scrub(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag."""
        if event.button:
            self._scrub(event.x)

    def on_mouse_up(self) -> None:
        """Stop dragging."""
        self.release_mouse()

    def _scrub(self, x: int) -> None:
        if self._scene is not None:
            cells = len(self._counts)
            self.post_message(self.Scrubbed(time_of(x - 1, self._scene.end, cells)))
