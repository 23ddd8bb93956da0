"""The app: the main screen, and the command palette."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial

from textual.app import SystemCommand
from textual.screen import Screen

from tui_batching.clock import Picoseconds
from tui_batching.tour import Deck
from tui_batching.tui.bindings import KEYS
from tui_batching.tui.drawing_options import LOCAL, DrawingOptions
from tui_batching.tui.main_screen import TICK, MainScreen
from tui_batching.tui.terminal_app import TerminalApp
from tui_batching.workload import Workload


class BatchingApp(TerminalApp):
    """Plays a workload.

    Args:
        workload: what is played.
        theme: the name of a theme; None takes one that the terminal's colours can show.
        tick: how far one tick key goes, in picoseconds.
        wall: the clock that playing follows, in seconds.
        drawing: how often it draws.

    Raises:
        InputError: for an unknown theme.
    """

    TITLE = "tui-batching"
    CSS_PATH = "app.tcss"

    def __init__(
        self,
        workload: Workload,
        theme: str | None = None,
        tick: Picoseconds = TICK,
        wall: Callable[[], float] = time.monotonic,
        drawing: DrawingOptions = LOCAL,
    ) -> None:
        super().__init__(theme, drawing)
        self._main = MainScreen(workload, self.palettes, tick, wall, drawing)

    def present(self, deck: Deck, chapter: int = 0) -> None:
        """Begin with a deck, at this chapter, from zero; to be called before the app runs."""
        self._main.deck, self._main.chapter = deck, chapter

    def get_default_screen(self) -> Screen[None]:
        """The main screen."""
        return self._main

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:  # noqa: ARG002
        """The command palette offers every key and every theme."""
        for key in KEYS:
            run = partial(self._main.run_action, key.action)
            yield SystemCommand(key.name, key.help_text, run)
        for name in self.palettes:
            wear = partial(setattr, self, "theme", name)
            yield SystemCommand(f"Theme {name}", f"Use the colours of {name}.", wear)


def run_app(
    workload: Workload,
    theme: str | None = None,
    tick: Picoseconds | None = None,
    drawing: DrawingOptions = LOCAL,
) -> int:
    """Open the app on a workload and stay in it; returns the exit code.

    Raises:
        InputError: for an unknown theme.
    """
    return BatchingApp(workload, theme, tick or TICK, drawing=drawing).run_to_exit()


def present(
    deck: Deck, theme: str | None = None, drawing: DrawingOptions = LOCAL, chapter: int = 0
) -> int:
    """Open the app, present a deck from a chapter on, and stay in it; returns the exit code.

    Raises:
        InputError: for an unknown theme.
    """
    app = BatchingApp(deck.chapters[chapter].workload, theme, drawing=drawing)
    app.present(deck, chapter)
    return app.run_to_exit()
