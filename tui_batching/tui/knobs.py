"""The knobs: what the parameter keys change, kept as the settings that reproduce it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil

import numpy as np

from tui_batching.analysis.sweeps.varied import present_value
from tui_batching.clock import MILLISECOND, Picoseconds, duration_text
from tui_batching.columns import exact_sum
from tui_batching.errors import InputError
from tui_batching.strategies import Strategy, spelled
from tui_batching.strategies.parameters import (
    BATCH_SIZE,
    KV_CACHE_TOKENS,
    PREFIX_CACHING,
    TOKEN_BUDGET,
    Parameter,
)
from tui_batching.workload import Workload, apply_settings
from tui_batching.workload.generate import seed_after

_BATCH_SIZES = (*range(1, 9), *(base << power for power in range(1, 10) for base in (5, 6, 8)))
_TIMEOUTS: tuple[Picoseconds, ...] = (
    0,
    *(digit * 10**power * MILLISECOND for power in range(6) for digit in (1, 2, 5)),
)
_TOKENS = tuple(sorted(base << power for power in range(3, 40) for base in (2, 3)))
"""Token budgets: powers of two, and one between each two of them."""
_LOAD_NOTCH = 1.25
_MOST_LOAD_NOTCHES = 31
"""A thousand times the load as loaded, or a thousandth: there nothing is left to see."""

_MEMORY = "KV memory to heed"

COST = "cost"
"""The setting that takes the name of a profile."""
RATE = "workload.rate"
"""That of the load."""


@dataclass(frozen=True)
class Knobs:
    """A workload as it was loaded, and what has been changed since.

    Attributes:
        base: as loaded.
        settings: `--set` keys and values, in the order in which they were first turned.
        load_notches: how often the load was raised, or lowered if negative.
        own_rate: the setting of the load that these notches go out from; empty for that as loaded.
    """

    base: Workload
    settings: Mapping[str, str] = field(default_factory=dict)
    load_notches: int = 0
    own_rate: str = ""

    @property
    def workload(self) -> Workload:
        """The workload with the settings applied."""
        return apply_settings(self.base, [f"{key}={value}" for key, value in self.settings.items()])

    @property
    def at_own_load(self) -> Workload:
        """The workload with all settings, but at the load that it had before that was turned."""
        return replace(self, settings=self._at_rate(self._own_rate)).workload

    @property
    def _own_rate(self) -> str:
        return self.own_rate if self.load_notches else self.settings.get(RATE, "")

    def _at_rate(self, rate: str) -> dict[str, str]:
        """The settings with this one of the load, or with none."""
        others = {key: value for key, value in self.settings.items() if key != RATE}
        return others | ({RATE: rate} if rate else {})

    def turn_batch_size(self, notches: int, names: Sequence[str]) -> Knobs:
        """Give these strategies more or fewer slots, whatever each calls them.

        Raises:
            InputError: if none of them has a number of slots to turn.
        """

        def turned(strategy: Strategy, slots: int | None) -> int:
            return _along(_BATCH_SIZES, slots or strategy.slots, notches)

        return self._turned(BATCH_SIZE, names, turned, "number of slots")

    def turn_budget(self, notches: int, names: Sequence[str]) -> Knobs:
        """Let an iteration of these strategies process more or fewer tokens.

        Raises:
            InputError: if none of them has a token budget.
        """

        def turned(_: Strategy, tokens: int | None) -> int:
            return _along(_TOKENS, tokens or 0, notches)

        return self._turned(TOKEN_BUDGET, names, turned, "token budget")

    def turn_memory(self, notches: int, names: Sequence[str]) -> Knobs:
        """Double the KV memory of these strategies, or halve it if `notches` is negative.

        Raises:
            InputError: if none of them heeds memory.
        """
        return self.double_memory(names) if notches > 0 else self.halve_memory(names)

    def halve_memory(self, names: Sequence[str]) -> Knobs:
        """Halve the KV memory of these strategies; where it has no end, what could be needed.

        Raises:
            InputError: if none of them heeds memory.
        """

        def turned(strategy: Strategy, tokens: int | None) -> int:
            return max(1, (tokens or self._present_memory or self._enough(strategy)) // 2)

        return self._turned(KV_CACHE_TOKENS, names, turned, _MEMORY)

    def double_memory(self, names: Sequence[str]) -> Knobs:
        """Double the KV memory of these strategies; without an end it stays so.

        Raises:
            InputError: if none of them heeds memory.
        """

        def turned(_: Strategy, tokens: int | None) -> int | None:
            tokens = tokens or self._present_memory
            return tokens and 2 * tokens

        return self._turned(KV_CACHE_TOKENS, names, turned, _MEMORY)

    def free_memory(self, names: Sequence[str]) -> Knobs:
        """Give these strategies KV memory without an end.

        Where the cost tells an end, it is as much as they can ever need.

        Raises:
            InputError: if none of them heeds memory.
        """

        def turned(strategy: Strategy, _: int | None) -> int | None:
            return self._present_memory and self._enough(strategy)

        return self._turned(KV_CACHE_TOKENS, names, turned, _MEMORY)

    def turn_cache(self, names: Sequence[str]) -> Knobs:
        """Let these strategies find what others have computed, or no more if one of them does.

        Raises:
            InputError: if none of them has a prefix cache.
        """
        able = (each for each in self.workload.strategies if each.name in names)
        found = not any(each.caches_prefixes for each in able)
        return self._turned(PREFIX_CACHING, names, lambda *_: found, "prefix cache")

    def restore_memory(self, names: Sequence[str]) -> Knobs:
        """Give these strategies the KV memory that they were loaded with.

        Raises:
            InputError: if none of them heeds memory.
        """
        self._turned(KV_CACHE_TOKENS, names, lambda *_: None, _MEMORY)  # or say why not
        own = {f"{name}.{KV_CACHE_TOKENS}" for name in names}
        settings = {key: value for key, value in self.settings.items() if key not in own}
        return replace(self, settings=settings)

    def told(self, key: str, names: Sequence[str]) -> str:
        """What those of these strategies have that have a parameter of this alias."""
        values = (
            f"{spelled(each.name)} {_value_text(value)}"
            for each in self.workload.strategies
            if each.name in names and _turnable(each, key)
            for value in [
                each.caches_prefixes
                if key == PREFIX_CACHING
                else present_value(each, key, self.workload.cost)
            ]
        )
        called = key.replace("_", " ").replace("kv", "KV").removeprefix("enable ")
        return f"{called}: {', '.join(values)}"

    @property
    def _present_memory(self) -> int | None:
        """The memory of strategies that name none."""
        return self.workload.cost.kv_cache_tokens

    def _enough(self, strategy: Strategy) -> int:
        """Tokens of memory that those who run at once can never outgrow.

        A block that is begun counts as a whole one, and each may keep one more.
        """
        requests = self.workload.requests
        block_size = strategy.parameter_called("block_size")
        block = strategy.value(block_size.name) if block_size else 1
        blocks = np.sort(-(-(requests.input_tokens + requests.max_tokens) // block) + 1)
        needed = exact_sum(blocks[-strategy.slots :]) + 2
        watermark = strategy.value("watermark") if strategy.has("watermark") else 0.0
        return ceil(needed / (1 - watermark)) * block

    def _turned(
        self,
        key: str,
        names: Sequence[str],
        turned: Callable[[Strategy, int | None], int | None],
        what: str,
    ) -> Knobs:
        """The parameter of this alias changed in those of these strategies that have it.

        Raises:
            InputError: if none of them has it.
        """
        knobs, able = self, False
        for strategy in self.workload.strategies:
            parameter = _turnable(strategy, key)
            if strategy.name in names and parameter is not None:
                able = True
                value = turned(strategy, strategy.value(parameter.name))
                told = "none" if value is None else str(value).lower()
                knobs = knobs._with(f"{strategy.name}.{key}", told)
        if not able:
            verb = "has" if len(names) == 1 else "have"
            raise InputError(f"{_listed(names)} {verb} no {what}")
        return knobs

    def turn_timeout(self, notches: int, names: Sequence[str]) -> Knobs:
        """Make the dynamic timeout longer or shorter.

        Raises:
            InputError: if none of these strategies has a timeout.
        """
        for strategy in self.workload.strategies:
            if strategy.has("timeout") and strategy.name in names:
                timeout = _along(_TIMEOUTS, strategy.value("timeout"), notches)
                return self._with(f"{strategy.name}.timeout", duration_text(timeout))
        raise InputError("only dynamic batching has a timeout")

    def turn_load(self, notches: int) -> Knobs:
        """Let requests arrive faster or more slowly; back at no notches it is the rate as it was.

        Raises:
            InputError: if the requests of this workload have no rate, or it is at its end.
        """
        rate = self.at_own_load.source.rate
        if rate is None:
            raise InputError("all requests of this workload arrive at once: it has no rate")
        most = _MOST_LOAD_NOTCHES
        turned = max(-most, min(most, self.load_notches + notches))
        if turned == self.load_notches:
            end = "highest, a thousand times" if turned > 0 else "lowest, a thousandth of"
            raise InputError(f"the load is at its {end} the workload's own")
        own = self._own_rate
        if not turned:
            return replace(self, settings=self._at_rate(own), load_notches=0, own_rate="")
        settings = self._at_rate(f"{rate * _LOAD_NOTCH**turned:.6g}")
        return replace(self, settings=settings, load_notches=turned, own_rate=own)

    def next_seed(self) -> Knobs:
        """Draw other requests from the same recipe.

        Raises:
            InputError: if this workload is a list of requests.
        """
        seed = self.workload.source.seed
        if seed is None:
            raise InputError("this workload is a list of requests: it has no seed")
        return self._with("workload.seed", str(seed_after(seed)))

    def choose_cost(self, profile: str | None) -> Knobs:
        """Let iterations cost what this profile says; None: what the workload as loaded says."""
        if profile is not None:
            return self._with(COST, profile)
        settings = {key: value for key, value in self.settings.items() if key != COST}
        return replace(self, settings=settings)

    def _with(self, key: str, value: str) -> Knobs:
        return replace(self, settings={**self.settings, key: value})


@dataclass(frozen=True, slots=True)
class Turn:
    """What a key does to the knobs.

    Attributes:
        turned: the knobs after it, of those before, of how many notches up or down, and of the
            names of the strategies that are meant.
        told: the alias of the parameter to tell of afterwards; empty where a title tells it.
    """

    turned: Callable[[Knobs, int, Sequence[str]], Knobs]
    told: str = ""


TURNS: Mapping[str, Turn] = {
    "batch_size": Turn(Knobs.turn_batch_size),
    "timeout": Turn(Knobs.turn_timeout),
    "load": Turn(lambda knobs, notches, _: knobs.turn_load(notches)),
    "seed": Turn(lambda knobs, *_: knobs.next_seed()),
    "budget": Turn(Knobs.turn_budget, TOKEN_BUDGET),
    "memory": Turn(Knobs.turn_memory, KV_CACHE_TOKENS),
    "memory_free": Turn(lambda knobs, _, names: knobs.free_memory(names), KV_CACHE_TOKENS),
    "memory_restore": Turn(lambda knobs, _, names: knobs.restore_memory(names), KV_CACHE_TOKENS),
    "prefix_cache": Turn(lambda knobs, _, names: knobs.turn_cache(names), PREFIX_CACHING),
}
"""What the keys of parameters do, by the name of the knob."""


def _turnable(strategy: Strategy, key: str) -> Parameter | None:
    """The parameter of this alias; no memory where a strategy ignores it."""
    ignored = key == KV_CACHE_TOKENS and not strategy.heeds_memory
    return None if ignored else strategy.parameter_called(key)


def _value_text(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "unlimited" if value is None else f"{value:,}"


def _listed(names: Sequence[str]) -> str:
    """Names at the head of a sentence: `static, dynamic and continuous`."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _along(ladder: Sequence[int], value: int, notches: int) -> int:
    """The rung `notches` above or below a value that may stand between two rungs."""
    if notches > 0:
        above = [rung for rung in ladder if rung > value]
        return above[min(notches, len(above)) - 1] if above else value
    below = [rung for rung in ladder if rung < value]
    return below[max(notches, -len(below))] if below else value
