"""Whose content the blocks of a KV cache are: what a prefix cache keeps, stream by stream."""

from __future__ import annotations

from dataclasses import dataclass

from tui_batching.columns import IntArray


@dataclass(frozen=True, eq=False)
class StreamBlocks:
    """Columns with one row a change, at least one; whoever is not told of has no blocks.

    A block is its stream's if its last token is, from when it has a name that others can find.

    Attributes:
        time: from when on, in picoseconds.
        stream: a row of the requests' `streams`; as many as there are for the sum of all blocks
            with a name that nobody uses, those of streams included.
        used: blocks of the stream that somebody uses; 0 in the sum.
        cached: those that nobody uses: free to take, but still to be found.
    """

    time: IntArray
    stream: IntArray
    used: IntArray
    cached: IntArray
