"""Values in the texts of a deck, such as `{static.p99_latency}`: computed from what is on stage.

They are checked when the deck is read, and told as tables and exports tell them. A key that is
named by its id, `{key.page}`, is told as the reader has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from tui_batching.analysis.breakdown import PARTS, breakdown
from tui_batching.analysis.comparison import Comparison
from tui_batching.analysis.distribution import latencies, times_to_first_token, waits
from tui_batching.analysis.metrics import (
    METRICS_BY_NAME,
    Unit,
    Value,
    value_text,
)
from tui_batching.clock import to_seconds
from tui_batching.columns import IntArray
from tui_batching.cost import Cost
from tui_batching.errors import InputError, did_you_mean, nearest_to, one_of
from tui_batching.printable import quoted
from tui_batching.reading.constraints import Duration, OneOf, Whole, WholeOrNone
from tui_batching.requests import ID_DIGITS
from tui_batching.sim.run import Run
from tui_batching.strategies import Strategy
from tui_batching.strategies.parameters import Parameter
from tui_batching.workload import Workload

UNKNOWN = "…"
"""Stands for a value as long as nothing is on stage that it could be computed from."""
MISSING = "–"
"""Stands for a value that is not there in what is on stage, as tables have it."""

_BRACES = re.compile(r"\{([^{}]*)\}|[{}]")
_REQUEST = re.compile(rf"R([0-9]{{1,{ID_DIGITS}}})")
_RATIO = re.compile(r"\s*([^/]*?)\s*/\s*([^/]*?)\s*")
_KEY, _COST, _WORKLOAD = "key", "cost", "workload"

_TIMES: Mapping[str, Callable[[Run], IntArray]] = {
    "start_time": lambda run: run.start_time,
    "first_token_time": lambda run: run.first_token_time,
    "finish_time": lambda run: run.finish_time,
    "end_time": lambda run: run.end_time,
    "wait": waits,
    "latency": latencies,
    "ttft": times_to_first_token,
}
"""Of a request with a strategy, beside the parts of its latency."""
_ASKED = ("arrival_time", "input_tokens", "output_tokens")
"""Of a request with any strategy."""
_WRITABLE = (Duration, Whole, WholeOrNone, OneOf)
"""What a parameter of the cost has to be to be told in a text."""


@dataclass(frozen=True)
class _NumberToTell:
    """A value that can be divided by another one of its unit; durations are in seconds."""

    unit: Unit
    of: Callable[[Comparison], Value]

    def told(self, comparison: Comparison) -> str:
        return value_text(self.of(comparison), self.unit)


@dataclass(frozen=True)
class _WordToTell:
    """A value that can only be told."""

    told: Callable[[Comparison], str]


_ToTell: TypeAlias = _NumberToTell | _WordToTell


def check_values(text: str, workload: Workload, keys: Collection[str]) -> None:
    """Check everything that stands in braces.

    Args:
        text: what is checked.
        workload: whose values can be told.
        keys: the ids of the keys that can be named.

    Raises:
        InputError: if a brace has no partner, or there is no such value of this workload or key.
    """
    for match in _BRACES.finditer(text):
        if match[1] is None:
            raise InputError(
                f"found a single {match[0]}, expected a value such as {{static.p99_latency}}"
            )
        key = _key_id(match[1])
        if key is None:
            _named(match[1], workload)
        else:
            _choose(match[1].strip(), _KEY, key, keys)


def told(text: str, comparison: Comparison | None, keys: Mapping[str, str]) -> str:
    """The text with its values; before anything is on stage there are ellipses in their place.

    What the workload on stage does not have, as another one than the text was written for, is told
    by a dash.

    Args:
        text: as the deck has it.
        comparison: what is on stage, if anything.
        keys: what the reader calls each key, by its id.
    """

    def value(match: re.Match[str]) -> str:
        key = _key_id(match[1])
        if key is not None:
            return keys[key]
        if comparison is None:
            return UNKNOWN
        try:
            return _named(match[1], comparison.workload).told(comparison)
        except InputError:
            return MISSING

    return _BRACES.sub(value, text)


def missing_values(text: str, comparison: Comparison) -> list[str]:
    """What stands in braces and has no value here, as evictions where memory has no end."""
    return [
        match[0]
        for match in _BRACES.finditer(text)
        if _key_id(match[1]) is None
        and _named(match[1], comparison.workload).told(comparison) == MISSING
    ]


def _key_id(name: str) -> str | None:
    """The id of the key that stands in braces; None if another value does."""
    first, _, id_ = name.strip().partition(".")
    return id_ if first == _KEY else None


def _named(name: str, workload: Workload) -> _ToTell:
    """What stands in braces: one value, or one divided by another."""
    ratio = _RATIO.fullmatch(name)
    if ratio is None:
        return _one(name.strip(), workload)
    over, under = (_one(part, workload) for part in ratio.groups())
    if not (
        isinstance(over, _NumberToTell)
        and isinstance(under, _NumberToTell)
        and over.unit == under.unit
    ):
        raise InputError(f"found {quoted(name)}, expected two numbers of one unit beside the /")
    return _WordToTell(lambda on_stage: _quotient(over.of(on_stage), under.of(on_stage)))


def _quotient(over: Value, under: Value) -> str:
    return MISSING if over is None or not under else value_text(over / under, "1/s")


def _one(name: str, workload: Workload) -> _ToTell:
    first, _, rest = name.partition(".")
    strategies = {strategy.name: strategy for strategy in workload.lanes}
    if first in strategies:
        return _of_strategy(name, strategies[first], rest, workload)
    if _REQUEST.fullmatch(first):
        field = _choose(name, first, rest, _ASKED)
        return _asked(_row(name, first, workload), field)
    if first == _COST:
        parameters = _parameters_of(workload.cost)
        parameter = parameters[_choose(name, first, rest, parameters)]
        return _WordToTell(lambda on_stage: _told_of_cost(parameter, on_stage.workload.cost))
    if first == _WORKLOAD:
        _choose(name, first, rest, ("requests",))
        return _NumberToTell("count", lambda on_stage: len(on_stage.workload.requests))
    known = (*strategies, "a request such as R2", _COST, _WORKLOAD, _KEY)
    raise _unknown(name, f"{one_of(known)}{did_you_mean(first, strategies)}")


def _of_strategy(name: str, strategy: Strategy, rest: str, workload: Workload) -> _ToTell:
    """A metric, a parameter, or what became of a request."""
    first, _, last = rest.partition(".")
    if _REQUEST.fullmatch(first):
        field = _choose(name, f"{strategy.name}.{first}", last, (*_TIMES, *PARTS))
        return _served(strategy.name, _row(name, first, workload), field)
    keys = [key for each in strategy.about.parameters for key in each.keys]
    key = _choose(name, strategy.name, rest, (*METRICS_BY_NAME, *keys))
    if key in METRICS_BY_NAME:
        metric = METRICS_BY_NAME[key]
        return _NumberToTell(
            metric.unit, lambda on_stage: on_stage[strategy.name].metrics[metric.name]
        )
    return _WordToTell(lambda on_stage: _parameter_told(on_stage[strategy.name].strategy, key))


def _parameter_told(strategy: Strategy, key: str) -> str:
    parameter = strategy.parameter_called(key)
    return MISSING if parameter is None else parameter.text(strategy.value(parameter.name))


def _served(strategy: str, row: int, field: str) -> _NumberToTell:
    """A time of a request with a strategy."""

    def seconds(on_stage: Comparison) -> Value:
        run = on_stage[strategy].run
        if field in _TIMES:
            return to_seconds(int(_TIMES[field](run)[row]))
        parts = breakdown(run, np.array([row]))
        return to_seconds(int(getattr(parts, field)[0]))

    return _NumberToTell("s", seconds)


def _asked(row: int, field: str) -> _NumberToTell:
    """What a request is, whoever serves it."""

    def value(on_stage: Comparison) -> Value:
        found = int(getattr(on_stage.workload.requests, field)[row])
        return to_seconds(found) if field == "arrival_time" else found

    return _NumberToTell("s" if field == "arrival_time" else "count", value)


def _row(name: str, request: str, workload: Workload) -> int:
    rows = np.flatnonzero(workload.requests.id == int(request[1:]))
    if not len(rows):
        raise _unknown(name, "the id of a request of the workload")
    return int(rows[0])


def _parameters_of(cost: Cost) -> dict[str, Parameter]:
    """Those parameters of a cost that a text can tell."""
    return {
        key: Parameter(key, key, constraint)
        for key, constraint in cost.constraints.items()
        if isinstance(constraint, _WRITABLE)
    }


def _told_of_cost(parameter: Parameter, cost: Cost) -> str:
    return parameter.text(getattr(cost, parameter.name))


def _choose(name: str, of: str, given: str, allowed: Collection[str]) -> str:
    """The key that was given of something, which has to be one of those allowed."""
    if given not in allowed:
        raise _unknown(name, f"after {of}. {one_of(allowed)}{nearest_to(given, allowed)}")
    return given


def _unknown(name: str, expected: str) -> InputError:
    return InputError(f"found the unknown value {quoted(name)}, expected {expected}")
