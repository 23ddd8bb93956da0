"""Choosing which strategies serve a workload, as `--strategies` and the chapters of decks do."""

from __future__ import annotations

from collections.abc import Sequence

from tui_batching.errors import InputError, did_you_mean, one_of
from tui_batching.printable import quoted
from tui_batching.strategies import STRATEGIES, Strategy
from tui_batching.workload.model import Workload


def choose_strategies(workload: Workload, names: Sequence[str]) -> Workload:
    """The workload served by these strategies, in this order.

    Each has the parameters that the workload gives it, or else those by default.

    Raises:
        InputError: if there is no strategy called so, or one is named twice.
    """
    known = {name: kind() for name, kind in STRATEGIES.items()}
    known |= {each.name: each for each in workload.strategies}
    chosen: dict[str, Strategy] = {}
    for name in names:
        if name not in known:
            expected = f"{one_of(known)}{did_you_mean(name, known)}"
            raise InputError(f"found {quoted(name)}, expected {expected}")
        if name in chosen:
            raise InputError(f"found {name!r} twice, expected each strategy once")
        chosen[name] = known[name]
    return workload.with_strategies(chosen.values())
