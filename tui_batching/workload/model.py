"""A workload: what arrives, what it costs, and which strategies serve it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from tui_batching.clock import Picoseconds
from tui_batching.columns import IntArray, freeze
from tui_batching.cost import Cost, LinearCost
from tui_batching.errors import InputError
from tui_batching.reading.constraints import Number, Whole
from tui_batching.strategy import DEFAULT_STRATEGIES, Strategy

MAX_TOKENS = 2**31 - 1
"""The most tokens one prompt or one answer may have."""

INPUT_TOKENS = Whole(0, MAX_TOKENS)
OUTPUT_TOKENS = Whole(1, MAX_TOKENS)
RATE = Number(above=0)
"""Of arrivals, in requests per second."""


@dataclass(frozen=True, eq=False)
class Requests:
    """The requests of a workload as int64 columns in arrival order; ties keep their given order.

    Attributes:
        id: the request's number, unique; by default its position in the list it came from.
        arrival_time: in picoseconds.
        input_tokens: tokens of the prompt, >= 0.
        output_tokens: tokens of the answer, >= 1.
    """

    id: IntArray
    arrival_time: IntArray
    input_tokens: IntArray
    output_tokens: IntArray

    @classmethod
    def from_columns(
        cls,
        arrival_time: npt.ArrayLike,
        input_tokens: npt.ArrayLike,
        output_tokens: npt.ArrayLike,
        id: npt.ArrayLike | None = None,  # noqa: A002 - the field's name
    ) -> Requests:
        """Sort the columns by arrival (stable) and freeze them.

        Raises:
            InputError: if a value is no whole number or out of its range, an id is there twice,
                or lengths differ.
        """
        arrivals = _whole(arrival_time, "arrival_time")
        inputs = _whole(input_tokens, "input_tokens")
        outputs = _whole(output_tokens, "output_tokens")
        ids = np.arange(len(arrivals), dtype=np.int64) if id is None else _whole(id, "id")
        columns = (ids, arrivals, inputs, outputs)
        if any(len(column) != len(arrivals) for column in columns):
            raise InputError("the columns of the requests differ in length")
        _refuse_outside(arrivals, Whole(), "arrival_time")
        _refuse_outside(inputs, INPUT_TOKENS, "input_tokens")
        _refuse_outside(outputs, OUTPUT_TOKENS, "output_tokens")
        if id is not None:
            _refuse_twice(ids)
        order = np.argsort(arrivals, kind="stable")
        return cls(*(freeze(column[order]) for column in columns))

    def __len__(self) -> int:
        return len(self.id)


def _whole(column: npt.ArrayLike, name: str) -> IntArray:
    array = np.asarray(column)
    if array.size and array.dtype.kind not in "iu":
        raise InputError(f"{name}: found {array.dtype} values, expected whole numbers")
    return array.astype(np.int64, copy=False)


def _refuse_twice(ids: IntArray) -> None:
    ordered = np.sort(ids)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if len(twice):
        raise InputError(f"id: found {twice[0]} more than once, expected each id once")


def _refuse_outside(column: IntArray, allowed: Whole, name: str) -> None:
    if not len(column):
        return
    if int(column.min()) < allowed.least:
        row, expected = int(np.argmin(column)), f">= {allowed.least}"
    elif int(column.max()) > allowed.most:
        row, expected = int(np.argmax(column)), f"<= {allowed.most}"
    else:
        return
    raise InputError(f"request {row}: {name}: found {column[row]}, expected {expected}")


def refuse_rate(rate: float) -> None:
    """Refuse what is no rate of arrivals in requests per second.

    Raises:
        InputError: if it is not a finite number above zero.
    """
    RATE.check("rate", rate)


def arrives_beyond_clock() -> InputError:
    """The sentence that refuses requests of which the last arrives too late."""
    return InputError("the last arrival lies beyond 106 days, where the clock ends")


ReadingProgress: TypeAlias = Callable[[float], None]
"""Is told the share of a long file that has been read, from 0 to 1."""


def ignore_progress(share: float) -> None:
    """The progress of reading that nobody watches."""


class Source(Protocol):
    """Where requests come from: a list, a trace, or a recipe that draws them."""

    def make_requests(self, progress: ReadingProgress = ignore_progress) -> Requests:
        """The requests, the same ones every time; `progress` is told of a long first time."""
        ...

    @property
    def notices(self) -> tuple[str, ...]:
        """What a user should know of how the requests came about, a sentence each."""
        ...

    def with_rate(self, rate: float) -> Source:
        """The same source with arrivals at `rate` requests per second on average."""
        ...

    def at_load(self, rate: float, position: int) -> Source:
        """This source at `rate`, as the load at `position`, from 0, of several to be compared."""
        ...

    @property
    def rate(self) -> float | None:
        """Requests per second on average; None where all arrive at once."""
        ...

    @property
    def seed(self) -> int | None:
        """The seed of the draws; None for a list."""
        ...

    def with_seed(self, seed: int) -> Source:
        """The same recipe with another seed; InputError for a list."""
        ...

    def with_count(self, count: int) -> Source:
        """The same recipe with another number of requests; for a list, its first `count`."""
        ...


@dataclass(frozen=True)
class ServiceLevel:
    """The service level objective: the most each request may take; None where not limited."""

    ttft: Picoseconds | None = None
    tpot: Picoseconds | None = None
    e2el: Picoseconds | None = None


@dataclass(frozen=True)
class Workload:
    """What arrives, what it costs and which strategies serve it."""

    name: str
    source: Source
    description: str = ""
    cost: Cost = field(default_factory=LinearCost)
    strategies: tuple[Strategy, ...] = DEFAULT_STRATEGIES
    slo: ServiceLevel | None = None

    @cached_property
    def requests(self) -> Requests:
        """The requests in arrival order, made on first use."""
        return self.source.make_requests()

    @property
    def notices(self) -> tuple[str, ...]:
        """What a user should know of this workload, a sentence each."""
        return self.source.notices

    def strategy(self, name: str) -> Strategy:
        """The strategy called `name`.

        Raises:
            InputError: if this workload has no such strategy.
        """
        for strategy in self.strategies:
            if strategy.name == name:
                return strategy
        raise InputError(f"{name}: expected one of {join_names(s.name for s in self.strategies)}")


def join_names(names: Iterable[str]) -> str:
    """Names for a sentence: `a, b, c`."""
    return ", ".join(names)
