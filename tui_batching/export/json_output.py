"""A comparison as JSON, schema 1."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TextIO

from tui_batching.analysis.comparison import Comparison, Result
from tui_batching.export.records import PART_FIELDS, REQUEST_FIELDS, parameters, request_records
from tui_batching.sim.run import Run

SCHEMA = 1


def write(comparison: Comparison, out: TextIO, *, each_request: bool) -> None:
    """Write one JSON object, request by request, so that its size does not matter.

    Args:
        comparison: what to write.
        out: where to.
        each_request: whether to write every request, not only the metrics.
    """
    out.writelines(_pieces(comparison, each_request=each_request))


def _pieces(comparison: Comparison, *, each_request: bool) -> Iterator[str]:
    workload = {"name": comparison.workload.name, "requests": len(comparison.workload.requests)}
    yield f'{{"schema": {SCHEMA}, "workload": {json.dumps(workload)}, "runs": ['
    for number, result in enumerate(comparison):
        yield ",\n" if number else "\n"
        yield _run_without_brace(result)
        if each_request:
            yield ', "requests": ['
            yield from _requests(result.run)
            yield "\n]"
        yield "}"
    yield "\n]}\n"


def _run_without_brace(result: Result) -> str:
    record = {
        "strategy": result.strategy.name,
        "parameters": parameters(result.strategy),
        "metrics": dict(result.metrics),
    }
    return json.dumps(record, allow_nan=False).removesuffix("}")


def _requests(run: Run) -> Iterator[str]:
    """One request a line. All values are numbers, so that they only need to be put in place."""
    fields = ", ".join(f'"{name}": %s' for name in REQUEST_FIELDS)
    parts = ", ".join(f'"{name}": %s' for name in PART_FIELDS)
    template = f'{{{fields}, "breakdown": {{{parts}}}}}'
    separator = "\n"
    for records in request_records(run):
        yield separator + ",\n".join([template % record for record in records])
        separator = ",\n"
