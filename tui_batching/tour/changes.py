"""What the speaker has turned since a chapter began, told in a few words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui_batching.numbers import rate_text
from tui_batching.strategies import Strategy, spelled
from tui_batching.strategies.parameters import BATCH_SIZE, Parameter
from tui_batching.workload import Workload


def changes(before: Workload, now: Workload) -> list[str]:
    """How a workload differs from what it was: `batch 8`, `static batch 8`, `load 5/s`.

    Args:
        before: as it was.
        now: the same with other settings, or another one.
    """
    if before.name != now.name:
        return [f"workload {now.name}"]
    told = [*_of_strategies(before.strategies, now.strategies)]
    if before.source.rate != now.source.rate and now.source.rate is not None:
        told.append(f"load {rate_text(now.source.rate)}")
    if before.source.seed != now.source.seed:
        told.append(f"seed {now.source.seed}")
    if (before.cost, before.cost.profile) != (now.cost, now.cost.profile):
        told.append(f"cost {now.cost.title or now.cost.name}")
    if not told and before.source != now.source:
        told.append("requests")
    return told


def _of_strategies(before: Sequence[Strategy], now: Sequence[Strategy]) -> Iterator[str]:
    """Each changed value once, with the strategies' names where others did not change to it."""
    earlier = {strategy.name: strategy for strategy in before}
    having: dict[str, set[str]] = {}
    changed: dict[tuple[str, str], list[str]] = {}
    for strategy in now:
        for parameter in strategy.about.parameters:
            label, value = _label(parameter), strategy.value(parameter.name)
            having.setdefault(label, set()).add(strategy.name)
            known = earlier.get(strategy.name)
            if known is None or known.value(parameter.name) != value:
                changed.setdefault((label, parameter.text(value)), []).append(strategy.name)
    for (label, text), names in changed.items():
        whose = "" if having[label] == set(names) else f"{', '.join(map(spelled, names))} "
        yield f"{whose}{label} {text}"


def _label(parameter: Parameter) -> str:
    """What a parameter is called, the same for all that share an alias with the batch size."""
    return "batch" if parameter.is_called(BATCH_SIZE) else parameter.label
