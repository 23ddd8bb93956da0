"""What fills a KV cache at an instant: prefixes, what single requests alone have, and nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tui_batching.clock import Picoseconds
from tui_batching.columns import IntArray, exact_sum
from tui_batching.sim.run import Run
from tui_batching.sim.stays import KvBlocks, Tracks
from tui_batching.sim.stream_blocks import StreamBlocks


@dataclass(frozen=True)
class Held:
    """Blocks with something in common.

    Attributes:
        used: those that somebody uses.
        cached: those that nobody uses: free to take, but still to be found.
    """

    used: int
    cached: int

    @property
    def blocks(self) -> int:
        """All of them."""
        return self.used + self.cached


@dataclass(frozen=True)
class HeldPrefix(Held):
    """Those of what several requests begin with.

    Attributes:
        stream: which one.
        start: how many tokens before it are another prefix's.
        first: the row of the first request that does.
        requests: how many do, over the whole Run.
    """

    stream: int
    start: int
    first: int
    requests: int


@dataclass(frozen=True)
class Filling:
    """All blocks of a pool, whose sum it is.

    Attributes:
        prefixes: what each prefix holds, the greatest first; without those that hold nothing.
        own: what belongs to one request alone, blocks that are not full yet included.
        free: blocks in which nothing can be found.
    """

    prefixes: tuple[HeldPrefix, ...]
    own: Held
    free: int


@dataclass(frozen=True, eq=False)
class PoolContents:
    """What fills the pool of a Run at any time.

    Attributes:
        run: whose.
        kv: its pool.
        blocks: its blocks by stream.
        first: of each stream the row of the first request that has a block of it.
        requests: of each stream, how many do.
    """

    run: Run
    kv: KvBlocks
    blocks: StreamBlocks
    tracks: Tracks
    first: IntArray
    requests: IntArray

    @classmethod
    def of(cls, run: Run) -> PoolContents | None:
        """None without a prefix cache of a limited size, or where it does not matter.

        It takes as long as to simulate the Run once more.
        """
        blocks = run.strategy.stream_blocks(run) if run.cache_matters else None
        if run.kv is None or blocks is None:
            return None
        first, requests = _who_begins_with(run, run.kv.block_size)
        tracks = Tracks.of(blocks.stream, blocks.time, len(first) + 1)
        return cls(run, run.kv, blocks, tracks, first, requests)

    @cached_property
    def starts(self) -> list[int]:
        """Of each stream, how many tokens come before its first block."""
        block = self.kv.block_size
        starts: list[int] = (self.run.requests.streams.start // block * block).tolist()
        return starts

    def at(self, time: Picoseconds) -> Filling:
        """What fills it while the iteration at this instant runs."""
        change = self.tracks.latest(time)
        used, cached = (
            np.where(change >= 0, column[change], 0)
            for column in (self.blocks.used, self.blocks.cached)
        )
        all_used, all_cached = self.run.at(time).blocks, int(cached[-1])
        shared = np.flatnonzero((self.requests > 1) & (used + cached > 0)[:-1])
        greatest = shared[np.argsort(-(used + cached)[shared], kind="stable")]
        prefixes = tuple(
            HeldPrefix(
                used=int(used[stream]),
                cached=int(cached[stream]),
                stream=stream,
                start=self.starts[stream],
                first=int(self.first[stream]),
                requests=int(self.requests[stream]),
            )
            for stream in greatest.tolist()
        )
        own = Held(all_used - exact_sum(used[shared]), all_cached - exact_sum(cached[shared]))
        return Filling(prefixes, own, self.kv.blocks - all_used - all_cached)


def _who_begins_with(run: Run, block: int) -> tuple[IntArray, IntArray]:
    """Of each stream the first row with a block of it, and how many have one."""
    requests = run.requests
    streams = requests.streams
    first, count = np.zeros((2, len(streams)), np.int64)
    first += len(run)
    total = requests.input_tokens + requests.output_tokens
    tokens = np.minimum(requests.stream_tokens, total)
    for rows, stream, until in streams.levels(requests.stream, tokens):
        has = until // block > streams.start[stream] // block
        np.minimum.at(first, stream[has], rows[has])
        np.add.at(count, stream[has], 1)
    return first, count
