"""From what a server measured to what its iterations cost.

Simulated with the present prices, a Run tells what each iteration computes. What was measured of a
request, from when it was scheduled to its first token and from there to its last, are sums of
iterations: so least squares of the measured times on what was computed in them gives new prices.
A few rounds of this lead to prices that explain the log, and the best round is kept. How long all
requests took together then tells how fast the server is on the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from tui_batching.clock import Picoseconds
from tui_batching.columns import BoolArray, FloatArray, IntArray, exact_sum
from tui_batching.cost import IterationCost
from tui_batching.errors import InputError
from tui_batching.measured.accuracy import draws_of_blocks, interval
from tui_batching.measured.composition import FEATURES, KNOTS
from tui_batching.measured.equations import Equations, sums_of
from tui_batching.measured.server_log import ServerLog
from tui_batching.sim.run import Run
from tui_batching.strategies import Strategy

ROUNDS, QUICK_ROUNDS = 24, 3
"""Each simulates the log once; with few the prices are nearly as good, and there at once."""

FEWEST = 10
"""Requests that prices can be learned from."""

_LONGER, _SHORTER, _LEAST_STEP = 1.5, 0.6, 0.2
"""How a round's way to the new prices changes, as it goes on or turns back."""

_NONE = 1e-9
"""A misfit of this is none."""

_WIDER = 1.25
"""How much wider than the draws intervals are: draws do not weigh and search anew.

With that, about 95 % of the prices of logs of our own engines lie within; see
`tests.benchmarks.coverage`.
"""

_TRIES, _NEAR, _MOST_SCALED, _MOST_STEP = 10, 1e-4, 0.02, 0.004
_FIRST_SLOPE, _SLOPES = 2.0, (1, 50)
"""How a factor of all prices is looked for; see `_to_scale`."""


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A price of the fitted cost.

    Attributes:
        name: one of `FEATURES`.
        value: in picoseconds.
        low, high: between them it lies, 95 % sure.
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
    rounds: list[Round] = []
    for each in _rounds(log, engine, fitted):
        rounds.append(each)
        progress(len(rounds) / (ROUNDS + 1))
        if len(rounds) == ROUNDS:
            break
    # An early round may come close by chance, with prices that the next ones leave.
    settled = rounds[ROUNDS // 2 :]
    best = min(settled, key=lambda each: each.misfit)
    prices, run = _to_scale(log, engine, fitted, best)
    coefficients = _with_intervals(settled, prices)
    misfits = tuple(each.misfit for each in rounds)
    return Fit(log, fitted, cost_of(prices), run, coefficients, misfits)


def quick_fit(log: ServerLog, engine: Strategy) -> tuple[IterationCost, Run]:
    """What an iteration costs by a whole log, and the Run that it makes, without how sure that is.

    Raises:
        InputError: as `fit` does.
    """
    rounds = islice(_rounds(log, engine, log.measured), QUICK_ROUNDS)
    best = min(rounds, key=lambda each: each.misfit)
    return cost_of(best.prices), best.run


@dataclass(frozen=True, eq=False)
class Round:
    """The log as served with some prices, and what that tells of them.

    Attributes:
        prices: in the order of `FEATURES`.
        run: of the log's requests with them.
        misfit: see `_misfit`.
        equations: of the measured times, by what the Run computes.
    """

    prices: FloatArray
    run: Run
    misfit: float
    equations: Equations


def _rounds(log: ServerLog, engine: Strategy, fitted: BoolArray) -> Iterator[Round]:
    """Serve the log with prices that explain it better and better, without end."""
    if fitted.sum() < FEWEST:
        raise InputError(
            f"{log.name}: found {fitted.sum()} requests with measured times to learn from, "
            f"expected at least {FEWEST}"
        )
    prices = _first_guess(log, fitted)
    way, step = np.zeros_like(prices), 1.0
    while True:
        run = engine.serve(log.requests, cost_of(prices))
        equations = Equations.of(sums_of(log, run, fitted))
        yield Round(prices, run, _misfit(log, run, fitted), equations)
        wanted = equations.solved()
        next_way = (wanted - prices) / np.where(wanted > 0, wanted, 1)
        ahead = bool(next_way @ way >= 0)
        step = min(1.0, step * _LONGER) if ahead else max(_LEAST_STEP, step * _SHORTER)
        prices, way = prices + step * (wanted - prices), next_way


def _to_scale(
    log: ServerLog, engine: Strategy, fitted: BoolArray, best: Round
) -> tuple[FloatArray, Run]:
    """The prices of a round, times a factor near one with which latencies sum to those measured.

    A queue tells more precisely how fast a server is than the requests in it: where it is nearly
    full, a thousandth makes waits a hundredth longer. Where no such factor is found, what makes the
    latencies is something else, and the prices stay.
    """
    factor, (off, chance), slope = 1.0, _total_off(log, best.run, fitted), _FIRST_SLOPE
    tried = [(best.misfit + abs(off), best.prices, best.run)]
    for _ in range(_TRIES if abs(off) > chance else 0):
        wanted = factor - float(np.clip(off / slope, -_MOST_STEP, _MOST_STEP))
        if abs(off) < _NEAR or abs(wanted - 1) > _MOST_SCALED:
            break
        prices = best.prices * wanted
        run = engine.serve(log.requests, cost_of(prices))
        now, _ = _total_off(log, run, fitted)
        tried.append((_misfit(log, run, fitted) + abs(now), prices, run))
        slope = float(np.clip((now - off) / (wanted - factor), *_SLOPES))
        factor, off = wanted, now
    # The one with latencies that are least off, each and together.
    _, prices, run = min(tried, key=lambda each: each[0])
    return prices, run


def _total_off(log: ServerLog, run: Run, fitted: BoolArray) -> tuple[float, float]:
    """How far the simulated latencies together are off, as a share, and how far by chance."""
    measured = exact_sum((log.finish_time - log.requests.arrival_time)[fitted])
    off = (run.finish_time - log.finish_time)[fitted]
    return exact_sum(off) / measured, float(np.sqrt((off.astype(np.float64) ** 2).sum())) / measured


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


def _with_intervals(rounds: Sequence[Round], prices: FloatArray) -> tuple[Coefficient, ...]:
    """The prices that could be told apart, with how sure they are.

    Each draw takes another one of the Runs, draws the intervals of blocks of requests together, so
    that each counts as often as it is drawn, and chooses the knots that explain these.
    """
    here = np.unique(rounds[0].equations.sums.request)
    drawn = []
    for number, rows in enumerate(draws_of_blocks(len(here))):
        equations = rounds[number % len(rounds)].equations
        times = np.bincount(rows, minlength=len(here))
        place = np.searchsorted(here, equations.sums.request)
        drawn.append(equations.counting(times[place]).solved())
    low, high = interval(np.array(drawn), prices)
    more = (_WIDER - 1) / 2 * (high - low)
    columns = zip(FEATURES, np.rint(prices), np.maximum(low - more, 0), high + more, strict=True)
    return tuple(
        Coefficient(name, int(price), float(least), float(most))
        for name, price, least, most in columns
        if most > 0
    )
