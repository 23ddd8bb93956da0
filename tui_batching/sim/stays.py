"""Stays: who was in which slot from when to when, and which parts of prompts were processed.

A textbook request stays once and has its whole prompt processed at once. Real engines cut prompts
into chunks, take memory back and let a request come again: each time is a stay of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from tui_batching.clock import HORIZON, Picoseconds
from tui_batching.columns import IntArray, freeze
from tui_batching.sim.spans import Spans

NEVER: Picoseconds = HORIZON
"""When a stay is ready whose prompt was not processed to its end."""


class Ended(IntEnum):
    """How a stay ended."""

    DONE = 0
    EVICTED = 1
    """Its memory was taken, and it waits to come back."""
    SKIPPED = 2
    """It keeps its memory, but is left out for some iterations."""


@dataclass(frozen=True, eq=False)
class Stays:
    """Columns with one row a stay, in order of admission.

    Attributes:
        request: the row of the request.
        slot: the slot it keeps from `start_time` to `end_time`, from 0.
        start_time: the instant of its admission.
        ready_time: when its prompt is processed, from which on it decodes; `NEVER` if it was
            evicted before. After a stay that was skipped it is ready when it starts.
        end_time: when it leaves the slot.
        ended: an `Ended` as int8.
        known: the tokens there are at its admission: the prompt and those made before.
        cached: the first of them that were found in the prefix cache, so need no processing.
        place: of an evicted one in the queue, see `Moment.waiting`; 0 for the others.
    """

    request: IntArray
    slot: IntArray
    start_time: IntArray
    ready_time: IntArray
    end_time: IntArray
    ended: npt.NDArray[np.int8]
    known: IntArray
    cached: IntArray
    place: IntArray

    @classmethod
    def one_each(
        cls, slot: IntArray, start: IntArray, ready: IntArray, end: IntArray, known: IntArray
    ) -> Stays:
        """Every request stays once, until it is done; they are admitted in order of arrival."""
        ended = np.zeros(len(slot), np.int8)
        ended.flags.writeable = False
        return cls(
            request=freeze(np.arange(len(slot))),
            slot=freeze(slot),
            start_time=freeze(start),
            ready_time=freeze(ready),
            end_time=freeze(end),
            ended=ended,
            known=freeze(known),
            cached=freeze(np.zeros(len(slot))),
            place=freeze(np.zeros(len(slot))),
        )

    def __len__(self) -> int:
        return len(self.request)


@dataclass(frozen=True, eq=False)
class Chunks:
    """The parts of prompts that were processed, in order of time; one that takes no time is none.

    Attributes:
        span: the prefill or mixed span that processes it.
        stay: whose prompt it is a part of.
        tokens: how many.
    """

    span: IntArray
    stay: IntArray
    tokens: IntArray

    @classmethod
    def whole(cls, span: IntArray, stay: IntArray, prompts: IntArray) -> Chunks:
        """Prompts that are processed whole, each in the span beside it."""
        return cls(freeze(span), freeze(stay.copy()), freeze(prompts[stay]))

    def __len__(self) -> int:
        return len(self.span)


@dataclass(frozen=True, eq=False)
class Prefills:
    """When chunks are processed, stay by stay; one row a chunk.

    A chunk ends with the iteration that processes it, but where a joint prefill takes as long as
    its longest prompt: there a short one counts for as long as it would last alone.

    Attributes:
        start: in picoseconds.
        length: in picoseconds.
        first: the first chunk of each stay; one more entry at the end. Shape: (stays + 1,).
    """

    start: IntArray
    length: IntArray
    first: IntArray

    @classmethod
    def of(cls, chunks: Chunks, stays: Stays, spans: Spans) -> Prefills:
        """Sort the chunks, which are in order of time, by stay."""
        order = np.argsort(chunks.stay, kind="stable")
        stay, span = chunks.stay[order], chunks.span[order]
        start = spans.start[span]
        length = np.minimum(spans.end[span], stays.ready_time[stay]) - start
        return cls(start, length, np.searchsorted(stay, np.arange(len(stays) + 1)))


class Grant(IntEnum):
    """Which blocks of the KV cache a stay has from the first iteration on that computes it."""

    COMPUTED = 0
    """Those of the tokens that are computed; further ones as these come."""
    KNOWN = 1
    """Those of all that is known at its admission: the prompt, and what was made before."""
    ASKED = 2
    """Those of the prompt and of all that was asked for, so that it never needs more."""


@dataclass(frozen=True, eq=False)
class KvBlocks:
    """The KV cache of an engine that heeds it, with one row a span.

    Attributes:
        block_size: tokens in a block.
        blocks: how many blocks there are to be had.
        at_start: blocks taken in the first iteration of each span, while it runs.
        at_end: in its last one; every step may take some.
        short: whether the first in the queue lacks blocks in this span, though a slot is free.
        cached: in the first iteration, blocks free to take whose content a request may still find;
            None without a prefix cache, or where nothing could be found in it.
        lost: with one, how many blocks those who are admitted by then would have found, if these
            had not been overwritten before.
        needed: with one, the free blocks that the first in the queue needs where it lacks some:
            those for all that is to be in memory, without those in use that it shares.
        grant: which blocks each stay has.
        beyond: with `Grant.ASKED`, tokens that it has room for beyond prompt and asked ones.
    """

    block_size: int
    blocks: int
    at_start: IntArray
    at_end: IntArray
    short: npt.NDArray[np.bool_]
    cached: IntArray | None = None
    lost: IntArray | None = None
    needed: IntArray | None = None
    grant: Grant = Grant.COMPUTED
    beyond: int = 0

    def free_to_take(self, span: int, used: int) -> int:
        """The blocks that are free but still known, while so many are taken; see `cached`.

        Blocks that nothing is known of are taken first.
        """
        return 0 if self.cached is None else min(int(self.cached[span]), self.blocks - used)


@dataclass(frozen=True, eq=False)
class Tracks:
    """Stays in groups, those of a slot or of a request, to find the latest one in O(log n).

    Attributes:
        stays: group by group, each group's in order of start.
        starts: of all stays, in order of start, in picoseconds.
        first: where each group begins; one more entry at the end. Shape: (groups + 1,).
        numbers: one number for the group and the stay of each of `stays`, ascending.
    """

    stays: IntArray
    starts: IntArray
    first: IntArray
    numbers: IntArray

    @classmethod
    def of(cls, group: IntArray, start: IntArray, groups: int) -> Tracks:
        """Sort stays, which are in order of start, by group."""
        stays = np.argsort(group, kind="stable")
        first = np.searchsorted(group[stays], np.arange(groups + 1))
        return cls(stays, start, first, group[stays] * len(stays) + stays)

    def __len__(self) -> int:
        return len(self.first) - 1

    def members(self, group: int) -> IntArray:
        """The stays of one group."""
        return self.stays[self.first[group] : self.first[group + 1]]

    def latest(self, time: Picoseconds, groups: IntArray | None = None) -> IntArray:
        """The stay that started last in each of these groups by `time`; -1 where none has.

        By then all stays have started before one of them: those of each group precede it in there.
        """
        if groups is None:
            groups = np.arange(len(self))
        started = np.searchsorted(self.starts, time, side="right")
        after = np.searchsorted(self.numbers, np.multiply(groups, len(self.stays)) + started)
        return np.where(after > self.first[groups], self.stays[after - 1], -1)
