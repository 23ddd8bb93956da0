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
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from tui_batching.charts.axis import Axis
from tui_batching.charts.polyline import Points, finite_pieces, staircase, thin, window
from tui_batching.charts.rows import Cells
from tui_batching.columns import FloatArray

Range: TypeAlias = tuple[float, float]
Pen: TypeAlias = Literal["braille", "hd"]
_Grid: TypeAlias = list[list[tuple[str, int]]]

_PLAIN, _TEXT, _MUTED, _FIRST = 0, 1, 2, 3
_ESCAPE_OR_TEXT = re.compile(r"\x1b\[([0-9;]*)m|([^\x1b]+)")
_MARK_SPACING = 16


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One series.

    Attributes:
        name: what the legend calls it.
        x: non-decreasing; NaN anywhere in x or y leaves a gap.
        y: one value for each x.
        colour: of line, marks and legend entry.
        mark: one cell set on the line now and then and before the name in the legend, so that
            lines are told apart without colour.
        steps: keep each value until the next x, as a cumulative distribution does.
    """

    name: str
    x: FloatArray
    y: FloatArray
    colour: Color
    mark: str = "●"
    steps: bool = False


@dataclass(frozen=True, slots=True)
class Vertical:
    """An upright line over the whole height, behind the series: the playhead."""

    x: float
    colour: Color


@dataclass(frozen=True, slots=True, eq=False)
class ChartSpec:
    """All that a chart depends on.

    Attributes:
        width: in cells.
        height: in cells: one row of legend, the lines, one row of axis and one of tick labels.
        lines: drawn in this order, the last one on top.
        text: colour of the title and of the legend's names.
        muted: colour of axes, ticks and labels.
        title: left of the legend; may be empty.
        x_label: with its unit, at the right end of the tick labels.
        y_label: with its unit, after the title.
        x_range: lowest and highest x shown; None shows all of the data.
        y_range: as `x_range`; values beyond are drawn on the border.
        verticals: upright lines; those outside of `x_range` are left out.
        background: ground of every cell; None leaves what is below.
        empty: said in the middle when no line has a point to draw.
        pen: braille dots, or quarter blocks for fonts without braille.
    """

    width: int
    height: int
    lines: tuple[Line, ...]
    text: Color
    muted: Color
    title: str = ""
    x_label: str = ""
    y_label: str = ""
    x_range: Range | None = None
    y_range: Range | None = None
    verticals: tuple[Vertical, ...] = ()
    background: Color | None = None
    empty: str = "no data yet"
    pen: Pen = "braille"


def draw(spec: ChartSpec) -> list[Cells]:
    """The chart as `height` rows of exactly `width` cells; never raises for a small size.

    May be called from any thread, also from several at once: every call has a figure of its own.
    """
    inks = _inks(spec)
    return [_styled(row, inks, spec.width) for row in _cells(spec)]


def _inks(spec: ChartSpec) -> list[Style]:
    """The style of each ink number."""
    things = [*(line.colour for line in spec.lines), *(line.colour for line in spec.verticals)]
    colours = [None, spec.text, spec.muted, *things]
    return [Style(color=colour, bgcolor=spec.background) for colour in colours]


def _styled(row: list[tuple[str, int]], inks: list[Style], width: int) -> Cells:
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


def _cells(spec: ChartSpec) -> _Grid:
    """The whole chart as rows of (character, ink)."""
    width, height = max(spec.width, 0), max(spec.height, 0)
    if width < 8 or height < 4:
        return [[(" ", _PLAIN)] * width for _ in range(height)]
    pieces = [_pieces(line) for line in spec.lines]
    drawn = [part for parts in pieces for part in parts]
    x = Axis.over(spec.x_range or _extent([xs for xs, _ in drawn]), max(2, width // 8))
    y = Axis.over(spec.y_range or _extent([ys for _, ys in drawn]), max(2, (height - 2) // 2))
    x = x.without_crowded(width - max(map(len, y.labels), default=0) - 1, cell_len(spec.x_label))
    cells = [_header(spec), *_read(_plot(spec, pieces, x, y), width, height - 1)]
    if spec.x_label:
        _write(cells[-1], width - cell_len(spec.x_label), spec.x_label, _MUTED)
    if not drawn:
        middle = max(0, (width - cell_len(spec.empty)) // 2)
        _write(cells[height // 2 - 1], middle, spec.empty, _MUTED)
    return cells


def _pieces(line: Line) -> list[Points]:
    x, y = np.asarray(line.x, dtype=np.float64), np.asarray(line.y, dtype=np.float64)
    pieces = finite_pieces(x, y)
    return [staircase(*piece) for piece in pieces] if line.steps else pieces


def _extent(parts: list[FloatArray]) -> Range:
    """The lowest and highest of the values; 0 to 1 if there are none."""
    if not parts:
        return 0.0, 1.0
    return float(min(part.min() for part in parts)), float(max(part.max() for part in parts))


def _header(spec: ChartSpec) -> list[tuple[str, int]]:
    """Title and y label on the left, the legend on the right; the names shrink before marks do."""
    row = [(" ", _PLAIN)] * spec.width
    count = max(1, len(spec.lines))
    longest = max((cell_len(line.name) for line in spec.lines), default=0)
    name_size = max(0, min(longest, (spec.width - 2 * (count - 1)) // count - 2))
    entries = [(line, line.name[:name_size]) for line in spec.lines]
    column = spec.width - sum(cell_len(name) + 4 for _, name in entries) + 2
    room = column - 2
    for number, (line, name) in enumerate(entries):
        _write(row, column, line.mark, _FIRST + number)
        _write(row, column + 2, name, _TEXT)
        column += cell_len(name) + 4
    label = f" · {spec.y_label}" if spec.title and spec.y_label else spec.y_label
    if cell_len(spec.title) <= room:
        _write(row, 0, spec.title, _TEXT)
        if cell_len(spec.title + label) <= room:
            _write(row, cell_len(spec.title), label, _MUTED)
    return row


def _write(row: list[tuple[str, int]], column: int, text: str, ink: int) -> None:
    """Put a text over the cells of a row; what does not fit is cut."""
    for number, character in enumerate(text, max(0, column)):
        if number < len(row):
            row[number] = (character, ink)


def _plot(spec: ChartSpec, pieces: list[list[Points]], x: Axis, y: Axis) -> str:
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
    for number, vertical in enumerate(spec.verticals, _FIRST + len(spec.lines)):
        if x.lower <= vertical.x <= x.upper:
            figure.line(vertical.x, orientation=1, pixel=plotext.pixel(number))
    for number, parts in enumerate(pieces):
        pen = plotext.marker(spec.pen, plotext.pixel(_FIRST + number))
        for part in parts:
            xs, ys = _visible(part, x, y, spec)
            if len(xs):
                figure.draw(figure.signal(xs.tolist(), ys.tolist(), marker=pen).lines())
    spots = max(1, spec.width // _MARK_SPACING) * len(pieces)
    shares = (np.arange(spots) + 0.5) / max(1, spots)
    for number, parts in enumerate(pieces):
        mark = plotext.marker(spec.lines[number].mark, plotext.pixel(_FIRST + number))
        places = _marks(parts, shares[number :: len(pieces)], x, y)
        if places:
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


def _read(drawing: str, width: int, height: int) -> _Grid:
    """The drawing's escape codes as cells: `38;5;N` sets ink N, `0` no ink."""
    rows: _Grid = []
    for text in drawing.split("\n")[:height]:
        row: list[tuple[str, int]] = []
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
