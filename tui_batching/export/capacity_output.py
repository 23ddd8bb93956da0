"""Capacities as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any, TextIO

from tui_batching.analysis.capacity import Capacities, Capacity
from tui_batching.clock import to_seconds
from tui_batching.export.records import parameters

SCHEMA = 1


def write_json(found: Capacities, out: TextIO) -> None:
    """Write one JSON object.

    Its keys: `schema`; `workload` with `name` and `requests`; `slo`, the limits in seconds;
    `attainment`, the share of requests that keeps them; and `capacities`, a list with `strategy`,
    its `parameters`, and in requests per second `median`, `lowest`, `highest` and
    `rates` (one a variant); 0 where the limits are never kept, null where they always are.
    """
    limits = asdict(found.workload.slo) if found.workload.slo else {}
    record = {
        "schema": SCHEMA,
        "workload": {"name": found.workload.name, "requests": len(found.workload.requests)},
        "slo": {name: to_seconds(most) for name, most in limits.items() if most is not None},
        "attainment": found.attainment,
        "capacities": [_record(capacity) for capacity in found.capacities],
    }
    out.write(json.dumps(record, allow_nan=False) + "\n")


def _record(capacity: Capacity) -> dict[str, Any]:
    return {
        "strategy": capacity.strategy.name,
        "parameters": parameters(capacity.strategy),
        "median": _finite(capacity.median),
        "lowest": _finite(capacity.lowest),
        "highest": _finite(capacity.highest),
        "rates": [_finite(rate) for rate in capacity.rates],
    }


def _finite(rate: float) -> float | None:
    return None if math.isinf(rate) else rate
