"""What a prefix cache was good for: how much of what is to be computed was found in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tui_batching.columns import IntArray, exact_sum
from tui_batching.sim.run import Run
from tui_batching.strategies import Strategy


@dataclass(frozen=True)
class Admitted:
    """Tokens of who is admitted in each window of time, by what becomes of them.

    Attributes:
        found: those in the prefix cache. Shape: (windows,).
        lost: those that were there once, but are overwritten, so they are computed again.
        computed: all others, which are computed.
    """

    found: IntArray
    lost: IntArray
    computed: IntArray

    @classmethod
    def of(cls, run: Run, edges: IntArray) -> Admitted:
        """Those admitted between neighbouring edges: ascending instants, in picoseconds."""
        stays, windows = run.stays, len(edges) - 1
        window = np.clip(np.searchsorted(edges, stays.start_time, side="right") - 1, 0, windows - 1)
        found, known = np.zeros((2, windows), np.int64)
        np.add.at(found, window, stays.cached)
        np.add.at(known, window, stays.known)
        lost = np.zeros(windows, np.int64)
        if run.kv and run.kv.lost is not None:
            window = np.clip(np.searchsorted(edges, run.spans.start, "right") - 1, 0, windows - 1)
            np.add.at(lost, window, np.diff(run.kv.lost, prepend=0) * run.kv.block_size)
        return cls(found, lost, known - found - lost)


@dataclass(frozen=True)
class Beginning:
    """What several requests begin with, and what its being in memory has saved.

    Attributes:
        request: the row of the first one that has it.
        tokens: found of it, by all.
        finders: how many times.
    """

    request: int
    tokens: int
    finders: int


def beginnings_found(run: Run, most: int = 3) -> list[Beginning]:
    """Those of which most tokens were found, the greatest first; `most` of them at most."""
    requests, stays = run.requests, run.stays
    streams = requests.streams
    first, tokens, finders = np.zeros((3, len(streams)), np.int64)
    first += len(run)
    request, cached = stays.request, stays.cached
    stream, whole = requests.stream[request], requests.stream_tokens[request]
    for rows, own, until in streams.levels(stream, whole):
        start, found = streams.start[own], np.minimum(cached[rows], until)
        has = until > start
        np.minimum.at(first, own[has], request[rows[has]])
        np.add.at(tokens, own, np.maximum(found - start, 0))
        np.add.at(finders, own, found > start)
    greatest = np.argsort(-tokens, kind="stable")[:most].tolist()
    return [
        Beginning(int(first[each]), int(tokens[each]), int(finders[each]))
        for each in greatest
        if tokens[each]
    ]


@dataclass(frozen=True)
class CacheUse:
    """What was found of all who were admitted, and of those alone who were for the first time.

    Attributes:
        wanted: the tokens of prompts when they are admitted first.
        shared: those of them that were in memory; None where requests have nothing in common.
        found: all that were, those of requests which come back after an eviction included: they
            find their own.
        lost: those that had been there, but were overwritten.
    """

    wanted: int
    shared: int | None
    found: int
    lost: int

    @classmethod
    def of(cls, run: Run) -> CacheUse | None:
        """None without a prefix cache, or where requests share nothing and nothing was found."""
        if not run.cache_matters:
            return None
        lost = 0
        if run.kv and run.kv.lost is not None:
            lost = int(run.kv.lost[-1]) * run.kv.block_size
        stays, first = run.stays, ~run.again
        shared = exact_sum(stays.cached[first]) if run.requests.share else None
        return cls(exact_sum(stays.known[first]), shared, exact_sum(stays.cached), lost)

    @property
    def hit_rate(self) -> float | None:
        """The share of the tokens that were found, as a vLLM server tells it: without returns."""
        return None if self.shared is None else self.shared / self.wanted


WITHOUT = "without prefix cache"
"""What is said of who has none, wherever it stands beside somebody who has one."""


def without_cache(strategies: Iterable[Strategy], *, share: bool) -> tuple[str, ...]:
    """Who computes again what others have in memory, where requests share some of that.

    Nobody where all do, or none.
    """
    told = {strategy.name: strategy.caches_prefixes for strategy in strategies}
    if not share or all(told.values()) or not any(told.values()):
        return ()
    return tuple(name for name, caches in told.items() if not caches)
