"""Requests from an explicit list, such as the `requests:` of a workload file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from tui_batching.clock import HORIZON, SECOND
from tui_batching.errors import InputError
from tui_batching.reading.fields import Field
from tui_batching.requests import INPUT_TOKENS, OUTPUT_TOKENS, PRIORITY, Requests
from tui_batching.streams import NO_STREAM, Streams
from tui_batching.workload.asking import Asking, asking, notices
from tui_batching.workload.model import (
    ReadingProgress,
    Workload,
    arrives_beyond_clock,
    ignore_progress,
    refuse_rate,
)

_KEYS = ("arrival_time", "input_tokens", "output_tokens", "id", "max_tokens", "priority", "prefix")


def workload_of(
    arrival_time: npt.ArrayLike,
    input_tokens: npt.ArrayLike,
    output_tokens: npt.ArrayLike,
    *,
    max_tokens: npt.ArrayLike | None = None,
    name: str = "requests",
) -> Workload:
    """A workload of requests that are columns already, in any order.

    Args:
        arrival_time: in seconds since the start.
        input_tokens: of each prompt.
        output_tokens: of each answer.
        max_tokens: what clients ask for; by default exactly the answers.
        name: what the workload is called.

    Raises:
        InputError: if there are no requests, an arrival is negative or no number, or see
            `Requests.from_columns`.
    """
    seconds = np.asarray(arrival_time, np.float64)
    wrong = np.flatnonzero(~((seconds >= 0) & (seconds * SECOND < HORIZON)))
    if len(wrong):
        found = f"request {wrong[0]}: arrival_time: found {seconds[wrong[0]]}"
        raise InputError(f"{found}, expected seconds from 0 to 106 days")
    arrivals = np.rint(seconds * SECOND).astype(np.int64)
    requests = Requests.from_columns(arrivals, input_tokens, output_tokens, max_tokens=max_tokens)
    return Workload(name, ListedRequests(requests))


@dataclass(frozen=True)
class ListedRequests:
    """A list of requests as it is.

    Attributes:
        requests: they.
        asked: how it was decided what they ask for, where that was changed since.

    Raises:
        InputError: if the list is empty.
    """

    requests: Requests
    asked: Asking | None = None

    def __post_init__(self) -> None:
        if not len(self.requests):
            raise InputError("found an empty list of requests, expected at least one")

    @property
    def rate(self) -> float | None:
        """Gaps from the first to the last arrival, per second; None where all arrive at once."""
        exact = self._exact_rate()
        return float(exact) if exact else None

    @property
    def seed(self) -> None:
        """A list has no seed."""
        return

    @property
    def notices(self) -> tuple[str, ...]:
        """Whose answers are longer than what they were to ask for."""
        return notices(self.requests, self.asked)

    @property
    def hash_block(self) -> None:
        """It is known to the token what requests share."""
        return

    def make_requests(self, progress: ReadingProgress = ignore_progress) -> Requests:  # noqa: ARG002
        """The requests in arrival order."""
        return self.requests

    def with_rate(self, rate: float) -> ListedRequests:
        """The same requests with all gaps scaled alike, about the first arrival.

        The factor is exact (a float counts as the decimal that Python prints for it), and each
        scaled arrival is rounded to the nearest picosecond, halves up.

        Raises:
            InputError: if it is not a finite number above zero, all arrive at once, or the last
                arrival would lie beyond the clock.
        """
        refuse_rate(rate)
        current = self._exact_rate()
        if current is None:
            raise InputError("all requests arrive at once, so there is no rate to change")
        factor = current / Fraction(Decimal(repr(rate)))
        double, divisor = 2 * factor.numerator, 2 * factor.denominator
        times = self.requests.arrival_time.tolist()
        first = times[0]
        # Python's integers: the products are too long for int64.
        scaled = [first + ((t - first) * double + factor.denominator) // divisor for t in times]
        if scaled[-1] > HORIZON:
            raise arrives_beyond_clock()
        faster = self.requests.with_columns(arrival_time=np.array(scaled, dtype=np.int64))
        return replace(self, requests=faster)

    def at_load(self, rate: float, position: int) -> ListedRequests:  # noqa: ARG002
        """As `with_rate`; at its own rate it is the list itself.

        Raises:
            InputError: as `with_rate` does.
        """
        return self if rate == self.rate else self.with_rate(rate)

    def with_seed(self, seed: int) -> NoReturn:  # noqa: ARG002 - as every source has it
        """A list has no seed.

        Raises:
            InputError: always.
        """
        raise InputError("a list of requests has no seed, only generated requests have one")

    def with_count(self, count: int) -> ListedRequests:
        """The first `count` requests in arrival order.

        Raises:
            InputError: if the list is shorter, or `count` is below 1.
        """
        if not 1 <= count <= len(self.requests):
            raise InputError(
                f"found {count}, expected a whole number from 1 to {len(self.requests)} "
                "(the length of the list)"
            )
        return replace(self, requests=self.requests.part(slice(count)))

    def with_max_tokens(self, rule: Asking) -> ListedRequests:
        """The same requests, asking for what the rule says."""
        return ListedRequests(asking(self.requests, rule), rule)

    def _exact_rate(self) -> Fraction | None:
        times = self.requests.arrival_time
        length = int(times[-1]) - int(times[0])
        return Fraction((len(times) - 1) * SECOND, length) if length else None


def read_list(field: Field) -> ListedRequests:
    """Read a list of requests.

    Raises:
        InputError: if it is empty, or a value is not as expected.
    """
    entries = field.items()
    columns = np.empty((8, len(entries)), dtype=np.int64)
    rows_of_ids: dict[int, int] = {}
    groups: dict[str, int] = {}
    for row, entry in enumerate(entries):
        record = entry.mapping(_KEYS)
        number = record.read("id", Field.whole, row)
        if number in rows_of_ids:
            first = rows_of_ids[number]
            raise record["id"].error("each id once", f"{number} again (also requests[{first}])")
        rows_of_ids[number] = row
        prompt, made = INPUT_TOKENS(record["input_tokens"]), OUTPUT_TOKENS(record["output_tokens"])
        asked = record.read("max_tokens", OUTPUT_TOKENS, made)
        if asked < made:
            raise record["max_tokens"].error(f">= {made}, the tokens of its answer")
        columns[:, row] = (
            number,
            record["arrival_time"].duration(),
            prompt,
            made,
            asked,
            record.read("priority", PRIORITY, 0),
            *record.read("prefix", partial(_read_prefix, groups, prompt + made), (NO_STREAM, 0)),
        )
    ids, arrivals, inputs, outputs, asked_for, priority, stream, shared = columns
    with field.placing_errors():
        return ListedRequests(
            Requests.from_columns(
                arrivals,
                inputs,
                outputs,
                ids,
                max_tokens=asked_for,
                priority=priority,
                stream=stream if groups else None,
                stream_tokens=shared if groups else None,
                streams=Streams.roots(len(groups)),
            )
        )


def _read_prefix(groups: dict[str, int], most: int, field: Field) -> tuple[int, int]:
    """The group that begins as the request does, and how many tokens of it the request has."""
    record = field.mapping(("group", "tokens"))
    group = record["group"].single("the name of a group")
    tokens = record["tokens"].whole()
    if tokens > most:
        raise record["tokens"].error(f"at most {most}, the tokens of its prompt and its answer")
    return groups.setdefault(group, len(groups)), tokens
