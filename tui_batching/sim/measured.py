"""A Run that a server's log tells: facts that were measured, and no iterations.

A log tells when a request was taken up, made its first token and made its last one. Nobody wrote
down the iterations between, nor why somebody waited: spans say only whether anybody was there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from tui_batching.clock import Picoseconds, parse_duration
from tui_batching.columns import BoolArray, IntArray, freeze
from tui_batching.cost import Cost
from tui_batching.requests import Requests
from tui_batching.sim.life import State
from tui_batching.sim.moment import Moment
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanClock, SpanKind, Spans
from tui_batching.sim.stays import Chunks, Prefills, Stays

if TYPE_CHECKING:
    from tui_batching.strategies.measured import MeasuredServer


@dataclass(frozen=True, eq=False, repr=False)
class MeasuredRun(Run):
    """What a log tells. Each request stays once, from when it was taken up to its last token.

    A log has no slots: in place of them each stay has the lowest row that is free. The time up to
    the first token counts as prefill, with all that goes by in it, and the time from there to the
    last token as decode, as vLLM's own metrics have it.

    Attributes:
        tokens: when they were made; None where that was not measured: then they count as spread
            evenly from the first one to the last.
        starts_measured: whether it was measured when requests were taken up; else they count as
            taken up when they came.
    """

    tells_iterations: ClassVar[bool] = False

    tokens: TokenTimes | None = None
    starts_measured: bool = True

    @classmethod
    def of(cls, log: MeasuredServer, requests: Requests, cost: Cost) -> MeasuredRun:
        """The Run of a log.

        Args:
            log: what was measured.
            requests: of it, as those who serve the same ones beside it have them.
            cost: of those who serve the same requests beside it; nothing here hangs on it.
        """
        start, finish = log.start_time, log.finish_time
        order = np.argsort(start, kind="stable")
        return cls(
            strategy=log,
            cost=cost,
            requests=requests,
            start_time=start,
            first_token_time=log.first_token_time,
            finish_time=finish,
            end_time=finish,
            stays=_stays(log, order),
            spans=_spans(log),
            chunks=Chunks(*(freeze(np.zeros(0)) for _ in range(3))),
            tokens=log.tokens,
            starts_measured=log.tells_start,
        )

    @property
    def tells_start(self) -> bool:
        """Whether it was measured when requests were taken up, and not only when they came."""
        return self.starts_measured

    @property
    def tells_tokens(self) -> bool:
        """Whether it was measured when each token was made."""
        return self.tokens is not None

    def at(self, time: Picoseconds | str) -> Moment:
        """What was measured up to an instant: picoseconds, or a text such as `"1.5s"`.

        Raises:
            InputError: if the text is no duration.
        """
        return MeasuredMoment(self, parse_duration(time) if isinstance(time, str) else time)

    @cached_property
    def prefills(self) -> Prefills:
        """The time up to the first token, as one part a stay."""
        start = self.stays.start_time
        return Prefills(start, self.stays.ready_time - start, np.arange(len(start) + 1))

    @cached_property
    def decode_clock(self) -> SpanClock:
        """A clock that always runs: who has made a token makes others."""
        return SpanClock.of(np.zeros(1, np.int64), np.array([self.finished]))

    @cached_property
    def missing(self) -> npt.NDArray[np.int8]:
        """Nobody wrote down what those who waited lacked."""
        return np.full(len(self.spans), np.int8(State.QUEUED))

    def has_chunk(self, stay: IntArray, span: IntArray) -> BoolArray:
        """Up to its first token a prompt counts as being read."""
        return np.ones(np.broadcast_shapes(stay.shape, span.shape), np.bool_)


@dataclass(frozen=True, eq=False)
class TokenTimes:
    """When each token of each request was made, in picoseconds.

    Attributes:
        times: request by request, each request's in order.
        first: where those of each request begin; one more entry at the end. Shape: (requests + 1,).
    """

    times: IntArray
    first: IntArray

    @classmethod
    def of(cls, each: Sequence[IntArray]) -> TokenTimes:
        """Of columns, one a request."""
        first = np.cumsum([0, *map(len, each)])
        return cls(freeze(np.concatenate(each)), freeze(first))

    def members(self, row: int) -> IntArray:
        """The times of one request's tokens."""
        return self.times[self.first[row] : self.first[row + 1]]


@dataclass(frozen=True, eq=False)
class MeasuredMoment(Moment):
    """What a log tells of an instant."""

    run: MeasuredRun

    def tokens_made(self, rows: IntArray) -> IntArray:
        """How many tokens each of these requests has made: as measured, or else spread evenly."""
        return made_by(self.run, rows, self.time)

    def tokens_made_in(self, latest: IntArray) -> IntArray:
        """The same of the requests of these stays, each of which has but one."""
        return self.tokens_made(self.run.stays.request[latest])


def made_by(run: MeasuredRun, rows: IntArray, time: Picoseconds) -> IntArray:
    """How many tokens each of these requests has made by an instant."""
    if run.tokens is not None:
        parts = (run.tokens.members(row) for row in rows.tolist())
        return np.array([np.searchsorted(part, time, side="right") for part in parts], np.int64)
    first, finish = run.first_token_time[rows], run.finish_time[rows]
    gaps = run.requests.output_tokens[rows] - 1
    share = np.clip((time - first) / np.maximum(finish - first, 1), 0, 1)
    made = 1 + np.floor(share * gaps).astype(np.int64)
    return np.where(time < first, 0, np.where(time >= finish, gaps + 1, made))


def _stays(log: MeasuredServer, order: IntArray) -> Stays:
    start, finish = log.start_time[order], log.finish_time[order]
    ended, nowhere = np.zeros(len(order), np.int8), np.zeros(len(order), np.int64)
    ended.flags.writeable = False
    return Stays(
        request=freeze(order),
        slot=freeze(lowest_free(start.tolist(), finish.tolist())),
        start_time=freeze(start),
        ready_time=freeze(log.first_token_time[order]),
        end_time=freeze(finish),
        ended=ended,
        known=freeze(log.requests.input_tokens[order]),
        cached=freeze(nowhere),
        place=freeze(nowhere),
    )


def lowest_free(start: Sequence[Picoseconds], end: Sequence[Picoseconds]) -> list[int]:
    """A row for each stay, in order of their starts: the lowest that is free then."""
    free: list[int] = []
    taken: list[tuple[Picoseconds, int]] = []
    rows: list[int] = []
    for begins, ends in zip(start, end, strict=True):
        while taken and taken[0][0] <= begins:
            heappush(free, heappop(taken)[1])
        row = heappop(free) if free else len(taken)
        heappush(taken, (ends, row))
        rows.append(row)
    return rows


def _spans(log: MeasuredServer) -> Spans:
    """One between each two instants at which something was measured."""
    arrival, start, finish = log.requests.arrival_time, log.start_time, log.finish_time
    edges = np.unique(np.concatenate((np.zeros(1, np.int64), arrival, start, finish)))
    edges = np.union1d(edges, log.first_token_time)
    begins = edges[:-1]

    def past(times: IntArray) -> IntArray:
        return np.searchsorted(np.sort(times), begins, side="right")

    there = past(arrival) > past(finish)
    kind = np.where(there, np.int8(SpanKind.UNTOLD), np.int8(SpanKind.IDLE))
    kind.flags.writeable = False
    return Spans(
        start=freeze(begins),
        kind=kind,
        steps=freeze(np.ones(len(begins))),
        step_time=freeze(np.diff(edges)),
        step_growth=freeze(np.zeros(len(begins))),
        billed=freeze(past(start) - past(finish)),
    )
