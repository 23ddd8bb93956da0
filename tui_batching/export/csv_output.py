"""A comparison as CSV: one row a strategy, or one row a request and strategy."""

from __future__ import annotations

import csv
from typing import TextIO

from tui_batching.analysis.comparison import Comparison
from tui_batching.analysis.metrics import METRIC_TABLE
from tui_batching.export.records import PART_FIELDS, REQUEST_FIELDS, parameters, request_records

PARAMETERS = ("batch_size", "pad_to", "timeout", "timeout_from")


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
    writer.writerow(("strategy", *PARAMETERS, *names))
    for result in comparison:
        known = parameters(result.strategy)
        given = (known.get(name) for name in PARAMETERS)
        writer.writerow((result.strategy.name, *given, *(result.metrics[name] for name in names)))
