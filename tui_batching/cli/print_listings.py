"""Listings for people: bundled workloads and profiles, the strategies, the formats of traces."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from rich.text import Text

from tui_batching.cli.print_tables import Printer
from tui_batching.clock import format_duration
from tui_batching.cost import COSTS, Cost, Profile
from tui_batching.reading.constraints import Duration, OneOf
from tui_batching.reading.docstrings import told_of_fields
from tui_batching.strategies import STRATEGIES, Strategy
from tui_batching.strategies.parameters import BATCH_SIZE, KV_CACHE_TOKENS, TOKEN_BUDGET, Parameter
from tui_batching.workload.model import Workload
from tui_batching.workload.recipe_keys import RECIPE_KEYS
from tui_batching.workload.settings import keys_beside_strategies
from tui_batching.workload.traces import FORMATS, TraceOptions

Row: TypeAlias = tuple[str, ...]

_SHARED = (BATCH_SIZE, TOKEN_BUDGET, "block_size", KV_CACHE_TOKENS)
"""The settings that strategies have in common, by the name that each of them understands."""
_LEAST_ROOM = 20


def print_workloads(workloads: Sequence[Workload], *, ascii_only: bool | None = None) -> None:
    """Print the names and sizes of workloads and the first sentence of each description."""
    counts = [f"{len(workload.requests):,}" for workload in workloads]
    wide = max(map(len, ("requests", *counts)))
    firsts = (workload.description.partition(". ") for workload in workloads)
    rows = [
        (workload.name, count.rjust(wide), sentence + stop.strip())
        for workload, count, (sentence, stop, _) in zip(workloads, counts, firsts, strict=True)
    ]
    printer = Printer(ascii_only)
    _print_rows(printer, (("workload", "requests", "what to watch for"), *rows))
    printer.line(Text())
    titles = ("key", "of generate: in a workload file; with * also --set workload.KEY=")
    _print_rows(printer, (titles, *_workload_keys()))


def _workload_keys() -> Iterator[Row]:
    """The keys of a recipe, and what else is set; `print_formats` tells those of traces."""
    settings = keys_beside_strategies()
    for key, told in RECIPE_KEYS.items():
        yield f"{key} *" if f"workload.{key}" in settings else key, told
    yield "rate *", "by --set alone, in any workload: requests per second on average"


def print_strategies(*, ascii_only: bool | None = None) -> None:
    """Print every strategy with its idea, and its settings with their defaults."""
    printer = Printer(ascii_only)
    for name, kind in STRATEGIES.items():
        printer.line(Text(f"{name}: {kind.about.lesson.idea}", "bold"))
        _print_rows(printer, _settings(kind), heading=False)
        printer.line(Text())
    printer.notes(
        (
            f"{', '.join(_SHARED[:-1])} and {_SHARED[-1]} mean the same everywhere.",
            "--set batch_size=8 is for all that have it, --set vllm.batch_size=8 for one.",
        )
    )


def _settings(kind: type[Strategy]) -> Sequence[Row]:
    """Each setting: its name, what it is, what else it is called, and its default."""
    told, defaults = told_of_fields(kind), kind()
    rows = []
    for parameter in kind.about.parameters:
        meaning = told.get(parameter.name, "")
        match parameter.constraint:
            case OneOf(allowed) if not all(word in meaning for word in allowed):
                meaning = f"{meaning}: {', '.join(allowed)}"
        also = "".join(f"; also {key}" for key in parameter.aliases if key in _SHARED)
        default = _written(defaults.value(parameter.name), parameter)
        rows.append((f"  {parameter.name}", f"{meaning}{also} (default: {default})"))
    return rows


def _written(value: object, parameter: Parameter) -> str:
    """A value as it stands in a file."""
    match value, parameter.constraint:
        case None | (), _:
            return "none"
        case bool(), _:
            return str(value).lower()
        case int() as duration, Duration():
            return format_duration(duration).replace(" ", "")
    return str(value)


def print_profiles(profiles: Iterable[Cost], *, ascii_only: bool | None = None) -> None:
    """Print what each profile is of, where it holds, how far it is off, and whose times it has."""
    printer = Printer(ascii_only)
    for cost in profiles:
        if cost.profile is not None:
            heading = f"{cost.profile.name}: {cost.profile.description}"
            printer.line(printer.text(heading, "bold"))
            _print_rows(printer, tuple(_of_profile(cost, cost.profile)), heading=False)
            printer.line(Text())
    printer.notes(
        (
            "Kernels only: without what the host does between them, so a lower bound;",
            "--set cost.per_iteration=1ms adds such a time to each iteration.",
            "Errors are of the time of a step or prefill, or where requests of a log were fitted,",
            "of the mean step of a request.",
        )
    )
    printer.line(Text())
    titles = ("model", "key", "of a cost in a workload file, or --set cost.KEY=")
    _print_rows(printer, (titles, *_cost_keys()))


def _cost_keys() -> Iterator[Row]:
    """The keys of each model of costs, and last those of every model."""
    shared = set.intersection(*(set(kind.constraints) for kind in COSTS.values()))
    for name, kind in COSTS.items():
        told = told_of_fields(kind)
        yield from ((name, key, told.get(key, "")) for key in kind.constraints if key not in shared)
    yield from (("any", key, told.get(key, "")) for key in kind.constraints if key in shared)


def _of_profile(cost: Cost, profile: Profile) -> Iterator[Row]:
    spans = ((profile.batch, "batches of {}–{}"), (profile.context, "contexts of {}–{} tokens"))
    holds = [words.format(*(f"{end:,}" for end in ends)) for ends, words in spans if ends]
    if holds:
        yield "  holds for", ", ".join(holds)
    if profile.mean_error is not None and profile.max_error is not None:
        errors = (f"{100 * share:.2g} %" for share in (profile.mean_error, profile.max_error))
        yield "  error", "{} on average, {} at most".format(*errors)
    elif holds:
        yield "  error", "not known"
    if cost.kv_cache_tokens is not None:
        yield "  KV cache", f"{cost.kv_cache_tokens:,} tokens"
    yield "  source", f"{profile.source}{'; kernels only' if profile.kernels_only else ''}"


def print_formats(*, ascii_only: bool | None = None) -> None:
    """Print the formats of traces, and what may be said of how one is read."""
    printer = Printer(ascii_only)
    units = {
        name: "instants" if known.instants else known.unit if known.arrival else ""
        for name, known in FORMATS.items()
    }
    formats = [(name, units[name], known.about) for name, known in FORMATS.items()]
    _print_rows(printer, (("format", "times in", "what it is"), *formats))
    printer.line(Text())
    told = told_of_fields(TraceOptions)
    keys = [(key, told.get(key, "")) for key in TraceOptions.constraints]
    _print_rows(printer, (("key", "of a trace in a workload file, or --set workload.KEY="), *keys))


def _print_rows(printer: Printer, rows: Sequence[Row], *, heading: bool = True) -> None:
    """Print rows of cells, of which the last one folds to a terminal's width."""
    widths = [max(map(len, column)) for column in zip(*(row[:-1] for row in rows), strict=True)]
    indent = sum(width + 2 for width in widths)
    for number, row in enumerate(rows):
        style = "bold" if heading and number == 0 else ""
        before = "".join(f"{cell:<{width}}  " for cell, width in zip(row[:-1], widths, strict=True))
        folded = [row[-1]]
        if printer.is_terminal:
            room = max(printer.width - indent, _LEAST_ROOM)
            folded = textwrap.wrap(row[-1], room, break_on_hyphens=False) or [""]
        for line in (before + folded[0], *(" " * indent + more for more in folded[1:])):
            printer.line(printer.text(line.rstrip(), style))
