"""An axis: where values are on it, and its ticks, few, with labels as short as they can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, inf, log10

import numpy as np
import numpy.typing as npt

from tui_batching.columns import FloatArray
from tui_batching.numbers import significant

LOG_FROM = 20.0
"""How often the largest value holds the smallest one before a logarithmic axis tells more."""


@dataclass(frozen=True, slots=True)
class Axis:
    """What one axis shows: its limits, which differ, and the ticks within them.

    Attributes:
        lower: the value at its left or lower end.
        upper: the value at its right or upper end.
        ticks: values within the limits.
        labels: one for each tick.
        log: whether equal factors are equally far apart, instead of equal differences.
    """

    lower: float
    upper: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]
    log: bool = False

    @classmethod
    def over(cls, limits: tuple[float, float], most: int) -> Axis:
        """The axis over these limits with at most `most` ticks, a step of 1, 2 or 5 apart.

        Limits that coincide are put half a unit, or a millionth of the value, apart.
        """
        lower, upper = limits
        if not upper > lower:
            room = max(0.5, abs(lower) * 1e-6)
            lower, upper = lower - room, lower + room
        rough = (upper - lower) / max(1, most - 1)
        power = 10.0 ** floor(log10(rough))
        step = power * next(size for size in (1, 2, 5, 10) if size * power >= rough * (1 - 1e-9))
        return cls.every(step, (lower, upper))

    @classmethod
    def every(cls, step: float, limits: tuple[float, float]) -> Axis:
        """The axis over these limits, which differ, with a tick at each multiple of a step."""
        lower, upper = limits
        first, last = ceil(lower / step - 1e-9), floor(upper / step + 1e-9)
        ticks = tuple(number * step for number in range(first, last + 1))
        return cls(lower, upper, ticks, _labels(ticks, step, max(abs(lower), abs(upper))))

    @classmethod
    def log_over(cls, limits: tuple[float, float], most: int) -> Axis:
        """The logarithmic axis over these limits, which are above zero, with at most `most` ticks.

        The ticks are 1, 2 and 5 times the powers of ten, or only those powers.
        """
        lower, upper = limits
        if not upper > lower:
            lower, upper = lower / 1.5, lower * 1.5
        powers = range(floor(log10(lower)), ceil(log10(upper)) + 1)
        for digits in ((1, 2, 5), (1, 3), (1,)):
            every = (digit * 10.0**power for power in powers for digit in digits)
            ticks = tuple(tick for tick in every if lower <= tick <= upper)
            if len(ticks) <= most:
                break
        return cls(lower, upper, ticks, tuple(map(_short, ticks)), log=True)

    def with_ticks(self, ticks: Sequence[float]) -> Axis:
        """The same axis with other ticks; those beyond its limits are left out."""
        kept = tuple(tick for tick in ticks if self.lower <= tick <= self.upper)
        return replace(self, ticks=kept, labels=tuple(map(_short, kept)))

    def in_even_units(self, values: npt.ArrayLike) -> FloatArray:
        """Where values are, in units in which the axis is even; nowhere if it has no place."""
        places = np.asarray(values, np.float64)
        if not self.log:
            return places
        return np.log10(places, out=np.full_like(places, np.nan), where=places > 0)

    @property
    def even(self) -> Axis:
        """The same axis in units in which it is even."""
        if not self.log:
            return self
        lower, upper = self.in_even_units([self.lower, self.upper]).tolist()
        return Axis(lower, upper, tuple(self.in_even_units(self.ticks).tolist()), self.labels)

    def share(self, value: float) -> float:
        """Where a value is: 0 at the lower limit, 1 at the upper one."""
        at, lower, upper = self.in_even_units([value, self.lower, self.upper]).tolist()
        return float((at - lower) / (upper - lower))

    def without_crowded(self, cells: int, reserved: int) -> Axis:
        """The axis without the ticks whose labels would touch each other on `cells` cells.

        `reserved` cells at the right end are kept free for the label of the axis; without one the
        last label stands a little further left if need be.
        """
        room, end = cells - reserved - 1, -inf
        kept: list[tuple[float, str]] = []
        for tick, label in zip(self.ticks, self.labels, strict=True):
            middle = self.share(tick) * cells
            if not reserved:
                middle = min(middle, cells - len(label) / 2)
            if middle - len(label) / 2 > end and (
                not reserved or middle + len(label) / 2 + 1 <= room
            ):
                kept.append((tick, label))
                end = middle + len(label) / 2 + 1
        return replace(
            self, ticks=tuple(tick for tick, _ in kept), labels=tuple(label for _, label in kept)
        )


def _labels(ticks: tuple[float, ...], step: float, largest: float) -> tuple[str, ...]:
    """The ticks as text, all with the same digits, large ones as thousands (k), millions (M)..."""
    unit, suffix = _unit(largest / 10)
    digits = max(0, -floor(log10(step / unit) + 1e-9))
    return tuple(f"{tick / unit:.{digits}f}{suffix}" for tick in ticks)


def _short(tick: float) -> str:
    """One tick as text."""
    unit, suffix = _unit(abs(tick))
    return f"{significant(tick / unit, 4)}{suffix}"


def _unit(value: float) -> tuple[float, str]:
    units = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
    return next((of for of in units if value >= of[0]), (1.0, ""))
