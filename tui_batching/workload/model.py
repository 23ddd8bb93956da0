"""A workload: what arrives, what it costs, and which strategies serve it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol, TypeAlias

from tui_batching.cost import Cost, LinearCost
from tui_batching.errors import InputError
from tui_batching.reading.constraints import Number
from tui_batching.reading.fields import Field
from tui_batching.requests import Requests
from tui_batching.strategies import DEFAULT_STRATEGIES, MeasuredServer, Strategy, mark_of
from tui_batching.workload.asking import Asking
from tui_batching.workload.service_level import ServiceLevel

RATE = Number(above=0)
"""Of arrivals, in requests per second."""


def refuse_rate(rate: float) -> None:
    """Refuse what is no rate of arrivals in requests per second.

    Raises:
        InputError: if it is not a finite number above zero.
    """
    RATE.check("rate", rate)


def arrives_beyond_clock() -> InputError:
    """The sentence that refuses requests of which the last arrives too late."""
    return InputError("the last arrival lies beyond 106 days, where the clock ends")


ReadingProgress: TypeAlias = Callable[[float], None]
"""Is told the share of a long file that has been read, from 0 to 1."""


def ignore_progress(share: float) -> None:
    """The progress of reading that nobody watches."""


class Source(Protocol):
    """Where requests come from: a list, a trace, or a recipe that draws them."""

    def make_requests(self, progress: ReadingProgress = ignore_progress) -> Requests:
        """The requests, the same ones every time; `progress` is told of a long first time."""
        ...

    @property
    def notices(self) -> tuple[str, ...]:
        """What a user should know of how the requests came about, a sentence each."""
        ...

    @property
    def hash_block(self) -> int | None:
        """So many tokens at once it is known what requests share; None where it is to the token."""
        ...

    def with_rate(self, rate: float) -> Source:
        """The same source with arrivals at `rate` requests per second on average."""
        ...

    def at_load(self, rate: float, position: int) -> Source:
        """This source at `rate`, as the load at `position`, from 0, of several to be compared."""
        ...

    @property
    def rate(self) -> float | None:
        """Requests per second on average; None where all arrive at once."""
        ...

    @property
    def seed(self) -> int | None:
        """The seed of the draws; None for a list."""
        ...

    def with_seed(self, seed: int) -> Source:
        """The same recipe with another seed; InputError for a list."""
        ...

    def with_count(self, count: int) -> Source:
        """The same recipe with another number of requests; for a list, its first `count`."""
        ...

    def with_max_tokens(self, rule: Asking) -> Source:
        """The same requests, asking for what the rule says."""
        ...


COST = "cost"
"""What `Workload.assumed` calls the cost."""


@dataclass(frozen=True)
class Note:
    """What a user should know of a workload, as long as it has what that is about.

    Attributes:
        sentence: without a full stop.
        about: a cost or strategies; None for what always holds.
    """

    sentence: str
    about: Cost | tuple[Strategy, ...] | None = None

    def is_of(self, workload: Workload) -> bool:
        """Whether the workload still has what this is about."""
        return self.about in (None, workload.cost, workload.strategies)


@dataclass(frozen=True)
class Workload:
    """What arrives, what it costs and which strategies serve it.

    Attributes:
        name: what it is called.
        source: what arrives.
        description: what to watch for.
        cost: what an iteration costs.
        strategies: which serve it, in this order.
        slo: what requests may take at most.
        assumed: `COST`, and the names of strategies, where the cost or the slots of recorded
            traffic are the textbook's because nobody has said otherwise.
        measured: the server whose log the requests are of; None of other traffic.
        notes: what else a user should know of how it came about.
        common: what settings without a strategy's name have said, in their order, by their keys:
            it holds for strategies that are named later, too.
    """

    name: str
    source: Source
    description: str = ""
    cost: Cost = field(default_factory=LinearCost)
    strategies: tuple[Strategy, ...] = DEFAULT_STRATEGIES
    slo: ServiceLevel | None = None
    assumed: frozenset[str] = frozenset()
    measured: MeasuredServer | None = None
    notes: tuple[Note, ...] = ()
    common: tuple[tuple[str, Field], ...] = field(default=(), compare=False)

    @cached_property
    def requests(self) -> Requests:
        """The requests in arrival order, made on first use."""
        return self.source.make_requests()

    @cached_property
    def lanes(self) -> tuple[Strategy, ...]:
        """All that have a lane: the server of the log, of its own requests, and the strategies."""
        logged = self.measured is not None and self.measured.is_of(self.requests)
        return (self.measured, *self.strategies) if self.measured and logged else self.strategies

    @property
    def notices(self) -> tuple[str, ...]:
        """What a user should know of this workload, a sentence each."""
        told = (*self._told_assumptions(), *self._told_blocks(), *self._told_other_requests())
        notes = (each.sentence for each in self.notes if each.is_of(self))
        return *self.source.notices, *notes, *told

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What is served by default, in a few words each."""
        cost = ("textbook cost by default",) if COST in self.assumed else ()
        slots = self._assumed_slots
        return (*cost, f"{slots:,} slots by default") if slots else cost

    def with_cost(self, cost: Cost) -> Workload:
        """With another cost; slots that nobody has chosen are as many as its profile holds for."""
        changed = replace(self, cost=cost, assumed=self.assumed - {COST})
        return changed.with_strategies(self.strategies)

    def with_strategies(self, strategies: Iterable[Strategy], *chosen: str) -> Workload:
        """Served by others.

        Args:
            strategies: those, in this order.
            chosen: the names of strategies whose slots are now chosen.

        Raises:
            InputError: if two have the same mark.
        """
        strategies = tuple(strategies)
        _check_marks(strategies)
        present = {each.name for each in self.strategies}
        tagged = (each for each in strategies if each.tag and each.name not in present)
        also = {each.name for each in tagged if each.about.name in self.assumed}
        assumed = (self.assumed | also).difference(chosen)
        batch = self.cost.profile.batch if self.cost.profile else None
        return replace(
            self,
            assumed=assumed,
            strategies=tuple(
                each.with_slots(batch[1]) if batch and each.name in assumed else each
                for each in strategies
            ),
        )

    def served_by(self, *strategies: Strategy | str) -> Workload:
        """Served by these, in this order, such as `workload.served_by("vllm", Static(8))`.

        One that is named has the parameters that it has here, or else those by default, with what
        settings for all have said, such as `batch_size`.

        Raises:
            InputError: if there is no strategy called so, one is there twice, there is none, or
                what has been said for all does not fit.
        """
        from tui_batching.workload.serving import choose_strategies  # noqa: PLC0415 - needs this

        return choose_strategies(self, strategies)

    def with_settings(self, settings: Mapping[str, object] | Iterable[str]) -> Workload:
        """With these settings one after the other; this workload stays as it is.

        Args:
            settings: by their keys, such as `{"continuous.batch_size": 8, "slo.ttft": "500ms"}`, or
                as text, such as `["batch_size=8"]`. The keys are those of `--set`. A duration is a
                text with its unit, or a number of seconds.

        Raises:
            InputError: if a key is unknown, or a value is not as expected or does not fit.
        """
        from tui_batching.workload.settings import apply_settings  # noqa: PLC0415 - needs this

        return apply_settings(self, settings)

    @property
    def _assumed_slots(self) -> int | None:
        """How many slots those have whose slots nobody has chosen."""
        slots = [each.slots for each in self.strategies if each.name in self.assumed]
        return slots[0] if slots else None

    def _told_assumptions(self) -> Iterator[str]:
        if COST in self.assumed:
            yield (
                "nothing says what an iteration costs: it is the textbook's "
                "(cost=h100-llama-3-8b takes a profile)"
            )
        if self._assumed_slots:
            profile = self.cost.profile
            whose = f"{profile.name} holds for" if profile and profile.batch else "the textbook has"
            yield (
                f"nothing says how many slots there are: they are the {self._assumed_slots:,} that "
                f"{whose} (batch_size=32 takes others)"
            )

    def _told_other_requests(self) -> Iterator[str]:
        if self.measured is not None and self.measured not in self.lanes:
            yield "nothing measured is shown: requests or arrivals are other than in the log"

    def _told_blocks(self) -> Iterator[str]:
        known = self.source.hash_block
        for strategy in self.strategies if known else ():
            block = strategy.parameter_called("block_size")
            size = strategy.value(block.name) if block and strategy.caches_prefixes else 1
            if known and known % size:
                yield (
                    f"{strategy.name}: blocks of {size:,} tokens do not divide those of {known:,} "
                    "by which it is known what requests share: of the last one a part is missed"
                )

    def strategy(self, name: str) -> Strategy:
        """The strategy called `name`.

        Raises:
            InputError: if this workload has no such strategy.
        """
        for strategy in self.strategies:
            if strategy.name == name:
                return strategy
        raise InputError(f"{name}: expected one of {join_names(s.name for s in self.strategies)}")


def _check_marks(strategies: Sequence[Strategy]) -> None:
    """Refuse tags that begin alike: without colours nobody could tell their lanes apart."""
    marks: dict[str, str] = {}
    for name in (each.name for each in strategies if each.tag):
        other = marks.setdefault(mark_of(name), name)
        if other != name:
            raise InputError(
                f"found {other} and {name}, expected tags that begin with different signs, "
                "which mark them in pictures"
            )


def join_names(names: Iterable[str]) -> str:
    """Names for a sentence: `a, b, c`."""
    return ", ".join(names)
