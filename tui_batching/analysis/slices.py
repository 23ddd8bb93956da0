"""Where the time of some of the requests went: of all, or of the slowest 1 % or 5 %."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import overload

import numpy as np

from tui_batching import notebook
from tui_batching.analysis.breakdown import Breakdown, refuse_log, refuse_no_run
from tui_batching.analysis.breakdown import breakdown as of_each
from tui_batching.analysis.worst import MEASURES, Measure, Ranking, parts_within
from tui_batching.clock import SECOND, Picoseconds, parse_duration
from tui_batching.columns import IntArray, exact_sum, float_sum, rounded
from tui_batching.errors import InputError, did_you_mean, one_of
from tui_batching.printable import quoted
from tui_batching.sim.run import Run


@dataclass(frozen=True)
class Slice:
    """Some of the requests, and what of their time is told.

    Attributes:
        name: as it is asked for, such as `p99-ttft`.
        measure: what is told of them, and by what they are the slowest.
        percent: so many of the requests, the slowest ones; 100 are all.
    """

    name: str
    measure: Measure
    percent: int

    @property
    def title(self) -> str:
        """Who they are: `slowest 1 % by TTFT`."""
        return f"slowest {self.percent} % by {self.measure.label}" if self.percent < 100 else "mean"

    @property
    def whole(self) -> str:
        """What is told of them: `TTFT of the slowest 1 %`."""
        label = self.measure.label
        return f"{label} of the slowest {self.percent} %" if self.percent < 100 else f"mean {label}"


def _slices() -> dict[str, Slice]:
    slowest = (
        Slice(f"p{percentile}-{measure.name}", measure, 100 - percentile)
        for measure in MEASURES
        for percentile in (99, 95)
    )
    *_, latency = MEASURES
    return {each.name: each for each in (Slice("mean", latency, 100), *slowest)}


SLICES: Mapping[str, Slice] = _slices()
"""All of them by name."""
MEAN = SLICES["mean"]
"""All requests, and their latency."""


@dataclass(frozen=True, repr=False)
class SliceParts:
    """Where the time of a slice went, in the mean of its requests.

    Attributes:
        requests: how many they are.
        whole: the mean of the measure, in seconds; 0 where no request has one.
        parts: its parts in seconds by name, which sum to it; none of a log, which tells none.
    """

    requests: int
    whole: float
    parts: Mapping[str, float]

    def __repr__(self) -> str:
        return notebook.parts_text(self, self.requests, self.parts, self.whole)

    def _repr_html_(self) -> str:
        return notebook.parts_figures(self.requests, self.parts, self.whole)

    @cached_property
    def percents(self) -> Mapping[str, int]:
        """The share of each part of the whole in percent; together they are 100."""
        shares = [part / self.whole if self.whole else 0.0 for part in self.parts.values()]
        return dict(zip(self.parts, rounded(shares, 100 if self.whole else 0), strict=True))


def slice_called(name: str) -> Slice:
    """The slice of this name.

    Raises:
        InputError: if there is none.
    """
    if name not in SLICES:
        hint = did_you_mean(name, SLICES)
        raise InputError(f"found {quoted(name)}, expected {one_of(SLICES)}{hint}")
    return SLICES[name]


@overload
def breakdown(run: Run, rows: str) -> SliceParts: ...


@overload
def breakdown(
    run: Run,
    rows: Sequence[int] | IntArray | None = None,
    until: Picoseconds | str | IntArray | None = None,
) -> Breakdown: ...


def breakdown(
    run: Run,
    rows: Sequence[int] | IntArray | str | None = None,
    until: Picoseconds | str | IntArray | None = None,
) -> Breakdown | SliceParts:
    """Where the time of requests went: of each of them, or of a slice in the mean.

    Args:
        run: whose requests.
        rows: the name of a slice, such as `p99-ttft`, or which rows; all of them by default.
        until: an instant, or one for each of the rows, in picoseconds or as `"1.5s"`. What comes
            after it does not count. Of a slice all counts.

    Raises:
        InputError: if this is no Run, there is no such slice or row, the text is no duration, or
            if it is the Run of a log, of which only the whole of a slice is told.
    """
    refuse_no_run(run)
    if isinstance(rows, str):
        if until is not None:
            raise InputError("until: found with a slice, expected with rows of requests")
        return slice_parts(run, slice_called(rows))
    refuse_log(run)
    chosen = np.arange(len(run)) if rows is None else _rows_of(run, rows)
    return of_each(run, chosen, None if until is None else _instants(until, len(chosen)))


def _rows_of(run: Run, asked: Sequence[int] | IntArray) -> IntArray:
    rows = np.asarray(asked)
    if rows.ndim != 1 or rows.dtype.kind not in "iu":
        raise InputError(f"rows: found {quoted(str(asked))}, expected a list of whole numbers")
    outside = rows[(rows < 0) | (rows >= len(run))]
    if len(outside):
        raise InputError(f"rows: found {outside[0]}, expected whole numbers below {len(run)}")
    return rows.astype(np.int64)


def _instants(asked: Picoseconds | str | IntArray, count: int) -> IntArray:
    found = np.asarray(parse_duration(asked) if isinstance(asked, str) else asked)
    if found.dtype.kind not in "iu" or found.shape not in {(), (count,)}:
        expected = f"expected picoseconds, a text such as '1.5s', or {count} instants"
        raise InputError(f"until: found {quoted(str(asked))}, {expected}")
    return found.astype(np.int64)


def slice_parts(run: Run, wanted: Slice) -> SliceParts:
    """Where the time of a slice of a Run's requests went.

    A slice is never empty where a request has the measure: of 20 the slowest 1 % are one. Of
    equally slow ones those who arrived first are taken.
    """
    measure = wanted.measure
    order = Ranking.of(measure, [run]).order
    rows = np.sort(order[: ceil(len(order) * wanted.percent / 100)])
    units = measure.units(run)[rows]
    parts = parts_within(measure, run, rows) if run.tells_iterations else {}
    whole = measure.until(run)[rows] - measure.since(run)[rows]
    return SliceParts(
        requests=len(rows),
        whole=_mean(whole, units),
        parts={name: _mean(column, units) for name, column in parts.items()},
    )


def _mean(column: IntArray, units: IntArray) -> float:
    """The mean in seconds; of what is counted a unit, such as a token, of the quotients."""
    if not len(column):
        return 0.0
    if (units == 1).all():
        return exact_sum(column) / (len(column) * SECOND)
    return float_sum(column / units) / (len(column) * SECOND)
