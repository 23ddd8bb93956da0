"""The race: who has been answered, in which order, with all strategies on one baseline.

Beside it stand the running figures; every mean says over how many answers it is, and next to it
stand those that it does not count: the requests that are still open, and the age of the oldest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.style import Style

from tui_batching.analysis.scene import Scene
from tui_batching.charts.palette import Palette
from tui_batching.charts.rows import (
    CHOSEN,
    FULL,
    TRACK,
    Cells,
    Row,
    first_that_fits,
    style,
)
from tui_batching.clock import Picoseconds, format_duration
from tui_batching.strategies import STRATEGIES, mark_of, spelled, tag_of

WIDE = 104
"""Cells from which on there are all columns, and the names are whole."""
_COLUMNS = {"answered": len("of 1"), "mean": 8, "p99": 8, "open": 6, "oldest": 8}
"""The least cells of each running figure with the gap before it; `p99` gives way first."""
_ABOUT = ("who was answered, in order", "who was answered", "answered", "")
"""What the race is about, the fullest wording first."""
_LETTERS = 4
"""Of a name where it is narrow."""
_LARGEST = 5
"""Cells of an answer at most."""
_MOST = 20_000
"""Answers that are marked one by one; of more the tray tells the share."""


@dataclass(frozen=True, slots=True)
class RaceRequest:
    """What the race is drawn for.

    Attributes:
        scene: the Runs.
        time: the instant.
        lanes: which lanes, in order.
        width: cells.
        palette: the colours.
        marked: how long an answer is marked as new, in simulated time.
        selected: the row of the selected request, or None.
    """

    scene: Scene
    time: Picoseconds
    lanes: Sequence[int]
    width: int
    palette: Palette
    marked: Picoseconds = 0
    selected: int | None = None


def race_rows(request: RaceRequest) -> list[Cells]:
    """A heading, and a row a lane."""
    layout = _RaceLayout.of(request)
    return [
        _heading(request, layout.columns),
        *(_lane(request, lane, layout) for lane in request.lanes),
    ]


def name_cells(names: Sequence[str], width: int) -> int:
    """Cells for the names of strategies at the left; where it is narrow, four letters do."""
    return max(map(len, names)) + 2 if width >= WIDE else 6


def shown_name(name: str, width: int) -> str:
    """A strategy's name, or where it is narrow four letters that are never those of another one.

    Of `vllm-v0` they are `vLV0`; those of `vllm@512` are `@512`, and of `vllm@whole` `whol`.
    """
    if width >= WIDE:
        return spelled(name)
    if tag := tag_of(name):
        taken = {_letters(kind).lower() for kind in STRATEGIES}
        is_free = len(tag) >= _LETTERS and tag[:_LETTERS] not in taken
        return (tag if is_free else f"@{tag}")[:_LETTERS]
    return _letters(name)


def _letters(kind: str) -> str:
    """The letters that tell a kind of strategy from all there are, on stage or not."""
    short, written = kind[:_LETTERS], spelled(kind)
    same = any(other != kind and other[:_LETTERS] == short for other in STRATEGIES)
    return f"{written[:2]}{written[-2:]}" if same and kind != short else written[:_LETTERS]


@dataclass(frozen=True, slots=True)
class _RaceLayout:
    """Cells of what stands beside the answers.

    Attributes:
        names: of the strategies, and of their marks if there are any.
        marks: whether there are.
        columns: of each running figure.
    """

    names: int
    marks: bool
    columns: Mapping[str, int]

    @classmethod
    def of(cls, request: RaceRequest) -> _RaceLayout:
        """The fullest layout; p99 and marks give way before names of answers and single ones."""
        names = [request.scene.runs[lane].strategy.name for lane in request.lanes]
        cells = name_cells(names, request.width)
        count = f"{len(request.scene.runs[0]):,}"
        most = {"answered": len(f"of {count}"), "open": len(f"│{count}")}
        full = _COLUMNS | {name: max(_COLUMNS[name], cells) for name, cells in most.items()}
        without = {name: size for name, size in full.items() if name != "p99"}
        layouts = [
            cls(cells + (len("S ") if marks else 0), marks, columns)
            for columns in ((without,) if request.width < WIDE else (full, without))
            for marks in (True, False)
        ]
        named, told = request.scene.longest_name + 1, 2
        wanted = [(each, named) for each in layouts] + [(each, told) for each in layouts[:2]]
        fitting = (each for each, least in wanted if each.answer(request) >= least)
        return next(fitting, layouts[0])

    def tray(self, request: RaceRequest) -> int:
        """Cells that are left for all answers."""
        return max(1, request.width - self.names - sum(self.columns.values()) - 1)

    def answer(self, request: RaceRequest) -> int:
        """Cells of one answer, with the gap behind it."""
        return min(_LARGEST, self.tray(request) // len(request.scene.runs[0]))


def _look(request: RaceRequest, *, bold: bool = False, strong: bool = False) -> Style:
    palette = request.palette
    return style(palette.text if strong else palette.muted, palette.background, bold=bold)


def _heading(request: RaceRequest, titles: Mapping[str, int]) -> Cells:
    muted = _look(request)
    row = Row(request.width, muted)
    row.gap().add("THE RACE", _look(request, bold=True, strong=True))
    count = f"of {len(request.scene.runs[0]):,}"
    room = row.left - sum(cells for name, cells in titles.items() if name != "answered") - 1
    about = first_that_fits(_ABOUT, room - len(count) - 4)
    left = room - len(about)
    answered = first_that_fits([f"answered {count}", count], left - 4)
    row.gap(2).add(about, muted).gap(left - 2 - len(answered)).add(answered, muted)
    for name, cells in titles.items():
        if name != "answered":
            row.add(_figure(name, name, cells), muted)
    return row.cells()


def _lane(request: RaceRequest, lane: int, layout: _RaceLayout) -> Cells:
    scene, time = request.scene, request.time
    run, so_far = scene.runs[lane], scene.so_far[lane]
    moment, palette = run.at(time), request.palette
    name, strong = run.strategy.name, _look(request, bold=True, strong=True)
    row = Row(request.width, _look(request))
    mark = f"{mark_of(name)} " if layout.marks else ""
    shown = f" {mark}{shown_name(name, request.width)}"
    label = f"{shown:<{layout.names}}"[:-1]
    row.add(label, style(palette.strategy(name), palette.background, bold=True))
    _add_tray(row, request, lane, layout.tray(request))
    row.gap(row.left - sum(layout.columns.values()) - 1)
    latency, oldest = so_far.latency(moment.done), so_far.oldest_open(time)
    told = {
        "answered": f"{moment.done:,}",
        "mean": "–" if latency is None else format_duration(round(latency.mean)),
        "p99": "–" if latency is None else format_duration(round(latency.p99)),
        "open": f"{moment.arrived - moment.done:,}",
        "oldest": "–" if oldest is None else format_duration(oldest),
    }
    for title, cells in layout.columns.items():
        look = strong if title == "answered" else _look(request, strong=True)
        row.add(_figure(title, told[title], cells), look)
    return row.cells()


def _figure(name: str, shown: str, cells: int) -> str:
    """A figure in its column; a line parts those over the answers from those over the others."""
    return f"│{shown:>{cells - 1}}" if name == "open" else f"{shown:>{cells}}"


def _add_tray(row: Row, request: RaceRequest, lane: int, cells: int) -> None:
    """A gap, and the answers one by one, by name where there is room; of very many, the share."""
    scene, palette = request.scene, request.palette
    run, so_far = scene.runs[lane], scene.so_far[lane]
    count, done = len(run), run.at(request.time).done
    colour, ground = palette.strategy(run.strategy.name), palette.background
    track = style(palette.bar_track, ground)
    each = min(_LARGEST, cells // count)
    if each < 2 or count > _MOST:
        solid = cells * done // count
        row.gap().add(FULL * solid, style(colour, ground)).add(TRACK * (cells - solid), track)
        return
    named = each > scene.longest_name
    order = so_far.order[:done]
    answered = zip(
        order.tolist(), run.requests.id[order].tolist(), run.end_time[order].tolist(), strict=True
    )
    for answer, name, end in answered:
        ink = palette.playhead if request.time - end <= request.marked else colour
        tile = f"{f'R{name}':>{each - 1}}" if named else FULL * (each - 1)
        if answer == request.selected:
            row.add(CHOSEN, style(palette.selection, ground, bold=True, row=answer))
        else:
            row.add(" ", track)
        row.add(tile, style(ink, ground, bold=named, reverse=named, row=answer))
    row.gap().add(TRACK * ((count - done) * each), track).gap(cells - count * each)
