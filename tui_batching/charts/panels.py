"""Panels: one a strategy, one above the other or side by side, each with a heading."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from rich.color import Color
from rich.style import Style

from tui_batching.analysis.cache_use import WITHOUT
from tui_batching.charts.ahead import dim_from
from tui_batching.charts.axis import Axis
from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.palette import Palette
from tui_batching.charts.pen import add_with_signs
from tui_batching.charts.rows import (
    FOCUS,
    PLAYHEAD,
    Cells,
    Row,
    first_that_fits,
    painted,
    style,
    text_of,
)
from tui_batching.sim.life import State
from tui_batching.strategies import Strategy, mark_of

GAP = 2
"""Cells between panels that stand side by side."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How panels are laid out.

    Attributes:
        stacked: whether they stand one above the other.
        widths: of each panel.
        heights: of each panel.
    """

    stacked: bool
    widths: tuple[int, ...]
    heights: tuple[int, ...]


def arrange(needed: Sequence[int], width: int, height: int, narrowest: int) -> Arrangement:
    """Stack the panels if all their rows fit so, or if they would be too narrow side by side.

    Args:
        needed: how many rows each panel needs to show everything.
        width: cells for all panels.
        height: rows for all panels.
        narrowest: the least width of a panel beside others.
    """
    count = len(needed)
    each = (width - GAP * (count - 1)) // count
    if sum(needed) <= height or each < narrowest:
        return stacked(needed, width, height)
    widths = [each] * (count - 1)
    widths.append(width - sum(widths) - GAP * (count - 1))
    return Arrangement(stacked=False, widths=tuple(widths), heights=(height,) * count)


def stacked(needed: Sequence[int], width: int, height: int) -> Arrangement:
    """Panels of the whole width above each other, each with the rows it needs, or a fair share."""
    count = len(needed)
    return Arrangement(stacked=True, widths=(width,) * count, heights=_shares(needed, height))


def _shares(needed: Sequence[int], height: int) -> tuple[int, ...]:
    """As many rows as each needs, or a fair share of those there are; what is left for all."""
    shares = [0] * len(needed)
    room = height
    for number, panel in enumerate(sorted(range(len(needed)), key=lambda panel: needed[panel])):
        shares[panel] = min(needed[panel], room // (len(needed) - number))
        room -= shares[panel]
    return tuple(share + room // len(needed) for share in shares)


def with_focus(
    panels: Sequence[list[Cells]], strategies: Sequence[Strategy], request: ChartRequest
) -> list[list[Cells]]:
    """The panels, those of all strategies but the one in focus dim; all bright if it has none."""
    has_panel = any(strategy.name == request.focus for strategy in strategies)
    return [
        [dim_from(row, 0, request.palette) for row in panel]
        if has_panel and strategy.name != request.focus
        else panel
        for panel, strategy in zip(panels, strategies, strict=True)
    ]


def joined(panels: Sequence[list[Cells]], arrangement: Arrangement, ground: Style) -> list[Cells]:
    """The rows of all panels.

    Those side by side are filled up to the longest, those stacked are set apart if there is room.
    """
    blanks = [Row(width, ground).cells() for width in arrangement.widths]
    if arrangement.stacked:
        airy = sum(map(len, panels)) + len(panels) - 1 <= sum(arrangement.heights)
        rows = [row for panel in panels for row in (*panel, *blanks[: int(airy)])]
        return rows[:-1] if airy else rows
    height = max(map(len, panels))
    columns = [
        [*panel, *[blank] * (height - len(panel))]
        for panel, blank in zip(panels, blanks, strict=True)
    ]
    gap = Row(GAP, ground).cells()
    return [_beside(cells, gap) for cells in zip(*columns, strict=True)]


def _beside(parts: Iterable[Cells], gap: Cells) -> Cells:
    row: Cells = []
    for number, part in enumerate(parts):
        row += [*gap, *part] if number else part
    return row


def strategy_titles(strategy: Strategy, focus: str | None = None) -> list[str]:
    """A strategy with its parameters, its name in braces if it is in focus; the fullest first."""
    begin, end = FOCUS if strategy.name == focus else ("", "")
    return [
        " · ".join((f"{begin}{title}{end}", *words))
        for words in strategy.wordings()
        for title in strategy.titles
    ]


def rows_seen(word: str, seen: range, taken: int, capacity: int) -> str:
    """Which slots are seen, unless all are; of those that were ever taken, if these are fewer."""
    if len(seen) == taken == capacity:
        return ""
    ever = "" if taken == capacity else " ever taken"
    which = f"{word} {seen.start}" if len(seen) == 1 else f"{word}s {seen.start}–{seen.stop - 1}"
    return f" · {which} of {taken:,}{ever}"


def rows_seen_briefly(word: str, seen: range, taken: int, capacity: int) -> str:
    """The same where there is no room for more: `0–2 of 8`, `slot 0 of 8`."""
    if len(seen) == taken == capacity:
        return ""
    which = f"{seen.start}–{seen.stop - 1}" if len(seen) > 1 else f"{word} {seen.start}"
    return f"{which} of {taken:,}"


def headings(
    strategies: Sequence[Strategy],
    facts: Sequence[Sequence[str]],
    widths: Sequence[int],
    request: ChartRequest,
    without: Collection[str] = (),
) -> list[Cells]:
    """A heading for each panel: the strategy, and at the right what is told of it.

    Args:
        strategies: one for each panel.
        facts: for each panel the same things told in fewer and fewer words; the first wording for
            which there is room in all panels is taken, or none.
        widths: of the panels.
        request: what is drawn: in which colours, and who is in focus.
        without: those that have no prefix cache, though others have one and it matters.
    """
    facts = [
        _marked(told) if strategy.name in without else [*told, told[-1]]
        for strategy, told in zip(strategies, facts, strict=True)
    ]
    titles = [strategy_titles(strategy, request.focus) for strategy in strategies]
    rooms = [width - len(each[-1]) - 5 for width, each in zip(widths, titles, strict=True)]
    fitting = (
        wording
        for wording in zip(*facts, strict=True)
        if all(len(text) <= room for text, room in zip(wording, rooms, strict=True))
    )
    told = next(fitting, ("",) * len(strategies))
    return [
        _heading(*each, request.palette)
        for each in zip(strategies, titles, told, widths, strict=True)
    ]


def _marked(told: Sequence[str]) -> list[str]:
    """That it is without a prefix cache, behind each wording, and at last alone."""
    return [*(f"{text} · {WITHOUT}" if text else WITHOUT for text in told), WITHOUT]


def _heading(
    strategy: Strategy, titles: Sequence[str], told: str, width: int, palette: Palette
) -> Cells:
    look = style(palette.strategy(strategy.name), palette.surface, bold=True)
    title = first_that_fits(titles, width - len(told) - 5)
    row = Row(width, look).add(f"{mark_of(strategy.name)} {title} ", look)
    row.add("━" * max(0, row.left - len(told) - 1), look)
    words = style(palette.text, palette.surface)
    return add_with_signs(row.gap(), told, words, palette, palette.surface).cells()


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """A sign of a chart and what it stands for.

    Attributes:
        glyph: the sign.
        colour: of the sign.
        word: what it stands for.
        brief: the same where there is little room; empty if the word is brief.
        extra: whether it is told only where there is room for it beside all that is not.
        ground: of the sign, if it has one of its own.
        reverse: whether the sign and its ground have each other's colour.
    """

    glyph: str
    colour: Color
    word: str
    brief: str = ""
    extra: bool = False
    ground: Color | None = None
    reverse: bool = False

    @property
    def length(self) -> int:
        """The cells that it takes."""
        return len(self.glyph) + len(self.word) + 3

    def briefly(self) -> LegendEntry:
        """The same in few words."""
        return replace(self, word=self.brief or self.word)


def state_entry(
    sign: str, state: State, palette: Palette, word: str, brief: str = ""
) -> LegendEntry:
    """What the sign of a state means, which looks as it does in the chart."""
    ground = palette.ground(state, palette.background)
    return LegendEntry(sign, palette.state(state), word, brief, ground=ground)


def focus_entry(palette: Palette) -> LegendEntry:
    """What the sign of the lane in focus means."""
    return LegendEntry("".join(FOCUS), palette.text, "in focus")


def on_screen(
    entries: Iterable[LegendEntry], panels: Iterable[Sequence[Cells]]
) -> list[LegendEntry]:
    """Of the entries those that stand for a word, or for a sign that these rows show."""
    seen = {sign for panel in panels for row in panel for sign in text_of(row)}
    return [
        entry for entry in entries if entry.glyph[0].isalnum() or seen.intersection(entry.glyph)
    ]


def legend_row(
    hint: str, entries: Sequence[LegendEntry], width: int, palette: Palette, *, back: str = ""
) -> Cells:
    """What to see in a chart, and what its signs stand for, which comes before a long hint.

    Where there is little room, both are told in fewer words; the last signs are left out where not
    even these fit. Where the chart was moved away from the playhead, `back` tells how to go back.
    """
    ground = palette.background
    muted = style(palette.muted, ground)
    row = Row(width, muted)
    told, entries = _that_fit([back] if back else _hints(hint), entries, width)
    row.add(told, style(palette.accent, ground, bold=True) if back else muted)
    for entry in entries:
        if entry.length <= row.left:
            look = style(entry.colour, entry.ground or ground, reverse=entry.reverse)
            row.gap(2).add(entry.glyph, look)
            row.add(" ", style(entry.colour, ground)).add(entry.word, muted)
    return row.cells()


def _hints(hint: str) -> list[str]:
    """The hint, then the same without its explanation, without its second clause, and nothing."""
    head = hint.partition(":")[0]
    return [hint, head, head.partition(",")[0], ""]


def _that_fit(
    hints: Sequence[str], entries: Sequence[LegendEntry], width: int
) -> tuple[str, Sequence[LegendEntry]]:
    """The fullest hint and words of signs with which all signs fit that must; else the briefest."""
    brief = [entry.briefly() for entry in entries]
    fullest, *shorter = hints
    if len(fullest) + sum(entry.length for entry in entries) <= width:
        return fullest, entries
    forms = [*((each, entries) for each in shorter[:1]), *((each, brief) for each in shorter)]
    for told, words in forms:
        if len(told) + sum(entry.length for entry in words if not entry.extra) <= width:
            return told, words
    return hints[-1], brief


_APART = 2
"""Cells between the labels of an axis, if there is room for so many."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The axis below a panel.

    Attributes:
        lower: what the left edge of the first cell stands for.
        upper: what the right edge of the last cell stands for.
        cells: how many there are.
        units: behind the last number, the fullest wording first.
        mark: the cell of the playhead, if it is seen.
        whole: whether there is nothing between whole numbers.
        log: whether equal factors are equally far apart.
        step: how far apart ticks are; as few as there is room for, if it is zero.
    """

    lower: float
    upper: float
    cells: int
    units: tuple[str, ...]
    mark: int | None
    whole: bool = False
    log: bool = False
    step: float = 0.0


def scale_row(scale: Scale, margin: str, width: int, palette: Palette) -> Cells:
    """An axis in one row: `╵2.0    ╵2.5 ┃  ╵3.0 s`, each number behind its tick.

    The margin, left of the first cell, may tell something else.
    """
    cells, mark, text = scale.cells, scale.mark, [" "] * scale.cells
    muted = style(palette.muted, palette.surface)
    behind = Row(width - len(margin) - cells, muted)
    unit, unit_at, ticks = _unit_and_ticks(scale, behind.left)
    for cell, tick in ticks.items():
        text[cell : cell + len(tick)] = tick
    if unit_at < cells:
        text[unit_at : unit_at + len(unit)] = unit
    inks = np.zeros(cells, np.int8)
    if mark is not None:
        text[mark], inks[mark] = PLAYHEAD, 1
    playhead = style(palette.playhead, palette.surface, bold=True)
    if unit_at > cells:
        behind.gap().add(unit, muted)
    return [
        *Row(len(margin), muted).add(margin, muted).cells(),
        *painted("".join(text[:cells]), inks, (muted, playhead).__getitem__),
        *behind.cells(),
    ]


def tick_step(scale: Scale) -> float:
    """How far apart the ticks of an axis are; 0 where there are not two of them."""
    first, second, *_ = (*_axis(scale, _APART).ticks, 0.0, 0.0)
    return max(0.0, second - first)


def _unit_and_ticks(scale: Scale, behind: int) -> tuple[str, int, dict[int, str]]:
    """The unit in the fullest words beside which there is room for a tick, where, and the ticks."""
    places = [*_places_of_unit(scale, behind), ("", scale.cells)]
    for apart in (_APART, 1):
        ticks = _ticks(scale, apart)
        for unit, begin in places:
            if beside := _beside_unit(ticks, range(begin, begin + len(unit))):
                return unit, begin, beside
    return *places[0], {}


def _places_of_unit(scale: Scale, behind: int) -> Iterator[tuple[str, int]]:
    """The wordings that the playhead does not stand on, and where each begins, best first.

    That is at the right end, else behind it, where there are so many cells; and if the playhead
    stands at the right end, before that.
    """
    cells, mark = scale.cells, scale.mark
    for unit in scale.units:
        if cells >= len(unit) and (mark is None or mark < cells - len(unit) - 1):
            yield unit, cells - len(unit)
        elif len(unit) < behind:
            yield unit, cells + 1
    if mark is not None:
        yield from ((unit, mark - 1 - len(unit)) for unit in scale.units if len(unit) < mark)


def _ticks(scale: Scale, apart: int) -> dict[int, str]:
    """The ticks whose numbers fit and do not have the playhead on them, by their cells."""
    axis, cells = _axis(scale, apart), range(scale.cells + 1)
    begins = (int(axis.share(value) * scale.cells + 1e-6) for value in axis.ticks)
    ticks = {cell: f"╵{label}" for cell, label in zip(begins, axis.labels, strict=True)}
    return {
        cell: tick
        for cell, tick in ticks.items()
        if cell + len(tick) in cells and scale.mark not in range(cell + 1, cell + len(tick))
    }


def _beside_unit(ticks: Mapping[int, str], unit: range) -> dict[int, str]:
    """The ticks that have a cell between them and the unit."""
    return {
        cell: tick
        for cell, tick in ticks.items()
        if cell + len(tick) < unit.start or cell > unit.stop
    }


def _axis(scale: Scale, apart: int) -> Axis:
    """As many ticks as there can be with so many cells between their labels."""
    limits = (scale.lower, scale.upper)
    if scale.step:
        return Axis.every(scale.step, limits)
    if scale.log:
        return Axis.log_over(limits, max(2, scale.cells // 8))
    for most in range(max(2, scale.cells // 4) + 1, 2, -1):
        axis = Axis.over(limits, most)
        if len(axis.ticks) < 2:
            return axis
        step = axis.ticks[1] - axis.ticks[0]
        cells = step / (scale.upper - scale.lower) * scale.cells
        if cells >= max(map(len, axis.labels)) + 1 + apart and (step >= 1 or not scale.whole):
            return axis
    return Axis.over(limits, 2)
