"""Choosing what to save as a file."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList

from tui_batching.tui.exports import EXPORTS, Export
from tui_batching.tui.screens.dialog import Dialog


class PickExport(Dialog[Export | None]):
    """Gives what is to be saved, or None."""

    DEFAULT_CSS = """
    PickExport > Vertical { width: 56; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,x", "dismiss", "Close", id="export.close", tooltip="Save nothing."),
    ]

    def compose(self) -> ComposeResult:
        """The list."""
        with Vertical() as box:
            box.border_title = "save in this folder · enter saves · escape closes"
            yield OptionList(*(export.label for export in EXPORTS))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Give what was chosen."""
        self.dismiss(EXPORTS[event.option_index])
