"""A comparison as CSV: one row a strategy, or one row a request and strategy."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TextIO

from tui_batching.analysis.comparison import Comparison
from tui_batching.analysis.metric_table import METRIC_TABLE
from tui_batching.cli.records import PART_FIELDS, REQUEST_FIELDS, parameters, request_records
from tui_batching.errors import InputError
from tui_batching.workload.wording import printable

_PARAMETERS = ("batch_size", "timeout", "timeout_from")


def write(comparison: Comparison, out: TextIO, *, each_request: bool) -> None:
    """Write CSV with a head line; an undefined metric or a parameter not had is left empty."""
    writer = csv.writer(out, lineterminator="\n")
    if each_request:
        writer.writerow(("strategy", *REQUEST_FIELDS, *PART_FIELDS))
        for result in comparison:
            name = result.strategy.name
            for records in request_records(result.run):
                writer.writerows((name, *record) for record in records)
        return
    names = [metric.name for metric in METRIC_TABLE]
    writer.writerow(("strategy", *_PARAMETERS, *names))
    for result in comparison:
        known = parameters(result.strategy)
        given = (known.get(name) for name in _PARAMETERS)
        writer.writerow((result.strategy.name, *given, *(result.metrics[name] for name in names)))


def refuse_target(path: Path, *, replace: bool) -> None:
    """Look before the work begins whether the file can be written.

    Raises:
        InputError: if it is there already and must not be replaced, or is no ordinary file.
    """
    where = printable(str(path))
    if not path.exists():
        return
    if not path.is_file():
        raise InputError(f"{where}: found a folder or a device, expected a new CSV file")
    if not replace:
        raise InputError(f"{where}: found a file, expected a new one (--force replaces it)")


def write_file(comparison: Comparison, path: Path, *, each_request: bool) -> None:
    """Write a CSV file whole or not at all: beside its place first, then moved there.

    Raises:
        InputError: if it cannot be written.
    """
    target = path.resolve()  # a link stays a link
    draft = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        try:
            with draft.open("x", encoding="utf-8", newline="") as out:
                write(comparison, out, each_request=each_request)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{printable(str(path))}: cannot be written ({reason})") from None
