"""A Run: the finished, immutable record of one strategy serving one workload."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from tui_batching import notebook
from tui_batching.clock import Picoseconds, format_duration, parse_duration
from tui_batching.columns import BoolArray, FloatArray, IntArray, freeze
from tui_batching.cost import Cost
from tui_batching.numbers import counted
from tui_batching.requests import Requests
from tui_batching.sim.decoding import decode_clock
from tui_batching.sim.life import State
from tui_batching.sim.moment import Moment
from tui_batching.sim.spans import SpanClock, SpanKind, Spans
from tui_batching.sim.stays import NEVER, Chunks, Ended, KvBlocks, Prefills, Stays, Tracks

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from tui_batching.strategies.strategy import Strategy
    from tui_batching.workload.service_level import ServiceLevel


@dataclass(frozen=True, eq=False, repr=False)
class Run:
    """What happened, as read-only int64 columns.

    The first columns have one row a request, in arrival order. Whatever else there is to know of a
    request follows from its stays, the server's spans, and the chunks that belong to both.

    Attributes:
        strategy: who may run when.
        cost: what an iteration costs.
        requests: id, arrival and tokens of each request.
        start_time: the instant a request is first admitted.
        first_token_time: when its first token is made; see `cost.FirstToken`.
        finish_time: when its last token is made.
        end_time: the instant its response is released.
        stays: who was in which slot, when.
        spans: the server's timeline.
        chunks: the parts of prompts that the spans processed.
        kv: the KV cache, or None where the strategy ignores memory.
        place: of each newcomer in the queue, see `Moment.waiting`; None where it is the row.
        slo: what each request may take at most, as the workload says; None without limits.
    """

    tells_iterations: ClassVar[bool] = True
    """Whether its spans are the server's iterations; of a log's Run nobody knows them."""

    strategy: Strategy
    cost: Cost
    requests: Requests
    start_time: IntArray
    first_token_time: IntArray
    finish_time: IntArray
    end_time: IntArray
    stays: Stays
    spans: Spans
    chunks: Chunks
    kv: KvBlocks | None = None
    place: IntArray | None = None
    slo: ServiceLevel | None = None

    def __len__(self) -> int:
        return len(self.requests)

    @property
    def tells_start(self) -> bool:
        """Whether it is known when requests were taken up, and not only when they came."""
        return True

    @property
    def slots(self) -> int:
        """The number of slots."""
        return self.strategy.slots

    @cached_property
    def begin(self) -> Picoseconds:
        """The first arrival."""
        return int(self.requests.arrival_time[0])

    @cached_property
    def finished(self) -> Picoseconds:
        """The last end, where the timeline stops."""
        return int(self.end_time.max())

    @property
    def total_time(self) -> Picoseconds:
        """From the first arrival to the last end."""
        return self.finished - self.begin

    def __repr__(self) -> str:
        length = format_duration(self.total_time)
        return f"Run({self.strategy.name}, {counted(len(self), 'request')} in {length})"

    def _repr_html_(self) -> str:
        return notebook.picture(self)

    def table(self) -> dict[str, IntArray | FloatArray]:
        """All that is told of each request, by name, a row a request in order of arrival.

        The columns are those of `compare --requests` as CSV and JSON: times in seconds, the parts
        of the latency among them, and counts. An answer of one token has no `tpot`: it is nan.
        """
        return notebook.table(self)

    def to_pandas(self) -> pd.DataFrame:
        """The `table` as a data frame of pandas.

        Raises:
            ImportError: if pandas is not installed.
        """
        return notebook.to_pandas(self.table())

    def to_polars(self) -> pl.DataFrame:
        """The `table` as a data frame of Polars.

        Raises:
            ImportError: if Polars is not installed.
        """
        return notebook.to_polars(self.table())

    def at(self, time: Picoseconds | str) -> Moment:
        """What this Run looks like at an instant: picoseconds, or a text such as `"1.5s"`.

        Raises:
            InputError: if the text is no duration.
        """
        return Moment(self, parse_duration(time) if isinstance(time, str) else time)

    @cached_property
    def ends(self) -> IntArray:
        """The ends in order of time."""
        return freeze(np.sort(self.end_time))

    @cached_property
    def by_slot(self) -> Tracks:
        """The stays in each slot that was ever used."""
        return Tracks.of(self.stays.slot, self.stays.start_time, int(self.stays.slot.max()) + 1)

    @cached_property
    def by_request(self) -> Tracks:
        """The stays of each request."""
        return Tracks.of(self.stays.request, self.stays.start_time, len(self))

    @cached_property
    def evictions(self) -> IntArray:
        """How often each request was evicted. Shape: (requests,)."""
        evicted = self.stays.request[self.stays.ended == Ended.EVICTED]
        return freeze(np.bincount(evicted, minlength=len(self)))

    @cached_property
    def decoded_until(self) -> IntArray:
        """When each stay makes no more tokens: its request is finished, or it has to leave."""
        return freeze(np.minimum(self.finish_time[self.stays.request], self.stays.end_time))

    @cached_property
    def steps_by_ready(self) -> IntArray:
        """The decode steps done when each stay is ready; for one that never is, when it ends."""
        return freeze(
            self.spans.decode_steps_at(np.minimum(self.stays.ready_time, self.decoded_until))
        )

    @cached_property
    def steps_by_until(self) -> IntArray:
        """The decode steps done when each stay makes no more tokens."""
        return freeze(self.spans.decode_steps_at(self.decoded_until))

    @cached_property
    def known_made(self) -> IntArray:
        """When each stay makes a token by processing all that is known at its admission.

        `NEVER` where it does not come to that. In a joint prefill a short prompt is ready before.
        Only costs whose prefills make tokens ask for it.
        """
        processed = (np.diff(self.prefills.first) > 0) & (self.stays.ready_time < NEVER)
        made = np.maximum(self.stays.ready_time, self.first_token_time[self.stays.request])
        return freeze(np.where(processed, made, NEVER))

    @cached_property
    def first_context(self) -> IntArray:
        """The tokens in the cache in each stay's first decode step."""
        if not self.cost.made_by_prefill:
            return self.stays.known
        return freeze(self.stays.known + (self.known_made < NEVER))

    @cached_property
    def prefills(self) -> Prefills:
        """When each chunk is processed, stay by stay."""
        return Prefills.of(self.chunks, self.stays, self.spans)

    @cached_property
    def decode_clock(self) -> SpanClock:
        """A clock that runs while decode steps do; see `sim.decoding`."""
        return decode_clock(self)

    def waiting_clock(self, state: State) -> SpanClock:
        """A clock that runs in the spans in which waiting requests lack what `state` says."""
        if state not in self._waiting_clocks:
            self._waiting_clocks[state] = self.spans.clock(self.missing == state)
        return self._waiting_clocks[state]

    @cached_property
    def _waiting_clocks(self) -> dict[State, SpanClock]:
        return {}

    def stay_at(self, row: int, time: Picoseconds) -> int:
        """The stay that a request began last by this instant; before its first one, that."""
        latest = int(self.by_request.latest(time, np.array([row]))[0])
        return latest if latest >= 0 else int(self.by_request.members(row)[0])

    @cached_property
    def back(self) -> IntArray:
        """When the request of each stay is admitted again; `NEVER` after its last one."""
        grouped = self.by_request.stays
        following = np.append(self.stays.start_time[grouped[1:]], NEVER)
        same = np.diff(self.stays.request[grouped], append=-1) == 0
        back = np.empty(len(grouped), np.int64)
        back[grouped] = np.where(same, following, NEVER)
        return freeze(back)

    @cached_property
    def again(self) -> BoolArray:
        """Which stays are not the first of their request. Shape: (stays,)."""
        again = np.full(len(self.stays), fill_value=True)
        again[self.by_request.stays[self.by_request.first[:-1]]] = False
        return again

    @cached_property
    def left(self) -> IntArray:
        """When the slot of each stay is left: at its end, or when who was skipped is back."""
        skipped = self.stays.ended == Ended.SKIPPED
        return freeze(np.where(skipped, self.back, self.stays.end_time))

    @cached_property
    def evicted_stays(self) -> IntArray:
        """The stays after which a request waits to come back."""
        return np.flatnonzero((self.stays.ended == Ended.EVICTED) & (self.back < NEVER))

    @cached_property
    def eviction_times(self) -> IntArray:
        """When somebody was evicted, in order of time."""
        return freeze(np.sort(self.stays.end_time[self.stays.ended == Ended.EVICTED]))

    @cached_property
    def skipped_stays(self) -> IntArray:
        """The stays after which a request is left out for a while."""
        return freeze(np.flatnonzero(self.stays.ended == Ended.SKIPPED))

    @cached_property
    def mixes(self) -> bool:
        """Whether prompts are processed in the same iterations as decodes, which slows these."""
        return bool((self.spans.kind == SpanKind.MIXED).any())

    @cached_property
    def cache_matters(self) -> bool:
        """Whether it has a prefix cache, and requests share something or found what they had."""
        has_it = self.strategy.caches_prefixes
        return has_it and (self.requests.share or bool(self.stays.cached.any()))

    @cached_property
    def found_before(self) -> IntArray:
        """Of the first k stays, for every k from 0, tokens found in the cache, and all known.

        Who comes back after an eviction finds what is its own, and does not count.
        Shape: (2, stays + 1).
        """
        columns = np.where(self.again, 0, np.stack([self.stays.cached, self.stays.known]))
        return freeze(np.concatenate((np.zeros((2, 1), np.int64), np.cumsum(columns, 1)), axis=1))

    @cached_property
    def admits_in_order(self) -> bool:
        """Whether requests are first admitted in the order of their arrival."""
        return bool((np.diff(self.start_time) >= 0).all())

    def has_chunk(self, stay: IntArray, span: IntArray) -> BoolArray:
        """Whether a part of the stay's prompt is processed in the span, for each pair of them."""
        wanted = stay * len(self.spans) + span
        place = np.searchsorted(self._chunk_numbers, wanted)
        return np.asarray(self._chunk_numbers[place] == wanted)

    def processed(self, stay: IntArray, span: IntArray) -> IntArray:
        """The tokens of each stay's prompt that were processed before a span each."""
        sums, known = self._chunk_sums, self._chunk_numbers
        begin = stay * len(self.spans)
        return sums[np.searchsorted(known, begin + span)] - sums[np.searchsorted(known, begin)]

    @cached_property
    def _chunk_numbers(self) -> IntArray:
        """One number for the stay and the span of each chunk, ascending; behind them, one more."""
        numbers = self.chunks.stay * len(self.spans) + self.chunks.span
        return np.append(np.sort(numbers), NEVER)

    @cached_property
    def _chunk_sums(self) -> IntArray:
        """The tokens of the first k chunks in the order of `_chunk_numbers`, for every k from 0."""
        order = np.argsort(self.chunks.stay * len(self.spans) + self.chunks.span)
        return np.concatenate(([0], np.cumsum(self.chunks.tokens[order])))

    @cached_property
    def leaves(self) -> IntArray:
        """The stays after which a slot and memory are free, in order of their ends."""
        leaving = np.flatnonzero(self.stays.ended != Ended.SKIPPED)
        return leaving[np.argsort(self.stays.end_time[leaving], kind="stable")]

    @cached_property
    def missing(self) -> npt.NDArray[np.int8]:
        """What a waiting request lacks in each span: one of `life.WAITS`, as int8."""
        skipped = self.skipped_stays
        slots_taken = self._changes(self.stays.start_time) - self._changes(self.stays.end_time)
        # Who is left out keeps the slot.
        slots_taken += self._changes(self.stays.end_time[skipped]) - self._changes(
            self.back[skipped]
        )
        conditions = [self.spans.kind == SpanKind.FORMING, slots_taken >= self.slots]
        answers = [State.FORMING, State.SLOTS]
        if self.kv:
            conditions.append(self.kv.short)
            answers.append(State.MEMORY)
        return np.select(conditions, [np.int8(answer) for answer in answers], np.int8(State.TURN))

    def _changes(self, instants: IntArray) -> IntArray:
        """How many of these instants, all of which are starts of spans or the end, are past."""
        begun = np.searchsorted(self.spans.start, instants)
        return np.cumsum(np.bincount(begun, minlength=len(self.spans)))[: len(self.spans)]
