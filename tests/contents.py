"""What requests have in common, told token by token from the streams that they begin with."""

from __future__ import annotations

from tui_batching.requests import Requests


def shared_tokens(requests: Requests, one: int, other: int) -> int:
    """How many of their first tokens two requests, by their rows, have in common."""
    shared = 0
    for (stream, start, end), (its, begin, after) in zip(
        *(segments(requests, row) for row in (one, other)), strict=False
    ):
        if (stream, start) != (its, begin):
            break
        shared = min(end, after)
        if end != after:
            break
    return shared


def segments(requests: Requests, row: int) -> list[tuple[int, int, int]]:
    """Whose the first tokens of a request are; see `Streams.segments`."""
    tokens = int(requests.stream_tokens[row])
    return requests.streams.segments(int(requests.stream[row]), tokens)
