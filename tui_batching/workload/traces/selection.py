"""Which requests of a trace are replayed: order, spread, window, lengths, limit and speed."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from tui_batching.clock import HORIZON, Picoseconds
from tui_batching.columns import BoolArray, IntArray
from tui_batching.errors import InputError
from tui_batching.requests import Requests
from tui_batching.streams import NO_STREAM, Streams
from tui_batching.workload.generate import MAX_COUNT
from tui_batching.workload.traces.counts import RowCounts, Ticks
from tui_batching.workload.traces.rows import Rows

_DAY = 86_400 * 10**12
_MOST_DAYS = 1_000_000
"""As many as are told: beyond them the column holds no times, and they would fill the line."""

Times: TypeAlias = npt.NDArray[Any]
"""Picoseconds on a clock that may be any: int64, or Python's integers where those are too few."""


@dataclass(frozen=True, eq=False)
class _Columns:
    """What is known of some requests, a column each, in order of arrival.

    Attributes:
        id: numbers of the rows from 0.
        time: counted from the earliest one in the file.
        asked, priority, stream, stream_tokens: None where the file does not say.
    """

    id: IntArray
    time: Times
    input: IntArray
    output: IntArray
    asked: IntArray | None
    priority: IntArray | None
    stream: IntArray | None
    stream_tokens: IntArray | None

    def part(self, rows: slice | BoolArray | IntArray) -> _Columns:
        """Some of them."""
        columns = {field.name: getattr(self, field.name) for field in fields(self)}
        taken: Any = {
            name: None if column is None else column[rows] for name, column in columns.items()
        }
        return _Columns(**taken)

    def __len__(self) -> int:
        return len(self.id)


class Selection:
    """Collects requests; what it leaves out is counted in the counts.

    Only what is left at the end has to fit the simulation's clock.
    """

    def __init__(self, counts: RowCounts, where: str) -> None:
        self._counts = counts
        self._where = where
        self._options = counts.options
        self._origin: Picoseconds | None = None
        self._held = 0
        self._parts: list[tuple[Any, ...]] = []

    def add(self, rows: Rows) -> None:
        """Take these rows for now.

        Raises:
            InputError: if there are too many already.
        """
        if self._origin is None:
            self._origin = rows.times[0]
        origin = self._origin
        # Half as long as int64, which matters for millions of them.
        narrow = (_as_int32(column) for column in (rows.ids, rows.inputs, rows.outputs))
        times = _as_times([time - origin for time in rows.times])
        further = (rows.asked, rows.priorities, rows.stream, rows.stream_tokens)
        self._parts.append((times, *narrow, *further))
        self._held += len(rows.times)
        if self._options.takes_all:
            self._refuse_too_many(self._held)

    def requests(self, streams: Streams) -> Requests:
        """All that is taken, with time zero at the first arrival; ids are row numbers from 0.

        Args:
            streams: what they begin with.

        Raises:
            InputError: if there is none, too many, or they do not fit the clock.
        """
        taken = self._in_order() if self._held else None
        if taken is not None:
            taken = self._within_lengths(self._in_window(self._spread(taken)))
            taken = self._up_to_limit(taken)
        counts = self._counts
        counts.requests = 0 if taken is None else len(taken)
        if taken is None or not len(taken):
            raise InputError(
                f"{self._where}: found no request to replay "
                f"({'; '.join(counts.left_out()) or 'no rows'}), expected at least one"
            )
        self._refuse_too_many(len(taken))
        return Requests.from_columns(
            self._arrivals(taken.time),
            taken.input,
            taken.output,
            taken.id,
            max_tokens=taken.asked,
            priority=taken.priority,
            stream=taken.stream,
            stream_tokens=taken.stream_tokens,
            streams=streams,
        )

    def _in_order(self) -> _Columns:
        """Everything, sorted by arrival; who arrives together keeps the order of the file."""
        times, ids, inputs, outputs, *further = zip(*self._parts, strict=True)
        self._parts.clear()
        time, output = np.concatenate(times), np.concatenate(outputs)
        asked, priority, stream, stream_tokens = further
        found = _Columns(
            np.concatenate(ids),
            time,
            np.concatenate(inputs),
            output,
            _joined(asked, output, times),
            _joined(priority, 0, times),
            _joined(stream, NO_STREAM, times),
            _joined(stream_tokens, 0, times),
        )
        late = int(np.count_nonzero(time < np.maximum.accumulate(time)))
        if late:
            found = found.part(np.argsort(time, kind="stable"))
        self._counts.late = late
        self._counts.span = span = int(found.time[-1]) - int(found.time[0])
        time = found.time if span <= HORIZON else found.time.astype(object)
        return replace(found, time=time - time[0])

    def _spread(self, found: _Columns) -> _Columns:
        """Tell the ticks of the file's clock, and spread the arrivals of each where asked for."""
        begins = np.flatnonzero(np.concatenate(([True], found.time[1:] != found.time[:-1])))
        gaps = np.diff(found.time[begins])
        every = _most_often(gaps) if len(begins) < len(found) else None
        self._counts.ticks = Ticks(len(found), len(begins), every)
        if self._options.spread and every is not None:
            together = np.diff(np.concatenate((begins, [len(found)])))
            # No later than the next tick: some come a little early.
            length = np.minimum(np.concatenate((gaps, [every])), every)
            place = np.arange(len(found)) - np.repeat(begins, together)
            found.time[...] += np.repeat(length // together, together) * place
        return found

    def _in_window(self, found: _Columns) -> _Columns:
        asked = self._options
        begin, length = asked.start or 0, asked.duration
        if asked.busiest is not None:
            begin, length = _busiest(found.time, asked.busiest), asked.busiest
            self._counts.window_from = begin
        first = _count_before(found.time, begin)
        after = len(found) if length is None else _count_before(found.time, begin + length)
        self._counts.outside = len(found) - (after - first)
        return found.part(slice(first, after))

    def _within_lengths(self, found: _Columns) -> _Columns:
        asked, counts = self._options, self._counts
        long_input = _over(found.input, asked.max_input)
        long_output = _over(found.output, asked.max_output)
        if asked.over == "drop":
            counts.long_inputs = int(np.count_nonzero(long_input))
            # A request that is dropped for its prompt is told once.
            counts.long_outputs = int(np.count_nonzero(long_output & ~long_input))
            long = long_input | long_output
            return found.part(~long) if long.any() else found
        if long_input.any() or long_output.any():
            limit = slice(asked.limit)
            counts.long_inputs = int(np.count_nonzero(long_input[limit]))
            counts.long_outputs = int(np.count_nonzero(long_output[limit]))
            kept = _clipped(found.input, asked.max_input)
            answers = _clipped(found.output, asked.max_output)
            shared = found.stream_tokens
            if shared is not None:  # of a prompt that is cut no more than is left
                shared = np.minimum(shared, kept + np.where(long_input, 0, answers))
            return replace(found, input=kept, output=answers, stream_tokens=shared)
        return found

    def _up_to_limit(self, found: _Columns) -> _Columns:
        limit = self._options.limit
        if limit is None or limit >= len(found):
            return found
        self._counts.beyond = len(found) - limit
        return found.part(slice(limit))

    def _arrivals(self, times: Times) -> IntArray:
        """Times from the first one on, as fast as was asked for.

        Raises:
            InputError: if the last one lies beyond the clock.
        """
        speed = self._options.exact_speed
        last = (int(times[-1]) - int(times[0])) / speed
        if last > HORIZON:
            days = int(last) // _DAY
            told = f"{days:,}" if days <= _MOST_DAYS else f"more than {_MOST_DAYS:,}"
            raise InputError(
                f"{self._where}: found arrivals over {told} days, expected at most "
                "the clock's 106 days (workload.start and workload.duration take a part, "
                "workload.speed replays it faster)"
            )
        if speed == 1:
            return np.asarray(times - times[0], np.int64)
        double, divisor = 2 * speed.denominator, 2 * speed.numerator
        first = int(times[0])
        scaled = ((int(t) - first) * double + speed.numerator for t in times.tolist())
        return np.array([time // divisor for time in scaled], np.int64)

    def _refuse_too_many(self, count: int) -> None:
        if count > MAX_COUNT:
            raise InputError(
                f"{self._where}: found more than {MAX_COUNT:,} requests, "
                "expected fewer (limit takes the first ones)"
            )


def _as_times(times: list[Picoseconds]) -> Times:
    try:
        return np.array(times, np.int64)
    except OverflowError:
        return np.array(times, object)


def _as_int32(column: IntArray) -> IntArray:
    return column.astype(np.int32)


def _joined(
    parts: tuple[IntArray | None, ...], otherwise: IntArray | int, lengths: tuple[Times, ...]
) -> IntArray | None:
    """A column that may be missing, from its parts; None if it is everywhere."""
    if all(values is None for values in parts):
        return None
    joined, row = np.empty(sum(map(len, lengths)), np.int64), 0
    joined[:] = otherwise
    for values, length in zip(parts, map(len, lengths), strict=True):
        if values is not None:
            joined[row : row + length] = values
        row += length
    return joined


def _most_often(gaps: Times) -> Picoseconds | None:
    """The gap that there is most often, the shortest of several; None if none is there twice."""
    values, counts = np.unique(gaps, return_counts=True)
    if not len(values) or counts.max() < 2:
        return None
    return int(values[counts.argmax()])


def _count_before(times: Times, instant: Picoseconds) -> int:
    """How many ascending times come before an instant, which may lie beyond int64."""
    return len(times) if instant > times[-1] else int(np.searchsorted(times, instant))


def _busiest(times: Times, length: Picoseconds) -> Picoseconds:
    """Where the first window of this length begins in which the most of ascending times lie."""
    if length > times[-1]:
        return int(times[0])
    after = np.searchsorted(times - length, times)
    return int(times[int((after - np.arange(len(times))).argmax())])


def _over(tokens: IntArray, most: int | None) -> BoolArray:
    return tokens > most if most is not None else np.zeros(len(tokens), np.bool_)


def _clipped(tokens: IntArray, most: int | None) -> IntArray:
    return np.minimum(tokens, most) if most is not None else tokens
