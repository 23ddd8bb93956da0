"""A pane of more rows than fit, of which a part is shown that keys and the mouse wheel move."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events

from tui_batching.charts.palette import Palette
from tui_batching.charts.pen import Pen
from tui_batching.charts.rows import Cells
from tui_batching.tui.strip_view import WHEEL_ROWS, StripView


class ScrollPane(StripView):
    """Shows as many of its rows as fit, from the row it is scrolled to; its last row counts them.

    Attributes:
        top: the first row that is shown.
    """

    DEFAULT_CSS = """
    ScrollPane { height: 1fr; padding: 0 1; background: $background; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.top = 0
        self._rows: Sequence[Cells] = ()
        self._palette: Palette | None = None

    def show(self, rows: Sequence[Cells], palette: Palette) -> None:
        """Show these rows, the same part of them as before if that is possible."""
        self._rows, self._palette = rows, palette
        self.scroll_rows(0)

    def scroll_pages(self, pages: int) -> None:
        """Show rows further down, or up if negative; a page overlaps the one before."""
        self.scroll_rows(pages * max(1, self._page - 2))

    def scroll_rows(self, rows: int) -> None:
        """Show what is so many rows further down, or up if negative."""
        self.top = max(0, min(self.top + rows, len(self._rows) - self._page))
        shown = list(self._rows[self.top : self.top + self._page])
        if self._palette is not None and len(shown) < len(self._rows):
            shown.append(self._position(self._palette))
        self.present(shown)

    @property
    def _page(self) -> int:
        """How many rows fit."""
        height = self.content_size.height
        return height if len(self._rows) <= height else max(1, height - 1)

    def _position(self, palette: Palette) -> Cells:
        """Which rows are shown, and how to see others."""
        last = self.top + self._page
        arrow = "↓" if self.top == 0 else "↑" if last >= len(self._rows) else "↕"
        text = f" {arrow} rows {self.top + 1}–{last} of {len(self._rows)} · J, K or the wheel"
        pen = Pen(self.content_size.width, palette)
        return pen.row().add(text, pen.muted).cells()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll with the wheel."""
        event.stop()
        self.scroll_rows(WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll with the wheel."""
        event.stop()
        self.scroll_rows(-WHEEL_ROWS)
