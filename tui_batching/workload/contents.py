"""What generated prompts begin with: system prompts, and the conversation so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tui_batching.clock import HORIZON, MICROSECOND, Picoseconds
from tui_batching.columns import IntArray
from tui_batching.errors import InputError
from tui_batching.reading.constraints import Constraints, Duration, Number, Whole, check_constraints
from tui_batching.reading.fields import Field
from tui_batching.requests import MAX_TOKENS
from tui_batching.streams import NO_STREAM, Streams
from tui_batching.workload.model import arrives_beyond_clock

MOST_PREFIXES = 1_000_000
"""Different system prompts of one length."""
MOST_TURNS = 1_000_000
"""Of a conversation on average."""


@dataclass(frozen=True)
class Prefix:
    """A system prompt: what many prompts begin with, before what is drawn for each.

    Attributes:
        tokens: its length; 0 for prompts that begin with nothing.
        weight: its share among all weights.
        count: how many different ones of this length there are, equally often.

    Raises:
        InputError: if a value is out of its range.
    """

    constraints: ClassVar[Constraints] = {
        "tokens": Whole(0, MAX_TOKENS),
        "weight": Number(above=0),
        "count": Whole(1, MOST_PREFIXES),
    }

    tokens: int
    weight: float = 1.0
    count: int = 1

    def __post_init__(self) -> None:
        check_constraints(self, self.constraints)


@dataclass(frozen=True)
class Turns:
    """Conversations: the prompt of a turn is all that was said before it, and then its own.

    A turn comes whether the one before was answered or not: nothing waits for the server.

    Attributes:
        mean: turns of a conversation on average; the numbers are drawn from a geometric
            distribution, so that a conversation is as likely to go on after each turn.
        think_time: from one turn of a conversation to the next on average, in picoseconds; the
            times are exponentially distributed.

    Raises:
        InputError: if a value is out of its range.
    """

    constraints: ClassVar[Constraints] = {
        "mean": Number(above=0, most=MOST_TURNS),
        "think_time": Duration(),
    }

    mean: float
    think_time: Picoseconds

    def __post_init__(self) -> None:
        check_constraints(self, self.constraints)
        if self.mean < 1:
            raise InputError(f"mean: found {self.mean:g}, expected a number >= 1")

    def draw(self, stream: np.random.RandomState, count: int) -> IntArray:
        """The conversation of each of so many requests, ascending from 0; the last may be cut."""
        ends = np.cumsum(stream.geometric(1 / self.mean, count))
        return np.searchsorted(ends, np.arange(count), side="right").astype(np.int64)

    def think(self, stream: np.random.RandomState, conversations: IntArray) -> IntArray:
        """From the first turn of its conversation to each request, in picoseconds.

        Raises:
            InputError: if a conversation is longer than the clock.
        """
        times = stream.standard_exponential(len(conversations)) * (self.think_time / MICROSECOND)
        first = first_of_each(conversations)
        times[first] = 0
        if np.add.reduceat(times, first).max() > HORIZON // MICROSECOND:
            raise arrives_beyond_clock()
        # Whole microseconds, as arrivals are. The sum of all may wrap around, and so back.
        passed = np.cumsum(np.rint(times).astype(np.int64))
        return (passed - passed[first][conversations]) * MICROSECOND


@dataclass(frozen=True, eq=False)
class Contents:
    """Prompts with all that they begin with.

    Attributes:
        input_tokens: of the whole prompts.
        stream, stream_tokens, streams: as of `Requests`.
    """

    input_tokens: IntArray
    stream: IntArray
    stream_tokens: IntArray
    streams: Streams


def begin_with(
    prefixes: Sequence[Prefix], chooser: np.random.RandomState, conversations: IntArray
) -> Contents:
    """The system prompts that the conversations of requests begin with.

    Args:
        prefixes: of which each conversation has one by the weights.
        chooser: draws them.
        conversations: of each request, ascending from 0.
    """
    counts = np.array([each.count for each in prefixes], np.int64)
    tokens = np.repeat(np.array([each.tokens for each in prefixes], np.int64), counts)
    weights = np.repeat([each.weight / each.count for each in prefixes], counts)
    reached = np.cumsum(weights)
    points = chooser.random_sample(int(conversations[-1]) + 1) * reached[-1]
    drawn = np.minimum(np.searchsorted(reached, points, side="right"), len(reached) - 1)
    chosen = drawn[conversations]
    stream = np.where(tokens[chosen] > 0, chosen, NO_STREAM)
    return Contents(tokens[chosen], stream, tokens[chosen], Streams.roots(len(tokens)))


def continued(
    begun: Contents, conversations: IntArray, own_tokens: IntArray, output_tokens: IntArray
) -> Contents:
    """The prompts of conversations, each with all turns before it, and their answers.

    Args:
        begun: what the conversations begin with.
        conversations: of each request, ascending from 0.
        own_tokens: what each turn adds to the prompt.
        output_tokens: of the answers.
    """
    first = first_of_each(conversations)
    said = np.cumsum(own_tokens + output_tokens)
    before = (said - own_tokens - output_tokens)[first][conversations]
    whole = begun.input_tokens + said - before  # with its own answer
    streams = Streams.from_columns(
        np.concatenate((begun.streams.parent, begun.stream[first])),
        np.concatenate((begun.streams.start, begun.input_tokens[first])),
    )
    stream = conversations + len(begun.streams)
    return Contents(whole - output_tokens, stream, whole, streams)


def first_of_each(conversations: IntArray) -> IntArray:
    """The first request of each conversation, of ascending ones."""
    return np.searchsorted(conversations, np.arange(int(conversations[-1]) + 1))


def read_prefixes(field: Field) -> tuple[Prefix, ...]:
    """Read `prefixes:`, or the word `none`.

    Raises:
        InputError: if it is no list of prefixes.
    """
    if field.is_word("none"):
        return ()
    return tuple(entry.build(Prefix, Prefix.constraints) for entry in field.items())


def read_turns(field: Field) -> Turns | None:
    """Read `turns:`, or the word `none`.

    Raises:
        InputError: if it is no mapping with the values of `Turns`.
    """
    return None if field.is_word("none") else field.build(Turns, Turns.constraints)
