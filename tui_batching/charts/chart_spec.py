"""What a chart is to show, as plain data; `plot.draw` draws it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from rich.color import Color

from tui_batching.columns import FloatArray

Range: TypeAlias = tuple[float, float]
Pen: TypeAlias = Literal["braille", "hd"]


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
        points: mark each point, for there are few; they are joined in their order.
    """

    name: str
    x: FloatArray
    y: FloatArray
    colour: Color
    mark: str = "●"
    steps: bool = False
    points: bool = False


@dataclass(frozen=True, slots=True)
class Vertical:
    """An upright line over the whole height, behind the series: the playhead.

    Attributes:
        x: where it is.
        colour: of the line and its label.
        label: beside its upper end.
        glyph: what its cells show.
    """

    x: float
    colour: Color
    label: str = ""
    glyph: str = "│"


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
        x_range: lowest and highest x shown; None shows all of the data.
        y_range: as `x_range`; values beyond are drawn on the border.
        verticals: upright lines; those outside of `x_range` are left out.
        background: ground of every cell; None leaves what is below.
        empty: said in the middle when no line has a point to draw.
        x_log: whether equal factors are equally far apart; what is not above zero is left out.
        y_log: as `x_log`.
        x_ticks: the ticks of the x axis; None takes round values.
        labels: texts within the chart.
        legend: whether the names of the lines stand above it.
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
    x_log: bool = False
    y_log: bool = False
    x_ticks: tuple[float, ...] | None = None
    labels: tuple[Label, ...] = ()
    legend: bool = True
