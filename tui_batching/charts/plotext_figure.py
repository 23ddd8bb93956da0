"""The one place that knows plotext, and all that is used of it without being promised to be there.

plotext draws what is hard to draw well, the lines in braille, with axes and ticks. Read in plotext
6.1.0: `plotext.figure` and `plotext.terminal` are the only ones of their types that it offers, and
these types make further ones when they are called. So each call here has a figure of its own, which
is forgotten after it: nothing of plotext's module-level figure is read or changed, and neither the
size of the terminal nor its being one plays a part.

Colours do not go through plotext. Each thing is drawn in a numbered ink, plotext writes the number
as an escape code, and reading it back gives the cell the rich colour of that number: 16 colours,
"default" and true colour come out as they went in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from tui_batching.charts.axis import Axis

Inked: TypeAlias = list[tuple[str, int]]
"""A row of characters, each with the number of its ink."""
PLAIN = 0
"""No ink."""
_ESCAPE_OR_TEXT = re.compile(r"\x1b\[([0-9;]*)m|([^\x1b]+)")


@dataclass(frozen=True, slots=True, eq=False)
class Stroke:
    """Points on a figure in one ink.

    Attributes:
        x: of the points.
        y: one for each x.
        marker: a character that is set at each point; or `braille` or `hd`, finer dots.
        ink: its number.
        joined: whether there is a line from each point to the next.
    """

    x: list[float]
    y: list[float]
    marker: str
    ink: int
    joined: bool


def new_figure() -> Any:
    """A figure that nobody else draws on, which may be larger than the terminal.

    plotext is imported here because that takes a third of a second.
    """
    import plotext  # noqa: PLC0415

    terminal = type(plotext.terminal)().limit(width=False, height=False)
    return type(plotext.figure)(terminal)


def figure_rows(
    size: tuple[int, int],
    axes: tuple[Axis, Axis],
    axes_ink: int,
    uprights: Sequence[tuple[int, float]],
    strokes: Sequence[Stroke],
) -> list[Inked]:
    """Exactly as many rows of cells as asked for: axes, ticks, upright lines, then the strokes.

    May be called from any thread, also from several at once.

    Args:
        size: in cells, with the row of tick labels.
        axes: the one below and the one at the left, both even.
        axes_ink: in which they are drawn.
        uprights: lines over the whole height, each an ink and its x; those outside are left out.
        strokes: what is drawn, the last one on top.
    """
    from plotext import marker, pixel  # noqa: PLC0415

    (width, height), (x, y) = size, axes
    figure = new_figure()
    figure.plot_size(width, height).canvas("default").axes(active=False)
    for axis, side, of in (("x", "lower", x), ("y", "left", y)):
        figure.axes(active=True, pixel=pixel(axes_ink), axis=axis, side=side)
        ruler = figure.ruler(axis, side).pixel(pixel(axes_ink)).lim(of.lower, of.upper)
        ruler.ticks(list(of.ticks), list(of.labels))
    for ink, upright in uprights:
        if x.lower <= upright <= x.upper:
            figure.line(upright, orientation=1, pixel=pixel(ink))
    for stroke in strokes:
        signal = figure.signal(stroke.x, stroke.y, marker=marker(stroke.marker, pixel(stroke.ink)))
        figure.draw(signal.lines() if stroke.joined else signal)
    return _read(str(figure.build().string()), width, height)


def _read(drawing: str, width: int, height: int) -> list[Inked]:
    """The drawing's escape codes as cells: `38;5;N` sets ink N, `0` no ink."""
    rows: list[Inked] = []
    for text in drawing.split("\n")[:height]:
        row: Inked = []
        ink = PLAIN
        for code, run in _ESCAPE_OR_TEXT.findall(text):
            if run:
                row.extend((character, ink) for character in run)
            elif code.startswith("38;5;"):
                ink = int(code[5:])
            elif code == "0":
                ink = PLAIN
        rows.append(row[:width] + [(" ", PLAIN)] * (width - len(row)))
    return rows + [[(" ", PLAIN)] * width for _ in range(height - len(rows))]
