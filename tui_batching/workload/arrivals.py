"""When generated requests arrive, and how a workload file tells it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar, Literal, Protocol, Self, TypeAlias, get_args

import numpy as np

from tui_batching.clock import HORIZON, MICROSECOND, SECOND, Picoseconds
from tui_batching.columns import FloatArray, IntArray
from tui_batching.errors import InputError
from tui_batching.reading.constraints import (
    Constraints,
    Duration,
    Number,
    OneOf,
    Whole,
    check_constraints,
)
from tui_batching.reading.fields import Field, Reader
from tui_batching.workload.model import RATE, arrives_beyond_clock

_BURSTINESS = Number(above=0)


class Arrivals(Protocol):
    """A process that arrivals are drawn from."""

    @property
    def rate(self) -> float | None:
        """Requests per second on average; None where all arrive at once."""
        ...

    def with_rate(self, rate: float) -> Arrivals:
        """The same process, faster or slower: every gap is scaled by the same factor."""
        ...

    def draw(self, stream: np.random.RandomState, count: int) -> IntArray:
        """The first `count` arrival times, ascending, in picoseconds."""
        ...


@dataclass(frozen=True)
class _Spaced:
    """Gaps of `mean_gap` picoseconds on average; the first arrival comes after one gap.

    Attributes:
        mean_gap: in picoseconds.
        rescale: whether the gaps drawn are scaled to sum to exactly count x `mean_gap`, as
            `vllm bench serve` does, so that different seeds offer the same load.

    Raises:
        InputError: if the mean gap is not positive, or the last arrival lies beyond the clock.
    """

    mean_gap: float
    rescale: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        if not self.mean_gap > 0:
            raise InputError(f"mean_gap: found {self.mean_gap}, expected a gap longer than zero")

    @property
    def rate(self) -> float | None:
        """Requests per second on average."""
        return SECOND / self.mean_gap

    def with_rate(self, rate: float) -> Self:
        """The same process with gaps of 1 / `rate` seconds on average."""
        return replace(self, mean_gap=SECOND / rate)

    def draw(self, stream: np.random.RandomState, count: int) -> IntArray:
        """The first `count` arrival times, ascending, in picoseconds."""
        # Summed before they are scaled, so that another rate scales every arrival alike.
        with np.errstate(over="ignore"):
            units = np.cumsum(self._unit_gaps(stream, count))
            if self.rescale:
                units *= count / units[-1]
            times = units * (self.mean_gap / MICROSECOND)
        # Whole microseconds absorb the last digits, in which platforms' logarithms differ.
        return _whole_times(times, MICROSECOND)

    def _unit_gaps(self, stream: np.random.RandomState, count: int) -> FloatArray:
        """Gaps with a mean of 1."""
        raise NotImplementedError


@dataclass(frozen=True)
class Poisson(_Spaced):
    """Independent arrivals: exponential gaps."""

    def _unit_gaps(self, stream: np.random.RandomState, count: int) -> FloatArray:
        return stream.standard_exponential(count)


@dataclass(frozen=True)
class Gamma(_Spaced):
    """Bursty arrivals: gamma-distributed gaps, as `vllm bench serve` draws them.

    Attributes:
        burstiness: the shape; 1 is Poisson, smaller is burstier, larger more regular.
    """

    burstiness: float

    def __post_init__(self) -> None:
        super().__post_init__()
        _BURSTINESS.check("burstiness", self.burstiness)

    def _unit_gaps(self, stream: np.random.RandomState, count: int) -> FloatArray:
        return stream.standard_gamma(self.burstiness, count) / self.burstiness


@dataclass(frozen=True)
class Constant(_Spaced):
    """One request after every gap, like clockwork."""

    def _unit_gaps(self, stream: np.random.RandomState, count: int) -> FloatArray:  # noqa: ARG002
        return np.ones(count)


RampShape: TypeAlias = Literal["linear", "exponential"]


@dataclass(frozen=True)
class Ramp:
    """A rate that changes from the first request to the last, as `vllm bench serve` ramps it up.

    The rate of the gap before request k of n depends on k / (n - 1): it changes request by request,
    not with time (`--ramp-up-strategy`, `--ramp-up-start-rps`, `--ramp-up-end-rps` there).

    Attributes:
        start_rate: of the first request, per second.
        end_rate: of the last one.
        shape: whether the rate changes by the same amount or by the same factor each time.
        burstiness: of the gaps, as in `Gamma`.

    Raises:
        InputError: if a rate or the burstiness is no finite number above zero.
    """

    constraints: ClassVar[Constraints] = {
        "start_rate": RATE,
        "end_rate": RATE,
        "shape": OneOf(get_args(RampShape)),
        "burstiness": _BURSTINESS,
    }

    start_rate: float
    end_rate: float
    shape: RampShape = "linear"
    burstiness: float = 1.0

    def __post_init__(self) -> None:
        check_constraints(self, self.constraints)

    @property
    def rate(self) -> float | None:
        """Requests per second on average, over many requests: 1 over the mean of the gaps."""
        low, high = sorted((self.start_rate, self.end_rate))
        if high - low < 1e-9 * high:
            return low
        logarithm = math.log(high / low)
        if self.shape == "linear":
            return (high - low) / logarithm
        return low * high * logarithm / (high - low)

    def with_rate(self, rate: float) -> Self:
        """The same ramp, faster or slower: every gap is scaled by the same factor."""
        factor = rate / (self.rate or rate)
        return replace(self, start_rate=self.start_rate * factor, end_rate=self.end_rate * factor)

    def draw(self, stream: np.random.RandomState, count: int) -> IntArray:
        """The first `count` arrival times, ascending, in picoseconds."""
        gaps = stream.standard_gamma(self.burstiness, count) / self.burstiness
        # Relative to the first rate and scaled at the end, so that another rate scales all alike.
        with np.errstate(over="ignore"):
            relative = np.cumsum(gaps / self._relative_rates(count))
            times = relative * (SECOND / MICROSECOND / self.start_rate)
        return _whole_times(times, MICROSECOND)

    def _relative_rates(self, count: int) -> FloatArray:
        """The rate before each request over the first one."""
        progress = np.arange(count) / max(1, count - 1)
        ratio = self.end_rate / self.start_rate
        rates = 1 + (ratio - 1) * progress if self.shape == "linear" else ratio**progress
        return np.asarray(rates, np.float64)


@dataclass(frozen=True)
class Burst:
    """`size` requests at once, `every` so often, from `at` on; without both, all at once.

    Attributes:
        size: requests that arrive together.
        every: from one burst to the next, in picoseconds.
        at: the first burst, in picoseconds.

    Raises:
        InputError: if only one of size and every is given, or one is out of its range.
    """

    constraints: ClassVar[Constraints] = {
        "size": Whole(least=1),
        "every": Duration(longer_than_zero=True),
        "at": Duration(),
    }

    size: int | None = None
    every: Picoseconds | None = None
    at: Picoseconds = 0

    def __post_init__(self) -> None:
        if (self.size is None) != (self.every is None):
            raise InputError("found one of size and every, expected both or neither")
        check_constraints(self, self.constraints)

    @property
    def rate(self) -> float | None:
        """Requests per second on average; None where all arrive at once."""
        if self.size is None or self.every is None:
            return None
        return self.size * SECOND / self.every

    def with_rate(self, rate: float) -> Self:
        """The same bursts, more or less often.

        Raises:
            InputError: if all arrive at once.
        """
        if self.size is None:
            raise InputError("all requests arrive at once, so there is no rate to change")
        return replace(self, every=max(1, round(self.size * SECOND / rate)))

    def draw(self, stream: np.random.RandomState, count: int) -> IntArray:  # noqa: ARG002
        """The first `count` arrival times, ascending, in picoseconds."""
        size, every = self.size or count, self.every or 0
        bursts = np.arange(count, dtype=np.int64) // size
        if self.at + int(bursts[-1]) * every > HORIZON:
            raise arrives_beyond_clock()
        return self.at + bursts * np.int64(every)


def _whole_times(times: FloatArray, unit: Picoseconds) -> IntArray:
    """Ascending times in `unit`s, rounded to whole ones, in picoseconds."""
    if not times[-1] <= HORIZON // unit:
        raise arrives_beyond_clock()
    return np.rint(times).astype(np.int64) * unit


def read_arrivals(field: Field) -> Arrivals:
    """Read a process of arrivals, such as `{poisson: {rate: 4}}`.

    Raises:
        InputError: if it is none, or its parameters are not as expected.
    """
    chosen = field.only_key(_ARRIVALS)
    return _ARRIVALS[chosen.key](chosen)


def _read_spaced(
    make: Callable[..., Arrivals], readers: Mapping[str, Reader], field: Field
) -> Arrivals:
    """Read a process that has a `mean_gap`, or else a `rate`, beside its other parameters."""
    record = field.mapping(("rate", "mean_gap", *readers))
    if ("rate" in record.fields) == ("mean_gap" in record.fields):
        both = "rate" in record.fields
        raise field.error(
            "either rate or mean_gap", "both rate and mean_gap" if both else "neither"
        )
    if "rate" in record.fields:
        mean_gap = SECOND / RATE(record["rate"])
    else:
        mean_gap = record["mean_gap"].duration(longer_than_zero=True)
    values = record.read_all(readers, make)
    with record.placing_errors():
        return make(mean_gap=float(mean_gap), **values)


_RESCALE: Mapping[str, Reader] = {"rescale": Field.flag}
_ARRIVALS: dict[str, Callable[[Field], Arrivals]] = {
    "poisson": partial(_read_spaced, Poisson, _RESCALE),
    "gamma": partial(_read_spaced, Gamma, {"burstiness": _BURSTINESS, **_RESCALE}),
    "constant": partial(_read_spaced, Constant, {}),
    "ramp": lambda field: field.build(Ramp, Ramp.constraints),
    "burst": lambda field: field.build(Burst, Burst.constraints),
}
