"""Workload files: those of the user, and those that come with the program."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tui_batching.errors import InputError, did_you_mean, one_of
from tui_batching.printable import name_of, printable, quoted
from tui_batching.reading.fields import Field, Record, read_yaml
from tui_batching.reading.files import data_folder, read_text
from tui_batching.strategies import (
    STRATEGIES,
    Strategy,
    is_tagged,
    kind_of,
    names_elsewhere,
    tag_of,
)
from tui_batching.strategies.parameters import BATCH_SIZE
from tui_batching.workload.arrivals import read_arrivals
from tui_batching.workload.asking import AskingRule
from tui_batching.workload.generate import SEED, read_recipe
from tui_batching.workload.listed import read_list
from tui_batching.workload.model import COST, Source, Workload
from tui_batching.workload.profiles import read_cost
from tui_batching.workload.service_level import read_service_level
from tui_batching.workload.traces import (
    LENGTHS_OPTIONS,
    TraceLengths,
    TraceOptions,
    TraceRequests,
    find_lengths,
    find_trace,
    is_header,
    looks_like_trace,
)

_TRACE_ENDINGS = (
    *(".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson"),
    *(".gz", ".zst", ".parquet"),
)
"""How the names of files end that are traces, in lower case."""
_YAML = (".yaml", ".yml")
_ALL_ASSUMED = frozenset({COST, *(name for name, kind in STRATEGIES.items() if kind.textbook)})
"""What is by default where nobody has said anything about recorded traffic but what arrives."""
_SLOTS = {
    key
    for kind in STRATEGIES.values()
    for parameter in kind.about.parameters
    if parameter.is_called(BATCH_SIZE)
    for key in parameter.keys
}
_KEYS = ("name", "description", "requests", "cost", "strategies", "slo")
_SOURCES = ("trace", "lengths", "list", "generate")
_TRACE_OPTIONS = tuple(TraceOptions.constraints)
_LONGEST_NAME = 60
_TEACHING_ORDER = (
    "notebook",
    "illustrative",
    "mixed-lengths",
    "chat",
    "code-completion",
    "rag",
    "equal-lengths",
    "bursty",
    "summarize-burst",
    "overload",
    "notebook-load",
    "notebook-batch-size",
    "notebook-large",
    "long-prompt",
    "tight-memory",
    "asks-too-much",
    "rule-by-rule",
    "system-prompt",
    "conversation",
    "cache-thrash",
    "engines",
    "anyscale-32",
    "anyscale-128",
    "anyscale-512",
    "anyscale-1536",
)


def load_workload(name_or_path: str | Path) -> Workload:
    """Read a bundled workload by its name, or any workload by its file.

    A `Path`, and a text with a folder in it or with one of the endings below, is a file, and so is
    what is no bundled workload's name but that of a file that is there. A file that ends in `.csv`,
    `.tsv`, `.txt`, `.json`, `.jsonl`, `.ndjson`, `.gz`, `.zst` or `.parquet`, in capitals as well,
    is a trace: its format is recognised and its requests are read when they are first needed. So is
    one that does not end in `.yaml` or `.yml` and has a known format. Every other file is YAML, and
    one that is the header of a trace stands for its rows.

    A trace that is a server's log is read at once: beside its requests the workload has what was
    `measured`, and is served as the server was set up, at prices that fit the log.

    Raises:
        InputError: if there is no such workload, or its file is not as expected.
    """
    workload = find_workload(name_or_path)
    if not isinstance(workload.source, TraceRequests):
        return workload
    # Here, as it stands on top of what reads workloads, and logs alone need it.
    from tui_batching.measured.logged import with_measured_lane  # noqa: PLC0415

    return with_measured_lane(workload)


def find_workload(name_or_path: str | Path) -> Workload:
    """A workload as `load_workload` reads it, of a log only what arrived.

    Raises:
        InputError: as `load_workload` does.
    """
    path = Path(name_or_path) if _is_path(name_or_path) else _bundled_workload(str(name_or_path))
    if names_trace(path) or (path.suffix.lower() not in _YAML and looks_like_trace(path)):
        return _recorded(path)
    text = read_text(path)
    return _recorded(path) if is_header(text) else parse_workload(text, str(path), path.parent)


def _recorded(path: Path) -> Workload:
    return Workload(_trace_name(path), find_trace(path), assumed=_ALL_ASSUMED)


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
    workload = Workload(
        name=record.read("name", lambda field: field.text(_LONGEST_NAME), name_of(Path(where))),
        source=_read_requests(record["requests"], folder),
        description=record.read("description", Field.text, ""),
        slo=record.read("slo", read_service_level, None),
    )
    if isinstance(workload.source, TraceRequests):
        workload = replace(workload, assumed=_ALL_ASSUMED)
    if "cost" in record.fields:
        workload = workload.with_cost(read_cost(record["cost"], folder))
    if "strategies" in record.fields:
        chosen = record["strategies"]
        strategies, with_slots = _read_strategies(chosen), _with_slots(chosen)
        with chosen.placing_errors():
            workload = workload.with_strategies(strategies, *with_slots)
    return workload


def bundled_workloads() -> dict[str, Path]:
    """The bundled workloads' files by name, in an order to learn from."""
    files = {name_of(path): path for path in sorted(data_folder("workloads").glob("*.yaml"))}
    known = [name for name in _TEACHING_ORDER if name in files]
    return {name: files[name] for name in (*known, *(n for n in files if n not in known))}


def _bundled_workload(name: str) -> Path:
    files = bundled_workloads()
    if name not in files:
        raise InputError(
            f"found no workload called {quoted(name)}, expected a file (*.yaml or a trace) or "
            f"{one_of(files)}{did_you_mean(name, files)}"
        )
    return files[name]


def _is_path(name_or_path: str | Path) -> bool:
    if isinstance(name_or_path, Path):
        return True
    separators = {os.sep, os.altsep or os.sep}
    if any(separator in name_or_path for separator in separators):
        return True
    path = Path(name_or_path)
    if names_trace(path) or path.suffix.lower() in _YAML:
        return True
    # A name that is too long for a file is no file either.
    is_file = os.path.isfile(name_or_path)  # noqa: PTH113 - Path.is_file raises then
    return is_file and name_or_path not in bundled_workloads()


def names_trace(path: Path) -> bool:
    """Whether a file is a trace by its name."""
    return path.name.lower().endswith(_TRACE_ENDINGS)


def path_of_text(text: str) -> str:
    """The path that somebody means who types or pastes it.

    Quotes around it, `file://` before it and `~` for one's own folder are as a shell or a file
    manager have them.
    """
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
    if text.startswith("file://"):
        text = unquote(urlsplit(text).path)
    try:
        return str(Path(text).expanduser()) if text.startswith("~") else text
    except RuntimeError:  # somebody else's folder, of whom nothing is known
        return text


def _trace_name(path: Path) -> str:
    stem = path.stem if path.suffix.lower() in _YAML else path.name
    while stem.lower().endswith(_TRACE_ENDINGS):
        stem = stem.rpartition(".")[0]
    return printable(stem)[:_LONGEST_NAME]


def _read_strategies(field: Field) -> tuple[Strategy, ...]:
    record = _strategies_by_name(field)
    if not record.fields:
        raise field.error(f"at least one of {', '.join(STRATEGIES)}", "an empty mapping")
    strategies: list[Strategy] = []
    for name, value in record.fields.items():
        kind, tag = kind_of(name), tag_of(name)
        make = value.build(kind, kind.constraints(), kind.aliases(), names_elsewhere(kind))
        strategies.append(replace(make, tag=tag))
    return tuple(strategies)


def _strategies_by_name(field: Field) -> Record:
    """What is said of each, also of several of a kind, such as `vllm@512`."""
    return field.mapping((*STRATEGIES, *filter(is_tagged, field.keys)))


def _with_slots(field: Field) -> list[str]:
    """The names of the strategies that say how many slots they have."""
    return [
        name
        for name, value in _strategies_by_name(field).fields.items()
        if any(value.has_key(key) for key in _SLOTS)
    ]


def _read_requests(field: Field, folder: Path) -> Source:
    if field.is_list:
        return read_list(field)
    if not field.is_mapping:
        raise field.error("a list of requests, or a mapping with generate, trace, lengths or list")
    record = field.mapping((*_SOURCES, "arrivals", "seed", "max_tokens", *_TRACE_OPTIONS))
    kinds = [key for key in _SOURCES if key in record.fields]
    if len(kinds) > 1:
        expected = f"either {kinds[1]} or {kinds[0]}"
        raise record[kinds[1]].error(expected, f"{kinds[1]} beside {kinds[0]}")
    if "trace" in kinds:
        field.mapping(("trace", "max_tokens", *_TRACE_OPTIONS))
        return _asking(_read_trace(record, folder), record)
    if "lengths" in kinds:
        field.mapping(("lengths", "arrivals", "seed", "max_tokens", *LENGTHS_OPTIONS))
        return _asking(_read_lengths(record, folder), record)
    if "list" in kinds:
        field.mapping(("list", "max_tokens"))
        return _asking(read_list(record["list"]), record)
    return read_recipe(field.only_key(("generate",)))


def _asking(source: Source, record: Record) -> Source:
    """The source with what its requests ask for, where that is told for all of them."""
    rule = record.read("max_tokens", AskingRule(), None)
    return source if rule is None else source.with_max_tokens(rule)


def _read_trace(record: Record, folder: Path) -> TraceRequests:
    options = _read_options(record)
    path = record["trace"].path_within(folder)
    with record["trace"].placing_errors():
        return find_trace(path, options=options)


def _read_lengths(record: Record, folder: Path) -> TraceLengths:
    options, arrivals = _read_options(record), read_arrivals(record["arrivals"])
    seed = record.read("seed", SEED, 0)
    path = record["lengths"].path_within(folder)
    with record["lengths"].placing_errors():
        return find_lengths(path, arrivals, seed, options)


def _read_options(record: Record) -> TraceOptions:
    values = record.read_all(TraceOptions.constraints, TraceOptions)
    with record.placing_errors():
        return TraceOptions(**values)
