"""A pen: the looks in which rows of text and bars are written on the ground of charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.color import Color
from rich.style import Style

from tui_batching.charts.palette import Palette
from tui_batching.charts.rows import Cells, Row, style
from tui_batching.strategies import mark_of


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes rows of one width in the colours of a theme."""

    width: int
    palette: Palette

    def look(self, colour: Color, *, bold: bool = False) -> Style:
        """A colour on the ground of charts."""
        return style(colour, self.palette.surface, bold=bold)

    @property
    def text(self) -> Style:
        """What is to be read."""
        return self.look(self.palette.text)

    @property
    def title(self) -> Style:
        """Headings."""
        return self.look(self.palette.text, bold=True)

    @property
    def muted(self) -> Style:
        """Labels and hints."""
        return self.look(self.palette.muted)

    @property
    def good(self) -> Style:
        """What is best, and what holds."""
        return self.look(self.palette.success, bold=True)

    def strategy(self, name: str) -> Style:
        """The title of a strategy."""
        return self.look(self.palette.strategy(name), bold=True)

    def row(self) -> Row:
        """A new row."""
        return Row(self.width, self.text)

    def blank(self) -> Cells:
        """A row with nothing in it."""
        return self.row().cells()

    def heading(self, title: str, hint: str = "") -> Cells:
        """A row with a heading, and what is said of it."""
        return (
            self.row().add(f" {title}", self.title).add(hint and f" · {hint}", self.muted).cells()
        )

    def spread(self, panels: Sequence[list[Cells]], height: int) -> list[Cells]:
        """Panels below each other on `height` rows; rows that are left stand between them."""
        left = height - sum(map(len, panels))
        rows: list[Cells] = []
        for number, panel in enumerate(panels):
            rows += [self.blank()] if 0 < number <= left else []
            rows += panel
        return rows + [self.blank()] * (height - len(rows))


def marked(name: str) -> str:
    """A strategy's mark and name: `● continuous`."""
    return f"{mark_of(name)} {name}"
