"""Measured against simulated: how far TTFT, TPOT and E2EL are off, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tui_batching.columns import BoolArray, FloatArray, IntArray
from tui_batching.measured.server_log import MEASURES, ServerLog, times_of
from tui_batching.sim.run import Run

STATISTICS = ("mean", "p50", "p90", "p99")
"""What is told of each measure, in the order of all tables here."""

BOUNDED = ("mean", "p50", "p99")
"""The statistics that a bound on errors is about."""

_DRAWS = 200
_CONFIDENCE = (2.5, 97.5)
"""Percentiles: between them lie 95 % of the draws."""


@dataclass(frozen=True, slots=True)
class TimeError:
    """How far one statistic of one measure is off.

    Attributes:
        measure: one of `MEASURES`.
        statistic: one of `STATISTICS`.
        measured: in picoseconds.
        simulated: likewise.
        error: of the simulated one, as a share of the measured one.
        low, high: between them the error lies in 95 % of the draws of other requests like these.
    """

    measure: str
    statistic: str
    measured: float
    simulated: float
    error: float
    low: float
    high: float


def errors_of(log: ServerLog, run: Run, rows: BoolArray) -> tuple[TimeError, ...]:
    """How far a Run of the log's requests is off for some of them.

    Args:
        log: what was measured.
        run: of the same requests.
        rows: which requests; those without measured times are left out.
    """
    chosen = np.flatnonzero(rows & log.measured)
    if not len(chosen):
        return ()
    measured, simulated = log.times()[:, chosen], simulated_times(run)[:, chosen]
    draws = [block[block < len(chosen)] for block in draws_of_blocks(len(chosen))]
    found: list[TimeError] = []
    for name, real, ours in zip(MEASURES, measured, simulated, strict=True):
        if np.isnan(real).all():
            continue
        true, guessed = _statistics(real), _statistics(ours)
        drawn = [_off(_statistics(ours[draw]), _statistics(real[draw])) for draw in draws]
        off = _off(guessed, true)
        low, high = interval(np.array(drawn), off)
        found.extend(
            TimeError(name, statistic, *map(float, row))
            for statistic, *row in zip(STATISTICS, true, guessed, off, low, high, strict=True)
        )
    return tuple(found)


def _off(simulated: FloatArray, measured: FloatArray) -> FloatArray:
    """The error as a share; a time of zero counts as a picosecond."""
    return np.asarray(simulated / np.maximum(measured, 1) - 1)


def simulated_times(run: Run) -> FloatArray:
    """TTFT, TPOT and E2EL of each request of a Run, see `times_of`."""
    return times_of(run.requests, run.first_token_time, run.finish_time)


def _statistics(times: FloatArray) -> FloatArray:
    """Mean, p50, p90 and p99 of those that are numbers."""
    known = times[~np.isnan(times)]
    if not len(known):
        return np.full(len(STATISTICS), np.nan)
    return np.array([known.mean(), *np.percentile(known, (50, 90, 99))])


def draws_of_blocks(count: int) -> list[IntArray]:
    """Rows to draw again, so that neighbours, who share a queue, come together.

    Each draw is as many rows as there are, in blocks of the cube root of their number.
    """
    length = max(1, round(count ** (1 / 3)))
    blocks = -(-count // length)
    generator = np.random.default_rng(0)
    starts = generator.integers(0, max(1, count - length + 1), (_DRAWS, blocks))
    rows = starts[:, :, None] + np.arange(length)
    return list(rows.reshape(_DRAWS, -1)[:, :count])


def interval(draws: FloatArray, found: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Between which values 95 % of the draws lie, and what was found, column by column."""
    low, high = np.nanpercentile(draws, _CONFIDENCE, axis=0)
    return np.minimum(low, found), np.maximum(high, found)


@dataclass(frozen=True, slots=True)
class WorstRequest:
    """A request whose latency is told wrong.

    Attributes:
        row: of the request.
        error: of its simulated E2EL, as a share of the measured one.
    """

    row: int
    error: float


def worst_requests(log: ServerLog, run: Run, most: int) -> list[WorstRequest]:
    """The requests whose latency is farthest off, the worst first."""
    rows = np.flatnonzero(log.measured)
    measured, simulated = log.times()[2, rows], simulated_times(run)[2, rows]
    errors = simulated / np.maximum(measured, 1) - 1
    worst = np.argsort(-np.abs(errors), kind="stable")[:most]
    return [WorstRequest(int(rows[row]), float(errors[row])) for row in worst]


def step_errors(log: ServerLog, run: Run) -> tuple[float, float]:
    """Of the mean time of a request's steps, the mean error and the largest one, as shares."""
    chosen = log.measured & (log.requests.output_tokens > 1)
    measured, simulated = log.times()[1, chosen], simulated_times(run)[1, chosen]
    off = np.abs(simulated / np.maximum(measured, 1) - 1)
    return (float(off.mean()), float(off.max())) if len(off) else (0.0, 0.0)
