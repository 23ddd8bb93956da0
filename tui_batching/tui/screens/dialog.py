"""What all dialogs are: a framed box in the middle of the screen."""

from __future__ import annotations

from textual.screen import ModalScreen, ScreenResultType


class Dialog(ModalScreen[ScreenResultType]):
    """A box as high as what is in it, while there is room; it holds a list or a text."""

    DEFAULT_CSS = """
    Dialog { align: center middle; }
    Dialog > Vertical, Dialog > VerticalScroll {
        max-width: 96%; height: auto; max-height: 94%;
        background: $panel; border: round $accent; border-title-color: $accent;
    }
    Dialog OptionList, Dialog OptionList:focus {
        height: auto; max-height: 70vh; background: $panel; border: none;
    }
    """
