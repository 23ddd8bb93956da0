"""Measured against simulated, for people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.table import Table as RichTable
from rich.text import Text

from tui_batching.cli.print_tables import Printer
from tui_batching.clock import format_duration
from tui_batching.measured.accuracy import TimeError, simulated_times
from tui_batching.measured.calibration import Calibration
from tui_batching.measured.fit import Coefficient
from tui_batching.measured.replay import Replay
from tui_batching.measured.server import Server
from tui_batching.measured.server_log import ServerLog
from tui_batching.numbers import counted

_SURE, _OF_DRAWS = "95 % sure", "95 % of draws"


def print_calibration(made: Calibration, *, ascii_only: bool | None = None) -> None:
    """Print the prices, and their errors on what was fitted and on the rest."""
    printer = Printer(ascii_only)
    fit = made.fit
    _heading(printer, fit.log, made.server)
    printer.show(_prices(printer, fit.coefficients))
    fitted = f"the first {int(fit.fitted.sum()):,}, fitted" if made.rest else "all, fitted"
    _errors(printer, fitted, made.fitted)
    if made.rest:
        _errors(printer, f"the other {int(made.rest_rows.sum()):,}, predicted", made.rest)
    printer.notes(made.doubts)


def print_replay(made: Replay, *, ascii_only: bool | None = None) -> None:
    """Print the errors, the worst requests, and how many ran and waited."""
    printer = Printer(ascii_only)
    _heading(printer, made.log, made.server)
    _errors(printer, counted(int(made.log.measured.sum()), "request"), made.errors)
    printer.show(_worst(printer, made))
    printer.notes(_counts(made))
    printer.notes(made.doubts)


def _heading(printer: Printer, log: ServerLog, server: Server) -> None:
    printer.line(Text.assemble((server.description, "bold"), f" · {server.engine.name}"))
    printer.notes([*log.notices, *server.notes])


def _table(printer: Printer, *columns: str) -> RichTable:
    padding = (0, 0, 0, 0 if printer.rule else 1)
    table = RichTable(box=printer.rule, show_edge=False, padding=padding, header_style="bold")
    table.add_column(columns[0], no_wrap=True)
    for name in columns[1:]:
        table.add_column(name, justify="right", no_wrap=True, min_width=10)
    return table


def _prices(printer: Printer, coefficients: Sequence[Coefficient]) -> RichTable:
    table = _table(printer, "what an iteration costs", "price", _SURE)
    for each in coefficients:
        name, _, knot = each.name.partition(".")
        label = name.replace("_", " ") + (f" {knot}" if knot else "")
        between = f"{_time(each.low)} to {_time(each.high)}"
        cells = (f"  {label}", _time(each.value), between)
        table.add_row(*map(printer.text, cells))
    return table


def _errors(printer: Printer, of: str, errors: Sequence[TimeError]) -> None:
    table = _table(printer, of, "measured", "simulated", "error", _OF_DRAWS)
    for each in errors:
        cells = (
            f"  {each.measure} {each.statistic}",
            _time(each.measured),
            _time(each.simulated),
            f"{each.error:+.1%}",
            f"{each.low:+.1%} to {each.high:+.1%}",
        )
        table.add_row(*map(printer.text, cells))
    printer.show(table)


def _worst(printer: Printer, made: Replay) -> RichTable:
    table = _table(printer, "farthest off", "measured", "simulated", "error", "evicted")
    measured, simulated = made.log.times()[2], simulated_times(made.run)[2]
    for each in made.worst:
        cells = (
            f"  R{made.log.requests.id[each.row]} E2EL",
            _time(measured[each.row]),
            _time(simulated[each.row]),
            f"{each.error:+.1%}",
            str(made.run.evictions[each.row]),
        )
        table.add_row(*map(printer.text, cells))
    return table


def _counts(made: Replay) -> list[str]:
    """How many ran and waited on average, and how far apart that was second by second."""
    if made.counted is None:
        return []
    measured, simulated = made.counted
    pairs = (
        ("running", measured.running, simulated.running),
        ("waiting", measured.waiting, simulated.waiting),
    )
    return [
        f"{name}: {real.mean():.1f} measured and {ours.mean():.1f} simulated on average over "
        f"{len(real):,} instants, at each of them {np.abs(ours - real).mean():.1f} apart"
        for name, real, ours in pairs
    ]


def _time(time: float) -> str:
    return format_duration(round(time))
