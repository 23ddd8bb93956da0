"""What every strategy is: parameters with a rule, and what there is to know of it."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from tui_batching.clock import Picoseconds
from tui_batching.errors import InputError
from tui_batching.numbers import counted
from tui_batching.printable import quoted
from tui_batching.reading.constraints import Constraints, check_constraints
from tui_batching.strategies.parameters import KV_CACHE_TOKENS, MAX_SLOTS, Parameter

if TYPE_CHECKING:
    from tui_batching.cost import Cost
    from tui_batching.requests import Requests
    from tui_batching.sim.run import Run
    from tui_batching.sim.stream_blocks import StreamBlocks


TAG = re.compile("[a-z0-9][a-z0-9_-]{0,11}")
"""What tells a lane from another one of the same kind."""


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
        name: its word in files and on the command line.
        mark: one sign that tells it from the others without colour.
        colour: which of the themes' colours for strategies is its own, from 0; None for that of
            text.
        parameters: in the order of the dataclass's fields.
        lesson: what there is to learn.
        iteration_level: whether requests come and go between iterations, or in whole batches.
        spelled: the name as its makers write it, which differs in capitals alone; empty where
            nobody does.
        brief: the same where there is little room; empty where there is no shorter one.
    """

    name: str
    mark: str
    colour: int | None
    parameters: tuple[Parameter, ...]
    lesson: Lesson
    iteration_level: bool
    spelled: str = ""
    brief: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What an engine asks for before the first in the queue may join, as far as it can be told.

    Attributes:
        tokens: of KV memory that must be free; None where it goes by something else.
        spare_blocks: blocks that must be free beside them.
        estimates: whether memory goes by an estimate of what those who run will take.
        budget: the most tokens of an iteration; None for no limit.
        whole: whether a prompt must fit into one iteration.
        planned_ahead: whether an iteration is planned while the one before runs.
        evicting: whether somebody may join in an iteration for which another one was evicted.
        joins_running: whether anybody joins while others run.
        quorum: how many must join together.
        pauses: whether an iteration goes by without a look at the queue after some have joined.
        tries_again: whether others may join before one leaves, once the batch is full.
    """

    tokens: int | None = None
    spare_blocks: int = 0
    estimates: bool = False
    budget: int | None = None
    whole: bool = False
    planned_ahead: bool = False
    evicting: bool = True
    joins_running: bool = True
    quorum: int = 1
    pauses: bool = False
    tries_again: bool = True


@dataclass(frozen=True)
class Strategy(ABC):
    """Who may run when; the other fields of each kind are its parameters.

    Attributes:
        tag: tells it from others of its kind, such as `512` with a smaller budget; empty where
            there is only one.
    """

    about: ClassVar[About]
    textbook: ClassVar[bool] = False
    """Whether it is the textbook's: prompts are processed whole, and nobody is ever evicted."""

    tag: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        check_constraints(self, self.constraints())
        if self.tag and not TAG.fullmatch(self.tag):
            raise InputError(
                f"{self.about.name}@: found {quoted(self.tag)}, expected up to 12 small letters, "
                "digits, '-' and '_'"
            )

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

    def stream_blocks(self, run: Run) -> StreamBlocks | None:  # noqa: ARG002
        """Whose content the blocks of its prefix cache are at any time; None where it has none.

        Args:
            run: one of its own. To find it takes as long as to serve the requests once more.
        """
        return None

    @property
    @abstractmethod
    def slots(self) -> int:
        """How many requests may run at once."""

    @abstractmethod
    def with_slots(self, slots: int) -> Self:
        """The same with another number of slots."""

    @property
    def name(self) -> str:
        """What it is called in files and on the command line: `vllm`, `vllm@512`."""
        return f"{self.about.name}@{self.tag}" if self.tag else self.about.name

    @property
    def title(self) -> str:
        """Its name as titles have it: `STATIC`, `vLLM@8k`."""
        return self.titles[0]

    @property
    def titles(self) -> tuple[str, ...]:
        """The title, and a shorter one if there is: `TensorRT-LLM`, `TRT-LLM`."""
        about = self.about
        names = filter(None, (about.spelled or about.name.upper(), about.brief))
        return tuple(f"{name}@{self.tag}" if self.tag else name for name in names)

    @property
    def is_engine(self) -> bool:
        """Whether it is a real engine, of which each iteration is one forward pass."""
        return self.about.iteration_level and not self.textbook

    @property
    def heeds_memory(self) -> bool:
        """Whether it has KV memory, its own or, where it names none, the cost's."""
        return self.parameter_called(KV_CACHE_TOKENS) is not None

    @property
    def reserves(self) -> bool:
        """Whether who is admitted has memory for all that was asked for, so that nobody goes."""
        return False

    @property
    def caches_prefixes(self) -> bool:
        """Whether a request finds in memory what others that began alike have left there."""
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

    def admission(self, known: int, asked: int, running: int, pool: int) -> Admission:  # noqa: ARG002
        """What the first in the queue needs to join.

        Args:
            known: its tokens that are to be computed.
            asked: its prompt and the tokens asked for.
            running: how many run.
            pool: blocks of KV memory; 0 where it has no end.
        """
        return Admission()

    def wordings(self) -> tuple[tuple[str, ...], ...]:
        """The parameters that a title tells, in fewer and fewer words."""
        if not self.is_engine:
            return (f"batch {self.slots}",), (f"{self.slots}",)
        limit, slots = f"{self.slots:,}", counted(self.slots, "slot")
        if self.slots >= MAX_SLOTS:
            limit, slots = "no limit", "no slot limit"
        budget = self.admission(0, 0, 0, 0).budget
        if not budget:
            return (slots,), (slots,), (limit,)
        return (slots, f"budget {budget:,}"), (slots, f"{budget:,}"), (limit, f"{budget:,}")

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

    textbook: ClassVar[bool] = True
    batch_size: int = 4

    @property
    def slots(self) -> int:
        """How many requests may run at once."""
        return self.batch_size

    def with_slots(self, slots: int) -> Self:
        """The same with another batch size."""
        return replace(self, batch_size=slots)
