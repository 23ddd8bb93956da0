"""Tables for people."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from math import inf

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tui_batching.analysis.capacity import Capacities
from tui_batching.analysis.comparison import Comparison
from tui_batching.analysis.metric_table import (
    METRICS_BY_NAME,
    MetricInfo,
    best_of,
    format_value,
)
from tui_batching.analysis.metrics import Value
from tui_batching.analysis.service_level import limits_text
from tui_batching.analysis.sweeps import Sweep
from tui_batching.analysis.sweeps.wording import HEADLINES, kind_text, value_text
from tui_batching.charts.ascii import to_ascii
from tui_batching.cli.ascii import needs_ascii
from tui_batching.strategies import Strategy
from tui_batching.workload.model import Workload

_BEST = "★"
_UNLIMITED = 10_000


def print_comparison(comparison: Comparison, *, ascii_only: bool | None = None) -> None:
    """Print the headline metrics of all strategies side by side, the best of each row marked."""
    printer = _Printer(ascii_only)
    workload = comparison.workload
    printer.line(_heading(workload))
    printer.show(_comparison_table(printer, comparison))
    if workload.slo is not None:
        printer.line(printer.text(f"service level: {limits_text(workload.slo)}", "dim"))
    printer.line(Text(f"{_BEST} the best of its row; --json and --csv tell more", "dim"))


def print_sweep(sweep: Sweep, *, ascii_only: bool | None = None) -> None:
    """Print latency and throughput of all strategies at each value, the best of each row marked."""
    printer = _Printer(ascii_only)
    printer.line(_heading(sweep.workload).append(f" · {kind_text(sweep.kind)}"))
    printer.show(_sweep_table(printer, sweep))
    legend = f"{_BEST} the best of its row; " if len(sweep.strategies) > 1 else ""
    printer.line(Text(f"{legend}--json and --csv tell more", "dim"))


def print_capacities(found: Capacities, *, ascii_only: bool | None = None) -> None:
    """Print the request rate that each strategy sustains, the best one marked."""
    printer = _Printer(ascii_only)
    limits = limits_text(found.workload.slo) if found.workload.slo else ""
    share = f"{found.attainment:.10g}"
    printer.line(_heading(found.workload).append(f" · {limits} for {share} of the requests"))
    table = _empty_table(printer, (each.strategy.name for each in found.capacities))
    table.add_row(printer.text("Sustained requests per second", "bold"))
    for end in ("median", "lowest", "highest"):
        rates = [getattr(each, end) or None for each in found.capacities]
        cells = _cells(printer, METRICS_BY_NAME["request_throughput"], rates, _rate_text)
        table.add_row(printer.text(f"  {end}"), *cells)
    printer.show(table)
    count = len(found.capacities[0].rates)
    over = "the requests as they are" if count == 1 else f"{count} seeds or stretches"
    printer.line(Text(f"{_BEST} the best of its row; over {over}", "dim"))


def print_workloads(workloads: Sequence[Workload], *, ascii_only: bool | None = None) -> None:
    """Print a list of workloads with the first sentence of each description."""
    printer = _Printer(ascii_only)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("workload", no_wrap=True)
    table.add_column("requests", justify="right", no_wrap=True)
    table.add_column("what to watch for")
    for workload in workloads:
        sentence, stop, _ = workload.description.partition(". ")
        table.add_row(
            printer.text(workload.name),
            printer.text(f"{len(workload.requests):,}"),
            printer.text(sentence + stop.strip()),
        )
    printer.show(table, folds=True)


class _Console(Console):
    """A rich console that leaves it to the program what follows when its reader has left."""

    def on_broken_pipe(self) -> None:
        """Instead of rich's own exit."""
        raise BrokenPipeError


class _Printer:
    """A rich console on stdout that neither cuts nor wraps, and does without Unicode if it must."""

    def __init__(self, ascii_only: bool | None) -> None:
        self._console = _Console(highlight=False, markup=False, emoji=False)
        self._plain = needs_ascii(ascii_only, sys.stdout)
        self.is_terminal = self._console.is_terminal
        self.rule = None if self._plain else box.SIMPLE_HEAD

    def text(self, text: str, style: str = "") -> Text:
        """The text in letters that stdout can take."""
        if self._plain:
            text = to_ascii(text.replace("≤", "<="))
        return Text(text, style)

    def line(self, text: Text) -> None:
        """Print one line, however long."""
        if self._plain:
            text = self.text(text.plain)
        self._console.print(text, soft_wrap=True)

    def show(self, table: Table, *, folds: bool = False) -> None:
        """Print a table as wide as it needs to be, unless it `folds` to a terminal's width."""
        if not (folds and self.is_terminal):
            options = self._console.options.update_width(_UNLIMITED)
            needed = self._console.measure(table, options=options).maximum
            self._console.width = max(self._console.width, needed)
        self._console.print(table)


def _heading(workload: Workload) -> Text:
    count = len(workload.requests)
    requests = "1 request" if count == 1 else f"{count:,} requests"
    profile = workload.cost.profile
    on = f" · {profile.name}" if profile else ""
    return Text.assemble((workload.name, "bold"), f" · {requests}{on}")


def _empty_table(printer: _Printer, strategies: Iterable[str]) -> Table:
    """A table with a column for labels and one for each strategy."""
    padding = (0, 0, 0, 0 if printer.rule else 1)
    table = Table(box=printer.rule, show_edge=False, padding=padding, header_style="bold")
    table.add_column("", no_wrap=True)
    for name in strategies:
        table.add_column(name, justify="right", no_wrap=True, min_width=14)
        table.add_column("", width=1)  # for the mark of the best
    return table


def _sweep_table(printer: _Printer, sweep: Sweep) -> Table:
    table = _empty_table(printer, sweep.strategies)
    for metric in HEADLINES:
        table.add_row(printer.text(metric.full_label, "bold"))
        for value in sweep.values:
            points = sweep.row(value)
            found = [points[name].metrics[metric.name] for name in sweep.strategies]
            label = printer.text(f"  {value_text(sweep.kind, value)}")
            table.add_row(label, *_cells(printer, metric, found))
    if sweep.saturation:
        table.add_row(printer.text("Saturation: the most that is served", "bold"))
        served = METRICS_BY_NAME["request_throughput"]
        cells = _cells(printer, served, list(sweep.saturation.values()))
        table.add_row(printer.text(f"  {served.label}"), *cells)
    return table


def _comparison_table(printer: _Printer, comparison: Comparison) -> Table:
    table = _empty_table(printer, (result.strategy.name for result in comparison))
    _add_parameters(printer, table, [result.strategy for result in comparison])
    for group, metrics in groupby(comparison.headlines, key=lambda metric: metric.group):
        table.add_row(printer.text(group, "bold"))
        for metric in metrics:
            cells = _cells(printer, metric, comparison.values(metric))
            table.add_row(printer.text(f"  {metric.label}"), *cells)
    return table


def _add_parameters(printer: _Printer, table: Table, strategies: Sequence[Strategy]) -> None:
    table.add_row(printer.text("Parameters", "bold"))
    described = [
        {parameter.label: parameter.text(value) for parameter, value in strategy.told()}
        for strategy in strategies
    ]
    for label in dict.fromkeys(label for parameters in described for label in parameters):
        values = (parameters.get(label, "") for parameters in described)
        cells = (printer.text(text) for value in values for text in (value, ""))
        table.add_row(printer.text(f"  {label}"), *cells)


def _rate_text(metric: MetricInfo, rate: Value) -> str:
    """A sustained rate; at the ends of the scale it is no number."""
    return "none" if rate is None else "any" if rate == inf else format_value(metric, rate)


def _cells(
    printer: _Printer,
    metric: MetricInfo,
    values: Sequence[Value],
    spell: Callable[[MetricInfo, Value], str] = format_value,
) -> list[Text]:
    """For each strategy its value and the mark of the best, where it is that."""
    cells: list[Text] = []
    for value, best in zip(values, best_of(metric, values), strict=True):
        style = "bold green" if best else ""
        cells += [printer.text(spell(metric, value), style)]
        cells += [printer.text(_BEST if best else "", style)]
    return cells
