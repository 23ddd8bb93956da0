"""The end of the race: who was through first, by how much, and what it cost; one card a lane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rich.style import Style

from tui_batching.analysis.breakdown import lost_part
from tui_batching.analysis.cache_use import WITHOUT
from tui_batching.analysis.kv_use import ignores_memory
from tui_batching.analysis.metrics import METRICS_BY_NAME, format_value, look_best, value_text
from tui_batching.analysis.scene import Scene
from tui_batching.analysis.tables import metric_cells
from tui_batching.charts.big_letters import big_number
from tui_batching.charts.chart import KeySigns
from tui_batching.charts.palette import Palette
from tui_batching.charts.pen import Pen, fill, sign_of
from tui_batching.charts.race import shown_name
from tui_batching.charts.rows import HATCH, STALLED, Cells, Row, first_that_fits, style
from tui_batching.clock import MILLISECOND, SECOND, Picoseconds, format_duration
from tui_batching.numbers import factor_text
from tui_batching.sim.life import State
from tui_batching.sim.run import Run
from tui_batching.strategies import mark_of, spelled

STAR = "★"
_PLACES = ("FIRST", "SECOND", "THIRD", "FOURTH", "FIFTH", "SIXTH")
_NEXT = (
    ("batch-larger", "a larger batch"), ("load-higher", "more load"),
    ("workload", "another workload"), ("view-metrics", "all numbers"), ("tour", "the tour"),
    ("play", "again"),
)  # fmt: skip
"""What to do next, by the ids of the keys."""
Sentence: TypeAlias = list[tuple[str, str | None]]
"""Words, and beside each the strategy that it names, or None."""
_LABEL = 17
"""Cells for what a figure is."""
_VALUE = 7
"""Cells of a figure."""
_NAMES = {
    "mean": ("latency, mean", "mean", "mean"),
    "p99": ("latency, p99", "p99", "p99"),
    "held": ("held slot-seconds", "held slot-s", f"{HATCH} slot-s"),
    "stalled": ("stalled slot-seconds", "stalled slot-s", f"{STALLED} slot-s"),
}
"""What the figures are, the fullest wording first; all are told in as many words."""
_OF_SLOTS = ("held", "stalled")
"""Which of them are of the time of slots."""
_ALL_ANSWERED = "all answered at"
_MUCH = 1.05
"""From how many times as much on a mean latency is another, and not about the same."""
_COMPARED = tuple(
    METRICS_BY_NAME[name]
    for name in ("mean_ttft", "p99_ttft", "mean_tpot", "p99_tpot", "avg_latency", "p99_latency")
)
"""What is told of a lane beside what was measured."""
_SHORT = {
    metric.group: name
    for metric, name in zip(_COMPARED[::2], ("TTFT", "TPOT", "latency"), strict=True)
}
_SHORTEST = {"latency": "lat."}
"""What is told in a narrow lane, where it is not as short already."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of all lanes; less is better.

    Attributes:
        short: what it is, in a word.
        names: the same with its unit if that is not of time, the fullest wording first.
        values: of each lane, in picoseconds, or in picoseconds of a slot.
        texts: these as they are read.
        stars: which lanes are best by it: all of those that look the same.
    """

    short: str
    names: tuple[str, ...]
    values: tuple[float, ...]
    texts: tuple[str, ...]
    stars: tuple[bool, ...]


def figures(scene: Scene) -> list[Figure]:
    """Latency by its mean and its tail, and how long slots were held and stalled in all."""
    results = list(scene.comparison)
    shares = [result.utilization for result in results]
    latencies = [so_far.latency(len(so_far.run)) for so_far in scene.so_far]
    columns = {
        "mean": [latency.mean if latency else 0.0 for latency in latencies],
        "p99": [latency.p99 if latency else 0.0 for latency in latencies],
        "held": [float(share.held_time) for share in shares],
        "stalled": [float(share.stalled_time) for share in shares],
    }
    return [_figure(scene, short, column) for short, column in columns.items()]


def _figure(scene: Scene, short: str, values: Sequence[float]) -> Figure:
    text = slot_seconds if short in _OF_SLOTS else format_duration
    texts = [text(round(value)) for value in values]
    ignoring = [ignores_memory(run) for run in scene.runs]
    stars = look_best(values, texts, ignoring, lowest=True)
    return Figure(short, _NAMES[short], tuple(values), tuple(texts), stars)


def card_rows(scene: Scene, lane: int, width: int, height: int, palette: Palette) -> list[Cells]:
    """The card of a lane: its place, when all were answered, and the figures with bars."""
    pen = Pen(width, palette)
    big = height >= 12 and width >= 24
    compared = scene.comparison.measured is not None
    rows = [
        *([pen.blank()] if height >= 10 else []),
        *(_big_rows(scene, lane, pen) if big else _plain_rows(scene, lane, pen)),
        *(_marks(scene, lane, pen) or ([pen.blank()] if big and height >= 13 else [])),
        *(
            _error_rows(scene, lane, pen)
            if compared
            else [
                *_figures_rows(scene, lane, pen),
                *_doubt_rows(scene.runs[lane], pen),
                *_bars(scene, lane, pen),
            ]
        ),
    ]
    return (rows + [pen.blank()] * height)[:height]


def _doubt_rows(run: Run, pen: Pen) -> list[Cells]:
    """Why a lane with better figures than others has no star."""
    if not ignores_memory(run):
        return []
    words = [
        f"ignores the memory, so no {STAR}",
        f"ignores memory: no {STAR}",
        f"no memory: no {STAR}",
    ]
    look = pen.look(pen.palette.warning)
    return [pen.row().gap(2).add(first_that_fits(words, pen.width - 3), look).cells()]


def _places(scene: Scene) -> list[int]:
    """The place of each lane by when all were answered; equal ones share it."""
    ends = [run.finished for run in scene.runs]
    return [sum(other < end for other in ends) for end in ends]


def _place_row(scene: Scene, lane: int, pen: Pen, beside: Sequence[str], look: Style) -> Cells:
    """The place of a lane, if it has raced with others, and what stands beside it."""
    row = pen.row().gap(2)
    if len(scene.runs) > 1 and scene.comparison.measured is None:
        place = _places(scene)[lane]
        name = _PLACES[place] if place < len(_PLACES) else f"{place + 1}TH"
        first = style(pen.palette.playhead, pen.palette.surface, bold=True, reverse=True)
        row.add(name, pen.title if place else first).gap(2)
    return row.add(first_that_fits(beside, row.left), look).cells()


def _error_rows(scene: Scene, lane: int, pen: Pen) -> list[Cells]:
    """What a log tells, too, and how far a simulated lane is off it."""
    rows = []
    for metric in _COMPARED:
        cell = metric_cells(scene.comparison, metric)[lane]
        short = _SHORT[metric.group]
        names = [f"{name}, {metric.label}" for name in (short, _SHORTEST.get(short, short))]
        label = max(0, min(_LABEL, pen.width - _VALUE - 2))
        row = pen.row().gap(2).add(f"{first_that_fits(names, label):<{label}}", pen.muted)
        row.add(f"{cell.text:>{_VALUE}}", pen.text)
        if len(cell.behind) < row.left:
            row.gap().add(cell.behind, pen.title)
        rows.append(row.cells())
    return rows


def _distance(scene: Scene, lane: int) -> list[str]:
    """How much later than the first, or how far ahead of the second, the fullest wording first.

    Beside what was measured, how much later than that, or how far ahead of it.
    """
    measured, mine = scene.comparison.measured_run, scene.runs[lane]
    if measured is not None:
        after = format_duration(abs(mine.finished - measured.finished))
        later = mine.finished > measured.finished
        return [""] if mine is measured else [f"{after} {'later' if later else 'sooner'}", ""]
    others = [run for run in scene.runs if run is not mine]
    if not others:
        return [""]
    other = min(others, key=lambda run: run.finished)
    apart = format_duration(abs(mine.finished - other.finished))
    if mine.finished == other.finished:
        return _with_name("together with", other)
    if mine.finished < other.finished:
        return [*_with_name(f"{apart} ahead of", other), f"{apart} ahead"]
    return _with_name(f"{apart} after", other)


def _with_name(words: str, run: Run) -> list[str]:
    """Words with the name of a lane behind them, or where that is too long with its sign."""
    name = run.strategy.name
    told = (spelled(name), shown_name(name, 0), mark_of(name))
    return [f"{words} {each}" for each in told]


def _marks(scene: Scene, lane: int, pen: Pen) -> list[Cells]:
    """Which lanes have no prefix cache, a row in all, where others have one and it matters."""
    without = scene.comparison.without_cache
    told = WITHOUT if scene.runs[lane].strategy.name in without else ""
    return [pen.row().gap(2).add(told, pen.text).cells()] if without else []


def _plain_rows(scene: Scene, lane: int, pen: Pen) -> list[Cells]:
    """The place and the instant; below them the distance."""
    run = scene.runs[lane]
    end = format_duration(run.finished)
    instant = [f"{_ALL_ANSWERED} {end}", f"all at {end}", f"at {end}", end]
    row = pen.row().gap(2)
    return [
        _place_row(scene, lane, pen, instant, pen.strategy(run.strategy.name)),
        row.add(first_that_fits(_distance(scene, lane), row.left), pen.text).cells(),
    ]


def _big_rows(scene: Scene, lane: int, pen: Pen) -> list[Cells]:
    """The place and the distance; below them the instant in large digits."""
    run = scene.runs[lane]
    number, _, unit = format_duration(run.finished).partition(" ")
    look, distance = pen.strategy(run.strategy.name), _distance(scene, lane)
    *above, foot = big_number(number)
    return [
        *([_place_row(scene, lane, pen, distance, pen.text)] if len(scene.runs) > 1 else []),
        pen.row().gap(2).add(_ALL_ANSWERED, pen.muted).cells(),
        *(pen.row().gap(2).add(line, look).cells() for line in above),
        pen.row().gap(2).add(f"{foot} {unit}", look).cells(),
    ]


def _figures_rows(scene: Scene, lane: int, pen: Pen) -> list[Cells]:
    """The figures, each named in as many words as there is room for."""
    every = figures(scene)
    labels = [max(map(len, names)) for names in zip(*(each.names for each in every), strict=True)]
    fitting = [number for number, cells in enumerate(labels) if cells + _VALUE + 4 <= pen.width]
    wording = (*fitting, len(labels) - 1)[0]
    run = scene.runs[lane]
    return [_figure_row(each, lane, run, pen, wording, labels[wording]) for each in every]


def _named(figure: Figure, run: Run) -> tuple[str, ...]:
    """What a figure of a lane is called, the fullest wording first."""
    lost = lost_part(run)
    return tuple(
        name.replace("stalled", lost).replace(STALLED, sign_of(lost)[0]) for name in figure.names
    )


def _figure_row(  # noqa: PLR0913, PLR0917 - what is told of whom, and how
    figure: Figure, lane: int, run: Run, pen: Pen, wording: int, cells: int
) -> Cells:
    best, told = figure.stars[lane], figure.texts[lane]
    row, name = pen.row().gap(2), f"{_named(figure, run)[wording]:<{cells}}"
    row.add(name, pen.look(pen.palette.held) if figure.short == "held" else pen.muted)
    return row.add(f"{told:>{_VALUE}}{f' {STAR}' if best else ''}", _strong(pen, best=best)).cells()


def slot_seconds(time: Picoseconds) -> str:
    """Slot-time in all, as a number of slot-seconds."""
    if time < MILLISECOND:
        return "<0.001" if time else "0"
    return value_text(time / SECOND, "number")


def _strong(pen: Pen, *, best: bool) -> Style:
    return pen.look(pen.palette.text, bold=best)


def _bars(scene: Scene, lane: int, pen: Pen) -> list[Cells]:
    """Held and stalled slot-time as bars, on one scale for all lanes."""
    shares = [result.utilization for result in scene.comparison]
    longest = max(max(share.held_time, share.stalled_time) for share in shares)
    cells = max(1, pen.width - 4)
    mine = shares[lane]
    return [
        _bar(pen, HATCH, State.HELD, mine.held_time, longest, cells),
        _bar(pen, *sign_of(lost_part(scene.runs[lane])), mine.stalled_time, longest, cells),
    ]


def _bar(  # noqa: PLR0913, PLR0917 - what is drawn, and on which scale
    pen: Pen, sign: str, state: State, time: Picoseconds, longest: Picoseconds, cells: int
) -> Cells:
    drawn = round(cells * time / longest) if longest else 0
    drawn = max(drawn, int(time > 0))
    return pen.row().gap(2).add(sign * drawn, fill(state, None, pen.palette)).cells()


def ending_rows(
    scene: Scene, count: int, width: int, palette: Palette, keys: KeySigns
) -> list[Cells]:
    """What came of it in words, and which keys to try next; at most so many rows."""
    told = [_told(wordings, width, palette) for wordings in _sentences(scene)]
    there = [(keys[name], what) for name, what in _NEXT if name in keys]
    tried = [_to_try(there, width, palette)] if there else []
    blank = Row(width, style(palette.text, palette.background)).cells()
    return ([*told[: count - len(tried)], *tried] + [blank] * count)[:count]


def _to_try(there: Sequence[tuple[str, str]], width: int, palette: Palette) -> Cells:
    """Keys and what they do, as many as fit."""
    ground = palette.background
    text, key = style(palette.text, ground), style(palette.accent, ground, bold=True)
    row = Row(width, text).gap().add("try  ", style(palette.text, ground, bold=True))
    for sign, what in there:
        if len(sign) + len(what) + 4 <= row.left:
            row.add(sign, key).add(f" {what}   ", text)
    return row.cells()


def _told(wordings: Sequence[Sentence], width: int, palette: Palette) -> Cells:
    """The first wording that fits; names of strategies are written in their colours."""
    lengths = [sum(len(word) for word, _ in words) for words in wordings]
    fitting = (words for words, cells in zip(wordings, lengths, strict=True) if cells < width)
    row = Row(width, style(palette.text, palette.background)).gap()
    for word, name in next(fitting, wordings[-1]):
        colour = palette.text if name is None else palette.strategy(name)
        row.add(word, style(colour, palette.background, bold=name is not None))
    return row.cells()


def _sentences(scene: Scene) -> list[list[Sentence]]:
    """Who answers sooner on average, what is held there and here, and what the price is.

    Each is told in fewer and fewer words. Where nobody is there to compare with, the figures.
    """
    runs = scene.runs
    if len(runs) == 1:
        return [_alone(scene)]
    if scene.comparison.measured is not None:
        return [_how_far_off(scene, lane) for lane in scene.simulated]
    by_name = {figure.short: figure.values for figure in figures(scene)}
    means, held, stalled = (by_name[name] for name in ("mean", "held", "stalled"))
    best = min(range(len(runs)), key=means.__getitem__)
    worst = max(range(len(runs)), key=means.__getitem__)
    if means[worst] < _MUCH * means[best] or means[worst] == means[best]:
        return [[[(_alike(means), None)]]]
    times = factor_text(means[worst] / means[best])
    first, last = runs[best].strategy.name, runs[worst].strategy.name
    sooner: Sentence = [
        (spelled(first), first),
        (f" answers {times} times sooner on average than ", None),
        (spelled(last), last),
    ]  # fmt: skip
    wordings = [sooner]
    if held[best] < held[worst]:
        there, here = (slot_seconds(round(held[number])) for number in (worst, best))
        less = f"here for {here}" if held[best] else "here none is"
        wordings.insert(
            0, [*sooner, (f": there slots are held for {there} slot-seconds, {less}", None)]
        )
    sentences = [wordings]
    if stalled[best] > stalled[worst]:
        more, less = (slot_seconds(round(stalled[number])) for number in (best, worst))
        sentences.append([
            [(f"its price: {more} slot-seconds are lost to others' prompts, against {less}", None)],
            [(f"its price: others' prompts, {more} slot-s, against {less}", None)],
            [(f"its price: {more} slot-s, against {less}", None)],
        ])  # fmt: skip
    return sentences


def _alone(scene: Scene) -> list[Sentence]:
    """What came of the only strategy, in fewer and fewer words."""
    [result] = scene.comparison
    name = result.strategy.name
    mean, p99, total = (
        format_value(METRICS_BY_NAME[each], result.metrics[each])
        for each in ("avg_latency", "p99_latency", "total_time")
    )
    wordings = (
        f" answers after {mean} on average, p99 {p99}; total time {total}",
        f": mean {mean}, p99 {p99}, total time {total}",
    )
    return [[(spelled(name), name), (told, None)] for told in wordings]


def _alike(means: Sequence[float]) -> str:
    """That nobody answers much sooner than the others, and how far apart they are."""
    who = "both" if len(means) == 2 else "all"
    least, most = (format_duration(round(mean)) for mean in (min(means), max(means)))
    if least == most:
        return f"{who} answer equally soon on average, after {least}"
    return f"{who} answer about equally soon on average, after {least} to {most}"


def _how_far_off(scene: Scene, lane: int) -> list[Sentence]:
    """By how much a simulated lane is off what was measured, in fewer and fewer words."""
    name = scene.runs[lane].strategy.name
    errors = {
        f"{_SHORT[metric.group]} {metric.label}": metric_cells(scene.comparison, metric)[
            lane
        ].behind
        for metric in _COMPARED
    }
    means = {key: error for key, error in errors.items() if key.endswith("mean")}
    wordings = (errors, means, dict(list(means.items())[-1:]))
    return [
        [
            (spelled(name), name),
            (f" is off by {', '.join(f'{key} {error}' for key, error in told.items())}", None),
        ]
        for told in wordings
    ]
