"""What one iteration costs: models of step and prefill times, in whole picoseconds.

Each model is data, a frozen dataclass, with the same few answers for the simulation:

- a prompt's prefill takes `prefill_times`, several prompts together `joint_prefill`;
- a decode step takes `step_time(billed, context)`, where the context is summed over the requests
  that are billed. A request's context is its prompt and the tokens it has made *before* the step:
  `first_contexts` in its first decode step, and one more in each step after that;
- whether the prompt's prefill makes the first token is told by `first_token`;
- each iteration, a prefill alone or together or a decode step, also takes `per_iteration`.

As contexts grow by one a step, k steps of b requests with contexts of c tokens in the first one
last `k * step_time(b, c) + decode_per_context_token * b * k * (k - 1) / 2`: one closed form.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal, NamedTuple, TypeAlias

import numpy as np

from tui_batching.clock import HORIZON, MILLISECOND, Picoseconds, format_duration
from tui_batching.columns import IntArray
from tui_batching.errors import InputError
from tui_batching.reading.constraints import (
    Constraints,
    Duration,
    DurationsByCount,
    OneOf,
    Whole,
    check_constraints,
)

FirstToken: TypeAlias = Literal["decode", "prefill"]
"""What makes a request's first token: its first decode step, or its prefill as in real engines."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Where the coefficients of a cost model come from, and how far they hold.

    Attributes:
        name: what it is chosen by.
        description: the accelerator and the model it serves.
        source: who measured or computed it, and how.
        batch: the fewest and the most requests in a decode step that it was fitted to.
        context: the fewest and the most tokens of one request's context.
        tokens: the fewest and the most tokens that an iteration computes.
        mean_error: of a step's or prefill's time, as a share; None where it is not known.
        max_error: likewise.
        kernels_only: whether the accelerator's kernels alone were measured, and not what the host
            does between them; see `per_iteration`.
    """

    name: str
    description: str
    source: str
    batch: tuple[int, int] | None = None
    context: tuple[int, int] | None = None
    tokens: tuple[int, int] | None = None
    mean_error: float | None = None
    max_error: float | None = None
    kernels_only: bool = False


class ChunkLoad(NamedTuple):
    """The parts of prompts that one iteration processes, added up.

    A chunk of n tokens behind k that are in the cache already is a square of (k + n)^2 - k^2: those
    of the chunks of a prompt sum to that of the whole prompt.

    Attributes:
        prompts: how many of them.
        tokens: in all of them.
        before: tokens of the same prompts that are in the cache already.
        squares: see above.
    """

    prompts: int
    tokens: int
    before: int
    squares: int

    @classmethod
    def of(cls, chunks: Iterable[tuple[int, int]]) -> ChunkLoad:
        """Of pairs of tokens in the cache and tokens in the chunk.

        `[(0, 4), (4, 2)]` is 2 prompts of 6 tokens behind 4, and 16 + (36 - 16) = 36 in squares.
        """
        told = list(chunks)
        return cls(
            len(told),
            sum(n for _, n in told),
            sum(k for k, _ in told),
            sum(n * (2 * k + n) for k, n in told),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """What all cost models share.

    Attributes:
        first_token: what makes the first token, the first step of `decode` or the `prefill` (the
            default of the model `iteration`), with which an answer takes one decode step less
            than it has tokens.
        kv_cache_tokens: the tokens of prompts and answers that fit into the accelerator's memory
            at once; without it memory has no end.
        per_iteration: what each iteration takes beside all else, such as the host's time between
            the accelerator's kernels.
        profile: where the coefficients come from; costs without and with it are equal.
    """

    constraints: ClassVar[Constraints] = {
        "first_token": OneOf(("decode", "prefill")),
        "kv_cache_tokens": Whole(1),
        "per_iteration": Duration(),
    }

    first_token: FirstToken = "decode"
    kv_cache_tokens: int | None = None
    per_iteration: Picoseconds = 0
    profile: Profile | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        check_constraints(self, self.constraints)

    @property
    def title(self) -> str:
        """The profile's name, with what is said of the time beside kernels; empty without one.

        `h100-llama-3-8b (kernels only)`, `h100-llama-3-8b + 1.00 ms an iteration`.
        """
        if self.profile is None:
            return ""
        if self.per_iteration:
            return f"{self.profile.name} + {format_duration(self.per_iteration)} an iteration"
        return (
            f"{self.profile.name} (kernels only)"
            if self.profile.kernels_only
            else self.profile.name
        )

    @property
    def made_by_prefill(self) -> int:
        """How many tokens of its answer a request has when its prefill ends: 0 or 1."""
        return int(self.first_token == "prefill")

    def decode_steps(self, output_tokens: IntArray) -> IntArray:
        """How many decode steps answers of these lengths take."""
        return output_tokens - 1 if self.made_by_prefill else output_tokens

    def first_contexts(self, input_tokens: IntArray) -> IntArray:
        """The context, in tokens, that each request has in its first decode step."""
        return input_tokens + 1 if self.made_by_prefill else input_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class _AddsUp(_Model, ABC):
    """Prompts that are prefilled together pay once for the iteration, and each its own tokens.

    What is paid by pieces, such as `per_token_up_to`, each pays as if it came alone.
    """

    @property
    @abstractmethod
    def _prefill_once(self) -> Picoseconds:
        """What a prefill takes however many prompts there are."""

    def joint_prefill(self, alone: Sequence[Picoseconds]) -> Picoseconds:
        """The time to prefill several prompts together, from the time of each alone."""
        return sum(alone) - self._prefill_once * (len(alone) - 1)

    def joint_prefills(self, alone: IntArray, first: IntArray) -> IntArray:
        """As `joint_prefill`, for batches that begin at each row of `first`."""
        saved = self._prefill_once * (np.diff(first, append=len(alone)) - 1)
        return np.asarray(np.add.reduceat(alone, first) - saved)

    def prefill_ends(self, alone: IntArray, first: IntArray) -> IntArray:
        """When each prompt of such batches is processed, since the batch's prefill began.

        All go through the model together, so all are done at the end.
        """
        return np.repeat(self.joint_prefills(alone, first), np.diff(first, append=len(alone)))


@dataclass(frozen=True, slots=True)
class LinearCost(_Model):
    """Prefill grows with the prompt, a decode step with the number of requests billed.

    Prompts that are prefilled together take as long as the longest of them.

    Attributes:
        prefill_per_token: time to process one prompt token.
        decode_step: time of one decode step of a single request.
        per_extra_request: what each further request adds to a decode step.

    Raises:
        InputError: if a time is negative or beyond the clock, or a decode step takes no time.
    """

    name: ClassVar[str] = "linear"
    constraints: ClassVar[Constraints] = {
        "prefill_per_token": Duration(),
        "decode_step": Duration(longer_than_zero=True),
        "per_extra_request": Duration(),
        **_Model.constraints,
    }
    decode_per_context_token: ClassVar[Picoseconds] = 0

    prefill_per_token: Picoseconds = MILLISECOND
    decode_step: Picoseconds = 20 * MILLISECOND
    per_extra_request: Picoseconds = 2 * MILLISECOND

    def prefill_times(self, input_tokens: IntArray) -> IntArray:
        """The prefill time of each prompt alone, in picoseconds."""
        longest = int(input_tokens.max(initial=0))
        _refuse_long_prefill(longest, self.per_iteration + longest * self.prefill_per_token)
        return self.per_iteration + input_tokens * np.int64(self.prefill_per_token)

    def joint_prefill(self, alone: Sequence[Picoseconds]) -> Picoseconds:
        """The time to prefill several prompts together, from the time of each alone."""
        return max(alone)

    def joint_prefills(self, alone: IntArray, first: IntArray) -> IntArray:
        """As `joint_prefill`, for batches that begin at each row of `first`."""
        return np.asarray(np.maximum.reduceat(alone, first))

    def prefill_ends(self, alone: IntArray, first: IntArray) -> IntArray:  # noqa: ARG002
        """When each prompt of such batches is processed, since the batch's prefill began.

        A short one is done before the longest.
        """
        return alone

    def step_time(self, billed: int, context: int = 0) -> Picoseconds:  # noqa: ARG002
        """The time of one decode step with `billed` >= 1 requests in the batch."""
        return self.per_iteration + self.decode_step + self.per_extra_request * (billed - 1)

    def mixed_time(self, decoding: int, context: int, chunks: ChunkLoad) -> Picoseconds:
        """The time of an iteration that makes tokens for some and processes prompts of others.

        It takes the decode step of those who decode, if anybody does, and the prompts beside.

        Args:
            decoding: requests that decode.
            context: the sum of their contexts, as for `step_time`.
            chunks: the parts of prompts.
        """
        step = self.step_time(decoding, context) if decoding else self.per_iteration
        return step + self.prefill_per_token * chunks.tokens


@dataclass(frozen=True, slots=True)
class AffineCost(_AddsUp):
    """A decode step grows with the requests and with their contexts, as on a real accelerator.

    A step of b requests with contexts of c tokens in all takes `decode_base +
    decode_per_request * b + decode_per_context_token * c`. The prefill of n tokens takes
    `prefill_base + prefill_per_token * n + prefill_per_token_squared * n * n`; prompts that are
    prefilled together pay one base, and each its own tokens.

    Attributes:
        decode_base: what each decode step takes.
        decode_per_request: what each request in it adds.
        decode_per_context_token: what each token of their contexts adds.
        prefill_base: what each prefill takes.
        prefill_per_token: what each prompt token adds.
        prefill_per_token_squared: what a prompt adds by the square of its tokens.

    Raises:
        InputError: if a time is negative or beyond the clock, or a decode step takes no time.
    """

    name: ClassVar[str] = "affine"
    constraints: ClassVar[Constraints] = {
        **dict.fromkeys(
            (
                "decode_base",
                "decode_per_request",
                "decode_per_context_token",
                "prefill_base",
                "prefill_per_token",
                "prefill_per_token_squared",
            ),
            Duration(),
        ),
        **_Model.constraints,
    }

    decode_base: Picoseconds
    decode_per_request: Picoseconds = 0
    decode_per_context_token: Picoseconds = 0
    prefill_base: Picoseconds = 0
    prefill_per_token: Picoseconds = 0
    prefill_per_token_squared: Picoseconds = 0

    def __post_init__(self) -> None:
        _Model.__post_init__(self)
        if not self.decode_base + self.decode_per_request:
            raise InputError("expected a decode_base or a decode_per_request longer than zero")

    def prefill_times(self, input_tokens: IntArray) -> IntArray:
        """The prefill time of each prompt alone, in picoseconds."""
        base, linear = self.per_iteration + self.prefill_base, self.prefill_per_token
        square = self.prefill_per_token_squared
        longest = int(input_tokens.max(initial=0))
        _refuse_long_prefill(longest, base + longest * (linear + square * longest))
        return base + input_tokens * (linear + square * input_tokens)

    @property
    def _prefill_once(self) -> Picoseconds:
        return self.per_iteration + self.prefill_base

    def step_time(self, billed: int, context: int = 0) -> Picoseconds:
        """The time of one decode step of `billed` >= 1 requests, by the sum of their contexts."""
        by_request = self.decode_base + self.decode_per_request * billed
        return self.per_iteration + by_request + self.decode_per_context_token * context

    def mixed_time(self, decoding: int, context: int, chunks: ChunkLoad) -> Picoseconds:
        """The time of an iteration that makes tokens for some and processes prompts of others.

        Both parts add up, with one base: the larger of those that apply.

        Args:
            decoding: requests that decode.
            context: the sum of their contexts, as for `step_time`.
            chunks: the parts of prompts.
        """
        bases = (
            self.decode_base if decoding else 0,
            self.prefill_base if chunks.prompts else 0,
        )
        return (
            self.per_iteration
            + max(bases)
            + self.decode_per_request * decoding
            + self.decode_per_context_token * context
            + self.prefill_per_token * chunks.tokens
            + self.prefill_per_token_squared * chunks.squares
        )


@dataclass(frozen=True, slots=True)
class IterationCost(_AddsUp):
    """One formula for every iteration: what a real engine's step costs, whoever takes part.

    `base + per_token * t + per_context_token * c + per_token_squared * s`, and for each knot k of
    `per_token_up_to` its price times min(t, k). There t is the tokens computed, one for each
    request that decodes and those of the prompts; c the tokens that are in the cache of all who
    take part before the iteration; s the sum of (before + n)^2 - before^2 over the prompts' parts.

    Worked example: with `base` 8 ms, `per_token` 50 us and `per_context_token` 100 ns, 3 requests
    that decode with 100 tokens each in the cache, beside a first chunk of 60 tokens, take
    8 ms + 63 * 50 us + 300 * 100 ns = 11.18 ms.

    Attributes:
        base: what each iteration takes.
        per_token: what each token that is computed adds, of prompts and of who decodes.
        per_context_token: what each token in the caches of who takes part adds.
        per_token_squared: what the parts of prompts add by the square of their tokens.
        per_token_up_to: what each token adds up to a number of them, as in `{256: 20us}`.

    Raises:
        InputError: if a time is negative or beyond the clock, or an iteration takes no time.
    """

    name: ClassVar[str] = "iteration"
    constraints: ClassVar[Constraints] = {
        **dict.fromkeys(
            ("base", "per_token", "per_context_token", "per_token_squared"), Duration()
        ),
        "per_token_up_to": DurationsByCount(),
        **_Model.constraints,
    }

    base: Picoseconds
    per_token: Picoseconds = 0
    per_context_token: Picoseconds = 0
    per_token_squared: Picoseconds = 0
    per_token_up_to: tuple[tuple[int, Picoseconds], ...] = ()
    first_token: FirstToken = field(default="prefill", kw_only=True)

    def __post_init__(self) -> None:
        _Model.__post_init__(self)
        if not self.base + self.per_token:
            raise InputError("expected a base or a per_token longer than zero")

    @property
    def decode_per_context_token(self) -> Picoseconds:
        """What each token of the contexts adds to a decode step."""
        return self.per_context_token

    def _for_tokens(self, tokens: int) -> Picoseconds:
        time = self.per_iteration + self.base + self.per_token * tokens
        for knot, price in self.per_token_up_to:
            time += price * min(tokens, knot)
        return time

    def prefill_times(self, input_tokens: IntArray) -> IntArray:
        """The prefill time of each prompt alone, in picoseconds."""
        longest = int(input_tokens.max(initial=0))
        _refuse_long_prefill(
            longest, self._for_tokens(longest) + self.per_token_squared * longest**2
        )
        by_tokens = input_tokens * (self.per_token + self.per_token_squared * input_tokens)
        times = self.per_iteration + self.base + by_tokens
        for knot, price in self.per_token_up_to:
            times += price * np.minimum(input_tokens, knot)
        return np.asarray(times)

    @property
    def _prefill_once(self) -> Picoseconds:
        return self.per_iteration + self.base

    def step_time(self, billed: int, context: int = 0) -> Picoseconds:
        """The time of one decode step of `billed` >= 1 requests, by the sum of their contexts.

        Where prefills make tokens, the last token of each context is not in the cache yet.
        """
        cached = context - billed * self.made_by_prefill
        return self._for_tokens(billed) + self.per_context_token * cached

    def mixed_time(self, decoding: int, context: int, chunks: ChunkLoad) -> Picoseconds:
        """The time of an iteration that makes tokens for some and processes prompts of others.

        Args:
            decoding: requests that decode.
            context: the sum of their contexts, as for `step_time`.
            chunks: the parts of prompts.
        """
        cached = context - decoding * self.made_by_prefill + chunks.before
        return (
            self._for_tokens(decoding + chunks.tokens)
            + self.per_context_token * cached
            + self.per_token_squared * chunks.squares
        )


Cost: TypeAlias = LinearCost | AffineCost | IterationCost

COSTS: dict[str, type[Cost]] = {
    "linear": LinearCost,
    "affine": AffineCost,
    "iteration": IterationCost,
}
"""The cost models by name."""


def _refuse_long_prefill(longest: int, time: Picoseconds) -> None:
    if time > HORIZON:
        raise InputError(f"the prefill of {longest} tokens lasts beyond the clock's 106 days")
