"""The bottom row: the keys, as many as there is room for; a click on one is the key itself.

One row of Strips instead of Textual's Footer, which builds a widget a key anew whenever the focus
or the screen changes and so keeps the next key waiting.
"""

from __future__ import annotations

from collections.abc import Collection

from rich.style import Style

from tui_batching.charts.palette import Palette
from tui_batching.charts.rows import Cells, Row, style
from tui_batching.tui.bindings import GROUPS, Key
from tui_batching.tui.strip_view import StripView


def key_row(
    width: int, keys: Collection[Key], palette: Palette, *, ascii_only: bool = False
) -> Cells:
    """The row, with those of the keys that act; a group that does not fit as a whole ends it."""
    ground = palette.panel
    words = style(palette.muted, ground)
    row = Row(width, style(palette.text, ground)).gap()
    for label, group in GROUPS:
        acting = tuple(key for key in group if key in keys)
        items = [(acting, label)] if label else [((key,), key.name.lower()) for key in acting]
        for together, name in items:
            if not together:
                continue
            written = [key.written(ascii_only=ascii_only)[0] for key in together]
            joint = "" if all(len(text) == 1 for text in written) else "/"
            if len(joint.join(written)) + len(name) + 3 > row.left:
                return row.cells()
            for number, (key, text) in enumerate(zip(together, written, strict=True)):
                row.add(joint if number else "", words).add(text, _look(key, palette))
            row.add(f" {name}  ", words)
    return row.cells()


def _look(key: Key, palette: Palette) -> Style:
    action = key.action if key.action.startswith("app.") else f"screen.{key.action}"
    return Style(color=palette.accent, bgcolor=palette.panel, bold=True, meta={"@click": action})


class KeyBar(StripView):
    """Shows the row."""

    DEFAULT_CSS = """
    KeyBar { height: 1; background: $panel; }
    """

    def __init__(self, *, ascii_only: bool = False, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._ascii = ascii_only

    def show(self, keys: Collection[Key], palette: Palette) -> None:
        """Draw the row if it has changed."""
        width = self.content_size.width
        self.present([key_row(width, keys, palette, ascii_only=self._ascii)])
