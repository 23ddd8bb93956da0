"""Line charts for a terminal: a ChartSpec in, rows of cells out.

The lines, with axes and ticks, are drawn by `plotext_figure`. The title, the legend and the label
of the x axis are laid around them here, because a legend within them would take half of a small
chart; marks and labels are put over them cell by cell, where they hide nothing and each other
neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import floor
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from tui_batching.charts.axis import Axis
from tui_batching.charts.plotext_figure import PLAIN, Inked, Stroke, figure_rows
from tui_batching.charts.polyline import Points, finite_pieces, staircase, thin, window
from tui_batching.charts.rows import Cells
from tui_batching.columns import FloatArray

Range: TypeAlias = tuple[float, float]
Dots: TypeAlias = Literal["braille", "hd"]
_RowAndColumn: TypeAlias = tuple[int, int]

_TEXT, _MUTED, _FIRST = 1, 2, 3
"""The inks of words and of axes, and of the first line."""
_MARK_SPACING = 16
_BLANK = (" ", 0)
_NEAR = (0, 1, -1, 2, -2, 3, -3)
"""Columns beside a point whose own cell is taken."""
_TOGETHER = range(-2, 3)
"""Columns in which marks of one line would run together."""
_UPRIGHTS = "│┊"
"""What upright lines are drawn with."""
_HANGING = 3
"""Rows in which the label of an upright line may hang."""
_LEAST_COLUMNS, _LEAST_ROWS = 8, 5
"""A chart takes at least so much: a head, two rows of points, and the axis with its numbers."""
_NO_ROOM = "too few rows for a chart"


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One series.

    Attributes:
        name: what the legend calls it.
        x: non-decreasing, unless it has points; NaN anywhere in x or y leaves a gap.
        y: one value for each x.
        colour: of line, marks and legend entry.
        mark: one cell set on the line now and then and before the name in the legend, so that
            lines are told apart without colour.
        steps: keep each value until the next x, as a cumulative distribution does.
        points: mark each point, for there are few, but none twice in a place; they are joined in
            their order.
    """

    name: str
    x: FloatArray
    y: FloatArray
    colour: Color
    mark: str = "o"
    steps: bool = False
    points: bool = False


@dataclass(frozen=True, slots=True)
class Vertical:
    """An upright line behind the series: the playhead.

    Attributes:
        x: where it is.
        colour: of the line and its label.
        label: beside its upper end.
        glyph: what its cells show.
        rows: how many it has, from the top; None for the whole height.
    """

    x: float
    colour: Color
    label: str = ""
    glyph: str = "│"
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """A line from end to end behind the series: a limit. It stands in the row that a tick would.

    Attributes:
        y: where it is.
        colour: of the line and its label.
        label: at its left end.
    """

    y: float
    colour: Color
    label: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """A text beside a point, left out where there is no room for it."""

    x: float
    y: float
    text: str
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
        briefer: title and y label in fewer and fewer words, for where there is little room.
        x_range: lowest and highest x shown; None shows all of the data.
        y_range: as `x_range`; values beyond are drawn on the border.
        verticals: upright lines; those outside of `x_range` are left out.
        levels: lines from end to end; those outside of `y_range` are left out.
        background: ground of every cell; None leaves what is below.
        empty: said in the middle when no line has a point to draw.
        x_log: whether equal factors are equally far apart; what is not above zero is left out.
        y_log: as `x_log`.
        x_ticks: the ticks of the x axis; None takes round values.
        labels: texts within the chart.
        legend: whether the names of the lines stand above it.
        dots: what lines are made of: braille, or quarter blocks for fonts without it.
    """

    width: int
    height: int
    lines: tuple[Line, ...]
    text: Color
    muted: Color
    title: str = ""
    x_label: str = ""
    y_label: str = ""
    briefer: tuple[tuple[str, str], ...] = ()
    x_range: Range | None = None
    y_range: Range | None = None
    verticals: tuple[Vertical, ...] = ()
    levels: tuple[Level, ...] = ()
    background: Color | None = None
    empty: str = "no data yet"
    dots: Dots = "braille"
    x_log: bool = False
    y_log: bool = False
    x_ticks: tuple[float, ...] | None = None
    labels: tuple[Label, ...] = ()
    legend: bool = True


def draw(spec: ChartSpec) -> list[Cells]:
    """The chart as `height` rows of exactly `width` cells; never raises for a small size.

    May be called from any thread, also from several at once: every call has a figure of its own.
    """
    inks = _inks(spec)
    return [_styled(row, inks, spec.width) for row in _cells(spec)]


def _inks(spec: ChartSpec) -> list[Style]:
    """The style of each ink number."""
    things: tuple[Line | Vertical | Level | Label, ...] = (
        *spec.lines, *spec.verticals, *spec.levels, *spec.labels,
    )  # fmt: skip
    colours = [None, spec.text, spec.muted, *(thing.colour for thing in things)]
    return [Style(color=colour, bgcolor=spec.background) for colour in colours]


def _styled(row: Inked, inks: list[Style], width: int) -> Cells:
    """A row of cells as few Segments as possible, `width` cells wide."""
    segments: list[Segment] = []
    run, ink = "", PLAIN
    for character, wanted in row:
        if wanted != ink and run:
            segments.append(Segment(run, inks[ink]))
            run = ""
        run, ink = run + character, wanted
    segments.append(Segment(run, inks[ink]))
    return Segment.adjust_line_length(segments, width, inks[PLAIN])


def _cells(spec: ChartSpec) -> list[Inked]:
    """The whole chart as rows of (character, ink)."""
    width, height = max(spec.width, 0), max(spec.height, 0)
    if width < _LEAST_COLUMNS or height < _LEAST_ROWS:
        return _without_a_chart(width, height)
    pieces = [_pieces(line, spec) for line in spec.lines]
    drawn = [part for parts in pieces for part in parts]
    x = _axis(spec.x_range, [xs for xs, _ in drawn], max(2, width // 8), log=spec.x_log)
    y = _axis(spec.y_range, [ys for _, ys in drawn], _most_y_ticks(height - 2), log=spec.y_log)
    if spec.x_ticks is not None:
        x = x.with_ticks(spec.x_ticks)
    left = max(map(len, y.labels), default=0) + 1
    x = x.without_crowded(width - left, cell_len(spec.x_label))
    placed = [[(x.in_even_units(xs), y.in_even_units(ys)) for xs, ys in parts] for parts in pieces]
    upright = [float(x.in_even_units(vertical.x)) for vertical in spec.verticals]
    uprights = list(enumerate(upright, _FIRST + len(spec.lines)))
    strokes = _strokes(spec, placed, x.even, y.even)
    figure = figure_rows((width, height - 1), (x.even, y.even), _MUTED, uprights, strokes)
    cells = [_header(spec), *figure]
    if spec.x_label:
        _write(cells[-1], width - cell_len(spec.x_label), spec.x_label, _MUTED)
    if not drawn:
        middle = max(0, (width - cell_len(spec.empty)) // 2)
        _write(cells[height // 2 - 1], middle, spec.empty, _MUTED)
    _put_over(spec, _Canvas(cells, left, 1, width - left, height - 3, x, y))
    return cells


def _without_a_chart(width: int, height: int) -> list[Inked]:
    """Blank rows that say why; with a single row of points all would seem to have one value."""
    rows: list[Inked] = [[(" ", PLAIN)] * width for _ in range(height)]
    if height and width >= len(_NO_ROOM):
        _write(rows[height // 2], (width - len(_NO_ROOM)) // 2, _NO_ROOM, _MUTED)
    return rows


def _pieces(line: Line, spec: ChartSpec) -> list[Points]:
    x, y = np.asarray(line.x, dtype=np.float64), np.asarray(line.y, dtype=np.float64)
    if spec.x_log:
        x = np.where(x > 0, x, np.nan)
    if spec.y_log:
        y = np.where(y > 0, y, np.nan)
    pieces = finite_pieces(x, y)
    return [staircase(*piece) for piece in pieces] if line.steps else pieces


def _most_y_ticks(rows: int) -> int:
    """At most one every other row; fewer on a tall axis, where a row more or less would be seen."""
    return max(2, min(rows // 2, 4 + rows // 6))


def _axis(limits: Range | None, parts: list[FloatArray], most: int, *, log: bool) -> Axis:
    """The axis over the limits, or else over all values; over 0 to 1, or 1 to 10, without any."""
    if limits is None and parts:
        limits = min(float(part.min()) for part in parts), max(float(part.max()) for part in parts)
    if log:
        return Axis.log_over(limits or (1.0, 10.0), most)
    return Axis.over(limits or (0.0, 1.0), most)


def _put_over(spec: ChartSpec, canvas: _Canvas) -> None:
    """Marks of points, then labels, over what plotext has drawn."""
    verticals = _FIRST + len(spec.lines)
    for number, vertical in enumerate(spec.verticals, verticals):
        canvas.redraw(number, vertical)
    levels = verticals + len(spec.verticals)
    for number, level in enumerate(spec.levels, levels):
        canvas.lay(level.y, number)
    for number, line in enumerate(spec.lines, _FIRST):
        for xs, ys in _pieces(line, spec) if line.points else ():
            for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
                canvas.put_mark(x, y, line.mark, number)
    for number, vertical in reversed(list(enumerate(spec.verticals, verticals))):
        if vertical.label and canvas.x.lower <= vertical.x <= canvas.x.upper:
            canvas.hang(vertical.x, vertical.label, number)
    for number, level in enumerate(spec.levels, levels):
        canvas.put_label(canvas.x.lower, level.y, level.label, number)
    for number, label in enumerate(spec.labels, levels + len(spec.levels)):
        canvas.put_label(label.x, label.y, label.text, number)


_FEW_LINES = 3
"""So many names may be cut where there is no title."""


class _Legend(NamedTuple):
    """What stands for each line at the right of the header, and the cells between."""

    entries: list[str]
    gap: int

    @property
    def width(self) -> int:
        """The cells of it all."""
        return sum(map(cell_len, self.entries)) + self.gap * max(0, len(self.entries) - 1)


def _legends(spec: ChartSpec) -> list[_Legend]:
    """The legend at full length, then shorter: marks tell more than the beginnings of names."""
    lines = spec.lines if spec.legend else ()
    names = [f"{line.mark} {line.name}" for line in lines]
    if not spec.title and 0 < len(lines) <= _FEW_LINES:
        most = max(2, (spec.width + 2) // len(lines) - 2)
        return [_Legend([name[:most] for name in names], 2)]
    marks = [line.mark for line in lines]
    return [_Legend(names, 2), _Legend(marks, 3), _Legend(marks, 1)]


def _header(spec: ChartSpec) -> Inked:
    """Title and y label on the left, the legend on the right: names give way before words do."""
    row = [(" ", PLAIN)] * spec.width
    wordings = ((spec.title, spec.y_label), *spec.briefer)
    forms = [
        (title, f" · {label}" if title and label else label, legend)
        for title, label in wordings
        for legend in _legends(spec)
    ]
    fitting = (
        (title, label, legend)
        for title, label, legend in forms
        if cell_len(title + label) + 2 + legend.width <= spec.width
    )
    title, label, legend = next(fitting, forms[-1])
    column = spec.width - legend.width
    room = column - 2
    for number, entry in enumerate(legend.entries, _FIRST):
        _write(row, column, entry[:1], number)
        _write(row, column + 1, entry[1:], _TEXT)
        column += cell_len(entry) + legend.gap
    if cell_len(title) <= room:
        _write(row, 0, title, _TEXT)
        if cell_len(title + label) <= room:
            _write(row, cell_len(title), label, _MUTED)
    return row


def _strokes(spec: ChartSpec, pieces: list[list[Points]], x: Axis, y: Axis) -> list[Stroke]:
    """The lines, then the marks that are set on them now and then."""
    strokes = []
    for number, parts in enumerate(pieces):
        for part in parts:
            xs, ys = part if spec.lines[number].points else _visible(part, x, y, spec)
            if len(xs):
                ink = _FIRST + number
                strokes.append(Stroke(xs.tolist(), ys.tolist(), spec.dots, ink, joined=True))
    spots = max(1, spec.width // _MARK_SPACING) * len(pieces)
    shares = (np.arange(spots) + 0.5) / max(1, spots)
    for number, parts in enumerate(pieces):
        line, places = spec.lines[number], _marks(parts, shares[number :: len(pieces)], x, y)
        if places and not line.points:
            at, values = map(list, zip(*places, strict=True))
            strokes.append(Stroke(at, values, line.mark, _FIRST + number, joined=False))
    return strokes


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


def _write(row: Inked, column: int, text: str, ink: int) -> None:
    """Put a text over the cells of a row; what does not fit is cut."""
    for number, character in enumerate(text, max(0, column)):
        if number < len(row):
            row[number] = (character, ink)


@dataclass(frozen=True, slots=True)
class _Canvas:
    """The cells of a chart, and which of them are within its axes.

    Attributes:
        cells: all rows of the chart; they are changed in place.
        left: the first column within the axes.
        top: the first row.
        columns: how many columns there are.
        rows: how many rows.
        x: the axis below.
        y: the axis at the left.
    """

    cells: list[Inked]
    left: int
    top: int
    columns: int
    rows: int
    x: Axis
    y: Axis
    _marked: dict[_RowAndColumn, int] = field(default_factory=dict)

    def cell_of(self, x: float, y: float) -> _RowAndColumn:
        """The cell of a point."""
        across = floor(self.x.share(x) * (self.columns - 1) + 0.5)  # as plotext rounds
        up = floor(self.y.share(y) * (self.rows - 1) + 0.5)
        return self.top + self.rows - 1 - up, self.left + across

    def put_mark(self, x: float, y: float, mark: str, ink: int) -> None:
        """Mark a point; beside it where another line's is, not at all where its own line's is."""
        row, column = self.cell_of(x, y)
        if any(self._marked.get((row, column + beside)) == ink for beside in _TOGETHER):
            return
        for beside in _NEAR:
            place = (row, column + beside)
            if place not in self._marked and self._holds(place, 1):
                self._marked[place] = ink
                _write(self.cells[row], column + beside, mark, ink)
                return

    def put_label(self, x: float, y: float, text: str, ink: int) -> None:
        """Put a text beside a point, or above or below it; nowhere if there is no room."""
        row, column = self.cell_of(x, y)
        length = cell_len(text)
        self._put_first(self._around(row, column, length), text, ink)

    def hang(self, x: float, text: str, ink: int) -> None:
        """Put a text beside the upper end of an upright line, if need be over other lines."""
        column = self._column_of(x, ink)
        right, left = column + 1, column - cell_len(text)
        rows = range(self.top, self.top + min(_HANGING, self.rows))
        places = [(row, at) for row in rows for at in (right, left)]
        if not self._put_first(iter(places), text, ink, over=_UPRIGHTS):
            at = right if self._holds((self.top, right), cell_len(text)) else left
            _write(self.cells[self.top], at, text, ink)

    def lay(self, y: float, ink: int) -> None:
        """Draw a line from end to end behind all else, in the row in which a tick would stand."""
        if self.y.lower <= y <= self.y.upper:
            row = self.cells[self.cell_of(self.x.lower, y)[0]]
            row[self.left :] = [("─", ink) if cell == _BLANK else cell for cell in row[self.left :]]

    def redraw(self, ink: int, vertical: Vertical) -> None:
        """Draw the upper cells of an upright line with its character, and blank the others.

        One that ends is drawn over another one in the same column, which goes on below.
        """
        if not self.x.lower <= vertical.x <= self.x.upper:
            return
        column = self._column_of(vertical.x, ink)
        rows, over = (self.rows, "") if vertical.rows is None else (vertical.rows, _UPRIGHTS)
        for number, row in enumerate(self.cells[self.top : self.top + self.rows]):
            if row[column] == ("│", ink) or (number < rows and row[column][0] in over):
                row[column] = (vertical.glyph, ink) if number < rows else _BLANK

    def _column_of(self, x: float, ink: int) -> int:
        """The column in which an upright line was drawn, whichever way its place was rounded."""
        for row in self.cells[self.top : self.top + self.rows]:
            for column, (_, each) in enumerate(row):
                if each == ink:
                    return column
        return self.cell_of(x, self.y.lower)[1]  # another one stands there

    def _around(self, row: int, column: int, length: int) -> Iterator[_RowAndColumn]:
        yield row, column + 2
        yield row, column - length - 1
        for beside in (-1, 1):
            yield row + beside, column - length // 2
            yield row + beside, column + 1
            yield row + beside, column - length

    def _put_first(
        self, places: Iterator[_RowAndColumn], text: str, ink: int, over: str = ""
    ) -> bool:
        """Put a text in the first place that is blank, but for `over`; whether there was one."""
        length = cell_len(text)
        for row, column in places:
            if self._holds((row, column), length) and self._is_free(row, column, length, over):
                _write(self.cells[row], column, text, ink)
                return True
        return False

    def _is_free(self, row: int, column: int, length: int, over: str) -> bool:
        """Whether there is nothing in the cells but what a text may cover, and none beside them."""
        cells = self.cells[row]
        beside = [*cells[column - 1 : column], *cells[column + length : column + length + 1]]
        return all(
            cell == _BLANK or cell[0] in over for cell in cells[column : column + length]
        ) and not any(character.isalnum() for character, _ in beside)

    def _holds(self, place: _RowAndColumn, length: int) -> bool:
        """Whether so many cells from a place on are within the axes."""
        row, column = place
        return (
            self.top <= row < self.top + self.rows
            and self.left <= column
            and column + length <= self.left + self.columns
        )
