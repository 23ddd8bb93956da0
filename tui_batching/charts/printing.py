"""Rows of cells as text, for stdout and files."""

from __future__ import annotations

from collections.abc import Sequence

from rich.color import ColorSystem
from rich.style import Style

from tui_batching.charts.ascii import to_ascii
from tui_batching.charts.rows import Cells


def printed(rows: Sequence[Cells], colours: ColorSystem | None, *, ascii_only: bool = False) -> str:
    """The rows as lines of text, with escape codes for as many colours as there are, or none.

    Without colours they are without spaces at their ends and without empty lines at the end.
    """
    lines = [_line(row, colours) for row in rows]
    lines = [to_ascii(line) for line in lines] if ascii_only else lines
    return "\n".join(lines) if colours else "\n".join(line.rstrip() for line in lines).rstrip()


def _line(row: Cells, colours: ColorSystem | None) -> str:
    styled = ((segment.text, segment.style or Style.null()) for segment in row)
    return "".join(style.render(text, color_system=colours) for text, style in styled)
