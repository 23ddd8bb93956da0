"""The last row of the live page: what its signs mean, or of a selected request its parts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import product
from typing import NamedTuple

from rich.style import Style

from tui_batching.analysis.phases import DECODE, FIRST_TOKEN, QUEUE
from tui_batching.charts.breakdown_rows import parts_of
from tui_batching.charts.chart import KeySigns
from tui_batching.charts.lane_pen import BarScale, bar_scale, sign_scale
from tui_batching.charts.lane_rows import slots_layout
from tui_batching.charts.lane_slots import SlotsLayout
from tui_batching.charts.lane_view import LaneView
from tui_batching.charts.palette import Palette
from tui_batching.charts.pen import PART_SIGNS, PHASE_SIGNS, SHORT_PARTS, fill, sign_of
from tui_batching.charts.rows import (
    CACHED,
    FOCUS,
    FULL,
    HATCH,
    READ,
    RESERVED,
    SHADE,
    SLOWED,
    STALLED,
    TRACK,
    Cells,
    Row,
    first_that_fits,
    style,
)
from tui_batching.sim.life import State

_MEANINGS = {
    "forming": "forming: batch not full",
    "slots": "slots: all taken",
    "memory": "memory: too little free",
    "turn": "turn: others first",
    "slowed": "slowed: by others' prompts",
    "sharing": "sharing: large batches",
    "evicted": "evicted: waits to come back",
}
"""The parts of a latency that no other sign of the page explains, which come first.

Where there is not the room for all meanings, the last ones are told: the first explain themselves.
"""
_PHASES = {
    QUEUE: "queue: until taken up",
    FIRST_TOKEN: "first token: until made",
    DECODE: "decode: the rest",
}
"""What a log tells of a latency, too."""
_KNOWN = ("held", "stalled", "prefill", "recompute", "decode")
"""The others, which go by their names."""


class _Entry(NamedTuple):
    """A sign and what it means.

    Attributes:
        sign: the sign.
        look: how it is drawn.
        wordings: what it means, the briefest wording first.
        need: those with the least are told in more words first.
    """

    sign: str
    look: Style
    wordings: tuple[str, ...]
    need: int = 1

    def named(self) -> _Entry:
        """The same with its name alone as the briefest wording."""
        return self._replace(wordings=(self.wordings[0].partition(":")[0], *self.wordings))


class _SignsTold(NamedTuple):
    """What the row begins with, the briefest wording first, and the signs behind it."""

    begin: tuple[str, ...]
    entries: Sequence[_Entry]

    @property
    def least(self) -> int:
        """The cells that it takes in the briefest words."""
        signs = (len(each.sign) + len(each.wordings[0]) + 3 for each in self.entries)
        return len(self.begin[0]) + sum(signs)

    def named(self) -> _SignsTold:
        """The same, where names alone are the briefest wordings of signs."""
        return self._replace(entries=[entry.named() for entry in self.entries])


def newcomers(keys: KeySigns) -> list[str]:
    """What those who see the app for the first time are told, the fullest wording first."""
    tour, play, step, help_key = (keys[name] for name in ("tour", "play", "step", "help"))
    begin, signs = f"new here?  {tour} the tour", f"{help_key} every key and sign"
    return [
        f"{begin} · {play} stops and goes on · {step} one step · {signs}",
        f"{begin} · {play} plays · {step} one step · {signs}",
        f"{begin} · {signs}",
        f"{begin} · {help_key} help",
        begin,
        f"new here? {tour}",
    ]


def legend_row(  # noqa: PLR0913 - what is seen, and what is told of it
    views: Sequence[LaneView],
    sizes: Sequence[tuple[int, int]],
    width: int,
    palette: Palette,
    notes: Sequence[str] = (),
    *,
    focused: bool = False,
    more: str = "…",
) -> Cells:
    """How many tokens bars and signs stand for, what signs mean, and one of the notes beside them.

    Where there is no room for all, the note stands alone; without one, signs that newcomers need
    least are left out, and it is said that there are more. While a request is selected, its parts
    are explained, as soon as there are any.

    Args:
        views: of the lanes that are seen.
        sizes: the cells and rows of each of these lanes, its head included.
        width: cells of the legend.
        palette: the colours.
        notes: what is told beside the signs, the fullest wording first.
        focused: whether a lane is in focus.
        more: what stands behind the signs where some are left out.
    """
    text = style(palette.text, palette.background)
    row = Row(width, style(palette.muted, palette.background))
    if parts := _parts_there(views, palette):
        read = _read_before(_layouts(views, sizes), palette)
        return _add_legend(row, _SignsTold(("",), [*parts, *read]), palette, more).cells()
    legends = _legends(views, sizes, palette, focused=focused)
    if not notes:
        fitting = (each for each in legends if each.least <= width)
        return _add_legend(row, next(fitting, legends[-1]), palette, more).cells()
    if focused:  # what the lanes show comes first
        legends += _legends(views, sizes, palette, focused=False)
    noted = len(notes[-1]) + 3
    fitting = (each for each in legends if each.least + noted <= width)
    if (legend := next(fitting, None)) is None:
        return row.gap().add(first_that_fits(notes, width - 2), text).cells()
    _add_worded(row, legend, palette, keep=noted)
    return row.add_right(f"{first_that_fits(notes, row.left - 4)} ", text).cells()


def _legends(
    views: Sequence[LaneView],
    sizes: Sequence[tuple[int, int]],
    palette: Palette,
    *,
    focused: bool,
) -> list[_SignsTold]:
    """What bars and signs stand for, and what signs mean; then the same ever more briefly.

    A single scale is then told by the sign of tokens; of two there is not the room to tell.
    """
    layouts = _layouts(views, sizes)
    cell = bar_scale(views, min(cells for cells, _ in sizes))
    scales = _scales(layouts, cell, sign_scale(views[0].scene))
    tokens, *others = _signs(views, layouts, palette)
    if focused:
        others.append(
            _Entry("".join(FOCUS), style(palette.text, palette.background), ("in focus",))
        )
    full = _SignsTold(_scale_texts(scales), [tokens, *others])
    if len(scales) != 1:
        return [full, full.named(), _SignsTold(("",), full.entries).named()]
    told = f"= {_tokens(scales[0].tokens)}"
    wordings = (told, f"{told} {scales[0].what}")
    brief = _SignsTold(("",), [tokens._replace(wordings=wordings), *others])
    return [full, brief, brief.named()]


def _layouts(views: Sequence[LaneView], sizes: Sequence[tuple[int, int]]) -> list[SlotsLayout]:
    """How the slots stand in lanes of these cells and rows, heads included."""
    return [
        slots_layout(view, cells, rows - 1)
        for view, (cells, rows) in zip(views, sizes, strict=True)
    ]


def _read_before(layouts: Sequence[SlotsLayout], palette: Palette) -> list[_Entry]:
    """The sign of what was read of a prompt in steps before, if it is seen."""
    look = fill(State.PREFILL, palette.background, palette)
    seen = any(layout.has_read for layout in layouts)
    return [_Entry(READ, look, ("read", "read before"))] if seen else []


def _signs(
    views: Sequence[LaneView], layouts: Sequence[SlotsLayout], palette: Palette
) -> list[_Entry]:
    """What signs mean that there are, or may be, in any lane; first those that newcomers need."""
    look = partial(fill, ground=palette.background, palette=palette)
    muted = style(palette.muted, palette.background)
    empty = style(palette.muted, palette.reserved)
    paged = any(view.tells_memory and view.moment.run.kv is not None for view in views)
    caches = any(view.moment.run.cache_matters for view in views)
    bubble = ("held", "held: finished, slot still taken")
    held = _Entry(HATCH, look(State.HELD), bubble, need=0)
    evictions = any(view.moment.evictions for view in views)
    lost = [(name, *PART_SIGNS[name]) for name in ("evicted", "recompute") if evictions]
    stalled = _Entry(STALLED, look(State.STALLED), ("stalled", "stalled by another's prompt"))
    on_bars = style(palette.state(State.PREFILL), palette.background)
    slowed = _Entry(SLOWED, on_bars, ("slowed", "slowed by another's prompt"))
    reads = look(State.PREFILL)
    gauge = ("prefill: share of prompt", "prefill: how much of the prompt is read")
    memory = any(layout.has_memory for layout in layouts)
    gauges = not memory and any(layout.bars for layout in layouts)
    free = ("to come", "to come, or free") if gauges else ("free",)
    return [
        _Entry(FULL, look(State.DECODE), ("used",) if memory else ("makes tokens",)),
        *([held] if _batches(views) else []),
        *([stalled] if _some_are_stalled(views) else []),
        *([slowed] if any(view.moment.run.mixes for view in views) else []),
        _Entry(SHADE, reads, gauge if gauges else ("prefill",)),
        *_read_before(layouts, palette),
        *(
            _Entry(sign, look(state), (SHORT_PARTS[name], name, _MEANINGS.get(name, name)))
            for name, sign, state in lost
        ),
        *([_Entry(RESERVED, empty, ("empty", "taken, empty", "taken, still empty"))] * paged),
        *([_Entry(CACHED, muted, ("cached", "cached: computed before"))] * caches),
        *([] if all(view.moment.over for view in views) else [_Entry(TRACK, muted, free, need=2)]),
    ]


class _TokenScale(NamedTuple):
    """How many tokens something stands for: its name, briefly and in full, and what they are."""

    brief: str
    full: str
    tokens: float
    what: str = "made"


def _scales(layouts: Sequence[SlotsLayout], cell: BarScale, sign: int) -> list[_TokenScale]:
    """What a bar's cell and a full sign stand for, if there are any."""
    bars = any(layout.has_bars for layout in layouts)
    memory = any(layout.has_memory for layout in layouts)
    levels = any(layout.has_levels for layout in layouts)
    of_kv = "a cell of KV" if cell.of_gauge else "a bar's cell of KV"
    return [
        *([_TokenScale("cell", "a bar's cell", cell.answer)] if bars else []),
        *([_TokenScale("cell of KV", of_kv, cell.memory, "of KV")] if memory else []),
        *([_TokenScale("full sign", "a full sign", sign)] if levels else []),
    ]


def _scale_texts(scales: Sequence[_TokenScale]) -> tuple[str, ...]:
    """What they stand for, briefly and in full."""
    if not scales:
        return ("",)
    *others, last = scales
    brief = [f"{each.brief} = {each.tokens:,.0f}, " for each in others]
    full = [f"{each.full} = {each.tokens:,.0f}, " for each in others]
    told = _tokens(last.tokens)
    return (
        f" {''.join(brief)}{last.brief} = {told}",
        f" {''.join(full)}{last.full} = {told}",
    )


def _tokens(count: float) -> str:
    return f"{count:,.0f} tokens" if count > 1 else f"{count} token"


def _batches(views: Sequence[LaneView]) -> bool:
    """Whether anybody can be held."""
    return not all(view.moment.run.strategy.about.iteration_level for view in views)


def _some_are_stalled(views: Sequence[LaneView]) -> bool:
    """Whether somebody is, was or will be: with prompts beside decodes few ever are."""
    return any(
        (not view.moment.run.mixes and _ever_stalls(view))
        or State.STALLED in view.moment.states_in_slots(view.moment.stays[view.moment.stays >= 0])
        for view in views
    )


def _ever_stalls(view: LaneView) -> bool:
    """Whether any slot-time of the whole Run is lost to the prompts of others."""
    return view.scene.so_far[view.lane].shares(view.scene.end).stalled > 0


def _parts_there(views: Sequence[LaneView], palette: Palette) -> list[_Entry]:
    """The parts of the selected request's latency that there are in any lane, and held.

    Of what a log tells they are the phases.
    """
    look = partial(fill, ground=palette.background, palette=palette)
    selected = [(view.moment, view.selected) for view in views if view.selected is not None]
    true = views[0].scene.comparison.measured_run if selected else None
    if true is not None:
        signs = PHASE_SIGNS.items() if true.tells_start else list(PHASE_SIGNS.items())[1:]
        return [_Entry(sign, look(state), (_PHASES[name],)) for name, (sign, state) in signs]
    there = {name for moment, request in selected for name in parts_of(moment, request)}
    there |= {"held"} if there and _batches(views) else set()
    entries = []
    for number, name in enumerate((*_MEANINGS, *_KNOWN)):
        if name in there:
            (sign, state), meaning = sign_of(name), _MEANINGS.get(name, name)
            words = (SHORT_PARTS[name], name, meaning)
            entries.append(_Entry(sign, look(state), words, need=-number))
    return entries


def _add_legend(row: Row, legend: _SignsTold, palette: Palette, more: str) -> Row:
    """Append a legend; where not all of its signs fit, the first ones, and that there are more."""
    there = legend.entries
    if legend.least <= row.left:
        return _add_worded(row, legend, palette)
    kept = len(more) + 2
    while there and legend._replace(entries=there).least + kept > row.left:
        there = there[:-1]
    _add_worded(row, legend._replace(entries=there), palette, keep=kept)
    return row.gap(2).add(more, row.ground)


def _add_worded(row: Row, legend: _SignsTold, palette: Palette, keep: int = 0) -> Row:
    """Append what it begins with, then the signs: all briefly, and those in more words that fit.

    So many cells are kept for something else.
    """
    entries = legend.entries
    wordings = [legend.begin, *(entry.wordings for entry in entries)]
    needs = sorted(range(len(wordings)), key=lambda n: entries[n - 1].need if n else 1)
    chosen = [each[0] for each in wordings]
    spare = row.left - keep - legend.least
    for level, number in product(range(1, max(map(len, wordings))), needs):
        more = wordings[number][level : level + 1]
        if more and len(more[0]) - len(chosen[number]) <= spare:
            spare -= len(more[0]) - len(chosen[number])
            chosen[number] = more[0]
    row.add(chosen[0], row.ground)
    text = style(palette.text, palette.background)
    for entry, words in zip(entries, chosen[1:], strict=True):
        row.gap(2).add(entry.sign, entry.look).add(f" {words}", text)
    return row
