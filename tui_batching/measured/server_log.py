"""What a server measured of each request: facts, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tui_batching.clock import HORIZON, Picoseconds
from tui_batching.columns import BoolArray, FloatArray, IntArray, freeze
from tui_batching.errors import InputError
from tui_batching.numbers import counted
from tui_batching.requests import Requests
from tui_batching.sim.measured import TokenTimes

MEASURES = ("TTFT", "TPOT", "E2EL")
"""What is measured of a request, in the order of all tables here."""


@dataclass(frozen=True, eq=False)
class ServerLog:
    """Columns with one row a request, in order of arrival; all times in picoseconds.

    Time zero is the first arrival. Nothing here is made up: what a log does not tell is None.

    Attributes:
        name: of the file.
        requests: arrivals and lengths of all requests that were served.
        measured: whose times are known; those of the others are zero.
        scheduled: when the scheduler took it up for the first time.
        first_token_time: when its first token was made.
        finish_time: when its last token was made.
        wall: the wall clock at time zero, counted from 1970.
        tokens: when each token was made; None where the log does not tell it of all.
        notices: what was read, and what was left out and why.
    """

    name: str
    requests: Requests
    measured: BoolArray
    scheduled: IntArray | None
    first_token_time: IntArray
    finish_time: IntArray
    wall: Picoseconds | None
    tokens: TokenTimes | None
    notices: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.requests)

    @property
    def end(self) -> Picoseconds:
        """The last token of all."""
        return int(self.finish_time.max())

    def times(self) -> FloatArray:
        """TTFT, TPOT and E2EL of each request, see `times_of`."""
        return times_of(self.requests, self.first_token_time, self.finish_time)

    def head(self, count: int) -> ServerLog:
        """What was measured of the first requests to arrive, at most so many."""
        if count >= len(self):
            return self
        return replace(
            self,
            requests=self.requests.part(slice(count)),
            measured=self.measured[:count],
            scheduled=None if self.scheduled is None else self.scheduled[:count],
            first_token_time=self.first_token_time[:count],
            finish_time=self.finish_time[:count],
            tokens=None,
        )

    def first_rows(self, share: float) -> BoolArray:
        """Which requests are the first to arrive, so many of all that their share says."""
        return np.arange(len(self)) < round(share * len(self))


def times_of(requests: Requests, first_token: IntArray, finish: IntArray) -> FloatArray:
    """TTFT, TPOT and E2EL of each request, in picoseconds. Shape: (MEASURES, requests).

    An answer of one token has no TPOT: it is not a number.
    """
    arrival, gaps = requests.arrival_time, requests.output_tokens - 1
    per_token = np.where(gaps > 0, (finish - first_token) / np.maximum(gaps, 1), np.nan)
    return np.stack([first_token - arrival, per_token, finish - arrival])


def server_log(  # noqa: PLR0913, PLR0917 - a log's columns
    name: str,
    arrival: list[Picoseconds],
    input_tokens: list[int],
    output_tokens: list[int],
    scheduled: list[Picoseconds] | None,
    first_token: list[Picoseconds],
    finish: list[Picoseconds],
    *,
    where: str,
    title: str,
    wall: Picoseconds | None = None,
    gaps: Sequence[Sequence[Picoseconds]] | None = None,
) -> ServerLog:
    """Put a log in order: failed requests are left out, and those without times are counted.

    Args:
        name: of the file.
        arrival: of each request, on the same clock as all other times, whichever it is.
        input_tokens: of each prompt.
        output_tokens: of each answer; 0 for a request that failed.
        scheduled: 0 where it is missing; None where the log does not tell it.
        first_token: 0 where it is missing.
        finish: 0 where it is missing.
        where: the file's name for error messages.
        title: of its format.
        wall: the wall clock's time at time zero of all other times.
        gaps: between the tokens of each request; None where the log does not tell them.

    Raises:
        InputError: if nothing is left, or not enough to learn from.
    """
    outputs = np.array(output_tokens, np.int64)
    zero, order = _served_by_arrival(arrival, outputs, where)
    told = (first_token, finish, *([] if scheduled is None else [scheduled]))
    measured = _with_all_times(told, order, where)

    def since_zero(column: list[Picoseconds]) -> IntArray:
        pairs = zip(order, measured, strict=True)
        return freeze([column[row] - zero if known else 0 for row, known in pairs])

    if max(map(max, (arrival, *told))) - zero > HORIZON:
        found = "found times over 106 days after the first arrival, expected less"
        raise InputError(f"{where}: {found}")
    missing = int((~measured).sum())
    tokens = None
    if gaps and measured.all():
        tokens = _token_times(since_zero(first_token), outputs[order], [gaps[row] for row in order])
    return ServerLog(
        name=name,
        requests=_requests_of([arrival[row] - zero for row in order], input_tokens, outputs, order),
        measured=measured,
        scheduled=None if scheduled is None else since_zero(scheduled),
        first_token_time=since_zero(first_token),
        finish_time=since_zero(finish),
        wall=None if wall is None else wall + zero,
        tokens=tokens,
        notices=(f"{name}: {_read_of_it(len(order), len(outputs) - len(order), missing, title)}",),
    )


def _served_by_arrival(
    arrival: list[Picoseconds], output_tokens: IntArray, where: str
) -> tuple[Picoseconds, IntArray]:
    """The first arrival of those who were served, and their rows in order of arrival."""
    served = np.flatnonzero(output_tokens > 0)
    if not len(served):
        raise InputError(f"{where}: found no request that was served, expected some")
    zero = min(arrival[row] for row in served)
    return zero, served[np.argsort([arrival[row] - zero for row in served], kind="stable")]


def _with_all_times(told: Sequence[list[Picoseconds]], order: IntArray, where: str) -> BoolArray:
    """Which of these rows have each of the times that are told."""
    measured = np.array([all(column[row] for column in told) for row in order])
    if not measured.any():
        raise InputError(f"{where}: found no request with all its times, expected some")
    measured.flags.writeable = False
    return measured


def _requests_of(
    since_zero: list[Picoseconds], input_tokens: list[int], outputs: IntArray, order: IntArray
) -> Requests:
    """The requests of these rows; each is known by the row that it has in the log."""
    inputs = np.array(input_tokens, np.int64)[order]
    return Requests.from_columns(since_zero, inputs, outputs[order], order)


def _token_times(
    first_token: IntArray, output_tokens: IntArray, gaps: Sequence[Sequence[Picoseconds]]
) -> TokenTimes | None:
    """When each token was made; None where several came at once, so that there are fewer gaps."""
    if [len(each) + 1 for each in gaps] != output_tokens.tolist():
        return None
    pairs = zip(first_token.tolist(), gaps, strict=True)
    return TokenTimes.of([np.cumsum([first, *each], dtype=np.int64) for first, each in pairs])


def _read_of_it(served: int, failed: int, missing: int, title: str) -> str:
    """How many requests were read, and what becomes of those that failed or lack times."""
    told = [f"read {counted(served, 'request')} ({title})"]
    if failed:
        are, they = ("is", "it") if failed == 1 else ("are", "they")
        told.append(f"{failed:,} that failed {are} left out, as if {they} had taken no time")
    if missing:
        are = "is" if missing == 1 else "are"
        told.append(f"{missing:,} without all times {are} served, but not compared")
    return "; ".join(told)
