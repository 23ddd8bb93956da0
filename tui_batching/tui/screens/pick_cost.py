"""Choosing what an iteration costs: what the workload says, or a profile of an accelerator."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui_batching.charts.rows import column
from tui_batching.cost import Cost
from tui_batching.tui.knobs import COST, Knobs
from tui_batching.tui.screens.dialog import Dialog
from tui_batching.workload import bundled_profiles, load_profile

_OWN = "as loaded"
_NAME = 17
"""Cells of the column of names."""


class PickCost(Dialog[Knobs | None]):
    """Gives the knobs with the cost that was picked, or None."""

    DEFAULT_CSS = """
    PickCost > Vertical { width: 84; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,g", "dismiss", "Close", id="cost.close", tooltip="Keep the cost."),
    ]

    def __init__(self, knobs: Knobs) -> None:
        super().__init__()
        self._knobs = knobs
        self._names: list[str | None] = [None, *bundled_profiles()]

    def compose(self) -> ComposeResult:
        """The list."""
        with Vertical() as box:
            box.border_title = "what an iteration costs · enter picks · escape closes"
            yield OptionList(*map(self._option, self._names), id="costs")

    def on_mount(self) -> None:
        """Start at the cost that is on stage."""
        self.query_one(OptionList).highlighted = self._names.index(self._knobs.settings.get(COST))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Give what was chosen."""
        self.dismiss(self._knobs.choose_cost(self._names[event.option_index]))

    def _option(self, name: str | None) -> Option:
        cost = load_profile(name) if name else self._knobs.base.cost
        label = column(name or _OWN, _NAME)
        return Option(Text.assemble((label, "bold"), _described(cost)))


def _described(cost: Cost) -> str:
    """One line: whose times they are; a profile that was loaded is named."""
    return cost.profile.description if cost.profile else f"the workload's own {cost.name} times"
