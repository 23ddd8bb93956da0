"""What every chart of a scene is: a function of it, an instant, a size and a palette.

Some are larger than what is seen of them; these are also a function of a viewport.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol, TypeAlias

from tui_batching.analysis.scene import Scene
from tui_batching.charts.palette import Palette
from tui_batching.charts.plot import ChartSpec
from tui_batching.charts.rows import Cells
from tui_batching.clock import Picoseconds

GanttRows: TypeAlias = Literal["requests", "slots"]
"""What a row of the Gantt chart is."""


KeySigns: TypeAlias = Mapping[str, str]
"""How keys are written for a reader, by their ids."""


@dataclass(frozen=True, slots=True)
class ChartRequest:
    """What a chart is drawn for.

    Attributes:
        keys: the keys that act on it, by their ids, for hints; none where it is printed.
        metrics: the names of those of whole runs that it tells beside what it draws.
        focus: the strategy whose panel is bright while the others are dim, or None.
    """

    scene: Scene
    time: Picoseconds
    width: int
    height: int
    palette: Palette
    keys: KeySigns = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    focus: str | None = None


def way_back(keys: KeySigns) -> str:
    """How to go back to the playhead; empty where there are no keys."""
    signs = " ".join(keys[name] for name in ("zoom-in", "zoom-out") if name in keys)
    return f"{signs}: to the playhead" if signs else ""


@dataclass(frozen=True, slots=True)
class LineChart:
    """A kind of chart that is drawn as lines.

    Attributes:
        spec: what to draw for a request.
        depends_on: what of a scene and an instant it depends on; equal values, equal charts.
        has_lines: whether there is anything to draw at an instant.
    """

    spec: Callable[[ChartRequest], ChartSpec]
    depends_on: Callable[[Scene, Picoseconds], Hashable]
    has_lines: Callable[[Scene, Picoseconds], bool]


@dataclass(frozen=True, slots=True)
class Viewport:
    """Which part of a large chart is seen; the default is what is going on at the playhead.

    Attributes:
        zoom: how often the stretch shown was halved; doubled if negative.
        shift: by how many half windows it is shifted.
        since: the instant that the stretch is around while it is shifted; None follows the
            playhead.
        top: the first row shown; None follows the playhead.
        selected: the row of the selected request, or None.
        rows: what a row is, where a chart knows several; None leaves it to the chart.
        printed: whether nobody can move it, so that no key is told of.
    """

    zoom: int = 0
    shift: int = 0
    since: Picoseconds | None = None
    top: int | None = None
    selected: int | None = None
    rows: GanttRows | None = None
    printed: bool = False

    @property
    def moved(self) -> bool:
        """Whether somebody moved away from the playhead and can go back to it."""
        return not (self.printed or (self.since is None and self.top is None))

    def following(self) -> Viewport:
        """The same, but around the playhead."""
        return replace(self, shift=0, since=None, top=None)


class LargeChart(Protocol):
    """A chart that is larger than what is seen of it."""

    def __init__(self, request: ChartRequest, viewport: Viewport) -> None: ...

    @property
    def part_seen(self) -> Hashable:
        """Which part is seen; equal values, equal parts."""
        ...

    @property
    def tops(self) -> tuple[int, ...]:
        """The first row seen in each panel."""
        ...

    @property
    def page(self) -> int:
        """How many rows are seen in a panel."""
        ...

    def revealing(self, row: int) -> Viewport:
        """The viewport in which a request is seen; the same one if it is seen already."""
        ...

    def draw(self) -> list[Cells]:
        """The part that is seen, at the size asked for."""
        ...


def window_start(column: int, width: int, total: int, shift: int = 0) -> int:
    """The first of `width` columns to show so that `column` is in the second half of them.

    The window moves by quarters of its width, so that a chart stands still most of the time. It
    does not go beyond the `total` columns that there are, and where it is shifted, less than a
    quarter before an end it goes to the end.

    Args:
        column: where the playhead is, of all columns.
        width: columns shown.
        total: columns there are.
        shift: by how many half windows to go on from there, or back.
    """
    quarter = max(1, width // 4)
    last = max(0, total - width)
    following = max(0, min((column // quarter - 2) * quarter, last))
    if not shift:
        return following
    start = following + shift * max(1, width // 2)
    if start < width // 4:
        return 0
    return last if last - start < width // 4 else start
