"""Requests drawn from a recipe, the `generate:` of a workload file: the same ones everywhere.

Only `numpy.random.RandomState` is used: numpy froze its streams for good (NEP 19). Arrivals,
lengths and classes draw from streams of their own, so that another rate keeps the lengths, and
another count keeps the requests that both have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import ClassVar, Literal, Self, TypeAlias, get_args

import numpy as np

from tui_batching.clock import HORIZON, MILLISECOND
from tui_batching.columns import BoolArray, IntArray
from tui_batching.errors import InputError
from tui_batching.reading.constraints import Constraints, Number, OneOf, Whole, check_constraints
from tui_batching.reading.fields import Field, Reader, Record
from tui_batching.requests import MAX_TOKENS, Requests
from tui_batching.workload.arrivals import Arrivals, Poisson, read_arrivals
from tui_batching.workload.asking import Asking, AskingRule, asking, notices
from tui_batching.workload.contents import (
    Prefix,
    Turns,
    begin_with,
    continued,
    read_prefixes,
    read_turns,
)
from tui_batching.workload.lengths import Lengths, Uniform, read_lengths
from tui_batching.workload.model import (
    ReadingProgress,
    arrives_beyond_clock,
    ignore_progress,
    refuse_rate,
)
from tui_batching.workload.recipe_keys import RECIPE_KEYS

MAX_COUNT = 10_000_000
"""The most requests that are generated: 320 MB of them."""

SEED = Whole(most=2**32 - 1)


def seed_after(seed: int, steps: int = 1) -> int:
    """The seed that comes so many after this one; after the last one comes 0."""
    return (seed + steps) % (SEED.most + 1)


Draws: TypeAlias = Literal["streams", "notebook", "notebook-loads"]
"""How draws are taken: from a stream for each quantity, or in the notebook's order from one; and
whether several loads that are compared share their draws, or each one goes on with that stream."""

_LENGTH_KEYS = ("input_tokens", "output_tokens")
_ARRIVALS, _INPUT, _OUTPUT, _CLASS, _PREFIX, _TURNS, _THINKING = range(7)


@dataclass(frozen=True)
class RequestClass:
    """A kind of request.

    Attributes:
        input_tokens: how long its prompts are.
        output_tokens: how long its answers are.
        weight: its share among all classes' weights.
        max_tokens: how many tokens its clients ask for; None for what the recipe says.

    Raises:
        InputError: if a value is out of its range or an answer could have no token.
    """

    constraints: ClassVar[Constraints] = {"weight": Number(above=0), "max_tokens": AskingRule()}

    input_tokens: Lengths
    output_tokens: Lengths
    weight: float = 1.0
    max_tokens: Asking | None = None

    def __post_init__(self) -> None:
        check_constraints(self, self.constraints)
        if self.output_tokens.shortest < 1:
            raise InputError("output_tokens: found lengths from 0 on, expected lengths >= 1")


@dataclass(frozen=True)
class GeneratedRequests:
    """A recipe for requests.

    Attributes:
        count: how many.
        arrivals: when they arrive.
        classes: what they ask for; with several, each request is of one by the weights.
        seed: chooses the draws.
        draws: `notebook` repeats the draws of the notebook that this project started from;
            `notebook-loads` also in that each load of a sweep goes on with the stream.
        skip: how many requests of the notebook's one stream come before these; they are drawn and
            thrown away.
        max_tokens: how many tokens clients ask for whose class does not say it: a number,
            `power_of_two` (the next one above each answer), or `exact`, as by default.
        prefixes: what prompts begin with, before the tokens that are drawn for each; by default
            they have nothing in common.
        turns: how requests are turns of conversations, by default each is the only one. The ids of
            the requests of a conversation follow each other, and conversations begin so much more
            rarely than requests arrive as they have turns on average.

    Raises:
        InputError: if a value is out of its range, or the notebook's draws are asked for with
            anything but Poisson arrivals and uniform lengths, or `skip` without them.
    """

    constraints: ClassVar[Constraints] = {
        "count": Whole(1, MAX_COUNT),
        "seed": SEED,
        "draws": OneOf(get_args(Draws)),
        "skip": Whole(0, MAX_COUNT),
        "max_tokens": AskingRule(),
    }

    count: int
    arrivals: Arrivals
    classes: tuple[RequestClass, ...]
    seed: int = 0
    draws: Draws = "streams"
    skip: int = 0
    max_tokens: Asking | None = None
    prefixes: tuple[Prefix, ...] = ()
    turns: Turns | None = None

    def __post_init__(self) -> None:
        check_constraints(self, self.constraints)
        if not self.classes:
            raise InputError("classes: found none, expected at least one")
        if self.draws != "streams":
            self._notebook_parts()
            if self.prefixes or self.turns:
                key = "prefixes" if self.prefixes else "turns"
                raise InputError(
                    f"{key}: found with draws: {self.draws}, expected draws: streams with them"
                )
        elif self.skip:
            raise InputError(f"skip: found {self.skip}, expected draws: notebook with it")

    @property
    def rate(self) -> float | None:
        """Requests per second on average; None where all arrive at once."""
        return self.arrivals.rate

    @property
    def notices(self) -> tuple[str, ...]:
        """Whose answers are longer than what they were to ask for."""
        requests = self._requests
        told = (notices(requests, rule, members) for rule, members in self._asking(requests))
        return tuple(chain.from_iterable(told))

    @property
    def hash_block(self) -> None:
        """It is known to the token what requests share."""
        return

    def make_requests(self, progress: ReadingProgress = ignore_progress) -> Requests:  # noqa: ARG002
        """The requests of this recipe, drawn on the first call.

        Raises:
            InputError: if the last arrival lies beyond the clock.
        """
        return self._requests

    def with_rate(self, rate: float) -> Self:
        """The same lengths, with arrivals at `rate` requests per second on average.

        Raises:
            InputError: if it is not a finite number above zero, or all arrive at once.
        """
        refuse_rate(rate)
        return replace(self, arrivals=self.arrivals.with_rate(rate))

    def at_load(self, rate: float, position: int) -> Self:
        """As `with_rate`; but `notebook-loads` draws load after load from the one stream.

        Raises:
            InputError: as `with_rate` does.
        """
        source = self if rate == self.rate else self.with_rate(rate)
        if self.draws == "notebook-loads":
            source = replace(source, skip=self.skip + position * self.count)
        return source

    def with_seed(self, seed: int) -> Self:
        """The same recipe with another seed."""
        return replace(self, seed=seed)

    def with_count(self, count: int) -> Self:
        """The same recipe with another number of requests; those that both have are equal."""
        return replace(self, count=count)

    def with_max_tokens(self, rule: Asking) -> Self:
        """The same requests, all of them asking for what the rule says."""
        classes = tuple(replace(kind, max_tokens=None) for kind in self.classes)
        return replace(self, classes=classes, max_tokens=rule)

    @cached_property
    def _requests(self) -> Requests:
        if self.draws != "streams":
            requests = Requests.from_columns(*self._draw_as_notebook())
        elif self.prefixes or self.turns:
            requests = self._draw_contents()
        else:
            requests = Requests.from_columns(*self._draw())
        for rule, members in self._asking(requests):
            requests = asking(requests, rule, members)
        return requests

    def _asking(self, requests: Requests) -> Iterator[tuple[Asking, BoolArray]]:
        """Each rule by which somebody asks, and who does."""
        rules = [kind.max_tokens or self.max_tokens for kind in self.classes]
        for rule in dict.fromkeys(rules):
            if rule is not None:
                classes = [number for number, each in enumerate(rules) if each == rule]
                yield rule, np.isin(self._choose_classes()[requests.id], classes)

    def _draw_contents(self) -> Requests:
        """Requests that begin alike: with a system prompt, and with all turns before them.

        Raises:
            InputError: if that makes a prompt too long, or the last arrival lies beyond the clock.
        """
        arrivals, own, outputs = self._draw()
        conversations = np.arange(self.count)
        if self.turns:
            conversations = self.turns.draw(self._stream(_TURNS), self.count)
            arrivals = self._turn_times(self.turns, conversations)
        chooser = self._stream(_PREFIX)
        told = begin_with(self.prefixes or (Prefix(0),), chooser, conversations)
        if self.turns:
            told = continued(told, conversations, own, outputs)
        else:
            told = replace(told, input_tokens=told.input_tokens + own)
        if (longest := int(told.input_tokens.max())) > MAX_TOKENS:
            raise InputError(
                f"found a prompt of {longest} tokens with all that it begins with, "
                f"expected at most {MAX_TOKENS}"
            )
        return Requests.from_columns(
            arrivals,
            told.input_tokens,
            outputs,
            stream=told.stream,
            stream_tokens=told.stream_tokens,
            streams=told.streams,
        )

    def _turn_times(self, turns: Turns, conversations: IntArray) -> IntArray:
        """When turns come: conversations as arrivals are drawn, and then with time to think."""
        rate, process = self.arrivals.rate, self.arrivals
        if rate is not None:
            process = process.with_rate(rate / turns.mean)
        begins = process.draw(self._stream(_ARRIVALS), int(conversations[-1]) + 1)
        thought = turns.think(self._stream(_THINKING), conversations)
        if int(begins[-1]) + int(thought.max()) > HORIZON:
            raise arrives_beyond_clock()
        return begins[conversations] + thought

    def _draw(self) -> tuple[IntArray, IntArray, IntArray]:
        arrivals = self.arrivals.draw(self._stream(_ARRIVALS), self.count)
        chosen = self._choose_classes()
        input_tokens = np.empty(self.count, dtype=np.int64)
        output_tokens = np.empty(self.count, dtype=np.int64)
        for number, kind in enumerate(self.classes):
            # Each class draws for every request, used or not: so request k never depends on count.
            members = chosen == number
            inputs = kind.input_tokens.draw(self._stream(_INPUT, number), self.count)
            outputs = kind.output_tokens.draw(self._stream(_OUTPUT, number), self.count)
            np.copyto(input_tokens, inputs, where=members)
            np.copyto(output_tokens, outputs, where=members)
        return arrivals, input_tokens, output_tokens

    def _choose_classes(self) -> IntArray:
        if len(self.classes) == 1:
            return np.zeros(self.count, dtype=np.int64)
        weights = np.cumsum([kind.weight for kind in self.classes])
        points = self._stream(_CLASS).random_sample(self.count) * weights[-1]
        chosen = np.searchsorted(weights, points, side="right")
        return np.asarray(np.minimum(chosen, len(weights) - 1), dtype=np.int64)

    def _stream(self, quantity: int, number: int = 0) -> np.random.RandomState:
        return _stream(self.seed, quantity, number)

    def _draw_as_notebook(self) -> tuple[IntArray, IntArray, IntArray]:
        """Draw gap, prompt and answer of each request in turn from a single stream.

        Arrivals are the running sum of the gaps, each rounded to 1 ms.
        """
        arrivals, inputs, outputs = self._notebook_parts()
        stream = np.random.RandomState(self.seed)
        mean_gap = arrivals.mean_gap / MILLISECOND
        rows = np.empty((3, self.count), dtype=np.int64)
        time = 0.0
        for number in range(-self.skip, self.count):
            gap = stream.exponential(mean_gap)
            tokens = (
                stream.randint(inputs.low, inputs.high + 1),
                stream.randint(outputs.low, outputs.high + 1),
            )
            if number < 0:
                continue
            time += gap
            if not time <= HORIZON // MILLISECOND:
                raise arrives_beyond_clock()
            rows[:, number] = (round(time) * MILLISECOND, *tokens)
        return rows[0], rows[1], rows[2]

    def _notebook_parts(self) -> tuple[Poisson, Uniform, Uniform]:
        first = self.classes[0]
        parts = (self.arrivals, first.input_tokens, first.output_tokens)
        match parts:
            case (
                Poisson(rescale=False) as arrivals,
                Uniform() as inputs,
                Uniform() as outputs,
            ) if len(self.classes) == 1:
                return arrivals, inputs, outputs
        raise InputError(
            "draws: found notebook with other distributions, "
            "expected poisson arrivals and uniform lengths with it"
        )


CONTENTS: dict[str, Reader] = {"prefixes": read_prefixes, "turns": read_turns}
"""What reads the keys that tell what prompts begin with."""


def arrivals_stream(seed: int) -> np.random.RandomState:
    """The stream that arrivals are drawn from."""
    return _stream(seed, _ARRIVALS)


def _stream(seed: int, quantity: int, number: int = 0) -> np.random.RandomState:
    return np.random.RandomState([seed, quantity, number])


def read_recipe(field: Field) -> GeneratedRequests:
    """Read `generate:`.

    Raises:
        InputError: if a key is missing, unknown or twice, or a value is not as expected.
    """
    record = field.mapping(tuple(RECIPE_KEYS))
    classes = _read_classes(record)
    readers: dict[str, Reader] = {
        "arrivals": read_arrivals,
        **GeneratedRequests.constraints,
        **CONTENTS,
    }
    values = record.read_all(readers, GeneratedRequests)
    with record.placing_errors():
        return GeneratedRequests(classes=classes, **values)


def _read_classes(record: Record) -> tuple[RequestClass, ...]:
    """Those in `classes`, or the only one, whose lengths stand in the recipe itself."""
    if "classes" not in record.fields:
        inputs, outputs = (read_lengths(record[key]) for key in _LENGTH_KEYS)
        with record.placing_errors():
            return (RequestClass(inputs, outputs),)
    for key in _LENGTH_KEYS:
        if key in record.fields:
            raise record[key].error(
                "either classes or input_tokens and output_tokens", f"{key} beside classes"
            )
    readers: dict[str, Reader] = {
        **RequestClass.constraints,
        **dict.fromkeys(_LENGTH_KEYS, read_lengths),
    }
    return tuple(entry.build(RequestClass, readers) for entry in record["classes"].items())
