"""The help screen: every key, made from the bindings."""

from __future__ import annotations

from typing import ClassVar

from rich.table import Table
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tui_batching.tui.bindings import KEYS

READING = """\
Each lane serves the same requests, with the same names and colours, by another strategy.

 slots    › makes tokens    » is prefilled    ‖ stalled by somebody else's prefill
          ▒ is done, but held until its batch is    + has joined a forming batch    · free
 bars     solid: tokens made    dots: tokens to come    ▒▒▒ the bubble: done, and in its slot
 useful   slot-time that makes a token or prefills; occupied less useful is the bubble
 time     arrivals below, the playhead ●, and where static S, dynamic D, continuous C are done

ctrl+p finds each of these keys by name.
"""


class HelpScreen(ModalScreen[None]):
    """How to read the lanes, and what each key does."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > VerticalScroll {
        width: 104; max-width: 96%; height: auto; max-height: 94%;
        background: $panel; border: round $accent; border-title-color: $accent; padding: 0 1;
    }
    HelpScreen Static { width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,q,question_mark,enter",
            "dismiss",
            "Close",
            id="help.close",
            tooltip="Close the help.",
        ),
    ]

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self._ascii = ascii_only

    def compose(self) -> ComposeResult:
        """The text and the table of keys."""
        with VerticalScroll() as box:
            box.border_title = "help · escape closes"
            yield Static(READING)
            yield Static(self._table())

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True, style="bold")
        table.add_column(no_wrap=True)
        table.add_column(ratio=1)
        for key in KEYS:
            table.add_row(" ".join(key.written(ascii_only=self._ascii)), key.name, key.help_text)
        return table
