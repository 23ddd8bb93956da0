"""A trace as a source of requests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn, Self

from tui_batching.errors import InputError
from tui_batching.printable import printable
from tui_batching.requests import Requests
from tui_batching.workload.asking import Asking
from tui_batching.workload.listed import ListedRequests
from tui_batching.workload.model import ReadingProgress, ignore_progress, refuse_rate
from tui_batching.workload.traces.counts import RowCounts
from tui_batching.workload.traces.formats import recognise
from tui_batching.workload.traces.headers import rows_beside
from tui_batching.workload.traces.options import TraceOptions
from tui_batching.workload.traces.rows import TraceReader
from tui_batching.workload.traces.selection import Selection
from tui_batching.workload.traces.text import open_text


@dataclass
class Trace:
    """A trace file and what is wanted of it; it is read once, when its requests are first needed.

    Attributes:
        path: the file.
        options: how it is read and what is taken of it.
        timed: whether arrivals are read; without, all come at once.
    """

    path: Path
    options: TraceOptions
    timed: bool = True
    _content: tuple[ListedRequests, RowCounts] | None = field(
        default=None, init=False, compare=False, repr=False
    )

    def with_option(self, name: str, value: Any) -> Trace:
        """The same file with an option of `TraceOptions` changed."""
        changed = {name: value}
        return Trace(self.path, replace(self.options, **changed), self.timed)

    def read(self, progress: ReadingProgress = ignore_progress) -> tuple[ListedRequests, RowCounts]:
        """The requests, and what was left out.

        Raises:
            InputError: if the file cannot be read, or a row is not as expected.
        """
        if self._content is None:
            self._content = self._read(progress)
        return self._content

    def _read(self, progress: ReadingProgress) -> tuple[ListedRequests, RowCounts]:
        with open_text(self.path, progress) as text:
            counts = RowCounts(printable(self.path.name), self.options)
            selection = Selection(counts, text.where)
            reader = TraceReader(text, self.options, counts, with_arrivals=self.timed)
            for rows in reader.rows():
                selection.add(rows)
            return ListedRequests(selection.requests(reader.streams)), counts


@dataclass(frozen=True)
class FromFile(ABC):
    """Requests that a file tells wholly or in part, as many as were asked for since.

    Attributes:
        trace: shared by all sources that differ in the other attributes alone.
        count: take the first ones; None for all.
        max_tokens: how many tokens clients ask for; None as the file says, or else exactly as many
            as they get.
    """

    trace: Trace
    count: int | None = field(default=None, kw_only=True)
    max_tokens: Asking | None = field(default=None, kw_only=True)

    @property
    @abstractmethod
    def _listed(self) -> ListedRequests:
        """The requests, as they are served."""

    @property
    @abstractmethod
    def rate(self) -> float | None:
        """Requests per second on average; None where all arrive at once."""

    @abstractmethod
    def with_rate(self, rate: float) -> Self:
        """The same with another rate.

        Raises:
            InputError: if it is not a finite number above zero.
        """

    def make_requests(self, progress: ReadingProgress = ignore_progress) -> Requests:
        """The requests in arrival order; the file is read on the first call.

        Raises:
            InputError: if the file is not as expected, or what was asked for does not fit it.
        """
        self.trace.read(progress)
        return self._listed.make_requests()

    @property
    def notices(self) -> tuple[str, ...]:
        """What was read, what was left out and why."""
        _, counts = self.trace.read()
        return counts.sentence, *counts.doubts, *self._listed.notices

    @property
    def hash_block(self) -> int | None:
        """Tokens of the blocks by whose hashes it is known what requests share."""
        _, counts = self.trace.read()
        return counts.hash_block if counts.hash_block != 1 else None

    def at_load(self, rate: float, position: int) -> Self:  # noqa: ARG002
        """As `with_rate`; at its own rate it is itself.

        Raises:
            InputError: as `with_rate` does.
        """
        return self if rate == self.rate else self.with_rate(rate)

    def with_count(self, count: int) -> Self:
        """The first `count` of them."""
        return replace(self, count=count)

    def with_max_tokens(self, rule: Asking) -> Self:
        """The same requests, asking for what the rule says."""
        return replace(self, max_tokens=rule)


@dataclass(frozen=True)
class TraceRequests(FromFile):
    """The requests of a trace, as many and as fast as was asked for since.

    Attributes:
        wanted_rate: requests per second; None keeps the trace's own.
    """

    wanted_rate: float | None = None

    @property
    def rate(self) -> float | None:
        """Gaps from the first to the last arrival, per second; None where all arrive at once."""
        return self._listed.rate

    @property
    def seed(self) -> None:
        """A trace has no seed."""
        return

    def with_rate(self, rate: float) -> Self:
        """The same requests with all gaps scaled alike; see `ListedRequests.with_rate`.

        Raises:
            InputError: if it is not a finite number above zero.
        """
        refuse_rate(rate)
        return replace(self, wanted_rate=rate)

    def with_seed(self, seed: int) -> NoReturn:  # noqa: ARG002 - as every source has it
        """A trace has no seed.

        Raises:
            InputError: always.
        """
        raise InputError("a trace has no seed, only generated requests have one")

    def with_option(self, name: str, value: Any) -> Self:
        """The same file with an option of `TraceOptions` changed."""
        return replace(self, trace=self.trace.with_option(name, value))

    @cached_property
    def _listed(self) -> ListedRequests:
        listed, _ = self.trace.read()
        if self.count is not None:
            listed = listed.with_count(self.count)
        if self.wanted_rate is not None:
            listed = listed.with_rate(self.wanted_rate)
        return listed if self.max_tokens is None else listed.with_max_tokens(self.max_tokens)


def find_trace(
    path: Path, format_name: str | None = None, options: TraceOptions | None = None
) -> TraceRequests:
    """A trace file as a source; its requests are not read yet.

    Args:
        path: the file, or the header of its rows.
        format_name: a key of `FORMATS`; None for what the options say.
        options: how it is read and what is taken of it; None recognises its format and takes all.

    Raises:
        InputError: if the file cannot be opened or is empty.
    """
    path = rows_beside(path)
    with open_text(path, ignore_progress):
        options = options or TraceOptions()
    if format_name is not None:
        options = replace(options, format=format_name)
    return TraceRequests(Trace(path, options))


def looks_like_trace(path: Path) -> bool:
    """Whether a file has a format that is known."""
    try:
        with open_text(path, ignore_progress) as text:
            return recognise(text).arrival != ""
    except InputError:
        return False
