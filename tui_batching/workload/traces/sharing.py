"""Which rows of a trace begin alike, by the hashes of the blocks of their prompts."""

from __future__ import annotations

import json
from array import array
from typing import Any

import numpy as np

from tui_batching.streams import NO_STREAM, Streams

_FEW = 8
"""Blocks that are compared first; rows that differ mostly do so among them."""

_WORD = 2**64
_EXPECTED = "a list of whole numbers or texts, a hash for each block of the prompt"


class Sharing:
    """The contents that rows begin with, as a tree: a new stream where a row leaves all others.

    A hash at a place stands for a content only below the hashes before it. Each block of a row is
    compared a few times at most, whatever other rows there are.
    """

    def __init__(self) -> None:
        self._parent: list[int] = []
        self._start: list[int] = []
        self._own: list[array[int]] = []
        self._next: dict[tuple[int, int, int], int] = {}
        self._names: dict[str, int] = {}

    def stream_of(self, hashes: array[int]) -> int:
        """The stream whose first blocks these are; none where there are none."""
        stream, at = NO_STREAM, 0
        while at < len(hashes):
            child = self._next.setdefault((stream, at, hashes[at]), len(self._own))
            if child == len(self._own):
                self._parent.append(stream)
                self._start.append(at)
                self._own.append(hashes[at:])
                return child
            own = self._own[child]
            known = _in_common(own, hashes, at)
            stream, at = child, at + known
            if known == len(own):
                own.extend(hashes[at:])
                return child
        return stream

    def hashes(self, value: Any) -> array[int]:
        """The hashes in a row, numbers of 64 bits; texts are numbered as they come.

        Raises:
            ValueError: if it is no list of numbers or texts.
        """
        told = _decoded(value) if isinstance(value, str) else value
        if not isinstance(told, list):
            raise ValueError(_EXPECTED)  # noqa: TRY004 - as all that read values
        try:
            return array("Q", told)
        except (TypeError, OverflowError):
            return array("Q", map(self._number, told))

    def _number(self, value: object) -> int:
        if isinstance(value, str):
            return self._names.setdefault(value, len(self._names))
        if isinstance(value, int) and -_WORD // 2 <= value < _WORD:
            return value % _WORD
        raise ValueError(_EXPECTED)

    def streams(self, block: int) -> Streams:
        """The table of them, with so many tokens for each hash."""
        return Streams.from_columns(self._parent, np.array(self._start, np.int64) * block)


def _in_common(own: array[int], hashes: array[int], at: int) -> int:
    """How many of the hashes from a place on are those at the beginning of `own`."""
    most = min(len(own), len(hashes) - at)
    known, step = 0, _FEW
    while known < most:
        after = min(known + step, most)
        if own[known:after] == hashes[at + known : at + after]:
            known, step = after, 2 * step
        elif step > _FEW:
            step = _FEW
        else:
            while own[known] == hashes[at + known]:
                known += 1
            break
    return known


def _decoded(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
