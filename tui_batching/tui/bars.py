"""The bars above and below the view: title, tabs, keys, and how far a simulation is.

Rows of Strips instead of Textual's Footer and Tabs, which build a widget an entry anew whenever
the focus or the screen changes and so keep the next key waiting.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from textual.widgets import ProgressBar

from tui_batching.charts.palette import Palette
from tui_batching.charts.rows import Cells, Row, first_that_fits, style
from tui_batching.clock import instant_text
from tui_batching.numbers import counted, rate_text
from tui_batching.strategies.parameters import KV_CACHE_TOKENS, TOKEN_BUDGET
from tui_batching.tui.bindings import Key, KeyTable
from tui_batching.tui.frame import Frame
from tui_batching.tui.panes import StripView
from tui_batching.tui.player import speed_text
from tui_batching.tui.presenting.section_row import section_row
from tui_batching.tui.views.view import View
from tui_batching.workload.model import COST, Workload

_PROGRAM = "tui-batching"
_SHORTEST_NAME = 8
"""Cells of a workload's name that the state does not take."""
_OTHERWISE_TOLD = ("scroll-up", "scroll-down", "chapters", "tour-begin")
"""Keys that need no place in the bar: others there do as much."""
_IN_TALKS = (
    "play", "step-back", "step", "help", "quit", "page-back", "page", "notes", "chapters", "black",
)  # fmt: skip
"""The keys that have a place while a room looks at it; all others act, too."""


def title_row(frame: Frame, width: int, note: str = "") -> Cells:
    """The row, with a note; parts that do not fit are left out, the playhead last.

    White means now: requests and costs that a chapter brings are on white.
    """
    palette = frame.palette
    ground = palette.panel
    text, muted = style(palette.text, ground), style(palette.muted, ground)
    playing = style(palette.playhead, ground, bold=True)
    now, end = (instant_text(time, frame.scene.end) for time in (frame.time, frame.scene.end))
    clock = f"t {now} / {end} s"
    speed = f"{'▶' if frame.playing else 'PAUSED'} {speed_text(frame.speed)}"
    row = Row(width, text)
    row.gap()
    if width - len(clock) - len(speed) - len(_PROGRAM) - 10 >= _SHORTEST_NAME:
        row.add(_PROGRAM, style(palette.accent, ground, bold=True)).gap(2)
    workload = frame.scene.workload
    facts, fewer = _facts(workload, for_room=frame.presenting)
    costs = _costs(workload, tells_memory=_is_of_memory(frame))
    told = [" · ".join([*some, *cost]) for cost in costs for some in (facts, fewer)] + [fewer[0]]
    told = [f"now: {each}" for each in told] if frame.is_new else told
    room = row.left - len(clock) - len(speed) - 7
    room = room if room >= _SHORTEST_NAME else max(1, row.left - len(clock) - 3)
    shown = first_that_fits(told, room)
    name = shown if cell_len(shown) <= room else f"{set_cell_size(shown, room - 1)}…"
    row.add(
        name, style(palette.playhead, ground, bold=True, reverse=True) if frame.is_new else text
    )
    state = " playing" if frame.playing else ""
    states = [f"{state} · {note}", f" · {note}", ""] if note else [state, ""]
    state = first_that_fits(states, row.left - len(speed) - len(clock) - 5)
    ending = f"{speed}{state}   {clock} "
    if cell_len(ending) <= row.left:
        row.gap(row.left - cell_len(ending)).add(speed, playing).add(f"{state}   ", muted)
    return row.add_right(f"{clock} ", text).cells()


def _is_of_memory(frame: Frame) -> bool:
    """Whether memory is told: a chapter that shows but parts shows it where it speaks of it."""
    return frame.shows("memory") or not frame.presenting


def _costs(workload: Workload, *, tells_memory: bool) -> list[list[str]]:
    """What is said of the cost, the fullest wording first, nothing last."""
    cost, textbook = workload.cost, COST in workload.assumed
    names = [cost.title, cost.profile.name] if cost.profile else ["textbook cost"] * textbook
    if cost.profile and tells_memory and (memory := _memory(workload)):
        names.insert(0, f"{cost.title} · KV {memory:,}")
    return [*([name] for name in names), []]


def _memory(workload: Workload) -> int | None:
    """The cost's KV memory in tokens, where a lane takes note of it and none has its own."""
    own = [
        each.value(parameter.name)
        for each in workload.strategies
        if each.heeds_memory and (parameter := each.parameter_called(KV_CACHE_TOKENS))
    ]
    return workload.cost.kv_cache_tokens if own and not any(own) else None


def _facts(workload: Workload, *, for_room: bool) -> tuple[list[str], list[str]]:
    """What is said of the requests, and fewer facts; to a room the name of a file says nothing."""
    source = workload.source
    fewer = [*([] if for_room else [workload.name]), counted(len(workload.requests), "request")]
    facts = fewer.copy()
    if source.rate is not None:
        facts.append(rate_text(source.rate))
    if source.seed is not None and not for_room:
        facts.append(f"seed {source.seed}")
    return facts, fewer


class TitleBar(StripView):
    """Shows the row."""

    DEFAULT_CSS = """
    TitleBar { height: 1; background: $panel; }
    """

    def __init__(self, note: str = "", *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._note = note

    def show(self, frame: Frame) -> None:
        """Draw the row if it has changed."""
        self.present([title_row(frame, self.content_size.width, self._note)])


_GAPS = (3, 2, 1)
_BEFORE, _AFTER = "‹ ", "›"
"""Beside the tabs where there are more; a click sees the nearest of them."""


def tab_row(
    views: Sequence[type[View]], seen: str, width: int, keys: KeyTable, palette: Palette
) -> Cells:
    """The row, worded as fully as the width allows; the view named `seen` is marked and there."""
    names = [view.named() for view in views]
    words, gap = _that_fit(views, seen, width, keys)
    lengths = [cell_len(word) + gap for word in words]
    fits = sum(lengths) - gap + 2 <= width
    there = range(len(views)) if fits else _around(names.index(seen), lengths, width)
    row = Row(width, _tab_look(palette)).gap()
    if there.start > 0:
        row.add(_BEFORE, _tab_look(palette, names[there.start - 1]))
    for name, word in list(zip(names, words, strict=True))[there.start : there.stop]:
        row.add(word, _tab_look(palette, name, here=name == seen))
        row.add(" " * min(gap, row.left), style(palette.muted, palette.background))
    if there.stop < len(views):
        row.add(_AFTER, _tab_look(palette, names[there.stop]))
    return row.cells()


def _tab_look(palette: Palette, opens: str = "", *, here: bool = False) -> Style:
    """How a tab looks that opens a view, and how the row does beside the tabs."""
    ground = palette.background
    if not opens:
        return style(palette.text, ground)
    return Style(
        color=palette.text if here else palette.muted,
        bgcolor=ground,
        bold=here,
        reverse=here,
        meta={"@click": f"screen.view({opens!r})"},
    )


def _that_fit(
    views: Sequence[type[View]], seen: str, width: int, table: KeyTable
) -> tuple[list[str], int]:
    """The labels of the tabs and the gap between them; the shortest ones, fit they or not."""
    fullest, shortest = ([view.title[number] for view in views] for number in (0, 1))
    keys = [table.opening(view.named()) for view in views]
    for names, joint in ((fullest, " "), (fullest, ""), (shortest, "")):
        words = [
            f"{key}{joint if key else ''}{name}" for key, name in zip(keys, names, strict=True)
        ]
        for gap in _GAPS:
            if sum(map(cell_len, words)) + gap * (len(words) - 1) + 2 <= width:
                return words, gap
    return [
        f"{key} {view.title[0]}".strip() if view.named() == seen else key or view.title[1]
        for key, view in zip(keys, views, strict=True)
    ], 2


def _around(here: int, lengths: Sequence[int], width: int) -> range:
    """The tabs to show where not all fit: those on both sides of one, with a sign at each end."""
    there, room = range(here, here + 1), width - 1 - len(_BEFORE) - len(_AFTER)
    while True:
        start, stop = there.start, there.stop
        wider = [range(max(0, start - 1), stop), range(start, min(len(lengths), stop + 1))]
        wider = [each for each in wider if len(each) > len(there)]
        wider = [each for each in wider if sum(lengths[each.start : each.stop]) <= room]
        if not wider:
            return there
        there = min(wider, key=lambda each: abs(each.start + each.stop - 1 - 2 * here))


class TabBar(StripView):
    """Shows the row."""

    DEFAULT_CSS = """
    TabBar { height: 1; background: $background; }
    """

    def __init__(self, keys: KeyTable, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._keys = keys

    def show(self, views: Sequence[type[View]], seen: str, palette: Palette) -> None:
        """Draw the row if it has changed."""
        self.present([tab_row(views, seen, self.content_size.width, self._keys, palette)])

    def show_sections(self, sections: Sequence[str], here: str, palette: Palette) -> None:
        """Draw the sections of a talk in place of the tabs."""
        self.present([section_row(sections, here, self.content_size.width, palette)])


def key_row(
    width: int, keys: KeyTable, palette: Palette, *, ascii_only: bool = False, playing: bool = False
) -> Cells:
    """The row of the keys that act; a group that does not fit as a whole ends it."""
    ground = palette.panel
    words = style(palette.muted, ground)
    row = Row(width, style(palette.text, ground)).gap()
    for label, group in keys.groups:
        each = [((key,), key.called(playing=playing)) for key in group]
        items = [(group, label)] if label else each
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


def _has_place(key: Key, frame: Frame) -> bool:
    """Whether a key is worth a place in the bar.

    The budget's is with an engine that has one; the memory's is in the command palette alone.
    """
    if frame.presenting:
        return key.id in _IN_TALKS
    if key.id.startswith("budget"):
        strategies = frame.scene.workload.strategies
        return any(each.parameter_called(TOKEN_BUDGET) for each in strategies)
    return key.id not in _OTHERWISE_TOLD and not key.id.startswith("memory")


class KeyBar(StripView):
    """Shows the row."""

    DEFAULT_CSS = """
    KeyBar { height: 1; background: $panel; }
    """

    def __init__(self, *, ascii_only: bool = False, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._ascii = ascii_only

    def show(self, keys: KeyTable, frame: Frame) -> None:
        """Draw the row of those keys that are worth a place, if it has changed."""
        width = self.content_size.width
        keys = keys.only(lambda key: _has_place(key, frame))
        row = key_row(width, keys, frame.palette, ascii_only=self._ascii, playing=frame.playing)
        self.present([row])


class ProgressRow(ProgressBar):
    """Shows how far a slow simulation is."""

    DEFAULT_CSS = """
    ProgressRow { display: none; height: 1; padding: 0 2; background: $panel; width: 100%; }
    ProgressRow.-shown { display: block; }
    ProgressRow Bar { width: 1fr; }
    """

    def begin(self, lanes: int) -> None:
        """So many lanes are to be simulated."""
        self.update(total=lanes, progress=0)

    def done(self, lanes: int) -> None:
        """So many of them are."""
        self.update(progress=lanes)

    def reveal(self) -> None:
        """Show it."""
        self.add_class("-shown")

    def hide(self) -> None:
        """Show it no longer."""
        self.remove_class("-shown")
