"""The three strategies and their parameters; how each one schedules is told in `sim/`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from tui_batching.clock import MILLISECOND, Picoseconds
from tui_batching.errors import InputError

TimeoutFrom: TypeAlias = Literal["server_free", "arrival"]
PadTo: TypeAlias = Literal["batch", "workload"]


MAX_BATCH_SIZE = 1_000_000
"""The most slots; beyond any accelerator, and so few that every slot can be drawn."""


def _check_batch_size(batch_size: int) -> None:
    if batch_size < 1:
        raise InputError(f"batch_size: found {batch_size!r}, expected a whole number >= 1")
    if batch_size > MAX_BATCH_SIZE:
        raise InputError(
            f"batch_size: found {batch_size!r}, expected a whole number <= {MAX_BATCH_SIZE}"
        )


@dataclass(frozen=True, slots=True)
class Static:
    """Wait for a full batch and run it to its longest member.

    Attributes:
        batch_size: requests in a batch.
        pad_to: `workload` runs every batch to the longest answer of all requests, as naive static
            batching does, which asks for that many tokens each time.
    """

    name: ClassVar[str] = "static"
    batch_size: int = 4
    pad_to: PadTo = "batch"

    def __post_init__(self) -> None:
        _check_batch_size(self.batch_size)
        if self.pad_to not in ("batch", "workload"):
            raise InputError(f"pad_to: found {self.pad_to!r}, expected batch or workload")

    @property
    def is_padded(self) -> bool:
        """Whether batches run on beyond their own longest member."""
        return self.pad_to == "workload"


@dataclass(frozen=True, slots=True)
class Dynamic:
    """As static, but a batch also starts when a timeout passes.

    Attributes:
        batch_size: the most requests in a batch.
        timeout: how long a batch may form.
        timeout_from: whether the clock counts from the moment the server is free and somebody
            waits (`server_free`) or from the oldest waiting request's arrival (`arrival`, as
            NVIDIA Triton's `max_queue_delay_microseconds` does).
    """

    name: ClassVar[str] = "dynamic"
    batch_size: int = 4
    timeout: Picoseconds = 500 * MILLISECOND
    timeout_from: TimeoutFrom = "server_free"

    def __post_init__(self) -> None:
        _check_batch_size(self.batch_size)
        if self.timeout < 0:
            raise InputError("timeout: expected a duration that is not negative")
        if self.timeout_from not in ("server_free", "arrival"):
            raise InputError(
                f"timeout_from: found {self.timeout_from!r}, expected server_free or arrival"
            )


@dataclass(frozen=True, slots=True)
class Continuous:
    """Admit and release requests between decode steps (Orca, OSDI '22)."""

    name: ClassVar[str] = "continuous"
    batch_size: int = 4

    def __post_init__(self) -> None:
        _check_batch_size(self.batch_size)


Strategy: TypeAlias = Static | Dynamic | Continuous

DEFAULT_STRATEGIES: tuple[Strategy, ...] = (Static(), Dynamic(), Continuous())
