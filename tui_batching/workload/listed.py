"""Requests from an explicit list, such as the `requests:` of a workload file."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NoReturn

import numpy as np

from tui_batching.clock import HORIZON, SECOND
from tui_batching.errors import InputError
from tui_batching.reading.fields import Field
from tui_batching.requests import INPUT_TOKENS, OUTPUT_TOKENS, Requests
from tui_batching.workload.model import (
    ReadingProgress,
    arrives_beyond_clock,
    ignore_progress,
    refuse_rate,
)

_KEYS = ("arrival_time", "input_tokens", "output_tokens", "id")


@dataclass(frozen=True)
class ListedRequests:
    """A list of requests as it is.

    Raises:
        InputError: if the list is empty.
    """

    requests: Requests

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
        """There is nothing that the workload file does not tell."""
        return ()

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
        same = self.requests
        return ListedRequests(
            Requests.from_columns(
                np.array(scaled, dtype=np.int64), same.input_tokens, same.output_tokens, same.id
            )
        )

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
        same = self.requests
        columns = (same.arrival_time, same.input_tokens, same.output_tokens, same.id)
        return ListedRequests(Requests.from_columns(*(column[:count] for column in columns)))

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
    columns = np.empty((4, len(entries)), dtype=np.int64)
    rows_of_ids: dict[int, int] = {}
    for row, entry in enumerate(entries):
        record = entry.mapping(_KEYS)
        number = record.read("id", Field.whole, row)
        if number in rows_of_ids:
            first = rows_of_ids[number]
            raise record["id"].error("each id once", f"{number} again (also requests[{first}])")
        rows_of_ids[number] = row
        columns[:, row] = (
            record["arrival_time"].duration(),
            INPUT_TOKENS(record["input_tokens"]),
            OUTPUT_TOKENS(record["output_tokens"]),
            number,
        )
    with field.placing_errors():
        return ListedRequests(Requests.from_columns(*columns))
