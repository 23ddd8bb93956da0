"""Choosing which strategies serve a workload, as `--strategies`, decks and Python do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from tui_batching.errors import InputError, did_you_mean, one_of
from tui_batching.printable import quoted
from tui_batching.strategies import STRATEGIES, Strategy, is_tagged, kind_of, tag_of
from tui_batching.strategies.parameters import BATCH_SIZE
from tui_batching.workload.model import Workload

Chosen: TypeAlias = Strategy | str | Sequence[Strategy | str]
"""A strategy or its name, or several of them."""


def refuse_no_workload(found: object) -> None:
    """Refuse the name of a workload where a workload is expected.

    Raises:
        InputError: if it is none.
    """
    if not isinstance(found, Workload):
        given = found if isinstance(found, str) else "notebook"
        raise InputError(
            f"found a value of type {type(found).__name__}, expected a workload "
            f"such as load_workload({given!r})"
        )


def served_by(workload: Workload, strategies: Chosen | None) -> Workload:
    """The workload served by these strategies, see `choose_strategies`; by its own for None.

    Raises:
        InputError: if it is no workload, or there is no such strategy.
    """
    refuse_no_workload(workload)
    return workload if strategies is None else choose_strategies(workload, strategies)


def choose_strategies(workload: Workload, strategies: Chosen) -> Workload:
    """The workload served by these strategies, in this order.

    One that is named has the parameters that the workload gives it, or else those by default, with
    what settings for all have said. One with a tag, such as `vllm@512`, begins as the one without.

    Raises:
        InputError: if there is no strategy called so, one is there twice, there is none, or what
            settings for all have said does not fit it.
    """
    if isinstance(strategies, Strategy | str) or not isinstance(strategies, Iterable):
        strategies = (strategies,)
    if not strategies:
        raise InputError("found no strategies, expected at least one")
    known: dict[str, Strategy] = {name: kind() for name, kind in STRATEGIES.items()}
    known |= {each.name: each for each in workload.strategies}
    present = {each.name for each in workload.strategies}
    chosen: dict[str, Strategy] = {}
    given: list[str] = []
    for each in strategies:
        found = each if isinstance(each, Strategy) else _called(each, known)
        if found.name in chosen:
            raise InputError(f"found {found.name!r} twice, expected each strategy once")
        if isinstance(each, Strategy):
            given.append(found.name)
        elif present.isdisjoint((found.name, found.about.name)):
            found, sized = _with_common(found, workload)
            given += [found.name] if sized else []
        chosen[found.name] = found
    return workload.with_strategies(chosen.values(), *given)


def _with_common(strategy: Strategy, workload: Workload) -> tuple[Strategy, bool]:
    """A strategy with what settings for all have said, and whether they told its slots."""
    sized = False
    for key, field in workload.common:
        if parameter := strategy.parameter_called(key):
            strategy = strategy.with_parameter(parameter.name, parameter.constraint(field))
            sized |= parameter.is_called(BATCH_SIZE)
    return strategy, sized


def find_strategy(workload: Workload, strategy: Strategy | str) -> Strategy:
    """A strategy of this name; see `choose_strategies`. One that is given stays as it is.

    Raises:
        InputError: if there is no strategy called so.
    """
    if isinstance(strategy, Strategy):
        return strategy
    return choose_strategies(workload, [strategy]).strategies[0]


def _called(name: object, known: Mapping[str, Strategy]) -> Strategy:
    if not isinstance(name, str):
        called = name.__name__ if isinstance(name, type) else type(name).__name__
        found = f"the class {called}" if isinstance(name, type) else f"a value of type {called}"
        raise InputError(f"found {found}, expected a strategy such as 'vllm' or Vllm()")
    if is_tagged(name) and name not in known:
        return replace(known[kind_of(name).about.name], tag=tag_of(name))
    if name not in known:
        expected = f"{one_of(known)}{did_you_mean(name, known)}"
        raise InputError(f"found {quoted(name)}, expected {expected}")
    return known[name]
