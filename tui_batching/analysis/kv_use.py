"""How full the KV cache is: its blocks over time, and what evictions cost; of engines that heed it.

Within a run of equal iterations only the blocks of the first and of the last one are known: between
them they are taken to grow evenly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tui_batching.clock import Picoseconds
from tui_batching.columns import FloatArray, IntArray, exact_sum
from tui_batching.sim.run import Run
from tui_batching.sim.stays import KvBlocks


@dataclass(frozen=True, eq=False)
class KvUse:
    """The blocks that are taken at any time.

    Attributes:
        run: whose.
        kv: its KV cache.
    """

    run: Run
    kv: KvBlocks

    @classmethod
    def of(cls, run: Run) -> KvUse | None:
        """None where the lane ignores memory, or where that has no end."""
        return None if run.kv is None else cls(run, run.kv)

    @cached_property
    def peak_blocks(self) -> int:
        """The most blocks that are taken in any iteration."""
        return max(int(self.kv.at_start.max(initial=0)), int(self.kv.at_end.max(initial=0)))

    @property
    def peak_time(self) -> Picoseconds:
        """When the first iteration begins in which they are."""
        spans = self.run.spans
        first = spans.start
        last_step = spans.step_time + spans.step_growth * (spans.steps - 1)
        last = spans.end - last_step
        most = self.peak_blocks
        instants = [first[self.kv.at_start == most], last[self.kv.at_end == most]]
        return int(np.concatenate(instants).min())

    @property
    def peak(self) -> float:
        """The same as a share of the pool."""
        return self.peak_blocks / self.kv.blocks

    @cached_property
    def mean(self) -> float:
        """The mean share of the pool that is taken, from the first arrival to the last end."""
        return float(self.shares(np.array([self.run.begin, self.run.finished]))[0])

    def shares(self, edges: IntArray) -> FloatArray:
        """The mean share of the pool that is taken between neighbouring edges.

        Args:
            edges: ascending instants in picoseconds. Shape: (windows + 1,).

        Returns:
            0 for an empty window, and where the Run is over. Shape: (windows,).
        """
        return self._mean_share(self.kv.at_start, self.kv.at_end, edges)

    def cached_shares(self, edges: IntArray) -> FloatArray:
        """The mean share that is free to take, but can still be found; see `shares`."""
        kv = self.kv
        first = np.zeros_like(kv.at_start) if kv.cached is None else kv.cached
        return self._mean_share(first, np.minimum(first, kv.blocks - kv.at_end), edges)

    def _mean_share(self, first: IntArray, last: IntArray, edges: IntArray) -> FloatArray:
        """Of so many blocks in the first and in the last iteration of each span."""
        spans = self.run.spans
        each = (first + last) / 2 * (spans.end - spans.start)
        before = np.concatenate(([0.0], np.cumsum(each)))[:-1]
        index = np.maximum(np.searchsorted(spans.start, edges, side="right") - 1, 0)
        length = spans.end[index] - spans.start[index]
        inside = np.clip(edges - spans.start[index], 0, length).astype(np.float64)
        growth = (last - first)[index] * inside / np.maximum(length, 1)
        times = before[index] + (first[index] + growth / 2) * inside
        return np.asarray(np.diff(times) / np.maximum(np.diff(edges), 1) / self.kv.blocks)


def evicted_times(run: Run) -> IntArray:
    """When each eviction took place, in order of time."""
    return np.sort(run.stays.end_time[run.evicted_stays])


def recomputed_tokens(run: Run) -> int:
    """Tokens processed in prefills of those who were evicted, beyond what their prompts took.

    A prompt takes no processing of what was found of it when its request was first admitted.
    """
    stays = run.stays
    evicted = np.flatnonzero(run.evictions)
    processed = np.zeros_like(run.start_time)
    np.add.at(processed, stays.request[run.chunks.stay], run.chunks.tokens)
    found = stays.cached[run.by_request.stays[run.by_request.first[:-1]]]
    again = processed - (run.requests.input_tokens - found)
    return exact_sum(np.maximum(again[evicted], 0))


def ignores_memory(run: Run) -> bool:
    """Whether it runs as if memory had no end, though its slots might fill the KV cache.

    How large that is the cost has to say. It is never full if the longest prompt and the longest
    answer, in all slots at once, fit: 4 slots of at most 3,000 + 45 tokens need 12,180.
    """
    memory, requests = run.cost.kv_cache_tokens, run.requests
    if not run.tells_iterations or run.kv is not None or memory is None:
        return False
    longest = int(requests.input_tokens.max()) + int(requests.output_tokens.max())
    return min(run.slots, len(run)) * longest > memory
