"""Lengths from a file with generated arrivals, the `lengths:` of a workload file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from tui_batching.errors import InputError, one_of
from tui_batching.requests import Requests
from tui_batching.workload.arrivals import Arrivals
from tui_batching.workload.asking import Asking
from tui_batching.workload.generate import arrivals_stream
from tui_batching.workload.listed import ListedRequests
from tui_batching.workload.model import ReadingProgress, ignore_progress, refuse_rate
from tui_batching.workload.traces.options import TraceOptions
from tui_batching.workload.traces.source import Trace
from tui_batching.workload.traces.text import open_text

LENGTHS_OPTIONS = (
    *("format", "columns", "where", "result"),
    *("limit", "max_input", "max_output", "over"),
)
"""The options of a trace that a file of lengths has: those that are not about time."""


@dataclass(frozen=True)
class TraceLengths:
    """The lengths in a file, one after the other, with arrivals drawn from a recipe.

    Attributes:
        trace: the file; its own arrivals, if it has any, are not looked at.
        arrivals: when they arrive.
        seed: chooses the draws; the arrivals are those of a recipe with the same seed.
        count: take the first ones; None for all.
        max_tokens: how many tokens clients ask for; None as the file says, or else exactly as many
            as they get.
    """

    trace: Trace
    arrivals: Arrivals
    seed: int = 0
    count: int | None = None
    max_tokens: Asking | None = None

    def make_requests(self, progress: ReadingProgress = ignore_progress) -> Requests:
        """The requests in arrival order; the file is read on the first call.

        Raises:
            InputError: if the file is not as expected, the count does not fit it, or the last
                arrival lies beyond the clock.
        """
        self.trace.read(progress)
        return self._listed.make_requests()

    @property
    def notices(self) -> tuple[str, ...]:
        """What was read, what was left out and why."""
        _, counts = self.trace.read()
        return counts.sentence, *counts.doubts, *self._listed.notices

    @property
    def rate(self) -> float | None:
        """Requests per second on average; None where all arrive at once."""
        return self.arrivals.rate

    def with_rate(self, rate: float) -> Self:
        """The same lengths, with arrivals at `rate` requests per second on average.

        Raises:
            InputError: if it is not a finite number above zero, or all arrive at once.
        """
        refuse_rate(rate)
        return replace(self, arrivals=self.arrivals.with_rate(rate))

    def at_load(self, rate: float, position: int) -> Self:  # noqa: ARG002
        """As `with_rate`; at its own rate it is itself.

        Raises:
            InputError: as `with_rate` does.
        """
        return self if rate == self.rate else self.with_rate(rate)

    def with_count(self, count: int) -> Self:
        """The first `count` lengths."""
        return replace(self, count=count)

    def with_max_tokens(self, rule: Asking) -> Self:
        """The same requests, asking for what the rule says."""
        return replace(self, max_tokens=rule)

    def with_seed(self, seed: int) -> Self:
        """The same lengths with other arrivals."""
        return replace(self, seed=seed)

    def with_option(self, name: str, value: Any) -> Self:
        """The same file with an option of `TraceOptions` changed.

        Raises:
            InputError: if it is about times, which lengths do not have.
        """
        if name not in LENGTHS_OPTIONS:
            raise InputError(f"found {name} of lengths, expected {one_of(LENGTHS_OPTIONS)}")
        return replace(self, trace=self.trace.with_option(name, value))

    @cached_property
    def _listed(self) -> ListedRequests:
        listed, _ = self.trace.read()
        if self.count is not None:
            listed = listed.with_count(self.count)
        drawn = self.arrivals.draw(arrivals_stream(self.seed), len(listed.requests))
        # In the order of the file, whose rows the ids are.
        requests = listed.requests.part(np.argsort(listed.requests.id, kind="stable"))
        listed = replace(listed, requests=requests.with_columns(arrival_time=drawn))
        return listed if self.max_tokens is None else listed.with_max_tokens(self.max_tokens)


def find_lengths(
    path: Path, arrivals: Arrivals, seed: int = 0, options: TraceOptions | None = None
) -> TraceLengths:
    """A file of lengths as a source; they are not read yet.

    Args:
        path: the file.
        arrivals: when the requests arrive.
        seed: chooses the draws.
        options: how it is read and what is taken of it.

    Raises:
        InputError: if the file cannot be opened or is empty.
    """
    with open_text(path, ignore_progress):
        return TraceLengths(Trace(path, options or TraceOptions(), timed=False), arrivals, seed)
