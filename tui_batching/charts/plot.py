"""Line charts for a terminal: a ChartSpec in, rows of cells out; the one that knows plotext.

plotext draws what is hard to draw well, the lines in braille, with axes and ticks, on a figure
made for one call and forgotten after it: nothing of plotext's module-level figure is read or
changed, and neither the size of the terminal nor its being one plays a part. The title, the legend
and the label of the x axis are laid around it here, because plotext's own legend would take half of
a small chart.

Colours do not go through plotext. Each thing is drawn in a numbered ink, plotext writes the number
as an escape code, and reading it back gives the cell the rich colour of that number: 16 colours,
"default" and true colour come out as they went in.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from tui_batching.charts.axis import Axis
from tui_batching.charts.canvas import Canvas, Inked, write
from tui_batching.charts.chart_spec import ChartSpec, Label, Line, Range, Vertical
from tui_batching.charts.polyline import Points, finite_pieces, staircase, thin, window
from tui_batching.charts.rows import Cells
from tui_batching.columns import FloatArray

__all__ = ["ChartSpec", "Label", "Line", "Vertical", "draw"]

_PLAIN, _TEXT, _MUTED, _FIRST = 0, 1, 2, 3
_ESCAPE_OR_TEXT = re.compile(r"\x1b\[([0-9;]*)m|([^\x1b]+)")
_MARK_SPACING = 16


def draw(spec: ChartSpec) -> list[Cells]:
    """The chart as `height` rows of exactly `width` cells; never raises for a small size.

    May be called from any thread, also from several at once: every call has a figure of its own.
    """
    inks = _inks(spec)
    return [_styled(row, inks, spec.width) for row in _cells(spec)]


def _inks(spec: ChartSpec) -> list[Style]:
    """The style of each ink number."""
    things: tuple[Line | Vertical | Label, ...] = (*spec.lines, *spec.verticals, *spec.labels)
    colours = [None, spec.text, spec.muted, *(thing.colour for thing in things)]
    return [Style(color=colour, bgcolor=spec.background) for colour in colours]


def _styled(row: Inked, inks: list[Style], width: int) -> Cells:
    """A row of cells as few Segments as possible, `width` cells wide."""
    segments: list[Segment] = []
    run, ink = "", _PLAIN
    for character, wanted in row:
        if wanted != ink and run:
            segments.append(Segment(run, inks[ink]))
            run = ""
        run, ink = run + character, wanted
    segments.append(Segment(run, inks[ink]))
    return Segment.adjust_line_length(segments, width, inks[_PLAIN])


def _cells(spec: ChartSpec) -> list[Inked]:
    """The whole chart as rows of (character, ink)."""
    width, height = max(spec.width, 0), max(spec.height, 0)
    if width < 8 or height < 4:
        return [[(" ", _PLAIN)] * width for _ in range(height)]
    pieces = [_pieces(line, spec) for line in spec.lines]
    drawn = [part for parts in pieces for part in parts]
    x = _axis(spec.x_range, [xs for xs, _ in drawn], max(2, width // 8), log=spec.x_log)
    y = _axis(spec.y_range, [ys for _, ys in drawn], max(2, (height - 2) // 2), log=spec.y_log)
    if spec.x_ticks is not None:
        x = x.with_ticks(spec.x_ticks)
    left = max(map(len, y.labels), default=0) + 1
    x = x.without_crowded(width - left, cell_len(spec.x_label))
    placed = [[(x.place(xs), y.place(ys)) for xs, ys in parts] for parts in pieces]
    uprights = [float(x.place(vertical.x)) for vertical in spec.verticals]
    drawing = _plot(spec, placed, uprights, x.even, y.even)
    cells = [_header(spec), *_read(drawing, width, height - 1)]
    if spec.x_label:
        write(cells[-1], width - cell_len(spec.x_label), spec.x_label, _MUTED)
    if not drawn:
        middle = max(0, (width - cell_len(spec.empty)) // 2)
        write(cells[height // 2 - 1], middle, spec.empty, _MUTED)
    _put_over(spec, Canvas(cells, left, 1, width - left, height - 3, x, y))
    return cells


def _pieces(line: Line, spec: ChartSpec) -> list[Points]:
    x, y = np.asarray(line.x, dtype=np.float64), np.asarray(line.y, dtype=np.float64)
    if spec.x_log:
        x = np.where(x > 0, x, np.nan)
    if spec.y_log:
        y = np.where(y > 0, y, np.nan)
    pieces = finite_pieces(x, y)
    return [staircase(*piece) for piece in pieces] if line.steps else pieces


def _axis(limits: Range | None, parts: list[FloatArray], most: int, *, log: bool) -> Axis:
    """The axis over the limits, or else over all values; over 0 to 1, or 1 to 10, without any."""
    if limits is None and parts:
        limits = min(float(part.min()) for part in parts), max(float(part.max()) for part in parts)
    if log:
        return Axis.log_over(limits or (1.0, 10.0), most)
    return Axis.over(limits or (0.0, 1.0), most)


def _put_over(spec: ChartSpec, canvas: Canvas) -> None:
    """Marks of points, then labels, over what plotext has drawn."""
    verticals = _FIRST + len(spec.lines)
    for number, vertical in enumerate(spec.verticals, verticals):
        canvas.replace(number, vertical.glyph)
    for number, line in enumerate(spec.lines, _FIRST):
        for xs, ys in _pieces(line, spec) if line.points else ():
            for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
                canvas.put_mark(x, y, line.mark, number)
    for number, vertical in enumerate(spec.verticals, verticals):
        if vertical.label and canvas.x.lower <= vertical.x <= canvas.x.upper:
            canvas.hang(vertical.x, vertical.label, number)
    for number, label in enumerate(spec.labels, verticals + len(spec.verticals)):
        canvas.put_label(label.x, label.y, label.text, number)


def _header(spec: ChartSpec) -> Inked:
    """Title and y label on the left, the legend on the right; the names shrink before marks do."""
    row = [(" ", _PLAIN)] * spec.width
    lines = spec.lines if spec.legend else ()
    count = max(1, len(lines))
    longest = max((cell_len(line.name) for line in lines), default=0)
    name_size = max(0, min(longest, (spec.width - 2 * (count - 1)) // count - 2))
    entries = [(line, line.name[:name_size]) for line in lines]
    column = spec.width - sum(cell_len(name) + 4 for _, name in entries) + 2
    room = column - 2
    for number, (line, name) in enumerate(entries):
        write(row, column, line.mark, _FIRST + number)
        write(row, column + 2, name, _TEXT)
        column += cell_len(name) + 4
    label = f" · {spec.y_label}" if spec.title and spec.y_label else spec.y_label
    if cell_len(spec.title) <= room:
        write(row, 0, spec.title, _TEXT)
        if cell_len(spec.title + label) <= room:
            write(row, cell_len(spec.title), label, _MUTED)
    return row


def _plot(
    spec: ChartSpec, pieces: list[list[Points]], uprights: list[float], x: Axis, y: Axis
) -> str:
    """What plotext makes of the lines, the axes and the ticks: rows of text with escape codes.

    The figure and the terminal it believes in are new ones; `limit` lets it be larger than the real
    terminal. plotext is imported here because that takes a third of a second.
    """
    import plotext  # noqa: PLC0415

    terminal = type(plotext.terminal)().limit(width=False, height=False)
    figure: Any = type(plotext.figure)(terminal)
    figure.plot_size(spec.width, spec.height - 1).canvas("default").axes(active=False)
    for axis, side, of in (("x", "lower", x), ("y", "left", y)):
        figure.axes(active=True, pixel=plotext.pixel(_MUTED), axis=axis, side=side)
        ruler = figure.ruler(axis, side).pixel(plotext.pixel(_MUTED)).lim(of.lower, of.upper)
        ruler.ticks(list(of.ticks), list(of.labels))
    for number, upright in enumerate(uprights, _FIRST + len(spec.lines)):
        if x.lower <= upright <= x.upper:
            figure.line(upright, orientation=1, pixel=plotext.pixel(number))
    for number, parts in enumerate(pieces):
        pen = plotext.marker(spec.pen, plotext.pixel(_FIRST + number))
        for part in parts:
            xs, ys = part if spec.lines[number].points else _visible(part, x, y, spec)
            if len(xs):
                figure.draw(figure.signal(xs.tolist(), ys.tolist(), marker=pen).lines())
    spots = max(1, spec.width // _MARK_SPACING) * len(pieces)
    shares = (np.arange(spots) + 0.5) / max(1, spots)
    for number, parts in enumerate(pieces):
        mark = plotext.marker(spec.lines[number].mark, plotext.pixel(_FIRST + number))
        places = _marks(parts, shares[number :: len(pieces)], x, y)
        if places and not spec.lines[number].points:
            figure.draw(figure.signal(*map(list, zip(*places, strict=True)), marker=mark))
    return str(figure.build().string())


def _visible(part: Points, x: Axis, y: Axis, spec: ChartSpec) -> Points:
    """The part of a line within the axes, with no more points than half a dot can show."""
    xs, ys = window(*part, x.lower, x.upper)
    half_a_dot = (y.upper - y.lower) / (4 * spec.height) / 2
    return thin(xs, np.clip(ys, y.lower, y.upper), 2 * spec.width, half_a_dot)


def _marks(parts: list[Points], shares: FloatArray, x: Axis, y: Axis) -> list[tuple[float, float]]:
    """Where a line is marked: at these shares of the x axis that it reaches, or else at its end."""
    places: list[tuple[float, float]] = []
    for xs, ys in parts:
        at = x.lower + shares * (x.upper - x.lower)
        at = at[(at >= xs[0]) & (at <= xs[-1])]
        values = np.clip(np.interp(at, xs, ys), y.lower, y.upper)
        places.extend(zip(at.tolist(), values.tolist(), strict=True))
    ends = [(float(xs[-1]), float(ys[-1])) for xs, ys in parts if x.lower <= xs[-1] <= x.upper]
    return places or ends[-1:]


def _read(drawing: str, width: int, height: int) -> list[Inked]:
    """The drawing's escape codes as cells: `38;5;N` sets ink N, `0` no ink."""
    rows: list[Inked] = []
    for text in drawing.split("\n")[:height]:
        row: Inked = []
        ink = _PLAIN
        for code, run in _ESCAPE_OR_TEXT.findall(text):
            if run:
                row.extend((character, ink) for character in run)
            elif code.startswith("38;5;"):
                ink = int(code[5:])
            elif code == "0":
                ink = _PLAIN
        rows.append(row[:width] + [(" ", _PLAIN)] * (width - len(row)))
    return rows + [[(" ", _PLAIN)] * width for _ in range(height - len(rows))]
