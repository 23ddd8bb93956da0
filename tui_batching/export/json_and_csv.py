"""Figures as JSON and CSV: comparisons, sweeps and capacities, as records of text and numbers."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, repeat
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from tui_batching.analysis.batch_means import CONFIDENCE
from tui_batching.analysis.breakdown import PARTS
from tui_batching.analysis.comparison import Comparison, Result
from tui_batching.analysis.kv_use import ignores_memory
from tui_batching.analysis.request_columns import REQUEST_COLUMNS, in_seconds, request_columns
from tui_batching.analysis.slices import Slice
from tui_batching.analysis.sweeps import Point, Sweep
from tui_batching.analysis.sweeps.varied import exported, kind_unit, left_out
from tui_batching.clock import exact_seconds, to_seconds
from tui_batching.columns import FloatArray, IntArray
from tui_batching.sim.run import Run
from tui_batching.sim.stays import NEVER, Ended
from tui_batching.strategies import STRATEGIES, Strategy
from tui_batching.workload import Workload

if TYPE_CHECKING:
    from tui_batching.analysis.capacity import Capacities, Capacity

SCHEMA = 2
"""Of all JSON; since 2 the parts of a latency stand beside the other facts of a request."""


_ROWS_AT_ONCE = 4096


def write_comparison_json(
    comparison: Comparison, out: TextIO, *, each_request: bool, slices: Sequence[Slice] = ()
) -> None:
    """Write one JSON object, request by request, so that its size does not matter.

    Args:
        comparison: what to write.
        out: where to.
        each_request: whether to write every request, not only the metrics.
        slices: the requests whose parts of a latency are told as a `breakdown` by name.
    """
    out.writelines(_pieces(comparison, slices, each_request=each_request))


def _pieces(
    comparison: Comparison, slices: Sequence[Slice], *, each_request: bool
) -> Iterator[str]:
    workload = json.dumps(served(comparison.workload))
    yield f'{{"schema": {SCHEMA}, "workload": {workload}, "runs": ['
    for number, result in enumerate(comparison):
        yield ",\n" if number else "\n"
        yield _run_without_brace(comparison, result, slices)
        if each_request:
            yield ', "requests": ['
            yield from _requests(result.run)
            yield "\n]"
        yield "}"
    yield "\n]}\n"


def _run_without_brace(comparison: Comparison, result: Result, slices: Sequence[Slice]) -> str:
    record = {
        "strategy": result.strategy.name,
        "parameters": parameters(result.strategy),
        **_marks(comparison, result),
        "metrics": dict(result.metrics),
        **({"breakdown": {each.name: _slice(result, each) for each in slices}} if slices else {}),
    }
    if comparison.measured not in (None, result):
        record["errors"] = comparison.errors_of(result)
    return json.dumps(record, allow_nan=False).removesuffix("}")


def _slice(result: Result, wanted: Slice) -> dict[str, float]:
    """Where the time of a slice went: the requests, their mean, and its parts in seconds."""
    found = result.slice_parts(wanted)
    return {"requests": found.requests, wanted.measure.name: found.whole, **found.parts}


def write_slices_csv(comparison: Comparison, slices: Sequence[Slice], out: TextIO) -> None:
    """Write CSV with a head line and a row a strategy and slice; `value` is the sum of the parts.

    All times are in seconds, those of `tpot` a token.
    """
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("strategy", "slice", "requests", "measure", "value", *PARTS))
    for result in comparison:
        for wanted in slices:
            found = result.slice_parts(wanted)
            parts = (found.parts.get(name) for name in PARTS)
            name = wanted.measure.name
            whose = (result.strategy.name, wanted.name, found.requests, name, found.whole)
            writer.writerow((*whose, *parts))


def _marks(comparison: Comparison, result: Result) -> dict[str, int | bool | None]:
    """The KV cache, of strategies that heed it; whether it ignores one, or what prompts share."""
    kv = result.run.kv
    return {
        "kv_block_size": None if kv is None else kv.block_size,
        "kv_blocks": None if kv is None else kv.blocks,
        "ignores_memory": ignores_memory(result.run),
        "without_prefix_cache": result.strategy.name in comparison.without_cache,
    }


def _requests(run: Run) -> Iterator[str]:
    """One request a line. Values are numbers or words, so they only need to be put in place."""
    fields = ", ".join(f'"{name}": %s' for name in REQUEST_COLUMNS)
    template = f'{{{fields}, "stays": [%s]}}'
    separator = "\n"
    for records, stays in zip(request_records(run, "null"), _stays(run), strict=True):
        pairs = zip(records, stays, strict=True)
        yield separator + ",\n".join([template % (*record, told) for record, told in pairs])
        separator = ",\n"


def _stays(run: Run) -> Iterator[list[str]]:
    """The stays of each request as text, as many requests at a time as `request_records` tells."""
    stays, tracks = run.stays, run.by_request
    words = [ended.name.lower() for ended in Ended]
    template = '{"slot": %s, "start_time": %s, "ready_time": %s, "end_time": %s, "ended": "%s"}'
    for first in range(0, len(run), _ROWS_AT_ONCE):
        bounds = tracks.first[first : first + _ROWS_AT_ONCE + 1]
        members = tracks.stays[bounds[0] : bounds[-1]]
        ready = stays.ready_time[members]
        told = [
            template % values
            for values in zip(
                stays.slot[members].tolist() if run.tells_iterations else repeat("null"),
                map(exact_seconds, stays.start_time[members].tolist()),
                (exact_seconds(at) if at < NEVER else "null" for at in ready.tolist()),
                map(exact_seconds, stays.end_time[members].tolist()),
                map(words.__getitem__, stays.ended[members].tolist()),
                strict=run.tells_iterations,
            )
        ]
        places = (bounds - bounds[0]).tolist()
        yield [", ".join(told[a:b]) for a, b in pairwise(places)]


def write_comparison_csv(comparison: Comparison, out: TextIO, *, each_request: bool) -> None:
    """Write CSV with a head line; an undefined metric or a parameter not had is left empty.

    The columns are called as the keys of JSON, where parameters and metrics are objects of their
    own; only the stays of requests stand in JSON alone.
    """
    if each_request:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("strategy", *REQUEST_COLUMNS))
        for result in comparison:
            name = result.strategy.name
            for records in request_records(result.run, ""):
                writer.writerows((name, *record) for record in records)
        return
    _write_rows(comparison_rows(comparison), out)


def comparison_rows(comparison: Comparison) -> list[dict[str, Any]]:
    """A row a strategy: its parameters, None where it has none called so, and all metrics."""
    return [
        {
            "strategy": result.strategy.name,
            **_all_parameters(result.strategy),
            **_marks(comparison, result),
            **result.metrics,
        }
        for result in comparison
    ]


def _write_rows(rows: Sequence[Mapping[str, Any]], out: TextIO) -> None:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rows[0])
    writer.writerows(row.values() for row in rows)


def write_sweep_json(sweep: Sweep, out: TextIO) -> None:
    """Write one JSON object.

    Its keys: `schema`; `workload` with `name` and `requests`; `sweep` with `kind` and the `unit`
    of its values; for loads `saturation`, in requests per second by strategy; where there are any
    `left_out`, the strategies that have no such parameter, and `refused`, a list of objects with
    `value`, `strategy` and the `reason` why it cannot serve there; `notes`, all that has to be read
    with the figures, in sentences; and `points`, a list
    by value and strategy of objects with `value`, `strategy`, its `parameters` there, `peak_batch`
    (the most slots taken at once), `ignores_memory`, `without_prefix_cache` (where others have one
    and requests share something) and all `metrics`, named and counted as `compare --json` does.
    """
    without = list(left_out(sweep.workload, sweep.kind))
    refused = [
        {
            "value": exported(sweep.kind, each.value),
            "strategy": each.strategy,
            "reason": each.reason,
        }
        for each in sweep.refused
    ]
    head = {
        "schema": SCHEMA,
        "workload": served(sweep.workload),
        "sweep": {"kind": sweep.kind, "unit": kind_unit(sweep.kind)},
        **({"saturation": dict(sweep.saturation)} if sweep.saturation else {}),
        **({"left_out": without} if without else {}),
        **({"refused": refused} if refused else {}),
        **({"notes": list(sweep.notes)} if sweep.notes else {}),
    }
    points = ",\n".join(json.dumps(_point(sweep, each), allow_nan=False) for each in sweep.points)
    out.write(json.dumps(head).removesuffix("}") + f', "points": [\n{points}\n]}}\n')


def write_sweep_csv(sweep: Sweep, out: TextIO) -> None:
    """Write CSV with a head line and one row a point; what is not defined is left empty."""
    _write_rows(sweep_rows(sweep), out)


def sweep_rows(sweep: Sweep) -> list[dict[str, Any]]:
    """A row a point: value, strategy, its parameters there, and all metrics; times in seconds."""
    return [
        {
            "kind": sweep.kind,
            "value": exported(sweep.kind, point.value),
            "strategy": point.strategy.name,
            **_all_parameters(point.strategy),
            "peak_batch": point.peak_batch,
            "ignores_memory": point.ignores_memory,
            "without_prefix_cache": point.strategy.name in sweep.without_cache,
            **point.metrics,
        }
        for point in sweep.points
    ]


def _point(sweep: Sweep, point: Point) -> dict[str, Any]:
    return {
        "value": exported(sweep.kind, point.value),
        "strategy": point.strategy.name,
        "parameters": parameters(point.strategy),
        "peak_batch": point.peak_batch,
        "ignores_memory": point.ignores_memory,
        "without_prefix_cache": point.strategy.name in sweep.without_cache,
        "metrics": dict(point.metrics),
    }


_FIGURES = (
    "answer",
    "rate",
    "lowest",
    "highest",
    "saturation",
    "limit",
    "requests",
    "runs",
    "reason",
)
"""What is told of each capacity: what it is called here, in JSON and in CSV."""


def write_capacities_json(found: Capacities, out: TextIO) -> None:
    """Write one JSON object.

    Its keys: `schema`; `workload` with `name` and `requests`; `slo`, the limits in seconds;
    `attainment`, the share of requests that keeps those of each request (null if there are none);
    `confidence`, of each interval; and `capacities`, a list of objects with `strategy`, its
    `parameters`, `ignores_memory` (whether it runs as if the KV cache had no end though its
    slots might fill it), `without_prefix_cache` (where others have one and requests share
    something), and the attributes of `Capacity`: `answer`, `rate`, `lowest`, `highest` and
    `saturation` in requests per second, null where there is none, `limit`, which one a little
    more load misses, `requests` and `runs`, and `reason`, why the answer is no rate; beside
    them `notes`, what has to be read with the figures, in sentences, if there is anything.
    """
    asked = found.asked
    record = {
        "schema": SCHEMA,
        "workload": served(found.workload),
        "slo": {name: to_seconds(most) for name, most in asked.slo.limits.items()},
        "attainment": asked.attainment if asked.slo.of_each else None,
        "confidence": CONFIDENCE,
        "capacities": [_capacity(found, capacity) for capacity in found.capacities],
        **({"notes": list(found.notes)} if found.notes else {}),
    }
    out.write(json.dumps(record, allow_nan=False) + "\n")


def _capacity(found: Capacities, capacity: Capacity) -> dict[str, Any]:
    return {
        "strategy": capacity.strategy.name,
        "parameters": parameters(capacity.strategy),
        "ignores_memory": capacity.ignores_memory,
        "without_prefix_cache": capacity.strategy.name in found.without_cache,
        **{name: getattr(capacity, name) for name in _FIGURES},
    }


def write_capacities_csv(found: Capacities, out: TextIO) -> None:
    """Write CSV with a head line and one row a strategy; what there is not is left empty."""
    _write_rows(capacity_rows(found), out)


def capacity_rows(found: Capacities) -> list[dict[str, Any]]:
    """A row a strategy: its parameters, and what it sustains."""
    return [
        {
            "strategy": each.strategy.name,
            **_all_parameters(each.strategy),
            "ignores_memory": each.ignores_memory,
            "without_prefix_cache": each.strategy.name in found.without_cache,
            **{name: getattr(each, name) for name in _FIGURES},
        }
        for each in found.capacities
    ]


def served(workload: Workload) -> dict[str, Any]:
    """What was served: the name of the workload, and how many requests it has."""
    return {"name": workload.name, "requests": len(workload.requests)}


def parameters(strategy: Strategy) -> dict[str, int | float | str | list[int] | None]:
    """The parameters of a strategy; durations in seconds."""
    return {
        parameter.name: parameter.exported(strategy.value(parameter.name))
        for parameter in strategy.about.parameters
    }


def _all_parameters(strategy: Strategy) -> dict[str, int | float | str | list[int] | None]:
    """Those of all strategies that there are, each name once; None where this one has none."""
    kinds = STRATEGIES.values()
    names = dict.fromkeys(each.name for kind in kinds for each in kind.about.parameters)
    return dict.fromkeys(names) | parameters(strategy)


def request_records(run: Run, missing: str) -> Iterator[list[tuple[str, ...]]]:
    """The requests of a Run in arrival order: `REQUEST_COLUMNS` as text.

    They come a few thousand at a time: a million as text would fill gigabytes.

    Args:
        run: whose requests.
        missing: stands for what is not defined, as the time per output token of an answer of one
            token, and for what a log does not tell.
    """
    columns = request_columns(run)
    for first in range(0, len(run), _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        texts = (
            _texts(name, columns[name][rows], missing) if name in columns else repeat(missing)
            for name in REQUEST_COLUMNS
        )
        yield list(zip(*texts, strict=False))


def _texts(name: str, column: IntArray | FloatArray, missing: str) -> Iterator[str]:
    """Whole times with every digit they have, others as the float that is closest."""
    told = in_seconds(name, column)
    if told is column:
        return map(str, column.tolist())
    if column.dtype == np.int64:
        return map(exact_seconds, column.tolist())
    return (missing if math.isnan(value) else repr(value) for value in told.tolist())
