"""Lengths from a file with generated arrivals, the `lengths:` of a workload file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from tui_batching.errors import InputError, one_of
from tui_batching.workload.arrivals import Arrivals
from tui_batching.workload.generate import arrivals_stream
from tui_batching.workload.listed import ListedRequests
from tui_batching.workload.model import ignore_progress, refuse_rate
from tui_batching.workload.traces.headers import rows_beside
from tui_batching.workload.traces.options import TraceOptions
from tui_batching.workload.traces.source import FromFile, Trace
from tui_batching.workload.traces.text import open_text

LENGTHS_OPTIONS = (
    *("format", "columns", "where", "result", "hash_block"),
    *("limit", "max_input", "max_output", "over"),
)
"""The options of a trace that a file of lengths has: those that are not about time."""


@dataclass(frozen=True)
class TraceLengths(FromFile):
    """The lengths in a file, one after the other, with arrivals drawn from a recipe.

    Arrivals of its own, if it has any, are not looked at.

    Attributes:
        arrivals: when they arrive.
        seed: chooses the draws; the arrivals are those of a recipe with the same seed.
    """

    arrivals: Arrivals
    seed: int = 0

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
    path = rows_beside(path)
    with open_text(path, ignore_progress):
        return TraceLengths(Trace(path, options or TraceOptions(), timed=False), arrivals, seed)
