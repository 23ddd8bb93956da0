"""The values that a sweep takes where none are given."""

from __future__ import annotations

from collections.abc import Sequence

from tui_batching.analysis.sweeps.varied import Kind, parameter_of, present_value
from tui_batching.clock import MILLISECOND, Picoseconds
from tui_batching.columns import exact_sum
from tui_batching.reading.constraints import Duration, Share, Whole
from tui_batching.strategies import Strategy
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
    """Values of a parameter: halves and doubles around what each strategy has.

    Durations go up to 5 s. Where somebody has 0 it is among them, and where nobody has a number,
    as of memory without end, they are doubled from what the longest request needs.
    """
    [parameter, *_] = [found for each in strategies if (found := parameter_of(each, kind))]
    constraint = parameter.constraint
    if isinstance(constraint, Duration):
        return _TIMEOUTS
    present = {present_value(each, kind, workload.cost) for each in strategies} - {None}
    around: set[float] = set()
    for value in present:
        if value:
            around |= {value * factor for factor in _FACTORS}
        else:
            zero = _COUNTS if isinstance(constraint, Whole) else _RATIOS
            around.update(_SHARES if isinstance(constraint, Share) else zero)
    if not present:
        around.update(_memories(workload))
    if isinstance(constraint, Whole):
        whole = {int(value) for value in around if value == int(value)}
        return sorted(value for value in whole if constraint.least <= value <= constraint.most)
    return sorted(value for value in around if not isinstance(constraint, Share) or value < 1)


def _memories(workload: Workload) -> list[int]:
    """Powers of two from the longest request on, until all would fit at once."""
    requests = workload.requests
    tokens = requests.input_tokens + requests.max_tokens
    memories = [1 << int(tokens.max()).bit_length()]
    while memories[-1] < exact_sum(tokens) and len(memories) < _MOST_MEMORIES:
        memories.append(2 * memories[-1])
    return memories
