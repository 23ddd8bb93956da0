"""The slowest requests as JSON and CSV; all times in seconds."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

from tui_batching.analysis.breakdown import PARTS
from tui_batching.analysis.cache_use import without_cache
from tui_batching.analysis.slowest import SlowRequest
from tui_batching.analysis.worst import Measure
from tui_batching.clock import to_seconds
from tui_batching.export.json_and_csv import SCHEMA, parameters, served
from tui_batching.strategies import Strategy
from tui_batching.workload import Workload

Found = Sequence[tuple[Strategy, Sequence[SlowRequest]]]
"""The slowest requests of each strategy."""


def write_json(workload: Workload, measure: Measure, found: Found, out: TextIO) -> None:
    """Write one JSON object.

    Its keys: `schema`; `workload` with `name` and `requests`; the `measure`; and `runs`, each with
    `strategy`, `parameters`, `without_prefix_cache` (where others have one and requests share
    something) and `slowest`, the requests as in CSV.
    """
    without = without_cache((each for each, _ in found), share=workload.requests.share)
    record = {
        "schema": SCHEMA,
        "workload": served(workload),
        "measure": measure.name,
        "runs": [
            {
                "strategy": strategy.name,
                "parameters": parameters(strategy),
                "without_prefix_cache": strategy.name in without,
                "slowest": list(_records(measure, requests)),
            }
            for strategy, requests in found
        ],
    }
    out.write(json.dumps(record, allow_nan=False) + "\n")


def write_csv(workload: Workload, measure: Measure, found: Found, out: TextIO) -> None:
    """Write CSV with a head line: strategy, rank from 1, id, measure, instant, parts and why.

    Behind them stands `without_prefix_cache`, as in JSON.
    """
    writer = csv.writer(out, lineterminator="\n")
    without = without_cache((each for each, _ in found), share=workload.requests.share)
    head = ("strategy", "rank", "id", measure.name, "time", *PARTS, "why", "without_prefix_cache")
    writer.writerow(head)
    for strategy, requests in found:
        for record in _records(measure, requests):
            writer.writerow((strategy.name, *record.values(), strategy.name in without))


def _records(measure: Measure, requests: Sequence[SlowRequest]) -> Iterator[dict[str, Any]]:
    for rank, each in enumerate(requests, 1):
        told = {"rank": rank, "id": each.id, measure.name: each.value}
        yield {**told, "time": to_seconds(each.time), **each.parts, "why": each.why}
