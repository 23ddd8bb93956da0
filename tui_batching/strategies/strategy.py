"""What every strategy is: parameters with a rule, and what there is to know of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from tui_batching.clock import Picoseconds, format_duration
from tui_batching.reading.constraints import Constraints, check_constraints
from tui_batching.strategies.parameters import Parameter

if TYPE_CHECKING:
    from tui_batching.cost import Cost
    from tui_batching.requests import Requests
    from tui_batching.sim.run import Run


@dataclass(frozen=True, slots=True)
class Lesson:
    """What there is to learn of a strategy.

    Attributes:
        idea: when a batch starts, and who may join and leave it.
        used_in: programs that serve so.
        complexity: what it takes to build.
        price: what its users pay for the idea; empty where the claims tell it.
        claims: what is said of it, by the names of the checks in `analysis.claims`.
    """

    idea: str
    used_in: str
    complexity: str
    price: str = ""
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class About:
    """What there is to know of a kind of strategy, whatever its parameters.

    Attributes:
        name: its word on screen, in files and on the command line.
        mark: one sign that tells it from the others without colour.
        colour: which of the themes' colours for strategies is its own, from 0.
        parameters: in the order of the dataclass's fields.
        lesson: what there is to learn.
        iteration_level: whether requests come and go between iterations, or in whole batches.
    """

    name: str
    mark: str
    colour: int
    parameters: tuple[Parameter, ...]
    lesson: Lesson
    iteration_level: bool


@dataclass(frozen=True)
class Strategy(ABC):
    """Who may run when; the fields of each kind are its parameters."""

    about: ClassVar[About]

    def __post_init__(self) -> None:
        check_constraints(self, self.constraints())

    @classmethod
    def constraints(cls) -> Constraints:
        """What each parameter may be, by its name."""
        return {parameter.name: parameter.constraint for parameter in cls.about.parameters}

    @classmethod
    def aliases(cls) -> dict[str, str]:
        """What parameters are called elsewhere, each with its name here."""
        return {
            alias: parameter.name
            for parameter in cls.about.parameters
            for alias in parameter.aliases
        }

    @classmethod
    def parameter_called(cls, key: str) -> Parameter | None:
        """The parameter of this name or alias; None where there is none."""
        called = (each for each in cls.about.parameters if each.is_called(key))
        return next(called, None)

    @abstractmethod
    def serve(self, requests: Requests, cost: Cost) -> Run:
        """The Run of serving these requests; pure, exact and repeatable.

        Raises:
            InputError: if it would last beyond the clock's 106 days.
        """

    @property
    @abstractmethod
    def slots(self) -> int:
        """How many requests may run at once."""

    @abstractmethod
    def with_slots(self, slots: int) -> Self:
        """The same with another number of slots."""

    @property
    def name(self) -> str:
        """What it is called on screen, in files and on the command line."""
        return self.about.name

    @property
    def reserves(self) -> bool:
        """Whether who is admitted has memory for all that was asked for, so that nobody goes."""
        return False

    @property
    def is_padded(self) -> bool:
        """Whether batches run on beyond their own longest member, to the longest of all."""
        return False

    def closes_at(self, opened: Picoseconds, oldest: Picoseconds) -> Picoseconds | None:  # noqa: ARG002
        """When a forming batch starts at the latest; None where it waits until it is full.

        Args:
            opened: when the server was free and a request was there.
            oldest: the arrival of the first in the queue.
        """
        return None

    def wordings(
        self,
        spell: Callable[[Picoseconds], str] = format_duration,  # noqa: ARG002
    ) -> tuple[tuple[str, ...], ...]:
        """The parameters that a title tells, in fewer and fewer words.

        Args:
            spell: how durations are written.
        """
        return (f"batch {self.slots}",), (f"{self.slots}",)

    def told(self) -> Iterator[tuple[Parameter, Any]]:
        """The parameters that a table tells, with their values."""
        defaults = {field.name: field.default for field in fields(self)}
        for parameter in self.about.parameters:
            value = getattr(self, parameter.name)
            if not parameter.quiet or value != defaults[parameter.name]:
                yield parameter, value

    def has(self, name: str) -> bool:
        """Whether it has a parameter of this name."""
        return any(parameter.name == name for parameter in self.about.parameters)

    def value(self, name: str) -> Any:
        """The value of the parameter of this name."""
        return getattr(self, name)

    def with_parameter(self, name: str, value: Any) -> Self:
        """The same with one parameter changed."""
        changed: Any = {name: value}
        return replace(self, **changed)


@dataclass(frozen=True)
class Textbook(Strategy):
    """What the textbook's three strategies share.

    Attributes:
        batch_size: the most requests in a batch.
    """

    batch_size: int = 4

    @property
    def slots(self) -> int:
        """How many requests may run at once."""
        return self.batch_size

    def with_slots(self, slots: int) -> Self:
        """The same with another batch size."""
        return replace(self, batch_size=slots)
