"""Changing a workload by keys and values, as the command line's `--set KEY=VALUE` does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from tui_batching.cost import COSTS, Cost
from tui_batching.errors import InputError, called_here, did_you_mean, one_of
from tui_batching.printable import quoted
from tui_batching.reading.constraints import Whole
from tui_batching.reading.fields import Field, Reader
from tui_batching.strategies import STRATEGIES, about, kind_of, names_elsewhere
from tui_batching.strategies.parameters import BATCH_SIZE, Parameter
from tui_batching.workload.asking import AskingRule
from tui_batching.workload.generate import CONTENTS, SEED, GeneratedRequests
from tui_batching.workload.model import RATE, Source, Workload
from tui_batching.workload.profiles import read_profile
from tui_batching.workload.service_level import LIMITED, ServiceLevel, read_service_level
from tui_batching.workload.traces import TraceLengths, TraceOptions, TraceRequests

Change: TypeAlias = Callable[[Workload, Field], Workload]


def apply_settings(workload: Workload, settings: Mapping[str, object] | Iterable[str]) -> Workload:
    """A new workload with the settings applied one after the other.

    Args:
        workload: stays as it is.
        settings: each `KEY=VALUE`, such as `static.batch_size=8` or `workload.rate=5`; or values
            by their keys, such as `{"static.batch_size": 8}`, see `Field.of_value`.

    Raises:
        InputError: if a key is unknown, or a value is not as expected or does not fit the workload.
    """
    if isinstance(settings, str):
        raise InputError(f"found the text {quoted(settings)}, expected a list of such, or a dict")
    if isinstance(settings, Mapping):
        for key, value in settings.items():
            where = f"{key}={value!r}"
            workload = _change(workload, str(key), Field.of_value(value, _short(where)))
        return workload
    for setting in settings:
        workload = _apply(workload, setting)
    return workload


def setting_keys(workload: Workload | None = None) -> tuple[str, ...]:
    """All keys that `apply_settings` knows, with those of the workload's tagged strategies."""
    return tuple(_changes(_names(workload)))


def keys_beside_strategies() -> tuple[str, ...]:
    """Those of them that are no setting of a strategy."""
    strategies = _strategy_changes(STRATEGIES)
    return tuple(key for key in setting_keys() if key not in strategies)


def keys_elsewhere(workload: Workload | None = None) -> dict[str, str]:
    """Keys of one strategy by names that others have for them, each with its name here."""
    return {
        f"{name}.{key}": here
        for name in _names(workload)
        for key, here in names_elsewhere(kind_of(name)).items()
    }


def _names(workload: Workload | None) -> Collection[str]:
    """All strategies that a key may name."""
    present = [strategy.name for strategy in workload.strategies] if workload else ()
    return dict.fromkeys((*STRATEGIES, *present))


def _apply(workload: Workload, setting: str) -> Workload:
    where = f"--set {_short(setting)}"
    key, equals, value = (part.strip() for part in setting.partition("="))
    if not equals:
        raise InputError(f"{where}: found no '=', expected KEY=VALUE")
    return _change(workload, key, Field.of_text(value, where))


def _short(setting: str) -> str:
    return setting if len(setting) <= 60 else quoted(setting)


def _change(workload: Workload, key: str, field: Field) -> Workload:
    if key not in setting_keys(workload):
        raise field.complaint(
            f"found the unknown key {quoted(key)}, expected {_known(workload, key)}"
        )
    return change(workload, key, field)


def _known(workload: Workload, unknown: str) -> str:
    """The keys that are expected instead of an unknown one, with a hint.

    After the name of a strategy those of that strategy are told, else those that fit the workload.
    """
    name = unknown.rpartition(".")[0]
    present = [strategy.name for strategy in workload.strategies]
    known = list(_changes(present, [type(workload.cost)]))
    if name in _names(workload):
        known = [key for key in _strategy_changes([name]) if key.startswith(f"{name}.")]
    elsewhere = keys_elsewhere(workload)
    hint = called_here([elsewhere[unknown]]) if unknown in elsewhere else None
    return one_of(known) + (hint or did_you_mean(unknown, known))


def change(workload: Workload, key: str, field: Field) -> Workload:
    """A new workload with the setting called `key`, one of `setting_keys`, changed.

    Raises:
        InputError: if the value is not as expected or does not fit the workload, told with the
            field's place.
    """
    try:
        return _changes(_names(workload))[key](workload, field)
    except InputError as error:
        if str(error).startswith(field.where):
            raise
        raise field.complaint(str(error)) from None


def _set_all(
    key: str, parameters: Mapping[str, Parameter], workload: Workload, field: Field
) -> Workload:
    """Change the parameter of every strategy that has it, and of those that are named later."""
    changed = _set_strategies(parameters, workload, field)
    return replace(changed, common=(*changed.common, (key, field)))


def _set_strategies(
    parameters: Mapping[str, Parameter], workload: Workload, field: Field
) -> Workload:
    """Change the parameter beside each strategy's name; one of them has to be in the workload."""
    present = [strategy.name for strategy in workload.strategies]
    values = {name: parameters[name].constraint(field) for name in present if name in parameters}
    if not values:
        raise field.error(
            f"a parameter of {', '.join(present)}{_called(parameters, present)}",
            f"a workload without {' or '.join(parameters)}",
        )
    slots = (name for name in values if parameters[name].is_called(BATCH_SIZE))
    return workload.with_strategies(
        (
            strategy.with_parameter(parameters[strategy.name].name, values[strategy.name])
            if strategy.name in values
            else strategy
            for strategy in workload.strategies
        ),
        *slots,
    )


def _called(parameters: Mapping[str, Parameter], present: Iterable[str]) -> str:
    """What the strategies that are there call a parameter, if they have it."""
    keys = {parameter.name for parameter in parameters.values()}
    names = [names_elsewhere(kind_of(name)) for name in present]
    return called_here(
        list(dict.fromkeys(n[key] for n in names for key in sorted(keys & n.keys())))
    )


def _set_source(
    change: Callable[[Source, Any], Source], reader: Reader, workload: Workload, field: Field
) -> Workload:
    return replace(workload, source=change(workload.source, reader(field)))


def _set_trace(option: str, reader: Reader, workload: Workload, field: Field) -> Workload:
    source, value = workload.source, reader(field)
    if not isinstance(source, TraceRequests | TraceLengths):
        raise field.error("another key: only a trace has this one", "a workload without a trace")
    return replace(workload, source=source.with_option(option, value))


def _set_recipe(key: str, reader: Reader, workload: Workload, field: Field) -> Workload:
    source, value = workload.source, reader(field)
    if not isinstance(source, GeneratedRequests):
        raise field.error(
            "another key: only generated requests have this one", "a workload without a recipe"
        )
    changed: Any = {key: value}
    return replace(workload, source=replace(source, **changed))


def _set_profile(workload: Workload, field: Field) -> Workload:
    """Of the command line a profile's file may lie anywhere; of a file, in its folder."""
    folder = Path(field.where).parent if field.line else None
    return workload.with_cost(read_profile(field, folder))


def _set_cost(parameter: str, workload: Workload, field: Field) -> Workload:
    model = workload.cost.name
    readers = workload.cost.constraints
    if parameter not in readers:
        found = f"a workload whose cost is {model}"
        raise field.error(f"a parameter of that: {', '.join(readers)}", found)
    changed: Any = {parameter: readers[parameter](field)}
    return workload.with_cost(replace(workload.cost, **changed))


def _set_slo(workload: Workload, field: Field) -> Workload:
    return replace(workload, slo=read_service_level(field))


def _set_limit(key: str, reader: Reader, workload: Workload, field: Field) -> Workload:
    limits = workload.slo or ServiceLevel()
    return replace(workload, slo=limits.with_limit(key, reader(field)))


def _strategy_changes(names: Collection[str]) -> dict[str, Change]:
    """`static.batch_size` and so on; without a strategy's name, every strategy that has it."""
    one: dict[str, Change] = {}
    owners: dict[str, dict[str, Parameter]] = {}
    for name in names:
        for parameter in about(name).parameters:
            for key in parameter.keys:
                one[f"{name}.{key}"] = partial(_set_strategies, {name: parameter})
                owners.setdefault(key, {})[name] = parameter
    every: dict[str, Change] = {
        key: partial(_set_all, key, parameters) for key, parameters in owners.items()
    }
    return every | one


def _changes(
    names: Collection[str], costs: Collection[type[Cost]] = tuple(COSTS.values())
) -> dict[str, Change]:
    """What each key of these strategies and costs changes, and each key of neither."""
    return {
        **_strategy_changes(names),
        "workload.count": partial(
            _set_source, lambda source, count: source.with_count(count), Whole(least=1)
        ),
        "workload.rate": partial(_set_source, lambda source, rate: source.with_rate(rate), RATE),
        "workload.max_tokens": partial(
            _set_source, lambda source, rule: source.with_max_tokens(rule), AskingRule()
        ),
        "workload.seed": partial(_set_source, lambda source, seed: source.with_seed(seed), SEED),
        **{
            f"workload.{key}": partial(_set_recipe, key, reader) for key, reader in CONTENTS.items()
        },
        **{
            f"workload.{key}": partial(_set_trace, key, reader)
            for key, reader in TraceOptions.constraints.items()
        },
        "cost": _set_profile,
        **{f"cost.{key}": partial(_set_cost, key) for kind in costs for key in kind.constraints},
        "slo": _set_slo,
        **{
            f"slo.{key}": partial(_set_limit, key, ServiceLevel.constraints[key]) for key in LIMITED
        },
    }
