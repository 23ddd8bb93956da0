"""Which requests of a trace are replayed: what is asked for, what is taken, what is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from tui_batching.clock import HORIZON, Picoseconds, duration_text
from tui_batching.columns import IntArray
from tui_batching.errors import InputError
from tui_batching.reading.constraints import (
    Constraints,
    Duration,
    Number,
    OneOf,
    Whole,
    check_constraints,
)
from tui_batching.requests import MAX_TOKENS, Requests
from tui_batching.workload.generate import MAX_COUNT
from tui_batching.workload.traces.layouts import Rows

_BEYOND_CLOCK = "found an arrival over 106 days from the first one, where the clock ends"

Over: TypeAlias = Literal["clip", "drop"]
"""What becomes of a request with more tokens than asked for: it is cut, or left out."""


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """Which requests are taken, in the order of these attributes from `start` on.

    Attributes:
        limit: the most requests, counted after all else; None for all.
        start: where the window begins, from the trace's first row on, in picoseconds.
        duration: how long the window is, in picoseconds of the trace's own time.
        speed: how much faster than recorded requests arrive.
        max_input: the most tokens of a prompt.
        max_output: the most tokens of an answer.
        over: whether longer ones are cut to the maximum or left out.

    Raises:
        InputError: if one is not as expected.
    """

    constraints: ClassVar[Constraints] = {
        "limit": Whole(least=1),
        "start": Duration(),
        "duration": Duration(longer_than_zero=True),
        "speed": Number(above=0),
        "max_input": Whole(1, MAX_TOKENS),
        "max_output": Whole(1, MAX_TOKENS),
        "over": OneOf(get_args(Over)),
    }

    limit: int | None = None
    start: Picoseconds | None = None
    duration: Picoseconds | None = None
    speed: float = 1.0
    max_input: int | None = None
    max_output: int | None = None
    over: Over = "clip"

    def __post_init__(self) -> None:
        check_constraints(self, self.constraints)

    @property
    def exact_speed(self) -> Fraction:
        """The speed as the decimal that Python prints for it."""
        return Fraction(Decimal(repr(self.speed)))


@dataclass
class RowCounts:
    """How many rows were taken, and how many were not and why; `sentence` tells it.

    Attributes:
        name: of the file.
        title: of its format.
        failed_because: what marks a failed request in this format.
        options: what was asked for.
        requests: taken.
        failed: not taken, because they failed when they were recorded.
        outside: not taken, because they arrive outside of the window.
        long_inputs, long_outputs: with more tokens than asked for; cut, or not taken.
        stopped: whether reading ended at the limit.
    """

    name: str
    title: str
    failed_because: str
    options: TraceOptions
    requests: int = 0
    failed: int = 0
    outside: int = 0
    long_inputs: int = 0
    long_outputs: int = 0
    stopped: bool = False

    @property
    def sentence(self) -> str:
        """Everything in one line; what did not happen is not mentioned."""
        read = f"read {_counted(self.requests, 'request')} ({self.title})"
        return f"{self.name}: " + "; ".join((read, *self.left_out()))

    def left_out(self) -> list[str]:
        """What was not taken as it is."""
        asked = self.options
        fate = "clipped to" if asked.over == "clip" else "dropped, over"
        told = [
            (self.stopped, f"stopped at the limit of {asked.limit or 0:,}"),
            (self.failed, f"{_counted(self.failed, 'failed row')} skipped ({self.failed_because})"),
            (self.outside, f"{_counted(self.outside, 'row')} outside of {self._window()} skipped"),
            (
                self.long_inputs,
                f"{_counted(self.long_inputs, 'prompt')} {fate} {asked.max_input or 0:,} tokens",
            ),
            (
                self.long_outputs,
                f"{_counted(self.long_outputs, 'answer')} {fate} {asked.max_output or 0:,} tokens",
            ),
            (asked.speed != 1, f"replayed at {asked.speed:g} times the speed"),
        ]
        return [sentence for happened, sentence in told if happened]

    def _window(self) -> str:
        start = duration_text(self.options.start or 0)
        if self.options.duration is None:
            return f"the window from {start} on"
        return f"the window of {duration_text(self.options.duration)} from {start} on"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


class Selection:
    """Collects requests; what it leaves out is counted in the counts.

    Times are counted from the first row that did not fail, in Python's integers, because the
    trace's own clock may be any; only what is left of them has to fit the simulation's clock.
    """

    def __init__(self, counts: RowCounts, where: str) -> None:
        self._counts = counts
        self._where = where
        self._options = counts.options
        self._speed = counts.options.exact_speed
        self._origin: Picoseconds | None = None
        self._rows = 0
        self._columns: list[tuple[IntArray, IntArray, IntArray, IntArray]] = []
        self._asked: list[tuple[int, IntArray | None]] = []
        self._priorities: list[tuple[int, IntArray | None]] = []

    @property
    def full(self) -> bool:
        """Whether the limit is reached."""
        return self._counts.requests == self._options.limit

    def add(self, rows: Rows) -> None:
        """Take what is asked for of these rows.

        Raises:
            InputError: if an arrival does not fit the clock, or there are too many requests.
        """
        served = rows.outputs > 0
        if self._origin is None and served.any():
            self._origin = rows.times[int(np.argmax(served))]
        offsets = [time - (self._origin or 0) for time in rows.times]
        inside = served & self._in_window(offsets)
        long_input = inside & _over(rows.inputs, self._options.max_input)
        long_output = inside & _over(rows.outputs, self._options.max_output)
        dropping = self._options.over == "drop"
        taken = inside & ~(long_input | long_output) if dropping else inside
        chosen = self._up_to_limit(np.flatnonzero(taken))
        # Rows behind the last one that is taken at the limit do not count.
        seen = slice(int(chosen[-1]) + 1) if self.full else slice(None)
        self._counts.failed += _number(~served[seen])
        self._counts.outside += _number((served & ~inside)[seen])
        self._counts.long_inputs += _number(long_input[seen])
        # A request that is dropped for its prompt is told once.
        self._counts.long_outputs += _number((long_output & ~(long_input & dropping))[seen])
        self._columns.append(
            (
                self._rows + chosen,
                self._arrivals(offsets, chosen, rows),
                _clipped(rows.inputs[chosen], self._options.max_input),
                _clipped(rows.outputs[chosen], self._options.max_output),
            )
        )
        for parts, values in ((self._asked, rows.asked), (self._priorities, rows.priorities)):
            parts.append((len(chosen), None if values is None else values[chosen]))
        self._rows += len(rows.times)

    def requests(self) -> Requests:
        """All that was taken, with time zero at the first arrival; ids are row numbers from 0.

        Raises:
            InputError: if there is none, or they do not fit the clock.
        """
        counts = self._counts
        if not counts.requests:
            raise InputError(
                f"{self._where}: found no request to replay "
                f"({'; '.join(counts.left_out()) or 'no rows'}), expected at least one"
            )
        ids, arrivals, inputs, outputs = map(np.concatenate, zip(*self._columns, strict=True))
        self._columns.clear()
        first, last = int(arrivals.min()), int(arrivals.max())
        if last - first > HORIZON:
            raise InputError(f"{self._where}: {_BEYOND_CLOCK}")
        arrivals -= first
        return Requests.from_columns(
            arrivals,
            inputs,
            outputs,
            ids,
            max_tokens=_joined(self._asked, outputs),
            priority=_joined(self._priorities, np.zeros_like(outputs)),
        )

    def _in_window(self, offsets: Sequence[Picoseconds]) -> npt.NDArray[np.bool_]:
        start, duration = self._options.start, self._options.duration
        if start is None and duration is None:
            return np.ones(len(offsets), np.bool_)
        begin = start or 0
        if duration is None:
            return np.array([begin <= offset for offset in offsets], np.bool_)
        return np.array([begin <= offset < begin + duration for offset in offsets], np.bool_)

    def _up_to_limit(self, chosen: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        counts = self._counts
        if self._options.limit is not None:
            chosen = chosen[: self._options.limit - counts.requests]
        counts.requests += len(chosen)
        counts.stopped = self.full
        if counts.requests > MAX_COUNT:
            raise InputError(
                f"{self._where}: found more than {MAX_COUNT:,} requests, "
                "expected fewer (limit takes the first ones)"
            )
        return chosen

    def _arrivals(
        self, offsets: Sequence[Picoseconds], chosen: npt.NDArray[np.intp], rows: Rows
    ) -> IntArray:
        all_chosen = len(chosen) == len(offsets)
        times = offsets if all_chosen else [offsets[row] for row in chosen.tolist()]
        if self._speed != 1:
            double, divisor = 2 * self._speed.denominator, 2 * self._speed.numerator
            times = [(time * double + self._speed.numerator) // divisor for time in times]
        try:
            return np.array(times, np.int64)
        except OverflowError:
            row = next(row for row, time in zip(chosen, times, strict=True) if abs(time) > HORIZON)
            raise InputError(f"{rows.place(int(row))}: {_BEYOND_CLOCK}") from None


def _number(rows: npt.NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(rows))


def _joined(parts: Sequence[tuple[int, IntArray | None]], otherwise: IntArray) -> IntArray | None:
    """A column that may be missing, from its parts and their lengths; None if it is everywhere."""
    if all(values is None for _, values in parts):
        return None
    joined, row = otherwise.copy(), 0
    for length, values in parts:
        if values is not None:
            joined[row : row + length] = values
        row += length
    return joined


def _over(tokens: IntArray, most: int | None) -> npt.NDArray[np.bool_]:
    return tokens > most if most is not None else np.zeros(len(tokens), np.bool_)


def _clipped(tokens: IntArray, most: int | None) -> IntArray:
    return np.minimum(tokens, most) if most is not None else tokens
