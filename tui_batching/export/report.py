"""A whole comparison as a Markdown document with charts in plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TextIO

from tui_batching import __version__
from tui_batching.analysis.claims import claims
from tui_batching.analysis.comparison import Comparison
from tui_batching.analysis.metrics import PARTS_OF_LATENCY
from tui_batching.analysis.saturated import saturated
from tui_batching.analysis.scene import Scene
from tui_batching.analysis.slices import MEAN, SLICES, Slice
from tui_batching.analysis.sweeps import Kind, Sweep
from tui_batching.analysis.sweeps.varied import kind_label, kind_text
from tui_batching.analysis.tables import (
    BEST,
    SATURATION,
    Table,
    comparison_table,
    slice_group,
    sweep_table,
)
from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.gallery import SCENE_CHARTS, SWEEP_CHARTS
from tui_batching.charts.palette import DEFAULT_THEME, load_palettes
from tui_batching.charts.printing import printed
from tui_batching.charts.sweep_charts import SweepRequest
from tui_batching.clock import SECOND, duration_text, format_duration
from tui_batching.columns import IntArray, exact_sum
from tui_batching.export.findings import findings
from tui_batching.numbers import counted, significant
from tui_batching.reading.constraints import Constraints, Duration, DurationsByCount
from tui_batching.workload.model import Workload, join_names

_CHARTS = (
    ("Utilization of the slots", "utilization"),
    ("Latency", "latency"),
    ("How the latencies are distributed", "distribution"),
)
"""The title and the name of each chart."""
_SWEEP_CHARTS: Mapping[Kind, tuple[str, ...]] = {
    "load": ("load", "frontier"),
    "batch-size": ("batch-size",),
}
_SLOWEST = ("p99-ttft", "p99-tpot", "p99-e2el")
"""The slices of which it is told where their time went."""
_VERDICTS = {True: "So it is here", False: "Not here"}
_FEW = 30
"""Requests that are few enough to be drawn one by one."""
_WIDTH = 78
_HEIGHT = 24
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


@dataclass(frozen=True)
class Report:
    """What a report tells.

    Attributes:
        scene: the workload and its Runs.
        sweeps: what came of changing one of its parameters.
        commands: the lines of a shell that give these figures again.
    """

    scene: Scene
    sweeps: Sequence[Sweep]
    commands: Sequence[str]


def write(report: Report, out: TextIO) -> None:
    """Write the document. The same workload gives the same document, always and everywhere."""
    out.write("\n\n".join(_blocks(report)) + "\n")


def _blocks(report: Report) -> Iterator[str]:
    """The paragraphs, headings, tables and charts."""
    comparison = report.scene.comparison
    names = join_names(result.strategy.name for result in comparison)
    yield f"# {plain(comparison.workload.name)}: {names}"
    yield from _workload(comparison.workload)
    sentences = (warned.sentence for warned in report.scene.warnings)
    yield from (f"**Warning:** {plain(sentence)}." for sentence in sentences)
    overfull = saturated(result.run for result in comparison)
    yield from (f"**Warning:** {plain(sentence)}." for sentence in overfull)
    yield "## In short"
    yield bullets(findings(comparison))
    yield "## Metrics"
    yield from _metrics(comparison)
    yield "## Where the time went"
    yield "The latency of a request, in the mean, as parts that sum to it exactly."
    yield _breakdown(comparison, MEAN)
    for name in _SLOWEST:
        yield f"The {SLICES[name].whole}, {SLICES[name].measure.extent}:"
        yield _breakdown(comparison, SLICES[name])
    yield from _said(comparison)
    yield from _charts(report.scene)
    for sweep in report.sweeps:
        yield from _sweep(sweep)
    yield "## How to get these figures again"
    yield fenced("\n".join(report.commands), "sh")
    yield _parameters(comparison.workload)
    yield f"Written by tui-batching {__version__}."


def _workload(workload: Workload) -> Iterator[str]:
    if workload.description:
        yield plain(workload.description)
    requests = workload.requests
    first, last = int(requests.arrival_time[0]), int(requests.arrival_time[-1])
    facts = [counted(len(requests), "request")]
    if last > first:
        rate = (len(requests) - 1) * SECOND / (last - first)
        facts.append(
            f"arriving over {format_duration(last - first)}, {significant(rate)} per second"
        )
    elif len(requests) > 1:
        facts.append("all at once")
    facts.append(f"prompts of {_spread(requests.input_tokens)} tokens")
    facts.append(f"answers of {_spread(requests.output_tokens)}")
    yield f"{', '.join(facts)}."
    yield from (f"**Note:** {plain(notice)}." for notice in workload.notices)


def _spread(tokens: IntArray) -> str:
    """`20 to 199 (mean 112)`."""
    low, high = int(tokens.min()), int(tokens.max())
    return (
        f"{low:,}"
        if low == high
        else f"{low:,} to {high:,} (mean {exact_sum(tokens) / len(tokens):,.0f})"
    )


def _metrics(comparison: Comparison) -> Iterator[str]:
    """The metrics but for the parts of the latency, which have a table of their own."""
    told = comparison_table(comparison)
    if told.has_best:
        yield f"{BEST} is the best of its row; a percentage tells how far another value is from it."
    if told.shows_errors:
        yield "A percentage tells how far a value is off what was measured."
    if told.note:
        yield f"**Note:** {plain(told.note)}."
    groups = tuple(group for group in told.groups if group.title != PARTS_OF_LATENCY)
    yield _laid_out(replace(told, groups=groups))
    yield from (f"{group.title}: {plain(group.hint)}." for group in groups if group.hint)


def _laid_out(told: Table) -> str:
    rows: list[list[str]] = []
    for group in told.groups:
        rows.append([f"**{group.title}**", *[""] * len(told.strategies)])
        rows += [
            [row.label, *(f"{cell.text} {cell.note}".strip() for cell in row.cells)]
            for row in group.rows
        ]
    return table(["", *told.strategies], rows)


def _said(comparison: Comparison) -> Iterator[str]:
    """The lessons of the strategies, checked on this workload."""
    told = [
        f"{claim.text} {_VERDICTS[claim.holds]}: {claim.detail}." for claim in claims(comparison)
    ]
    if told:
        yield "## What is said of the strategies"
        yield bullets(told)


def _breakdown(comparison: Comparison, wanted: Slice) -> str:
    """Each part of the time of a slice, and its share of it."""
    head = ["", *(result.strategy.name for result in comparison)]
    *parts, whole = slice_group(comparison, wanted).rows
    rows = [
        [
            f"{row.label}: {row.meaning}",
            *(f"{cell.text} ({cell.behind})" if cell.behind else cell.text for cell in row.cells),
        ]
        for row in parts
    ]
    return table(head, [*rows, [f"**{whole.label}**", *(cell.text for cell in whole.cells)]])


def _charts(scene: Scene) -> Iterator[str]:
    """The charts, and each request's way through time if there are few of them."""
    count = len(scene.workload.requests)
    if count <= _FEW:
        yield "## Each request's way through time"
        yield _chart(scene, "gantt", 2 + (count + 1) * len(scene.runs))
    for title, name in _CHARTS:
        yield f"## {title}"
        yield _chart(scene, name, _HEIGHT)


def _chart(scene: Scene, name: str, height: int) -> str:
    request = ChartRequest(scene, scene.end, _WIDTH, height, load_palettes()[DEFAULT_THEME])
    return fenced(printed(SCENE_CHARTS[name].draw(request), None))


def _sweep_chart(sweep: Sweep, name: str) -> str:
    palette = load_palettes()[DEFAULT_THEME]
    request = SweepRequest(sweep, sweep.workload, _WIDTH, _HEIGHT, palette)
    return fenced(printed(SWEEP_CHARTS[name].draw(request), None))


def _sweep(sweep: Sweep) -> Iterator[str]:
    """One parameter at several values, metric by metric."""
    yield f"## {kind_label(sweep.kind).capitalize()}"
    yield f"Served at other values of one parameter: {kind_text(sweep.kind)}."
    yield from _unvaried(sweep)
    if sweep.saturation:
        told = ", ".join(f"{name} {significant(load)}" for name, load in sweep.saturation.items())
        yield f"Saturation, the most requests per second that are served: {told}."
    figures = sweep_table(sweep)
    groups = tuple(group for group in figures.groups if group.title != SATURATION)
    yield _laid_out(replace(figures, groups=groups))
    if figures.note:
        yield f"**Note:** {plain(figures.note)}."
    yield from map(plain, sweep.notes)
    for name in _SWEEP_CHARTS.get(sweep.kind, ()):
        yield _sweep_chart(sweep, name)


def _unvaried(sweep: Sweep) -> Iterator[str]:
    """The parameters that stay the same, of those who have any."""
    wordings = ((name, sweep.wordings(name)[0]) for name in sweep.strategies)
    told = [f"{name} with {', '.join(words)}" for name, words in wordings if words]
    if told:
        yield plain(f"Alike at all of them: {'; '.join(told)}.")


def _parameters(workload: Workload) -> str:
    """All that the figures depend on, by the keys of `--set`."""
    source = workload.source
    known: dict[str, Any] = {"workload": workload.name, "workload.count": len(workload.requests)}
    if source.rate is not None:
        known["workload.rate"] = f"{source.rate:.6g}"
    if source.seed is not None:
        known["workload.seed"] = source.seed
    for strategy in workload.strategies:
        known |= _values(strategy.name, strategy, strategy.constraints())
    cost = workload.cost
    known |= {"cost": cost.profile.name} if cost.profile else {}
    known |= _values("cost", cost, cost.constraints)
    if workload.slo is not None:
        limits = workload.slo.limits.items()
        known |= {f"slo.{key}": duration_text(most) for key, most in limits}
    return table(["parameter", "value"], [[key, plain(str(value))] for key, value in known.items()])


def _values(prefix: str, parameters: object, constraints: Constraints) -> dict[str, Any]:
    """The parameters that are set; durations as exact text."""
    told = {name: getattr(parameters, name) for name in constraints}
    return {
        f"{prefix}.{name}": _value_text(value, constraints[name])
        for name, value in told.items()
        if value is not None
    }


def _value_text(value: Any, constraint: object) -> Any:
    if isinstance(constraint, Duration):
        return duration_text(value)
    if isinstance(constraint, DurationsByCount):
        prices = (f"{count}: {duration_text(price)}" for count, price in value)
        return f"{{{', '.join(prices)}}}"
    return value


def plain(text: str) -> str:
    """A text in one line, in which nothing is taken for Markdown."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; the first column stands at the left, numbers in the others at the right."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def bullets(items: Sequence[str]) -> str:
    """A list."""
    return "\n".join(f"- {item}" for item in items)


def fenced(text: str, language: str = "text") -> str:
    """Text as it is, in a fence longer than any within it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
