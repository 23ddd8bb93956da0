"""What requests have in common: the table of streams, and that requests keep it."""

from __future__ import annotations

import numpy as np
import pytest

from tui_batching.errors import InputError
from tui_batching.requests import Requests
from tui_batching.streams import Streams

TREE = Streams.from_columns([-1, 0, 1, 0], [0, 100, 150, 40])
"""A system prompt, a conversation on top of it, a fork of that, and another conversation."""


@pytest.mark.parametrize(
    ("stream", "tokens", "segments"),
    [
        (0, 90, [(0, 0, 90)]),
        (1, 90, [(0, 0, 90)]),
        (1, 100, [(0, 0, 100)]),
        (1, 101, [(0, 0, 100), (1, 100, 101)]),
        (2, 200, [(0, 0, 100), (1, 100, 150), (2, 150, 200)]),
        (2, 120, [(0, 0, 100), (1, 100, 120)]),
        (3, 120, [(0, 0, 40), (3, 40, 120)]),
        (3, 0, []),
        (-1, 50, []),
    ],
)
def test_every_token_belongs_to_the_stream_that_it_is_new_in(
    stream: int, tokens: int, segments: list[tuple[int, int, int]]
) -> None:
    assert TREE.segments(stream, tokens) == segments


def test_a_fork_above_its_parents_own_part_leaves_the_parent_out() -> None:
    tree = Streams.from_columns([-1, 0, 1], [0, 100, 30])
    assert tree.segments(2, 60) == [(0, 0, 30), (2, 30, 60)]


@pytest.mark.parametrize(
    ("parent", "start", "sentence"),
    [
        ([-1, 1], [0, 0], "stream 1: parent: found 1, expected an earlier stream or -1"),
        ([-2], [0], "stream 0: parent: found -2, expected an earlier stream or -1"),
        ([-1, 0], [0, -3], "stream 1: start: found -3, expected >= 0"),
        ([-1], [5], "stream 0: start: found 5, expected 0 without a parent"),
        ([-1], [0, 0], "the columns of the streams differ in length"),
    ],
)
def test_what_is_no_tree_is_refused(parent: list[int], start: list[int], sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        Streams.from_columns(parent, start)
    assert str(refused.value) == sentence


def test_requests_keep_their_streams_when_they_are_sorted_cut_and_changed() -> None:
    requests = Requests.from_columns(
        [5, 0, 9],
        [10, 20, 30],
        [1, 2, 3],
        stream=[2, -1, 0],
        stream_tokens=[8, 0, 99],
        streams=TREE,
    )
    assert requests.stream.tolist() == [-1, 2, 0]
    assert requests.stream_tokens.tolist() == [0, 8, 99]
    later = requests.with_columns(arrival_time=np.array([7, 5, 9])).part(slice(2))
    assert later.stream.tolist() == [2, -1]
    assert later.streams is TREE


def test_without_streams_requests_have_nothing_in_common() -> None:
    requests = Requests.from_columns([0, 1], [10, 20], [1, 2])
    assert (requests.stream.tolist(), requests.stream_tokens.tolist()) == ([-1, -1], [0, 0])
    assert len(requests.streams) == 0


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"stream": [0]}, "request 0: stream: found 0, expected <= -1"),
        (
            {"stream": [4], "streams": TREE},
            "request 0: stream: found 4, expected <= 3",
        ),
        (
            {"stream": [1], "stream_tokens": [-1], "streams": TREE},
            "request 0: stream_tokens: found -1, expected >= 0",
        ),
    ],
)
def test_a_stream_that_is_none_is_refused(columns: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        Requests.from_columns([0], [10], [1], **columns)  # type: ignore[arg-type]
    assert str(refused.value) == sentence
