"""What each command does."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tui_batching.analysis.comparison import Comparison
from tui_batching.analysis.comparison import compare as compare_strategies
from tui_batching.cli import csv_output, json_output
from tui_batching.cli.progress import Report, reporting
from tui_batching.clock import Picoseconds, parse_duration
from tui_batching.errors import InputError
from tui_batching.workload import Workload, apply_settings, bundled_workloads, load_workload


def play(arguments: argparse.Namespace) -> None:
    """Open the app.

    Raises:
        InputError: if there is no terminal, or the workload, theme or tick is not as expected.
    """
    if not (_is_terminal(sys.__stdin__) and _is_terminal(sys.__stderr__)):
        raise InputError("the app needs a terminal; tui-batching compare prints without one")
    workload, tick = _load(arguments), _tick(arguments.tick)
    # Here, so that no other command waits for the app's libraries.
    from tui_batching.tui.app import run_app  # noqa: PLC0415

    run_app(workload, arguments.theme, tick)


def compare(arguments: argparse.Namespace) -> None:
    """Print all strategies side by side, as a table, JSON or CSV.

    Raises:
        InputError: if the workload or a setting is not as expected, the options do not go
            together, or the CSV file cannot be written.
    """
    _refuse_contradictions(arguments)
    to_stdout = arguments.csv == "-"
    target = Path(arguments.csv) if arguments.csv and not to_stdout else None
    if target:
        csv_output.refuse_target(target, replace=arguments.force)
    with reporting() as report:
        comparison = _compare(arguments, report)
        if target:
            report(f"writing {target.name}")
            csv_output.write_file(comparison, target, each_request=arguments.requests)
    if to_stdout:
        csv_output.write(comparison, sys.stdout, each_request=arguments.requests)
    elif arguments.json:
        json_output.write(comparison, sys.stdout, each_request=arguments.requests)
    else:
        from tui_batching.cli.tables import print_comparison  # noqa: PLC0415 - rich loads slowly

        print_comparison(comparison)


def workloads(arguments: argparse.Namespace) -> None:  # noqa: ARG001 - as every command has them
    """List the bundled workloads."""
    from tui_batching.cli.tables import print_workloads  # noqa: PLC0415 - rich loads slowly

    print_workloads([load_workload(path) for path in bundled_workloads().values()])


def validate(arguments: argparse.Namespace) -> None:
    """Check a workload file.

    Raises:
        InputError: if it is not as expected.
    """
    path = Path(arguments.file)
    workload = load_workload(path if path.exists() else arguments.file)
    names = ", ".join(strategy.name for strategy in workload.strategies)
    print(f"{arguments.file}: valid, {len(workload.requests)} requests, {names}")


def _is_terminal(stream: object) -> bool:
    isatty = getattr(stream, "isatty", None)
    return bool(isatty and isatty())


def _tick(text: str | None) -> Picoseconds | None:
    if text is None:
        return None
    try:
        tick = parse_duration(text)
    except InputError as error:
        raise InputError(f"--tick: {error}") from None
    if not tick:
        raise InputError(f"--tick: found {text}, expected a duration longer than zero")
    return tick


def _load(arguments: argparse.Namespace) -> Workload:
    return apply_settings(load_workload(arguments.workload), arguments.settings)


def _refuse_contradictions(arguments: argparse.Namespace) -> None:
    if arguments.json and arguments.csv == "-":
        raise InputError("found --json and --csv -, expected only one of them on stdout")
    if arguments.requests and not (arguments.json or arguments.csv):
        raise InputError("found --requests alone, expected --json or --csv FILE with it")
    if arguments.force and arguments.csv in (None, "-"):
        raise InputError("found --force alone, expected --csv FILE with it")


def _compare(arguments: argparse.Namespace, report: Report) -> Comparison:
    report("reading the workload")
    workload = _load(arguments)
    count = len(workload.requests)
    return compare_strategies(workload, lambda name: report(f"{name}, {count:,} requests"))
