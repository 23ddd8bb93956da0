"""The values that a sweep takes where none are given."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, log2

from tui_batching.analysis.sweeps.varied import Kind, parameter_of, present_value
from tui_batching.clock import MILLISECOND, Picoseconds
from tui_batching.columns import exact_sum
from tui_batching.reading.constraints import Constraint, Duration, FromZero, Whole
from tui_batching.strategies import Strategy
from tui_batching.strategies.parameters import KV_CACHE_TOKENS
from tui_batching.workload.model import Workload

_BATCH_SIZES = (1, 2, 4, 8, 16)
_MOST_SLOTS = 256
_TIMEOUTS: tuple[Picoseconds, ...] = tuple(
    milliseconds * MILLISECOND for milliseconds in (0, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
)
_FACTORS = (1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8)
_SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2)
_RATIOS = (0.0, 0.25, 0.5, 1.0, 2.0)
_COUNTS = (0, 64, 128, 256, 512, 1024, 2048)
_MOST_MEMORIES = 8


def usual_sizes(requests: int) -> list[int]:
    """Numbers of slots: 1 to 16, and on to 256 while there are as many requests."""
    sizes = list(_BATCH_SIZES)
    while 2 * sizes[-1] <= min(requests, _MOST_SLOTS):
        sizes.append(2 * sizes[-1])
    return sizes


def usual_values(workload: Workload, kind: Kind, strategies: Sequence[Strategy]) -> Sequence[float]:
    """Values of a parameter: halves and doubles around what there is.

    Where strategies differ, they go from a quarter of the least to twice the most. Durations go up
    to 5 s. Memory holds at least the longest request, and no more than needed for all at once.
    """
    [parameter, *_] = [known for each in strategies if (known := parameter_of(each, kind))]
    if isinstance(parameter.constraint, Duration):
        return _TIMEOUTS
    found = {present_value(each, kind, workload.cost) for each in strategies}
    present = sorted(value for value in found if value)
    around = set(present)
    if 0 in found:
        around |= _from_zero(parameter.constraint)
    if len(present) == 1:
        around |= {present[0] * factor for factor in _FACTORS}
    elif present:
        doublings = int(log2(present[-1] / present[0])) + 4
        around |= {present[0] / 4 * 2**power for power in range(doublings)}
    if parameter.is_called(KV_CACHE_TOKENS):
        around = _memories(workload, around)
    elif not around:  # none: there is no limit
        around = {1 << int(workload.requests.input_tokens.max()).bit_length()}
        around |= {value * factor for value in around for factor in _FACTORS}
    return _allowed(parameter.constraint, around)


def _from_zero(constraint: Constraint) -> set[float]:
    if isinstance(constraint, Whole):
        return {*_COUNTS}
    return {*_SHARES} if _below(constraint) <= 1 else {*_RATIOS}


def _memories(workload: Workload, around: set[float]) -> set[float]:
    """Those that hold the longest request, up to the first that holds all requests at once.

    Where there are none, as memory has no end, powers of two.
    """
    requests = workload.requests
    tokens = requests.input_tokens + requests.max_tokens
    longest, together = int(tokens.max()), 2 * exact_sum(tokens)
    if not around:
        first = longest.bit_length()
        around = {1 << power for power in range(first, first + _MOST_MEMORIES)}
    enough = [value for value in around if value >= together]
    most = min(enough, default=max(around))
    return {value for value in around if longest <= value <= most} or {1 << longest.bit_length()}


def _allowed(constraint: Constraint, values: set[float]) -> Sequence[float]:
    if isinstance(constraint, Whole):
        whole = {int(value) for value in values if value == int(value)}
        return sorted(value for value in whole if constraint.least <= value <= constraint.most)
    return sorted(value for value in values if value < _below(constraint))


def _below(constraint: Constraint) -> float:
    """What a number stays below."""
    return constraint.below if isinstance(constraint, FromZero) else inf
