"""How the times of the requests are distributed: columns, and histograms that compare Runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tui_batching.columns import FloatArray, IntArray
from tui_batching.sim.run import Run


def waits(run: Run) -> IntArray:
    """From arrival to start, in picoseconds. Shape: (requests,).

    A log that does not tell when requests were taken up has none.
    """
    if not run.tells_start:
        return np.zeros(0, np.int64)
    return run.start_time - run.requests.arrival_time


def latencies(run: Run) -> IntArray:
    """From arrival to the end, in picoseconds. Shape: (requests,)."""
    return run.end_time - run.requests.arrival_time


def times_to_first_token(run: Run) -> IntArray:
    """From arrival to the first token, in picoseconds. Shape: (requests,)."""
    return run.first_token_time - run.requests.arrival_time


def times_per_output_token(run: Run) -> FloatArray:
    """From the first token to the last, by the tokens between, in picoseconds.

    An answer of one token has none and is left out.
    """
    rows = np.flatnonzero(run.requests.output_tokens > 1)
    return (run.finish_time[rows] - run.first_token_time[rows]) / (
        run.requests.output_tokens[rows] - 1
    )


def tpots(run: Run) -> FloatArray:
    """The same, a row a request; NaN for an answer of one token. Shape: (requests,)."""
    gaps = run.requests.output_tokens - 1
    per_token = (run.finish_time - run.first_token_time) / np.maximum(gaps, 1)
    return np.where(gaps > 0, per_token, np.nan)


def latencies_per_token(run: Run) -> FloatArray:
    """Latency by output tokens, in picoseconds: the normalized latency of the Orca paper."""
    return latencies(run) / run.requests.output_tokens


@dataclass(frozen=True)
class Quantity:
    """What is measured of each request.

    Attributes:
        name: what it is called.
        meaning: from when to when.
        values: of a Run in picoseconds, one a request that has any.
    """

    name: str
    meaning: str
    values: Callable[[Run], IntArray | FloatArray]


QUANTITIES: tuple[Quantity, ...] = (
    Quantity("latency", "from arrival to the answer", latencies),
    Quantity("TTFT", "from arrival to the first token", times_to_first_token),
    Quantity("wait", "from arrival to a slot", waits),
    Quantity("TPOT", "between two tokens on average", times_per_output_token),
    Quantity("latency per token", "the latency by the tokens of the answer", latencies_per_token),
)


FAR_APART = 30.0
"""How often one lane's median holds another's before equal factors tell more than differences."""


def far_apart(columns: Sequence[IntArray | FloatArray]) -> bool:
    """Whether the times of some lanes are so much longer that on an even axis others vanish."""
    medians = [float(np.median(column)) for column in columns if len(column)]
    known = [median for median in medians if median > 0]
    return max(known, default=0.0) > FAR_APART * min(known, default=0.0)


_DECADES = 6
"""A logarithmic axis goes no further down than so many powers of ten below its end."""


@dataclass(frozen=True, eq=False)
class Histogram:
    """How many requests of each Run took how long.

    Attributes:
        edges: of the bins, in picoseconds, ascending; they hold every value, but on a logarithmic
            axis the first bin holds the lower ones, too. Shape: (bins + 1,).
        counts: for each Run the requests in each bin; the last bin includes its upper edge.
        p50: for each Run, in picoseconds; None where it has no value.
        p99: as `p50`.
        log: whether equal factors are equally far apart, as the Runs are far apart.
    """

    edges: FloatArray
    counts: tuple[IntArray, ...]
    p50: tuple[float | None, ...]
    p99: tuple[float | None, ...]
    log: bool = False


def histogram(runs: Sequence[Run], quantity: Quantity, bins: int) -> Histogram:
    """The histograms of several Runs over the same bins.

    The bins reach from zero, or from the lowest value where all lie close together, to the highest.
    Where the Runs are far apart, each bin is longer than the one before by the same factor.
    """
    columns = [quantity.values(run).astype(np.float64) for run in runs]
    known = [column for column in columns if len(column)]
    highest = max((float(column.max()) for column in known), default=0.0)
    lowest = min((float(column.min()) for column in known), default=0.0)
    close_together = highest / 2 <= lowest < highest
    percentiles = [np.percentile(column, (50, 99)) if len(column) else None for column in columns]
    log = far_apart(columns)
    if log:
        positive = min(float(column[column > 0].min()) for column in known if column.any())
        edges = np.geomspace(max(positive, highest / 10**_DECADES), highest, bins + 1)
        edges[-1] = highest
        columns = [np.maximum(column, edges[0]) for column in columns]
    else:
        edges = np.linspace(lowest if close_together else 0.0, highest or 1.0, bins + 1)
    return Histogram(
        edges=edges,
        counts=tuple(np.histogram(column, edges)[0].astype(np.int64) for column in columns),
        p50=tuple(None if found is None else float(found[0]) for found in percentiles),
        p99=tuple(None if found is None else float(found[1]) for found in percentiles),
        log=log,
    )
