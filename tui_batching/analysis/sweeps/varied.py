"""What a sweep varies: the load, the slots, or a parameter of the strategies by its name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from tui_batching.clock import SECOND, format_duration, to_seconds
from tui_batching.cost import Cost
from tui_batching.errors import InputError
from tui_batching.numbers import rate_text
from tui_batching.reading.constraints import Duration, FromZero, Number, Whole
from tui_batching.reading.fields import Field
from tui_batching.strategies import STRATEGIES, Strategy
from tui_batching.strategies.parameters import KV_CACHE_TOKENS, MAX_SLOTS, TOKEN_BUDGET, Parameter
from tui_batching.workload.model import Workload

Kind: TypeAlias = str
"""`load`, `batch-size`, or the name or an alias of a parameter, such as `timeout`."""
LOAD, BATCH_SIZE, TIMEOUT = "load", "batch-size", "timeout"
KINDS: tuple[Kind, ...] = (LOAD, BATCH_SIZE, TIMEOUT)
"""What can be varied in the textbook's workloads; see `kinds_of` for any workload."""

_TEXTS: dict[Kind, str] = {
    LOAD: "offered load, requests per second",
    BATCH_SIZE: "batch size, slots",
    TIMEOUT: "timeout of dynamic",
}
_WITH_UNIT = re.compile(r"[0-9.]+(?:[eE][+-]?[0-9]+)?\s*[a-zµμ]+")
_NUMBERS = (Whole, Number, FromZero, Duration)


def kind_called(word: str) -> Kind:
    """The kind that somebody means: `batch_size` is `batch-size`, `max-num-seqs` a parameter."""
    word = word.replace("-", "_")
    return BATCH_SIZE if word == "batch_size" else word


def kinds_of(workload: Workload) -> tuple[Kind, ...]:
    """All that can be varied in a workload."""
    found: dict[Kind, None] = {LOAD: None, BATCH_SIZE: None}
    for strategy in workload.strategies:
        for parameter in filter(_is_number, strategy.about.parameters):
            for name in (parameter.name, *parameter.aliases):
                found.setdefault(kind_called(name))
    return tuple(found)


def main_kinds(workload: Workload) -> tuple[Kind, ...]:
    """The parameters that are worth a look, each once, by the name that most strategies share.

    The slots, the token budget and the memory first, then what tables tell of each strategy.
    """
    parameters = [
        each
        for strategy in workload.strategies
        for each in strategy.about.parameters
        if _is_number(each) and not each.is_called("batch_size")
    ]
    shared = [TOKEN_BUDGET, KV_CACHE_TOKENS]
    first = [key for key in shared if any(each.is_called(key) for each in parameters)]
    others = [
        each.name
        for each in parameters
        if not each.quiet and not any(each.is_called(key) for key in shared)
    ]
    return (BATCH_SIZE, *dict.fromkeys((*first, *others)))


def swept_parameters() -> tuple[Kind, ...]:
    """The names and aliases of all parameters that can be varied, of any strategy."""
    found: dict[Kind, None] = {}
    for kind in STRATEGIES.values():
        for parameter in filter(_is_number, kind.about.parameters):
            found.update(dict.fromkeys((parameter.name, *parameter.aliases)))
    found.pop("batch_size", None)
    return tuple(found)


def parameter_of(strategy: Strategy | type[Strategy], kind: Kind) -> Parameter | None:
    """The parameter of a strategy that a sweep of this kind varies, if it has it."""
    parameter = strategy.parameter_called("batch_size" if kind == BATCH_SIZE else kind)
    return parameter if parameter and _is_number(parameter) else None


def owners(kind: Kind) -> Iterator[str]:
    """The names of all strategies that have this parameter."""
    return (name for name, strategy in STRATEGIES.items() if parameter_of(strategy, kind))


def any_parameter(kind: Kind) -> Parameter:
    """The parameter as the first strategy has it, rather under this very name than as an alias.

    Raises:
        InputError: if no strategy has it.
    """
    found = [each for kinds in STRATEGIES.values() if (each := parameter_of(kinds, kind))]
    if not found:
        raise InputError(f"found no sweep {kind!r}")
    return next((each for each in found if each.name == kind), found[0])


def left_out(workload: Workload, kind: Kind) -> tuple[str, ...]:
    """The strategies that have no such parameter, so that nothing of them changes."""
    if kind in {LOAD, BATCH_SIZE}:
        return ()
    return tuple(each.name for each in workload.strategies if not parameter_of(each, kind))


def present_value(strategy: Strategy, kind: Kind, cost: Cost) -> float | None:
    """What a strategy has now; None for no limit.

    Where it heeds memory and names none, that is the cost's.
    """
    if kind == BATCH_SIZE:
        return strategy.slots
    parameter = parameter_of(strategy, kind)
    value: float | None = strategy.value(parameter.name) if parameter else None
    if value is None and parameter is not None and parameter.is_called(KV_CACHE_TOKENS):
        return cost.kv_cache_tokens if strategy.heeds_memory else None
    return value


def present_values(workload: Workload, kind: Kind, names: Sequence[str]) -> dict[str, float]:
    """What those of these strategies have now that have a number of it."""
    found = {
        each.name: present_value(each, kind, workload.cost)
        for each in workload.strategies
        if each.name in names
    }
    return {name: value for name, value in found.items() if value is not None}


def kind_text(kind: Kind) -> str:
    """What is varied, with its unit."""
    return _TEXTS[kind] if kind in _TEXTS else axis_text(kind)


def axis_text(kind: Kind) -> str:
    """What is varied, as an axis has it, where durations are seconds."""
    if kind == BATCH_SIZE:
        return "batch size"
    label, unit = kind_label(kind), kind_unit(kind)
    return label if not unit or label.endswith(unit) else f"{label}, {unit}"


def kind_label(kind: Kind) -> str:
    """What is varied, in words: `max num batched tokens`; an alias in its own words."""
    if kind in {LOAD, BATCH_SIZE}:
        return kind.replace("-", " ")
    parameter = any_parameter(kind)
    return parameter.label if parameter.name == kind else kind.replace("_", " ")


def kind_unit(kind: Kind) -> str:
    """What the values count; durations are told in seconds. Empty for plain numbers."""
    if kind == LOAD:
        return "requests/s"
    if kind == BATCH_SIZE:
        return "slots"
    parameter = any_parameter(kind)
    return "s" if isinstance(parameter.constraint, Duration) else parameter.unit


def is_duration(kind: Kind) -> bool:
    """Whether the values are picoseconds."""
    return kind not in {LOAD, BATCH_SIZE} and isinstance(any_parameter(kind).constraint, Duration)


def read_value(kind: Kind, field: Field) -> float:
    """A value as it is written: a load, a number of slots, or what the parameter takes.

    Raises:
        InputError: if it is none, or no strategy has the parameter.
    """
    if kind == LOAD:
        return _read_load(field)
    if kind == BATCH_SIZE:
        return field.whole(1, MAX_SLOTS)
    constraint = any_parameter(kind).constraint
    if isinstance(constraint, Whole):  # a point of an axis is a number, so none is none
        return field.whole(constraint.least, constraint.most)
    value: float = constraint(field)
    return value


def _read_load(field: Field) -> float:
    """Requests per second; or a mean gap, which is told by its unit."""
    if _WITH_UNIT.fullmatch(field.written):
        return SECOND / field.duration(longer_than_zero=True)
    try:
        return field.decimal(above=0)
    except InputError:
        expected = "requests per second such as 2.5, or a mean gap such as 400ms"
        raise field.error(expected) from None


def exported(kind: Kind, value: float) -> float:
    """A value for files and axes: durations in seconds, all else as it is."""
    return to_seconds(int(value)) if is_duration(kind) else value


def value_text(kind: Kind, value: float) -> str:
    """A value in full: `3.33/s (gap 300 ms)`, `16`, `500 ms`, `2,048`."""
    if kind == LOAD:
        return f"{rate_text(value)} (gap {format_duration(round(SECOND / value))})"
    if is_duration(kind):
        return format_duration(int(value))
    return number_text(kind, value)


def number_text(kind: Kind, value: float) -> str:
    """A value that is no duration: `16`, `2,048`, `0.3`."""
    if kind == BATCH_SIZE:
        return f"{value:.0f}"
    return f"{value:,.0f}" if isinstance(any_parameter(kind).constraint, Whole) else f"{value:g}"


def _is_number(parameter: Parameter) -> bool:
    return isinstance(parameter.constraint, _NUMBERS)
