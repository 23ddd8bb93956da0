"""The app: the main screen, and the command palette."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial

from textual.app import SystemCommand
from textual.screen import Screen

from tui_batching.clock import Picoseconds
from tui_batching.config import Config
from tui_batching.tour import Deck
from tui_batching.tui.drawing_options import LOCAL, DrawingOptions
from tui_batching.tui.main_screen import TICK, MainScreen
from tui_batching.tui.terminal_app import TerminalApp
from tui_batching.workload import Workload


class BatchingApp(TerminalApp):
    """Plays a workload.

    Args:
        workload: what is played.
        config: what the user prefers; without a theme it is one that the terminal's colours can
            show.
        tick: how far one tick key goes, in picoseconds.
        wall: the clock that playing follows, in seconds.
        drawing: how often it draws.

    Raises:
        InputError: if the keymap does not fit the table of keys.
    """

    TITLE = "tui-batching"
    CSS_PATH = "app.tcss"

    def __init__(
        self,
        workload: Workload,
        config: Config | None = None,
        tick: Picoseconds = TICK,
        wall: Callable[[], float] = time.monotonic,
        drawing: DrawingOptions = LOCAL,
    ) -> None:
        super().__init__(config, drawing)
        self._main = MainScreen(workload, self.config, tick, wall, drawing)

    def present(self, deck: Deck) -> None:
        """Begin with a deck; to be called before the app runs."""
        self._main.deck = deck

    def get_default_screen(self) -> Screen[None]:
        """The main screen."""
        return self._main

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:  # noqa: ARG002
        """The command palette offers every key and every theme."""
        for key in self._main.keys:
            run = partial(self._main.run_action, key.action)
            yield SystemCommand(key.name, key.help_text, run)
        for name in self.palettes:
            wear = partial(setattr, self, "theme", name)
            yield SystemCommand(f"Theme {name}", f"Use the colours of {name}.", wear)


def run_app(
    workload: Workload, config: Config, tick: Picoseconds | None, drawing: DrawingOptions
) -> int:
    """Open the app on a workload and stay in it; returns the exit code.

    Raises:
        InputError: as BatchingApp does.
    """
    return BatchingApp(workload, config, tick or TICK, drawing=drawing).run_to_exit()


def present(deck: Deck, config: Config, drawing: DrawingOptions) -> int:
    """Open the app, present a deck, and stay in it; returns the exit code.

    Raises:
        InputError: as BatchingApp does.
    """
    app = BatchingApp(deck.chapters[0].workload, config, drawing=drawing)
    app.present(deck)
    return app.run_to_exit()
