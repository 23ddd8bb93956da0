"""A sentence and its verdict, and how its numbers are told."""

from __future__ import annotations

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
    """

    text: str
    holds: bool
    detail: str


def name(result: Result) -> str:
    """What the strategy is called."""
    return result.strategy.name


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


def versus(metric: str, one: Result, other: Result) -> str:
    """Two values: `101 against 84.6`."""
    return f"{told(one, metric)} against {told(other, metric)}"
