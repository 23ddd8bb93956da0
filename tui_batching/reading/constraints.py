"""What a value may be, told once for files, the command line and Python alike.

A constraint is called with a field to read a value that meets it, and refuses others with the
field's place; `check` refuses a value that comes from Python.
"""

from __future__ import annotations

import math
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, TypeAlias

from tui_batching.clock import HORIZON, MICROSECOND, Picoseconds
from tui_batching.errors import InputError, one_of

if TYPE_CHECKING:
    from tui_batching.reading.fields import Field

LARGEST = 2**63 - 1
"""The largest whole number that an int64 column holds."""

HORIZON_IN_MICROSECONDS = HORIZON // MICROSECOND
"""The longest duration where it is told as a whole number of microseconds."""


class Constraint(ABC):
    """What values a parameter may have."""

    @abstractmethod
    def __call__(self, field: Field) -> Any:
        """The value of the field.

        Raises:
            InputError: if it does not meet the constraint.
        """

    def check(self, name: str, value: Any) -> None:
        """Check a value from Python.

        Raises:
            InputError: if it does not meet the constraint; the sentence starts with `name`.
        """
        if not self._allows(value):
            raise InputError(f"{name}: found {value!r}, expected {self._expected}")

    @abstractmethod
    def _allows(self, value: Any) -> bool: ...

    @property
    @abstractmethod
    def _expected(self) -> str: ...


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


Constraints: TypeAlias = Mapping[str, Constraint]
"""The constraints of a dataclass, by the names of its attributes."""


def check_constraints(made: object, constraints: Constraints) -> None:
    """Check the attributes of a dataclass; None meets every constraint.

    Raises:
        InputError: at the first that does not meet its constraint.
    """
    for name, constraint in constraints.items():
        value = getattr(made, name)
        if value is not None:
            constraint.check(name, value)


@dataclass(frozen=True, slots=True)
class Whole(Constraint):
    """Whole numbers from `least` to `most`."""

    least: int = 0
    most: int = LARGEST

    def __call__(self, field: Field) -> int:
        """The whole number in the field."""
        return field.whole(self.least, self.most)

    def _allows(self, value: Any) -> bool:
        return _is_whole(value) and bool(self.least <= value <= self.most)

    @property
    def _expected(self) -> str:
        if self.most == LARGEST:
            return f"a whole number >= {self.least}"
        return f"a whole number from {self.least} to {self.most}"


@dataclass(frozen=True, slots=True)
class WholeOrNone(Whole):
    """Whole numbers from `least` to `most`, or the word `none`, which is None in Python."""

    def __call__(self, field: Field) -> int | None:  # type: ignore[override]
        """The whole number in the field, or None."""
        return None if field.is_word("none") else Whole.__call__(self, field)


@dataclass(frozen=True, slots=True)
class WholeNumbers(Constraint):
    """Some different whole numbers from `least` on, in ascending order; maybe none."""

    least: int = 0

    def __call__(self, field: Field) -> tuple[int, ...]:
        """The numbers in the field: a list such as `[4, 8]`, `4,8`, or the word `none`."""
        if field.is_word("none"):
            return ()
        parts = field.items() if field.is_list else field.separated(",")
        return tuple(sorted({part.whole(self.least) for part in parts}))

    def _allows(self, value: tuple[int, ...]) -> bool:
        return list(value) == sorted({n for n in value if self.least <= n <= LARGEST})

    @property
    def _expected(self) -> str:
        return f"ascending whole numbers >= {self.least}"


@dataclass(frozen=True, slots=True)
class Number(Constraint):
    """Finite numbers greater than `above`, up to `most`."""

    above: float
    most: float = sys.float_info.max

    def __call__(self, field: Field) -> float:
        """The number in the field."""
        return field.decimal(self.above, self.most)

    def _allows(self, value: Any) -> bool:
        return _is_number(value) and bool(self.above < value <= self.most)

    @property
    def _expected(self) -> str:
        if self.most == sys.float_info.max:
            return f"a finite number > {self.above:g}"
        return f"a number > {self.above:g} and <= {self.most:g}"


@dataclass(frozen=True, slots=True)
class FromZero(Constraint):
    """Finite numbers from 0 up to, and without, `below`: a share of something is below 1."""

    below: float = math.inf

    def __call__(self, field: Field) -> float:
        """The number in the field."""
        value = field.decimal()
        if not self._allows(value):
            raise field.error(self._expected)
        return value

    def _allows(self, value: Any) -> bool:
        return _is_number(value) and bool(0 <= value < self.below)

    @property
    def _expected(self) -> str:
        if self.below == math.inf:
            return "a finite number >= 0"
        return f"a number >= 0 and < {self.below:g}"


@dataclass(frozen=True, slots=True)
class Flag(Constraint):
    """`true` and `false`."""

    def __call__(self, field: Field) -> bool:
        """Whether the field says `true`."""
        return field.flag()

    def _allows(self, value: bool) -> bool:
        return isinstance(value, bool)

    @property
    def _expected(self) -> str:
        return one_of(("true", "false"))


@dataclass(frozen=True, slots=True)
class Duration(Constraint):
    """Picoseconds, from zero or from one on, to the end of the clock or, on another one, beyond."""

    longer_than_zero: bool = False
    most: Picoseconds | None = HORIZON

    def __call__(self, field: Field) -> Picoseconds:
        """The duration in the field, in picoseconds."""
        return field.duration(longer_than_zero=self.longer_than_zero, most=self.most)

    def check(self, name: str, value: Any) -> None:
        """Check a value from Python: neither text nor seconds, which would be taken for less.

        Raises:
            InputError: if it does not meet the constraint; the sentence starts with `name`.
        """
        if not _is_whole(value):
            raise InputError(
                f"{name}: found {value!r}, expected a whole number of picoseconds, "
                "such as parse_duration('300ms')"
            )
        Constraint.check(self, name, value)

    def _allows(self, value: Picoseconds) -> bool:
        return self.longer_than_zero <= value and (self.most is None or value <= self.most)

    @property
    def _expected(self) -> str:
        ending = "longer than zero" if self.longer_than_zero else "that is not negative"
        if self.most is None:
            return f"a duration {ending}"
        return f"a duration {ending}, of at most 106 days (the clock's horizon)"


@dataclass(frozen=True, slots=True)
class DurationsByCount(Constraint):
    """A duration for each of some whole numbers >= 1, as pairs in ascending order."""

    def __call__(self, field: Field) -> tuple[tuple[int, Picoseconds], ...]:
        """The mapping in the field, such as `{8: 10us, 64: 2us}`."""
        return tuple(sorted((count, value.duration()) for count, value in field.numbered()))

    def _allows(self, value: tuple[tuple[int, Picoseconds], ...]) -> bool:
        counts = [count for count, _ in value]
        ascending = counts == sorted(set(counts)) and all(count >= 1 for count in counts)
        return ascending and all(0 <= price <= HORIZON for _, price in value)

    @property
    def _expected(self) -> str:
        return "ascending whole numbers >= 1, each with a duration"


@dataclass(frozen=True, slots=True)
class OneOf(Constraint):
    """The words in `allowed`."""

    allowed: tuple[str, ...]

    def __call__(self, field: Field) -> str:
        """The word in the field."""
        return field.choice(*self.allowed)

    def _allows(self, value: str) -> bool:
        return value in self.allowed

    @property
    def _expected(self) -> str:
        return one_of(self.allowed)


@dataclass(frozen=True, slots=True)
class Pairs(Constraint):
    """Texts by name, as a tuple of pairs in the order of the names in `allowed`, or as written."""

    allowed: tuple[str, ...] = ()

    def __call__(self, field: Field) -> tuple[tuple[str, str], ...]:
        """The mapping in the field, or what stands in `a=x,b=y`."""
        found = {key: value.single() for key, value in field.pairs(self.allowed).items()}
        return tuple((key, found[key]) for key in self.allowed or found if key in found)

    def _allows(self, value: tuple[tuple[str, str], ...]) -> bool:
        names = [name for name, _ in value]
        return len(set(names)) == len(names) and (not self.allowed or set(names) <= {*self.allowed})

    @property
    def _expected(self) -> str:
        return f"pairs of a name, {one_of(self.allowed)}, and a text" if self.allowed else "pairs"
