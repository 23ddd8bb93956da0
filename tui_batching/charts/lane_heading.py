"""The head of a lane: a heavy rule in the strategy's colour with its name and its parameters."""

from __future__ import annotations

from collections.abc import Sequence

from tui_batching.charts.palette import Palette
from tui_batching.charts.panels import strategy_titles
from tui_batching.charts.rows import Cells, Row, first_that_fits, style
from tui_batching.strategies import Strategy

RULE = "━"


def lane_heading(  # noqa: PLR0913 - what a head may tell
    strategy: Strategy,
    width: int,
    palette: Palette,
    more: Sequence[str] = (),
    *,
    focused: bool = False,
    by_default: bool = False,
) -> Cells:
    """The row: `━ STATIC batch 4 ━━━━━ J · 2 more ━`; of the focused lane the name is reversed.

    Args:
        strategy: whose lane it is.
        width: cells.
        palette: the colours.
        more: what stands at its end, as how many lanes are not seen; the fullest wording first.
        focused: whether keys act on this lane alone.
        by_default: whether nobody has chosen its slots.
    """
    colour = palette.strategy(strategy.name)
    rule = style(colour, palette.background, bold=True)
    titles = [*strategy_titles(strategy), strategy.title]
    ending = first_that_fits(more, width - len(titles[-2]) - 7) if more else ""
    if by_default:
        titles = [*(f"{title} by default" for title in titles[:-1]), *titles]
    title = first_that_fits(titles, width - (len(ending) + 3 if ending else 0) - 4)
    name, _, rest = title.partition(" · ")
    row = Row(width, rule).add(f"{RULE} ", rule)
    look = style(colour, palette.background, bold=True, reverse=focused)
    row.add(f"▸{name}" if focused else name, look)
    if rest:
        row.add(f" {rest}", style(palette.muted, palette.background))
    ending = f" {ending} {RULE}" if ending else ""
    row.add(" ", rule).add(RULE * max(0, row.left - len(ending)), rule)
    return row.add(ending, rule).cells()
