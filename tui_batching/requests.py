"""Requests: what arrives, as columns; everything that is simulated starts from them."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from tui_batching.columns import IntArray, freeze
from tui_batching.errors import InputError
from tui_batching.reading.constraints import Whole
from tui_batching.streams import NO_STREAM, Streams

MAX_TOKENS = 2**31 - 1
"""The most tokens one prompt or one answer may have."""

ID_DIGITS = len(str(np.iinfo(np.int64).max))
"""The most digits an id may have."""

INPUT_TOKENS = Whole(0, MAX_TOKENS)
OUTPUT_TOKENS = Whole(1, MAX_TOKENS)
PRIORITY = Whole(-MAX_TOKENS, MAX_TOKENS)
STREAM_TOKENS = Whole(0, 2 * MAX_TOKENS)


@dataclass(frozen=True, eq=False)
class Requests:
    """The requests of a workload as int64 columns in arrival order; ties keep their given order.

    Attributes:
        id: the request's number, unique; by default its position in the list it came from.
        arrival_time: in picoseconds.
        input_tokens: tokens of the prompt, >= 0.
        output_tokens: tokens of the answer, >= 1.
        max_tokens: tokens that the client asked for at most, never fewer than the answer has.
        priority: the lower the sooner, for engines that heed it.
        stream: what it begins with, a row of `streams`; -1 for nothing that others know.
        stream_tokens: so many of its first tokens are its stream's, the rest is its own. Where they
            are more than its prompt has, its answer belongs to the stream as well, so that a later
            request can begin with it.
        streams: the contents that requests share.
    """

    id: IntArray
    arrival_time: IntArray
    input_tokens: IntArray
    output_tokens: IntArray
    max_tokens: IntArray
    priority: IntArray
    stream: IntArray
    stream_tokens: IntArray
    streams: Streams

    @classmethod
    def from_columns(  # noqa: PLR0913 - a column each
        cls,
        arrival_time: npt.ArrayLike,
        input_tokens: npt.ArrayLike,
        output_tokens: npt.ArrayLike,
        id: npt.ArrayLike | None = None,  # noqa: A002 - the field's name
        *,
        max_tokens: npt.ArrayLike | None = None,
        priority: npt.ArrayLike | None = None,
        stream: npt.ArrayLike | None = None,
        stream_tokens: npt.ArrayLike | None = None,
        streams: Streams | None = None,
    ) -> Requests:
        """Sort the columns by arrival (stable) and freeze them.

        Args:
            arrival_time: in picoseconds.
            input_tokens: of each prompt.
            output_tokens: of each answer.
            id: by default the positions.
            max_tokens: what clients ask for; by default exactly the answers.
            priority: by default all are alike.
            stream: what each begins with; by default they have nothing in common.
            stream_tokens: how many of the first tokens; by default none.
            streams: what `stream` numbers; by default there is none.

        Raises:
            InputError: if a value is no whole number or out of its range, an id is there twice,
                an answer is longer than what was asked for, or lengths differ.
        """
        arrivals = _whole(arrival_time, "arrival_time")
        inputs = _whole(input_tokens, "input_tokens")
        outputs = _whole(output_tokens, "output_tokens")
        ids = np.arange(len(arrivals), dtype=np.int64) if id is None else _whole(id, "id")
        asked = outputs if max_tokens is None else _whole(max_tokens, "max_tokens")
        count = len(outputs)
        urgent = _alike(0, count) if priority is None else _whole(priority, "priority")
        begins = _alike(NO_STREAM, count) if stream is None else _whole(stream, "stream")
        shared = _alike(0, count)
        if stream_tokens is not None:
            shared = _whole(stream_tokens, "stream_tokens")
        streams = streams or Streams.roots(0)
        columns = (ids, arrivals, inputs, outputs, asked, urgent, begins, shared)
        if any(len(column) != len(arrivals) for column in columns):
            raise InputError("the columns of the requests differ in length")
        _refuse_outside(arrivals, Whole(), "arrival_time")
        _refuse_outside(inputs, INPUT_TOKENS, "input_tokens")
        _refuse_outside(outputs, OUTPUT_TOKENS, "output_tokens")
        _refuse_outside(asked, OUTPUT_TOKENS, "max_tokens")
        _refuse_fewer_than_made(asked, outputs)
        _refuse_outside(begins, Whole(NO_STREAM, len(streams) - 1), "stream")
        _refuse_outside(shared, STREAM_TOKENS, "stream_tokens")
        if id is not None:
            _refuse_twice(ids)
        order = np.argsort(arrivals, kind="stable")
        sorted_ = [column if _is_alike(column) else freeze(column[order]) for column in columns]
        made = dict(zip(_COLUMNS, sorted_, strict=True))
        if max_tokens is None:
            made["max_tokens"] = made["output_tokens"]
        return cls(**made, streams=streams)

    def with_columns(self, **changed: npt.ArrayLike) -> Requests:
        """The same requests with some columns changed, in their new order of arrival.

        Raises:
            InputError: as `from_columns` does.
        """
        columns: dict[str, npt.ArrayLike] = {name: getattr(self, name) for name in _COLUMNS}
        return Requests.from_columns(**(columns | changed), streams=self.streams)

    def part(self, rows: slice | IntArray) -> Requests:
        """Some of the requests, or all in another order, with all that is known of them."""
        columns = {name: freeze(getattr(self, name)[rows]) for name in _COLUMNS}
        return Requests(**columns, streams=self.streams)

    @property
    def share(self) -> bool:
        """Whether any of them begin with a stream, so that a prefix cache is of use to others."""
        return bool(((self.stream != NO_STREAM) & (self.stream_tokens > 0)).any())

    def __len__(self) -> int:
        return len(self.id)


_COLUMNS = tuple(field.name for field in fields(Requests) if field.name != "streams")


def _alike(value: int, count: int) -> IntArray:
    """A read-only column of one value, which takes no memory however long it is."""
    return np.broadcast_to(np.int64(value), (count,))


def _is_alike(column: IntArray) -> bool:
    return column.strides == (0,)


def _whole(column: npt.ArrayLike, name: str) -> IntArray:
    array = np.asarray(column)
    if array.size and array.dtype.kind not in "iu":
        raise InputError(f"{name}: found {array.dtype} values, expected whole numbers")
    return array.astype(np.int64, copy=False)


def _refuse_fewer_than_made(asked: IntArray, outputs: IntArray) -> None:
    if (asked < outputs).any():
        row = int((asked < outputs).argmax())
        raise InputError(
            f"request {row}: max_tokens: found {asked[row]}, "
            f"expected >= {outputs[row]}, the tokens of its answer"
        )


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
