"""How long generated prompts and answers are, and how a workload file tells it.

Every draw is a whole number of tokens, and the first k draws are the same however many are taken.
A draw longer than `max` is cut to it, as a server's `max_tokens` does, or drawn again; one shorter
than `min` becomes `min`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal, Protocol, TypeAlias, get_args

import numpy as np

from tui_batching.columns import FloatArray, IntArray
from tui_batching.errors import InputError
from tui_batching.reading.constraints import Constraints, Number, OneOf, Whole, check_constraints
from tui_batching.reading.fields import Field
from tui_batching.requests import MAX_TOKENS

ZIPF_MOST = 1_000_000
"""The largest `max` of a Zipf distribution, which keeps a table of that size while it draws."""

AboveMax: TypeAlias = Literal["cut", "redraw"]
"""What becomes of a draw above `max`: it is cut, or drawn again until one is not (rejection)."""

_MOST_REDRAWS = 1000

_TOKENS = Whole(most=MAX_TOKENS)
_MEAN = Number(above=0, most=MAX_TOKENS)
_MIN_AND_MAX: Constraints = {"min": _TOKENS, "max": _TOKENS}
_ABOVE_MAX: Constraints = {"above_max": OneOf(get_args(AboveMax))}


class Lengths(Protocol):
    """A distribution of whole numbers of tokens."""

    @property
    def shortest(self) -> int:
        """The fewest tokens that a draw can give."""
        ...

    def draw(self, stream: np.random.RandomState, count: int) -> IntArray:
        """`count` independent lengths in tokens."""
        ...


@dataclass(frozen=True)
class Uniform:
    """Every length from `low` to `high`, both included, equally often."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high <= MAX_TOKENS:
            raise InputError(
                f"found [{self.low}, {self.high}], "
                f"expected [low, high] with 0 <= low <= high <= {MAX_TOKENS}"
            )

    @property
    def shortest(self) -> int:
        """The fewest tokens that a draw can give."""
        return self.low

    def draw(self, stream: np.random.RandomState, count: int) -> IntArray:
        """`count` independent lengths in tokens."""
        return stream.randint(self.low, self.high + 1, count, dtype=np.int64)


@dataclass(frozen=True)
class Fixed:
    """Always the same length."""

    tokens: int

    def __post_init__(self) -> None:
        _TOKENS.check("tokens", self.tokens)

    @property
    def shortest(self) -> int:
        """The fewest tokens that a draw can give."""
        return self.tokens

    def draw(self, stream: np.random.RandomState, count: int) -> IntArray:  # noqa: ARG002
        """`count` times the one length."""
        return np.full(count, self.tokens, dtype=np.int64)


@dataclass(frozen=True, kw_only=True)
class _Limited:
    """What distributions with a `min` and a `max` share."""

    constraints: ClassVar[Constraints]

    min: int = 1
    max: int = MAX_TOKENS
    above_max: AboveMax = "cut"

    def __post_init__(self) -> None:
        check_constraints(self, self.constraints)
        if self.min > self.max:
            raise InputError(
                f"found min {self.min} and max {self.max}, expected 0 <= min <= max <= {MAX_TOKENS}"
            )

    @property
    def shortest(self) -> int:
        """The fewest tokens that a draw can give."""
        return self.min

    def draw(self, stream: np.random.RandomState, count: int) -> IntArray:
        """`count` independent lengths in tokens."""
        draw = self._amounts if self.above_max == "cut" else self._none_above_max
        amounts = draw(stream, count)
        return np.rint(np.clip(amounts, self.min, self.max)).astype(np.int64)

    def _none_above_max(self, stream: np.random.RandomState, count: int) -> FloatArray:
        at_once = max(count, 1000)
        parts: list[FloatArray] = []
        while sum(map(len, parts)) < count:
            if len(parts) == _MOST_REDRAWS:
                raise InputError(
                    f"max: fewer than one draw in {_MOST_REDRAWS} is up to {self.max}, "
                    "expected more where those above it are drawn again"
                )
            amounts = self._amounts(stream, at_once)
            parts.append(amounts[np.rint(amounts) <= self.max])
        return np.concatenate(parts)[:count]

    def _amounts(self, stream: np.random.RandomState, count: int) -> FloatArray:
        """The lengths before they are limited and rounded."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Normal(_Limited):
    """The bell curve with this mean and standard deviation, before it is limited."""

    constraints: ClassVar[Constraints] = {"mean": _MEAN, "sd": _MEAN, **_ABOVE_MAX, **_MIN_AND_MAX}

    mean: float
    sd: float

    def _amounts(self, stream: np.random.RandomState, count: int) -> FloatArray:
        return self.mean + self.sd * stream.standard_normal(count)


@dataclass(frozen=True, kw_only=True)
class Lognormal(_Limited):
    """Many short lengths and a long tail, as chats have.

    Attributes:
        mean: the mean of the lengths themselves (not of their logarithms), before the limits.
        sigma: the standard deviation of their logarithms.
    """

    constraints: ClassVar[Constraints] = {
        "mean": _MEAN,
        "sigma": Number(above=0, most=10),
        **_ABOVE_MAX,
        **_MIN_AND_MAX,
    }

    mean: float
    sigma: float

    def _amounts(self, stream: np.random.RandomState, count: int) -> FloatArray:
        middle = np.log(self.mean) - self.sigma**2 / 2
        return np.asarray(np.exp(middle + self.sigma * stream.standard_normal(count)))


@dataclass(frozen=True, kw_only=True)
class Exponential(_Limited):
    """Ever fewer of the longer ones, with this mean before the limits."""

    constraints: ClassVar[Constraints] = {"mean": _MEAN, **_ABOVE_MAX, **_MIN_AND_MAX}

    mean: float

    def _amounts(self, stream: np.random.RandomState, count: int) -> FloatArray:
        return self.mean * stream.standard_exponential(count)


@dataclass(frozen=True, kw_only=True)
class Zipf(_Limited):
    """Length k from `min` to `max` with a weight of 1 / k**exponent.

    The exponent may be below 1, since `max` bounds the distribution; by default at 32,768.
    """

    constraints: ClassVar[Constraints] = {
        "exponent": Number(above=0, most=100),
        "min": Whole(1, MAX_TOKENS),
        "max": Whole(most=ZIPF_MOST),
    }

    exponent: float
    max: int = 32_768

    def _amounts(self, stream: np.random.RandomState, count: int) -> FloatArray:
        # Relative to `min`, so that a large exponent does not underflow every weight to zero.
        ranks = np.arange(self.min, self.max + 1) / self.min
        reached = np.cumsum(ranks**-self.exponent)
        chosen = np.searchsorted(reached, stream.random_sample(count) * reached[-1], side="right")
        return np.asarray(self.min + np.minimum(chosen, len(ranks) - 1), dtype=np.float64)


def read_lengths(field: Field) -> Lengths:
    """Read a distribution of lengths, such as `{uniform: [20, 199]}`.

    Raises:
        InputError: if it is none, or its parameters are not as expected.
    """
    chosen = field.only_key(_LENGTHS)
    return _LENGTHS[chosen.key](chosen)


def _read_uniform(field: Field) -> Uniform:
    if not field.is_list:
        raise field.error("[low, high]")
    ends = field.items()
    if len(ends) != 2:
        raise field.error("[low, high]", f"a list of {len(ends)}")
    low, high = (_TOKENS(end) for end in ends)
    with field.placing_errors():
        return Uniform(low, high)


def _read_limited(make: type[_Limited], field: Field) -> _Limited:
    return field.build(make, make.constraints)


_LENGTHS: dict[str, Callable[[Field], Lengths]] = {
    "uniform": _read_uniform,
    "fixed": lambda field: Fixed(_TOKENS(field)),
    "normal": partial(_read_limited, Normal),
    "lognormal": partial(_read_limited, Lognormal),
    "exponential": partial(_read_limited, Exponential),
    "zipf": partial(_read_limited, Zipf),
}
