"""The head of a lane: a heavy rule in the strategy's colour with its name and its parameters."""

from __future__ import annotations

from tui_batching.charts.palette import Palette
from tui_batching.charts.panels import strategy_titles
from tui_batching.charts.rows import Cells, Row, first_that_fits, style
from tui_batching.strategies import Strategy

RULE = "━"


def lane_heading(
    strategy: Strategy, width: int, palette: Palette, more: str = "", *, focused: bool = False
) -> Cells:
    """The row: `━ STATIC · batch 4 ━━━━━ J · 2 more ━`; of the focused lane it is reversed.

    Args:
        strategy: whose lane it is.
        width: cells.
        palette: the colours.
        more: what stands at its end, as how many lanes are not seen.
        focused: whether keys act on this lane alone.
    """
    colour = palette.strategy(strategy.name)
    rule = style(colour, palette.background, bold=True)
    room = width - (len(more) + 3 if more else 0) - 6
    title = first_that_fits(strategy_titles(strategy), room)
    name, _, rest = title.partition(" · ")
    row = Row(width, rule).add(f"{RULE} ", rule)
    row.add(
        f"▸{name} " if focused else name,
        style(colour, palette.background, bold=True, reverse=focused),
    )
    if rest:
        row.add(f" {rest}", style(palette.muted, palette.background))
    ending = f" {more} {RULE}" if more else ""
    row.add(" ", rule).add(RULE * max(0, row.left - len(ending)), rule)
    return row.add(ending, rule).cells()
