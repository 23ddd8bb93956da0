"""Tables for people."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from tui_batching.analysis.batch_means import CONFIDENCE, TIMES_AS_LONG
from tui_batching.analysis.capacity import Capacities
from tui_batching.analysis.capacity_table import capacity_table
from tui_batching.analysis.comparison import Comparison
from tui_batching.analysis.saturated import saturated
from tui_batching.analysis.slices import Slice
from tui_batching.analysis.sweeps import Sweep
from tui_batching.analysis.sweeps.varied import kind_text
from tui_batching.analysis.tables import (
    BEST,
    Table,
    TableRow,
    comparison_table,
    parameter_group,
    slice_table,
    sweep_table,
)
from tui_batching.charts.printing import to_ascii
from tui_batching.cli.terminal import needs_ascii
from tui_batching.numbers import counted
from tui_batching.strategies import Strategy
from tui_batching.workload.model import Workload

_UNLIMITED = 10_000


def print_comparison(comparison: Comparison, *, ascii_only: bool | None = None) -> None:
    """Print the headline metrics of all strategies side by side, the best of each row marked."""
    printer = Printer(ascii_only)
    workload = comparison.workload
    printer.line(workload_heading(workload))
    told = comparison_table(comparison)
    strategies = [[result.strategy] for result in comparison]
    printer.show(_laid_out(printer, _with_parameters(told, strategies)))
    for group in told.groups:
        if group.hint:
            printer.line(printer.text(f"{group.title.lower()}: {group.hint}", "dim"))
    printer.note(told)
    printer.notes(saturated(result.run for result in comparison))
    printer.legend(told, "--json and --csv tell more")


def print_slices(
    comparison: Comparison, slices: Sequence[Slice], *, ascii_only: bool | None = None
) -> None:
    """Print where the time of some of the requests went, in parts and their shares."""
    printer = Printer(ascii_only)
    printer.line(workload_heading(comparison.workload))
    told = slice_table(comparison, slices)
    printer.show(_laid_out(printer, told, shares=True))
    for group in told.groups:
        printer.line(printer.text(f"{group.title}: {group.hint}", "dim"))
    printer.note(told)
    printer.notes(saturated(result.run for result in comparison))
    printer.legend(told, "--json and --csv tell the same")


def print_sweep(sweep: Sweep, *, ascii_only: bool | None = None) -> None:
    """Print latency and throughput of all strategies at each value, the best of each row marked."""
    printer = Printer(ascii_only)
    printer.line(workload_heading(sweep.workload).append(f" · {kind_text(sweep.kind)}"))
    table = sweep_table(sweep)
    strategies = [[point.strategy for point in sweep.curve(name)] for name in table.strategies]
    printer.show(_laid_out(printer, _with_parameters(table, strategies)))
    printer.note(table)
    printer.notes(sweep.notes)
    printer.legend(table, "--json and --csv tell more")


def print_capacities(found: Capacities, *, ascii_only: bool | None = None) -> None:
    """Print the request rate that each strategy sustains, the best one marked."""
    printer = Printer(ascii_only)
    printer.line(workload_heading(found.workload).append(f" · {found.asked.text}"))
    told = capacity_table(found)
    strategies = [[each.strategy] for each in found.capacities]
    printer.show(_laid_out(printer, _with_parameters(told, strategies)))
    printer.note(told)
    printer.notes(found.notes)
    times = f"{TIMES_AS_LONG} times as long sustains, with {CONFIDENCE:.0%} confidence"
    printer.legend(told, f"at least, at most: what a run {times}")


class _Console(Console):
    """A rich console that leaves it to the program what follows when its reader has left."""

    def on_broken_pipe(self) -> None:
        """Instead of rich's own exit."""
        raise BrokenPipeError


class Printer:
    """A rich console on stdout that neither cuts nor wraps, and does without Unicode if it must."""

    def __init__(self, ascii_only: bool | None) -> None:
        self._console = _Console(highlight=False, markup=False, emoji=False)
        self._plain = needs_ascii(ascii_only, sys.stdout)
        self.is_terminal = self._console.is_terminal
        self.width = self._console.width
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

    def note(self, told: Table) -> None:
        """Print what is to be read with a table."""
        if told.note:
            self.line(self.text(told.note))

    def notes(self, notes: Sequence[str]) -> None:
        """Print sentences, a line each."""
        for note in notes:
            self.line(self.text(note))

    def legend(self, told: Table, more: str) -> None:
        """Print what the mark of the best means, where there is one, and one thing more."""
        marked = f"{BEST} the best of its row; " if told.has_best else ""
        errors = "beside each figure, how far it is off the measured one; "
        marked = errors if told.shows_errors else marked
        self.line(Text(f"{marked}{more}", "dim"))

    def show(self, table: RichTable) -> None:
        """Print a table as wide as it needs to be."""
        options = self._console.options.update_width(_UNLIMITED)
        needed = self._console.measure(table, options=options).maximum
        self._console.width = max(self._console.width, needed)
        self._console.print(table)


def workload_heading(workload: Workload) -> Text:
    """What was served: the name, how many requests, and at what cost."""
    count = len(workload.requests)
    requests = counted(count, "request")
    cost = workload.cost.title
    told = [requests, *([cost] if cost else []), *workload.assumptions]
    return Text.assemble((workload.name, "bold"), *(f" · {fact}" for fact in told))


def _laid_out(printer: Printer, told: Table, *, shares: bool = False) -> RichTable:
    """A column for labels, and for each strategy one for figures and one for the marks.

    With `shares` there is room for these beside the marks, and for the meanings of the labels.
    """
    padding = (0, 0, 0, 0 if printer.rule else 1)
    table = RichTable(box=printer.rule, show_edge=False, padding=padding, header_style="bold")
    table.add_column("", no_wrap=True)
    for name in told.strategies:
        note = "error" if told.shows_errors and name != told.strategies[0] else ""
        table.add_column(name, justify="right", no_wrap=True, min_width=11 if shares else 14)
        # For the mark of the best, or what is told in its place.
        wide = max(len(note), 4 if shares else 1)
        table.add_column(note, justify="right" if note else "left", width=wide, no_wrap=True)
    for group in told.groups:
        table.add_row(printer.text(group.title, "bold"))
        for row in group.rows:
            label = f"  {row.label:<10} {row.meaning}" if shares else f"  {row.label}"
            figures = _figures(printer, row, notes=shares or told.shows_errors)
            table.add_row(printer.text(label.rstrip()), *figures)
    return table


def _figures(printer: Printer, row: TableRow, *, notes: bool) -> Iterator[Text]:
    for cell in row.cells:
        style = "bold green" if cell.best else ""
        yield printer.text(cell.text, style)
        note = f"{cell.behind:>4}" if notes and cell.behind else ""
        yield printer.text(BEST if cell.best else note, style)


def _with_parameters(told: Table, strategies: Sequence[Sequence[Strategy]]) -> Table:
    """The table below what it was made with; nothing where all parameters vary."""
    parameters = parameter_group(strategies)
    return replace(told, groups=(*([parameters] if parameters.rows else []), *told.groups))
