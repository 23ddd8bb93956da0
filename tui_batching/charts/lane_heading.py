"""The head of a lane: a heavy rule in the strategy's colour with its name and its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from tui_batching.charts.palette import Palette
from tui_batching.charts.panels import strategy_titles
from tui_batching.charts.rows import Cells, Row, style
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
    """The row: `━ STATIC batch 4 ━━━━━ J · 2 more ━`; in focus `━ {STATIC} batch 4`, reversed.

    Words shorten and the rule gives way before a parameter does.

    Args:
        strategy: whose lane it is.
        width: cells.
        palette: the colours.
        more: what stands at its end, as how many lanes are not seen; the fullest wording first.
        focused: whether the lane is in focus.
        by_default: whether nobody has chosen its slots.
    """
    titles = strategy_titles(strategy, strategy.name if focused else None)
    if by_default:
        titles = [*(f"{title} by default" for title in titles), *titles]
    begin, title, end = _fitting(titles, more, width)
    name, _, rest = title.partition(" ")
    colour = palette.strategy(strategy.name)
    rule = style(colour, palette.background, bold=True)
    row = Row(width, rule).add(begin, rule)
    look = style(colour, palette.background, bold=True, reverse=focused)
    row.add(name, look)
    if rest:
        row.add(f" {rest}", style(palette.muted, palette.background))
    gap = row.left - len(end)
    between = f" {RULE * (gap - 2)}{' ' if end else RULE}" if gap > 2 else " " * gap
    return row.add(between, rule).add(end, rule).cells()


def _fitting(titles: Sequence[str], more: Sequence[str], width: int) -> tuple[str, str, str]:
    """The beginning of the rule, the title and the end, as full as there is room for."""
    spaced = [title.replace(" · ", " ", 1) for title in titles]
    begins, ends = (f"{RULE} ", ""), [*(f"{each} {RULE}" for each in more), *more[-1:]] or [""]
    alone = spaced[-1].partition(" ")[0]
    forms = [*product(begins, spaced, ends), *product(begins, [alone], ends)]
    fitting = (form for form in forms if len("".join(form)) + bool(form[-1]) <= width)
    return next(fitting, forms[-1])
