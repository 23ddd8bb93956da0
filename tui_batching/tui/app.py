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
        plays: whether it plays at once.

    Raises:
        InputError: if the keymap does not fit the table of keys.
    """

    TITLE = "tui-batching"
    CSS_PATH = "app.tcss"

    def __init__(  # noqa: PLR0913 - what is played, and how
        self,
        workload: Workload,
        config: Config | None = None,
        tick: Picoseconds = TICK,
        wall: Callable[[], float] = time.monotonic,
        drawing: DrawingOptions = LOCAL,
        *,
        plays: bool = False,
    ) -> None:
        super().__init__(config, drawing)
        self._main = MainScreen(workload, self.config, tick, wall, drawing, plays=plays)

    def present(self, deck: Deck, chapter: int = 0, *, tells_notes: bool = True) -> None:
        """Begin with a deck; to be called before the app runs.

        Args:
            deck: what is told.
            chapter: where it begins, counted from zero.
            tells_notes: whether the speaker's notes may follow it in another terminal.
        """
        main = self._main
        main.deck, main.chapter, main.tells_notes = deck, chapter, tells_notes

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
    workload: Workload,
    config: Config,
    tick: Picoseconds | None,
    drawing: DrawingOptions,
    *,
    plays: bool,
) -> int:
    """Open the app on a workload and stay in it; returns the exit code.

    Raises:
        InputError: as BatchingApp does.
    """
    return BatchingApp(workload, config, tick or TICK, drawing=drawing, plays=plays).run_to_exit()


def present(deck: Deck, config: Config, drawing: DrawingOptions, chapter: int) -> int:
    """Open the app, present a deck from a chapter on, and stay in it; returns the exit code.

    Raises:
        InputError: as BatchingApp does.
    """
    app = BatchingApp(deck.chapters[chapter].workload, config, drawing=drawing)
    app.present(deck, chapter)
    return app.run_to_exit()
