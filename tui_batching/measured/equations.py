"""What iterations cost, as least squares of measured times on what was computed in them.

Simulated with some prices, a Run tells what each iteration computes. What was measured of a
request, from when it was scheduled to its first token and from there to its last, are sums of
iterations: an equation each for the prices.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from tui_batching.columns import BoolArray, FloatArray, IntArray, freeze
from tui_batching.measured.composition import FEATURES, KNOTS, Composition
from tui_batching.measured.least_squares import shortened, solve
from tui_batching.measured.server_log import ServerLog
from tui_batching.sim.run import Run

_REWEIGHTED = 6
_USUAL = 1.4826
"""The spread of normal errors, from the median of their sizes."""

_OUTLYING = 1.345
"""From so many spreads on, an error counts as if it were smaller (Huber, 1964)."""

_NONE = 1e-6
"""An error of this share is none."""

_BELOW, _ABOVE = 0.02, 20
"""A price up to a knot is told apart if this share of iterations lies below, and so many above."""

_ALWAYS = np.arange(len(FEATURES)) < len(FEATURES) - len(KNOTS)
_ALWAYS.flags.writeable = False
"""The features that are not up to a knot."""


@dataclass(frozen=True, eq=False)
class Sums:
    """What was computed in each measured interval, and how long it took.

    Attributes:
        request: the row of each interval's request. Shape: (intervals,).
        decoding: whether it goes from the first token to the last; else up to the first.
        features: Shape: (intervals, FEATURES).
        lengths: as measured, in picoseconds.
        simulated: likewise, as simulated.
        known: which of the features can be told apart. Shape: (FEATURES,).
    """

    request: IntArray
    decoding: BoolArray
    features: FloatArray
    lengths: FloatArray
    simulated: FloatArray
    known: BoolArray


@dataclass(frozen=True, eq=False)
class Equations:
    """A least squares problem: sums, of which each counts as much as it is sure.

    Attributes:
        sums: what was computed in each interval, and how long it took.
        weights: of each interval. Shape: (intervals,).
    """

    sums: Sums
    weights: FloatArray

    @classmethod
    def of(cls, sums: Sums) -> Equations:
        """Weigh each interval.

        How far intervals are off grows with their length: some of that is the same for each, some
        adds up step by step, some is a share of the whole. How much of each, their errors tell,
        those up to first tokens apart from the others. Where somebody else was evicted, say, than
        in the simulation, an error is an outlier, and counts less. The length is the simulated
        one: by the measured one, those that chance made short would count more.
        """
        spread = sums.simulated
        trust = np.ones_like(spread)
        for _ in range(_REWEIGHTED):
            weights = np.sqrt(trust) / spread
            prices = solve(sums.features * weights[:, None], sums.lengths * weights)
            errors = np.abs((sums.features * prices).sum(axis=1) - sums.lengths)
            usual = spread * (_USUAL * _OUTLYING * float(np.median(errors / spread)))
            usual = np.maximum(usual, _NONE * sums.simulated)
            trust = np.minimum(1, usual / np.maximum(errors, usual))
            spread = _spreads(sums, np.minimum(errors, 2 * usual), spread)
        return cls(sums, np.sqrt(trust) / spread)

    def solved(self) -> FloatArray:
        """The prices that explain the intervals best, with as few knots as explain them well."""
        features, values = shortened(
            self.sums.features * self.weights[:, None], self.sums.lengths * self.weights
        )
        kept = _worth_it(features, values, self.sums.known, len(self.weights))
        return solve(np.where(kept, features, 0), values)

    def counting(self, times: IntArray) -> Equations:
        """The same, with each interval so many times."""
        return replace(self, weights=self.weights * np.sqrt(times))


def planned(run: Run) -> IntArray:
    """When the scheduler took up each request: of an engine that plans ahead, an iteration before.

    Shape: (requests,).
    """
    if not run.strategy.admission(0, 0, 0, 0).planned_ahead:
        return run.start_time
    spans = run.spans
    before = np.searchsorted(spans.start, run.start_time) - 1
    last_steps = spans.step_time + spans.step_growth * (spans.steps - 1)
    ahead = np.where(spans.computing & (spans.steps > 0), last_steps, 0)
    earlier = run.start_time - np.where(before >= 0, ahead[before], 0)
    return freeze(np.maximum(earlier, run.requests.arrival_time))


def sums_of(log: ServerLog, run: Run, fitted: BoolArray) -> Sums:
    """The measured intervals of the fitted requests, by what a Run computes in them."""
    composition = Composition.of(run)
    rows = np.flatnonzero(fitted)
    if log.scheduled is None:
        ours, theirs = run.requests.arrival_time, log.requests.arrival_time
    else:
        ours, theirs = planned(run), log.scheduled
    features = np.concatenate(
        [
            composition.between(ours[rows], run.first_token_time[rows]),
            composition.between(run.first_token_time[rows], run.finish_time[rows]),
        ]
    )
    lengths, simulated = (
        np.concatenate(
            [
                (told.first_token_time - begin)[rows],
                (told.finish_time - told.first_token_time)[rows],
            ]
        )
        for told, begin in ((log, theirs), (run, ours))
    )
    usable = (lengths > 0) & (simulated > 0) & (features[:, 0] > 0)
    known = _told_apart(composition)
    return Sums(
        np.concatenate([rows, rows])[usable],
        np.repeat([False, True], len(rows))[usable],
        np.where(known, features, 0)[usable],
        lengths[usable].astype(np.float64),
        simulated[usable].astype(np.float64),
        known,
    )


def _told_apart(composition: Composition) -> BoolArray:
    """Which prices can be told apart: those up to a knot only if iterations lie on both sides."""
    tokens, iterations = composition.tokens, composition.iterations
    total = iterations.sum()
    up_to = [
        iterations[tokens < knot].sum() > _BELOW * total
        and iterations[tokens > knot].sum() >= _ABOVE
        for knot in KNOTS
    ]
    return np.array([True] * (len(FEATURES) - len(KNOTS)) + up_to)


def _spreads(sums: Sums, errors: FloatArray, before: FloatArray) -> FloatArray:
    """How far intervals of each length and kind are off, by the errors of all alike."""
    spread = np.empty_like(errors)
    unit = max(1.0, float(np.median(sums.simulated)))
    for kind in (sums.decoding, ~sums.decoding):
        shares = sums.simulated[kind] / unit
        parts = np.stack([np.ones_like(shares), shares, shares**2], axis=1)
        weights = 1 / before[kind] ** 2
        found = solve(parts * weights[:, None], errors[kind] ** 2 * weights)
        least = _NONE * sums.simulated[kind]
        spread[kind] = np.sqrt(np.maximum((parts * found).sum(axis=1), least**2))
    return spread


def _worth_it(features: FloatArray, values: FloatArray, known: BoolArray, count: int) -> BoolArray:
    """Which features to keep: of all choices of knots the best by Schwarz's criterion (BIC).

    Args:
        features: of the equations, shortened.
        values: likewise.
        known: which of the features can be told apart.
        count: of equations.
    """
    scale = float((values**2).sum())

    def criterion(kept: BoolArray, knots: int) -> float:
        prices = solve(np.where(kept, features, 0), values)
        error = float(((features @ prices - values) ** 2).sum())
        return float(count * np.log(error / scale + 1e-15) + np.log(count) * knots)

    without_price = criterion(_ALWAYS | known, 0)
    best, least = _ALWAYS, np.inf
    for choice in sorted(product((False, True), repeat=len(KNOTS)), key=sum):
        if without_price + np.log(count) * sum(choice) >= least:
            break  # all knots together explain no more, so from so many on none makes up for them
        kept = _ALWAYS | np.array([False] * (len(FEATURES) - len(KNOTS)) + list(choice))
        if (kept & ~known & ~_ALWAYS).any():
            continue
        found = criterion(kept, sum(choice))
        if found < least:
            best, least = kept, found
    return best
