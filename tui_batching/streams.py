"""Streams: what requests that begin alike have in common, as a tree of contents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tui_batching.columns import IntArray, freeze
from tui_batching.errors import InputError

NO_STREAM = -1
"""Instead of a stream: of a request that shares nothing, or as the parent of a root."""


@dataclass(frozen=True, eq=False)
class Streams:
    """Sequences of tokens that requests begin with, read-only int64 columns with one row a stream.

    A stream begins with the first `start` tokens of its parent; what follows is its own, without
    end, and differs from all others. A system prompt is a root; a conversation that opens with it
    is a child of it.

    Attributes:
        parent: the row of another stream, further up in the table; -1 for a root.
        start: so many first tokens are the parent's; 0 for a root.
    """

    parent: IntArray
    start: IntArray

    @classmethod
    def from_columns(cls, parent: npt.ArrayLike, start: npt.ArrayLike) -> Streams:
        """Freeze the columns.

        Raises:
            InputError: if a parent is no stream further up, a start is below zero or a root's is
                not zero, or lengths differ.
        """
        parents, starts = freeze(parent), freeze(start)
        if len(parents) != len(starts):
            raise InputError("the columns of the streams differ in length")
        wrong = (parents < NO_STREAM) | (parents >= np.arange(len(parents)))
        if wrong.any():
            row = int(wrong.argmax())
            raise InputError(
                f"stream {row}: parent: found {parents[row]}, expected an earlier stream or -1"
            )
        wrong = (starts < 0) | ((parents == NO_STREAM) & (starts > 0))
        if wrong.any():
            row = int(wrong.argmax())
            expected = "0 without a parent" if parents[row] == NO_STREAM else ">= 0"
            raise InputError(f"stream {row}: start: found {starts[row]}, expected {expected}")
        return cls(parents, starts)

    @classmethod
    def roots(cls, count: int) -> Streams:
        """So many streams that have nothing in common."""
        return cls.from_columns(np.full(count, NO_STREAM), np.zeros(count))

    def __len__(self) -> int:
        return len(self.parent)

    def levels(self, stream: IntArray, tokens: IntArray) -> Iterator[tuple[IntArray, ...]]:
        """Up the tree from some streams: each itself, what it begins with, and what that does.

        Args:
            stream: a stream or none, for each of several rows.
            tokens: how many of its first tokens each row has.

        Yields:
            Those of the rows that have a stream at this level, which one, and up to where it is
            what they have, as a number of tokens.
        """
        rows = np.flatnonzero(stream != NO_STREAM)
        stream, tokens = stream[rows], tokens[rows]
        while len(rows):
            yield rows, stream, tokens
            tokens, stream = np.minimum(tokens, self.start[stream]), self.parent[stream]
            there = stream != NO_STREAM
            rows, stream, tokens = rows[there], stream[there], tokens[there]

    def segments(self, stream: int, tokens: int) -> list[tuple[int, int, int]]:
        """Whose the first tokens of a stream are: (stream, from, to), exclusively, in order.

        Two requests have a token in common, and all before it, if it is the same stream's at the
        same place.
        """
        found = []
        while stream != NO_STREAM and tokens > 0:
            start = int(self.start[stream])
            if start < tokens:
                found.append((stream, start, tokens))
                tokens = start
            stream = int(self.parent[stream])
        return found[::-1]
