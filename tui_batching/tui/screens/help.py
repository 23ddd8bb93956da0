"""The help screen: every key, made from the bindings."""

from __future__ import annotations

from textwrap import wrap
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.geometry import Size
from textual.widgets import Static

from tui_batching.charts.rows import Row
from tui_batching.tui.bindings import KEYS, Key
from tui_batching.tui.screens.dialog import Dialog
from tui_batching.tui.strip_view import StripView

_BOLD = Style(bold=True)

READING = """\
Each lane serves the same requests, with the same names and colours, by another strategy.

 slots    › makes tokens    » is prefilled    ‖ stalled by somebody else's prefill
          ▒ is done, but held until its batch is    + has joined a forming batch    · free
 bars     solid: tokens made    dots: tokens to come    ▒▒▒ the bubble: done, and in its slot
 useful   slot-time that makes a token or prefills; occupied less useful is the bubble
 time     arrivals below, the playhead ●, and where static S, dynamic D, continuous C are done

ctrl+p finds each of these keys by name.
"""


class HelpScreen(Dialog[None]):
    """How to read the lanes, and what each key does."""

    DEFAULT_CSS = """
    HelpScreen > VerticalScroll { width: 104; padding: 0 1; }
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
        """The text and the keys."""
        with VerticalScroll() as box:
            box.border_title = "help · escape closes"
            yield Static(READING)
            yield KeyList(ascii_only=self._ascii)


class KeyList(StripView):
    """A row a key: how it is written, what it is called, and what it does, over lines that fit.

    Textual asks for the height of a table several times, and each time draws it.
    """

    DEFAULT_CSS = """
    KeyList { width: 1fr; height: auto; }
    """

    def __init__(self, *, ascii_only: bool) -> None:
        super().__init__()
        self._keys = [(" ".join(key.written(ascii_only=ascii_only)), key) for key in KEYS]
        self._key_width = max(cell_len(written) for written, _ in self._keys) + 2
        self._name_width = max(cell_len(key.name) for _, key in self._keys) + 2

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """As many rows as the texts take."""
        return sum(len(self._told(key, width)) for _, key in self._keys)

    def on_resize(self) -> None:
        """Fill the width."""
        width, look = self.content_size.width, self.rich_style
        rows = []
        for written, key in self._keys:
            names = [
                set_cell_size(written, self._key_width),
                set_cell_size(key.name, self._name_width),
            ]
            for text in self._told(key, width):
                row = Row(width, look).add(names[0], look + _BOLD).add(names[1], look)
                rows.append(row.add(text, look).cells())
                names = [" " * cell_len(name) for name in names]
        self.present(rows)

    def _told(self, key: Key, width: int) -> list[str]:
        return wrap(key.help_text, max(20, width - self._key_width - self._name_width))
