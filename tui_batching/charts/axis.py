"""The ticks of a chart's axis: few, at round values, with labels as short as they can be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, floor, inf, log10


@dataclass(frozen=True, slots=True)
class Axis:
    """What one axis shows: its limits, which differ, and the ticks within them."""

    lower: float
    upper: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]

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
        first, last = ceil(lower / step - 1e-9), floor(upper / step + 1e-9)
        ticks = tuple(number * step for number in range(first, last + 1))
        return cls(lower, upper, ticks, _labels(ticks, step, max(abs(lower), abs(upper))))

    def without_crowded(self, cells: int, reserved: int) -> Axis:
        """The axis without the ticks whose labels would touch each other on `cells` cells.

        `reserved` cells at the right end are kept free for the label of the axis.
        """
        room, end = cells - (reserved + 1 if reserved else 0), -inf
        kept: list[tuple[float, str]] = []
        for tick, label in zip(self.ticks, self.labels, strict=True):
            middle = (tick - self.lower) / (self.upper - self.lower) * cells
            if middle - len(label) / 2 > end and middle + len(label) / 2 + 1 <= room:
                kept.append((tick, label))
                end = middle + len(label) / 2 + 1
        return replace(
            self, ticks=tuple(tick for tick, _ in kept), labels=tuple(label for _, label in kept)
        )


def _labels(ticks: tuple[float, ...], step: float, largest: float) -> tuple[str, ...]:
    """The ticks as text, all with the same digits, large ones as thousands (k), millions (M)..."""
    units = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
    unit, suffix = next((of for of in units if largest >= 10 * of[0]), (1.0, ""))
    digits = max(0, -floor(log10(step / unit) + 1e-9))
    return tuple(f"{tick / unit:.{digits}f}{suffix}" for tick in ticks)
