"""Taking the requests that were asked for, block by block, as a trace streams by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tui_batching.clock import HORIZON, Picoseconds
from tui_batching.columns import IntArray
from tui_batching.errors import InputError
from tui_batching.requests import Requests
from tui_batching.workload.generate import MAX_COUNT
from tui_batching.workload.traces.report import TraceReport
from tui_batching.workload.traces.rows import Rows

_BEYOND_CLOCK = "found an arrival over 106 days from the first one, where the clock ends"


class Selection:
    """Collects requests; what it leaves out is counted in the report.

    Times are counted from the first row that did not fail, in Python's integers, because the
    trace's own clock may be any; only what is left of them has to fit the simulation's clock.
    """

    def __init__(self, report: TraceReport, where: str) -> None:
        self._report = report
        self._where = where
        self._options = report.options
        self._speed = report.options.exact_speed
        self._origin: Picoseconds | None = None
        self._rows = 0
        self._columns: list[tuple[IntArray, IntArray, IntArray, IntArray]] = []

    @property
    def full(self) -> bool:
        """Whether the limit is reached."""
        return self._report.requests == self._options.limit

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
        self._report.failed += _number(~served[seen])
        self._report.outside += _number((served & ~inside)[seen])
        self._report.long_inputs += _number(long_input[seen])
        # A request that is dropped for its prompt is told once.
        self._report.long_outputs += _number((long_output & ~(long_input & dropping))[seen])
        self._columns.append(
            (
                self._rows + chosen,
                self._arrivals(offsets, chosen, rows),
                _clipped(rows.inputs[chosen], self._options.max_input),
                _clipped(rows.outputs[chosen], self._options.max_output),
            )
        )
        self._rows += len(rows.times)

    def requests(self) -> Requests:
        """All that was taken, with time zero at the first arrival; ids are row numbers from 0.

        Raises:
            InputError: if there is none, or they do not fit the clock.
        """
        report = self._report
        if not report.requests:
            raise InputError(
                f"{self._where}: found no request to replay "
                f"({'; '.join(report.left_out()) or 'no rows'}), expected at least one"
            )
        ids, arrivals, inputs, outputs = map(np.concatenate, zip(*self._columns, strict=True))
        self._columns.clear()
        first, last = int(arrivals.min()), int(arrivals.max())
        if last - first > HORIZON:
            raise InputError(f"{self._where}: {_BEYOND_CLOCK}")
        arrivals -= first
        return Requests.from_columns(arrivals, inputs, outputs, ids)

    def _in_window(self, offsets: Sequence[Picoseconds]) -> npt.NDArray[np.bool_]:
        start, duration = self._options.start, self._options.duration
        if start is None and duration is None:
            return np.ones(len(offsets), np.bool_)
        begin = start or 0
        if duration is None:
            return np.array([begin <= offset for offset in offsets], np.bool_)
        return np.array([begin <= offset < begin + duration for offset in offsets], np.bool_)

    def _up_to_limit(self, chosen: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        report = self._report
        if self._options.limit is not None:
            chosen = chosen[: self._options.limit - report.requests]
        report.requests += len(chosen)
        report.stopped = self.full
        if report.requests > MAX_COUNT:
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


def _over(tokens: IntArray, most: int | None) -> npt.NDArray[np.bool_]:
    return tokens > most if most is not None else np.zeros(len(tokens), np.bool_)


def _clipped(tokens: IntArray, most: int | None) -> IntArray:
    return np.minimum(tokens, most) if most is not None else tokens
