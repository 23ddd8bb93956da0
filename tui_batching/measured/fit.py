"""From what a server measured to what its iterations cost.

Simulated with the present prices, a Run tells what each iteration computes. What was measured of a
request, from when it was scheduled to its first token and from there to its last, are sums of
iterations: so least squares of the measured times on what was computed in them gives new prices.
A few rounds of this lead to prices that explain the log, and the best round is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np

from tui_batching.clock import Picoseconds
from tui_batching.columns import BoolArray, FloatArray, IntArray, freeze
from tui_batching.cost import IterationCost
from tui_batching.errors import InputError
from tui_batching.measured.accuracy import draws_of_blocks, interval
from tui_batching.measured.composition import FEATURES, KNOTS, Composition
from tui_batching.measured.least_squares import shortened, solve
from tui_batching.measured.server_log import ServerLog
from tui_batching.sim.run import Run
from tui_batching.strategies import Strategy

ROUNDS, QUICK_ROUNDS = 24, 3
"""Each simulates the log once; with few the prices are nearly as good, and there at once."""

FEWEST = 10
"""Requests that prices can be learned from."""

_REWEIGHTED = 6
_OUTLYING = 1.345 * 1.4826
"""From so many times the median on, an error counts as if it were smaller (Huber, 1964)."""

_BELOW, _ABOVE = 0.02, 20
"""A price up to a knot is told apart if this share of iterations lies below, and so many above."""

_LONGER, _SHORTER, _LEAST_STEP = 1.5, 0.6, 0.2
"""How a round's way to the new prices changes, as it goes on or turns back."""


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A price of the fitted cost.

    Attributes:
        name: one of `FEATURES`.
        value: in picoseconds.
        low, high: between them it lies in 95 % of the draws of other requests like these.
    """

    name: str
    value: Picoseconds
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Fit:
    """Prices, and the Run that they make of the log.

    Attributes:
        log: what was measured.
        fitted: the requests whose times were used.
        cost: the prices.
        run: of the log's requests with them.
        coefficients: the prices that could be told apart.
        rounds: the error of each round; see `_misfit`.
    """

    log: ServerLog
    fitted: BoolArray
    cost: IterationCost
    run: Run
    coefficients: tuple[Coefficient, ...]
    rounds: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Sums:
    """What was computed in each measured interval, and how long it took.

    Attributes:
        request: the row of each interval's request. Shape: (intervals,).
        features: Shape: (intervals, FEATURES).
        lengths: as measured, in picoseconds.
        simulated: likewise, as simulated.
        known: which of the features can be told apart. Shape: (FEATURES,).
    """

    request: IntArray
    features: FloatArray
    lengths: FloatArray
    simulated: FloatArray
    known: BoolArray


def fit(
    log: ServerLog,
    engine: Strategy,
    fitted: BoolArray,
    progress: Callable[[float], None] = lambda _: None,
) -> Fit:
    """Find what an iteration costs.

    Args:
        log: what was measured. Of requests that are not fitted, arrivals and lengths are used.
        engine: what serves, as it was set up.
        fitted: whose times may be used.
        progress: is told the share that is done.

    Raises:
        InputError: if there are too few measured requests, or the engine cannot serve the log.
    """
    fitted = fitted & log.measured
    prices, run, rounds = _best_of(ROUNDS, log, engine, fitted, progress)
    coefficients = _with_intervals(sums_of(log, run, fitted), prices)
    return Fit(log, fitted, cost_of(prices), run, coefficients, rounds)


def quick_fit(log: ServerLog, engine: Strategy) -> tuple[IterationCost, Run]:
    """What an iteration costs by a whole log, and the Run that it makes, without how sure that is.

    Raises:
        InputError: as `fit` does.
    """
    prices, run, _ = _best_of(QUICK_ROUNDS, log, engine, log.measured)
    return cost_of(prices), run


def _best_of(
    count: int,
    log: ServerLog,
    engine: Strategy,
    fitted: BoolArray,
    progress: Callable[[float], None] = lambda _: None,
) -> tuple[FloatArray, Run, tuple[float, ...]]:
    """The prices of the best of so many rounds, the Run that they make, and each round's misfit."""
    if fitted.sum() < FEWEST:
        raise InputError(
            f"{log.name}: found {fitted.sum()} requests with measured times to learn from, "
            f"expected at least {FEWEST}"
        )
    prices = _first_guess(log, fitted)
    way, step = np.zeros_like(prices), 0.5
    best: tuple[float, FloatArray, Run] | None = None
    rounds: list[float] = []
    for number in range(count):
        progress(number / count)
        run = engine.serve(log.requests, cost_of(prices))
        rounds.append(_misfit(log, run, fitted))
        if best is None or rounds[-1] < best[0]:
            best = rounds[-1], prices, run
        wanted = _solved(sums_of(log, run, fitted))
        scale = np.where(wanted > 0, wanted, 1)
        next_way = (wanted - prices) / scale
        if number == 0:
            prices = wanted
        else:
            ahead = bool(next_way @ way > 0)
            step = min(1.0, step * _LONGER) if ahead else max(_LEAST_STEP, step * _SHORTER)
            prices = prices + step * (wanted - prices)
        way = next_way
    assert best is not None
    return best[1], best[2], tuple(rounds)


def _first_guess(log: ServerLog, fitted: BoolArray) -> FloatArray:
    """Every iteration takes the middle one of the requests' mean times of a token."""
    per_token = log.times()[1, fitted]
    known = per_token[~np.isnan(per_token)]
    if not len(known):
        raise InputError(f"{log.name}: found answers of one token alone, expected longer ones")
    prices = np.zeros(len(FEATURES))
    prices[0] = max(1.0, float(np.median(known)))
    return prices


def cost_of(prices: FloatArray) -> IterationCost:
    """The cost with these prices, in the order of `FEATURES`, in whole picoseconds."""
    base, *others = np.rint(prices).astype(np.int64).tolist()
    per_token, per_context, squared, *up_to = others
    pieces = tuple((knot, price) for knot, price in zip(KNOTS, up_to, strict=True) if price)
    # An iteration that takes no time is no iteration.
    return IterationCost(base or int(not per_token), per_token, per_context, squared, pieces)


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


def _solved(sums: Sums) -> FloatArray:
    """The prices that explain the intervals best, with as few knots as explain them well."""
    equations = _equations(sums)
    return solve(*_of_features(equations, _worth_it(equations)))


@dataclass(frozen=True, eq=False)
class Equations:
    """The rows of a weighted least squares problem.

    Attributes:
        request: the row of each interval's request. Shape: (intervals,).
        features: Shape: (intervals, FEATURES).
        values: Shape: (intervals,).
        known: which of the features can be told apart. Shape: (FEATURES,).
    """

    request: IntArray
    features: FloatArray
    values: FloatArray
    known: BoolArray


def _equations(sums: Sums) -> Equations:
    """Intervals count by length, and less where they cannot be explained.

    Somebody else was evicted, say, than in the simulation. The length is the simulated one: by the
    measured one, those that chance made short would count more.
    """
    plain = 1 / np.sqrt(sums.simulated)
    features, values = sums.features * plain[:, None], sums.lengths * plain
    trust = np.ones_like(plain)
    for _ in range(_REWEIGHTED):
        prices = solve(features * trust[:, None], values * trust)
        errors = np.abs((features * prices).sum(axis=1) - values)
        # An error of a billionth is none.
        usual = _OUTLYING * float(np.median(errors)) + 1e-9 * float(values.mean())
        trust = np.sqrt(np.minimum(1, usual / np.maximum(errors, usual)))
    return Equations(sums.request, features * trust[:, None], values * trust, sums.known)


def _of_features(equations: Equations, known: BoolArray) -> tuple[FloatArray, FloatArray]:
    return np.where(known, equations.features, 0), equations.values


def _worth_it(equations: Equations) -> BoolArray:
    """Which features to keep: of all choices of knots the best by Schwarz's criterion (BIC)."""
    count, scale = len(equations.values), float((equations.values**2).sum())
    features, values = shortened(equations.features, equations.values)
    plain = np.arange(len(FEATURES)) < len(FEATURES) - len(KNOTS)
    best, least = plain, np.inf
    for choice in product((False, True), repeat=len(KNOTS)):
        kept = plain | np.array([False] * (len(FEATURES) - len(KNOTS)) + list(choice))
        if (kept & ~equations.known).any():
            continue
        prices = solve(np.where(kept, features, 0), values)
        error = float(((features @ prices - values) ** 2).sum())
        criterion = count * np.log(error / scale + 1e-15) + np.log(count) * sum(choice)
        if criterion < least:
            best, least = kept, criterion
    return best


def _misfit(log: ServerLog, run: Run, fitted: BoolArray) -> float:
    """How far TTFT and the time from the first token to the last are off, as a share.

    It is the root of the mean of squares, each request counting by how long it took.
    """
    arrival = log.requests.arrival_time
    measured = np.concatenate([(log.first_token_time - arrival)[fitted], _decoding(log)[fitted]])
    simulated = np.concatenate([(run.first_token_time - arrival)[fitted], _decoding(run)[fitted]])
    off = (simulated - measured).astype(np.float64)
    return float(np.sqrt((off**2 / np.maximum(measured, 1)).sum() / measured.sum(dtype=np.float64)))


def _decoding(told: ServerLog | Run) -> IntArray:
    return told.finish_time - told.first_token_time


def _with_intervals(sums: Sums, prices: FloatArray) -> tuple[Coefficient, ...]:
    """The prices that could be told apart, with how sure they are.

    The intervals of a block of requests are drawn together: each counts as often as it is drawn.
    """
    equations = _equations(sums)
    kept = _worth_it(equations) | (prices >= 0.5)
    features, values = _of_features(equations, kept)
    here, request = np.unique(equations.request, return_inverse=True)
    drawn = []
    for rows in draws_of_blocks(len(here)):
        times = np.sqrt(np.bincount(rows, minlength=len(here))[request])
        drawn.append(solve(features * times[:, None], values * times))
    low, high = interval(np.array(drawn), prices)
    worth_telling = kept & ((prices > 0) | (high > 0))
    columns = zip(FEATURES, np.rint(prices), low, high, worth_telling, strict=True)
    return tuple(
        Coefficient(name, int(price), float(least), float(most))
        for name, price, least, most, told in columns
        if told
    )
