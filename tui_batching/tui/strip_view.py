"""A widget that shows ready-made rows and redraws only those that have changed."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui_batching.charts.rows import Cells

WHEEL_ROWS = 3
"""Rows that a notch of the mouse wheel scrolls, where there are more than fit."""


class StripView(Widget):
    """Rows of cells, given to `present`. A click on a cell marked with a request tells which."""

    class RequestClicked(Message):
        """A request was clicked.

        Attributes:
            row: of the request.
        """

        def __init__(self, row: int) -> None:
            super().__init__()
            self.row = row

    class Resized(Message):
        """There is another amount of room, so what was presented is out of date."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the widget's name
        super().__init__(id=id)
        self._presented: list[Cells] = []
        self._strips: list[Strip] = []

    def present(self, rows: Sequence[Cells]) -> None:
        """Show these rows; what stays the same is not drawn again."""
        before, self._presented = self._presented, list(rows)
        if len(before) != len(self._presented):
            self._strips = [Strip(row) for row in self._presented]
            self.refresh()
            return
        pairs = enumerate(zip(before, self._presented, strict=True))
        changed = [y for y, (old, new) in pairs if old != new]
        for y in changed:
            self._strips[y] = Strip(self._presented[y])
        if changed:
            # The whole row, frame and all, so that Textual need not cut a part out of it.
            left, width = -self.content_offset.x, self.outer_size.width
            self.refresh(*(Region(left, y, width, 1) for y in changed))

    def render_line(self, y: int) -> Strip:
        """One row; blank below the last one."""
        if y < len(self._strips):
            return self._strips[y]
        return Strip.blank(self.content_size.width, self.rich_style)

    def on_resize(self) -> None:
        """Ask for rows that fit."""
        self.post_message(self.Resized())

    def on_click(self, event: events.Click) -> None:
        """Tell which request is under the pointer."""
        row = event.style.meta.get("request_row")
        if row is not None:
            self.post_message(self.RequestClicked(row))
