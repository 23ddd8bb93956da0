"""A sweep as JSON and as CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from typing import Any, TextIO

from tui_batching.analysis.metrics import METRIC_TABLE
from tui_batching.analysis.sweeps import Kind, Point, Sweep
from tui_batching.clock import to_seconds
from tui_batching.export.csv_output import PARAMETERS
from tui_batching.export.records import parameters

SCHEMA = 1

_UNITS: Mapping[Kind, str] = {"load": "requests/s", "batch-size": "slots", "timeout": "s"}


def write_json(sweep: Sweep, out: TextIO) -> None:
    """Write one JSON object.

    Its keys: `schema`; `workload` with `name` and `requests`; `sweep` with `kind` and the `unit`
    of its values; for loads `saturation`, in requests per second by strategy; and `points`, a list
    by value and strategy of objects with `value`, `strategy`, its `parameters` there, `peak_batch`
    (the most slots taken at once) and all `metrics`, named and counted as `compare --json` does.
    """
    head = {
        "schema": SCHEMA,
        "workload": {"name": sweep.workload.name, "requests": len(sweep.workload.requests)},
        "sweep": {"kind": sweep.kind, "unit": _UNITS[sweep.kind]},
        **({"saturation": dict(sweep.saturation)} if sweep.saturation else {}),
    }
    points = ",\n".join(json.dumps(_record(sweep, each), allow_nan=False) for each in sweep.points)
    out.write(json.dumps(head).removesuffix("}") + f', "points": [\n{points}\n]}}\n')


def write_csv(sweep: Sweep, out: TextIO) -> None:
    """Write CSV with a head line and one row a point; what is not defined is left empty."""
    writer = csv.writer(out, lineterminator="\n")
    names = [metric.name for metric in METRIC_TABLE]
    writer.writerow(("sweep", "value", "strategy", *PARAMETERS, "peak_batch", *names))
    for point in sweep.points:
        known = parameters(point.strategy)
        given = (known.get(name) for name in PARAMETERS)
        figures = (point.metrics[name] for name in names)
        value = _value(sweep.kind, point)
        writer.writerow(
            (sweep.kind, value, point.strategy.name, *given, point.peak_batch, *figures)
        )


def _record(sweep: Sweep, point: Point) -> dict[str, Any]:
    return {
        "value": _value(sweep.kind, point),
        "strategy": point.strategy.name,
        "parameters": parameters(point.strategy),
        "peak_batch": point.peak_batch,
        "metrics": dict(point.metrics),
    }


def _value(kind: Kind, point: Point) -> float:
    return to_seconds(int(point.value)) if kind == "timeout" else point.value
