"""The loop with its prefix cache once more, now noting whose content the blocks in memory are.

It decides the same, but takes fewer steps at once: none in which a stream gets or loses a block.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tui_batching.clock import Picoseconds
from tui_batching.columns import freeze
from tui_batching.cost import Cost
from tui_batching.requests import Requests
from tui_batching.sim.stream_blocks import StreamBlocks
from tui_batching.sim.vllm.caching import CachingPriorityScheduler, CachingScheduler
from tui_batching.sim.vllm.prefix_cache import Extent, PrefixCache, Segment
from tui_batching.sim.vllm.waiting import ByPriority, FirstCome

if TYPE_CHECKING:
    from tui_batching.strategies.vllm import Vllm


class WatchedCache(PrefixCache):
    """Knows of whose content there may be more or less than before.

    Attributes:
        touched: those owners; who reads them forgets them.
    """

    def __init__(self, *, limited: bool) -> None:
        super().__init__(limited=limited)
        self.touched: set[int] = set()

    def take(self, path: Sequence[Segment], found: int) -> None:
        """As without being watched."""
        self.touched.update(segment.owner for segment in path)
        super().take(path, found)

    def name(self, segment: Segment, after: int) -> None:
        """As without being watched."""
        self.touched.add(segment.owner)
        super().name(segment, after)

    def give_back(self, path: Sequence[Segment]) -> int:
        """As without being watched."""
        self.touched.update(segment.owner for segment in path)
        return super().give_back(path)

    def _forget(self, extent: Extent) -> None:
        self.touched.add(extent.owner)
        super()._forget(extent)

    def held(self, owner: int, leaving: Mapping[Extent, int]) -> tuple[int, int]:
        """The blocks of some content that somebody uses, and those that nobody does.

        Args:
            owner: whose content.
            leaving: by how many requests that have made their last token each extent is used.
        """
        extents = [*self.extents.get(owner, ())]
        for copies in self.copies.get(owner, {}).values():
            extents += copies
        used = known = 0
        for extent in extents:
            blocks = extent.after - extent.first
            known += blocks
            if extent.uses > leaving.get(extent, 0):
                used += blocks
        return used, known - used


class WatchingScheduler(CachingScheduler):
    """Notes before each iteration of which streams there are more or fewer blocks than before.

    Attributes:
        cache: see there.
        rows: time, stream, used and cached blocks, a row a change; see `StreamBlocks`.
        noted: what was noted last of each stream.
        every_stream: stands for the sum.
    """

    cache: WatchedCache

    def __init__(  # noqa: PLR0913 - as its base
        self,
        waiting: FirstCome | ByPriority,
        requests: Requests,
        cost: Cost,
        engine: Vllm,
        blocks: int,
        *,
        jumps: bool,
    ) -> None:
        super().__init__(waiting, requests, cost, engine, blocks, jumps=jumps)
        self.cache = WatchedCache(limited=True)
        self.every_stream = len(requests.streams)
        self.rows = array("q", [0, self.every_stream, 0, 0])
        self.noted: dict[int, tuple[int, int]] = {}

    def schedule(self) -> None:
        """Plan the next iteration, and note whose content there is in memory while it runs."""
        super().schedule()
        for owner in self.writers:
            self.catch_up(owner, (self.step + 1) << 32)
        cache, leaving = self.cache, self.uses_by_leaving()
        for owner in cache.touched:
            if owner >= 0:
                self.note(owner, cache.held(owner, leaving))
        self.note(self.every_stream, (0, self.told[0]))
        # They will use them no more by then.
        cache.touched = {each.owner for sequence in self.leaving for each in sequence.path}

    def note(self, stream: int, blocks: tuple[int, int]) -> None:
        """Write down what has changed."""
        if blocks != self.noted.get(stream, (0, 0)):
            self.noted[stream] = blocks
            self.rows.fromlist([self.now, stream, *blocks])

    def uses_by_leaving(self) -> dict[Extent, int]:
        """By how many of those who have made their last token an extent is used."""
        uses: dict[Extent, int] = {}
        for sequence in self.leaving:
            for segment in sequence.path:
                self.cache.touched.add(segment.owner)
                for extent, after in segment.held:
                    for part in extent.parts(after):
                        uses[part] = uses.get(part, 0) + 1
        return uses

    def equal_steps(self, time: Picoseconds, growth: Picoseconds) -> int:
        """No block is named or overwritten in any of them but the first."""
        steps = super().equal_steps(time, growth)
        for writers in self.writers.values():
            for writer, _ in writers:
                filled = writer.own + self.step + 1 - self.lag
                steps = min(steps, self.block - filled % self.block)
        blank = self.free - self.cache.free
        return min(steps, 1 + self.decoders.steps(self.step + 1, blank))

    def stream_blocks(self) -> StreamBlocks:
        """All that was noted."""
        columns = np.array(self.rows, np.int64).reshape(-1, 4).T
        return StreamBlocks(*map(freeze, columns))


class WatchingPriorityScheduler(WatchingScheduler, CachingPriorityScheduler):
    """The same by priority."""
