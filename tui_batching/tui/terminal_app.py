"""What the app and the speaker's notes share: the themes, and how they get on with a terminal.

Names, descriptions and sentences have nothing in them that a terminal would obey where they come
in. The filter is for what comes another way, such as a text that is pasted into an input line.
"""

from __future__ import annotations

import gc
import os
import signal
import unicodedata
from collections.abc import Sequence

from rich.cells import get_character_cell_size
from rich.console import Console
from rich.segment import Segment
from textual.app import SuspendNotSupported
from textual.color import Color
from textual.driver import Driver
from textual.events import Resize
from textual.filter import LineFilter, Monochrome, NoColor
from textual.notifications import SeverityLevel
from textual.theme import BUILTIN_THEMES

from tui_batching.charts.palette import DEFAULT_THEME, default_theme
from tui_batching.config import Config
from tui_batching.tui.colourless import Colourless
from tui_batching.tui.drawing_options import LOCAL, DrawingOptions
from tui_batching.tui.textual_internals import (
    FailsAtOnce,
    TellsOneThing,
    ours_for,
    redraw,
    told,
)
from tui_batching.tui.themes import textual_theme

_OBJECTS_A_COLLECTION = 5000


class TerminalApp(FailsAtOnce, TellsOneThing):
    """An app in one of our themes, at home in any terminal.

    Args:
        config: what the user prefers; without a theme it is one that the terminal's colours can
            show.
        drawing: whether it does with few colours, and with ASCII alone.

    Attributes:
        config: what the user prefers.
        palettes: every theme by name.
        ascii: whether the terminal shows ASCII alone.
    """

    def __init__(self, config: Config | None = None, drawing: DrawingOptions = LOCAL) -> None:
        self.config = config or Config()
        self.palettes = self.config.palettes
        self._colourless, self._filter = Colourless(), ControlFilter()
        super().__init__()
        self.ascii = drawing.ascii
        for name in BUILTIN_THEMES:
            self.unregister_theme(name)
        for palette in self.palettes.values():
            self.register_theme(textual_theme(palette))
        if drawing.few_colours and self.console.color_system == "truecolor":
            self.console = Console(
                file=self.console.file, color_system="256", force_terminal=True, highlight=False
            )
        few_colours = self.console.color_system == "standard"
        self.theme = self.config.theme or default_theme(few_colours=few_colours)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The app's own colours, for the CSS that is read before a theme is set."""
        return textual_theme(self.palettes[DEFAULT_THEME]).variables

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own, and ours that look at all that is drawn.

        Of NO_COLOR Textual makes greys, and black alone of the terminal's own colours.
        """
        theirs = super().get_line_filters()
        kept = [each for each in theirs if not isinstance(each, Monochrome | NoColor)]
        return [*kept, *([self._colourless] if self.no_color else ()), self._filter]

    def get_driver_class(self) -> type[Driver]:
        """Our driver wherever Textual would take the one that ours extends."""
        return ours_for(super().get_driver_class())

    def on_resize(self, event: Resize) -> None:
        """Draw anew on a terminal that was changed and changed back: its picture may be lost."""
        if event.size == self.size:
            redraw(self)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Tell something, unless it is told already, as when a key is held down at an end."""
        if message not in told(self):
            super().notify(message, title=title, severity=severity, timeout=timeout, markup=markup)

    def action_suspend_process(self) -> None:
        """Stop the program as Ctrl-Z does any other, until the shell wakes it."""
        try:
            with self.suspend():
                ours = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
                # To the whole job, and without effect where there is no shell to wake it.
                os.kill(0, signal.SIGTSTP)
                signal.signal(signal.SIGTSTP, ours)
        except SuspendNotSupported:
            self.notify("there is no shell to go back to here", severity="warning")

    def action_next_theme(self) -> None:
        """Change the colours."""
        names = list(self.palettes)
        self.theme = names[(names.index(self.theme) + 1) % len(names)]

    def run_to_exit(self) -> int:
        """Stay in it until the user quits or a signal ends it.

        Returns:
            The exit code: 0, or 1 after a mistake of our own, or 128 and the number of the signal.
        """
        # A frame makes thousands of objects that soon go. To look through all others for what has
        # gone with them, as often as Python does, would be a seventh of the work.
        gc.freeze()
        gc.set_threshold(_OBJECTS_A_COLLECTION, 20, 20)
        gc.enable()
        self.run()
        return self.return_code or 0


_OBEYED = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""The categories of Unicode for controls, formats, halves of characters, and ends of lines."""


class ControlFilter(LineFilter):
    """The last look at every cell before it is drawn: no text may steer the terminal.

    What a terminal would obey is replaced, so that every cell stays where it is.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        """The segments of one row, which are almost always as they should be."""
        if all(segment.text.isprintable() for segment in segments):
            return segments
        return [
            Segment(_without_controls(text), style, control) for text, style, control in segments
        ]


def _without_controls(text: str) -> str:
    return "".join(
        "?" * get_character_cell_size(letter) if unicodedata.category(letter) in _OBEYED else letter
        for letter in text
    )
