"""The slowest requests, for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from tui_batching.analysis.cache_use import WITHOUT, without_cache
from tui_batching.analysis.slowest import SlowRequest
from tui_batching.analysis.worst import Measure
from tui_batching.cli.print_tables import Printer, workload_heading
from tui_batching.clock import SECOND, Picoseconds, instant_text
from tui_batching.columns import rounded
from tui_batching.strategies import Strategy
from tui_batching.workload import Workload


def print_slowest(  # noqa: PLR0913 - what is told of whom, and how
    workload: Workload,
    measure: Measure,
    found: Sequence[tuple[Strategy, Sequence[SlowRequest]]],
    end: Picoseconds,
    notes: Sequence[str] = (),
    *,
    ascii_only: bool | None = None,
) -> None:
    """Print two lines a request, how slow it is and where its time went, and why; then notes.

    Instants are told as in the app, by the clock of Runs of which the last is over at `end`.
    """
    printer = Printer(ascii_only)
    printer.line(workload_heading(workload).append(f" · slowest by {measure.label}"))
    without = without_cache((each for each, _ in found), share=workload.requests.share)
    for strategy, requests in found:
        marks = (WITHOUT,) if strategy.name in without else ()
        title = " · ".join((strategy.title, *strategy.wordings()[0], *marks))
        printer.line(printer.text(title, "bold"))
        if not requests:
            printer.line(printer.text(f"  no request has a {measure.label}"))
        names = [f"R{each.id}" for each in requests]
        width = max(map(len, names), default=0)
        for name, each in zip(names, requests, strict=True):
            value = measure.text(each.value * SECOND)
            at = f"at {instant_text(each.time, end)} s"
            told = f"  {name:<{width}}  {value:>8}  {at:>14}  {_parts(each)}"
            printer.line(printer.text(told))
            printer.line(printer.text(f"  {'':<{width}}  {each.why}", "dim"))
    printer.notes(notes)
    legend = f"{measure.label} is {measure.meaning}; --json and --csv tell every part"
    printer.line(Text(legend, "dim"))


def _parts(each: SlowRequest) -> str:
    """The parts by share, the largest first: `slots 96%, prefill 3%`."""
    shares = {name: part / each.value for name, part in each.parts.items() if each.value}
    percents = dict(zip(shares, rounded(list(shares.values()), 100), strict=True))
    largest = sorted(shares, key=lambda name: -shares[name])
    names = {"stalled": each.lost}
    told = ((names.get(name, name), percents[name]) for name in largest)
    return ", ".join(f"{name} {share}%" for name, share in told if share)
