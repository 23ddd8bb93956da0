"""The service level objective: what each request, or a statistic of all of them, may take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from tui_batching.clock import Picoseconds
from tui_batching.errors import InputError
from tui_batching.reading.constraints import Constraints, Duration, check_constraints
from tui_batching.reading.fields import Field

LIMITED = ("ttft", "tpot", "e2el")
"""The quantities that a limit may be set for."""
STATISTICS = ("mean", "p50", "p90", "p95", "p99")
"""The statistics of them over all requests that a target may be set for."""
_TARGETS = tuple(f"{quantity}.{statistic}" for quantity in LIMITED for statistic in STATISTICS)


@dataclass(frozen=True)
class Target:
    """The most that a statistic over all requests may be.

    Attributes:
        metric: such as `ttft.p95`.
        most: in picoseconds.

    Raises:
        InputError: if there is no such target, or the duration is none, or zero.
    """

    metric: str
    most: Picoseconds

    def __post_init__(self) -> None:
        if self.metric not in _TARGETS:
            raise InputError(f"found {self.metric!r}, expected a target such as ttft.p95")
        Duration(longer_than_zero=True).check(self.metric, self.most)

    @property
    def quantity(self) -> str:
        """What is limited: one of `LIMITED`."""
        return self.metric.partition(".")[0]

    @property
    def share(self) -> float | None:
        """The share of requests that has to be within; None for a mean."""
        statistic = self.metric.partition(".")[2]
        return None if statistic == "mean" else int(statistic.removeprefix("p")) / 100


@dataclass(frozen=True)
class ServiceLevel:
    """What each request may take at most, and what statistics of all may be; None: no limit.

    Attributes:
        ttft: the time to the first token, of each request.
        tpot: the time per output token, of each request.
        e2el: the whole latency, of each request.
        targets: the most that statistics of these may be, each once.

    Raises:
        InputError: if a duration is none, or zero.
    """

    constraints: ClassVar[Constraints] = dict.fromkeys(
        (*LIMITED, *_TARGETS), Duration(longer_than_zero=True)
    )
    """Of each limit, by its key in files and settings."""

    ttft: Picoseconds | None = None
    tpot: Picoseconds | None = None
    e2el: Picoseconds | None = None
    targets: tuple[Target, ...] = ()

    def __post_init__(self) -> None:
        check_constraints(self, {name: self.constraints[name] for name in LIMITED})

    @classmethod
    def of(cls, limits: Mapping[str, Picoseconds]) -> Self:
        """The service level of these limits, by the keys of `constraints`.

        Raises:
            InputError: if there is no such key, or a duration is none, or zero.
        """
        each = {name: most for name, most in limits.items() if name in LIMITED}
        targets = [Target(name, most) for name, most in limits.items() if name not in LIMITED]
        order = {name: place for place, name in enumerate(_TARGETS)}
        return cls(**each, targets=tuple(sorted(targets, key=lambda each: order[each.metric])))

    @property
    def limits(self) -> dict[str, Picoseconds]:
        """All limits that are set, by their keys."""
        each = {name: getattr(self, name) for name in LIMITED}
        told = {name: most for name, most in each.items() if most is not None}
        return told | {target.metric: target.most for target in self.targets}

    @property
    def of_each(self) -> Self | None:
        """The limits that each request has; None where there are none."""
        alone = replace(self, targets=())
        return alone if alone.limits else None

    def with_limit(self, key: str, most: Picoseconds) -> Self:
        """The same with one limit set.

        Raises:
            InputError: as `of` does.
        """
        return self.of(self.limits | {key: most})


def read_service_level(field: Field) -> ServiceLevel:
    """Read `{ttft: 2s, ttft.p95: 500ms}` or `ttft=2s,ttft.p95=500ms`.

    Raises:
        InputError: if a key or a value is not as expected.
    """
    found, read = field.pairs(tuple(ServiceLevel.constraints)), ServiceLevel.constraints
    return ServiceLevel.of({key: read[key](each) for key, each in found.items()})
