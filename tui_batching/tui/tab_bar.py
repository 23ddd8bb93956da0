"""The second row: the views and their keys; a click on one opens it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.style import Style

from tui_batching.charts.palette import Palette
from tui_batching.charts.rows import Cells, Row, style
from tui_batching.tui.strip_view import StripView
from tui_batching.tui.views.view import View

_GAPS = (3, 2, 1)


def tab_row(views: Sequence[type[View]], seen: str, width: int, palette: Palette) -> Cells:
    """The row, worded as fully as the width allows; the view called `seen` is marked."""
    ground = palette.background
    words, gap = _that_fit(views, seen, width)
    row = Row(width, style(palette.text, ground)).gap()
    for view, word in zip(views, words, strict=True):
        here = view.key == seen
        look = Style(
            color=palette.text if here else palette.muted,
            bgcolor=ground,
            bold=here,
            reverse=here,
            meta={"@click": f"screen.view({view.key!r})"},
        )
        row.add(word, look)
        row.add(" " * min(gap, row.left), style(palette.muted, ground))
    return row.cells()


def _that_fit(views: Sequence[type[View]], seen: str, width: int) -> tuple[list[str], int]:
    """The labels of the tabs and the gap between them."""
    fullest, shortest = ([view.title[number] for view in views] for number in (0, 1))
    keys = [view.key for view in views]
    for names, joint in ((fullest, " "), (fullest, ""), (shortest, "")):
        words = [f"{key}{joint}{name}" for key, name in zip(keys, names, strict=True)]
        for gap in _GAPS:
            if sum(map(cell_len, words)) + gap * (len(words) - 1) + 2 <= width:
                return words, gap
    return [f"{view.key} {view.title[0]}" if view.key == seen else view.key for view in views], 2


class TabBar(StripView):
    """Shows the row."""

    DEFAULT_CSS = """
    TabBar { height: 1; background: $background; }
    """

    def show(self, views: Sequence[type[View]], seen: str, palette: Palette) -> None:
        """Draw the row if it has changed."""
        self.present([tab_row(views, seen, self.content_size.width, palette)])
