"""The knobs: what the parameter keys change, kept as the settings that reproduce it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tui_batching.clock import MILLISECOND, Picoseconds, duration_text
from tui_batching.errors import InputError
from tui_batching.workload import Workload, apply_settings
from tui_batching.workload.generate import seed_after

_BATCH_SIZES = (*range(1, 9), *(base << power for power in range(1, 10) for base in (5, 6, 8)))
_TIMEOUTS: tuple[Picoseconds, ...] = (
    0,
    *(digit * 10**power * MILLISECOND for power in range(6) for digit in (1, 2, 5)),
)
_LOAD_NOTCH = 1.25
_MOST_LOAD_NOTCHES = 31
"""A thousand times the load as loaded, or a thousandth: there nothing is left to see."""

COST = "cost"
"""The setting that takes the name of a profile."""


@dataclass(frozen=True)
class Knobs:
    """A workload as it was loaded, and what has been changed since.

    Attributes:
        base: as loaded.
        settings: `--set` keys and values, in the order in which they were first turned.
        load_notches: how often the load was raised, or lowered if negative.
    """

    base: Workload
    settings: Mapping[str, str] = field(default_factory=dict)
    load_notches: int = 0

    @property
    def workload(self) -> Workload:
        """The workload with the settings applied."""
        return apply_settings(self.base, [f"{key}={value}" for key, value in self.settings.items()])

    @property
    def at_own_load(self) -> Workload:
        """The workload with all settings but the load, which is that of the workload as loaded."""
        settings = {key: value for key, value in self.settings.items() if key != "workload.rate"}
        return replace(self, settings=settings).workload

    def turn_batch_size(self, notches: int, names: Sequence[str]) -> Knobs:
        """Make the batches of these strategies larger or smaller."""
        knobs = self
        for strategy in self.workload.strategies:
            if strategy.name in names:
                size = _along(_BATCH_SIZES, strategy.slots, notches)
                knobs = knobs._with(f"{strategy.name}.batch_size", str(size))
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
        """Let requests arrive faster or more slowly; back at no notches it is the rate as loaded.

        Raises:
            InputError: if the requests of this workload have no rate, or it is at its end.
        """
        rate = self.base.source.rate
        if rate is None:
            raise InputError("all requests of this workload arrive at once: it has no rate")
        most = _MOST_LOAD_NOTCHES
        turned = max(-most, min(most, self.load_notches + notches))
        if turned == self.load_notches:
            end = "highest, a thousand times" if turned > 0 else "lowest, a thousandth of"
            raise InputError(f"the load is at its {end} the workload's own")
        settings = {key: value for key, value in self.settings.items() if key != "workload.rate"}
        if turned:
            settings["workload.rate"] = f"{rate * _LOAD_NOTCH**turned:.6g}"
        return replace(self, settings=settings, load_notches=turned)

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


def _along(ladder: Sequence[int], value: int, notches: int) -> int:
    """The rung `notches` above or below a value that may stand between two rungs."""
    if notches > 0:
        above = [rung for rung in ladder if rung > value]
        return above[min(notches, len(above)) - 1] if above else value
    below = [rung for rung in ladder if rung < value]
    return below[max(notches, -len(below))] if below else value
