"""The log that an engine's loop writes while it serves, and the Run that is made of it.

The loop notes only what it decides: who enters which slot, who leaves, which parts of prompts an
iteration processes, how long it lasts. All else follows by arithmetic on whole columns.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tui_batching.clock import Picoseconds
from tui_batching.columns import IntArray, freeze
from tui_batching.cost import Cost
from tui_batching.requests import Requests
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind, Spans
from tui_batching.sim.stays import NEVER, Chunks, Ended, Grant, KvBlocks, Stays
from tui_batching.sim.steps import times_of

if TYPE_CHECKING:
    from tui_batching.strategies.strategy import Strategy


def _rows() -> array[int]:
    return array("q")


@dataclass(slots=True, eq=False)
class EngineLog:
    """What an engine decided, one flat row of whole numbers after the other.

    A row is written by `fromlist`, which is the fastest way there is. Entering, leaving and
    processing belong to the span that is written next.

    Attributes:
        stay: the number of the stay that begins next.
        span: the number of the span that is written next.
        stays: request, slot, span, tokens known at admission and those of them that were found in
            the prefix cache, a row a stay.
        ends: stay, span before which it leaves, an `Ended`, place in the queue; of two rows of one
            stay the later counts.
        chunks: span, stay, tokens, a row a part of a prompt.
        spans: steps, time of the first, requests that decode, blocks taken in the first step and in
            the last, and if the first in the queue lacks blocks though a slot is free, how many it
            needs to be free, or just 1 where that is not known; else 0.
        cached: span, blocks free to take whose content is known, from that span on, and how many
            were asked for by then that had been overwritten; a row a change.
    """

    stay: int = 0
    span: int = 0
    stays: array[int] = field(default_factory=_rows)
    ends: array[int] = field(default_factory=_rows)
    chunks: array[int] = field(default_factory=_rows)
    spans: array[int] = field(default_factory=_rows)
    cached: array[int] = field(default_factory=_rows)

    def enter(self, request: int, slot: int, known: int, found: int = 0) -> int:
        """A request is admitted; the number of its stay.

        One that comes back from a skip has nothing to process: it decodes at once.
        """
        self.stays.fromlist([request, slot, self.span, known, found])
        self.stay += 1
        return self.stay - 1

    def renumber(self, request: IntArray) -> None:
        """Of a loop that has its requests in another order, give each its own row again."""
        column = _columns(self.stays, 5)[0]
        column[:] = request[column]

    def leave(self, stay: int, ended: int = Ended.DONE, place: int = 0) -> None:
        """A stay ends before the span that is written next; see `Stays` for the place."""
        self.ends.fromlist([stay, self.span, ended, place])

    def process(self, stay: int, tokens: int) -> None:
        """The next iteration processes a part of a prompt."""
        self.chunks.fromlist([self.span, stay, tokens])

    def iterate(  # noqa: PLR0913, PLR0917 - a row's columns
        self,
        steps: int,
        step_time: Picoseconds,
        decoding: int,
        blocks: int = 0,
        blocks_at_end: int = 0,
        short: int = 0,
    ) -> None:
        """Some equal iterations; more than one only where no prompt is processed."""
        self.spans.fromlist([steps, step_time, decoding, blocks, blocks_at_end, short])
        self.span += 1

    def idle(self, time: Picoseconds) -> None:
        """Nothing happens for a while; for no time at all, nothing is written."""
        if time:
            self.iterate(1, time, 0)


@dataclass(frozen=True, slots=True)
class Pool:
    """The KV cache as an engine sees it: so many blocks of so many tokens.

    Attributes:
        blocks: how many there are.
        block: tokens in each.
        caches: whether what is in free ones can be found.
        grant: see `KvBlocks`.
        beyond: see `KvBlocks`.
    """

    blocks: int
    block: int
    caches: bool = False
    grant: Grant = Grant.COMPUTED
    beyond: int = 0


def run_of(  # noqa: PLR0913, PLR0917 - what a Run is made of
    log: EngineLog,
    requests: Requests,
    cost: Cost,
    strategy: Strategy,
    pool: Pool | None = None,
    place: IntArray | None = None,
) -> Run:
    """The Run that a log tells of.

    Args:
        log: from time zero to the last end, which the loop holds to the clock's horizon. Every
            request is done at its end. It is used up.
        requests: each with a prompt.
        cost: what an iteration costs; its prefills make the first token.
        strategy: whose decisions these are.
        pool: the KV cache; None where memory has no end.
        place: see `Run`.
    """
    chunks = Chunks(*map(freeze, _columns(log.chunks, 3)))
    log.chunks = _rows()  # what was copied makes room for the rest
    steps, step_time, decoding, at_start, at_end, short = _columns(log.spans, 6)
    parts = np.bincount(chunks.span, minlength=len(steps))
    spans = _spans(steps, step_time, decoding, parts, cost)
    edges = np.append(spans.start, spans.end[-1])
    request, _, span, known, found = _columns(log.stays, 5)
    processed = np.zeros_like(known)
    np.add.at(processed, chunks.stay, chunks.tokens)
    ready = span.copy()
    ready[chunks.stay] = chunks.span + 1
    # One that comes back from a skip has nothing to process, and decodes at once.
    ready[(processed != known - found) & (processed > 0)] = -1
    made = known - requests.input_tokens[request] + (processed > 0)
    stays = _stays(log, edges, ready)
    numbers = np.arange(len(request))
    first, last = np.empty((2, len(requests)), np.int64)
    first[request[::-1]], last[request] = numbers[::-1], numbers
    complete = np.flatnonzero(ready >= 0)[::-1]
    first_token = np.empty_like(first)
    first_token[request[complete]] = stays.ready_time[complete]
    return Run(
        strategy=strategy,
        cost=cost,
        requests=requests,
        start_time=freeze(stays.start_time[first]),
        first_token_time=freeze(first_token),
        finish_time=freeze(_finishes(requests, spans, edges, ready[last], made[last])),
        end_time=freeze(stays.end_time[last]),
        stays=stays,
        spans=spans,
        chunks=chunks,
        kv=None if pool is None else _kv_blocks(log, pool, at_start, at_end, short),
        place=place,
    )


def _kv_blocks(
    log: EngineLog, pool: Pool, at_start: IntArray, at_end: IntArray, short: IntArray
) -> KvBlocks:
    """What is taken of the pool in each span, and what free blocks of a prefix cache keep."""
    cached, lost = _cached(log, len(short)) if pool.caches else (None, None)
    return KvBlocks(
        block_size=pool.block,
        blocks=pool.blocks,
        at_start=freeze(at_start),
        at_end=freeze(at_end),
        short=short > 0,
        cached=cached,
        lost=lost,
        needed=freeze(short) if pool.caches else None,
        grant=pool.grant,
        beyond=pool.beyond,
    )


def _columns(rows: array[int], width: int) -> IntArray:
    """The rows, column by column, in the memory where they are. Shape: (width, rows)."""
    return np.asarray(rows, np.int64).reshape(-1, width).T


def _cached(log: EngineLog, spans: int) -> Iterator[IntArray]:
    """The two columns of `cached`, span by span; of two rows of one the later counts."""
    span, *told = _columns(log.cached, 3)
    for column in told:
        change = np.zeros(spans + 1, np.int64)
        np.add.at(change, span, np.diff(column, prepend=0))
        yield freeze(np.cumsum(change)[:spans])


def _spans(
    steps: IntArray, step_time: IntArray, decoding: IntArray, parts: IntArray, cost: Cost
) -> Spans:
    """The timeline; what a span is called goes by what its iterations do.

    Args:
        steps: how many iterations.
        step_time: the time of the first of them.
        decoding: requests that make a token by decoding.
        parts: parts of prompts.
        cost: tells by how much a decode step is longer than the one before.
    """
    kind = np.select(
        [(decoding > 0) & (parts > 0), decoding > 0, parts > 0],
        [np.int8(kind) for kind in (SpanKind.MIXED, SpanKind.DECODE, SpanKind.PREFILL)],
        np.int8(SpanKind.IDLE),
    )
    kind.flags.writeable = False
    growth = np.where(kind == SpanKind.DECODE, cost.decode_per_context_token * decoding, 0)
    times = times_of(steps, step_time, growth)
    return Spans(
        start=freeze(np.cumsum(times) - times),
        kind=kind,
        steps=freeze(steps),
        step_time=freeze(step_time),
        step_growth=freeze(growth),
        billed=freeze(decoding + parts),
    )


def _stays(log: EngineLog, edges: IntArray, ready: IntArray) -> Stays:
    """The stays; `ready` tells the span from which on each decodes, -1 where it never does."""
    request, slot, span, known, found = _columns(log.stays, 5)
    which, *told = _columns(log.ends, 4)
    end, ended, place = np.empty((3, len(request)), np.int64)
    end[which], ended[which], place[which] = told
    how = ended.astype(np.int8)
    how.flags.writeable = False
    return Stays(
        request=freeze(request),
        slot=freeze(slot),
        start_time=freeze(edges[span]),
        ready_time=freeze(np.where(ready >= 0, edges[ready], NEVER)),
        end_time=freeze(edges[end]),
        ended=how,
        known=freeze(known),
        cached=freeze(found),
        place=freeze(place),
    )


def _finishes(
    requests: Requests,
    spans: Spans,
    edges: IntArray,
    ready: IntArray,
    made: IntArray,
) -> IntArray:
    """When each request makes its last token.

    Args:
        requests: whose answers.
        spans: the timeline.
        edges: the starts of the spans, and the last end.
        ready: the span from which on each request decodes in its last stay.
        made: the tokens that it has made by then.
    """
    after = spans.steps_before + np.where(spans.decoding, spans.steps, 0)
    step = np.append(0, after)[ready] + requests.output_tokens - made
    span = np.searchsorted(after, step)
    over = step - spans.steps_before[span]
    times = times_of(over, spans.step_time[span], spans.step_growth[span])
    return np.where(made < requests.output_tokens, spans.start[span] + times, edges[ready])
