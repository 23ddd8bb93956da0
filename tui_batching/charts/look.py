"""Which part of a large picture is seen: a stretch that follows the playhead, and some rows."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Protocol

from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.rows import Cells
from tui_batching.clock import Picoseconds


@dataclass(frozen=True, slots=True)
class Look:
    """How a picture is looked at; the default shows what is going on at the playhead.

    Attributes:
        zoom: how often the stretch shown was halved; doubled if negative.
        shift: by how many half windows it is shifted.
        since: the instant that the stretch is around while it is shifted; None follows the
            playhead.
        top: the first row shown; None follows the playhead.
        selected: the row of the selected request, or None.
        printed: whether nobody can look otherwise, so that no key is told of.
    """

    zoom: int = 0
    shift: int = 0
    since: Picoseconds | None = None
    top: int | None = None
    selected: int | None = None
    printed: bool = False

    @property
    def moved(self) -> bool:
        """Whether somebody moved away from the playhead and can go back to it."""
        return not (self.printed or (self.since is None and self.top is None))

    def following(self) -> Look:
        """The same, but around the playhead."""
        return replace(self, shift=0, since=None, top=None)


class Picture(Protocol):
    """A picture that is larger than what is seen of it."""

    def __init__(self, request: ChartRequest, look: Look) -> None: ...

    @property
    def place(self) -> Hashable:
        """Which part is seen; two looks with the same place show the same part."""
        ...

    @property
    def tops(self) -> tuple[int, ...]:
        """The first row seen in each panel."""
        ...

    @property
    def page(self) -> int:
        """How many rows are seen in a panel."""
        ...

    def revealing(self, row: int) -> Look:
        """The look at which a request is seen; the same one if it is seen already."""
        ...

    def draw(self) -> list[Cells]:
        """The part that is seen, at the size asked for."""
        ...


def window_start(column: int, width: int, total: int, shift: int = 0) -> int:
    """The first of `width` columns to show so that `column` is in the second half of them.

    The window moves by quarters of its width, so that a picture stands still most of the time. It
    does not go beyond the `total` columns that there are.

    Args:
        column: where the playhead is, of all columns.
        width: columns shown.
        total: columns there are.
        shift: by how many half windows to go on from there, or back.
    """
    quarter = max(1, width // 4)
    last = max(0, total - width)
    following = max(0, min((column // quarter - 2) * quarter, last))
    return max(0, min(following + shift * max(1, width // 2), last))
