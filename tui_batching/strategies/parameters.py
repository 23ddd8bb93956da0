"""The parameters of strategies: what they are called, how they are read, checked and told.

Workload files and `--set`, the dataclasses themselves, tables, titles and exports all go by these.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui_batching.clock import format_duration, to_seconds
from tui_batching.errors import InputError

if TYPE_CHECKING:
    from tui_batching.workload.fields import Field

MAX_SLOTS = 1_000_000
"""Beyond any accelerator, and so few that every slot can be drawn."""


@dataclass(frozen=True, slots=True)
class Parameter(ABC):
    """One parameter of a strategy.

    Attributes:
        name: of the dataclass's field, and the key in workload files.
        label: what it is called in tables.
        aliases: further keys that mean the same.
        quiet: whether tables tell it only where it is not the default.
    """

    name: str
    label: str
    aliases: tuple[str, ...] = ()
    quiet: bool = False

    @abstractmethod
    def read(self, field: Field) -> Any:
        """The value in a file or a setting.

        Raises:
            InputError: if it is not as expected, with the field's place.
        """

    @abstractmethod
    def check(self, value: Any) -> None:
        """Refuse a value out of range.

        Raises:
            InputError: if it is.
        """

    def text(self, value: Any) -> str:
        """The value for reading."""
        return str(value)

    def exported(self, value: Any) -> int | float | str:
        """The value for JSON."""
        plain: int | float | str = value
        return plain


@dataclass(frozen=True, slots=True)
class Count(Parameter):
    """A whole number of something."""

    least: int = 1
    most: int = MAX_SLOTS

    def read(self, field: Field) -> int:
        """A whole number within the limits."""
        return field.whole(least=self.least, most=self.most)

    def check(self, value: int) -> None:
        """It is within the limits."""
        for holds, limit in (
            (value >= self.least, f">= {self.least}"),
            (value <= self.most, f"<= {self.most}"),
        ):
            if not holds:
                raise InputError(f"{self.name}: found {value!r}, expected a whole number {limit}")

    def text(self, value: int) -> str:
        """With separators."""
        return f"{value:,}"


@dataclass(frozen=True, slots=True)
class Duration(Parameter):
    """A span of time."""

    def read(self, field: Field) -> int:
        """A duration with its unit, in picoseconds."""
        return field.duration()

    def check(self, value: int) -> None:
        """It is not negative."""
        if value < 0:
            raise InputError(f"{self.name}: expected a duration that is not negative")

    def text(self, value: int) -> str:
        """With the unit that suits it."""
        return format_duration(value)

    def exported(self, value: int) -> float:
        """In seconds."""
        return to_seconds(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Parameter):
    """One of a few words."""

    options: tuple[str, ...]

    def read(self, field: Field) -> str:
        """One of the words."""
        return field.choice(*self.options)

    def check(self, value: str) -> None:
        """It is one of the words."""
        if value not in self.options:
            raise InputError(f"{self.name}: found {value!r}, expected {' or '.join(self.options)}")

    def text(self, value: str) -> str:
        """Without underscores."""
        return value.replace("_", " ")
