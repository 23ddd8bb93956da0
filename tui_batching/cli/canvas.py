"""What stdout can show: how many cells, in which colours."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, Console

from tui_batching.charts.palette import Palette, default_theme, load_palettes
from tui_batching.charts.printing import printed
from tui_batching.charts.rows import Cells
from tui_batching.cli.ascii import needs_ascii
from tui_batching.errors import InputError, one_of

_NO_TERMINAL = (80, 24)


@dataclass(frozen=True, slots=True)
class Canvas:
    """A place on stdout for one picture.

    Attributes:
        width: in cells.
        height: in cells.
        palette: the colours of the picture.
        colours: how many of them stdout shows; None for none.
        ascii: whether stdout shows ASCII alone.
    """

    width: int
    height: int
    palette: Palette
    colours: ColorSystem | None
    ascii: bool

    @classmethod
    def on_stdout(
        cls, theme: str | None, width: int | None, height: int | None, ascii_only: bool | None
    ) -> Canvas:
        """The canvas that stdout offers; what is given is taken in place of what it is.

        Colours are those of the terminal, none where stdout is no terminal or NO_COLOR is set; the
        size is that of the terminal, less a row for the prompt, or else 80 by 24.

        Raises:
            InputError: if there is no such theme.
        """
        console = Console()
        colours = None if console.no_color else COLOR_SYSTEMS.get(console.color_system or "")
        columns, lines = shutil.get_terminal_size(_NO_TERMINAL)
        rows = lines - 1 if sys.stdout.isatty() else lines
        palette = _palette(theme, few_colours=colours is ColorSystem.STANDARD)
        plain = needs_ascii(ascii_only, sys.stdout)
        return cls(width or columns, height or rows, palette, colours, plain)

    def print(self, rows: Sequence[Cells]) -> None:
        """Print a picture."""
        sys.stdout.write(f"{printed(rows, self.colours, ascii_only=self.ascii)}\n")


def _palette(theme: str | None, *, few_colours: bool) -> Palette:
    palettes = load_palettes()
    name = theme or default_theme(few_colours=few_colours)
    if name not in palettes:
        raise InputError(f"--theme: found {name!r}, expected {one_of(palettes)}")
    return palettes[name]
