"""The last row of the live page: what its signs mean, or of a selected request its parts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from rich.style import Style

from tui_batching.analysis.phases import DECODE, FIRST_TOKEN, QUEUE
from tui_batching.charts.breakdown_rows import parts_of
from tui_batching.charts.chart import KeySigns
from tui_batching.charts.lane_pen import token_scale
from tui_batching.charts.lane_view import LaneView
from tui_batching.charts.palette import Palette
from tui_batching.charts.pen import PART_SIGNS, PHASE_SIGNS, fill, sign_of
from tui_batching.charts.rows import (
    CACHED,
    FULL,
    HATCH,
    RESERVED,
    SHADE,
    SLOWED,
    STALLED,
    Cells,
    Row,
    first_that_fits,
    style,
)
from tui_batching.sim.life import State, states_in_slots

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


def legend_row(
    views: Sequence[LaneView],
    lane_width: int,
    width: int,
    palette: Palette,
    notes: Sequence[str] = (),
) -> Cells:
    """What a cell of a bar stands for and what the signs mean, and one of the notes beside it.

    Where there is no room for both, the note stands alone. While a request is selected, its parts
    are explained.
    """
    muted = style(palette.muted, palette.background)
    text = style(palette.text, palette.background)
    row = Row(width, muted)
    if any(view.selected is not None for view in views):
        return _parts(row, views, palette)
    row.gap()
    look = partial(fill, ground=palette.background, palette=palette)
    paged = any(view.moment.run.kv is not None for view in views)
    caches = any(view.moment.run.cache_matters for view in views)
    held = (HATCH, look(State.HELD), ("held: finished, slot still taken", "held"))
    evictions = any(view.moment.evictions for view in views)
    lost = [(name, *PART_SIGNS[name]) for name in ("evicted", "recompute") if evictions]
    stalled = (STALLED, look(State.STALLED), ("stalled by another's prompt", "stalled"))
    slowed = (SLOWED, look(State.PREFILL), ("slowed by another's prompt", "slowed"))
    entries = [
        (FULL, look(State.DECODE), ("makes tokens",)),
        *([held] if _batches(views) else []),
        *([stalled] if _some_are_stalled(views) else []),
        *([slowed] if any(view.moment.run.mixes for view in views) else []),
        (SHADE, look(State.PREFILL), ("prefill: reads the prompt, of its own length", "prefill")),
        *([(FULL, look(State.PREFILL), ("read before", "read"))] if _some_is_read(views) else []),
        *((sign, look(state), (_MEANINGS.get(name, name), name)) for name, sign, state in lost),
        *([(RESERVED, muted, ("taken, still empty", "taken, empty"))] if paged else []),
        *([(CACHED, muted, ("cached: computed before", "cached"))] if caches else []),
    ]
    scale = token_scale(views, lane_width)
    noted = len(notes[-1]) + 3 if notes else 0
    cell = f"cell = {scale:,} token{'s' * (scale > 1)}"
    for begin, wordings in ((f"a bar's {cell}", 0), (f"a bar's {cell}", -1), (cell, -1)):
        length = len(begin) + sum(len(words[wordings]) + 4 for _, _, words in entries)
        if length + noted <= row.left:
            break
    else:
        if notes:
            return row.add(first_that_fits(notes, width - 2), text).cells()
    row.add(begin, muted)
    for sign, drawn, words in entries:
        _add(row, sign, drawn, words[wordings], text)
    if notes:
        row.add_right(f"{first_that_fits(notes, row.left - 4)} ", text)
    return row.cells()


def _batches(views: Sequence[LaneView]) -> bool:
    """Whether anybody can be held."""
    return not all(view.moment.run.strategy.about.iteration_level for view in views)


def _some_are_stalled(views: Sequence[LaneView]) -> bool:
    """Whether somebody is, or will be: with prompts beside decodes few ever are."""
    for run, time, stays in ((v.moment.run, v.moment.time, v.moment.stays) for v in views):
        here = stays[stays >= 0]
        if not run.mixes or (states_in_slots(run, here, np.array([time])) == State.STALLED).any():
            return True
    return False


def _some_is_read(views: Sequence[LaneView]) -> bool:
    """Whether a prompt is read in parts, and some of it was read before this iteration."""
    for moment in (view.moment for view in views if view.moment.chunks):
        reading = np.array(list(moment.chunks), np.int64)
        if (moment.computed(reading) > moment.run.stays.cached[reading]).any():
            return True
    return False


def _parts(row: Row, views: Sequence[LaneView], palette: Palette) -> Cells:
    """The parts of the selected request's latency that there are in any lane, and held.

    All of them have a name, and as many as there is room for a meaning.
    """
    there = {"held"} if _batches(views) else set()
    text = style(palette.text, palette.background)
    true = views[0].scene.comparison.measured_run if views else None
    if true is not None:
        signs = PHASE_SIGNS.items() if true.tells_start else list(PHASE_SIGNS.items())[1:]
        for name, (sign, state) in signs:
            _add(row, sign, fill(state, palette.background, palette), _PHASES[name], text)
        return row.cells()
    for view in views:
        assert view.selected is not None
        there |= set(parts_of(view.moment, view.selected))
    shown = [name for name in (*_MEANINGS, *_KNOWN) if name in there]
    spare, meant = row.left - sum(len(name) + 4 for name in shown), set[str]()
    for name in reversed([name for name in _MEANINGS if name in there]):
        if len(_MEANINGS[name]) - len(name) <= spare:
            spare -= len(_MEANINGS[name]) - len(name)
            meant.add(name)
    for name in shown:
        sign, state = sign_of(name)
        drawn = fill(state, palette.background, palette)
        _add(row, sign, drawn, _MEANINGS[name] if name in meant else name, text)
    return row.cells()


def _add(row: Row, sign: str, drawn: Style, words: str, look: Style) -> None:
    """A sign and what it means, if there is room for both."""
    if len(words) + 4 <= row.left:
        row.gap(2).add(sign, drawn).add(f" {words}", look)
