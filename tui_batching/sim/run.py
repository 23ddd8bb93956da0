"""A Run: the finished, immutable record of one strategy serving one workload."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tui_batching.clock import Picoseconds
from tui_batching.columns import IntArray, freeze
from tui_batching.cost import Cost
from tui_batching.sim.moment import Moment, Tracks
from tui_batching.sim.spans import Spans
from tui_batching.strategy import Strategy
from tui_batching.workload.model import Requests


@dataclass(frozen=True, eq=False)
class Run:
    """What happened, as read-only int64 columns with one row a request, in arrival order.

    Attributes:
        strategy: who may run when.
        cost: what an iteration costs.
        requests: id, arrival and tokens of each request.
        start: the instant a request is admitted; its prefill begins.
        first_token: when its first token is made; see `cost.FirstToken`.
        finish: when its last token is made.
        end: the instant its response is released.
        slot: the slot it keeps from `start` to `end`, from 0.
        spans: the server's timeline.
    """

    strategy: Strategy
    cost: Cost
    requests: Requests
    start: IntArray
    first_token: IntArray
    finish: IntArray
    end: IntArray
    slot: IntArray
    spans: Spans

    def __len__(self) -> int:
        return len(self.requests)

    @property
    def capacity(self) -> int:
        """The number of slots."""
        return self.strategy.batch_size

    @cached_property
    def begin(self) -> Picoseconds:
        """The first arrival."""
        return int(self.requests.arrival_time[0])

    @cached_property
    def finished(self) -> Picoseconds:
        """The last end, where the timeline stops."""
        return int(self.end.max())

    @property
    def makespan(self) -> Picoseconds:
        """From the first arrival to the last end."""
        return self.finished - self.begin

    def at(self, time: Picoseconds) -> Moment:
        """What this Run looks like at the instant `time`."""
        return Moment(self, time)

    @cached_property
    def ends(self) -> IntArray:
        """The ends in order of time."""
        return freeze(np.sort(self.end))

    @cached_property
    def tracks(self) -> Tracks:
        """Which requests each slot served."""
        return Tracks.of(self.slot, self.start)
