"""The tables of figures as data: what a terminal, the screen and a document lay out alike.

A table has a column a strategy. Its rows stand in groups, each below a heading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from tui_batching.analysis.breakdown import MEANINGS, PARTS
from tui_batching.analysis.comparison import Comparison
from tui_batching.analysis.metrics import (
    METRICS_BY_NAME,
    PARTS_OF_LATENCY,
    SERVICE_LEVEL,
    SLOTS,
    WHERE_TIME_WENT,
    MetricInfo,
    Value,
    best_of,
    format_value,
    metric_called,
)
from tui_batching.analysis.metrics import value_text as figure_text
from tui_batching.analysis.service_level import limits_text
from tui_batching.analysis.slices import MEAN, Slice, SliceParts
from tui_batching.analysis.sweeps.shown import limit_of
from tui_batching.analysis.sweeps.sweep import Sweep
from tui_batching.analysis.sweeps.varied import value_text
from tui_batching.clock import SECOND, format_duration
from tui_batching.cost import Cost
from tui_batching.numbers import counted, factor_text
from tui_batching.strategies import Strategy
from tui_batching.workload.model import join_names
from tui_batching.workload.service_level import ServiceLevel, Target

BEST = "★"
PARAMETERS = "Parameters"
SATURATION = "Saturation: the most that is served"
RATE = METRICS_BY_NAME["request_throughput"]


@dataclass(frozen=True)
class Cell:
    """A figure of one strategy.

    Attributes:
        text: the figure.
        best: whether it is the best of its row.
        behind: how many times the best one it is, `1.54x`, or how far from what was measured,
            `+0.3%`, or which share of the whole; empty where that is not told.
    """

    text: str
    best: bool = False
    behind: str = ""

    @property
    def note(self) -> str:
        """The mark of the best, or how far it is from that."""
        return BEST if self.best else self.behind


@dataclass(frozen=True)
class TableRow:
    """A row: what is told, and a cell for each strategy.

    Attributes:
        label: what is told.
        cells: the figures.
        meaning: the label in more words, where there is room; empty where it says enough.
    """

    label: str
    cells: tuple[Cell, ...]
    meaning: str = ""


@dataclass(frozen=True)
class Group:
    """Rows below a heading, and what is said of them."""

    title: str
    rows: tuple[TableRow, ...]
    hint: str = ""


@dataclass(frozen=True)
class Table:
    """Groups of rows, with a column for each of these strategies.

    Attributes:
        strategies: their names.
        groups: the rows.
        note: a sentence to be read with the figures, without a full stop; empty where there is
            none.
        shows_errors: whether beside the figures stands how far they are off what was measured.
    """

    strategies: tuple[str, ...]
    groups: tuple[Group, ...]
    note: str = ""
    shows_errors: bool = False

    @property
    def has_best(self) -> bool:
        """Whether any figure is marked as the best of its row."""
        return any(cell.best for group in self.groups for row in group.rows for cell in row.cells)


def comparison_table(comparison: Comparison, wanted: Slice = MEAN) -> Table:
    """The headline metrics of all strategies, group by group.

    Args:
        comparison: whose.
        wanted: the requests of which it is told where their time went.
    """
    names = tuple(result.strategy.name for result in comparison)
    groups = groupby(comparison.headlines, key=lambda metric: metric.group)
    told = tuple(
        slice_group(comparison, wanted)
        if title == PARTS_OF_LATENCY and wanted is not MEAN
        else _metrics(comparison, title, each)
        for title, each in groups
    )
    return Table(names, told, "; ".join(notes(comparison)), comparison.measured is not None)


def notes(comparison: Comparison) -> list[str]:
    """Who misses a target, ignores memory that there is, or what requests share; as clauses."""
    starred = comparison.measured is None
    cost = comparison.workload.cost
    ignored = caveats(comparison.ignoring, comparison.without_cache, cost, starred=starred)
    return [*_missed(comparison), *ignored]


def _missed(comparison: Comparison) -> Iterator[str]:
    """The attainment beside a target says nothing of it: that is of the limits of each request."""
    slo = comparison.workload.slo
    for target in slo.targets if slo else ():
        values = comparison.values(metric_called(target.metric))
        told = zip(comparison, values, strict=True)
        names = [each.strategy.name for each, value in told if _is_beyond(value, target)]
        if names:
            verb = "misses" if len(names) == 1 else "miss"
            yield f"{join_names(names)} {verb} {limits_text(ServiceLevel(targets=(target,)))}"


def _is_beyond(value: Value, target: Target) -> bool:
    return value is not None and value * SECOND > target.most


def caveats(
    ignoring: Sequence[str], without_cache: Sequence[str], cost: Cost, *, starred: bool = True
) -> list[str]:
    """Who ignores memory that there is, or what requests share, a clause each."""
    told = (_memory_note(ignoring, cost, starred=starred), _cache_note(without_cache))
    return list(filter(None, told))


def _cache_note(names: Sequence[str]) -> str:
    if not names:
        return ""
    verb, they = ("runs", "it computes") if len(names) == 1 else ("run", "they compute")
    return (
        f"{join_names(names)} {verb} without prefix cache: {they} anew what requests have in common"
    )


def _memory_note(ignoring: Sequence[str], cost: Cost, *, starred: bool = True) -> str:
    if not ignoring:
        return ""
    alone = len(ignoring) == 1
    verb, they, get = ("ignores", "it runs", "gets") if alone else ("ignore", "they run", "get")
    room = f"the KV cache of {cost.kv_cache_tokens:,} tokens"
    told = f"{join_names(ignoring)} {verb} memory: {they} as if {room} had no end"
    return f"{told}, and {get} no {BEST}" if starred else told


def _metrics(comparison: Comparison, title: str, metrics: Iterable[MetricInfo]) -> Group:
    slo = comparison.workload.slo
    limits = slo.of_each if slo and title == SERVICE_LEVEL else None
    told = tuple(metrics)
    rows = (
        TableRow(_with_target(metric, comparison.workload.slo), metric_cells(comparison, metric))
        for metric in told
    )
    meanings = [f"{metric.label} is {metric.meaning}" for metric in told if metric.meaning]
    if title == SLOTS and comparison.limited:
        meanings.append("– where few slots are ever taken")
    return Group(title, tuple(rows), limits_text(limits) if limits else ", ".join(meanings))


def _with_target(metric: MetricInfo, limits: ServiceLevel | None) -> str:
    """The label of a metric, and what it may be at most: `p95 (≤ 500 ms)`."""
    targets = limits.targets if limits else ()
    most = [target.most for target in targets if target.metric == metric.called]
    return f"{metric.label} (≤ {format_duration(most[0])})" if most else metric.label


def parameter_group(several: Sequence[Sequence[Strategy]]) -> Group:
    """The parameters of strategies, a column each.

    Args:
        several: for each column the strategy at all values that are compared; what varies among
            them is not told.
    """
    described = [_shared_parameters(alike) for alike in several]
    labels = dict.fromkeys(label for parameters in described for label in parameters)
    rows = (
        TableRow(label, tuple(Cell(parameters.get(label, "")) for parameters in described))
        for label in labels
    )
    return Group(PARAMETERS, tuple(rows))


def _shared_parameters(alike: Sequence[Strategy]) -> dict[str, str]:
    told = [
        {parameter.label: parameter.text(value) for parameter, value in strategy.told()}
        for strategy in alike
    ]
    return {
        label: text
        for label, text in told[0].items()
        if all(each.get(label) == text for each in told)
    }


def slice_table(comparison: Comparison, wanted: Sequence[Slice]) -> Table:
    """Where the time of some of the requests went, a group a slice."""
    names = tuple(result.strategy.name for result in comparison)
    groups = tuple(slice_group(comparison, each) for each in wanted)
    return Table(names, groups, "; ".join(notes(comparison)))


def slice_group(comparison: Comparison, wanted: Slice) -> Group:
    """Where the time of some of the requests went: the parts there are, and what they sum to."""
    found = [result.slice_parts(wanted) for result in comparison]
    metric = METRICS_BY_NAME[f"mean_{wanted.measure.name}"]
    ignoring = [result.strategy.name in comparison.ignoring for result in comparison]
    there = [name for name in PARTS if any(each.parts.get(name) for each in found)]
    rows = [TableRow(name, _shares(found, name), MEANINGS[name]) for name in there]
    wholes = [each.whole if each.requests else None for each in found]
    # What was measured competes with nobody.
    starred = comparison.measured is None
    whole = _cells(metric, wholes, ignoring if starred else [True] * len(found))
    counts = {each.requests for each in found}
    told = f"{counted(counts.pop(), 'request')}; " if len(counts) == 1 else ""
    return Group(
        f"{WHERE_TIME_WENT} ({wanted.title})",
        (*rows, TableRow(wanted.measure.label, whole, "mean, the sum of these")),
        f"{told}{wanted.measure.extent}",
    )


def _shares(found: Sequence[SliceParts], part: str) -> tuple[Cell, ...]:
    """A part of each, and its share of the whole; a dash where there is none of it."""
    return tuple(
        Cell(figure_text(each.parts[part], "s"), behind=f"{each.percents[part]}%")
        if each.parts.get(part)
        else Cell("–")
        for each in found
    )


def metric_cells(comparison: Comparison, metric: MetricInfo) -> tuple[Cell, ...]:
    """A metric of each strategy, and how far it is from the best."""
    pairs = zip(comparison.values(metric), comparison.best(metric), strict=True)
    cells = [Cell(format_value(metric, value), best) for value, best in pairs]
    if comparison.measured is not None:
        differences = map(error_text, comparison.behind(metric))
    else:
        differences = map(partial(difference_text, metric), comparison.behind(metric))
    return tuple(
        Cell(cell.text, cell.best, behind) for cell, behind in zip(cells, differences, strict=True)
    )


def difference_text(metric: MetricInfo, behind: float | None) -> str:
    """How many times the best value another one is: `1.54x`, `14x`, `0.84x`; empty if unknown.

    Also empty where values are shares: a share of a share is taken for percentage points.
    """
    if behind is None or metric.unit == "share":
        return ""
    times = behind + 1
    return f"{times:.2f}x" if times < 1.995 else f"{factor_text(times)}x"


def error_text(error: float | None) -> str:
    """How far a value is off the measured one: `+0.3%`, `-12%`, `0.0%`; empty if unknown."""
    return "" if error is None else _signed(error, 0.0995)


_NOTHING = "0.0%"


def _signed(share: float, whole: float) -> str:
    """A share with its sign, from `whole` on in whole percent; what rounds to nothing has none."""
    told = f"{share:+,.0%}" if abs(share) >= whole else f"{share:+.1%}"
    return _NOTHING if told[1:] == _NOTHING else told


def sweep_table(sweep: Sweep) -> Table:
    """What is shown of a sweep at each value, a group a figure; then the saturation, if known."""
    ignoring = [name in sweep.ignoring for name in sweep.strategies]
    groups = [_values(sweep, metric, ignoring) for metric in sweep.shown]
    if sweep.saturation:
        row = TableRow(RATE.label, _cells(RATE, list(sweep.saturation.values()), ignoring))
        groups.append(Group(SATURATION, (row,)))
    note = "; ".join(caveats(sweep.ignoring, sweep.without_cache, sweep.workload.cost))
    return Table(sweep.strategies, tuple(groups), note)


def _values(sweep: Sweep, metric: MetricInfo, ignoring: Sequence[bool]) -> Group:
    rows: list[TableRow] = []
    for value in sweep.values:
        points = sweep.row(value)
        found = [
            points[name].metrics[metric.name] if name in points else None
            for name in sweep.strategies
        ]
        rows.append(TableRow(value_text(sweep.kind, value), _cells(metric, found, ignoring)))
    most = limit_of(metric, sweep.workload.slo)
    title = (
        metric.full_label if most is None else f"{metric.full_label} (≤ {format_duration(most)})"
    )
    return Group(title, tuple(rows))


def _cells(
    metric: MetricInfo, values: Sequence[Value], ignoring: Sequence[bool]
) -> tuple[Cell, ...]:
    return tuple(
        Cell(format_value(metric, value), best)
        for value, best in zip(values, best_of(metric, values, ignoring), strict=True)
    )
