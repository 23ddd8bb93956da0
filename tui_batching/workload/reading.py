"""Reading workload files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from tui_batching.cost import Cost, LinearCost
from tui_batching.printable import name_of, printable
from tui_batching.requests import MAX_TOKENS, Requests
from tui_batching.strategies import DEFAULT_STRATEGIES, STRATEGIES, Strategy
from tui_batching.workload.costs import read_cost
from tui_batching.workload.fields import Field, Record, read_yaml
from tui_batching.workload.files import path_within, read_text
from tui_batching.workload.library import bundled_workload
from tui_batching.workload.listed import ListedRequests
from tui_batching.workload.model import ServiceLevel, Source, Workload
from tui_batching.workload.parameters import (
    SLO_READERS,
    strategy_readers,
)
from tui_batching.workload.recipe import read_recipe
from tui_batching.workload.traces import (
    FORMATS,
    OPTION_READERS,
    TraceOptions,
    TraceRequests,
    find_trace,
)

_KEYS = ("name", "description", "requests", "cost", "strategies", "slo")
_REQUEST_KEYS = ("arrival_time", "input_tokens", "output_tokens", "id")
_LONGEST_NAME = 60
_TRACE_ENDINGS = (".csv", ".jsonl", ".json", ".gz")
_DEFAULT_COST: Cost = LinearCost()


def load_workload(name_or_path: str | Path) -> Workload:
    """Read a bundled workload by its name, or any workload by its file.

    A `Path`, and a text with a folder in it or with one of the endings below, is a file; any other
    text is a bundled workload's name. A file that ends in `.csv`, `.jsonl`, `.json` or `.gz` is a
    trace: its format is recognised and its requests are read when they are first needed. Every
    other file is YAML.

    Raises:
        InputError: if there is no such workload, or its file is not as expected.
    """
    path = Path(name_or_path) if _is_path(name_or_path) else bundled_workload(str(name_or_path))
    if path.name.endswith(_TRACE_ENDINGS):
        return Workload(_trace_name(path), find_trace(path))
    return parse_workload(read_text(path), str(path), path.parent)


def parse_workload(text: str, where: str, folder: Path = Path()) -> Workload:
    """Read a workload from YAML text.

    Args:
        text: the YAML text.
        where: the file's name: errors start with it, and it names a workload without a name.
        folder: where the traces are that it names by a relative path.

    Raises:
        InputError: if the text is not as expected; told with line, key, found and expected.
    """
    record = read_yaml(text, where).mapping(_KEYS)
    return Workload(
        name=record.read("name", lambda field: field.text(_LONGEST_NAME), name_of(Path(where))),
        source=_read_requests(record["requests"], folder),
        description=record.read("description", Field.text, ""),
        cost=record.read("cost", read_cost, _DEFAULT_COST),
        strategies=record.read("strategies", _read_strategies, DEFAULT_STRATEGIES),
        slo=record.read("slo", lambda field: field.build(ServiceLevel, SLO_READERS), None),
    )


def _is_path(name_or_path: str | Path) -> bool:
    if isinstance(name_or_path, Path):
        return True
    separators = {os.sep, os.altsep or os.sep}
    endings = (".yaml", ".yml", *_TRACE_ENDINGS)
    return name_or_path.endswith(endings) or any(s in name_or_path for s in separators)


def _trace_name(path: Path) -> str:
    stem = path.name
    while stem.endswith(_TRACE_ENDINGS):
        stem = stem.rpartition(".")[0]
    return printable(stem)[:_LONGEST_NAME]


def _read_strategies(field: Field) -> tuple[Strategy, ...]:
    record = field.mapping(STRATEGIES)
    if not record.fields:
        raise field.error(f"at least one of {', '.join(STRATEGIES)}", "an empty mapping")
    strategies: list[Strategy] = [
        value.build(STRATEGIES[name], strategy_readers(STRATEGIES[name]))
        for name, value in record.fields.items()
    ]
    return tuple(strategies)


def _read_requests(field: Field, folder: Path) -> Source:
    if field.is_list:
        return _read_list(field)
    if not field.is_mapping:
        raise field.error("a list of requests, or a mapping with generate or trace")
    record = field.mapping(("generate", "trace", "format", *OPTION_READERS))
    if "trace" not in record.fields:
        return read_recipe(field.only_key(("generate",)))
    if "generate" in record.fields:
        raise record["generate"].error("either generate or trace", "generate beside trace")
    return _read_trace(record, folder)


def _read_trace(record: Record, folder: Path) -> TraceRequests:
    values = {
        name: reader(record[name])
        for name, reader in OPTION_READERS.items()
        if name in record.fields
    }
    name = record.read("format", lambda field: field.choice(*FORMATS), None)
    path = path_within(folder, record["trace"])
    with record["trace"].placing_errors():
        return find_trace(path, name, TraceOptions(**values))


def _read_list(field: Field) -> ListedRequests:
    entries = field.items()
    columns = np.empty((4, len(entries)), dtype=np.int64)
    rows_of_ids: dict[int, int] = {}
    for row, entry in enumerate(entries):
        record = entry.mapping(_REQUEST_KEYS)
        number = record.read("id", Field.whole, row)
        if number in rows_of_ids:
            first = rows_of_ids[number]
            raise record["id"].error("each id once", f"{number} again (also requests[{first}])")
        rows_of_ids[number] = row
        columns[:, row] = (
            record["arrival_time"].duration(),
            record["input_tokens"].whole(most=MAX_TOKENS),
            record["output_tokens"].whole(least=1, most=MAX_TOKENS),
            number,
        )
    with field.placing_errors():
        return ListedRequests(Requests.from_columns(*columns))
