"""A sentence and its verdict, and how its numbers are told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tui_batching.analysis.comparison import Result
from tui_batching.analysis.metrics import METRICS_BY_NAME, format_value
from tui_batching.sim.run import Run

CLEARLY = 0.05
"""By which share a value must be better than another one to be called so."""


@dataclass(frozen=True)
class Claim:
    """One sentence and its check.

    Attributes:
        text: what is said.
        holds: whether it is so here.
        detail: the numbers, and where it does not hold, the reason.
        briefer: the same in fewer words, the fullest wording first.
    """

    text: str
    holds: bool
    detail: str
    briefer: tuple[str, ...] = ()


def name(result: Result) -> str:
    """What the strategy is called."""
    return result.strategy.name


def names(results: Iterable[Result]) -> str:
    """What several strategies are called: `static`, `static, dynamic and continuous`."""
    *others, last = map(name, results)
    return f"{', '.join(others)} and {last}" if others else last


def comparable(one: Result, other: Result) -> bool:
    """Whether both heed memory, or neither does, or it did not matter.

    A lane that ignores memory has it easier than one that runs short of it.
    """
    alike = (one.run.kv is None) == (other.run.kv is None)
    return alike or not (ran_short(one.run) or ran_short(other.run))


def ran_short(run: Run) -> bool:
    """Whether anybody ever waited for memory, was evicted, or was left out of a step for it."""
    return run.kv is not None and bool(run.kv.short.any() or run.stays.ended.any())


def clearly_below(low: Result, high: Result, metric: str) -> bool:
    """Whether a metric is lower by more than a trifle."""
    return number(low, metric) < (1 - CLEARLY) * number(high, metric)


def number(result: Result, metric: str) -> float:
    """A metric's value; 0 where it is not defined."""
    return float(result.metrics[metric] or 0)


def told(result: Result, metric: str) -> str:
    """A metric as it is read."""
    return format_value(METRICS_BY_NAME[metric], result.metrics[metric])


def told_of_all(results: Sequence[Result], metric: str) -> str:
    """A metric of several as it is read, once where all have it alike: `75.2 % and 57.0 %`."""
    return " and ".join(dict.fromkeys(told(result, metric) for result in results))


def highest(results: Sequence[Result], metric: str) -> list[Result]:
    """Those with the highest value: all of those that look the same."""
    best = told(max(results, key=lambda result: number(result, metric)), metric)
    return [result for result in results if told(result, metric) == best]


def versus(metric: str, one: Result, other: Result) -> str:
    """Two values: `101 against 84.6`."""
    return f"{told(one, metric)} against {told(other, metric)}"
