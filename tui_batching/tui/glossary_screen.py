"""The glossary: what each word means, over whatever is on screen."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from tui_batching.glossary import GLOSSARY
from tui_batching.tui.bindings import Key
from tui_batching.tui.dialogs import Dialog, HangingTexts


class GlossaryScreen(Dialog[None]):
    """Each word in one sentence, in groups; all columns of words are equally wide."""

    DEFAULT_CSS = """
    GlossaryScreen > VerticalScroll { width: 104; padding: 0 1; }
    GlossaryScreen Static { width: 1fr; padding: 1 0 0 0; text-style: bold; color: $accent; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,enter", "dismiss", "Close", id="glossary.close", tooltip="Close the glossary."
        ),
    ]

    def __init__(self, *closed_by: Key) -> None:
        super().__init__()
        self.close_with(*closed_by)

    def compose(self) -> ComposeResult:
        """The words."""
        longest = max(len(word) for _, words in GLOSSARY for word, _ in words)
        with VerticalScroll() as box:
            box.border_title = "glossary · escape closes"
            for group, words in GLOSSARY:
                yield Static(group, markup=False)
                yield HangingTexts([((word.ljust(longest),), text) for word, text in words])
